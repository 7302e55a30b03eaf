"""Reports of treatment elsewhere: when each was reported, what no report can state, and which doses it is about."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.errors import Conflict, InvalidCommand, NotPermitted
from domain.events.treatment import PriorTreatmentCorrected, PriorTreatmentReported, ReportAttributed
from tests.story import (
    OFFICE,
    PHYSICIAN,
    Scenario,
    attributed,
    dose,
    doses,
    given,
    report_corrected,
    report_voided,
    reported,
    voided,
)

COURSE: dict[str, Any] = {"doses_given": 5, "last_dose_on": "2025", "completed": True}
DAY = date(2025, 3, 15)


def report(story: Scenario, number: int = 1) -> Any:
    return story.known.reports[number - 1]


# -- when it was reported (R3, R5) ------------------------------------------------------------


def test_a_report_is_of_today_unless_its_day_is_given() -> None:
    given().when(reported(COURSE)).then(PriorTreatmentReported, on=date(2026, 4, 28))
    story = given().when(reported(COURSE, reported_on="2025-03-15")).then(PriorTreatmentReported, on=DAY)
    assert report(story).reported_on == DAY
    imported = given().when(reported(COURSE, reported_on="2025-03-15").imported()).then(PriorTreatmentReported, on=DAY)
    assert report(imported).reported_on == DAY


def test_a_report_of_tomorrow_is_refused() -> None:
    given().when(reported(COURSE, reported_on="2026-04-29")).then_refused(InvalidCommand, field="reported_on")
    given().when(reported(COURSE, reported_on="2026-04-28")).then(PriorTreatmentReported)
    story = given(reported(COURSE))
    story.when(report_corrected(1, COURSE, reported_on="2026-04-29")).then_refused(InvalidCommand, field="reported_on")


@pytest.mark.parametrize(
    ("name", "day", "is_possible"),
    [
        ("last_dose_on", "2025-03-15", True),
        ("last_dose_on", "2025-03-16", False),
        ("last_dose_on", "2025-03", True),
        ("last_dose_on", "2025-04", False),
        ("first_dose_on", "2025-03-16", False),
        ("first_dose_on", "2026", False),
    ],
)
def test_no_date_of_a_report_is_after_its_day(name: str, day: str, is_possible: bool) -> None:
    story = given().when(reported({name: day}, reported_on="2025-03-15"))
    if is_possible:
        story.then(PriorTreatmentReported)
        return
    story.then_refused(InvalidCommand, field=f"courses.0.{name}")
    assert story.error is not None
    assert "reported_on" in story.error.cause
    assert len(story.events) == 1, "nothing is recorded"


def test_a_correction_changes_the_day_only_if_it_says_so() -> None:
    story = given(reported(COURSE, reported_on="2025-03-15"))
    story.when(report_corrected(1, COURSE | {"doses_given": 4})).then(PriorTreatmentCorrected, fields=("courses",))
    assert report(story).reported_on == DAY
    stored = story.last[0].model_dump(mode="json")
    assert "reported_on" not in stored
    changed = report_corrected(1, COURSE | {"doses_given": 4}, reported_on="2025-03-20")
    story.when(changed).then(PriorTreatmentCorrected, fields=("reported_on",))
    assert story.last[0].model_dump(mode="json")["reported_on"] == "2025-03-20"
    assert report(story).reported_on == date(2025, 3, 20)
    story.when(changed).then_refused(InvalidCommand)


def test_a_correction_is_checked_by_the_day_that_it_gives() -> None:
    story = given(reported(COURSE))
    story.when(report_corrected(1, {"last_dose_on": "2025-04"}, reported_on="2025-03-15"))
    story.then_refused(InvalidCommand, field="courses.0.last_dose_on")
    story.when(report_corrected(1, {"last_dose_on": "2025-04"})).then(PriorTreatmentCorrected)


# -- what no report can state (R27) -----------------------------------------------------------

TWO_COMPLETED = {"doses_given": 2, "completed": True}
EIGHT_OF_FIVE = {"doses_given": 8}
FIVE_UNFINISHED = {"doses_given": 5, "completed": False}
FOUR_DAYS = {"doses_given": 5, "first_dose_on": "2024-03-04", "last_dose_on": "2024-03-07"}
TWO_DAYS_COMPLETED = {"completed": True, "first_dose_on": "2024-03-04", "last_dose_on": "2024-03-05"}
REFUSED = [
    (TWO_COMPLETED, ("doses_given", "completed")),
    (EIGHT_OF_FIVE, ("doses_given", "courses")),
    (FIVE_UNFINISHED, ("doses_given", "completed")),
    (FOUR_DAYS, ("first_dose_on", "last_dose_on", "doses_given")),
    (TWO_DAYS_COMPLETED, ("first_dose_on", "last_dose_on", "completed")),
]


@pytest.mark.parametrize(("course", "names"), REFUSED)
def test_an_impossible_report_is_refused_with_its_fields_named(course: dict[str, Any], names: tuple[str, ...]) -> None:
    story = given(reported(COURSE))
    for step in (reported(course), report_corrected(1, course)):
        story.when(step).then_refused(InvalidCommand)
        assert story.error is not None
        assert (story.error.field or "").startswith("courses.0.")
        assert [name for name in names if name not in story.error.cause] == []
    assert len(story.events) == 2, "nothing is recorded"


@pytest.mark.parametrize("count", [3, 4, 5])
def test_three_completed_doses_are_a_later_course(count: int) -> None:
    given().when(reported({"doses_given": count, "completed": True})).then(PriorTreatmentReported)


# -- which doses it is about (R27) ------------------------------------------------------------


def test_a_confirmed_form_is_about_our_doses() -> None:
    story = given(*doses("2026-03-02", 3))
    story.and_given(reported({"doses_given": 3}, confirms_record=True))
    assert story.last[0].model_dump(mode="json")["confirms_record"] is True
    assert report(story).tells_of == "our_doses"
    other = given().when(reported({"doses_given": 3})).then(PriorTreatmentReported)
    assert report(other).tells_of is None
    assert "confirms_record" not in other.last[0].model_dump(mode="json"), "stored bytes stay as they were"


def test_a_form_that_has_nothing_to_confirm_is_refused() -> None:
    given().when(reported({"doses_given": 3}, confirms_record=True)).then_refused(
        InvalidCommand, field="confirms_record"
    )
    given(*doses("2026-03-02", 3)).when(reported(confirms_record=True)).then_refused(
        InvalidCommand, field="confirms_record"
    )
    after_the_report = given(*doses("2026-03-02", 3))
    step = reported({"doses_given": 3}, confirms_record=True, reported_on="2026-03-01")
    after_the_report.when(step).then_refused(InvalidCommand, field="confirms_record")
    given(reported(COURSE)).when(reported(COURSE, confirms_record=True)).then(PriorTreatmentReported)


@pytest.mark.parametrize(
    ("confirmed", "field"),
    [
        ({"doses_given": 5, "first_dose_on": "2026-03-02", "last_dose_on": "2026-03-06"}, "courses.0.doses_given"),
        ({"doses_given": 2}, "courses.0.doses_given"),
        ({"doses_given": 3, "first_dose_on": "2026-03-01"}, "courses.0.first_dose_on"),
        ({"doses_given": 3, "last_dose_on": "2026-03-05"}, "courses.0.last_dose_on"),
        ({"completed": True}, "courses.0.completed"),
        ({"mg_total": 60}, "courses.0.mg_total"),
        ({"doses_given": 3, "first_dose_on": "2026-03", "last_dose_on": "2026", "mg_total": 36}, None),
        ({"first_dose_on": "2026-03-02", "last_dose_on": "2026-03-04", "completed": False}, None),
    ],
)
def test_a_form_of_other_numbers_or_days_confirms_nothing(confirmed: dict[str, Any], field: str | None) -> None:
    story = given(*doses("2026-03-02", 3)).when(reported(confirmed, confirms_record=True))
    if field is None:
        story.then(PriorTreatmentReported)
    else:
        story.then_refused(InvalidCommand, field=field)


def test_each_confirmed_course_is_one_on_record_in_their_order() -> None:
    on_record = [*doses("2024-03-04", 5), *doses("2026-03-02", 3)]
    first, later = {"doses_given": 5, "last_dose_on": "2024-03-08"}, {"doses_given": 3, "completed": True}
    for confirmed in ((first, later), (later,), (first,)):
        given(*on_record).when(reported(*confirmed, confirms_record=True)).then(PriorTreatmentReported)
    given(*on_record).when(reported(later, first, confirms_record=True)).then_refused(InvalidCommand, field="courses.1")


def test_a_person_says_which_doses_a_report_is_about_and_the_last_answer_holds() -> None:
    story = given(*doses("2026-03-02", 5), reported({"completed": True}))
    story.when(attributed(1, "our_doses")).then(ReportAttributed, tells_of="our_doses")
    assert report(story).tells_of == "our_doses"
    story.when(attributed(1, "our_doses")).then_refused(InvalidCommand, field="tells_of")
    story.when(attributed(1, "other_doses").by(PHYSICIAN)).then(ReportAttributed)
    assert report(story).tells_of == "other_doses"


def test_a_corrected_list_of_courses_needs_a_new_answer() -> None:
    story = given(*doses("2026-03-02", 3), reported({"doses_given": 3}), attributed(1, "our_doses"))
    story.and_given(report_corrected(1, {"doses_given": 3}, source="trial"))
    assert report(story).tells_of == "our_doses"
    story.and_given(report_corrected(1, {"doses_given": 4}))
    assert report(story).tells_of is None


def test_a_report_is_about_our_doses_only_if_there_are_some_by_its_day() -> None:
    story = given(reported({"doses_given": 3}, reported_on="2026-03-01"), dose("2026-03-02"))
    story.when(attributed(1, "our_doses")).then_refused(InvalidCommand, field="tells_of")
    story.and_given(dose("2026-03-01", "2026-04-28"))
    story.when(attributed(1, "our_doses")).then(ReportAttributed)
    story.and_given(attributed(1, "other_doses"), voided(2))
    story.when(attributed(1, "our_doses")).then_refused(InvalidCommand, field="tells_of")


def test_only_a_report_of_courses_that_counts_is_attributed_and_only_by_the_plan() -> None:
    story = given(dose("2026-03-02"), reported(), reported(COURSE), reported(COURSE), report_voided(3))
    story.when(attributed(1, "other_doses")).then_refused(Conflict, field="report_id")
    story.when(attributed(3, "other_doses")).then_refused(Conflict, field="report_id")
    story.when(attributed(2, "other_doses").by(OFFICE)).then_refused(NotPermitted)
