"""Reports of treatment elsewhere, corrected and voided; the doses that documented them are never lost (R23 to R26)."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import Conflict, InvalidCommand, NotFound, NotPermitted
from domain.events.treatment import (
    CourseClosedUnfinished,
    CourseCompleted,
    CourseReopened,
    DoseCorrected,
    PriorTreatmentCorrected,
    PriorTreatmentVoided,
)
from tests.story import (
    MEETS_A,
    MEETS_B,
    OFFICE,
    PATIENT,
    Scenario,
    closed,
    dose,
    dose_corrected,
    doses,
    given,
    report_corrected,
    report_voided,
    reported,
    submitted,
    voided,
)

TODAY = "2026-04-28"
COMPLETED = {"doses_given": 5, "first_dose_on": "2024-03-04", "last_dose_on": "2024-03-08", "completed": True}
UNFINISHED = {"doses_given": 2, "first_dose_on": "2024-03-04", "last_dose_on": "2024-03-05", "completed": False}
SECOND = {"doses_given": 1, "first_dose_on": "2025-05-06", "last_dose_on": "2025-05-06", "completed": False}
SILENT = MEETS_B | {"received_lemtrada": None}


# -- what is corrected, and what is known when ------------------------------------------------


def test_a_correction_is_whole_and_what_is_left_out_of_the_rest_stands() -> None:
    story = given(reported(COMPLETED, source="trial")).when(report_corrected(1, UNFINISHED, reference="REF-2"))
    story.then(PriorTreatmentCorrected, source="trial", reference="REF-2", fields=("reference", "courses"))
    story.then_courses("open 2")
    story.when(report_corrected(1, UNFINISHED, source="attested")).then(
        PriorTreatmentCorrected, source="attested", reference="REF-2", fields=("source",)
    )


def test_the_last_correction_holds_and_the_answer_before_it_stays() -> None:
    story = given(reported(COMPLETED), submitted(SILENT)).then_recommended("approve", scope="B")
    before = story.known
    story.and_given(report_corrected(1, SECOND), report_corrected(1, UNFINISHED)).then_courses("open 2")
    assert story.judged().assessment.scope == "A"
    assert story.versions[before.version - 1] == before


def test_a_voided_report_tells_of_nothing() -> None:
    story = given(reported(COMPLETED)).when(report_voided(1)).then(PriorTreatmentVoided).then_courses()
    story.and_given(submitted(SILENT)).then_recommended("pend", scope=None, needed=("1.A", "1.B", "1.B.iv"))
    never = given(reported(), report_voided(1), submitted(MEETS_A | {"received_lemtrada": None}))
    assert never.facts().prior_treatment.received_lemtrada is None


def test_never_received_can_be_corrected_to_treatment_and_back() -> None:
    story = given(reported()).when(report_corrected(1, COMPLETED)).then(PriorTreatmentCorrected)
    story.then_courses("completed 5").when(report_corrected(1)).then(PriorTreatmentCorrected).then_courses()
    story.and_given(submitted(MEETS_A | {"received_lemtrada": None})).then_recommended("approve", scope="A")


def test_what_is_voided_is_neither_corrected_nor_voided_again() -> None:
    story = given(reported(COMPLETED), report_voided(1))
    story.when(report_corrected(1, UNFINISHED)).then_refused(Conflict, field="report_id")
    story.when(report_voided(1)).then_refused(Conflict, field="report_id")


def test_a_report_that_does_not_exist_is_not_found_and_nothing_corrected_is_refused() -> None:
    story = given(reported(COMPLETED))
    story.when(report_corrected(1, UNFINISHED, report_id=f"{PATIENT}.t9")).then_refused(NotFound, field="report_id")
    story.when(report_corrected(1, COMPLETED)).then_refused(InvalidCommand)
    story.when(report_corrected(1, UNFINISHED).by(OFFICE)).then_refused(NotPermitted)
    story.when(report_voided(1).by(OFFICE)).then_refused(NotPermitted)


@pytest.mark.parametrize(
    ("course", "field"),
    [
        ({"last_dose_on": "2026-04-21"}, "courses.0.last_dose_on"),
        ({"first_dose_on": "2026-05"}, "courses.0.first_dose_on"),
        ({"last_dose_on": "1988-05-16"}, "courses.0.last_dose_on"),
        ({"first_dose_on": "2024-03-08", "last_dose_on": "2024-03-07"}, "courses.0.last_dose_on"),
        ({"doses_given": 5, "completed": False}, "courses.0.completed"),
    ],
)
def test_the_same_is_checked_as_when_it_was_reported_on_the_day_of_the_report(
    course: dict[str, Any], field: str
) -> None:
    story = given(reported(COMPLETED).recorded_on("2026-04-20"))
    story.when(report_corrected(1, course)).then_refused(InvalidCommand, field=field)


def test_our_courses_are_completed_and_reopened_by_what_a_report_turns_out_to_say() -> None:
    story = given(reported(COMPLETED), *doses("2025-03-10", 3)).then_courses("completed 5", "completed 3")
    story.when(report_corrected(1, {"doses_given": 1, "last_dose_on": "2024-03-08", "completed": False}))
    story.then(PriorTreatmentCorrected, CourseReopened).then_courses("open 4")
    story.when(report_corrected(1, COMPLETED)).then(PriorTreatmentCorrected, CourseCompleted)
    story.when(report_voided(1)).then(PriorTreatmentVoided, CourseReopened).then_courses("open 3")


# -- doses that documented it (R25) -----------------------------------------------------------


def documented(*courses: dict[str, Any], days: int = 5) -> Scenario:
    return given(reported(*courses or (COMPLETED,)), *doses("2024-03-04", days, recorded_on=TODAY))


def test_doses_that_documented_a_voided_report_are_a_course_of_their_own() -> None:
    """A dose that was given is a fact, and no report's end takes it back."""
    story = documented().then_courses("completed 5").when(report_voided(1))
    story.then(PriorTreatmentVoided, *[DoseCorrected] * 5, CourseCompleted).then_courses("completed 5")
    moved = story.last[1]
    assert isinstance(moved, DoseCorrected)
    assert (moved.course, moved.documents_report, moved.fields) == (1, None, ("course", "documents_report"))
    assert moved.variances == ("no_approval_in_force",)
    story.and_given(submitted(SILENT)).then_recommended("approve", scope="B")


def test_fewer_doses_than_the_report_told_of_leave_the_course_unfinished() -> None:
    story = documented(days=2).when(report_voided(1)).then(PriorTreatmentVoided, DoseCorrected, DoseCorrected)
    story.then_courses("open 2").and_given(submitted(MEETS_A | {"received_lemtrada": None}))
    assert story.judged().assessment.scope == "A"


def test_they_are_of_one_first_course_with_what_followed() -> None:
    story = given(reported(COMPLETED), dose("2024-03-06", TODAY), *doses("2025-03-10", 3))
    story.when(report_voided(1)).then(PriorTreatmentVoided, DoseCorrected, CourseReopened).then_courses("open 4")


def test_the_twelve_months_still_count_from_the_latest_of_them() -> None:
    told = {"last_dose_on": "2025-06", "completed": True}
    story = given(reported(told), dose("2025-06-10", TODAY), *doses("2023-03-06", 5), submitted(SILENT))
    story.then_finding("1.B.iv", "not_met").and_given(report_voided(1)).then_courses("completed 5", "open 1")
    assert [str(one.last_dose_on) for one in story.courses()] == ["2023-03-10", "2025-06-10"]


def test_a_dose_of_two_reports_documents_the_other_one_still() -> None:
    story = given(reported(COMPLETED), reported(COMPLETED, source="trial"), dose("2024-03-06", TODAY))
    story.when(report_voided(2)).then(PriorTreatmentVoided).then_courses("completed 5")
    story.when(report_voided(1)).then(PriorTreatmentVoided, DoseCorrected).then_courses("open 1")


def test_a_corrected_day_of_the_report_leaves_the_dose_where_it_was_given() -> None:
    other_year = COMPLETED | {"first_dose_on": "2022-03-07", "last_dose_on": "2022-03-11"}
    story = documented(days=1).when(report_corrected(1, other_year))
    story.then(PriorTreatmentCorrected, DoseCorrected).then_courses("completed 5", "open 1")
    assert [str(one.last_dose_on) for one in story.courses()] == ["2022-03-11", "2024-03-04"]


def test_the_fifth_dose_of_a_report_that_counted_it_by_mistake_completes_the_course() -> None:
    four = {"doses_given": 4, "first_dose_on": "2024-03-04", "last_dose_on": "2024-03-07", "completed": False}
    story = given(reported(COMPLETED), dose("2024-03-08", TODAY)).when(report_corrected(1, four))
    story.then(PriorTreatmentCorrected, DoseCorrected, CourseCompleted).then_courses("completed 5")


def test_a_correction_that_says_never_loses_no_dose() -> None:
    documented(days=3).when(report_corrected(1)).then_courses("open 3")


def test_a_correction_of_something_else_leaves_them() -> None:
    story = documented(days=3).when(report_corrected(1, COMPLETED | {"mg_total": 60.0}))
    story.then(PriorTreatmentCorrected).then_courses("completed 5")


def test_voided_doses_stay_where_they_were_and_second_reports_come_along() -> None:
    story = given(
        reported(COMPLETED), dose("2024-03-04", TODAY), dose("2024-03-04", TODAY, source="claim"), voided(1)
    ).when(report_voided(1))
    story.then(PriorTreatmentVoided, DoseCorrected).then_courses("open 1")
    assert story.known.doses[0].course is None


def test_with_doses_of_ours_that_went_on_with_it_they_are_one_course() -> None:
    unfinished = given(reported(UNFINISHED), dose("2024-03-05", TODAY), *doses("2026-04-01", 2)).then_courses("open 4")
    unfinished.when(report_voided(1)).then(PriorTreatmentVoided, DoseCorrected).then_courses("open 3")


def test_doses_of_two_reported_courses_are_one_first_course_without_the_report() -> None:
    later = {"doses_given": 3, "first_dose_on": "2025-05-05", "last_dose_on": "2025-05-07", "completed": True}
    told = given(reported(COMPLETED, later), dose("2025-05-05", TODAY), *doses("2024-03-04", 2, recorded_on=TODAY))
    told.then_courses("completed 5", "completed 3").when(report_voided(1)).then_courses("open 3")


def test_moved_to_a_course_of_its_own_a_dose_can_be_corrected_further() -> None:
    story = documented(days=2).and_given(report_voided(1)).when(dose_corrected(2, course=2))
    story.then(DoseCorrected, course=2).then_courses("open 1", "open 1")


# -- closed courses (R26) ---------------------------------------------------------------------


def test_a_closed_course_that_is_gone_with_its_report_is_no_course() -> None:
    given(reported(UNFINISHED), closed(1)).when(report_voided(1)).then(PriorTreatmentVoided).then_courses()


@pytest.mark.parametrize(
    "ours", [doses("2024-03-04", 2, recorded_on=TODAY), doses("2026-04-01", 2)], ids=["documented it", "went on"]
)
def test_what_is_left_of_it_here_stays_closed(ours: Any) -> None:
    """A clinician found that it will not be finished; otherwise it would be path A without a review."""
    story = given(reported(UNFINISHED), *ours, closed(1)).when(report_voided(1))
    assert [type(event) for event in story.last][-1] is CourseClosedUnfinished
    said = story.then_courses("closed 2").and_given(submitted(SILENT)).judged().assessment
    assert (said.scope, said.recommendation == "approve") == ("B", False)


def test_a_closed_course_stays_closed_when_its_days_are_corrected() -> None:
    moved = UNFINISHED | {"first_dose_on": "2023-03-06", "last_dose_on": "2023-03-07"}
    story = given(reported(UNFINISHED), closed(1)).when(report_corrected(1, moved))
    story.then(PriorTreatmentCorrected).then_courses("closed 2")
    story.and_given(report_corrected(1, COMPLETED), report_corrected(1, UNFINISHED)).then_courses("closed 2")


def test_and_when_it_has_another_place_in_the_report() -> None:
    story = given(reported(COMPLETED, SECOND), closed(2)).then_courses("completed 5", "closed 1")
    story.when(report_corrected(1, SECOND)).then(PriorTreatmentCorrected, CourseClosedUnfinished)
    story.then_courses("closed 1")
    story.when(report_corrected(1, COMPLETED, SECOND)).then(PriorTreatmentCorrected)
    story.then_courses("completed 5", "closed 1")


def test_and_when_it_was_left_out_for_a_while() -> None:
    story = given(reported(COMPLETED, SECOND), closed(2), report_corrected(1, COMPLETED)).then_courses("completed 5")
    story.and_given(report_corrected(1, COMPLETED, SECOND)).then_courses("completed 5", "closed 1")


def test_and_where_another_report_tells_of_it_too() -> None:
    story = given(reported(UNFINISHED), reported(UNFINISHED, source="trial"), closed(1)).when(report_voided(2))
    story.then(PriorTreatmentVoided, CourseClosedUnfinished).then_courses("closed 2")


def test_a_course_beside_the_closed_one_is_not_closed_with_it() -> None:
    first = COMPLETED | {"completed": None, "doses_given": None}
    story = given(reported(COMPLETED, SECOND), closed(2)).when(report_corrected(1, first))
    story.then(PriorTreatmentCorrected).then_courses("unknown 2 to 5")
