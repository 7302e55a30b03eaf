"""Which courses has the patient had, dose by dose, and how did each depart from what was approved?"""

from __future__ import annotations

from datetime import date

from projections.courses import CourseView, course_list
from tests.story import Scenario, approved, closed, dose, doses, given, reported, submitted, voided


def listed(scenario: Scenario, on: str = "2026-04-28") -> tuple[CourseView, ...]:
    return course_list(scenario.known, date.fromisoformat(on)).courses


def test_a_course_with_its_doses_and_the_variances_then_and_now() -> None:
    story = given(submitted(), approved(), today="2026-03-02")
    story.and_given(dose("2026-03-04"), dose("2026-03-06"), dose("2026-03-05", recorded_on="2026-03-20"))
    (course,) = listed(story)
    assert (course.number, course.status, course.doses_given, course.doses_left) == (1, "open", 3, 2)
    assert [str(one.on) for one in course.doses] == ["2026-03-04", "2026-03-05", "2026-03-06"]
    assert course.doses[2].variances_then == ("not_consecutive",)
    assert course.doses[2].variances == ()


def test_reported_and_recorded_courses_stand_in_one_row() -> None:
    story = given(reported({"completed": True, "doses_given": 5, "mg_total": 60, "last_dose_on": "2024-05"}))
    story.and_given(*doses("2026-04-01", 3))
    first, second = listed(story)
    assert (first.origin, first.status, str(first.last_dose_on)) == ("reported", "completed", "2024-05")
    assert first.reported_mg_total == 60
    assert (second.number, second.origin, second.status, second.regimen_doses) == (2, "recorded", "completed", 3)
    assert str(second.completed_on) == "2026-04-03"


def test_doses_inside_a_reported_course_document_it() -> None:
    story = given(reported({"completed": True, "last_dose_on": "2026-03"})).and_given(dose("2026-03-05"))
    (course,) = listed(story)
    assert course.origin == "reported and recorded"
    assert course.doses[0].documents_report is not None
    assert not course.doses[0].counts


def test_entries_that_belong_to_no_course_are_still_shown() -> None:
    story = given(dose("2026-03-04"), dose("2026-03-04", source="claim", source_reference="C-1"), dose("2026-03-05"))
    story.and_given(voided(3))
    view = course_list(story.known, date(2026, 4, 28))
    assert [one.dose_id[-2:] for one in view.other_entries] == ["d2", "d3"]
    assert view.other_entries[0].duplicate == "possible"
    assert view.other_entries[1].voided


def test_a_closed_course_and_a_short_one() -> None:
    story = given(*doses("2025-08-04", 2)).and_given(closed(1))
    assert [(one.status, str(one.closed_on)) for one in listed(story)] == [("closed", "2026-04-28")]
    short = given(*doses("2024-03-04", 5), *doses("2025-09-01", 3)).and_given(voided(2))
    assert [one.status for one in listed(short)] == ["short", "completed"]


def test_a_later_course_is_no_longer_open_twelve_months_after_its_last_dose() -> None:
    story = given(*doses("2024-03-04", 5), *doses("2025-04-01", 2))
    for day, status in (("2025-04-02", "open"), ("2026-04-01", "open"), ("2026-04-02", "not_completed")):
        assert [one.status for one in listed(story, day)] == ["completed", status]
    unfinished = {"doses_given": 1, "last_dose_on": "2025-04", "completed": False}
    vague = given(*doses("2024-03-04", 5), reported(unfinished, reported_on="2025-04-30"))
    for day, status in (("2026-03-31", "open"), ("2026-04-15", "unknown"), ("2026-04-30", "not_completed")):
        assert listed(vague, day)[-1].status == status


def test_a_first_course_that_a_later_one_only_implies_is_neither_recorded_nor_reported() -> None:
    later = {"doses_given": 3, "first_dose_on": "2025-06-08", "last_dose_on": "2025-06-10", "completed": True}
    first, second = listed(given(reported(later)))
    assert (first.status, first.origin, first.doses) == ("completed", "implied", ())
    assert (second.status, second.origin) == ("completed", "reported")


def test_only_what_had_happened_by_the_day() -> None:
    story = given(*doses("2026-03-04", 5))
    (course,) = listed(story, "2026-03-06")
    assert (course.status, course.doses_given, len(course.doses)) == ("open", 3, 3)
    assert listed(story, "2026-03-03") == ()
