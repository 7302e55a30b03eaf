"""How member IDs, names and birth dates are compared: a table of what is the same, and of what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import PartialDate
from domain.comparison import compared, dates_meet, is_spreadsheet_damage, name_key, same_name, states_date

SAME_ID = (
    ("SYN-0001", "SYN-0001"),
    ("SYN-0001", "syn-0001"),
    ("SYN-0001", " SYN-0001\t"),
    ("SYN-0001", "SYN\u200b-0001"),  # a zero width space
    ("SYN-0001", "\ufeffSYN-0001"),  # a byte order mark
    ("SYN-0001", "SYN-0001\u202c"),  # the end of a direction, as copied from a page
    ("SYN-0001", "SYN-00\x0001"),
    ("SYN-0001", "SYN-\x1b0001"),
    ("SYN-0001", "SYN-\t00\x1f01"),
    ("SYN-0001", "SYN-0001\ufe0f"),  # a variation selector
    ("SYN-0001", "S\u00adYN-0001"),  # a soft hyphen
    ("SYN-0001", "\uff33\uff39\uff2e\uff0d\uff10\uff10\uff10\uff11"),  # full width
    ("SYN 0001", "SYN\u00a00001"),  # a space that does not break
    ("SYN 0001", "SYN  0001"),
    ("\u00e9-1", "e\u0301-1"),  # composed and decomposed
    ("\u00c9-1", "e\u200b\u0301-1"),
    ("STRASSE-1", "stra\u00dfe-1"),
    ("", "\u200b\u3164"),
)
OTHER_ID = (
    ("SYN-0001", "SYN-0002"),
    ("SYN-0001", "SYN0001"),
    ("SYN-0001", "SYN 0001"),
    ("SYN-0001", "SYN-001"),
    ("SYN-O001", "SYN-0001"),  # the letter and the digit
    ("SYN-l", "SYN-1"),
    ("\u00e9-1", "e-1"),
    ("0001", "1"),
)


@pytest.mark.parametrize(("one", "other"), SAME_ID)
def test_the_same_member_id_in_other_spellings(one: str, other: str) -> None:
    assert compared(one) == compared(other)


@pytest.mark.parametrize(("one", "other"), OTHER_ID)
def test_other_member_ids(one: str, other: str) -> None:
    assert compared(one) != compared(other)


@given(st.text(max_size=20))
def test_a_compared_form_is_its_own_compared_form(text: str) -> None:
    assert compared(compared(text)) == compared(text) == compared(text.upper().lower().casefold())


DAMAGED = ("9.87E+11", "9.87e+11", "9,87E+11", " 9.87E+11 ", "9.87E+\u200b11", "1E+12", "1e-05", "-1.5E+10", "9.E+11")
DAMAGED_TOO = ("9.87E11", "\uff19.87E+11", "#N/A", "#REF!", "#######", "#name?")
INTACT = ("987000000000", "9E11", "1EG4-TE5-MK73", "E+11", "A9.87E+11", "9.87", "SYN-1E+5", "12-E", "#12", "1.5-E2")


@pytest.mark.parametrize("text", [*DAMAGED, *DAMAGED_TOO])
def test_what_a_spreadsheet_made_of_an_id_is_no_id(text: str) -> None:
    assert is_spreadsheet_damage(text)


@pytest.mark.parametrize("text", INTACT)
def test_an_id_that_only_resembles_a_number_is_an_id(text: str) -> None:
    assert not is_spreadsheet_damage(text)


SAME_NAME = (
    ("Alma Synthetic", "alma  SYNTHETIC"),
    ("Alma Synthetic", "\u00a0Alma\tSynthetic "),
    ("Alma Synthetic", "Alma\nSynthetic"),
    ("Ren\u00e9e Synthetic", "Rene\u0301e Synthetic"),
    ("Conor O'Synthetic", "Conor O\u2019Synthetic"),
    ("Conor O'Synthetic", "Conor OSynthetic"),
    ("Conor O'Synthetic", "Conor O Synthetic"),
    ("Conor O\u00b4Synthetic", "Conor O`Synthetic"),
    ("Conor O\u02bcSynthetic", "CONOR O\uff07SYNTHETIC"),
    ("Anna Syn-Thetic", "Anna Syn\u2010Thetic"),
    ("Anna Syn-Thetic", "Anna Syn\u2013Thetic"),
    ("Anna Syn-Thetic", "Anna Syn Thetic"),
    ("Anna Syn-Thetic", "Anna SynThetic"),
    ("Anna Syn - Thetic", "Anna Syn-Thetic"),
    ("Anna O'Syn-Thetic", "Anna OSyn Thetic"),
    ("Anna \u200bSynthetic", "Anna Synthetic"),
    ("\ufb01ona Synthetic", "Fiona Synthetic"),
)
OTHER_NAME = (
    ("Alma Synthetic", "Alba Synthetic"),
    ("Alma Synthetic", "Alma"),
    ("Alma Synthetic", "Synthetic Alma"),
    ("Ann Abelle", "Anna Belle"),
    ("Ren\u00e9e Synthetic", "Renee Synthetic"),
    ("Ana Synthetic", "Otto Other"),
)


@pytest.mark.parametrize(("one", "other"), SAME_NAME)
def test_the_same_name_in_other_spellings(one: str, other: str) -> None:
    assert same_name(one, other)
    assert same_name(other, one)
    assert name_key(one) == name_key(other), "a name is looked for by its key"


@pytest.mark.parametrize(("one", "other"), OTHER_NAME)
def test_other_names(one: str, other: str) -> None:
    assert not same_name(one, other)
    assert not same_name(other, one)


@given(st.text(max_size=12), st.text(max_size=12))
def test_names_that_are_the_same_have_one_key(one: str, other: str) -> None:
    assert same_name(one, one)
    if same_name(one, other):
        assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other", "meet", "states"),
    [
        ("1988-05-17", "1988-05-17", True, True),
        ("1988-05-17", "1988-05-18", False, False),
        ("1988-05-17", "1988-05", True, True),
        ("1988-05-17", "1988", True, True),
        ("1988-05", "1988-05-17", True, False),
        ("1988", "1988-05-17", True, False),
        ("1988-04", "1988-05", False, False),
        ("1988-12-31", "1989", False, False),
        ("1988", "1988", True, True),
        (None, "1988", True, False),
        ("1988", None, True, False),
        (None, None, True, False),
    ],
)
def test_birth_dates_agree_where_their_ranges_meet(
    one: str | None, other: str | None, meet: bool, states: bool
) -> None:
    stated, recorded = (None if text is None else PartialDate(text) for text in (one, other))
    assert dates_meet(stated, recorded) is dates_meet(recorded, stated) is meet
    assert states_date(stated, recorded) is states
