"""What follows from reports that are partial, late or repeated: ranges, and no more than is certain (R3 to R7, R27)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.calendar import DateRange
from domain.treatment.possible_treatment import possible_treatments
from projections.eligibility import Eligibility, eligibility
from tests.story import MEETS_B, Scenario, dose, doses, given, reported, submitted


def asked_for(days: int, received_on: str) -> Any:
    """A request that meets everything else, of somebody who had Lemtrada, for so many days."""
    dosing = {"mg_per_day": 12, "consecutive_days": days, "route": "intravenous"}
    return submitted(MEETS_B | {"requested_dosing": dosing}, received_on).recorded_on(received_on)


def told(on: str, *courses: dict[str, Any], source: str = "other_plan") -> Any:
    return reported(*courses, source=source).recorded_on(on)


def answered(scenario: Scenario, on: str, **expected: Any) -> Eligibility:
    answer = eligibility(scenario.known, date.fromisoformat(on))
    found = {name: getattr(answer, name) for name in expected}
    said = {name: str(value) if isinstance(value, date) else value for name, value in found.items()}
    assert said == expected
    return answer


def recommended(scenario: Scenario, on: str) -> str:
    answer = eligibility(scenario.known, date.fromisoformat(on)).approvable
    assert answer is not None
    return answer.recommendation


# -- doses elsewhere beside our own -----------------------------------------------------------


def test_at_least_one_dose_elsewhere_and_four_of_ours_complete_the_first_course() -> None:
    scenario = given(told("2025-03-03", {"last_dose_on": "2025-03-03", "completed": False}), *doses("2025-03-04", 4))
    scenario.and_given(asked_for(3, "2026-03-03"))
    answered(scenario, "2026-03-03", path="B", course_number=2, interval_satisfied=False, next_course_from="2026-03-07")
    assert recommended(scenario, "2026-03-03") == "not_recommended"


def test_a_second_day_elsewhere_that_may_be_one_of_ours_leaves_four_or_five() -> None:
    elsewhere = {"doses_given": 2, "first_dose_on": "2026-01-05", "completed": False}
    scenario = given(*doses("2026-01-07", 3), told("2026-01-20", elsewhere), asked_for(2, "2026-03-03"))
    answer = answered(scenario, "2026-03-03", path=None, course_number=None, doses_given=None, next_course_from=None)
    assert (getattr(answer, "doses_given_at_least"), getattr(answer, "doses_given_at_most")) == (4, 5)  # noqa: B009
    assert recommended(scenario, "2026-03-03") == "pend"


def test_three_of_ours_and_three_attested_without_dates_are_three_to_six() -> None:
    attested = told("2026-02-01", {"doses_given": 3}, source="attested")
    scenario = given(*doses("2026-01-05", 3), attested, asked_for(2, "2026-03-03"))
    answer = answered(
        scenario, "2026-03-03", path=None, course_number=None, doses_given=None, doses_left_in_course=None
    )
    assert (getattr(answer, "doses_given_at_least"), getattr(answer, "doses_given_at_most")) == (3, 6)  # noqa: B009
    assert (answer.doses_left_at_least, answer.doses_left_at_most) == (0, 2)
    assert recommended(scenario, "2026-03-03") == "pend"


def test_a_first_dose_told_on_its_day_begins_the_course_that_our_doses_continue() -> None:
    scenario = given(told("2025-11-15", {"first_dose_on": "2025-11-15"}), *doses("2025-11-16", 3))
    answered(
        scenario, "2025-11-18", path="A", course_is="first", course_number=1, doses_given=4, doses_left_in_course=1
    )
    scenario.and_given(asked_for(1, "2025-11-20"))
    assert recommended(scenario, "2025-11-20") == "approve"


def test_a_report_of_some_of_the_days_of_another_adds_nothing() -> None:
    """One dose a day: what the other source tells of are the second and the third of the same doses."""
    three = {"doses_given": 3, "first_dose_on": "2026-01-05", "last_dose_on": "2026-01-07", "completed": False}
    two = {"doses_given": 2, "first_dose_on": "2026-01-06", "last_dose_on": "2026-01-07", "completed": False}
    scenario = given(told("2026-01-20", three), told("2026-01-21", two, source="attested"), asked_for(2, "2026-03-03"))
    answered(scenario, "2026-03-03", path="A", course_number=1, doses_given=3, doses_left_in_course=2)
    assert recommended(scenario, "2026-03-03") == "approve"


LATE_CLAIMS = [dose(f"2024-03-0{day}", "2025-07-01", source="claim") for day in (6, 7, 8)]
LATE_REPORT = {"doses_given": 3, "first_dose_on": "2024-03-06", "last_dose_on": "2024-03-08", "completed": False}


@pytest.mark.parametrize("late", [LATE_CLAIMS, [told("2025-07-01", LATE_REPORT)]], ids=["claims", "a report"])
def test_late_news_of_a_first_course_leaves_the_later_dose_in_a_course_of_its_own(late: list[Any]) -> None:
    scenario = given(*doses("2024-03-04", 2), dose("2025-06-02"), *late, asked_for(2, "2025-07-10"))
    answered(
        scenario,
        "2025-07-10",
        path="B",
        course_number=2,
        course_status="open",
        doses_given=1,
        doses_left_in_course=2,
        interval_satisfied=True,
    )
    scenario.then_recommended("refer", "later_course_interrupted", scope="B", as_of="2025-07-10")


# -- how late a course may have ended ---------------------------------------------------------


def test_a_course_of_which_the_end_is_not_told_may_have_ended_on_any_day_up_to_the_report() -> None:
    course = {"doses_given": 5, "first_dose_on": "2025-03", "completed": True}
    scenario = given(dose("2025-03-03", source="claim"), told("2025-09-01", course))
    for received_on, expected in (
        ("2026-03-03", ("not_recommended", "pend")),
        ("2026-03-20", ("pend",)),
        ("2026-08-31", ("pend",)),
        ("2026-09-01", ("approve",)),
    ):
        asked = given(dose("2025-03-03", source="claim"), told("2025-09-01", course), asked_for(3, received_on))
        assert recommended(asked, received_on) in expected, received_on
    answer = answered(scenario, "2026-03-20", path="B", next_course_from=None)
    assert str(getattr(answer, "last_dose_latest")) == "2025-09-01"  # noqa: B009


def test_a_range_ends_on_the_day_on_which_it_was_told() -> None:
    scenario = given(told("2025-03-15", {"doses_given": 5, "last_dose_on": "2025", "completed": True}))
    for received_on, expected in (("2026-03-14", ("pend",)), ("2026-03-15", ("approve",))):
        assert recommended(scenario.and_given(asked_for(3, received_on)), received_on) in expected
    answered(scenario, "2026-03-15", path="B", interval_satisfied=True)


def test_our_completed_course_and_an_attested_one_without_dates_leave_the_last_dose_open() -> None:
    attested = told("2026-03-10", {"completed": True}, source="attested")
    scenario = given(*doses("2025-03-03", 5), attested, asked_for(3, "2026-03-15"))
    answer = answered(scenario, "2026-03-15", path="B", interval_satisfied=None, next_course_from=None)
    ends = [str(getattr(answer, name)) for name in ("last_dose_earliest", "last_dose_latest")]
    assert ends == ["2025-03-07", "2026-03-10"]
    assert recommended(scenario, "2026-03-15") == "pend"


# -- courses that a report only implies, and courses under way --------------------------------


def test_three_doses_said_to_be_complete_are_a_later_course() -> None:
    later = {"doses_given": 3, "last_dose_on": "2024-06-10", "completed": True}
    scenario = given(told("2024-07-01", later), asked_for(3, "2026-03-03"))
    answer = answered(scenario, "2026-03-03", path="B", next_course_from="2025-06-10", interval_satisfied=True)
    assert str(answer.last_dose_on) == "2024-06-10"
    assert recommended(scenario, "2026-03-03") == "approve"


PARTS_OF_A_FIRST = [*((1, given, given) for given in range(1, 5)), (1, 5, 99)]
"""The number and the range of doses of a first course that is not told. A whole one may have excess doses."""


def test_before_a_later_course_its_untold_first_one_was_on_any_day_so_far() -> None:
    later = {"doses_given": 3, "first_dose_on": "2026-02-02", "last_dose_on": "2026-02-04", "completed": True}
    scenario = given(told("2026-03-01", later))
    found = possible_treatments(scenario.known, date(2026, 2, 1))
    assert [(one.number, one.given.least, one.given.most) for one in found] == [(0, 0, 0), *PARTS_OF_A_FIRST]
    assert {one.last for one in found if one.number} == {DateRange(date(1900, 1, 1), date(2026, 2, 1))}
    assert not found[0].is_open
    (begun,) = possible_treatments(scenario.known, date(2026, 2, 2))
    assert (begun.number, begun.given.certain, begun.is_open) == (2, 1, True)


@pytest.mark.parametrize(
    ("mg", "days", "expected"), [(12, 1, "refer"), (12, 2, "refer"), (12, 3, "pend"), (24, 3, "pend")]
)
def test_a_later_course_that_may_be_a_prior_one_by_now_is_asked_about(mg: float, days: int, expected: str) -> None:
    """Three days are the regimen if it is a prior one. One or two are for a clinician in both cases (R8)."""
    unfinished = {"doses_given": 1, "last_dose_on": "2024-01", "mg_total": mg, "completed": False}
    scenario = given(*doses("2022-03-07", 5), told("2024-02-10", unfinished), asked_for(days, "2025-01-20"))
    assert recommended(scenario, "2025-01-20") == expected


def test_a_later_course_that_is_not_completed_had_at_most_two_doses() -> None:
    """One less than its own regimen, and not than that of a first course."""
    unfinished = {"first_dose_on": "2025-06-02", "last_dose_on": "2025-06-06", "completed": False}
    scenario = given(*doses("2024-03-04", 5), told("2025-06-20", unfinished))
    answered(scenario, "2025-07-01", path="B", course_number=2, doses_given=2, doses_left_in_course=1)


def test_a_dose_of_ours_may_be_of_the_untold_first_course() -> None:
    later = {"doses_given": 3, "first_dose_on": "2026-02-02", "last_dose_on": "2026-02-04", "completed": True}
    scenario = given(dose("2025-01-06"), told("2026-03-01", later))
    found = possible_treatments(scenario.known, date(2026, 2, 1))
    assert [(one.number, one.given.least, one.given.most) for one in found] == [*PARTS_OF_A_FIRST, (2, 1, 1)]


def test_an_untold_first_course_may_be_before_our_doses_or_with_them() -> None:
    """Our dose of February 20 is an excess dose of the reported course, or begins a course after ours of January."""
    later = {"doses_given": 3, "first_dose_on": "2023-02-06", "last_dose_on": "2023-02-08", "completed": True}
    scenario = given(*doses("2023-01-09", 3), told("2023-03-01", later), dose("2023-02-20"), asked_for(3, "2024-02-12"))
    answer = answered(scenario, "2024-02-12", path="B", course_status=None, doses_given=None, interval_satisfied=None)
    assert recommended(scenario, "2024-02-12") == "pend"
    assert [one.question for one in answer.settled_by] == [
        "When was the first course given, which the report does not state?"
    ]
    first = {"doses_given": 5, "first_dose_on": "2021-06-07", "last_dose_on": "2021-06-11", "completed": True}
    scenario.and_given(told("2024-02-12", first))
    answered(scenario, "2024-02-12", path="B", course_number=3, course_status="open", doses_given=1)


def test_the_untold_rest_of_a_first_course_may_be_after_its_dose_on_record() -> None:
    later = {"doses_given": 3, "first_dose_on": "2025-09-01", "last_dose_on": "2025-09-03", "completed": True}
    scenario = given(dose("2024-06-03"), told("2025-09-03", later))
    answer = answered(scenario, "2025-09-02", path="B", course_number=None, doses_given=2, interval_satisfied=None)
    assert "courses" in [one.field for one in answer.settled_by]
    of_first, after_first = possible_treatments(scenario.known, date(2025, 9, 2))
    assert (of_first.number, of_first.last_before) == (2, DateRange(date(2024, 6, 3), date(2025, 8, 1)))
    assert (after_first.number, after_first.last_before) == (3, DateRange(date(2024, 6, 3), date(2024, 6, 3)))
    rest = {"doses_given": 4, "first_dose_on": "2024-12-02", "last_dose_on": "2024-12-05", "completed": False}
    scenario.and_given(told("2025-09-03", rest))
    answered(scenario, "2025-09-02", path="B", course_number=2, interval_satisfied=False)


def test_doses_enough_for_a_first_course_leave_none_untold() -> None:
    later = {"doses_given": 3, "first_dose_on": "2024-02-05", "last_dose_on": "2024-02-07", "completed": True}
    scenario = given(*doses("2022-01-10", 5), told("2024-03-01", later), dose("2024-11-04"))
    answered(scenario, "2024-11-05", path="B", course_number=3, course_status="open", doses_given=1)
    scenario.then_courses("completed 5", "completed 3", "open 1")


def test_whether_two_unfinished_courses_of_a_report_are_one_is_not_known() -> None:
    spring = {"doses_given": 2, "first_dose_on": "2025-03-03", "last_dose_on": "2025-03-04", "completed": False}
    summer = {"doses_given": 2, "first_dose_on": "2025-06-02", "last_dose_on": "2025-06-03", "completed": False}
    scenario = given(told("2025-07-01", spring, summer))
    found = possible_treatments(scenario.known, date(2026, 2, 1))
    assert [(one.number, one.given.certain) for one in found] == [(1, 4), (2, 2)]
    answered(scenario, "2026-02-01", path=None, course_number=None, doses_given=None)


def test_what_settles_the_number_of_the_course_is_named_where_only_that_is_open() -> None:
    two = {"doses_given": 2, "first_dose_on": "2022-03-07", "last_dose_on": "2022-03-08", "completed": False}
    three = {"doses_given": 3, "first_dose_on": "2022-03-09", "last_dose_on": "2022-03-11"}
    scenario = given(told("2022-05-01", two, three))
    answer = answered(scenario, "2026-02-01", course_number=None)
    assert [one.field for one in answer.settled_by] == ["courses"]


def test_the_list_has_the_first_course_that_a_later_one_only_implies() -> None:
    later = {"doses_given": 3, "first_dose_on": "2024-06-08", "last_dose_on": "2024-06-10", "completed": True}
    scenario = given(told("2024-07-01", later))
    scenario.then_courses("completed 5 to 99", "completed 3").then_courses("unknown 0 to 99", as_of="2024-06-07")


@pytest.mark.parametrize("count", [{"doses_given": 5}, {}], ids=["counted", "not counted"])
def test_a_reported_course_is_open_until_its_last_day(count: dict[str, Any]) -> None:
    course = {"first_dose_on": "2026-03-03", "last_dose_on": "2026-03-07", "completed": True} | count
    scenario = given(told("2026-03-10", course))
    answer = answered(scenario, "2026-03-04", path="A", course_number=1, course_status="open", next_course_from=None)
    assert answer.doses_given in (None, 2)
    answered(scenario, "2026-03-06", path="A", course_number=1)
    answered(scenario, "2026-03-07", path="B", course_number=2, doses_given=0, next_course_from="2027-03-07")


# -- a statement that Lemtrada was never received ---------------------------------------------


@pytest.mark.parametrize(
    ("never_on", "path"),
    [("2025-09-01", "A"), ("2025-03-01", None), ("2026-02-01", None)],
    ids=["possible that day", "before the day in question", "refuted that day"],
)
def test_never_received_holds_for_earlier_days_unless_the_record_refutes_it(never_on: str, path: str | None) -> None:
    course = {"doses_given": 5, "last_dose_on": "2025", "completed": True}
    steps = {"2025-12-31": told("2025-12-31", course), never_on: told(never_on)}
    scenario = given(*(steps[day] for day in sorted(steps)))
    answered(scenario, "2025-06-01", path=path)
    answered(scenario, "2025-12-31", path="B")
