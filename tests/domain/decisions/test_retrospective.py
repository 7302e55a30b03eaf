"""Doses that were given before they were asked for: judged without them, for a clinician, approved as given."""

from __future__ import annotations

import pytest

from domain.errors import Conflict, InvalidCommand, NotPermitted
from domain.events.determinations import ApprovalRescinded, CourseApproved, RequestDenied
from tests.story import (
    MEETS_A,
    MEETS_B,
    PHYSICIAN,
    Scenario,
    Step,
    appealed,
    approved,
    approved_by_clinician,
    denied,
    dose,
    doses,
    extended,
    first_course,
    given,
    overturned,
    reported,
    rescinded,
    submitted,
    submitted_for,
    voided,
)

UNAPPROVED = "no_approval_in_force"


def two_given_in_march(*more: Step) -> Scenario:
    """Given on 2026-03-04 and 05 without an approval, and asked for on 28 April."""
    return given(*doses("2026-03-04", 2), submitted_for(1, 2), *more)


# -- how it is judged -------------------------------------------------------------------------


def test_it_is_judged_as_if_the_doses_had_not_been_given_and_is_at_best_for_a_clinician() -> None:
    scenario = two_given_in_march().then_recommended("refer", "retrospective", scope="A")
    assert scenario.facts().prior_treatment.received_lemtrada is False
    scenario.when(approved()).then_refused(NotPermitted, field="actor.role")
    scenario.when(approved().by(PHYSICIAN)).then_refused(InvalidCommand, field="rationale")


def test_a_whole_later_course_is_judged_on_the_course_before_it() -> None:
    scenario = given(*first_course("2024-03-04"), *doses("2026-03-02", 3), submitted_for(6, 7, 8, statement=MEETS_B))
    scenario.then_recommended("refer", "retrospective", scope="B").then_finding("1.B.iv", "met")
    scenario.when(approved_by_clinician()).then(CourseApproved, course=2, doses_approved=3)


def test_what_is_against_it_stays_against_it() -> None:
    scenario = given(*doses("2026-03-04", 2), submitted_for(1, 2, statement=MEETS_A | {"hiv_infection": True}))
    scenario.then_recommended("not_recommended").when(denied("NR.3")).then(RequestDenied).then_variances(1, UNAPPROVED)


# -- what is approved -------------------------------------------------------------------------


def test_it_is_approved_for_the_doses_given_from_the_day_of_the_first() -> None:
    scenario = two_given_in_march().when(approved_by_clinician()).then(CourseApproved, course=1, doses_approved=2)
    approval = scenario.known.approvals[0]
    assert (str(approval.valid_from), str(approval.valid_through)) == ("2026-03-04", "2026-04-02")


def test_their_variances_disappear_and_those_of_then_stay_on_record() -> None:
    scenario = two_given_in_march().then_variances(1, UNAPPROVED).then_variances(2, UNAPPROVED)
    scenario.and_given(approved_by_clinician())
    scenario.then_variances(1, seen=(UNAPPROVED,)).then_variances(2, seen=(UNAPPROVED,))


def test_other_departures_stay() -> None:
    """Too early after the course before, and not twelve milligrams: an approval does not undo that."""
    scenario = given(*first_course("2025-09-01"), dose("2026-03-04", mg=6), submitted_for(6, statement=MEETS_B))
    scenario.and_given(approved_by_clinician(left_out="Nothing.")).then_variances(
        6, "not_12_mg", "before_twelve_months", seen=(UNAPPROVED, "not_12_mg", "before_twelve_months")
    )


def test_it_is_for_the_doses_that_it_names_and_no_others() -> None:
    """A third one was given between them, and one came after; nothing more may be given under it."""
    days = ["2026-03-04", "2026-03-05", "2026-03-06"]
    scenario = given(*[dose(day) for day in days], submitted_for(1, 3), approved_by_clinician())
    scenario.then_variances(1).then_variances(2, UNAPPROVED).then_variances(3)
    scenario.then_usable(0, as_of="2026-03-20").and_given(dose("2026-03-20", "2026-04-28"))
    assert scenario.known.doses[3].request_id is None
    scenario.then_variances(4, UNAPPROVED, "not_consecutive")


def test_doses_further_apart_than_thirty_days_are_not_all_covered() -> None:
    scenario = given(dose("2026-03-04"), dose("2026-04-03"), submitted_for(1, 2), approved_by_clinician())
    scenario.then_variances(1).then_variances(2, "outside_its_thirty_days", "not_consecutive")


def test_a_dose_that_named_a_request_nobody_approved_is_covered_by_the_one_that_names_it() -> None:
    scenario = given(submitted(received_on="2026-03-01"))
    request = scenario.known.requests[0].request_id
    scenario.and_given(dose("2026-03-04", request_id=request), submitted_for(1), approved_by_clinician())
    scenario.then_variances(1, seen=(UNAPPROVED,))


def test_an_approval_for_doses_to_come_stands_beside_it() -> None:
    scenario = given(*doses("2026-04-24", 2), submitted(), approved_by_clinician(), submitted_for(1, 2))
    scenario.and_given(approved_by_clinician()).then_usable(3)
    scenario.and_given(*doses("2026-05-04", 3))
    for number in range(1, 6):
        scenario.then_variances(number)


# -- never more than was given, nor than the policy's -----------------------------------------


def test_never_more_than_was_given() -> None:
    scenario = two_given_in_march().when(approved_by_clinician(doses=3))
    scenario.then_refused(InvalidCommand, field="doses")
    scenario.when(approved_by_clinician(doses=2)).then(CourseApproved)


def test_six_doses_of_a_first_course_are_one_more_than_the_policys() -> None:
    scenario = given(*doses("2026-03-04", 6), submitted_for(1, 2, 3, 4, 5, 6))
    scenario.when(approved_by_clinician()).then_refused(InvalidCommand, field="left_out")
    scenario.when(approved_by_clinician(left_out="The sixth.")).then(CourseApproved, doses_approved=5)
    scenario.then_variances(5).then_variances(6, "over_the_approval", "over_the_course")


def test_fewer_than_was_given_are_a_part() -> None:
    scenario = two_given_in_march()
    scenario.when(approved_by_clinician(doses=1)).then_refused(InvalidCommand, field="left_out")
    scenario.when(approved_by_clinician(doses=1, left_out="The second.")).then(CourseApproved, doses_approved=1)
    scenario.then_variances(1).then_variances(2, "over_the_approval")


@pytest.mark.parametrize(("start", "is_fine"), [("2026-03-04", True), ("2026-03-05", False), ("2026-04-28", False)])
def test_it_begins_with_the_first_of_them_and_on_no_other_day(start: str, is_fine: bool) -> None:
    scenario = two_given_in_march().when(approved_by_clinician(valid_from=start))
    if is_fine:
        scenario.then(CourseApproved)
    else:
        scenario.then_refused(InvalidCommand, field="valid_from")


# -- what became of the doses since -----------------------------------------------------------


def test_a_dose_that_was_voided_since_is_not_approved() -> None:
    two_given_in_march(voided(1)).when(approved_by_clinician()).then(CourseApproved, doses_approved=1)


def test_where_none_counts_any_more_there_is_nothing_to_approve() -> None:
    scenario = two_given_in_march(voided(1), voided(2))
    scenario.when(approved_by_clinician()).then_refused(Conflict, field="request_id")
    scenario.when(denied("1.A")).then(RequestDenied)


# -- and then as any other --------------------------------------------------------------------


def test_a_denial_of_it_is_appealed_and_overturned_for_the_doses_given() -> None:
    scenario = two_given_in_march(denied("1.A.i")).on("2026-05-10").and_given(appealed(), overturned())
    approval = scenario.known.approvals[0]
    assert (approval.doses_approved, str(approval.valid_from)) == (2, "2026-03-04")
    scenario.then_variances(1).then_variances(2)


def test_it_is_not_extended_and_can_be_rescinded() -> None:
    scenario = given(*doses("2026-04-20", 2), submitted_for(1, 2), approved_by_clinician())
    scenario.when(extended()).then_refused(Conflict, field="request_id")
    scenario.when(rescinded("coverage_ended")).then(ApprovalRescinded).then_variances(1).then_variances(2)


# -- doses of a course that a report tells of -------------------------------------------------


def test_doses_inside_a_reported_course_are_named_and_approved() -> None:
    later = {"doses_given": 3, "first_dose_on": "2026-03-02", "last_dose_on": "2026-03-04", "completed": True}
    scenario = given(*first_course("2024-03-04"), reported(later), *doses("2026-03-02", 3, recorded_on="2026-04-28"))
    assert {one.course for one in scenario.known.doses[5:]} == {None}
    scenario.and_given(submitted_for(6, 7, 8, statement=MEETS_B))
    scenario.then_recommended("refer", "retrospective", scope="B").then_finding("1.B.iv", "met")
    scenario.when(approved_by_clinician()).then(CourseApproved, course=2, doses_approved=3)
    scenario.when(submitted_for(1, 6, statement=MEETS_B))
    scenario.then_refused(InvalidCommand, field="retrospective_for.1")


# -- doses that nobody named ------------------------------------------------------------------


def test_a_course_that_was_given_already_is_not_approved_once_more() -> None:
    """The approval would be for the next course, which nobody asked for."""
    asked = submitted(MEETS_A, received_on="2026-02-02", planned_first_infusion_on="2026-01-05")
    scenario = given(*doses("2026-01-05", 5), asked).then_recommended("refer", "retrospective", scope="A")
    scenario.when(approved_by_clinician()).then_refused(Conflict, field="retrospective_for")


def test_the_rest_of_a_course_that_began_before_its_request_is_approved() -> None:
    asked = submitted(MEETS_A, received_on="2026-04-28", planned_first_infusion_on="2026-04-27")
    given(*doses("2026-04-27", 1), asked).when(approved_by_clinician()).then(CourseApproved, course=1)
