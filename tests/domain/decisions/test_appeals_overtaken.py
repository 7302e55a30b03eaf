"""Appeals that were overtaken: the course was given, an approval rescinded, the request reopened."""

from __future__ import annotations

import pytest

from domain.errors import Conflict, InvalidCommand
from domain.events.appeals import AppealDecided, AppealFiled, ExternalReviewAnswered
from domain.events.determinations import ApprovalRescinded, CourseApproved
from tests.story import (
    MEETS_A,
    MEETS_B,
    SECOND_NEUROLOGIST,
    Scenario,
    answered,
    appealed,
    approved_by_clinician,
    denied,
    dismissed,
    doses,
    extended,
    first_course,
    given,
    handed_on,
    overturned,
    overturned_in_part,
    reopened,
    rescinded,
    submitted,
    upheld,
    withdrawn,
)

# -- the course was given, though it was denied: what overturns never approves the next one (R9) -------------


def denied_and_given(regimen: int) -> Scenario:
    """Denied on 2026-03-01, and given all the same from 10 March on."""
    if regimen == 5:
        story = given(submitted(MEETS_A), denied("1.A.i"), today="2026-03-01")
    else:
        story = given(*first_course("2024-03-04"), today="2026-03-01").and_given(submitted(MEETS_B), denied("1.B.i"))
    return story.and_given(*doses("2026-03-10", regimen))


@pytest.mark.parametrize(("regimen", "course"), [(5, 1), (3, 2)])
def test_an_appeal_overturned_after_the_whole_course_approves_that_course_and_no_further_dose(
    regimen: int, course: int
) -> None:
    """Thirty days after its end a dose would begin the next course, long before its twelve months."""
    scenario = denied_and_given(regimen).on("2026-04-16").when(appealed(), overturned())
    scenario.then(AppealDecided, CourseApproved)
    approval = scenario.known.approvals[0]
    assert (approval.course, approval.doses_approved) == (course, regimen)
    for day in ("2026-04-16", "2026-05-01", "2026-05-15"):
        scenario.then_usable(0, as_of=day)


@pytest.mark.parametrize(("regimen", "course"), [(5, 1), (3, 2)])
def test_so_does_the_answer_of_an_external_review(regimen: int, course: int) -> None:
    against = "1.B.iv"  # The course that was given counts as one before it.
    scenario = denied_and_given(regimen).on("2026-04-16").and_given(appealed(), upheld(against), handed_on())
    scenario.when(answered("overturned")).then(ExternalReviewAnswered, CourseApproved)
    assert scenario.known.approvals[0].course == course
    scenario.then_usable(0).then_usable(0, as_of="2026-05-10")


def test_what_was_given_over_a_partial_approval_is_approved_on_appeal() -> None:
    scenario = given(submitted(), approved_by_clinician(doses=4, left_out="The fifth."), *doses("2026-05-04", 5))
    scenario.on("2026-05-20").and_given(appealed())
    scenario.when(overturned_in_part(4)).then_refused(InvalidCommand, field="doses")
    scenario.when(overturned()).then(AppealDecided, CourseApproved).then_usable(0)
    assert [(one.course, one.doses_approved) for one in scenario.known.approvals] == [(1, 4), (1, 5)]


def test_doses_of_before_the_denial_are_a_course_before_it() -> None:
    """Reported late, and not given since: the appeal is of the course to give."""
    scenario = given(
        submitted(MEETS_B), denied("1.B.i"), *[one.recorded_on("2026-05-04") for one in doses("2024-03-04", 5)]
    )
    scenario.on("2026-05-05").when(appealed(), overturned()).then(AppealDecided, CourseApproved).then_usable(3)
    assert scenario.known.approvals[0].course == 2


# -- an approval was rescinded meanwhile ------------------------------------------------------


def test_an_earlier_approval_that_is_rescinded_after_the_later_one_lapsed_can_be_appealed() -> None:
    """Two doses, extended through 26 June; five by an appeal, through 30 May; the extended one is rescinded."""
    scenario = given(submitted(), approved_by_clinician(doses=2, left_out="Three days."))
    scenario.on("2026-04-29").and_given(extended()).on("2026-05-01").and_given(appealed(), overturned())
    scenario.on("2026-06-10").when(rescinded()).then(ApprovalRescinded)
    rescission = scenario.known.version
    scenario.when(appealed()).then(AppealFiled, level="first", decision_version=rescission)
    scenario.when(overturned().by(SECOND_NEUROLOGIST)).then(AppealDecided, CourseApproved).then_usable(5)


def test_the_answer_on_a_denial_does_not_undo_a_rescission_since() -> None:
    """Denied, upheld and forwarded; then approved after all, and rescinded for safety, before the answer."""
    scenario = given(submitted(), denied("1.A.i"), appealed(), upheld("1.A.i"), handed_on())
    scenario.on("2026-05-05").and_given(reopened(), approved_by_clinician()).on("2026-05-06").and_given(rescinded())
    scenario.on("2026-05-20").when(answered("overturned")).then(ExternalReviewAnswered).then_usable(None)
    scenario.when(appealed()).then(AppealFiled, level="first")


def test_the_answer_on_the_rescission_itself_does() -> None:
    scenario = given(submitted(), approved_by_clinician(), rescinded(), appealed(), upheld("1.A.i"), handed_on())
    scenario.on("2026-05-20").when(answered("overturned")).then(ExternalReviewAnswered, CourseApproved).then_usable(5)


# -- a denied request was taken up again ------------------------------------------------------


def test_a_denial_that_was_taken_up_again_and_dismissed_stands_and_can_be_appealed() -> None:
    scenario = given(submitted(), denied("1.A.i"))
    denial = scenario.known.version
    scenario.and_given(reopened()).when(appealed()).then_refused(Conflict, field="request_id")
    scenario.and_given(dismissed()).when(appealed()).then(AppealFiled, level="first", decision_version=denial)
    scenario.when(overturned()).then(AppealDecided, CourseApproved).then_usable(5)


def test_who_asked_and_took_it_back_appeals_nothing() -> None:
    given(submitted(), denied("1.A.i"), reopened(), withdrawn()).when(appealed()).then_refused(Conflict)
    given(submitted(), dismissed()).when(appealed()).then_refused(Conflict)
