"""A clinician takes an approval back: from that day on it covers nothing, and what was given stays given."""

from __future__ import annotations

import pytest

from domain.errors import Conflict, NotPermitted
from domain.events.determinations import ApprovalRescinded, CourseApproved
from tests.story import (
    NURSE,
    PHARMACIST,
    appealed,
    approved,
    approved_by_clinician,
    denied,
    dose,
    doses,
    extended,
    given,
    overturned,
    rescinded,
    submitted,
)


@pytest.mark.parametrize("ground", ["coverage_ended", "drug_stopped", "safety"])
def test_it_says_on_which_ground_and_why(ground: str) -> None:
    scenario = given(submitted(), approved()).on("2026-05-05").when(rescinded(ground)).then(ApprovalRescinded)
    event = scenario.last[0]
    assert isinstance(event, ApprovalRescinded)
    assert (event.ground, str(event.rescinded_on), event.reason) == (
        ground,
        "2026-05-05",
        "A serious infusion reaction.",
    )
    assert event.approval_version == scenario.known.approvals[0].version


def test_from_that_day_on_nothing_may_be_given() -> None:
    scenario = given(submitted(), approved(), *doses("2026-05-04", 2)).on("2026-05-06").and_given(rescinded())
    scenario.then_usable(3, as_of="2026-05-05").then_usable(None, as_of="2026-05-06")


def test_a_dose_given_before_stays_covered_and_one_on_that_day_is_not() -> None:
    scenario = given(submitted(), approved(), dose("2026-05-04")).on("2026-05-05").and_given(rescinded())
    scenario.and_given(dose("2026-05-05")).then_variances(1).then_variances(2, "no_approval_in_force")


def test_a_dose_that_names_the_request_is_not_covered_either() -> None:
    scenario = given(submitted(), approved()).on("2026-05-05").and_given(rescinded())
    request = scenario.known.requests[0].request_id
    scenario.and_given(dose("2026-05-06", request_id=request)).then_variances(1, "no_approval_in_force")


def test_a_dose_after_its_thirty_days_has_no_other_variance() -> None:
    scenario = given(submitted(), approved()).on("2026-05-05").and_given(rescinded())
    scenario.and_given(dose("2026-06-15")).then_variances(1, "no_approval_in_force")


def test_an_approval_that_is_still_to_begin_is_rescinded_too() -> None:
    scenario = given(submitted(), approved(valid_from="2026-05-20")).on("2026-05-05").when(rescinded())
    scenario.then(ApprovalRescinded).then_usable(None, as_of="2026-05-20")


@pytest.mark.parametrize(
    ("day", "stands"), [("2026-05-27", True), ("2026-05-28", False)], ids=["on its last day", "once it is over"]
)
def test_what_is_over_is_not_rescinded(day: str, stands: bool) -> None:
    scenario = given(submitted(), approved()).on(day).when(rescinded())
    if stands:
        scenario.then(ApprovalRescinded)
    else:
        scenario.then_refused(Conflict, field="request_id")


def test_an_extended_one_is_not_over() -> None:
    scenario = given(submitted(), approved()).on("2026-05-20").and_given(extended()).on("2026-06-15")
    scenario.when(rescinded()).then(ApprovalRescinded).then_usable(None, as_of="2026-06-16")


def test_once() -> None:
    given(submitted(), approved(), rescinded()).when(rescinded()).then_refused(Conflict, field="request_id")


def test_there_must_be_an_approval() -> None:
    given(submitted()).when(rescinded()).then_refused(Conflict, field="request_id")
    given(submitted(), denied("1.A.i")).when(rescinded()).then_refused(Conflict, field="request_id")


def test_it_is_a_clinicians() -> None:
    scenario = given(submitted(), approved())
    scenario.when(rescinded().by(NURSE)).then_refused(NotPermitted, field="actor.role")
    scenario.when(rescinded().by(PHARMACIST)).then(ApprovalRescinded)


def test_every_approval_of_the_request_is_rescinded() -> None:
    """A partial one of 28 April, and the whole one that an appeal brought while it still ran."""
    partial = approved_by_clinician(doses=2, left_out="Three days.")
    scenario = given(submitted(), partial).on("2026-05-05").and_given(appealed(), overturned())
    scenario.on("2026-05-06").when(rescinded()).then(ApprovalRescinded, ApprovalRescinded)
    scenario.then_usable(None, as_of="2026-05-06")


def test_a_new_request_can_be_approved_afterwards() -> None:
    scenario = given(submitted(), approved(), rescinded()).on("2026-05-10").and_given(submitted())
    scenario.when(approved()).then(CourseApproved).then_usable(5)
