"""Which course a dose belongs to, when a course is complete, and what a void or a closing does (R6 to R8, R24, R26)."""

from __future__ import annotations

import pytest

from domain.errors import Conflict, NotFound, NotPermitted
from domain.events.treatment import (
    CourseClosedUnfinished,
    CourseCompleted,
    CourseReopened,
    DoseAdministered,
    DoseVoided,
)
from tests.story import (
    MEETS_A,
    MEETS_B,
    NURSE,
    PHARMACIST,
    Scenario,
    closed,
    dose,
    doses,
    first_course,
    given,
    submitted,
    voided,
)


def asking(days: int, base: dict[str, object] = MEETS_B) -> dict[str, object]:
    dosing = {"mg_per_day": 12, "consecutive_days": days, "route": "intravenous"}
    return base | {"requested_dosing": dosing}


# -- completion (R6) --------------------------------------------------------------------------


def test_the_fifth_dose_completes_a_first_course_in_the_same_commit() -> None:
    given(*first_course("2024-03-04", 4)).when(dose("2024-03-08")).then(DoseAdministered, CourseCompleted)


def test_the_fourth_does_not() -> None:
    given(*first_course("2024-03-04", 3)).when(dose("2024-03-07")).then(DoseAdministered)


def test_the_third_dose_completes_a_later_course() -> None:
    scenario = given(*first_course("2024-03-04"), *doses("2025-03-10", 2)).when(dose("2025-03-12"))
    scenario.then(DoseAdministered, CourseCompleted).then_courses("completed 5", "completed 3")
    completed = scenario.last[1]
    assert isinstance(completed, CourseCompleted)
    assert (completed.course, completed.doses_given, completed.completed_on.isoformat()) == (2, 3, "2025-03-12")


def test_a_partial_infusion_is_a_dose_day() -> None:
    given(*first_course("2024-03-04", 4)).when(dose("2024-03-08", mg=4)).then(DoseAdministered, CourseCompleted)


def test_time_alone_completes_nothing() -> None:
    given(*first_course("2024-03-04", 4)).then_courses("open 4", as_of="2034-03-04")


def test_doses_recorded_out_of_order_complete_the_course_on_its_last_day() -> None:
    days = ("2024-03-08", "2024-03-05", "2024-03-07", "2024-03-06")
    scenario = given(*(dose(day, recorded_on="2024-04-01") for day in days)).on("2024-04-02")
    scenario.when(dose("2024-03-04", recorded_on="2024-04-02")).then(DoseAdministered, CourseCompleted)
    assert str(scenario.courses()[0].completed_on) == "2024-03-08"


def test_on_an_earlier_day_a_course_had_only_the_doses_given_by_then() -> None:
    scenario = given(*first_course("2024-03-04"))
    scenario.then_courses(as_of="2024-03-03").then_courses("open 1", as_of="2024-03-04")
    scenario.then_courses("open 4", as_of="2024-03-07").then_courses("completed 5", as_of="2024-03-08")


# -- interrupted courses (R7, R8) -------------------------------------------------------------


@pytest.mark.parametrize("resumed", ["2024-03-07", "2025-03-05", "2029-03-05"])
def test_an_interrupted_first_course_is_continued_however_long_ago(resumed: str) -> None:
    given(*first_course("2024-03-04", 2)).when(dose(resumed)).then(DoseAdministered, course=1).then_courses("open 3")


def test_an_interrupted_first_course_is_path_a_and_met_by_the_days_it_has_left() -> None:
    scenario = given(*first_course("2023-03-06", 2), submitted(asking(3, MEETS_A)))
    scenario.then_recommended("approve", scope="A")
    scenario.and_given(submitted(asking(4, MEETS_A))).then_recommended("refer", "dosing_outside_regimen", scope="A")


@pytest.mark.parametrize(
    ("day", "course"),
    [("2026-03-09", 2), ("2026-03-10", 3), ("2026-03-11", 3)],
    ids=["day before", "anniversary", "after"],
)
def test_an_interrupted_later_course_is_the_current_one_until_its_anniversary(day: str, course: int) -> None:
    """First course 2024, one dose of the second on 2025-03-10."""
    interrupted = given(*first_course("2024-03-04"), dose("2025-03-10"), today="2026-03-12")
    interrupted.when(dose(day)).then(DoseAdministered, course=course)


def test_until_its_anniversary_twelve_months_count_from_the_course_before_and_a_clinician_decides() -> None:
    scenario = given(*first_course("2024-03-04"), dose("2025-03-10"), submitted(asking(2)), today="2026-03-09")
    scenario.then_recommended("refer", "later_course_interrupted", scope="B").then_finding("1.B.iv", "met")
    scenario.then_finding("Dosing.B", "met")
    scenario.and_given(submitted(asking(3))).then_finding("Dosing.B", "not_met")


def test_from_its_anniversary_it_is_a_prior_course_and_b_applies_as_usual() -> None:
    scenario = given(*first_course("2024-03-04"), dose("2025-03-10"), submitted(asking(3)), today="2026-03-10")
    scenario.then_recommended("approve", scope="B").then_finding("1.B.iv", "met")


def test_an_interrupted_later_course_does_not_burden_the_courses_after_the_next() -> None:
    later = (*doses("2021-06-01", 2), *doses("2022-07-04", 3))
    scenario = given(*first_course("2020-03-02"), *later, submitted(MEETS_B))
    scenario.then_courses("completed 5", "open 2", "completed 3").then_recommended("approve", scope="B")


# -- excess doses and the next course (R24) ---------------------------------------------------


@pytest.mark.parametrize(("day", "course"), [("2024-04-07", 1), ("2024-04-08", 2)], ids=["day 30", "day 31"])
def test_within_thirty_days_after_completion_a_dose_is_an_excess_dose(day: str, course: int) -> None:
    """The fifth dose was on 2024-03-08."""
    given(*first_course("2024-03-04")).when(dose(day)).then(DoseAdministered, course=course)


def test_excess_doses_do_not_extend_the_thirty_days() -> None:
    given(*first_course("2024-03-04"), dose("2024-04-05")).when(dose("2024-04-08")).then(DoseAdministered, course=2)


def test_a_late_recorded_dose_belongs_where_it_would_have_belonged() -> None:
    scenario = given(*first_course("2024-03-04"), *doses("2025-03-10", 2), today="2025-06-01")
    scenario.when(dose("2024-03-20", "2025-06-01")).then(DoseAdministered, course=1)
    scenario.when(dose("2025-03-09", "2025-06-01")).then(DoseAdministered, CourseCompleted, course=2)
    scenario.then_courses("completed 6", "completed 3")


def test_a_dose_found_between_two_courses_began_the_later_one() -> None:
    """Recorded in time, it would have opened the second course, and the doses within twelve months gone on with it."""
    scenario = given(*first_course("2024-03-04"), *doses("2025-03-10", 3), today="2025-06-01")
    scenario.when(dose("2024-06-01", "2025-06-01")).then(DoseAdministered, course=2)


@pytest.mark.parametrize(("day", "course"), [("2024-03-10", 3), ("2024-03-11", 2)], ids=["a year before", "less"])
def test_a_dose_found_a_year_before_a_later_course_did_not_begin_it(day: str, course: int) -> None:
    scenario = given(*first_course("2022-03-07"), *doses("2025-03-10", 3), today="2025-06-01")
    scenario.when(dose(day, "2025-06-01")).then(DoseAdministered, course=course)


def test_a_dose_found_long_before_a_later_course_is_a_course_of_its_own() -> None:
    scenario = given(*first_course("2022-03-07"), *doses("2025-03-10", 3), today="2025-06-01")
    scenario.when(dose("2023-09-01", "2025-06-01")).then(DoseAdministered, course=3)
    scenario.then_courses("completed 5", "open 1", "completed 3")


def test_a_dose_found_before_the_first_course_began_it() -> None:
    scenario = given(*first_course("2024-03-04"), today="2025-06-01")
    scenario.when(dose("2023-01-10", "2025-06-01")).then(DoseAdministered, course=1).then_courses("completed 6")
    assert str(scenario.courses()[0].completed_on) == "2024-03-07"


# -- voids (R6, R23, R24) ---------------------------------------------------------------------


def test_voiding_a_dose_of_the_latest_course_reopens_it() -> None:
    scenario = given(*first_course("2024-03-04")).when(voided(3)).then(DoseVoided, CourseReopened)
    scenario.then_courses("open 4").and_given(submitted(asking(1, MEETS_A))).then_recommended("approve", scope="A")


def test_a_reopened_course_takes_its_missing_dose_and_is_complete_again() -> None:
    scenario = given(*first_course("2024-03-04"), voided(5)).when(dose("2024-03-09"))
    scenario.then(DoseAdministered, CourseCompleted).then_courses("completed 5")


def test_voiding_an_excess_dose_leaves_the_course_complete() -> None:
    given(*first_course("2024-03-04"), dose("2024-03-20")).when(voided(6)).then(DoseVoided).then_courses("completed 5")


def short_first_course() -> Scenario:
    """The second dose of a first course turned out wrong after a second course had been given."""
    return given(*first_course("2023-03-06"), *doses("2024-03-11", 3)).when(voided(2)).then(DoseVoided)


def test_voiding_a_dose_of_an_earlier_course_makes_it_short() -> None:
    short_first_course().then_courses("short 4", "completed 3")


def test_a_short_course_absorbs_no_later_dose() -> None:
    short_first_course().when(dose("2025-06-02")).then(DoseAdministered, course=3)
    short_first_course().when(dose("2024-03-20", "2025-06-02")).then(DoseAdministered, course=2)


def test_a_dose_between_a_short_course_and_the_next_one_is_its_missing_dose_by_the_days() -> None:
    scenario = short_first_course().when(dose("2023-03-20", "2025-06-02")).then(DoseAdministered, course=1)
    scenario.then_courses("completed 5", "completed 3")


def test_a_short_course_includes_again_a_dose_of_its_own_days() -> None:
    scenario = short_first_course().when(dose("2023-03-07", "2025-06-02")).then(DoseAdministered, course=1)
    scenario.then_courses("completed 5", "completed 3")


def test_also_of_its_last_day() -> None:
    scenario = given(*first_course("2023-03-06"), *doses("2024-03-11", 3), voided(5)).then_courses(
        "short 4", "completed 3"
    )
    scenario.when(dose("2023-03-10", "2025-06-02")).then(DoseAdministered, course=1)


def test_a_short_course_is_no_unfinished_one() -> None:
    scenario = given(*first_course("2023-03-06"), dose("2025-09-01"), voided(2), submitted(asking(2)))
    scenario.then_courses("short 4", "open 1")
    scenario.then_recommended("refer", "later_course_interrupted", "course_short", scope="B")


@pytest.mark.parametrize(
    ("hiv_infection", "otherwise"), [(False, "approve"), (None, "pend"), (True, "not_recommended")]
)
def test_every_recommendation_is_for_a_clinician_until_a_course_after_a_short_one_is_complete(
    hiv_infection: bool | None, otherwise: str
) -> None:
    statement = asking(3, MEETS_B | {"hiv_infection": hiv_infection})
    scenario = given(*first_course("2023-03-06"), *doses("2025-04-21", 2), voided(2), submitted(statement))
    scenario.then_courses("short 4", "open 2")
    said = scenario.judged().assessment
    assert (said.recommendation, "course_short" in [one.code for one in said.reasons]) == ("refer", True)
    scenario.and_given(dose("2025-04-23")).then_courses("short 4", "completed 3")
    said = scenario.judged().assessment
    assert (said.recommendation, said.reasons) == (otherwise, ())


def test_a_course_whose_doses_were_all_voided_stays_visible_before_a_later_one() -> None:
    scenario = given(*first_course("2023-03-06"), *doses("2024-03-11", 3), *(voided(number) for number in range(1, 6)))
    scenario.then_courses("short 0", "completed 3")
    scenario.and_given(submitted(MEETS_B)).then_recommended("approve", scope="B")


def test_when_the_later_course_falls_away_the_short_one_is_the_latest_and_open() -> None:
    scenario = short_first_course().and_given(voided(6), voided(7)).when(voided(8))
    scenario.then(DoseVoided, CourseReopened).then_courses("open 4")


@pytest.mark.parametrize("order", [range(1, 9), range(8, 0, -1), (4, 8, 1, 6, 3, 7, 5, 2)])
def test_when_everything_is_voided_nothing_was_given(order: range) -> None:
    scenario = given(*first_course("2023-03-06"), *doses("2024-03-11", 3), *map(voided, order))
    scenario.then_courses().and_given(submitted(MEETS_A)).then_recommended("approve", scope="A")


def test_a_voided_reopened_course_gives_its_name_to_the_next_try() -> None:
    given(dose("2024-03-04"), voided(1)).when(dose("2024-05-06")).then(DoseAdministered, course=1)


# -- closing (R26) ----------------------------------------------------------------------------


def test_a_clinician_closes_a_first_course_and_it_leads_to_b_and_to_a_clinician() -> None:
    scenario = given(*first_course("2024-03-04", 2)).when(closed(1))
    scenario.then(CourseClosedUnfinished, course=1, doses_given=2, reported_course=None).then_courses("closed 2")
    scenario.and_given(submitted(MEETS_B)).then_recommended("refer", "course_closed_unfinished", scope="B")


def test_after_a_later_course_is_complete_a_closed_one_is_no_departure_any_more() -> None:
    scenario = given(*first_course("2023-03-06", 2), today="2023-06-01").and_given(closed(1)).on("2026-04-28")
    scenario.and_given(*doses("2024-12-02", 2), submitted(asking(3)))
    scenario.then_courses("closed 2", "open 2")
    scenario.then_recommended("refer", "course_closed_unfinished", scope="B")
    scenario.and_given(dose("2024-12-04")).then_courses("closed 2", "completed 3")
    scenario.then_recommended("approve", scope="B")


def test_a_closed_course_is_prior_and_its_last_dose_counts() -> None:
    scenario = given(*first_course("2025-09-01", 2), closed(1), submitted(MEETS_B))
    scenario.then_recommended("not_recommended").then_finding("1.B.iv", "not_met")


def test_doses_after_the_closing_open_the_next_course_and_late_reports_of_doses_before_it_do_not() -> None:
    scenario = given(*first_course("2024-03-04", 2), closed(1).recorded_on("2024-05-01"))
    scenario.when(dose("2024-03-06", "2024-06-01")).then(DoseAdministered, course=1).then_courses("closed 3")
    scenario.when(dose("2024-05-02", "2024-06-01")).then(DoseAdministered, course=2).then_courses("closed 3", "open 1")


def test_a_closed_course_that_turns_out_whole_is_complete() -> None:
    scenario = given(*first_course("2024-03-04", 4), closed(1)).when(dose("2024-03-08", "2026-04-28"))
    scenario.then(DoseAdministered, CourseCompleted).then_courses("completed 5")


def test_before_its_closing_a_course_was_open() -> None:
    scenario = given(*first_course("2024-03-04", 2), closed(1).recorded_on("2024-05-01"))
    scenario.then_courses("open 2", as_of="2024-04-30").then_courses("closed 2", as_of="2024-05-01")


def test_a_closed_course_whose_doses_were_all_voided_was_no_course() -> None:
    scenario = given(*first_course("2024-03-04", 2), closed(1), voided(1), voided(2))
    scenario.then_courses().when(dose("2026-04-27")).then(DoseAdministered, course=2).then_courses("open 1")


def test_only_an_open_course_is_closed_and_only_by_a_clinician() -> None:
    given(*first_course("2024-03-04")).when(closed(1)).then_refused(Conflict, field="course")
    given(dose("2024-03-04")).when(closed(2)).then_refused(NotFound, field="course")
    given(dose("2024-03-04")).when(closed(1).by(NURSE)).then_refused(NotPermitted, field="actor.role")
    given(dose("2024-03-04")).when(closed(1).by(PHARMACIST)).then(CourseClosedUnfinished)
