"""The life of a request without its determinations: submitted, changed, assigned, withdrawn, dismissed, reopened."""

from __future__ import annotations

from datetime import date
from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.requests import (
    AssignRequest,
    ChangePlannedInfusion,
    ChangePrescriber,
    DismissRequest,
    HoldPeerToPeer,
    OfferPeerToPeer,
    ReleaseRequest,
    ReopenRequest,
    SubmitRequest,
    WithdrawRequest,
)
from domain.decisions.consequences import DecisionFunction
from domain.decisions.preconditions import (
    Assigning,
    Precondition,
    always,
    request_named,
    request_on_record,
    request_open,
)
from domain.decisions.receipts import check_receipt
from domain.errors import AlreadyDecided, Conflict, InvalidCommand, NotFound, NotPermitted
from domain.events import PatientEvent
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
    Statement,
)
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.permissions.commands import CLINICIAN_CREDENTIALS
from domain.treatment.course_assignment import name_of_course


def submit_request(
    history: PatientHistory, command: SubmitRequest, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record a request that was received."""
    received = context.at if command.received_at is None else command.received_at
    if command.received_at is not None or command.receipt_source is not None:
        check_receipt(history, command, context)
    check_statement(command.statement, context.today)
    received_on = context.day_of(received)
    _check_retrospective(history, command.retrospective_for, received_on)
    return (
        context.event(
            RequestSubmitted,
            request_id=f"{history.patient_id}.r{len(history.requests) + 1}",
            received_at=received,
            received_on=received_on,
            line_of_business=command.line_of_business,
            urgency=command.urgency,
            prescriber=command.prescriber,
            consultation=command.consultation,
            planned_first_infusion_on=command.planned_first_infusion_on,
            statement=command.statement,
            planned_site=command.planned_site,
            retrospective_for=command.retrospective_for,
            receipt_source=command.receipt_source,
        ),
    )


def check_statement(statement: Statement, today: date) -> None:
    """Raise InvalidCommand if the birth date is in the future or an agent was stopped before it was started."""
    if statement.birth_date is not None and statement.birth_date.earliest > today:
        raise InvalidCommand(
            "the birth date is in the future", field="statement.birth_date", remedy="send the correct birth date"
        )
    for number, agent in enumerate(statement.agents):
        started, stopped = agent.started_on, agent.stopped_on
        if started is not None and stopped is not None and started.earliest > stopped.latest:
            raise InvalidCommand(
                "the agent was stopped before it was started",
                field=f"statement.agents.{number}.stopped_on",
                remedy="send the start date and then the stop date",
            )


def _check_retrospective(history: PatientHistory, dose_ids: tuple[str, ...], received_on: date) -> None:
    """Raises InvalidCommand unless the listed doses count, were given before receipt, and are of one course."""

    def refusal(number: int, cause: str, remedy: str) -> InvalidCommand:
        return InvalidCommand(cause, field=f"retrospective_for.{number}", remedy=remedy)

    course: int | None = None
    for number, dose_id in enumerate(dose_ids):
        dose = history.dose(dose_id)
        if dose is None:
            raise refusal(number, "the dose entry was not found", "record the dose first, and send its id")
        if dose_id in dose_ids[:number]:
            raise refusal(number, "the dose is listed twice", "list the dose once")
        of_course = name_of_course(history, dose)
        if not dose.stands or of_course is None:
            raise refusal(number, "the dose belongs to no course on record", "list only doses that count")
        if dose.on >= received_on:
            raise refusal(
                number,
                "the dose was not given before the request was received",
                "leave the dose out: an approval covers it",
            )
        if course is not None and of_course != course:
            raise refusal(number, "the doses belong to more than one course", "submit one request for each course")
        course = of_course


def change_planned_infusion(
    history: PatientHistory, command: ChangePlannedInfusion, context: CommandContext
) -> tuple[PatientEvent, ...]:
    request = request_open(history, command.request_id, context)
    planned = (command.planned_first_infusion_on, command.planned_site)
    if planned == (request.planned_first_infusion_on, request.planned_site):
        raise InvalidCommand(
            "this day and site are already on record",
            field="planned_first_infusion_on",
            remedy="send the new day or site",
        )
    return (
        context.event(
            PlannedInfusionChanged,
            request_id=request.request_id,
            planned_first_infusion_on=command.planned_first_infusion_on,
            planned_site=command.planned_site,
        ),
    )


def change_prescriber(
    history: PatientHistory, command: ChangePrescriber, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Change the prescriber. The consultation is replaced too: without a new one, none is stated."""
    request = request_open(history, command.request_id, context)
    if (command.prescriber, command.consultation) == (request.prescriber, request.consultation):
        raise InvalidCommand(
            "this prescriber is already on record", field="prescriber", remedy="send the new prescriber"
        )
    return (
        context.event(
            PrescriberChanged,
            request_id=request.request_id,
            prescriber=command.prescriber,
            consultation=command.consultation,
        ),
    )


# -- assignment -----------------------------------------------------------------------------------


def assign_request(
    history: PatientHistory, command: AssignRequest, context: CommandContext
) -> tuple[PatientEvent, ...]:
    request = to_assign(history, Assigning(command.request_id, command.to), context)
    return (context.event(RequestAssigned, request_id=request.request_id, to=command.to),)


def to_assign(history: PatientHistory, assigning: Assigning, occasion: Occasion) -> Request:
    """The open request. The assigned person must be a reviewer or a clinician."""
    request, to = request_open(history, assigning.subject_id, occasion), assigning.to
    if to.role not in ("reviewer", "clinician"):
        raise InvalidCommand(
            f"a request can't be assigned to the role {to.role!r}",
            field="to.role",
            remedy="assign the request to a reviewer or a clinician",
        )
    if to.role == "clinician" and to.credential not in CLINICIAN_CREDENTIALS:
        raise InvalidCommand(
            f"the credential {to.credential!r} is not a clinician's",
            field="to.credential",
            remedy="assign the request to a physician (medical director) or a pharmacist",
        )
    if request.held_by == to:
        raise Conflict("the request is already assigned to this user", field="to", remedy="no action is needed")
    return request


def release_request(
    history: PatientHistory, command: ReleaseRequest, context: CommandContext
) -> tuple[PatientEvent, ...]:
    request = to_release(history, command.request_id, context)
    return (context.event(RequestReleased, request_id=request.request_id),)


def to_release(history: PatientHistory, request_id: str, occasion: Occasion) -> Request:
    """The open request, which is assigned to a user."""
    request = request_open(history, request_id, occasion)
    if request.held_by is None:
        raise Conflict("the request is already unassigned", field="request_id", remedy="no action is needed")
    return request


# -- closing without a determination, and reopening -----------------------------------------------


def withdraw_request(
    history: PatientHistory, command: WithdrawRequest, context: CommandContext
) -> tuple[PatientEvent, ...]:
    request = request_not_closed(history, command.request_id, context)
    return (
        context.event(
            RequestWithdrawn, request_id=request.request_id, on=context.today, by=command.by, reason=command.reason
        ),
    )


def dismiss_request(
    history: PatientHistory, command: DismissRequest, context: CommandContext
) -> tuple[PatientEvent, ...]:
    request = request_not_closed(history, command.request_id, context)
    if command.ground == "duplicate":
        _check_duplicate(history, request, command.duplicate_of)
    elif command.duplicate_of is not None:
        raise InvalidCommand(
            "only a duplicate may name another request",
            field="duplicate_of",
            remedy="leave this field out, or dismiss the request as a duplicate",
        )
    return (
        context.event(
            RequestDismissed,
            request_id=request.request_id,
            on=context.today,
            ground=command.ground,
            duplicate_of=command.duplicate_of,
            reason=command.reason,
        ),
    )


def request_not_closed(history: PatientHistory, request_id: str, _: Occasion) -> Request:
    """The open request. Raises AlreadyDecided."""
    request = request_named(history, request_id)
    if not request.is_open:
        raise AlreadyDecided(
            f"the request is already {request.status}",
            field="request_id",
            remedy="see the request's history, or submit a new request",
        )
    return request


def _check_duplicate(history: PatientHistory, request: Request, duplicate_of: str | None) -> None:
    """Raises an error unless the other request exists and can still be decided, or is decided."""
    if duplicate_of is None or duplicate_of == request.request_id:
        raise InvalidCommand(
            "a duplicate must name another request of this patient",
            field="duplicate_of",
            remedy="name the request that remains open",
        )
    other = history.request(duplicate_of)
    if other is None:
        raise NotFound(
            "the request was not found", field="duplicate_of", remedy="use an id from the patient's list of requests"
        )
    if other.status in ("dismissed", "withdrawn"):
        raise Conflict(
            f"the other request was {other.status}, so neither request would be decided",
            field="duplicate_of",
            remedy="reopen the other request first, or decide this one",
        )


def reopen_request(
    history: PatientHistory, command: ReopenRequest, context: CommandContext
) -> tuple[PatientEvent, ...]:
    request = to_reopen(history, command.request_id, context)
    return (context.event(RequestReopened, request_id=request.request_id, on=context.today, reason=command.reason),)


def to_reopen(history: PatientHistory, request_id: str, occasion: Occasion) -> Request:
    """The closed request.

    Only a clinician may reopen a denied request. A reviewer may reopen one that was never decided.
    """
    request = request_named(history, request_id)
    if request.is_open:
        raise Conflict("the request is open", field="request_id", remedy="decide the request")
    if request.status == "approved":
        raise Conflict(
            "the request is approved",
            field="request_id",
            remedy="rescind the approval, or appeal the part that was not approved",
        )
    if any(one.request_id == request.request_id and one.is_open for one in history.appeals):
        raise Conflict(
            "an appeal of this request is already open",
            field="request_id",
            remedy="decide the appeal, or record its withdrawal",
        )
    if request.status == "denied" and occasion.actor.role != "clinician":
        raise NotPermitted(
            f"a {occasion.actor.role} may not reopen what was denied",
            field="actor.role",
            remedy="ask a clinician to reopen the request, or file an appeal",
        )
    return request


# -- peer-to-peer conversations -------------------------------------------------------------------


def offer_peer_to_peer(
    history: PatientHistory, command: OfferPeerToPeer, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Offer a conversation, before the determination or after an adverse one."""
    request = to_offer_peer_to_peer(history, command.request_id, context)
    if command.until is not None and command.until < context.today:
        raise InvalidCommand("the last day of the offer has passed", field="until", remedy="send today or a later day")
    return (context.event(PeerToPeerOffered, request_id=request.request_id, until=command.until, note=command.note),)


def to_offer_peer_to_peer(history: PatientHistory, request_id: str, _: Occasion) -> Request:
    """The request, which is neither withdrawn nor dismissed."""
    request = request_named(history, request_id)
    if request.status in ("withdrawn", "dismissed"):
        raise Conflict(
            f"the request was {request.status}, so there is no determination to discuss",
            field="request_id",
            remedy="reopen the request first",
        )
    return request


def hold_peer_to_peer(
    history: PatientHistory, command: HoldPeerToPeer, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record a conversation that took place, whatever the status of the request."""
    request = request_on_record(history, command.request_id, context)
    on = command.on or context.today
    if not request.received_on <= on <= context.today:
        raise InvalidCommand(
            "the date of the conversation is before the request was received, or in the future",
            field="on",
            remedy=f"send a date from {request.received_on} to {context.today}",
        )
    return (
        context.event(
            PeerToPeerHeld,
            request_id=request.request_id,
            on=on,
            with_whom=command.with_whom,
            outcome=command.outcome,
        ),
    )


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    SubmitRequest: submit_request,
    ChangePlannedInfusion: change_planned_infusion,
    ChangePrescriber: change_prescriber,
    AssignRequest: assign_request,
    ReleaseRequest: release_request,
    WithdrawRequest: withdraw_request,
    DismissRequest: dismiss_request,
    ReopenRequest: reopen_request,
    OfferPeerToPeer: offer_peer_to_peer,
    HoldPeerToPeer: hold_peer_to_peer,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    SubmitRequest: always,
    ChangePlannedInfusion: request_open,
    ChangePrescriber: request_open,
    AssignRequest: to_assign,
    ReleaseRequest: to_release,
    WithdrawRequest: request_not_closed,
    DismissRequest: request_not_closed,
    ReopenRequest: to_reopen,
    OfferPeerToPeer: to_offer_peer_to_peer,
    HoldPeerToPeer: request_on_record,
}
