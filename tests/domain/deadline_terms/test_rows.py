"""The terms of the clocks are those of readings.md, each with its source, and say what nobody has confirmed."""

from __future__ import annotations

import doctest
from dataclasses import fields, replace
from datetime import date
from types import ModuleType
from typing import Final, get_args

import pytest

from domain.deadline_terms import words
from domain.deadline_terms.rows import TERMS
from domain.deadline_terms.table import terms_for
from domain.deadline_terms.terms import Days, DeadlineTerms, Hours, TermsLine
from domain.deadline_terms.words import in_words
from domain.deadlines import appeal_dates, due_dates
from domain.permissions.commands import MAY_DENY

DAY: Final = date(2026, 6, 1)
COMMERCIAL, MEDICARE, MEDICAID, FEDERAL = (terms_for(line, DAY) for line in get_args(TermsLine))


AFTERWARDS: Final = terms_for("commercial", DAY, is_post_service=True)


@pytest.mark.parametrize(
    ("terms", "standard", "urgent", "extension", "file_within", "appeal", "urgent_appeal", "unconfirmed"),
    [
        (COMMERCIAL, Days(15), Hours(72), Days(15), Days(180), Days(30), Hours(72), set()),
        (
            AFTERWARDS, Days(30), Hours(72), Days(15), Days(180), Days(60), Hours(72),
            {"appeal_standard", "appeal_standard_of_two"},
        ),
        (MEDICARE, Hours(72), Hours(24), None, Days(65), Days(7), Hours(72), set()),
        (MEDICAID, Hours(24), Hours(24), None, Days(60), Days(30), Hours(72), {"standard", "urgent"}),
        (FEDERAL, Days(7), Hours(72), Days(14), Days(65), Days(30), Hours(72), set()),
    ],
    ids=["commercial", "afterwards", "medicare", "medicaid", "federal"],
)  # fmt: skip
def test_the_rows_are_those_of_the_readings(
    terms: DeadlineTerms,
    standard: object,
    urgent: object,
    extension: object,
    file_within: object,
    appeal: object,
    urgent_appeal: object,
    unconfirmed: set[str],
) -> None:
    assert (terms.standard, terms.urgent, terms.extension) == (standard, urgent, extension)
    assert (terms.appeal_file_within, terms.appeal_standard, terms.appeal_urgent) == (
        file_within, appeal, urgent_appeal,
    )  # fmt: skip
    assert terms.unconfirmed == unconfirmed | {"effective_on"}


def test_what_else_the_rows_say() -> None:
    assert [terms.line for terms in TERMS if terms.information_extension_stops] == ["commercial", "commercial"]
    assert [terms.line for terms in TERMS if terms.urgent_decide_within] == ["commercial", "commercial"]
    assert [terms.line for terms in TERMS if terms.extends_urgent] == ["cms_0057_f"]
    assert [terms.line for terms in TERMS if not terms.binds] == ["cms_0057_f"]
    assert [terms.line for terms in TERMS if terms.forwards_upheld] == ["medicare_advantage"]
    assert {terms.appeal_levels for terms in TERMS} == {1}
    assert [terms.appeal_standard_of_two for terms in (COMMERCIAL, AFTERWARDS, MEDICARE)] == [Days(15), Days(30), None]
    assert (COMMERCIAL.answer_standard, COMMERCIAL.answer_urgent) == (Days(45), Hours(48))
    assert (MEDICARE.appeal_file_after_receipt, MEDICAID.appeal_file_after_receipt) == (Days(60), None)


def test_every_line_of_business_that_a_request_can_have_has_a_row() -> None:
    assert {terms_for(line, DAY).line for line in MAY_DENY} == set(MAY_DENY)


def test_a_request_from_before_the_first_row_gets_that_row() -> None:
    assert terms_for("medicare_advantage", date(2016, 1, 1)) is MEDICARE


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: f"{terms.line} {terms.is_post_service}")
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
    assert terms.unconfirmed <= figures(terms)


def figures(terms: DeadlineTerms) -> set[str]:
    """The fields that have a line of their own."""
    named = {one.name for one in fields(terms)} - {
        "line", "source", "binds", "sources", "unconfirmed", "is_post_service", "state", "funding", "note",
    }  # fmt: skip
    said = {name for name in named if getattr(terms, name) not in (None, False) or name == "extension"}
    return said | {"information_extension_stops"}


@pytest.mark.parametrize("module", [due_dates, appeal_dates, words], ids=lambda module: module.__name__)
def test_the_examples_of_the_clocks_are_true(module: ModuleType) -> None:
    ran = doctest.testmod(module)
    assert (ran.failed, ran.attempted > 0) == (0, True)
