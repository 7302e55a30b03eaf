"""What is on record and would be otherwise by the deadlines of today: it keeps what it said, and is listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.deadline_terms.rows import TERMS
from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.deadline_terms.terms import Days
from domain.events.appeals import AppealFiled
from domain.events.determinations import CourseApproved
from domain.events.requests import NoticeIssued
from domain.history import evolve
from projections.deadline_changes import DeadlineChange, deadline_changes
from projections.request_status import request_status
from tests.story import (
    MEETS_A,
    OFFICE,
    ZONE,
    Scenario,
    appeal_dismissed,
    appealed,
    approved,
    delivered,
    denied,
    given,
    information_requested,
    noticed,
    submitted,
    supplied,
    upheld,
)
from tests.story.deadlines import TWO_LEVELS

NOW = datetime(2026, 4, 1, tzinfo=UTC)
SENT = "2026-04-28T11:00:00-04:00"


def found(scenario: Scenario, table: DeadlineTable = BUILT_IN) -> list[DeadlineChange]:
    return list(deadline_changes(scenario.known, ZONE, table))


def as_before(scenario: Scenario, **changes: Any) -> Scenario:
    """The last event as the program stored it before it recorded these fields."""
    (event,) = scenario.last
    scenario.history = evolve(scenario.versions[-2], event.model_copy(update=changes))
    scenario.versions[-1] = scenario.history
    return scenario


def noticed_before(line: str) -> Scenario:
    scenario = given(submitted(line_of_business=line), denied("1.A.i")).and_given(noticed("denial", SENT))
    return as_before(scenario, appeal_rights=None)


@pytest.mark.parametrize(
    ("line", "said", "now"),
    [
        ("commercial", None, None),
        ("medicare_advantage", "65 days from the receipt of the notice", "65 days from the date on the notice"),
        ("medicaid", "60 days from the receipt of the notice", "60 days from the date on the notice"),
    ],
)
def test_a_notice_that_counted_from_another_day_is_listed(line: str, said: str | None, now: str | None) -> None:
    changes = found(noticed_before(line))
    assert [(one.what, one.said, one.now) for one in changes] == ([] if said is None else [("notice", said, now)])


@pytest.mark.parametrize("line", ["commercial", "medicare_advantage", "medicaid"])
def test_a_notice_of_today_says_what_today_says(line: str) -> None:
    scenario = given(submitted(line_of_business=line), denied("1.A.i")).when(noticed("denial", SENT))
    scenario.then(NoticeIssued)
    assert found(scenario) == []
    assert scenario.known.notices[0].appeal_rights is not None


def test_a_notice_keeps_what_it_said_when_the_plans_rows_change() -> None:
    scenario = given(submitted(), denied("1.A.i")).and_given(noticed("denial", SENT))
    (change,) = found(scenario, TWO_LEVELS)
    assert change.said == "a standard appeal is decided within 30 days"
    assert change.now == "a standard appeal is decided within 15 days"


def test_the_notice_of_an_upheld_appeal_that_offered_another_level_is_listed() -> None:
    scenario = given(submitted(line_of_business="medicaid"), denied("1.A.i"), appealed(), upheld("1.A.i"))
    appeal = scenario.known.appeals[0].appeal_id
    as_before(scenario.and_given(noticed("appeal_decision", SENT, appeal_id=appeal)), appeal_rights=None)
    (change,) = found(scenario)
    assert (change.said, change.now) == (
        "the plan decides a further appeal",
        "the plan has no further level of appeal",
    )


def dismissed_before(*more: Any) -> Scenario:
    """Filed after 180 days from the determination, and dismissed as late by the rule of then."""
    scenario = given(submitted(), denied("1.A.i"), *more).on("2027-01-04").and_given(appealed())
    (event,) = scenario.last
    assert isinstance(event, AppealFiled)
    scenario = as_before(scenario, file_by=date(2026, 10, 25), is_late=True)
    (appeal,) = scenario.known.appeals
    closed = replace(appeal, status="dismissed", dismissed_as="late", closed_on=date(2027, 1, 5))
    scenario.history = replace(scenario.known, appeals=(closed,))
    return scenario


def test_a_dismissal_as_late_that_would_be_timely_is_listed_and_keeps_what_it_said() -> None:
    scenario = dismissed_before()
    (change,) = found(scenario)
    assert change.what == "dismissed appeal"
    assert change.said == "late: received on 2027-01-04, and the last day to file was 2026-10-25"
    assert change.now.startswith("timely")
    assert scenario.known.appeals[0].is_late


def test_one_that_is_late_by_both_is_not_listed() -> None:
    assert (
        found(
            dismissed_before(noticed("denial", SENT), delivered("2026-04-28T15:30:00-04:00").recorded_on("2026-04-29"))
        )
        == []
    )


def test_a_dismissal_of_today_is_not_listed() -> None:
    scenario = given(submitted(), denied("1.A.i")).on("2026-05-03").and_given(noticed("denial", SENT), delivered(SENT))
    scenario.on("2027-01-04").and_given(appealed(), appeal_dismissed("late"))
    assert found(scenario) == []


def test_a_decision_that_was_in_time_only_because_a_question_paused_it_is_listed() -> None:
    scenario = given(submitted(MEETS_A | {"hiv_infection": None}).by(OFFICE)).on("2026-05-04")
    scenario.and_given(information_requested()).on("2026-05-08").and_given(
        supplied({"hiv_infection": False}, on="2026-05-07")
    )
    scenario.on("2026-05-16").and_given(approved())
    assert found(scenario) == []
    (event,) = scenario.last
    assert isinstance(event, CourseApproved)
    as_before(scenario, determination=event.determination.model_copy(update={"deadlines_revision": None}))
    (change,) = found(scenario)
    assert (change.what, change.said.partition(":")[0], change.now.partition(":")[0]) == ("decision", "in time", "late")


FIVE_DAYS = DeadlineTable(own=(replace(TERMS[0], source="Contract", standard=Days(5), appeal_standard=Days(10)),))


@pytest.mark.parametrize(("day", "is_listed"), [("2026-03-07", False), ("2026-03-08", True), ("2026-03-14", True)])
def test_a_decision_in_time_that_would_be_late_by_a_row_that_was_added_later_is_listed(
    day: str, is_listed: bool
) -> None:
    """Received on March 2: due by the end of March 17, and under the new row by the end of March 7."""
    scenario = given(submitted(received_on="2026-03-02"), today="2026-03-02").on(day).and_given(approved())
    said, now = "in time: due by 2026-03-18T04:00:00+00:00", "late: due by 2026-03-08T05:00:00+00:00"
    changes = [(one.what, one.said, one.now) for one in found(scenario, FIVE_DAYS)]
    assert changes == ([("decision", said, now)] if is_listed else [])
    (request,) = scenario.known.requests
    shown = request_status(scenario.known, request, ZONE, NOW, FIVE_DAYS).clock
    assert shown is not None
    assert said.endswith(shown.due_at.isoformat())


def test_a_decision_that_was_late_by_the_row_of_then_is_listed_when_the_row_is_corrected() -> None:
    scenario = (
        given(submitted(received_on="2026-03-02"), today="2026-03-02")
        .under(FIVE_DAYS)
        .on("2026-03-10")
        .and_given(approved())
    )
    assert found(scenario, FIVE_DAYS) == []
    (change,) = found(scenario)
    assert (change.said[:4], change.now[:7]) == ("late", "in time")


def test_an_appeal_in_time_that_would_be_late_by_a_row_that_was_added_later_is_listed() -> None:
    scenario = given(submitted(), denied("1.A.i")).on("2026-05-05").and_given(appealed())
    scenario.on("2026-05-20").and_given(upheld("1.A.i"))
    (change,) = found(scenario, FIVE_DAYS)
    assert (change.what, change.subject_id) == ("decision", scenario.known.appeals[0].appeal_id)
    assert change.said == "in time: due by 2026-06-05T04:00:00+00:00"
    assert change.now == "late: due by 2026-05-16T04:00:00+00:00"
