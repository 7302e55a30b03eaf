"""The terms of the clocks are those of readings.md, each with its source, and say what nobody has confirmed."""

from __future__ import annotations

import doctest
from dataclasses import fields, replace
from datetime import date
from types import ModuleType
from typing import Final, get_args

import pytest

from domain.deadlines import due_dates
from domain.deadlines import terms as clock_terms
from domain.deadlines.terms import TERMS, Days, DeadlineTerms, Hours, TermsLine, in_words, terms_for
from domain.permissions.commands import MAY_DENY

DAY: Final = date(2026, 6, 1)
COMMERCIAL, MEDICARE, MEDICAID, FEDERAL = (terms_for(line, DAY) for line in get_args(TermsLine))


@pytest.mark.parametrize(
    ("line", "standard", "urgent", "extension", "file_within", "appeal", "urgent_appeal", "unconfirmed"),
    [
        ("commercial", Days(15), Hours(72), Days(15), Days(180), Days(30), Hours(72), set()),
        ("medicare_advantage", Hours(72), Hours(24), None, Days(65), Days(7), Hours(72), {"appeal_file_within"}),
        (
            "medicaid", Hours(24), Hours(24), None, Days(60), Days(30), Hours(72),
            {"appeal_file_within", "appeal_standard", "appeal_urgent"},
        ),
        ("cms_0057_f", Days(7), Hours(72), Days(14), Days(65), Days(30), Hours(72), {"appeal_file_within"}),
    ],
)  # fmt: skip
def test_the_rows_are_those_of_the_readings(
    line: TermsLine,
    standard: object,
    urgent: object,
    extension: object,
    file_within: object,
    appeal: object,
    urgent_appeal: object,
    unconfirmed: set[str],
) -> None:
    terms = terms_for(line, DAY)
    assert (terms.standard, terms.urgent, terms.extension) == (standard, urgent, extension)
    assert (terms.appeal_file_within, terms.appeal_standard, terms.appeal_urgent) == (
        file_within, appeal, urgent_appeal,
    )  # fmt: skip
    legal = {one for one in terms.unconfirmed if one.startswith("appeal")}
    assert legal == unconfirmed


def test_only_commercial_clocks_stop_for_a_question_and_the_federal_row_binds_no_line() -> None:
    assert [terms.line for terms in TERMS if terms.asking_stops_standard or terms.urgent_decide_within] == [
        "commercial"
    ]
    assert [terms.line for terms in TERMS if not terms.binds] == ["cms_0057_f"]


def test_every_line_of_business_that_a_request_can_have_has_a_row() -> None:
    assert {terms_for(line, DAY).line for line in MAY_DENY} == set(MAY_DENY)


def test_a_later_row_replaces_the_earlier_one_from_its_day_on() -> None:
    later = replace(MEDICAID, effective_on=date(2026, 7, 1), standard=Hours(48))
    table = (later, *TERMS)
    assert terms_for("medicaid", date(2026, 6, 30), table) is MEDICAID
    assert terms_for("medicaid", date(2026, 7, 1), table) is later
    assert terms_for("medicaid", date(2027, 7, 1), table) is later
    assert terms_for("commercial", date(2026, 7, 1), table) is COMMERCIAL


def test_a_request_from_before_the_first_row_gets_that_row() -> None:
    assert terms_for("medicare_advantage", date(2016, 1, 1)) is MEDICARE


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: terms.line)
def test_the_words_say_every_figure_with_its_source_and_which_are_unconfirmed(terms: DeadlineTerms) -> None:
    """A figure is told by changing it: exactly its own line says "not confirmed" once it carries the mark."""
    bare = in_words(replace(terms, unconfirmed=frozenset()))
    assert not any("not confirmed" in line for line in bare)
    for figure in figures(terms):
        marked = in_words(replace(terms, unconfirmed=frozenset({figure})))
        said = [after for before, after in zip(bare, marked, strict=True) if before != after]
        assert len(said) == 1, figure
        assert said[0].endswith(f"({terms.source_of(figure)}; not confirmed)")
    assert sum("not confirmed" in line for line in in_words(terms)) == len(terms.unconfirmed)
    assert terms.unconfirmed | set(terms.sources) <= figures(terms)


def figures(terms: DeadlineTerms) -> set[str]:
    named = {one.name for one in fields(terms)} - {"line", "source", "binds", "sources", "unconfirmed"}
    return {name for name in named if getattr(terms, name) is not None or name == "extension"}


def test_what_the_plan_chose_itself_is_said_to_be_so() -> None:
    own = [line for line in in_words(MEDICARE) if "the plan's own choice" in line]
    assert len(own) == 3
    assert ["14 days" in line for line in own] == ["not confirmed" in line for line in own] == [True, True, False]


@pytest.mark.parametrize("module", [due_dates, clock_terms], ids=lambda module: module.__name__)
def test_the_examples_of_the_clocks_are_true(module: ModuleType) -> None:
    ran = doctest.testmod(module)
    assert (ran.failed, ran.attempted > 0) == (0, True)
