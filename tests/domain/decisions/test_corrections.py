"""Doses corrected: nothing is edited, the last correction holds, and only it moves a dose (R22 to R25)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.errors import Conflict, InvalidCommand, NotFound, NotPermitted
from domain.events.treatment import (
    CourseCompleted,
    CourseReopened,
    DoseAdministered,
    DoseCorrected,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
)
from domain.treatment.courses import courses
from tests.story import (
    CLAIMS,
    MEETS_A,
    MEETS_B,
    OFFICE,
    PATIENT,
    Scenario,
    approved,
    closed,
    confirmed_duplicate,
    dismissed_duplicate,
    dose,
    dose_corrected,
    doses,
    first_course,
    given,
    reported,
    submitted,
    voided,
)

TODAY, TOMORROW = "2026-04-28", "2026-04-29"
COMPLETED = {"doses_given": 5, "first_dose_on": "2022-03-07", "last_dose_on": "2022-03-11", "completed": True}


# -- what is corrected, and what is known when ------------------------------------------------


def test_a_correction_is_whole_and_names_what_is_other_than_it_was() -> None:
    story = given(dose("2024-03-04", site="Centre East")).when(dose_corrected(1, mg=10.0, site="Centre West"))
    story.then(
        DoseCorrected,
        dose_id=f"{PATIENT}.d1",
        on=date(2024, 3, 4),
        mg=10.0,
        site="Centre West",
        course=1,
        fields=("mg", "site"),
        variances=("no_approval_in_force", "not_12_mg"),
    )
    assert story.known.doses[0].corrected
    story.then_variances(1, "no_approval_in_force", "not_12_mg", seen=("no_approval_in_force",))


def test_before_the_correction_the_old_entry_was_known() -> None:
    story = given(dose("2024-03-04")).when(dose_corrected(1, on="2024-03-05"))
    before, now = (version.doses[0].on.isoformat() for version in story.versions[-2:])
    assert (before, now) == ("2024-03-04", "2024-03-05")


def test_the_last_recorded_correction_holds() -> None:
    story = given(dose("2024-03-04"), dose_corrected(1, mg=10.0)).when(dose_corrected(1, on="2024-03-05"))
    story.then(DoseCorrected, mg=10.0, on=date(2024, 3, 5), fields=("on",))
    story.when(dose_corrected(1, mg=12.0)).then(DoseCorrected, mg=12.0, on=date(2024, 3, 5), fields=("mg",))


def test_a_voided_entry_is_not_corrected_and_a_corrected_one_can_be_voided() -> None:
    given(dose("2024-03-04"), voided(1)).when(dose_corrected(1, mg=10.0)).then_refused(Conflict, field="dose_id")
    given(dose("2024-03-04"), dose_corrected(1, mg=10.0), voided(1)).then_courses()


@pytest.mark.parametrize("values", [{}, {"on": "2024-03-04"}, {"mg": 12.0}, {"course": 1}, {"course": 2}])
def test_a_correction_that_corrects_nothing_is_refused(values: dict[str, Any]) -> None:
    """Alone in its course, a dose that begins the next one stays what it was."""
    given(dose("2024-03-04")).when(dose_corrected(1, **values)).then_refused(InvalidCommand)


@pytest.mark.parametrize("on", [TOMORROW, "1988-05-16"], ids=["in the future", "before birth"])
def test_only_the_impossible_is_refused(on: str) -> None:
    given(dose("2024-03-04")).when(dose_corrected(1, on=on)).then_refused(InvalidCommand, field="on")
    for possible in (TODAY, "1988-05-17"):
        given(dose("2024-03-04")).when(dose_corrected(1, on=possible)).then(DoseCorrected)


def test_what_does_not_exist_is_not_found() -> None:
    story = given(dose("2024-03-04"))
    story.when(dose_corrected(1, dose_id=f"{PATIENT}.d9", mg=1.0)).then_refused(NotFound, field="dose_id")
    story.when(dose_corrected(1, course=3)).then_refused(NotFound, field="course")
    story.when(dose_corrected(1, request_id=f"{PATIENT}.r1")).then_refused(NotFound, field="request_id")


def test_corrections_are_of_people_of_the_plan() -> None:
    for somebody in (OFFICE, CLAIMS):
        given(dose("2024-03-04")).when(dose_corrected(1, mg=10.0).by(somebody)).then_refused(NotPermitted)


# -- a corrected day assigns the dose to its course again (R24) --------------------------------


def test_the_day_of_the_last_dose_is_corrected_and_the_course_stays_complete() -> None:
    story = given(*first_course("2024-03-04")).when(dose_corrected(5, on="2024-03-09"))
    story.then(DoseCorrected, course=1, fields=("on",)).then_courses("completed 5")
    assert str(story.courses()[0].completed_on) == "2024-03-09"


def test_so_does_an_earlier_course() -> None:
    story = given(*first_course("2023-03-06"), *doses("2024-03-11", 3)).when(dose_corrected(5, on="2023-03-11"))
    story.then(DoseCorrected, course=1).then_courses("completed 5", "completed 3")


def test_a_year_misread_takes_the_dose_out_of_its_course() -> None:
    story = given(*first_course("2024-03-04"), *doses("2025-03-10", 3)).when(dose_corrected(8, on="2026-03-12"))
    story.then(DoseCorrected, CourseReopened, course=3, fields=("on", "course"))
    story.then_courses("completed 5", "open 2", "open 1")
    said = story.and_given(submitted(MEETS_B)).judged().assessment
    assert said.recommendation == "refer"
    assert "later_course_interrupted" in [reason.code for reason in said.reasons]


def test_and_a_dose_that_belonged_there_comes_into_it() -> None:
    story = given(*first_course("2024-03-04", 4), *first_course("2024-03-04", 1))
    story.when(dose_corrected(5, on="2024-03-08")).then(DoseCorrected, CourseCompleted).then_courses("completed 5")
    wrong_year = given(*first_course("2024-03-04"), *doses("2025-03-10", 2), dose("2026-03-12"))
    wrong_year.then_courses("completed 5", "open 2", "open 1").when(dose_corrected(8, on="2025-03-12"))
    wrong_year.then(DoseCorrected, CourseCompleted, course=2).then_courses("completed 5", "completed 3")


def test_an_excess_dose_is_one_only_within_thirty_days() -> None:
    story = given(*first_course("2024-03-04"), dose("2024-04-07")).when(dose_corrected(6, on="2024-04-08"))
    story.then(DoseCorrected, course=2).then_courses("completed 5", "open 1")
    story.when(dose_corrected(6, on="2024-04-07")).then(DoseCorrected, course=1).then_courses("completed 6")


def test_moved_into_the_days_of_a_report_it_documents_it_and_back_again() -> None:
    story = given(reported(COMPLETED), dose("2023-03-08", TODAY)).then_courses("completed 5", "open 1")
    story.when(dose_corrected(1, on="2022-03-08")).then(
        DoseCorrected, course=None, documents_report=f"{PATIENT}.t1", variances=()
    )
    story.then_courses("completed 5").when(dose_corrected(1, on="2023-03-08"))
    story.then(DoseCorrected, course=2, documents_report=None).then_courses("completed 5", "open 1")


def test_the_twelve_months_count_from_the_corrected_day() -> None:
    story = given(*first_course("2025-04-20"), submitted(MEETS_B)).then_finding("1.B.iv", "met")
    story.when(dose_corrected(5, on="2025-04-29")).then_finding("1.B.iv", "not_met")


# -- a person moves a dose (R24) --------------------------------------------------------------


def late_doses() -> Scenario:
    """Two doses in 2022; then three in 2023, which the record takes for the rest of the course; then the true rest."""
    missing = (dose(day, TODAY) for day in ("2022-03-09", "2022-03-10", "2022-03-11"))
    return given(*doses("2022-03-07", 2), *doses("2023-05-01", 3), *missing).then_courses("completed 5", "completed 3")


def test_doses_recorded_late_across_an_interrupted_course_are_placed_by_their_days() -> None:
    story = late_doses()
    assert [str(one.last_dose_on) for one in story.courses()] == ["2022-03-11", "2023-05-03"]


def test_another_day_of_the_only_dose_of_a_closed_course_leaves_the_course_closed() -> None:
    story = given(dose("2025-02-02"), closed(1)).when(dose_corrected(1, on="2025-03-05"))
    story.then(DoseCorrected, fields=("on",)).then_courses("closed 1")


def test_the_day_stays_when_only_the_course_is_moved() -> None:
    given(*first_course("2024-03-04", 2)).when(dose_corrected(2, course=2)).then(
        DoseCorrected, on=date(2024, 3, 5), course=2, fields=("course",)
    ).then_courses("open 1", "open 1")


def test_the_latest_course_that_loses_a_dose_is_open_again_and_the_other_may_be_complete() -> None:
    story = given(*first_course("2023-03-06", 4), *doses("2024-03-11", 1), *doses("2025-03-11", 3))
    story.then_courses("completed 5", "completed 3")
    story.when(dose_corrected(6, course=1)).then(DoseCorrected, CourseReopened).then_courses("completed 6", "open 2")
    assert story.last[1].course == 2  # type: ignore[attr-defined]
    story.when(dose_corrected(6, course=2)).then(DoseCorrected, CourseCompleted)
    story.then_courses("completed 5", "completed 3")


def test_an_earlier_course_that_loses_a_dose_is_short() -> None:
    story = given(*first_course("2023-03-06", 4), dose("2024-03-11")).when(dose_corrected(5, course=2))
    story.then(DoseCorrected, course=2).then_courses("short 4", "open 1")


def test_moved_doses_can_leave_nothing_of_a_course_and_its_name_is_free() -> None:
    """The second course is found to be none: its doses were excess doses of the first."""
    story = given(*first_course("2022-03-07"), *doses("2023-05-01", 3), *doses("2024-05-06", 1))
    story.then_courses("completed 5", "completed 3", "open 1")
    story.and_given(dose_corrected(6, course=1), dose_corrected(7, course=1)).then_courses(
        "completed 7", "short 1", "open 1"
    )
    story.when(dose_corrected(8, course=1)).then(DoseCorrected, CourseReopened).then_courses("completed 8", "open 1")
    assert not story.known.marks_of(2).completed


def test_a_closed_course_keeps_its_closing_when_a_dose_is_moved() -> None:
    story = given(*first_course("2024-03-04", 3), closed(1)).when(dose_corrected(3, course=2))
    story.then(DoseCorrected).then_courses("closed 2", "open 1")


def test_inside_a_report_a_dose_is_of_the_reported_course_and_of_no_other() -> None:
    story = given(reported(COMPLETED), dose("2022-03-08", TODAY), *doses("2024-03-11", 3))
    story.when(dose_corrected(1, course=2)).then_refused(InvalidCommand, field="course")
    story.when(dose_corrected(1, course=3)).then_refused(InvalidCommand, field="course")
    story.when(dose_corrected(1, course=1)).then_refused(InvalidCommand)


def test_no_dose_is_moved_so_that_a_reported_course_would_swallow_the_others() -> None:
    """An excess dose of the reported course, made the first of ours: ours would begin within its thirty days."""
    story = given(reported(COMPLETED), dose("2022-04-01", TODAY), *doses("2024-03-11", 3))
    story.then_courses("completed 6", "completed 3")
    story.when(dose_corrected(1, course=2)).then_refused(InvalidCommand, field="course")


def test_a_dose_that_continues_an_unfinished_reported_course_can_be_moved_to_the_next_one() -> None:
    unfinished = {"doses_given": 4, "last_dose_on": "2022-03-10", "completed": False}
    story = given(reported(unfinished), dose("2023-03-07", TODAY)).then_courses("completed 5")
    story.when(dose_corrected(1, course=2)).then(DoseCorrected, CourseReopened).then_courses("open 4", "open 1")


def test_moved_and_with_another_day_at_once() -> None:
    story = given(*first_course("2024-03-04"), dose("2024-03-09")).when(dose_corrected(6, on="2024-03-20", course=2))
    story.then(DoseCorrected, course=2, on=date(2024, 3, 20), fields=("on", "course"))
    story.then_courses("completed 5", "open 1")


# -- approvals --------------------------------------------------------------------------------


def approved_and_given() -> Scenario:
    return given(submitted(MEETS_A), approved(), *doses("2026-04-28", 2)).on("2026-05-20")


def test_a_dose_corrected_out_of_the_thirty_days_is_under_no_approval_any_more() -> None:
    story = approved_and_given().when(dose_corrected(2, on="2026-04-27"))
    story.then(DoseCorrected, request_id=None, fields=("on", "request_id"), variances=("outside_its_thirty_days",))


def test_and_one_corrected_into_them_is() -> None:
    story = (
        approved_and_given().and_given(dose("2026-04-27", "2026-05-20")).then_variances(3, "outside_its_thirty_days")
    )
    story.when(dose_corrected(3, on="2026-04-30"))
    story.then(DoseCorrected, request_id=f"{PATIENT}.r1", fields=("on", "request_id"), variances=()).then_usable(2)


def test_a_request_can_be_named_for_a_dose() -> None:
    story = given(submitted(MEETS_A), dose(TODAY)).when(dose_corrected(1, request_id=f"{PATIENT}.r1"))
    story.then(DoseCorrected, fields=("request_id",), request_id=f"{PATIENT}.r1")
    story.on("2026-05-20").when(dose_corrected(1, on="2026-04-29")).then(DoseCorrected, request_id=f"{PATIENT}.r1")


# -- second reports (R25) ---------------------------------------------------------------------


def claimed(on: str, claim_on: str) -> Scenario:
    return given(dose(on), dose(claim_on, TODAY, source="claim"))


def test_a_day_corrected_to_that_of_another_source_is_a_second_report_until_a_person_decides() -> None:
    story = claimed("2024-03-04", "2024-03-05").then_courses("open 2").when(dose_corrected(2, on="2024-03-04"))
    story.then(DoseCorrected, possible_duplicate_of=f"{PATIENT}.d1", variances=()).then_courses("open 1")
    story.when(dismissed_duplicate(2)).then(PossibleDuplicateDismissed).then_courses("open 2")


def test_a_second_report_corrected_to_another_day_is_a_dose() -> None:
    story = claimed("2024-03-04", "2024-03-04").then_courses("open 1").when(dose_corrected(2, on="2024-03-05"))
    story.then(DoseCorrected, possible_duplicate_of=None).then_courses("open 2")


def test_also_where_a_person_had_taken_it_for_the_same() -> None:
    story = claimed("2024-03-04", "2024-03-04").and_given(confirmed_duplicate(2))
    story.when(dose_corrected(2, on="2024-03-05")).then(DoseCorrected).then_courses("open 2")


def test_the_person_s_word_stands_where_both_are_corrected_to_one_day() -> None:
    story = claimed("2024-03-04", "2024-03-04").when(dismissed_duplicate(2)).then(PossibleDuplicateDismissed)
    story.and_given(dose_corrected(1, on="2024-03-05"), dose_corrected(2, on="2024-03-05")).then_courses("open 2")
    story = claimed("2024-03-04", "2024-03-04").when(confirmed_duplicate(2)).then(PossibleDuplicateConfirmed)
    story.and_given(dose_corrected(1, on="2024-03-05"), dose_corrected(2, on="2024-03-05")).then_courses("open 1")
    assert story.known.doses[1].duplicate == "confirmed"


def test_when_the_first_report_is_of_another_day_the_second_waits_for_a_person() -> None:
    story = claimed("2026-03-04", "2026-03-04").and_given(confirmed_duplicate(2), submitted())
    assert not any("not counted and needs a decision" in note for note in story.judged().assessment.advisories)
    story.and_given(dose_corrected(1, on="2026-03-05"))
    assert any("not counted and needs a decision" in note for note in story.judged().assessment.advisories)


def test_a_second_report_is_corrected_too_and_stays_uncounted() -> None:
    story = claimed("2024-03-04", "2024-03-04").when(dose_corrected(2, mg=11.0))
    story.then(DoseCorrected, variances=()).then_courses("open 1")
    story.when(dose_corrected(2, course=2)).then(DoseCorrected, course=2).then_courses("open 1")
    story.and_given(dismissed_duplicate(2)).then_courses("open 1", "open 1")


# -- two times --------------------------------------------------------------------------------


def test_every_version_before_the_corrections_answers_as_it_did_then() -> None:
    story = late_doses()
    then = [courses(version) for version in story.versions]
    story.and_given(*(dose_corrected(number, course=1) for number in (3, 4, 5)))
    assert [courses(version) for version in story.versions[: len(then)]] == then
    story.then_courses("completed 8")


def test_recorded_again_after_a_void_a_dose_counts_and_can_be_corrected() -> None:
    story = given(dose("2024-03-04"), voided(1)).when(dose("2024-03-04", TODAY)).then(DoseAdministered)
    story.when(dose_corrected(2, mg=11.0)).then(DoseCorrected).then_courses("open 1")
