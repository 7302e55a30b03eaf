"""Treatment that others gave: transferred, continued, documented, told twice, contradicted (R1, R3, R5, R7, R25)."""

from __future__ import annotations

from typing import Any

import pytest

from domain.events.treatment import (
    CourseClosedUnfinished,
    CourseCompleted,
    DoseAdministered,
    PriorTreatmentReported,
)
from tests.story import (
    MEETS_A,
    MEETS_B,
    PATIENT,
    closed,
    dose,
    doses,
    first_course,
    given,
    reported,
    submitted,
    voided,
)


def course(**values: Any) -> dict[str, Any]:
    return values


COMPLETED = course(doses_given=5, first_dose_on="2024-03-04", last_dose_on="2024-03-08", completed=True)
UNFINISHED = course(doses_given=2, first_dose_on="2024-03-04", last_dose_on="2024-03-05", completed=False)
UNKNOWN_HISTORY = ("1.A", "1.B", "1.B.iii.a", "1.B.iii.b", "1.B.iv")
SILENT = MEETS_B | {"received_lemtrada": None}


# -- transferred ------------------------------------------------------------------------------


def test_a_transferred_completed_course_leads_to_b() -> None:
    scenario = given(reported(COMPLETED), submitted(SILENT))
    scenario.then_courses("completed 5").then_recommended("approve", scope="B")


@pytest.mark.parametrize(
    ("as_of", "answer"),
    [("2026-02-28", "not_met"), ("2026-03-01", "undetermined"), ("2026-03-30", "undetermined"), ("2026-03-31", "met")],
)
def test_a_month_is_a_range_of_days(as_of: str, answer: str) -> None:
    scenario = given(reported(course(last_dose_on="2025-03", completed=True)), submitted(SILENT), today="2026-02-20")
    scenario.then_finding("1.B.iv", answer, as_of=as_of)


def test_a_completed_course_without_any_date_leaves_the_twelve_months_open() -> None:
    given(reported(course(completed=True)), submitted(SILENT)).then_recommended("pend", scope="B", needed=("1.B.iv",))


def test_a_course_of_which_completion_is_not_reported_leaves_both_scopes_open() -> None:
    scenario = given(reported(course(last_dose_on="2024-03")), submitted(SILENT))
    scenario.then_courses("unknown 1 to 5").then_recommended("pend", scope=None, needed=("1.A", "1.B"))


def test_five_reported_doses_complete_a_course_and_fewer_do_not_whatever_is_left_unsaid() -> None:
    given(reported(course(doses_given=5, last_dose_on="2024-03"))).then_courses("completed 5")
    given(reported(course(doses_given=4, last_dose_on="2024-03"))).then_courses("open 4")


def test_milligrams_and_courses_are_kept_as_reported() -> None:
    given().when(reported(COMPLETED | {"mg_total": 60.0}, source="trial")).then(PriorTreatmentReported, source="trial")


def test_two_courses_known_to_the_year_are_two_courses() -> None:
    first, second = course(last_dose_on="2022", completed=True), course(last_dose_on="2023", completed=True)
    given(reported(first, second)).then_courses("completed 5", "completed 3")
    # Told by two, what was given in 2023 may also be excess doses within thirty days of a course in December 2022.
    given(reported(first), reported(second, source="trial")).then_courses("completed 5 to 10", "unknown 0 to 3")
    unfinished = course(last_dose_on="2023", completed=False, doses_given=1)
    given(reported(first, unfinished), submitted(SILENT)).then_courses("completed 5", "open 1").then_recommended(
        "approve", scope="B"
    )


def test_a_course_without_dates_stands_behind_the_one_it_is_listed_after() -> None:
    given(reported(COMPLETED, course(doses_given=1, completed=False))).then_courses("completed 5", "open 1")


# -- continued here ---------------------------------------------------------------------------


def test_an_unfinished_reported_course_is_continued_here_and_completed() -> None:
    scenario = given(reported(UNFINISHED), *doses("2026-04-01", 2)).then_courses("open 4")
    scenario.when(dose("2026-04-03")).then(DoseAdministered, CourseCompleted, course=1).then_courses("completed 5")
    scenario.when(dose("2026-04-04")).then(DoseAdministered, course=1)


def test_a_known_count_is_continued_also_where_completion_is_left_unsaid() -> None:
    scenario = given(reported(course(doses_given=3, last_dose_on="2024-03-06")), dose("2026-04-01"))
    scenario.then_courses("open 4").and_given(submitted(SILENT)).then_recommended(
        "refer", "dosing_outside_regimen", scope="A"
    )


def test_five_days_are_too_many_for_an_unfinished_course_of_unknown_size() -> None:
    scenario = given(
        reported(course(last_dose_on="2024-03", completed=False)), submitted(MEETS_A | {"received_lemtrada": None})
    )
    scenario.then_courses("open 1 to 4").then_recommended("refer", "dosing_outside_regimen", scope="A")


def test_four_doses_of_our_own_complete_a_course_of_which_nobody_counted_the_beginning() -> None:
    scenario = given(reported(course(last_dose_on="2024-03", completed=False)), *doses("2026-04-01", 3))
    scenario.then_courses("unknown 4 to 7").when(dose("2026-04-04")).then(DoseAdministered, CourseCompleted)
    completed = scenario.last[1]
    assert isinstance(completed, CourseCompleted)
    assert (completed.doses_given, completed.completed_on.isoformat()) == (5, "2026-04-04")


def test_a_reported_later_course_is_continued_until_its_anniversary() -> None:
    second = course(doses_given=1, last_dose_on="2025-05-06", completed=False)
    given(reported(COMPLETED, second), today="2026-05-06").when(dose("2026-05-05")).then(DoseAdministered, course=2)
    given(reported(COMPLETED, second), today="2026-05-06").when(dose("2026-05-06")).then(DoseAdministered, course=3)


def test_two_unfinished_courses_of_one_report_may_be_one_first_course_or_two_courses() -> None:
    """One report lists different courses, and says of the first that it was not completed (R7, R27)."""
    once, again = (
        course(last_dose_on="2020-03", completed=False, doses_given=2),
        course(last_dose_on="2023-04", completed=False, doses_given=1),
    )
    scenario = given(reported(once, again), submitted(MEETS_A | {"received_lemtrada": None}))
    scenario.then_courses("open 2 to 3", "unknown 0 to 1").then_recommended(
        "pend", scope=None, needed=("1.A", "1.B", "1.B.iii.a", "1.B.iii.b")
    )


def test_unfinished_here_and_unfinished_elsewhere_are_one_first_course() -> None:
    scenario = given(*doses("2022-03-07", 2), reported(course(last_dose_on="2024-03", completed=False, doses_given=2)))
    scenario.then_courses("open 3 to 4")


def test_after_a_course_of_unknown_end_a_dose_may_be_a_course_of_its_own_and_the_scope_stays_open() -> None:
    """If the reported course was never finished, the dose continues it: path A; if it was, path B."""
    scenario = given(reported(course(last_dose_on="2022-03")), dose("2025-03-05"), submitted(SILENT))
    scenario.then_courses("unknown 2 to 5", "unknown 0 to 1").then_recommended(
        "pend", scope=None, needed=("1.A", "1.B")
    )


def test_a_later_course_of_unknown_end_counts_once_its_own_twelve_months_are_over() -> None:
    second = course(last_dose_on="2025-05-06")
    scenario = given(reported(COMPLETED, second), submitted(SILENT), today="2026-04-01")
    scenario.then_courses("completed 5", "unknown 1 to 3")
    scenario.then_recommended("pend", scope="B", needed=("1.B.iv",), as_of="2026-05-05")
    scenario.then_recommended("approve", scope="B", as_of="2026-05-06")


def test_within_thirty_days_of_a_reported_completion_a_dose_is_an_excess_dose_of_that_course() -> None:
    scenario = given(reported(COMPLETED), dose("2024-04-07"))
    scenario.then_courses("completed 6").then_variances(1, "no_approval_in_force", "over_the_course")
    given(reported(COMPLETED), dose("2024-04-08")).then_courses("completed 5", "open 1")


def test_excess_doses_of_a_reported_course_do_not_extend_its_thirty_days() -> None:
    given(reported(COMPLETED), dose("2024-04-05")).when(dose("2024-04-08")).then(DoseAdministered, course=2)


# -- documented -------------------------------------------------------------------------------


def test_doses_inside_a_reported_course_document_it_and_add_none() -> None:
    scenario = given(reported(COMPLETED)).when(dose("2024-03-06", "2024-06-01", source="claim"))
    scenario.then(DoseAdministered, course=None, documents_report=f"{PATIENT}.t1", variances=())
    scenario.then_courses("completed 5")


def test_doses_of_ours_beyond_those_that_were_reported_may_be_others() -> None:
    told = course(doses_given=2, first_dose_on="2024-03", last_dose_on="2024-03", completed=False)
    given(reported(told), *doses("2024-03-04", 4, recorded_on="2026-05-01")).then_courses("unknown 4 to 6")


def test_claims_of_a_course_of_which_only_the_first_day_is_reported_document_it() -> None:
    told = course(doses_given=5, first_dose_on="2024-03-04", completed=True)
    given(reported(told), *doses("2024-03-05", 4, recorded_on="2026-05-01")).then_courses("completed 5 to 9")


def test_a_dose_given_after_the_report_continues_the_course_though_the_month_is_the_same() -> None:
    told = course(doses_given=2, last_dose_on="2026-04", completed=False)
    scenario = given(reported(told), today="2026-04-14").on("2026-04-16").when(dose("2026-04-16"))
    scenario.then(DoseAdministered, course=1, documents_report=None).then_courses("open 3")
    scenario.when(dose("2026-04-02", "2026-04-17")).then(DoseAdministered, course=None)


def test_a_documenting_dose_voided_leaves_the_report_as_it_was() -> None:
    given(reported(COMPLETED), dose("2024-03-06", "2024-06-01"), voided(1)).then_courses("completed 5")


# -- surfacing later --------------------------------------------------------------------------


def test_a_report_that_surfaces_later_documents_itself_with_the_doses_recorded_here() -> None:
    given(*first_course("2024-03-04"), reported(COMPLETED)).then_courses("completed 5")


def test_a_completed_course_that_surfaces_makes_a_later_one_of_ours_and_completes_it() -> None:
    scenario = given(*doses("2025-03-10", 3)).then_courses("open 3").when(reported(COMPLETED))
    scenario.then(PriorTreatmentReported, CourseCompleted).then_courses("completed 5", "completed 3")


def test_a_second_report_takes_nothing_from_a_completed_course() -> None:
    second = course(doses_given=1, last_dose_on="2024-03-08", completed=False)
    scenario = given(*doses("2025-03-10", 3), reported(COMPLETED)).when(reported(second))
    scenario.then(PriorTreatmentReported).then_courses("completed 5", "completed 3")


def test_an_unfinished_course_that_surfaces_was_the_beginning_of_our_first_course() -> None:
    scenario = given(*first_course("2025-03-10"), reported(UNFINISHED)).then_courses("completed 7")
    scenario.then_variances(3, "no_approval_in_force").then_variances(4, "no_approval_in_force", "over_the_course")


@pytest.mark.parametrize(("first", "more"), [(2, 2), (3, 2)], ids=["two told again", "three told again"])
def test_two_reports_of_one_course_and_doses_of_ours_add_up_to_a_completed_one(first: int, more: int) -> None:
    """Four days of March 2024 are known, with two more of ours: five doses by every life that fits (R27)."""
    told = course(last_dose_on="2024-03-08")
    corrected = course(first_dose_on="2024-03-04", last_dose_on="2024-03-06", completed=False, doses_given=first)
    scenario = given(*doses("2024-03-04", 2), reported(told), *doses("2026-04-01", more), reported(corrected))
    scenario.and_given(submitted(SILENT))
    assert scenario.judged().assessment.scope == "B"


# -- told twice -------------------------------------------------------------------------------


def test_two_reports_of_the_same_days_are_one_course() -> None:
    given(reported(COMPLETED), reported(COMPLETED, source="trial")).then_courses("completed 5")


def test_a_second_report_without_exact_days_may_tell_of_another_course() -> None:
    second = reported(course(last_dose_on="2024", completed=True))
    given(reported(COMPLETED), second).then_courses("completed 5 to 10", "unknown 0 to 5")


def test_a_vaguer_later_report_takes_nothing_back() -> None:
    scenario = given(reported(COMPLETED), reported(course(last_dose_on="2024-03"), source="attested"))
    scenario.then_courses("completed 5 to 10")
    assert str(scenario.courses()[0].last) == "2024-03-08 to 2024-03-31"


def test_a_later_report_of_fewer_doses_tells_of_a_part_of_the_course() -> None:
    scenario = given(reported(COMPLETED), reported(course(doses_given=4, last_dose_on="2024-03-07", completed=False)))
    scenario.then_courses("completed 5 to 8")
    assert str(scenario.courses()[0].last_dose_on) == "2024-03-08"


def test_a_later_count_of_a_completed_course_leaves_it_completed() -> None:
    """The days of its other doses are not told, so there may be more than the completed course has."""
    for count, most in ((4, 8), (5, 9)):
        scenario = given(reported(COMPLETED), reported(course(doses_given=count, last_dose_on="2024-03-08")))
        scenario.then_courses(f"completed 5 to {most}")


def test_a_dose_that_documented_a_report_is_not_lost_when_a_later_report_moves_the_days() -> None:
    told, corrected = course(last_dose_on="2025", completed=True), course(last_dose_on="2025-03", completed=True)
    scenario = given(reported(told), dose("2025-09-22", "2026-04-28"), reported(corrected), submitted(SILENT))
    scenario.then_courses("completed 5 to 11", "unknown 0 to 4", "unknown 0 to 1")
    scenario.then_finding("1.B.iv", "undetermined")
    assert [dose.dose_id for one in scenario.courses() for dose in one.doses] == [f"{PATIENT}.d1"]


def test_an_account_without_dates_may_be_the_dated_one_of_another_report_or_a_later_course() -> None:
    undated = course(completed=True)
    for first, second in ((undated, COMPLETED), (COMPLETED, undated)):
        scenario = given(reported(first), reported(second, source="trial"), submitted(SILENT))
        scenario.then_courses("completed 5 to 10", "unknown 0 to 5")
        scenario.then_recommended("pend", scope="B", needed=("1.B.iv",))


def test_an_unfinished_account_without_dates_may_be_of_the_completed_course_or_of_a_later_one() -> None:
    unfinished = course(doses_given=1, completed=False)
    scenario = given(reported(COMPLETED), reported(unfinished, source="trial"))
    scenario.then_courses("completed 5 to 6", "unknown 0 to 1")


def test_a_course_without_dates_ended_by_the_day_on_which_it_was_reported() -> None:
    """R3: the latest dose of any prior course, and one without a date may be it."""
    undated = reported(course(completed=True)).recorded_on("2022-01-10")
    scenario = given(*first_course("2020-03-02"), undated, submitted(MEETS_B))
    scenario.then_recommended("pend", scope="B", needed=("1.B.iv",), as_of="2022-12-31")
    scenario.then_recommended("approve", scope="B", as_of="2023-01-10")


# -- never received, and contradictions -------------------------------------------------------


def test_never_received_is_path_a() -> None:
    silent = MEETS_A | {"received_lemtrada": None}
    given(submitted(silent)).then_recommended("pend", scope=None, needed=UNKNOWN_HISTORY)
    scenario = given(reported(), submitted(silent)).then_recommended("approve", scope="A")
    assert scenario.facts().prior_treatment.received_lemtrada is False


def test_the_record_beats_a_report_of_never_and_a_statement_of_never() -> None:
    scenario = given(reported(), *first_course("2024-03-04"), submitted(MEETS_A | {"response": {"symptom": True}}))
    scenario.then_recommended("refer", "dosing_outside_regimen", scope="B")
    assert any("the record shows treatment" in note for note in scenario.judged().assessment.advisories)


def test_a_statement_of_treatment_against_a_report_of_never_leaves_it_open_and_says_so() -> None:
    scenario = given(reported(), submitted(MEETS_B)).then_recommended(
        "pend", scope=None, needed=("1.A", "1.B", "1.B.iv")
    )
    assert any("states that it was never received" in note for note in scenario.judged().assessment.advisories)


def test_a_statement_that_says_never_and_lists_lemtrada_says_nothing() -> None:
    agents = [*MEETS_A["agents"], {"product": "Lemtrada", "outcome": "adequate"}]
    scenario = given(submitted(MEETS_A | {"agents": agents})).then_recommended(
        "pend", scope=None, needed=UNKNOWN_HISTORY
    )
    assert scenario.facts().prior_treatment.received_lemtrada is None


# -- closing a reported course (R26) ----------------------------------------------------------


def test_a_reported_course_is_closed_and_stays_closed() -> None:
    scenario = given(reported(UNFINISHED)).when(closed(1))
    scenario.then(CourseClosedUnfinished, course=1, doses_given=2, reported_course=f"{PATIENT}.t1.c1")
    scenario.then_courses("closed 2").and_given(submitted(SILENT))
    scenario.then_recommended("refer", "course_closed_unfinished", scope="B")
    scenario.and_given(reported(UNFINISHED, source="attested")).then_courses("closed 2")
    scenario.and_given(dose("2026-04-28").recorded_on("2026-04-29")).when(dose("2026-04-29"))
    scenario.then(DoseAdministered, course=2).then_courses("closed 3", "open 1")


def test_closing_the_reported_one_leaves_our_own_of_the_same_name_open() -> None:
    """Our course was named 1 before the earlier one surfaced."""
    second = course(doses_given=1, last_dose_on="2022-05-09", completed=False)
    first = course(doses_given=5, last_dose_on="2020-05", completed=True)
    scenario = given(*doses("2026-04-01", 1), reported(first, second)).then_courses("completed 5", "open 1", "open 1")
    scenario.when(closed(2)).then(CourseClosedUnfinished).then_courses("completed 5", "closed 1", "open 1")


def test_a_third_course_in_progress_is_judged_on_the_second_one() -> None:
    """R8, on the course before it: the first one was long ago, and the second one was not."""
    second = course(doses_given=3, first_dose_on="2025-09-08", last_dose_on="2025-09-10", completed=True)
    scenario = given(reported(COMPLETED, second).recorded_on("2025-10-01"), dose("2026-02-02"), submitted(SILENT))
    scenario.then_courses("completed 5", "completed 3", "open 1")
    scenario.then_finding("1.B.iv", "not_met", as_of="2026-09-09").then_finding("1.B.iv", "met", as_of="2026-09-10")


def test_a_dose_that_was_voided_before_the_report_keeps_no_place_for_the_reported_ones() -> None:
    """The first course is complete on November 10, so what is told of November 20 and 21 is in excess of it (R24)."""
    ours = (*doses("2024-01-04", 3), voided(2), dose("2024-11-25"), dose("2025-01-13"), dose("2025-11-10"))
    told = course(first_dose_on="2025-11-20", last_dose_on="2025-11-21", doses_given=2, completed=False)
    given(*ours, reported(told)).then_courses("completed 7")
