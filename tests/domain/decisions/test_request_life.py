"""Requests: submitted, changed, reassigned, withdrawn, reopened, and discussed."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import AlreadyDecided, Conflict, InvalidCommand, LedgerError, NotFound, NotPermitted
from domain.events.determinations import CourseApproved, RequestDenied
from domain.events.requests import (
    PeerToPeerHeld,
    PeerToPeerOffered,
    PlannedInfusionChanged,
    PrescriberChanged,
    RequestAssigned,
    RequestDismissed,
    RequestReleased,
    RequestReopened,
    RequestSubmitted,
    RequestWithdrawn,
)
from domain.people import Actor
from tests.story import (
    CLAIMS,
    MEETS_A,
    NURSE,
    OFFICE,
    PHARMACIST,
    PHYSICIAN,
    Scenario,
    Step,
    appeal_withdrawn,
    appealed,
    approved,
    assigned,
    clock_extended,
    denied,
    dismissed,
    dose,
    first_course,
    given,
    noticed,
    peer_to_peer_held,
    peer_to_peer_offered,
    planned,
    prescribed_by,
    referred,
    released,
    reopened,
    rescinded,
    submitted,
    submitted_for,
    upheld,
    voided,
    withdrawn,
)

HIV = MEETS_A | {"hiv_infection": True}
DENIED = (submitted(HIV), denied("NR.3"))
DAY = "2026-04-28T15:00:00Z"
ASSISTANT = {"name": "Ada Assistant", "specialty": "neurology", "credential": "nurse_practitioner"}


# -- submitted --------------------------------------------------------------------------------


def test_where_and_when_it_is_planned_is_part_of_the_request() -> None:
    scenario = given(submitted(planned_first_infusion_on="2026-05-10", planned_site="Infusion Centre East"))
    request = scenario.known.requests[0]
    assert (request.planned_site, request.status, request.held_by) == ("Infusion Centre East", "open", None)


def test_a_request_may_be_for_doses_that_were_given_before_it() -> None:
    scenario = given(*first_course("2026-04-20"))
    scenario.when(submitted_for(1, 2, 3, 4, 5)).then(RequestSubmitted)
    assert scenario.known.requests[0].retrospective_for == tuple(one.dose_id for one in scenario.known.doses)


@pytest.mark.parametrize(
    ("steps", "named", "field"),
    [
        # On the day of receipt it is no more before the request.
        ([dose("2026-04-28")], (1,), "retrospective_for.0"),
        ([dose("2026-04-26"), voided(1)], (1,), "retrospective_for.0"),
        ([dose("2026-04-26")], (1, 1), "retrospective_for.1"),
        (
            [dose("2026-04-26"), dose("2026-04-26", source="claim", source_reference="CLM-1")],
            (1, 2),
            "retrospective_for.1",
        ),
        ([*first_course("2024-03-04"), dose("2026-04-26")], (5, 6), "retrospective_for.1"),
    ],
    ids=["on the day", "voided", "named twice", "a second report", "of two courses"],
)
def test_only_standing_doses_of_one_course_from_before_it(
    steps: list[Step], named: tuple[int, ...], field: str
) -> None:
    given(*steps).when(submitted_for(*named)).then_refused(InvalidCommand, field=field)


def test_a_dose_that_nobody_recorded_is_not_asked_for() -> None:
    scenario = given(dose("2026-04-26"))
    unknown = scenario.known.doses[0].dose_id.replace(".d1", ".d9")
    scenario.when(submitted(retrospective_for=[unknown])).then_refused(InvalidCommand, field="retrospective_for.0")


# -- changed while it is open -----------------------------------------------------------------


def test_day_and_site_of_the_infusion_are_other_ones_now() -> None:
    scenario = given(submitted(planned_first_infusion_on="2026-05-10"))
    scenario.when(planned("2026-05-11", "Infusion Centre West")).then(PlannedInfusionChanged)
    request = scenario.known.requests[0]
    assert (str(request.planned_first_infusion_on), request.planned_site) == ("2026-05-11", "Infusion Centre West")
    scenario.when(planned("2026-05-11", "Infusion Centre West")).then_refused(InvalidCommand)
    scenario.when(planned(None)).then(PlannedInfusionChanged, planned_first_infusion_on=None, planned_site=None)


def test_another_prescriber_replaces_the_consultation_also_by_none() -> None:
    named = {"specialty": "neurology", "name": "Max Specialist"}
    scenario = given(submitted()).when(prescribed_by(ASSISTANT)).then(PrescriberChanged)
    scenario.then_finding("1.A.iv", "undetermined")
    scenario.when(prescribed_by(ASSISTANT, named)).then(PrescriberChanged)
    scenario.then_finding("1.A.iv", "met")
    scenario.when(prescribed_by(ASSISTANT, named)).then_refused(InvalidCommand, field="prescriber")


@pytest.mark.parametrize("change", [planned("2026-05-11"), prescribed_by(ASSISTANT)], ids=["infusion", "prescriber"])
@pytest.mark.parametrize(
    ("closed", "error"),
    [([approved()], AlreadyDecided), ([withdrawn()], Conflict), ([dismissed()], Conflict)],
    ids=["approved", "withdrawn", "dismissed"],
)
def test_a_closed_request_is_not_changed(change: Step, closed: list[Step], error: type[LedgerError]) -> None:
    given(submitted(), *closed).when(change).then_refused(error)


# -- who has it -------------------------------------------------------------------------------


def test_somebody_has_it_passes_it_on_and_lays_it_down() -> None:
    scenario = given(submitted()).when(assigned(NURSE)).then(RequestAssigned, to=NURSE)
    scenario.when(assigned(NURSE)).then_refused(Conflict)
    scenario.when(assigned(PHARMACIST)).then(RequestAssigned, to=PHARMACIST)
    scenario.when(released()).then(RequestReleased)
    assert scenario.known.requests[0].held_by is None
    scenario.when(released()).then_refused(Conflict)


@pytest.mark.parametrize(
    ("to", "field"),
    [
        (OFFICE, "to.role"),
        (CLAIMS, "to.role"),
        (PHYSICIAN.model_copy(update={"role": "appeals_clinician"}), "to.role"),
        (PHYSICIAN.model_copy(update={"credential": "nurse"}), "to.credential"),
    ],
)
def test_it_is_given_to_reviewers_and_clinicians(to: Actor, field: str) -> None:
    given(submitted()).when(assigned(to)).then_refused(InvalidCommand, field=field)


def test_a_decision_ends_the_assignment_and_nobody_is_assigned_afterwards() -> None:
    scenario = given(submitted(), assigned(NURSE), approved())
    assert scenario.known.requests[0].held_by is None
    scenario.when(assigned(NURSE)).then_refused(AlreadyDecided)
    scenario.when(released()).then_refused(AlreadyDecided)


# -- withdrawn and dismissed ------------------------------------------------------------------


@pytest.mark.parametrize("before", [[], [referred()]], ids=["open", "referred"])
def test_who_asked_takes_it_back_and_nothing_is_decided(before: list[Step]) -> None:
    scenario = given(submitted(), *before).when(withdrawn()).then(RequestWithdrawn, by="Nora Neuro")
    assert scenario.known.requests[0].status == "withdrawn"
    scenario.when(approved()).then_refused(Conflict)


@pytest.mark.parametrize("closed", [[approved()], [withdrawn()], [dismissed()]], ids=["approved", "withdrawn", "dism"])
@pytest.mark.parametrize("step", [withdrawn(), dismissed()], ids=["withdraw", "dismiss"])
def test_what_is_closed_is_not_closed_again(closed: list[Step], step: Step) -> None:
    given(submitted(), *closed).when(step).then_refused(AlreadyDecided, field="request_id")


def test_a_duplicate_names_the_request_that_stays() -> None:
    scenario = given(submitted(), submitted())
    scenario.when(dismissed("duplicate")).then_refused(InvalidCommand, field="duplicate_of")
    scenario.when(dismissed("duplicate", 2)).then_refused(InvalidCommand, field="duplicate_of")
    scenario.when(dismissed("duplicate", 7)).then_refused(NotFound, field="duplicate_of")
    scenario.when(dismissed("improperly_filed", 1)).then_refused(InvalidCommand, field="duplicate_of")
    scenario.when(dismissed("duplicate", 1)).then(RequestDismissed, ground="duplicate")
    assert [one.status for one in scenario.known.requests] == ["open", "dismissed"]


@pytest.mark.parametrize("gone", [withdrawn(), dismissed()], ids=["withdrawn", "dismissed"])
def test_two_requests_are_not_each_the_duplicate_of_the_other(gone: Step) -> None:
    given(submitted(), gone, submitted()).when(dismissed("duplicate", 1)).then_refused(Conflict, field="duplicate_of")


def test_a_duplicate_of_what_is_decided_is_one_all_the_same() -> None:
    given(submitted(), approved(), submitted()).when(dismissed("duplicate", 1)).then(RequestDismissed)


def test_who_may_do_it() -> None:
    given(submitted()).when(dismissed().by(OFFICE)).then_refused(NotPermitted)
    given(submitted()).when(withdrawn().by(CLAIMS)).then_refused(NotPermitted)


# -- opened again -----------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [withdrawn(), dismissed()], ids=["withdrawn", "dismissed"])
@pytest.mark.parametrize("by", [NURSE, PHYSICIAN], ids=["reviewer", "clinician"])
def test_what_was_never_decided_is_opened_again_and_decided(closed: Step, by: Actor) -> None:
    scenario = given(submitted(), closed).when(reopened(by)).then(RequestReopened)
    assert scenario.known.requests[0].closed_on is None
    scenario.when(approved()).then(CourseApproved)


def test_what_was_denied_only_a_clinician_opens_again_and_the_denial_stays_on_record() -> None:
    scenario = given(*DENIED).when(reopened(NURSE)).then_refused(NotPermitted, field="actor.role")
    scenario.when(reopened(PHARMACIST)).then(RequestReopened)
    request = scenario.known.requests[0]
    assert (request.status, request.determination, request.citing) == ("open", None, ())
    scenario.when(denied("NR.3")).then(RequestDenied)
    assert [one.kind for one in scenario.known.requests[0].decisions] == ["denied", "denied"]
    assert PHYSICIAN in scenario.known.requests[0].took_part


def test_an_approval_is_rescinded_or_appealed_and_not_reopened() -> None:
    scenario = given(submitted(), approved()).when(reopened()).then_refused(Conflict)
    assert scenario.error is not None
    assert "rescind" in scenario.error.remedy
    assert "appeal" in scenario.error.remedy
    given(submitted(), approved(), rescinded()).when(reopened()).then_refused(Conflict)


@pytest.mark.parametrize("before", [[], [referred()], [withdrawn(), reopened()]])
def test_what_is_open_is_not_opened(before: list[Step]) -> None:
    given(submitted(), *before).when(reopened()).then_refused(Conflict, field="request_id")


def test_while_an_appeal_is_open_the_request_is_not() -> None:
    scenario = given(*DENIED, appealed()).when(reopened()).then_refused(Conflict)
    scenario.and_given(appeal_withdrawn()).when(reopened()).then(RequestReopened)
    given(*DENIED, appealed(), upheld("NR.3")).when(reopened()).then(RequestReopened)


# -- peer-to-peer -----------------------------------------------------------------------------


def test_a_conversation_is_offered_and_held() -> None:
    scenario = given(submitted()).when(peer_to_peer_offered(until="2026-05-04")).then(PeerToPeerOffered)
    scenario.when(peer_to_peer_held()).then(PeerToPeerHeld, with_whom="Nora Neuro")
    request = scenario.known.requests[0]
    assert (request.peer_to_peer_offered, request.peer_to_peer_held) == (True, True)
    assert PHYSICIAN in request.took_part


def test_it_is_offered_after_a_denial_too_and_not_where_nothing_is_to_be_said() -> None:
    given(*DENIED).when(peer_to_peer_offered()).then(PeerToPeerOffered)
    given(submitted(), withdrawn()).when(peer_to_peer_offered()).then_refused(Conflict)
    given(submitted()).when(peer_to_peer_offered(until="2026-04-27")).then_refused(InvalidCommand, field="until")
    given(submitted()).when(peer_to_peer_offered(until="2026-04-28")).then(PeerToPeerOffered)


@pytest.mark.parametrize(
    ("on", "refused"), [("2026-04-19", True), ("2026-04-20", False), ("2026-04-28", False), ("2026-04-29", True)]
)
def test_it_was_held_after_the_request_came_and_until_today(on: str, refused: bool) -> None:
    scenario = given(submitted(received_on="2026-04-20")).when(peer_to_peer_held(on))
    if refused:
        scenario.then_refused(InvalidCommand, field="on")
    else:
        scenario.then(PeerToPeerHeld)


def test_only_a_clinician_holds_it() -> None:
    given(submitted()).when(peer_to_peer_held().by(NURSE)).then_refused(NotPermitted)


# -- what is not on record --------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        planned("2026-05-11"),
        prescribed_by(ASSISTANT),
        assigned(NURSE),
        released(),
        withdrawn(),
        dismissed(),
        reopened(),
        peer_to_peer_offered(),
        peer_to_peer_held(),
        clock_extended(),
        noticed("approval", DAY),
    ],
)
def test_a_request_that_nobody_submitted_is_not_found(step: Step) -> None:
    def of_another(scenario: Scenario) -> Any:
        command = step.make(scenario)
        return command.model_copy(update={"request_id": scenario.known.requests[0].request_id.replace(".r1", ".r7")})

    given(submitted()).when(Step(of_another, step.actor)).then_refused(NotFound, field="request_id")
