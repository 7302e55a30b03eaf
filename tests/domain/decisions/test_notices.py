"""Notices tell of what is on record: issued on the day of it or later, and delivered once."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import Conflict, InvalidCommand, NotFound
from domain.events.requests import NoticeDelivered, NoticeIssued
from tests.story import (
    CLAIMS,
    MEETS_A,
    Scenario,
    Step,
    appealed,
    approved,
    approved_by_clinician,
    clock_extended,
    delivered,
    denied,
    dismissed,
    given,
    information_requested,
    noticed,
    past_determination,
    reopened,
    rescinded,
    submitted,
    upheld,
    withdrawn,
)

DENIED = (submitted(MEETS_A | {"hiv_infection": True}), denied("NR.3"))
OPEN_HIV = MEETS_A | {"hiv_infection": None}
DAY = "2026-04-28T15:00:00Z"

PARTIAL = approved_by_clinician(doses=3, left_out="The last two doses.")
TOLD_OF = {
    "approval": [submitted(), approved()],
    "denial": [*DENIED],
    "information_needed": [submitted(OPEN_HIV), information_requested()],
    "clock_extended": [submitted(), clock_extended()],
    "dismissal": [submitted(), dismissed()],
    "appeal_decision": [*DENIED, appealed(), upheld("NR.3")],
}


def of_the_appeal(scenario: Scenario, kind: str) -> dict[str, Any]:
    return {"appeal_id": scenario.known.appeals[-1].appeal_id} if kind == "appeal_decision" else {}


@pytest.mark.parametrize("kind", TOLD_OF)
def test_a_notice_tells_of_what_is_on_record(kind: str) -> None:
    scenario = given(*TOLD_OF[kind])
    scenario.when(noticed(kind, DAY, **of_the_appeal(scenario, kind))).then(NoticeIssued, kind=kind)
    assert scenario.known.notices[0].notice_id.endswith(".n1")


@pytest.mark.parametrize("kind", [one for one in TOLD_OF if one != "appeal_decision"])
def test_and_of_nothing_else(kind: str) -> None:
    given(submitted()).when(noticed(kind, DAY)).then_refused(InvalidCommand, field="kind")


@pytest.mark.parametrize("kind", TOLD_OF)
@pytest.mark.parametrize(
    ("issued_at", "refused"),
    [
        # The plan's day begins at four in the morning, UTC.
        ("2026-04-28T03:59:59Z", True),
        ("2026-04-28T04:00:00Z", False),
        ("2026-04-28T17:00:00Z", True),
    ],
    ids=["the day before", "on the day", "in the future"],
)
def test_it_is_issued_on_the_day_of_what_it_tells_or_later_and_not_in_the_future(
    kind: str, issued_at: str, refused: bool
) -> None:
    scenario = given(*TOLD_OF[kind])
    scenario.when(noticed(kind, issued_at, **of_the_appeal(scenario, kind)))
    if refused:
        scenario.then_refused(InvalidCommand, field="issued_at")
    else:
        scenario.then(NoticeIssued)


@pytest.mark.parametrize(
    ("steps", "approval", "denial"),
    [
        ([submitted(), PARTIAL], True, True),
        ([submitted(), approved(), rescinded()], True, True),
        ([submitted().imported(), past_determination("denied", "2026-04-28", edition="unknown")], False, True),
        ([*DENIED, reopened()], False, True),
    ],
    ids=["partial", "rescinded", "imported", "reopened"],
)
def test_what_is_adverse_in_part_or_later_is_told_as_a_denial(steps: list[Step], approval: bool, denial: bool) -> None:
    for kind, fits in (("approval", approval), ("denial", denial)):
        scenario = given(*steps).when(noticed(kind, DAY))
        if fits:
            scenario.then(NoticeIssued)
        else:
            scenario.then_refused(InvalidCommand, field="kind")


def test_a_dismissal_that_was_rescinded_still_has_its_notice() -> None:
    given(submitted(), dismissed(), reopened()).when(noticed("dismissal", DAY)).then(NoticeIssued)
    given(submitted(), withdrawn(), reopened()).when(noticed("dismissal", DAY)).then_refused(InvalidCommand)


def test_a_notice_of_an_appeals_decision_names_a_decided_appeal_of_the_request() -> None:
    scenario = given(*DENIED, appealed())
    scenario.when(noticed("appeal_decision", DAY)).then_refused(InvalidCommand, field="appeal_id")
    appeal = scenario.known.appeals[0].appeal_id
    scenario.when(noticed("appeal_decision", DAY, appeal_id=appeal)).then_refused(InvalidCommand, field="kind")
    unknown = appeal.replace(".a1", ".a2")
    scenario.when(noticed("appeal_decision", DAY, appeal_id=unknown)).then_refused(NotFound, field="appeal_id")
    scenario.and_given(upheld("NR.3"), submitted())
    scenario.when(noticed("appeal_decision", DAY, appeal_id=appeal)).then_refused(NotFound, field="appeal_id")


@pytest.mark.parametrize(
    ("at", "refused"),
    [
        ("2026-04-28T14:59:59Z", True),
        ("2026-04-28T15:00:00Z", False),
        ("2026-04-28T16:00:01Z", True),
    ],
)
def test_a_notice_arrives_after_it_was_issued_and_once(at: str, refused: bool) -> None:
    scenario = given(submitted(), approved(), noticed("approval", DAY)).when(delivered(at).by(CLAIMS))
    if refused:
        scenario.then_refused(InvalidCommand, field="delivered_at")
    else:
        scenario.then(NoticeDelivered).when(delivered(at)).then_refused(Conflict, field="notice_id")


def test_what_was_never_issued_does_not_arrive() -> None:
    given(submitted(), approved()).when(delivered(DAY)).then_refused(NotFound, field="notice_id")
