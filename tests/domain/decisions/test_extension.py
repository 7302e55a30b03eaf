"""Thirty days more for an approval in force, after a fresh assessment that recommends it (R10)."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import AssessmentMoved, Conflict, InvalidCommand, NotFound, NotPermitted
from domain.events.determinations import ApprovalExtended
from domain.people import Actor
from tests.story import (
    CLAIMS,
    MEETS_A,
    MEETS_B,
    NURSE,
    OFFICE,
    PHYSICIAN,
    Scenario,
    Step,
    approved,
    approved_by_clinician,
    denied,
    dose,
    doses,
    extended,
    first_course,
    given,
    rescinded,
    submitted,
)


def approved_on_28_april(*more: Step) -> Scenario:
    """Valid through 2026-05-27."""
    return given(submitted(), approved(), *more)


def test_it_is_thirty_days_more_from_the_last_valid_day() -> None:
    scenario = approved_on_28_april().on("2026-05-20").when(extended()).then(ApprovalExtended)
    assert str(scenario.known.approvals[0].valid_through) == "2026-06-26"
    scenario.then_usable(5, as_of="2026-06-26").then_usable(None, as_of="2026-06-27")


def test_its_determination_holds_the_fresh_assessment_and_overrides_nothing() -> None:
    scenario = approved_on_28_april().on("2026-05-20").when(extended(rationale="The centre is closed for repairs."))
    event = scenario.last[0]
    assert isinstance(event, ApprovalExtended)
    made = event.determination
    assert (made.assessment.recommendation, str(made.decided_on), made.departs) == ("approve", "2026-05-20", False)
    assert event.approval_version == scenario.known.approvals[0].version


@pytest.mark.parametrize(
    ("day", "why"),
    [("2026-05-27", None), ("2026-05-28", "it ended on 2026-05-27")],
    ids=["on its last day", "the day after"],
)
def test_only_while_it_is_in_force(day: str, why: str | None) -> None:
    scenario = approved_on_28_april().on(day).when(extended())
    if why is None:
        scenario.then(ApprovalExtended)
    else:
        scenario.then_refused(Conflict, field="request_id")
        assert why in str(scenario.error)


def test_not_before_it_begins() -> None:
    scenario = given(submitted(), approved(valid_from="2026-05-10")).on("2026-05-09").when(extended())
    assert "it starts on 2026-05-10" in str(scenario.then_refused(Conflict).error)
    scenario.on("2026-05-10").when(extended()).then(ApprovalExtended)


def test_it_may_be_repeated() -> None:
    scenario = approved_on_28_april().on("2026-05-20").and_given(extended()).on("2026-06-26").and_given(extended())
    approval = scenario.known.approvals[0]
    assert (str(approval.valid_through), approval.extensions) == ("2026-07-26", 2)


def test_doses_used_so_far_stay_used_and_are_no_course_before_it() -> None:
    scenario = approved_on_28_april(*doses("2026-05-04", 2)).on("2026-05-20")
    scenario.then_recommended("refer", "dosing_outside_regimen")
    scenario.when(extended()).then(ApprovalExtended).then_usable(3, as_of="2026-06-20")
    scenario.and_given(*doses("2026-06-01", 3)).then_variances(3, "not_consecutive").then_variances(5)
    scenario.then_courses("completed 5").then_usable(0, as_of="2026-06-20")


def test_doses_of_an_extended_later_course_are_no_course_before_it_either() -> None:
    scenario = given(*first_course("2024-03-04"), submitted(MEETS_B), approved(), *doses("2026-05-04", 1))
    scenario.on("2026-05-20").when(extended()).then(ApprovalExtended).then_usable(2, as_of="2026-06-20")


def test_nothing_is_extended_once_every_dose_was_given() -> None:
    scenario = approved_on_28_april(*doses("2026-05-04", 5)).on("2026-05-20").when(extended())
    scenario.then_refused(Conflict, field="request_id")


def test_a_dose_after_the_thirty_days_departed_until_it_was_extended() -> None:
    """Recorded late, for a day that the extension of 2026-05-20 covers."""
    scenario = approved_on_28_april(dose("2026-05-27")).on("2026-05-27").and_given(extended())
    scenario.and_given(dose("2026-05-28")).then_variances(2, seen=())


NOT_APPROVE: dict[str, tuple[dict[str, Any], str | None]] = {
    "for a clinician": (MEETS_A | {"active_infection": True}, None),
    "excluded": (MEETS_A | {"hiv_infection": True}, "NR.3"),
    "open": (MEETS_A | {"hiv_infection": None}, "NR.3"),
    "outside the regimen": (
        MEETS_A | {"requested_dosing": {"mg_per_day": 6, "consecutive_days": 5, "route": "intravenous"}},
        "Dosing.A",
    ),
}


@pytest.mark.parametrize("situation", NOT_APPROVE)
@pytest.mark.parametrize("who", [NURSE, PHYSICIAN], ids=["reviewer", "physician"])
def test_nobody_overrides_the_fresh_assessment(situation: str, who: Actor) -> None:
    """A clinician approved it though it was not what the policy alone recommends."""
    statement, clause = NOT_APPROVE[situation]
    scenario = given(submitted(statement), approved_by_clinician()).on("2026-05-20")
    scenario.when(extended(rationale="I know better.").by(who))
    scenario.then_refused(InvalidCommand, field="request_id", clause=clause)


def test_nor_once_the_course_turns_out_to_be_another() -> None:
    """Doses of April that nobody knew of when it was approved complete the first course."""
    told_late = [step.recorded_on("2026-04-29") for step in first_course("2026-04-01")]
    approved_on_28_april(*told_late).on("2026-05-20").when(extended()).then_refused(Conflict, field="request_id")


def test_only_the_assessment_that_was_shown() -> None:
    scenario = approved_on_28_april().on("2026-05-20")
    stale = extended(assessment_digest="a" * 64)
    scenario.when(stale).then_refused(AssessmentMoved, field="assessment_digest")


@pytest.mark.parametrize(
    "before",
    [[submitted()], [submitted(), denied("1.A.i")], [submitted(), approved(), rescinded()]],
    ids=["undecided", "denied", "rescinded"],
)
def test_without_an_approval_there_is_nothing_to_extend(before: list[Step]) -> None:
    given(*before).when(extended()).then_refused(Conflict, field="request_id")


def test_of_a_request_that_is_on_record_and_by_people_of_the_plan() -> None:
    scenario = approved_on_28_april()
    unknown = scenario.known.requests[0].request_id.replace(".r1", ".r2")
    scenario.when(extended(request_id=unknown)).then_refused(NotFound, field="request_id")
    for outsider in (OFFICE, CLAIMS):
        scenario.when(extended().by(outsider)).then_refused(NotPermitted, field="actor.role")
