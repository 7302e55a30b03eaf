"""When an appeal is late, when it never is, and by when the plan itself forwards what it upheld."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from domain.deadlines.appeals import forwarding_deadline
from domain.errors import InvalidCommand
from domain.events.appeals import AppealDecided, AppealDismissed, AppealFiled
from domain.events.determinations import CourseApproved
from domain.history import evolve
from tests.story import (
    MEETS_A,
    ZONE,
    Scenario,
    Step,
    appeal_dismissed,
    appealed,
    delivered,
    denied,
    given,
    handed_on,
    noticed,
    overturned,
    overturned_in_part,
    submitted,
    upheld,
)

HIV = MEETS_A | {"hiv_infection": True}


def denied_on_28_april(*more: Step, statement: dict[str, Any] | None = None) -> Scenario:
    """Denied though all criteria are met, on 1.A.i."""
    statement = MEETS_A if statement is None else statement
    return given(submitted(statement), denied("NR.3" if statement is HIV else "1.A.i"), *more)


# -- late -------------------------------------------------------------------------------------

SENT, RECEIVED = "2026-04-29T10:00:00-04:00", "2026-05-02T10:00:00-04:00"


@pytest.mark.parametrize(
    ("line", "last_day", "next_day"),
    [
        # 180 days from the receipt on 2 May; 65 and 60 days from the date on the notice, 29 April.
        ("commercial", "2026-10-29", "2026-10-30"),
        ("medicare_advantage", "2026-07-03", "2026-07-04"),
        ("medicaid", "2026-06-28", "2026-06-29"),
    ],
)
def test_a_late_appeal_is_recorded_as_late_and_never_refused(line: str, last_day: str, next_day: str) -> None:
    for day, late in ((last_day, False), (next_day, True)):
        scenario = given(submitted(line_of_business=line), denied("1.A.i")).on("2026-05-03")
        scenario.and_given(noticed("denial", SENT), delivered(RECEIVED)).on(day).when(appealed())
        scenario.then(AppealFiled, is_late=late)
        assert str(scenario.known.appeals[0].file_by) == last_day


@pytest.mark.parametrize("line", ["commercial", "medicare_advantage", "medicaid"])
def test_no_appeal_is_late_without_a_notice(line: str) -> None:
    scenario = given(submitted(line_of_business=line), denied("1.A.i")).on("2031-01-04").when(appealed())
    scenario.then(AppealFiled, is_late=False, file_by=None)
    scenario.when(appeal_dismissed("late")).then_refused(InvalidCommand, field="ground")
    assert scenario.error is not None
    assert "has not started" in scenario.error.cause


def test_no_commercial_appeal_is_late_before_the_receipt_of_its_notice_is_on_record() -> None:
    scenario = denied_on_28_april().on("2026-05-03").and_given(noticed("denial", SENT)).on("2027-01-04")
    scenario.when(appealed()).then(AppealFiled, is_late=False, file_by=None)


def test_a_receipt_that_is_recorded_later_counts_for_an_open_appeal() -> None:
    scenario = denied_on_28_april().on("2026-05-03").and_given(noticed("denial", SENT)).on("2027-01-04")
    scenario.and_given(appealed()).when(appeal_dismissed("late")).then_refused(InvalidCommand, field="ground")
    scenario.and_given(delivered(RECEIVED)).when(appeal_dismissed("late")).then(AppealDismissed, ground="late")


def test_what_was_recorded_as_late_by_an_earlier_rule_is_not_dismissed_as_late() -> None:
    """The event of then stays as it is; an open appeal is computed from the record of today."""
    scenario = denied_on_28_april().on("2027-01-04").and_given(appealed())
    (filed,) = scenario.last
    assert isinstance(filed, AppealFiled)
    then = filed.model_copy(update={"file_by": date(2026, 10, 25), "is_late": True})
    scenario.history = evolve(scenario.versions[-2], then)
    assert scenario.known.appeals[0].is_late
    scenario.when(appeal_dismissed("late")).then_refused(InvalidCommand, field="ground")


def late_appeal() -> Scenario:
    scenario = denied_on_28_april().on("2026-05-03").and_given(noticed("denial", SENT), delivered(RECEIVED))
    return scenario.on("2027-01-04").and_given(appealed())


def test_a_late_one_is_dismissed_with_a_reason_or_decided_all_the_same() -> None:
    late_appeal().when(appeal_dismissed("late")).then(AppealDismissed, ground="late", reason="No good cause was given.")
    late_appeal().when(overturned()).then(AppealDecided, CourseApproved)


def test_one_in_time_is_not_dismissed_as_late() -> None:
    scenario = denied_on_28_april(appealed()).when(appeal_dismissed("late"))
    scenario.then_refused(InvalidCommand, field="ground")
    scenario.when(appeal_dismissed("improperly_filed")).then(AppealDismissed)


# -- forwarded by the plan itself ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("urgency", "forward_by"), [("standard", "2026-05-13T04:00:00+00:00"), ("urgent", "2026-05-08T14:00:00+00:00")]
)
def test_an_upheld_medicare_denial_is_forwarded_within_the_time_of_the_appeal(urgency: str, forward_by: str) -> None:
    """42 CFR 422.590: received on 5 May at 14:00 UTC; 7 days, or 72 hours."""
    scenario = given(submitted(line_of_business="medicare_advantage"), denied("1.A.i")).on("2026-05-05")
    scenario.and_given(appealed(urgency=urgency)).on("2026-05-06").when(upheld("1.A.i"))
    scenario.then(AppealDecided, forward_by=datetime.fromisoformat(forward_by))
    found = forwarding_deadline(scenario.known, scenario.known.appeals[0], ZONE)
    assert found is not None
    assert (found.due_at, found.source) == (datetime.fromisoformat(forward_by), "42 CFR 422.590")
    assert "forwarded to the independent review entity" in found.rule
    scenario.and_given(handed_on())
    assert forwarding_deadline(scenario.known, scenario.known.appeals[0], ZONE) is None


def test_what_was_overturned_only_in_part_is_forwarded_too_and_nothing_else() -> None:
    medicare = given(submitted(line_of_business="medicare_advantage"), denied("1.A.i"), appealed())
    assert forwarding_deadline(medicare.known, medicare.known.appeals[0], ZONE) is None
    medicare.when(overturned_in_part(2))
    assert medicare.known.appeals[0].forward_by is not None
    assert forwarding_deadline(medicare.known, medicare.known.appeals[0], ZONE) is not None
    for line, step in (
        ("medicare_advantage", overturned()),
        ("commercial", upheld("1.A.i")),
        ("medicaid", upheld("1.A.i")),
    ):
        other = given(submitted(line_of_business=line), denied("1.A.i"), appealed(), step)
        assert other.known.appeals[0].forward_by is None
        assert forwarding_deadline(other.known, other.known.appeals[0], ZONE) is None
