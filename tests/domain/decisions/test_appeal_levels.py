"""A second level after a first that left any of it, then only an external review, whose answer is the last word."""

from __future__ import annotations

import pytest

from domain.commands.requests import ReopenRequest
from domain.deadline_terms.table import BUILT_IN
from domain.errors import AlreadyDecided, AssessmentMoved, Conflict, InvalidCommand, NotPermitted
from domain.events.appeals import AppealDecided, AppealFiled, AppealHandedOn, ExternalReviewAnswered
from domain.events.determinations import CourseApproved
from tests.story import (
    MEETS_A,
    NEUROLOGIST,
    NURSE,
    PART,
    PHYSICIAN,
    SECOND_NEUROLOGIST,
    Scenario,
    Step,
    answered,
    appeal_dismissed,
    appeal_withdrawn,
    appealed,
    approved_by_clinician,
    delivered,
    denied,
    doses,
    given,
    handed_on,
    noticed,
    overturned,
    overturned_in_part,
    rescinded,
    submitted,
    upheld,
)
from tests.story.deadlines import TWO_LEVELS

HIV = MEETS_A | {"hiv_infection": True}


def upheld_on_5_may(*more: Step) -> Scenario:
    """Denied on 28 April because of NR.3, and upheld."""
    scenario = given(submitted(HIV), denied("NR.3")).under(TWO_LEVELS).on("2026-05-05")
    return scenario.and_given(appealed(), upheld("NR.3"), *more)


# -- the second level -------------------------------------------------------------------------


def test_what_was_upheld_is_appealed_at_the_second_level() -> None:
    scenario = upheld_on_5_may().when(appealed()).then(AppealFiled, level="second")
    first, second = scenario.known.appeals
    assert first.decision_version == second.decision_version == scenario.known.requests[0].decisions[0].version


def test_what_was_overturned_in_part_too_and_then_its_part_is_what_is_appealed() -> None:
    scenario = given(submitted(), denied("1.A.i"), appealed(), overturned_in_part(2)).under(TWO_LEVELS)
    scenario.when(appealed()).then(AppealFiled, level="second", decision_version=scenario.known.approvals[0].version)
    scenario.when(overturned().by(SECOND_NEUROLOGIST)).then(AppealDecided, CourseApproved).then_usable(5)


def test_what_was_overturned_whole_is_not_appealed_again() -> None:
    given(submitted(), denied("1.A.i"), appealed(), overturned()).when(appealed()).then_refused(Conflict)


def test_the_decision_maker_of_the_first_level_does_not_decide_the_second() -> None:
    scenario = upheld_on_5_may(appealed())
    for step in (overturned(), upheld("NR.3")):
        scenario.when(step).then_refused(NotPermitted, field="actor.id")
    below = SECOND_NEUROLOGIST.model_copy(update={"reports_to": (NEUROLOGIST.id,)})
    scenario.when(overturned().by(below)).then_refused(NotPermitted, field="actor.reports_to")
    scenario.when(overturned().by(SECOND_NEUROLOGIST)).then(AppealDecided, CourseApproved)


@pytest.mark.parametrize("ended", [appeal_withdrawn(), appeal_dismissed("not_appealable")])
def test_what_ended_undecided_uses_up_no_level(ended: Step) -> None:
    given(submitted(), denied("1.A.i"), appealed(), ended).when(appealed()).then(AppealFiled, level="first")
    upheld_on_5_may(appealed(), ended).when(appealed()).then(AppealFiled, level="second")


def test_a_third_level_there_is_not() -> None:
    scenario = upheld_on_5_may(appealed(), upheld("NR.3").by(SECOND_NEUROLOGIST)).when(appealed())
    scenario.then_refused(Conflict, field="request_id")
    assert "both levels" in str(scenario.error)


def test_another_determination_begins_at_the_first_level_again() -> None:
    """Overturned, then rescinded: that is a new determination of the plan."""
    scenario = given(submitted(), denied("1.A.i"), appealed(), overturned(), rescinded()).when(appealed())
    scenario.then(AppealFiled, level="first", decision_version=scenario.known.approvals[0].rescinded_version)


def test_it_is_received_after_the_first_level_was_decided_and_its_time_counts_from_there() -> None:
    scenario = upheld_on_5_may().when(appealed("2026-05-04")).then_refused(InvalidCommand, field="received_at")
    scenario.when(appealed("2026-05-05")).then(AppealFiled)
    assert scenario.known.appeals[1].file_by is None
    noticed_then = upheld_on_5_may()
    appeal = noticed_then.known.appeals[0].appeal_id
    noticed_then.and_given(noticed("appeal_decision", "2026-05-05T10:00:00-04:00", appeal_id=appeal))
    noticed_then.and_given(delivered("2026-05-05T11:00:00-04:00")).when(appealed("2026-05-05")).then(AppealFiled)
    assert str(noticed_then.known.appeals[1].file_by) == "2026-11-01"


@pytest.mark.parametrize(
    ("line", "next_step"),
    [
        ("commercial", "external review"),
        ("medicare_advantage", "independent review entity"),
        ("medicaid", "state fair hearing"),
    ],
)
def test_where_the_plan_has_one_level_the_next_step_is_named(line: str, next_step: str) -> None:
    """29 CFR 2560.503-1(c)(2) leaves the levels to the plan; 42 CFR 422.590 and 438.402 have one."""
    scenario = given(submitted(HIV, line_of_business=line), denied("NR.3"), appealed(), upheld("NR.3"))
    scenario.when(appealed()).then_refused(Conflict, field="request_id")
    assert scenario.error is not None
    assert next_step in scenario.error.remedy


def test_a_second_level_on_record_is_decided_although_the_plan_has_one_now() -> None:
    scenario = upheld_on_5_may(appealed()).under(BUILT_IN)
    scenario.when(overturned().by(SECOND_NEUROLOGIST)).then(AppealDecided, CourseApproved)


# -- handed on --------------------------------------------------------------------------------

NOT_UPHELD: dict[str, list[Step]] = {
    "open": [appealed()],
    "overturned": [appealed(), overturned()],
    "withdrawn": [appealed(), appeal_withdrawn()],
    "dismissed": [appealed(), appeal_dismissed("improperly_filed")],
}


def test_what_was_upheld_is_forwarded_to_external_review_once() -> None:
    scenario = upheld_on_5_may().when(handed_on()).then(AppealHandedOn, organisation="Independent Review East")
    assert scenario.known.appeals[0].awaits_external_review
    scenario.when(handed_on()).then_refused(AlreadyDecided, field="appeal_id")


def test_so_is_what_was_overturned_in_part() -> None:
    scenario = given(submitted(), denied("1.A.i"), appealed(), overturned_in_part(2))
    scenario.when(handed_on()).then(AppealHandedOn)


@pytest.mark.parametrize("status", NOT_UPHELD)
def test_nothing_else_is(status: str) -> None:
    scenario = given(submitted(), denied("1.A.i"), *NOT_UPHELD[status])
    scenario.when(handed_on()).then_refused(Conflict, field="appeal_id")


def test_the_last_level_is_the_one_to_hand_on() -> None:
    scenario = upheld_on_5_may(appealed(), upheld("NR.3").by(SECOND_NEUROLOGIST))
    first = scenario.known.appeals[0].appeal_id
    scenario.when(handed_on(appeal_id=first)).then_refused(Conflict, field="appeal_id")
    scenario.when(handed_on()).then(AppealHandedOn)


@pytest.mark.parametrize("ended", [appeal_withdrawn(), appeal_dismissed("not_appealable")])
def test_a_second_level_that_ended_undecided_leaves_the_first_one_to_hand_on(ended: Step) -> None:
    scenario = upheld_on_5_may(appealed(), ended)
    scenario.when(handed_on(appeal_id=scenario.known.appeals[0].appeal_id)).then(AppealHandedOn)


@pytest.mark.parametrize(
    ("on", "is_fine"),
    [("2026-05-04", False), ("2026-05-05", True), ("2026-05-08", True), ("2026-05-09", False)],
    ids=["before it was upheld", "that day", "today", "tomorrow"],
)
def test_on_a_day_since_it_was_upheld(on: str, is_fine: bool) -> None:
    scenario = upheld_on_5_may().on("2026-05-08").when(handed_on(on=on))
    if is_fine:
        scenario.then(AppealHandedOn)
    else:
        scenario.then_refused(InvalidCommand, field="on")


def test_from_then_on_the_plan_hears_no_further_appeal() -> None:
    scenario = upheld_on_5_may(handed_on()).when(appealed()).then_refused(Conflict, field="request_id")
    scenario.and_given(answered("upheld")).when(appealed()).then_refused(Conflict, field="request_id")


# -- answered ---------------------------------------------------------------------------------


def test_an_answer_that_upholds_is_recorded_and_changes_nothing() -> None:
    scenario = upheld_on_5_may(handed_on()).on("2026-06-01").when(answered("upheld"))
    scenario.then(ExternalReviewAnswered, outcome="upheld").then_usable(None)
    appeal = scenario.known.appeals[0]
    assert (appeal.status, appeal.external_outcome, appeal.awaits_external_review) == ("upheld", "upheld", False)


def test_an_answer_that_overturns_approves_in_the_same_commit_though_the_policy_says_otherwise() -> None:
    scenario = upheld_on_5_may(handed_on()).on("2026-06-01").then_recommended("not_recommended", scope="A")
    scenario.when(answered("overturned")).then(ExternalReviewAnswered, CourseApproved, outcome="overturned")
    approval, request = scenario.known.approvals[0], scenario.known.requests[0]
    assert (str(approval.valid_from), str(approval.valid_through)) == ("2026-06-01", "2026-06-30")
    assert request.determination is not None
    assert (request.status, request.determination.departs, approval.doses_approved) == ("approved", True, 5)
    assert approval.appeal_id == scenario.known.appeals[0].appeal_id
    assert len({event.command_id for event in scenario.last}) == 1


def test_in_part_it_says_what_is_left_out() -> None:
    scenario = upheld_on_5_may(handed_on())
    scenario.when(answered("overturned_in_part", doses=2)).then_refused(InvalidCommand, field="left_out")
    scenario.when(answered(**PART | {"doses": 2})).then(ExternalReviewAnswered, CourseApproved)
    scenario.when(appealed()).then_refused(Conflict, field="request_id")


def test_where_the_plan_approved_it_meanwhile_nothing_is_left_to_approve() -> None:
    scenario = upheld_on_5_may(handed_on())
    reopened = ReopenRequest(request_id=scenario.known.requests[0].request_id, reason="The chart came.")
    scenario.and_given(Step(lambda _: reopened, PHYSICIAN), approved_by_clinician())
    scenario.when(answered("overturned")).then(ExternalReviewAnswered)
    assert len(scenario.known.approvals) == 1


def test_where_the_plan_only_took_it_up_again_the_answer_decides() -> None:
    scenario = upheld_on_5_may(handed_on())
    reopened = ReopenRequest(request_id=scenario.known.requests[0].request_id, reason="The chart came.")
    scenario.and_given(Step(lambda _: reopened, PHYSICIAN))
    scenario.when(answered("overturned")).then(ExternalReviewAnswered, CourseApproved).then_usable(5)


def test_it_comes_once_and_only_after_it_was_asked_for() -> None:
    upheld_on_5_may().when(answered("overturned")).then_refused(Conflict, field="appeal_id")
    scenario = upheld_on_5_may(handed_on(), answered("overturned"))
    scenario.when(answered("upheld")).then_refused(AlreadyDecided, field="appeal_id")


@pytest.mark.parametrize("day", ["2026-05-04", "2026-05-09"], ids=["before it was handed on", "tomorrow"])
def test_on_a_day_since_it_was_handed_on(day: str) -> None:
    scenario = upheld_on_5_may(handed_on()).on("2026-05-08").when(answered("upheld", day))
    scenario.then_refused(InvalidCommand, field="received_on")


def test_an_approval_needs_the_assessment_that_was_shown_and_a_mere_answer_does_not() -> None:
    scenario = upheld_on_5_may(handed_on())
    never_seen = {"assessment_digest": "a" * 64}
    scenario.when(answered("overturned", **never_seen)).then_refused(AssessmentMoved, field="assessment_digest")
    scenario.when(answered("upheld", **never_seen)).then(ExternalReviewAnswered)


def test_it_is_recorded_by_a_clinician() -> None:
    upheld_on_5_may(handed_on()).when(answered("upheld").by(NURSE)).then_refused(NotPermitted, field="actor.role")


def test_doses_given_meanwhile_are_of_the_course_that_it_approves() -> None:
    scenario = upheld_on_5_may(handed_on(), *doses("2026-05-06", 2)).on("2026-06-01")
    scenario.when(answered("overturned")).then(ExternalReviewAnswered, CourseApproved).then_usable(3)
    assert scenario.known.approvals[0].course == 1
    scenario.then_variances(1, "outside_its_thirty_days")
