"""Several approvals of one request: after an appeal of a part, extended, rescinded; which one counts on which day."""

from __future__ import annotations

import pytest

from domain.events.determinations import ApprovalExtended
from domain.treatment.approval_use import approval_of, authorization_of, in_effect, in_effect_for
from domain.treatment.courses import courses
from projections.replay.replay import replay
from tests.story import (
    MEETS_B,
    ZONE,
    Scenario,
    appealed,
    approved,
    approved_by_clinician,
    dose,
    doses,
    extended,
    given,
    overturned,
    report_voided,
    reported,
    rescinded,
    submitted,
)

PARTIAL, WHOLE = 0, 1


def part_then_whole() -> Scenario:
    """Two doses from 2026-04-28 through 05-27; an appeal makes it five, from 05-10 through 06-08."""
    story = given(submitted(), approved_by_clinician(doses=2, left_out="Three days."))
    return story.on("2026-05-10").and_given(appealed(), overturned())


@pytest.mark.parametrize(
    ("day", "which", "usable"),
    [
        ("2026-04-27", None, None),
        ("2026-04-28", PARTIAL, 2),
        ("2026-05-09", PARTIAL, 2),
        ("2026-05-10", WHOLE, 5),
        ("2026-05-27", WHOLE, 5),
        ("2026-05-28", WHOLE, 5),
        ("2026-06-08", WHOLE, 5),
        ("2026-06-09", None, None),
    ],
)
def test_the_later_one_is_in_force_from_its_own_first_day(day: str, which: int | None, usable: int | None) -> None:
    scenario = part_then_whole().on(day)
    request = scenario.known.requests[0].request_id
    found = in_effect(scenario.known, courses(scenario.known, scenario.today), scenario.today)
    assert found == (None if which is None else scenario.known.approvals[which])
    assert in_effect_for(scenario.known, request, scenario.today) == found
    assert authorization_of(scenario.known, scenario.courses(), 1, scenario.today) == (
        None if which is None else request
    )
    scenario.then_usable(usable)


@pytest.mark.parametrize("names_it", [True, False], ids=["a dose that names the request", "one that names none"])
@pytest.mark.parametrize(
    ("day", "which", "variance"),
    [
        ("2026-04-20", PARTIAL, "outside_its_thirty_days"),
        ("2026-05-05", PARTIAL, None),
        ("2026-05-12", WHOLE, None),
        ("2026-06-20", WHOLE, "outside_its_thirty_days"),
    ],
)
def test_a_dose_was_given_under_the_one_that_covers_its_day(
    day: str, which: int, variance: str | None, names_it: bool
) -> None:
    """Outside of both, one that names the request was given under the one before it, else under none."""
    scenario = part_then_whole()
    named = {"request_id": scenario.known.requests[0].request_id} if names_it else {}
    scenario.and_given(dose(day, "2026-06-25", **named)).then_variances(1, *([variance] if variance else []))
    found = approval_of(scenario.known, scenario.courses(), scenario.known.doses[0])
    covered = variance is None or names_it
    assert found == (scenario.known.approvals[which] if covered else None)


def test_what_each_of_them_was_used_for_is_counted_apart_and_the_course_caps_both() -> None:
    scenario = given(submitted(), approved_by_clinician(doses=2, left_out="Three days."), *doses("2026-05-04", 3))
    scenario.then_variances(3, "over_the_approval").on("2026-05-10").and_given(appealed(), overturned())
    scenario.then_usable(2).and_given(*doses("2026-05-11", 2)).then_usable(0, as_of="2026-05-12")
    scenario.then_variances(3, "over_the_approval").then_variances(4).then_variances(5)


def test_an_extension_is_of_the_one_in_force() -> None:
    scenario = part_then_whole().on("2026-05-20").and_given(extended())
    assert [(str(one.valid_through), one.extensions) for one in scenario.known.approvals] == [
        ("2026-05-27", 0),
        ("2026-07-08", 1),
    ]


def test_an_extension_counts_the_whole_course_of_the_request_as_in_progress() -> None:
    """Two doses were given under the partial approval: they are no course before the one to extend (R10)."""
    scenario = given(submitted(), approved_by_clinician(doses=2, left_out="Three days."), *doses("2026-05-04", 2))
    scenario.on("2026-05-10").and_given(appealed(), overturned())
    scenario.on("2026-06-01").when(extended()).then(ApprovalExtended).then_usable(3, as_of="2026-06-20")
    told = replay(scenario.events, scenario.known.requests[0].request_id, ZONE)
    assert (told.recorded.kind, told.agreement.status) == ("extended", "agrees")


def test_of_two_the_one_for_the_course_to_give_is_in_force() -> None:
    """The second was for the course after a reported one; the report was a mistake, and the first is meant again."""
    elsewhere = reported({"completed": True, "doses_given": 5, "last_dose_on": "2020-01-01"})
    scenario = given(submitted(), approved(), elsewhere, submitted(MEETS_B), approved()).then_usable(3)
    scenario.and_given(report_voided(1)).then_usable(5)
    found = courses(scenario.known, scenario.today)
    assert in_effect(scenario.known, found, scenario.today) == scenario.known.approvals[0]
    scenario.and_given(dose("2026-04-28")).then_variances(1).then_usable(4)


def test_a_rescission_leaves_another_requests_approval_alone() -> None:
    scenario = given(submitted(), approved(), submitted(), approved()).on("2026-05-05").and_given(rescinded())
    assert [one.rescinded_on is None for one in scenario.known.approvals] == [True, False]
    scenario.then_usable(5)


@pytest.mark.parametrize(
    "course",
    [
        {"doses_given": 5, "first_dose_on": "2026-04-29", "last_dose_on": "2026-05-03", "completed": True},
        {"doses_given": 5, "first_dose_on": "2025-12-23", "last_dose_on": "2025-12-27", "completed": True},
        {"last_dose_on": "2025", "completed": True},
        {"doses_given": 1},
    ],
    ids=["meanwhile", "before", "in a year", "one, perhaps not all"],
)
def test_an_approved_course_that_was_completed_elsewhere_leaves_nothing(course: dict[str, object]) -> None:
    """An approval never covers the next course (R9), and what may have been given elsewhere is counted (R7)."""
    story = given(submitted(), approved()).then_usable(5).on("2026-05-05")
    story.and_given(reported(course)).then_usable(4 if course == {"doses_given": 1} else 0)
