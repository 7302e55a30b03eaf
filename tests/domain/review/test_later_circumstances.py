"""What the record adds to an assessment from revision 2 on: death, a link, milligrams, the day of the first dose."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.errors import Conflict, InvalidCommand
from domain.events.determinations import ApprovalExtended, CourseApproved, RequestDenied
from domain.facts import Circumstances
from domain.policy.assessment import Assessment
from domain.policy.editions import edition_named
from domain.review.assess_request import request_assessment
from domain.review.later_circumstances import milligrams
from domain.treatment.courses import courses
from tests.story import (
    MEETS_A,
    MEETS_B,
    TWIN,
    Scenario,
    Step,
    approved,
    approved_by_clinician,
    death_voided,
    denied,
    died,
    dismissed_duplicate,
    dose,
    doses,
    extended,
    first_course,
    given,
    linked,
    opened,
    reported,
    submitted,
    submitted_for,
    unlinked,
)

DOSING_3: dict[str, Any] = {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 3, "route": "intravenous"}}
PENDS = MEETS_A | {"hiv_infection": None}
FAILS = MEETS_A | {"hiv_infection": True}


def under_revision_1(story: Scenario) -> Assessment:
    """The latest request, as a determination under revision 1 is assessed again."""
    request = story.known.requests[-1]
    return request_assessment(story.known, request, story.today, edition_named("2025-07-23", 1)).assessment


ADDED = {"linked_histories", "death_on_record", "milligrams", "first_dose_on", "unmet_on_first_dose"}


def added(circumstances: Circumstances) -> dict[str, Any]:
    """The stored fields that revision 2 added."""
    return {name: value for name, value in circumstances.model_dump(mode="json").items() if name in ADDED}


# -- death (row 15) ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("death", "as_of", "is_dead"),
    [
        ("2026-04-20", "2026-04-19", False),
        ("2026-04-20", "2026-04-20", True),
        ("2026-04-20", "2026-04-28", True),
        ("2026-04", "2026-03-31", False),
        ("2026-04", "2026-04-01", True),
        ("2026", "2025-12-31", False),
        ("2026", "2026-01-01", True),
    ],
)
def test_from_the_earliest_day_of_death_on_every_recommendation_is_clinical_review(
    death: str, as_of: str, is_dead: bool
) -> None:
    for statement, otherwise in ((MEETS_A, "approve"), (PENDS, "pend"), (FAILS, "not_recommended")):
        story = given(submitted(statement, received_on="2025-08-01"), died(death))
        said = story.judged(as_of=as_of).assessment
        assert said.recommendation == ("refer" if is_dead else otherwise)
        assert [one.code for one in said.reasons] == (["death_on_record"] if is_dead else [])


def test_nothing_is_usable_from_that_day_on() -> None:
    story = given(submitted(), approved(), died("2026-04-28"))
    story.then_usable(0)
    story.and_given(death_voided()).then_usable(5)
    later_death = given(submitted(), approved()).on("2026-05-04").and_given(died("2026-05-03"))
    later_death.then_usable(5, as_of="2026-05-02").then_usable(0, as_of="2026-05-03")


def test_an_approval_is_not_extended_after_a_death() -> None:
    story = given(submitted(), approved()).on("2026-05-04").and_given(died("2026-05-03"))
    story.when(extended()).then_refused(Conflict, field="request_id")
    assert story.error is not None
    assert "death" in story.error.cause


def test_a_clinician_still_decides() -> None:
    given(submitted(), died("2026-04-20")).when(denied("1.A.i")).then(RequestDenied)


# -- linked histories (row 10) ----------------------------------------------------------------


@pytest.mark.parametrize("statement", [MEETS_A, PENDS, FAILS])
def test_a_no_and_a_question_are_clinical_review_too_while_another_history_is_linked(statement: dict[str, Any]) -> None:
    story = given(submitted(statement))
    before = story.judged().assessment
    story.and_given(linked())
    said = story.judged().assessment
    assert (said.recommendation, [one.code for one in said.reasons]) == ("refer", ["histories_linked"])
    assert str(TWIN) in said.reasons[0].sentence
    assert said.circumstances.linked_histories == (str(TWIN),)
    story.and_given(unlinked())
    assert story.judged().assessment == before


def test_a_denial_while_linked_is_a_clinicians() -> None:
    given(submitted(FAILS), linked()).when(denied("NR.3")).then(RequestDenied)


# -- under revision 1 -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [[died("2026-04-20")], [linked()], [dose("2026-04-20", mg=24)], [dose("2026-04-20")]],
    ids=["death", "link", "24 mg", "open course"],
)
def test_a_determination_under_revision_1_is_derived_without_them(more: list[Step]) -> None:
    story = given(submitted(FAILS), *more)
    assert added(story.judged().assessment.circumstances) != {}
    said = under_revision_1(story)
    assert added(said.circumstances) == {}
    assert said.recommendation == "not_recommended"


# -- milligrams (row 6) -----------------------------------------------------------------------


def test_two_entries_of_24_mg_and_three_days_more_are_84() -> None:
    story = given(dose("2026-04-20", mg=24), dose("2026-04-21", mg=24), submitted(MEETS_A | DOSING_3))
    story.then_recommended("refer", "milligrams_over_day", "milligrams_over_course", scope="A")
    assert "84 mg" in story.judged().assessment.reasons[1].sentence
    assert under_revision_1(story).recommendation == "approve"


def test_twelve_a_day_is_as_before() -> None:
    given(*doses("2026-04-20", 2), submitted(MEETS_A | DOSING_3)).then_recommended("approve", scope="A")


def test_two_doses_on_one_day_add_up() -> None:
    story = given(dose("2026-04-20"), dose("2026-04-20"), dismissed_duplicate(2), submitted(MEETS_A | DOSING_3))
    story.then_recommended("refer", "milligrams_over_day", scope="A")


@pytest.mark.parametrize(
    ("course", "total", "most"),
    [
        ({"doses_given": 2, "completed": False}, 24.0, 12.0),
        ({"doses_given": 2, "mg_total": 30.0, "completed": False}, 30.0, 15.0),
        ({"mg_total": 30.0, "completed": False}, 30.0, 30.0),
        ({"completed": False}, 12.0, 12.0),
    ],
)
def test_reported_milligrams_count_and_a_reported_dose_without_them_is_twelve(
    course: dict[str, Any], total: float, most: float
) -> None:
    story = given(reported(course | {"last_dose_on": "2026-03-06"}))
    (found,) = courses(story.known)
    assert milligrams(story.known, found) == (total, most)


@pytest.mark.parametrize("days", [{"first_dose_on": "2026-03-05"}, {}], ids=["two days", "one to four days"])
def test_milligrams_that_may_be_more_than_twelve_a_day_are_for_a_clinician(days: dict[str, Any]) -> None:
    told = {"last_dose_on": "2026-03-06", "mg_total": 30.0, "completed": False} | days
    dosing = {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 1, "route": "intravenous"}}
    story = given(reported(told), submitted(MEETS_A | dosing))
    story.then_recommended("refer", "milligrams_over_day", scope="A")
    assert added(under_revision_1(story).circumstances) == {}
    twelve = given(reported(told | {"doses_given": 2, "mg_total": 24.0}), submitted(MEETS_A | dosing))
    twelve.then_recommended("approve", scope="A")


def test_reported_milligrams_of_our_own_days_count_too() -> None:
    told = {"doses_given": 2, "mg_total": 48.0, "first_dose_on": "2026-04-20", "last_dose_on": "2026-04-21"}
    story = given(*doses("2026-04-20", 2), reported(told | {"completed": False}), submitted(MEETS_A | DOSING_3))
    story.then_recommended("refer", "milligrams_over_day", "milligrams_over_course", scope="A")


def test_a_dose_that_documents_a_report_is_part_of_it() -> None:
    told = {"doses_given": 3, "mg_total": 40.0, "first_dose_on": "2026-03-02", "last_dose_on": "2026-03-04"}
    story = given(reported(told), dose("2026-03-03", "2026-04-28", mg=16))
    (found,) = courses(story.known)
    assert milligrams(story.known, found) == (40.0, 16.0)


def test_a_course_that_is_closed_by_time_or_complete_adds_nothing() -> None:
    story = given(*first_course("2025-03-04"), submitted(MEETS_B))
    assert story.judged().assessment.circumstances.milligrams is None


# -- retrospective requests (row 14) ----------------------------------------------------------


def ten_months_after(*more: Step) -> Scenario:
    """A first course in March 2025, three doses ten months later, and a request for these on 2026-04-28."""
    return given(*first_course("2025-03-03"), *doses("2026-01-05", 3), *more)


def test_infusions_after_ten_months_are_named_and_are_for_a_clinician() -> None:
    story = ten_months_after(submitted_for(6, 7, 8, statement=MEETS_B))
    story.then_recommended("refer", "retrospective", "unmet_on_first_dose", scope="B").then_finding("1.B.iv", "met")
    said = story.judged().assessment
    assert said.circumstances.first_dose_on == date(2026, 1, 5)
    assert said.circumstances.unmet_on_first_dose == ("1.B.iv not_met",)
    assert "1.B.iv" in said.reasons[1].sentence
    story.when(approved_by_clinician()).then(CourseApproved)


def test_after_twelve_months_only_the_retrospective_request_is_named() -> None:
    story = given(*first_course("2024-12-02"), *doses("2026-01-05", 3), submitted_for(6, 7, 8, statement=MEETS_B))
    story.then_recommended("refer", "retrospective", scope="B")


def test_what_is_not_known_on_that_day_is_named_too() -> None:
    course = {"doses_given": 5, "last_dose_on": "2025", "completed": True}
    told = reported(course, reported_on="2025-02-10")
    story = given(told, *doses("2026-01-20", 3), submitted_for(1, 2, 3, statement=MEETS_B))
    assert story.judged().assessment.circumstances.unmet_on_first_dose == ("1.B.iv undetermined",)


def test_age_is_judged_on_that_day_too() -> None:
    story = Scenario(today=date(2026, 4, 28))
    story.and_given(opened("2009-03-01"), *doses("2026-02-02", 2), submitted_for(1, 2))
    assert story.judged().assessment.circumstances.unmet_on_first_dose == ("1.A.i not_met",)


def test_a_request_that_was_received_after_its_planned_day_is_retrospective() -> None:
    planned = {"planned_first_infusion_on": "2026-01-05"}
    story = given(*first_course("2025-03-03"), submitted(MEETS_B, **planned))
    story.then_recommended("refer", "retrospective", "unmet_on_first_dose", scope="B").then_finding("1.B.iv", "met")
    assert under_revision_1(story).recommendation == "approve"
    on_time = given(*first_course("2025-03-03"), submitted(MEETS_B, planned_first_infusion_on="2026-04-28"))
    on_time.then_recommended("approve", scope="B")


def test_its_own_recorded_doses_are_not_prior_treatment() -> None:
    story = given(*first_course("2025-03-03"), submitted(MEETS_B, planned_first_infusion_on="2026-01-05"))
    request = story.known.requests[0].request_id
    story.and_given(*doses("2026-01-06", 3, recorded_on="2026-04-28", request_id=request))
    story.then_finding("1.B.iv", "met")
    assert story.judged().assessment.circumstances.first_dose_on == date(2026, 1, 6)


PLANNED = {"planned_first_infusion_on": "2026-01-05"}


@pytest.mark.parametrize("is_recorded_first", [True, False])
def test_doses_from_its_planned_day_are_its_own_where_nobody_named_them(is_recorded_first: bool) -> None:
    given_then = doses("2026-01-05", 5, recorded_on="2026-02-02")
    steps = [submitted(MEETS_A, received_on="2026-02-02", **PLANNED).recorded_on("2026-02-02")]
    steps = [*given_then, *steps] if is_recorded_first else [*steps, *given_then]
    story = given(*steps, today="2026-02-02").then_recommended("refer", "retrospective", scope="A")
    assert story.judged().assessment.circumstances.first_dose_on == date(2026, 1, 5)
    assert under_revision_1(story).recommendation == "not_recommended"


def test_a_report_of_its_own_doses_is_no_prior_treatment() -> None:
    asked = submitted(MEETS_A, received_on="2026-02-02", **PLANNED)
    five = {"doses_given": 5, "first_dose_on": "2026-01-05", "last_dose_on": "2026-01-09", "completed": True}
    told = reported(five, source="attested", reported_on="2026-02-01")
    given(*doses("2026-01-05", 5), told, asked).then_recommended("refer", "retrospective", scope="A")
    given(*doses("2026-01-05", 4), told, asked).then_recommended("not_recommended", scope="B")
    vague = reported({"completed": True}, source="attested", reported_on="2026-02-01")
    assert given(*doses("2026-01-05", 5), vague, asked).judged().assessment.scope != "A"


@pytest.mark.parametrize(
    ("before", "own", "scope"),
    [
        (dose("2026-01-04"), 4, "A"),
        (dose("2026-01-10"), 5, "A"),
        (dose("2025-01-06"), 4, "A"),
    ],
    ids=["the day before", "one more than asked for", "a year before"],
)
def test_no_dose_before_the_planned_day_and_none_beyond_the_number_asked_for_is_its_own(
    before: Step, own: int, scope: str
) -> None:
    story = given(before, *doses("2026-01-05", own), submitted(MEETS_A, received_on="2026-02-02", **PLANNED))
    assert story.facts().prior_treatment.open_course is not None
    assert story.facts().prior_treatment.open_course.doses_given == 1
    assert story.judged().assessment.scope == scope


def test_a_dose_of_another_request_is_not_its_own() -> None:
    story = given(submitted(received_on="2026-01-02").recorded_on("2026-01-02"))
    of_another = doses("2026-01-05", 2, request_id=story.known.requests[0].request_id)
    story.and_given(*of_another, submitted(MEETS_A, received_on="2026-02-02", **PLANNED))
    assert story.facts().prior_treatment.open_course is not None


def test_a_dose_of_the_day_of_receipt_is_not_its_own() -> None:
    story = given(*doses("2026-02-01", 2), submitted(MEETS_A, "2026-02-02", planned_first_infusion_on="2026-02-01"))
    assert story.judged().assessment.circumstances.first_dose_on == date(2026, 2, 1)
    open_course = story.facts().prior_treatment.open_course
    assert open_course is not None
    assert open_course.doses_given == 1


# -- an extension (R10) -----------------------------------------------------------------------


@pytest.mark.parametrize(("mg", "is_extended"), [(12, True), (24, False)])
def test_an_approval_is_extended_unless_a_day_has_more_than_twelve_milligrams(mg: float, is_extended: bool) -> None:
    story = given(submitted(), approved()).on("2026-04-29").and_given(*doses("2026-04-28", 2, mg=mg))
    story.when(extended())
    if is_extended:
        story.then(ApprovalExtended)
    else:
        story.then_refused(InvalidCommand, field="request_id")
