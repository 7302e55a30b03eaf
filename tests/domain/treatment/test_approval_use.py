"""What an approval allows, on which days, and for which course (R7, R9)."""

from __future__ import annotations

import pytest

from domain.errors import InvalidCommand
from domain.events.determinations import CourseApproved
from tests.story import (
    MEETS_A,
    MEETS_B,
    approved,
    approved_by_clinician,
    dose,
    doses,
    first_course,
    given,
    reported,
    submitted,
    voided,
)

UNFINISHED = {"doses_given": 2, "last_dose_on": "2024-03-05", "completed": False}


# -- thirty days (R9) -------------------------------------------------------------------------


def test_it_is_valid_from_the_determination_through_the_thirtieth_day() -> None:
    scenario = given(submitted()).when(approved()).then(CourseApproved, course=1, doses_approved=5, left_out=None)
    approval = scenario.known.approvals[0]
    assert (str(approval.valid_from), str(approval.valid_through)) == ("2026-04-28", "2026-05-27")


@pytest.mark.parametrize(
    ("day", "usable"),
    [("2026-04-27", None), ("2026-04-28", 5), ("2026-05-27", 5), ("2026-05-28", None)],
    ids=["the day before", "day 1", "day 30", "day 31"],
)
def test_day_thirty_is_in_and_day_thirty_one_is_out(day: str, usable: int | None) -> None:
    given(submitted(), approved()).then_usable(usable, as_of=day)


@pytest.mark.parametrize("start", ["2026-04-28", "2026-05-28"], ids=["today", "in thirty days"])
def test_it_starts_on_its_determination_day_or_at_most_thirty_days_later(start: str) -> None:
    scenario = given(submitted()).when(approved(valid_from=start)).then(CourseApproved)
    assert str(scenario.known.approvals[0].valid_from) == start


@pytest.mark.parametrize("start", ["2026-04-27", "2026-05-29"], ids=["yesterday", "in thirty-one days"])
def test_it_starts_neither_before_nor_later(start: str) -> None:
    given(submitted()).when(approved(valid_from=start)).then_refused(InvalidCommand, field="valid_from")


# -- what may be used (R7) --------------------------------------------------------------------


def test_doses_usable_fall_with_each_dose_and_count_only_those_given_by_the_day() -> None:
    scenario = given(submitted(), approved(), *doses("2026-05-04", 2))
    scenario.then_usable(5, as_of="2026-05-03").then_usable(4, as_of="2026-05-04").then_usable(3, as_of="2026-05-05")
    scenario.and_given(voided(1)).then_usable(4, as_of="2026-05-05")


def test_an_interrupted_first_course_is_approved_for_five_and_capped_by_what_is_left() -> None:
    statement = MEETS_A | {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 3, "route": "intravenous"}}
    scenario = given(*first_course("2023-03-06", 2), submitted(statement)).when(approved())
    scenario.then(CourseApproved, course=1, doses_approved=5).then_usable(3)


def test_so_is_one_that_was_begun_elsewhere() -> None:
    scenario = given(reported(UNFINISHED), submitted(MEETS_A | {"received_lemtrada": None}))
    scenario.and_given(approved_by_clinician()).then_usable(3).and_given(dose("2026-04-29")).then_usable(
        2, as_of="2026-04-29"
    )


def test_where_the_doses_elsewhere_are_not_counted_one_dose_is_certainly_left() -> None:
    beginning = reported({"last_dose_on": "2024-03", "completed": False})
    one_day = {"mg_per_day": 12, "consecutive_days": 1, "route": "intravenous"}
    statement = MEETS_A | {"received_lemtrada": None, "requested_dosing": one_day}
    scenario = given(beginning, submitted(statement), approved()).then_usable(1)
    scenario.and_given(dose("2026-04-29")).then_usable(0, as_of="2026-04-29")


def test_an_interrupted_later_course_leaves_what_it_has_left() -> None:
    scenario = given(*first_course("2024-03-04"), *doses("2025-06-02", 2), submitted(MEETS_B))
    scenario.when(approved_by_clinician()).then(CourseApproved, course=2, doses_approved=3).then_usable(1)


def test_a_partial_approval_leaves_what_it_gives() -> None:
    given(submitted(), approved_by_clinician(doses=2, left_out="Three days.")).then_usable(2)


# -- never the next course (R9) ---------------------------------------------------------------


def test_nothing_is_usable_once_the_course_is_complete() -> None:
    scenario = given(*doses("2024-03-04", 2), submitted(), approved_by_clinician(), *doses("2026-05-04", 3))
    scenario.then_usable(0, as_of="2026-05-06").then_usable(0, as_of="2026-05-27")


def test_an_approval_of_a_later_course_covers_no_dose_from_its_anniversary_on() -> None:
    """A second course interrupted on 2025-05-12: until 2026-05-11 a dose goes on with it, then it opens the third."""
    scenario = given(*first_course("2024-03-04"), dose("2025-05-12"), submitted(MEETS_B), approved_by_clinician())
    scenario.then_usable(2, as_of="2026-05-11").then_usable(0, as_of="2026-05-12")
    scenario.and_given(dose("2026-05-12")).then_variances(7, "no_approval_in_force")


def test_an_approval_of_a_first_course_is_none_for_the_later_course_that_it_turns_out_to_be() -> None:
    completed = {"doses_given": 5, "last_dose_on": "2024-03-08", "completed": True}
    scenario = given(submitted(), approved(), reported(completed)).then_usable(0)
    scenario.and_given(dose("2026-04-29")).then_variances(1, "no_approval_in_force")


def test_an_excess_dose_of_the_course_before_leaves_an_approval_as_it_was() -> None:
    scenario = given(*first_course("2026-04-01"), submitted(MEETS_B), approved_by_clinician())
    request = scenario.known.requests[0].request_id
    scenario.and_given(dose("2026-04-28", request_id=request)).then_variances(
        6, "no_approval_in_force", "over_the_course", "not_consecutive"
    )
    scenario.then_usable(3, as_of="2026-05-20")


# -- never more than the policy's -------------------------------------------------------------


@pytest.mark.parametrize(("statement", "policy"), [(MEETS_A, 5), (MEETS_B, 3)], ids=["path A", "path B"])
def test_never_more_than_the_policys_doses(statement: dict[str, object], policy: int) -> None:
    history = first_course("2024-03-04") if statement is MEETS_B else []
    scenario = given(*history, submitted(statement))
    if policy < 5:
        scenario.when(approved_by_clinician(doses=policy + 1)).then_refused(InvalidCommand, field="doses", clause="1.B")
    scenario.when(approved(doses=policy)).then(CourseApproved, doses_approved=policy)


def test_where_the_history_does_not_decide_the_path_a_clinician_names_it_and_gets_its_quantity() -> None:
    unknown = given(submitted(MEETS_A | {"received_lemtrada": None}))
    unknown.when(approved_by_clinician()).then_refused(InvalidCommand, field="path", clause="1.A")
    named = given(submitted(MEETS_A | {"received_lemtrada": None}))
    named.when(approved_by_clinician(path="B", left_out="Two days.")).then(CourseApproved, doses_approved=3)
    assert named.known.requests[0].determination is not None
    assert named.known.requests[0].determination.departs


def test_where_it_does_no_other_path_is_approved() -> None:
    given(submitted()).when(approved_by_clinician(path="B")).then_refused(InvalidCommand, field="path", clause="1.B")
