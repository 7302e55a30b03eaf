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
        (GENERAL | {"standard": {"weeks": 1}}, "row 2, standard", "not a time"),
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


MEDICARE: Final = GENERAL | {"line": "medicare_advantage"}
MEDICAID: Final = GENERAL | {"line": "medicaid"}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (MEDICARE | {"urgent_ask_within": {"hours": 24}}, "urgent_ask_within"),
        (MEDICARE | {"urgent_decide_within": {"hours": 24}}, "urgent_decide_within"),
        (MEDICAID | {"answer_urgent": {"hours": 48}}, "answer_urgent"),
        (MEDICAID | {"answer_standard": {"days": 45}}, "answer_standard"),
        (MEDICARE | {"appeal_standard_of_two": {"days": 7}}, "appeal_standard_of_two"),
        (MEDICARE | {"information_extension_stops": True}, "information_extension_stops"),
        (MEDICARE | {"after_last_level": "external_review"}, "after_last_level"),
        (MEDICARE | {"service": "post_service"}, "service"),
        (GENERAL | {"after_last_level": "state_fair_hearing"}, "after_last_level"),
        (GENERAL | {"urgent_ask_within": {"hours": 25}}, "urgent_ask_within"),
        (GENERAL | {"urgent_decide_within": {"hours": 49}}, "urgent_decide_within"),
        (GENERAL | {"answer_standard": {"days": 44}}, "answer_standard"),
        (GENERAL | {"answer_standard": {"hours": 45 * 24}}, "answer_standard"),
        (GENERAL | {"standard": {"hours": 15 * 24 + 1}}, "standard"),
        (GENERAL | {"appeal_standard": {"days": 31}}, "appeal_standard"),
        (GENERAL | {"appeal_standard_of_two": {"days": 16}}, "appeal_standard_of_two"),
        (GENERAL | {"appeal_urgent": {"hours": 73}}, "appeal_urgent"),
        (GENERAL | {"appeal_counted_from": "date_on_notice"}, "appeal_counted_from"),
    ],
)
def test_no_figure_is_worse_for_others_than_the_law(row: dict[str, Any], field: str) -> None:
    error = refused(CALIFORNIA, row)
    assert error.field == f"row 2, {field}"
    assert error.remedy


def test_a_figure_may_be_better_for_others_than_the_law() -> None:
    better = {
        "standard": {"hours": 15 * 24},
        "urgent": {"days": 2},
        "urgent_ask_within": {"hours": 12},
        "answer_urgent": {"days": 2},
        "answer_standard": {"days": 60},
        "information_extension_stops": False,
        "appeal_file_within": {"days": 181},
        "appeal_counted_from": "receipt",
        "after_last_level": "external_review",
        "at_risk_percent": 100,
    }
    assert terms_for("commercial", DAY, table(GENERAL | better)).urgent_ask_within == Hours(12)
    counted = table(MEDICARE | {"appeal_counted_from": "receipt"})
    assert terms_for("medicare_advantage", DAY, counted).appeal_counted_from == "receipt"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"rows": [], "rows": []}', "rows"),
        ('{"rows": [{"line": "commercial", "line": "medicaid", "effective_on": "2026-01-01", "source": "a"}]}', "line"),
        (
            '{"rows": [{"line": "medicaid", "effective_on": "2026-01-01", "source": "a", '
            '"urgent": {"hours": 9, "hours": 8}}]}',
            "urgent.hours",
        ),
    ],
)
def test_a_field_that_is_there_twice_is_refused(text: str, field: str) -> None:
    with pytest.raises(InvalidCommand) as caught:
        table_from(text)
    assert (caught.value.field or "").removeprefix("row 1, ") == field
    assert "twice" in caught.value.cause


NEW_YORK: Final = GENERAL | {"state": "NY", "source": "New York"}


@pytest.mark.parametrize("order", [1, -1])
def test_a_figure_left_out_is_that_of_the_next_more_general_row(order: int) -> None:
    rows = [
        NEW_YORK | {"funding": "insured", "source": "both", "urgent": {"hours": 24}},
        NEW_YORK | {"standard": {"days": 3}},
        GENERAL | {"funding": "insured", "source": "insured", "standard": {"days": 4}, "appeal_urgent": {"hours": 48}},
        GENERAL | {"appeal_levels": 2, "appeal_urgent": {"hours": 60}},
    ]
    found = terms_for("commercial", DAY, table(*rows[::order]), coverage=CoverageOf("NY", "insured"))
    figures = ("urgent", "standard", "appeal_urgent", "appeal_levels", "appeal_file_within")
    assert [getattr(found, one) for one in figures] == [Hours(24), Days(3), Hours(48), 2, Days(180)]
    assert [found.source_of(one) for one in figures[:4]] == ["both", "New York", "insured", "plan document"]


def test_a_row_of_a_state_and_one_of_a_funding_apply_together() -> None:
    insured = GENERAL | {"funding": "insured", "standard": {"days": 4}, "appeal_urgent": {"hours": 48}}
    both = table(NEW_YORK | {"standard": {"days": 3}}, insured)
    found = terms_for("commercial", DAY, both, coverage=CoverageOf("NY", "insured"))
    assert (found.standard, found.appeal_urgent) == (Days(3), Hours(48))
    found = terms_for("commercial", DAY, both, coverage=CoverageOf("NY", "self_funded"))
    assert (found.standard, found.appeal_urgent) == (Days(3), Hours(72))


def test_what_is_inherited_is_in_effect_on_the_day_of_the_request() -> None:
    rows = table(
        GENERAL | {"effective_on": "2025-01-01", "appeal_levels": 2, "standard": {"days": 7}},
        NEW_YORK | {"effective_on": "2024-01-01", "urgent": {"hours": 24}},
        NEW_YORK | {"effective_on": "2026-05-01", "urgent": {"hours": 20}},
    )

    def found(day: date) -> tuple[object, ...]:
        terms = terms_for("commercial", day, rows, coverage=CoverageOf("NY"))
        return terms.urgent, terms.standard, terms.appeal_levels

    assert found(date(2023, 12, 31)) == (Hours(72), Days(15), 1)
    assert found(date(2024, 12, 31)) == (Hours(24), Days(15), 1)
    assert found(date(2025, 1, 1)) == found(date(2026, 4, 30)) == (Hours(24), Days(7), 2)
    assert found(DAY) == (Hours(20), Days(7), 2)


@pytest.mark.parametrize(
    ("figures", "remedy"),
    [
        ({"standard": {"days": 0}}, 'send {"days": N} or {"hours": N}, where N is a whole number from 1 to 1000'),
        ({"standard": {"hours": 1001}}, 'send {"days": N} or {"hours": N}, where N is a whole number from 1 to 1000'),
        ({"extension": {"days": 0}}, 'send {"days": N}, where N is a whole number from 1 to 1000'),
        ({"extension": 14}, 'send {"days": N}, where N is a whole number from 1 to 1000'),
        ({"urgent_ask_within": {"days": 1}}, 'send {"hours": N}, where N is a whole number from 1 to 1000'),
        ({"state": "ca"}, "write the two capital letters of a state or territory"),
        ({"at_risk_percent": 0}, "send at least 1"),
        ({"at_risk_percent": 101}, "send at most 100"),
        ({"at_risk_percent": "5"}, "send a whole number"),
        ({"information_extension_stops": "yes"}, "send true or false"),
        ({"source": 1}, "send a text"),
        ({"appeal_levels": 3}, "send one of 1 or 2"),
        ({"appeal_levels": True}, "send one of 1 or 2"),
        ({"appeal_levels": 2.0}, "send one of 1 or 2"),
        ({"appeal_levels": "2"}, "send one of 1 or 2"),
    ],
)
def test_the_remedy_names_the_limit(figures: dict[str, Any], remedy: str) -> None:
    error = refused(GENERAL | figures)
    assert (error.field, error.remedy) == (f"row 1, {next(iter(figures))}", remedy)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": 1}', '{"row": []}'])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(InvalidCommand):
        table_from(text)
