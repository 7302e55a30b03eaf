"""The row of a request: the latest in effect, the most specific, and the shortest where the coverage leaves it open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest

from domain.deadline_terms.table import BUILT_IN, CoverageOf, DeadlineTable, terms_for
from domain.deadline_terms.terms import Days, DeadlineTerms, Either, Hours, Term
from domain.deadline_terms.words import in_words
from domain.events.patient import Funding

DAY: Final = date(2026, 6, 1)
COMMERCIAL: Final = terms_for("commercial", DAY)
MEDICAID: Final = terms_for("medicaid", DAY)
INSURED: Final = replace(COMMERCIAL, state="CA", funding="insured", standard=Days(5), urgent=Hours(72), source="CA law")
ANY_STATE: Final = replace(COMMERCIAL, funding="insured", standard=Days(10), urgent=Hours(48), source="contract")
TABLE: Final = DeadlineTable(own=(INSURED, ANY_STATE))


def test_a_later_row_replaces_the_earlier_one_from_its_day_on() -> None:
    later = replace(MEDICAID, effective_on=date(2026, 7, 1), standard=Hours(48))
    for table in (DeadlineTable(own=(later,)), DeadlineTable(built_in=(later, *BUILT_IN.built_in))):
        assert terms_for("medicaid", date(2026, 6, 30), table) is MEDICAID
        assert terms_for("medicaid", date(2026, 7, 1), table) is later
        assert terms_for("medicaid", date(2027, 7, 1), table) is later
        assert terms_for("commercial", date(2026, 7, 1), table) is COMMERCIAL


@pytest.mark.parametrize(
    ("state", "funding", "row"),
    [
        ("CA", "insured", INSURED),
        ("NY", "insured", ANY_STATE),
        ("CA", "self_funded", COMMERCIAL),
        (None, "self_funded", COMMERCIAL),
    ],
)
def test_the_most_specific_row_applies(state: str | None, funding: Funding, row: DeadlineTerms) -> None:
    assert terms_for("commercial", DAY, TABLE, coverage=CoverageOf(state, funding)) is row


@pytest.mark.parametrize(
    ("state", "funding", "standard", "urgent", "unknown"),
    [
        (None, None, Days(5), Hours(48), "state and funding"),
        ("CA", None, Days(5), Hours(72), "funding"),
        ("NY", None, Days(10), Hours(48), "funding"),
        (None, "insured", Days(5), Hours(48), "state"),
    ],
)
def test_not_known_then_the_shorter_row_and_it_says_so(
    state: str | None, funding: Funding | None, standard: object, urgent: object, unknown: str
) -> None:
    found = terms_for("commercial", DAY, TABLE, coverage=CoverageOf(state, funding))
    assert (found.standard, found.urgent) == (standard, urgent)
    assert found.note.startswith(
        f"{unknown} of the coverage not on record, so the shortest row applies. Possible rows: "
    )
    assert in_words(found)[0].partition(";")[2].startswith(f" {found.note}")


def test_not_known_then_the_possible_rows_are_named() -> None:
    of_law = COMMERCIAL.source
    found = terms_for("commercial", DAY, TABLE)
    possible = f"CA law for insured coverage of CA; contract for insured coverage; {of_law} for other coverage"
    assert found.note.partition("Possible rows: ")[2] == possible
    found = terms_for("commercial", DAY, TABLE, coverage=CoverageOf("NY"))
    assert found.note.partition("Possible rows: ")[2] == f"contract for insured coverage; {of_law} for other coverage"
    states = [replace(COMMERCIAL, state=state, source=f"{state} law") for state in ("CA", "NY", "OH", "TX", "UT", "WA")]
    found = terms_for("commercial", DAY, DeadlineTable(own=tuple(states)))
    assert found.note.endswith("WA law for coverage of WA; and 1 more")


SELF_FUNDED: Final = replace(COMMERCIAL, funding="self_funded", appeal_levels=2, source="plan document")


@pytest.mark.parametrize(
    ("insured", "first", "second"),
    [
        (COMMERCIAL, Days(15), Days(15)),
        (replace(COMMERCIAL, funding="insured", appeal_standard=Days(10)), Days(10), Days(15)),
        (replace(COMMERCIAL, funding="insured", appeal_standard=Days(20)), Days(15), Days(15)),
        (replace(COMMERCIAL, funding="insured", appeal_standard_of_two=Days(5)), Days(15), Days(15)),
        (replace(COMMERCIAL, funding="insured", appeal_levels=2, appeal_standard_of_two=Days(5)), Days(5), Days(5)),
    ],
)
def test_not_known_then_the_shorter_time_of_an_appeal_and_a_second_level_is_not_refused(
    insured: DeadlineTerms, first: Term, second: Term
) -> None:
    found = terms_for("commercial", DAY, DeadlineTable(own=(SELF_FUNDED, insured)))
    assert found.appeal_levels == 2
    assert found.term(found.appeal_figure("standard")) == first
    assert found.term(found.appeal_figure("standard", is_second_level=True)) == second
    assert found.term(found.appeal_figure("urgent")) == Hours(72)
    assert found.appeal_levels_open == (insured.appeal_levels == 1)
    assert any("the plan may have two levels" in line for line in in_words(found)) == found.appeal_levels_open
    for funding, levels in (("self_funded", 2), ("insured", insured.appeal_levels)):
        known = terms_for(
            "commercial", DAY, DeadlineTable(own=(SELF_FUNDED, insured)), coverage=CoverageOf(None, funding)
        )
        assert (known.appeal_levels, known.appeal_levels_open) == (levels, False)


def of_two_rows(figure: str, one: Term, other: Term) -> DeadlineTerms:
    """The row where it is not known whether the coverage is of California, which has a figure of its own."""
    california: dict[str, Any] = {"state": "CA", figure: one}
    elsewhere: dict[str, Any] = {figure: other}
    table = DeadlineTable(own=(replace(COMMERCIAL, **california),), built_in=(replace(COMMERCIAL, **elsewhere),))
    return terms_for("commercial", DAY, table)


@pytest.mark.parametrize(
    ("one", "other", "chosen"),
    [
        (Days(3), Hours(72), Either(Days(3), Hours(72), "first")),
        (Days(3), Hours(80), Either(Days(3), Hours(80), "first")),
        (Days(3), Hours(49), Either(Days(3), Hours(49), "first")),
        (Days(3), Hours(119), Either(Days(3), Hours(119), "first")),
        (Days(3), Hours(48), Hours(48)),
        (Days(3), Hours(120), Days(3)),
        (Days(3), Days(4), Days(3)),
        (Hours(80), Hours(72), Hours(72)),
    ],
)
def test_of_days_and_hours_the_start_decides_which_is_the_shorter(one: Term, other: Term, chosen: Term) -> None:
    for figure in ("standard", "urgent", "appeal_standard", "appeal_urgent", "answer_standard"):
        for found in (of_two_rows(figure, one, other), of_two_rows(figure, other, one)):
            assert getattr(found, figure) == chosen


def test_the_longest_time_to_respond_is_the_one_that_ends_last() -> None:
    assert of_two_rows("answer_urgent", Days(3), Hours(80)).answer_urgent == Either(Days(3), Hours(80), "last")
    assert of_two_rows("answer_urgent", Days(2), Hours(120)).answer_urgent == Hours(120)


def test_no_appeal_is_late_that_one_of_the_rows_calls_timely() -> None:
    longer = replace(INSURED, appeal_file_within=Days(200), appeal_counted_from="date_on_notice")
    found = terms_for("commercial", DAY, DeadlineTable(own=(longer,)))
    assert (found.appeal_file_within, found.appeal_counted_from) == (Days(200), "receipt")


def test_without_rows_of_the_plan_nothing_depends_on_state_and_funding() -> None:
    assert terms_for("commercial", DAY) is terms_for("commercial", DAY, coverage=CoverageOf("CA", "insured"))
    assert terms_for("commercial", DAY).note == ""


def test_a_line_without_a_row_for_doses_that_were_given_uses_its_other_row() -> None:
    assert terms_for("medicaid", DAY, is_post_service=True) is MEDICAID
    assert terms_for("commercial", DAY, is_post_service=True).standard == Days(30)
