"""A decision keeps the row of its day: rows that the plan corrects later are for what is not decided."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import date
from typing import Any, Final

import pytest

from domain.deadline_terms.kept import FIGURES_KEPT, row_to_keep, terms_kept
from domain.deadline_terms.plan_rows import table_from
from domain.deadline_terms.table import BUILT_IN, CoverageOf, DeadlineTable, terms_for
from domain.deadline_terms.terms import DeadlineTerms
from domain.deadline_terms.words import in_words
from domain.deadlines.appeals import appeal_deadline
from domain.events.appeals import AppealDecided
from domain.events.determinations import (
    CourseApproved,
    PastDeterminationImported,
    RequestDenied,
    RequestReferred,
)
from projections.dossier.deadlines import terms_in_words
from tests.domain.deadlines.request_clock import clock, due
from tests.story import (
    MEETS_A,
    ZONE,
    Scenario,
    Step,
    appealed,
    approved,
    denied,
    given,
    line_changed,
    overturned,
    past_determination,
    referred,
    reopened,
    statement_corrected,
    submitted,
    upheld,
)

DAY: Final = date(2026, 6, 1)
GENERAL: Final = {"line": "commercial", "effective_on": "2020-01-01", "source": "Contract"}


def rows(*figures: dict[str, Any]) -> DeadlineTable:
    return table_from(json.dumps({"rows": [GENERAL | one for one in figures]}))


FIVE_DAYS: Final = rows({"standard": {"days": 5}, "appeal_levels": 2})
HOURS: Final = rows({"state": "CA", "standard": {"hours": 80}}, {"standard": {"days": 3}, "answer_urgent": {"days": 3}})
OTHER_TABLES: Final = (BUILT_IN, FIVE_DAYS, HOURS)


def due_under(scenario: Scenario, table: DeadlineTable) -> str:
    return due(replace(scenario, table=table))


def decided_on_may_8(table: DeadlineTable, *decision: Step) -> Scenario:
    """Received on 28 April at noon."""
    return given(submitted(received_on="2026-04-28")).under(table).on("2026-05-08").and_given(*decision)


@pytest.mark.parametrize("decision", [approved(), denied("1.A.i")])
@pytest.mark.parametrize(("table", "last_day"), [(BUILT_IN, "2026-05-14"), (FIVE_DAYS, "2026-05-04")])
def test_a_decided_request_keeps_its_due_date_under_every_later_row(
    table: DeadlineTable, last_day: str, decision: Step
) -> None:
    scenario = decided_on_may_8(table, decision)
    assert {due_under(scenario, later) for later in OTHER_TABLES} == {last_day}
    assert ("Contract" in clock(replace(scenario, table=BUILT_IN)).source) == (table is FIVE_DAYS)
    request = scenario.known.requests[0]
    lines = {terms_in_words(scenario.known, request, later) for later in OTHER_TABLES}
    assert len(lines) == 1
    assert any(f"within {'15' if table is BUILT_IN else '5'} days (" in line for line in lines.pop())


def test_an_open_request_has_the_row_of_today_and_so_has_one_that_is_reopened() -> None:
    scenario = given(submitted(received_on="2026-04-28"))
    assert [due_under(scenario, table) for table in (BUILT_IN, FIVE_DAYS)] == ["2026-05-14", "2026-05-04"]
    scenario.on("2026-05-01").and_given(denied("1.A.i"))
    assert [due_under(scenario, table) for table in (BUILT_IN, FIVE_DAYS)] == ["2026-05-14", "2026-05-14"]
    scenario.on("2026-05-02").and_given(reopened())
    assert [due_under(scenario, table) for table in (BUILT_IN, FIVE_DAYS)] == ["2026-05-18", "2026-05-08"]
    scenario.under(FIVE_DAYS).on("2026-05-04").and_given(denied("1.A.i"))
    assert [due_under(scenario, table) for table in (BUILT_IN, FIVE_DAYS)] == ["2026-05-08", "2026-05-08"]


def test_a_request_that_is_only_referred_has_the_row_of_today() -> None:
    scenario = decided_on_may_8(FIVE_DAYS, referred())
    assert isinstance(scenario.last[0], RequestReferred)
    assert scenario.last[0].determination.deadline_row is None
    assert [due_under(scenario, table) for table in (BUILT_IN, FIVE_DAYS)] == ["2026-05-14", "2026-05-04"]


def test_the_coverage_that_is_stated_later_changes_no_decision() -> None:
    """While the state was not known, the time that ended first applied."""
    scenario = decided_on_may_8(HOURS, denied("1.A.i"))
    before = clock(scenario)
    assert "so the shortest row applies" in before.rule
    scenario.and_given(line_changed("2026-01-01", "commercial", state="NY", funding="insured"))
    assert clock(scenario) == before


@pytest.mark.parametrize(("table", "last_day"), [(BUILT_IN, "2026-05-14"), (FIVE_DAYS, "2026-05-04")])
def test_the_line_that_is_corrected_later_changes_no_decision(table: DeadlineTable, last_day: str) -> None:
    scenario = decided_on_may_8(table, denied("1.A.i"))
    scenario.and_given(statement_corrected(MEETS_A, line_of_business="medicaid"))
    assert {due_under(scenario, later) for later in OTHER_TABLES} == {last_day}


@pytest.mark.parametrize("outcome", [upheld("1.A.i"), overturned()])
def test_a_decided_appeal_keeps_its_due_date_and_so_does_the_request_under_it(outcome: Step) -> None:
    scenario = given(submitted(received_on="2026-04-28"), denied("1.A.i"))
    scenario.on("2026-05-05").and_given(appealed())

    def due_dates() -> list[str]:
        found = (appeal_deadline(scenario.known, scenario.known.appeals[0], ZONE, one) for one in (BUILT_IN, FIVE_DAYS))
        return [str(one.due_at.astimezone(ZONE).date()) for one in found]

    assert due_dates() == ["2026-06-05", "2026-05-21"]
    scenario.under(FIVE_DAYS).on("2026-05-18").and_given(outcome)
    assert due_dates() == ["2026-05-21", "2026-05-21"]
    # The denial was decided under the built-in row, the appeal of it under the row of the plan.
    assert {due_under(scenario, table) for table in OTHER_TABLES} == {"2026-05-14"}


def test_an_imported_decision_keeps_the_row_of_the_day_of_its_import() -> None:
    scenario = given(submitted(received_on="2026-03-02").imported()).under(FIVE_DAYS)
    scenario.and_given(past_determination("denied", "2026-03-10", citing=["1.A.iii"]))
    assert isinstance(scenario.last[0], PastDeterminationImported)
    assert {due_under(scenario, table) for table in OTHER_TABLES} == {"2026-03-08"}


# -- what is stored -------------------------------------------------------------------------------


def decisions(table: DeadlineTable) -> list[AppealDecided | CourseApproved | RequestDenied]:
    scenario = decided_on_may_8(table, denied("1.A.i")).and_given(appealed(), overturned())
    found = [one for one in scenario.events if isinstance(one, AppealDecided | CourseApproved | RequestDenied)]
    assert len(found) == 3
    return found


def test_the_built_in_row_is_left_out_of_the_stored_bytes() -> None:
    for event in decisions(BUILT_IN):
        assert "deadline_row" not in event.determination.model_dump(mode="json")
    for event in decisions(FIVE_DAYS):
        stored = event.determination.model_dump(mode="json")["deadline_row"]
        assert {"name": "standard", "days": 5, "source": "Contract"} in stored["figures"]
        assert (stored["source"], stored["line"]) == ("Contract", "commercial")


def test_every_figure_of_a_row_is_stored_and_read_again() -> None:
    others = {"line", "effective_on", "source", "binds", "is_post_service", "state", "funding", "note"}
    assert {*FIGURES_KEPT} == {one.name for one in fields(DeadlineTerms)} - others - {"sources", "unconfirmed"}
    levels = rows({"funding": "self_funded", "appeal_levels": 2}, {"extension": None, "service": "both"})
    for table in (FIVE_DAYS, HOURS, levels):
        for is_post_service in (False, True):
            for coverage in (CoverageOf(), CoverageOf("CA"), CoverageOf("CA", "self_funded"), CoverageOf("NY")):
                terms = terms_for("commercial", DAY, table, is_post_service=is_post_service, coverage=coverage)
                row = row_to_keep(terms)
                if row is None:
                    assert terms in BUILT_IN.built_in
                    continue
                again = terms_kept(type(row).model_validate_json(row.model_dump_json()))
                assert in_words(again) == in_words(terms)
                for figure in FIGURES_KEPT:
                    assert getattr(again, figure) == getattr(terms, figure)
                    assert again.source_of(figure) == terms.source_of(figure)
                    assert (figure in again.unconfirmed) == (figure in terms.unconfirmed)
