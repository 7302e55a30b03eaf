"""The rows that a plan supplies: what they inherit, and one clear error for each that is wrong."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final

import pytest

from domain.deadline_terms.plan_rows import table_from
from domain.deadline_terms.table import CoverageOf, DeadlineTable, terms_for
from domain.deadline_terms.terms import Days, Hours
from domain.errors import InvalidCommand

DAY: Final = date(2026, 6, 1)
GENERAL: Final = {"line": "commercial", "effective_on": "2026-01-01", "source": "plan document"}
CALIFORNIA: Final = GENERAL | {"state": "CA", "funding": "insured", "source": "state law", "standard": {"days": 5}}


def table(*rows: dict[str, Any]) -> DeadlineTable:
    return table_from(json.dumps({"rows": rows}))


def refused(*rows: dict[str, Any]) -> InvalidCommand:
    with pytest.raises(InvalidCommand) as caught:
        table(*rows)
    return caught.value


def test_a_row_states_what_differs_and_inherits_the_rest() -> None:
    found = terms_for("commercial", DAY, table(GENERAL | {"appeal_levels": 2, "urgent": {"hours": 48}}))
    assert (found.appeal_levels, found.urgent, found.standard) == (2, Hours(48), Days(15))
    assert (found.source_of("urgent"), found.source_of("standard")) == (
        "plan document",
        "29 CFR 2560.503-1(f)(2)(iii)(A)",
    )
    assert terms_for("commercial", date(2025, 12, 31), table(GENERAL | {"appeal_levels": 2})).appeal_levels == 1


@pytest.mark.parametrize("order", [1, -1])
def test_a_row_of_a_state_inherits_from_the_plans_row_for_all_states(order: int) -> None:
    rows = [GENERAL | {"appeal_levels": 2}, CALIFORNIA][::order]
    found = terms_for("commercial", DAY, table(*rows), coverage=CoverageOf("CA", "insured"))
    assert (found.standard, found.appeal_levels) == (Days(5), 2)


def test_a_row_for_both_services_is_two_rows() -> None:
    both = table(GENERAL | {"appeal_levels": 2, "service": "both"})
    assert [row.is_post_service for row in both.own] == [False, True]
    assert terms_for("commercial", DAY, both, is_post_service=True).appeal_levels == 2
    assert terms_for("commercial", DAY, both, is_post_service=True).standard == Days(30)
    assert len(table(GENERAL | {"line": "medicaid", "service": "both"}).own) == 1


def test_a_figure_that_the_plan_states_is_confirmed_by_it() -> None:
    confirmed = GENERAL | {"service": "post_service", "appeal_standard": {"days": 60}}
    found = terms_for("commercial", DAY, table(confirmed), is_post_service=True)
    assert found.unconfirmed == {"appeal_standard_of_two"}


def test_an_extension_may_be_given_up() -> None:
    assert terms_for("commercial", DAY, table(GENERAL | {"extension": None})).extension is None
    assert terms_for("commercial", DAY, table(GENERAL)).extension == Days(15)


@pytest.mark.parametrize(
    ("row", "field", "cause"),
    [
        (GENERAL | {"standard": {"days": 16}}, "row 2, standard", "16 days exceed the 15 days"),
        (GENERAL | {"urgent": {"days": 3}}, "row 2, urgent", "3 days exceed the 72 hours"),
        (GENERAL | {"extension": {"days": 20}}, "row 2, extension", "20 days exceed the 15 days"),
        (GENERAL | {"appeal_file_within": {"days": 179}}, "row 2, appeal_file_within", "179 days are less than"),
        (GENERAL | {"answer_urgent": {"hours": 47}}, "row 2, answer_urgent", "47 hours are less than"),
        (GENERAL | {"line": "medicare_advantage", "appeal_levels": 2}, "row 2, appeal_levels", "has one level"),
        (GENERAL | {"line": "medicaid", "extension": {"days": 14}}, "row 2, extension", "allows no extension"),
        (GENERAL | {"line": "dental"}, "row 2, line", "not one of the values"),
        (GENERAL | {"state": "ZZ"}, "row 2, state", "not a state"),
        (GENERAL | {"state": "California"}, "row 2, state", "not allowed"),
        (GENERAL | {"standard": {"weeks": 1}}, "row 2, standard", "required"),
        (GENERAL | {"standard": {"days": 0}}, "row 2, standard", "not allowed"),
        (GENERAL | {"standart": {"days": 1}}, "row 2, standart", "does not exist"),
        ({"line": "commercial", "effective_on": "2026-01-01"}, "row 2, source", "required"),
        (GENERAL | {"effective_on": "2026-02-30"}, "row 2, effective_on", "does not exist"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_field(row: dict[str, Any], field: str, cause: str) -> None:
    error = refused(CALIFORNIA, row)
    assert (error.field, cause in error.cause) == (field, True), error
    assert error.remedy


def test_two_rows_for_the_same_requests_are_refused() -> None:
    assert refused(CALIFORNIA, CALIFORNIA | {"standard": {"days": 4}}).field == "row 2, effective_on"


def test_a_longer_figure_is_taken_where_the_law_is_not_confirmed() -> None:
    assert terms_for("medicaid", DAY, table(GENERAL | {"line": "medicaid", "urgent": {"hours": 30}})).urgent == Hours(
        30
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": 1}', '{"row": []}'])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(InvalidCommand):
        table_from(text)
