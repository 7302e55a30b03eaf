"""Files an appeal, adds information to it, assigns it, and ends it without a decision.

`appeal_outcomes` decides appeals. A late appeal is recorded as late. Only a dismissal, with its reason, refuses it.
"""

from __future__ import annotations

from typing import Final

from domain.commands import Command
from domain.commands.appeals import (
    AddAppealEvidence,
    AssignAppeal,
    DecideAppeal,
    DismissAppeal,
    FileAppeal,
    WithdrawAppeal,
)
from domain.commands.context import CommandContext, Occasion
from domain.deadline_terms.terms import AfterLastLevel, DeadlineTerms
from domain.deadlines.appealable import Adverse, adverse_determination
from domain.deadlines.appeals import file_by, timeliness
from domain.deadlines.requests import terms_of
from domain.decisions.consequences import DecisionFunction
from domain.decisions.information import supplied_by
from domain.decisions.preconditions import Assigning, Precondition, request_named
from domain.errors import AlreadyDecided, Conflict, InvalidCommand, NotFound, NotPermitted
from domain.events import PatientEvent
from domain.events.appeals import (
    AppealAssigned,
    AppealDismissed,
    AppealEvidenceAdded,
    AppealFiled,
    AppealLevel,
    AppealWithdrawn,
)
from domain.history.records import Appeal, Request
from domain.history.state import PatientHistory
from domain.people import Actor
from domain.permissions.appeal_independence import check_independent
from domain.permissions.commands import CLINICIAN_CREDENTIALS, MAY


def file_appeal(history: PatientHistory, command: FileAppeal, context: CommandContext) -> tuple[PatientEvent, ...]:
    """File an appeal of the latest denial, partial approval or rescission.

    An appeal at the second level follows one at the first that did not overturn everything.
    """
    request, adverse, level = to_file(history, command.request_id, context)
    received_on = context.day_of(command.received_at)
    if command.received_at > context.at:
        raise InvalidCommand(
            "the time of receipt is in the future",
            field="received_at",
            remedy="send the time at which the appeal was received",
        )
    since = adverse.appealed.closed_on if adverse.appealed is not None else None
    if received_on < (since or adverse.on):
        raise InvalidCommand(
            "the time of receipt is before the determination under appeal",
            field="received_at",
            remedy=f"send a time on {since or adverse.on} or later",
        )
    last_day = file_by(history, request, adverse, context.zone, context.table)
    return (
        context.event(
            AppealFiled,
            appeal_id=f"{history.patient_id}.a{len(history.appeals) + 1}",
            request_id=request.request_id,
            decision_version=adverse.version,
            level=level,
            urgency=command.urgency,
            grounds=command.grounds,
            filer=command.filer,
            received_at=command.received_at,
            received_on=received_on,
            file_by=last_day,
            is_late=last_day is not None and received_on > last_day,
        ),
    )


def to_file(history: PatientHistory, request_id: str, occasion: Occasion) -> tuple[Request, Adverse, AppealLevel]:
    """The request, its adverse determination that is in effect, and the level of a new appeal."""
    request = request_named(history, request_id)
    adverse = _adverse_determination(history, request)
    return request, adverse, _level(adverse, terms_of(history, request, occasion.table))


def add_evidence(
    history: PatientHistory, command: AddAppealEvidence, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Add facts and documents to an open appeal. The facts are in effect for the request from now on."""
    appeal = open_appeal(history, command.appeal_id, context)
    supplied = supplied_by(history, request_named(history, appeal.request_id), command, context)
    if supplied.is_nothing and command.note is None:
        raise InvalidCommand(
            "all of this is already on record",
            field="statement",
            remedy="send changed facts, documents, or a note",
        )
    return (
        context.event(
            AppealEvidenceAdded,
            appeal_id=appeal.appeal_id,
            received_at=command.received_at,
            received_on=context.day_of(command.received_at),
            statement=supplied.statement,
            consultation=supplied.consultation,
            fields=supplied.fields,
            documents=supplied.documents,
            note=command.note,
        ),
    )


def assign_appeal(history: PatientHistory, command: AssignAppeal, context: CommandContext) -> tuple[PatientEvent, ...]:
    appeal = to_assign(history, Assigning(command.appeal_id, command.to), context)
    return (context.event(AppealAssigned, appeal_id=appeal.appeal_id, to=command.to),)


def to_assign(history: PatientHistory, assigning: Assigning, occasion: Occasion) -> Appeal:
    """The open appeal. The assigned person must be one who may decide it."""
    appeal = open_appeal(history, assigning.subject_id, occasion)
    _check_may_decide(assigning.to)
    check_independent(assigning.to, history, appeal, field="to")
    if appeal.assigned_to == assigning.to:
        raise Conflict("the appeal is already assigned to this user", field="to", remedy="no action is needed")
    return appeal


def withdraw_appeal(
    history: PatientHistory, command: WithdrawAppeal, context: CommandContext
) -> tuple[PatientEvent, ...]:
    appeal = open_appeal(history, command.appeal_id, context)
    return (
        context.event(
            AppealWithdrawn, appeal_id=appeal.appeal_id, on=context.today, by=command.by, reason=command.reason
        ),
    )


def dismiss_appeal(
    history: PatientHistory, command: DismissAppeal, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Dismiss the appeal. The ground `late` is allowed only if the appeal is late."""
    appeal = open_appeal(history, command.appeal_id, context)
    timely = timeliness(history, appeal, context.zone, context.table)
    if command.ground == "late" and not timely.is_late:
        raise InvalidCommand(
            f"the appeal was received on {appeal.received_on}, and the last day to file was {timely.file_by}, so "
            "it is timely"
            if timely.file_by is not None
            else "no notice of the determination, or no receipt of it, is on record, so the time has not started",
            field="ground",
            remedy="decide the appeal, or dismiss it on another ground",
        )
    return (
        context.event(
            AppealDismissed,
            appeal_id=appeal.appeal_id,
            on=context.today,
            ground=command.ground,
            reason=command.reason,
        ),
    )


# -- the appeal, and its determination ------------------------------------------------------------


def appeal_named(history: PatientHistory, appeal_id: str) -> Appeal:
    """The appeal with this id. Raises NotFound."""
    appeal = history.appeal(appeal_id)
    if appeal is None:
        raise NotFound(
            "the appeal was not found", field="appeal_id", remedy="use an id from the patient's list of appeals"
        )
    return appeal


def open_appeal(history: PatientHistory, appeal_id: str, _: Occasion) -> Appeal:
    """The open appeal. Raises AlreadyDecided, and Conflict if the appeal was withdrawn or dismissed."""
    appeal = appeal_named(history, appeal_id)
    if appeal.status in ("withdrawn", "dismissed"):
        raise Conflict(
            f"the appeal was {appeal.status}",
            field="appeal_id",
            remedy="file another appeal if the filing deadline has not passed",
        )
    if not appeal.is_open:
        status = appeal.status.replace("_", " ")
        raise AlreadyDecided(
            f"the appeal is already {status}",
            field="appeal_id",
            remedy="see the decision of the appeal; any part that is still adverse can be appealed at the next level",
        )
    return appeal


def _adverse_determination(history: PatientHistory, request: Request) -> Adverse:
    """The adverse determination in effect. Raises Conflict if there is none, or if an appeal is open."""
    appeals_of_request = [one for one in history.appeals if one.request_id == request.request_id]
    if any(one.is_open for one in appeals_of_request):
        raise Conflict(
            "an appeal of this request is already open",
            field="request_id",
            remedy="add information to that appeal, or file another appeal after it is decided",
        )
    adverse = adverse_determination(history, request)
    if adverse is not None:
        return adverse
    if request.status == "approved":
        raise Conflict(
            "a full approval is in effect, so there is no adverse determination to appeal",
            field="request_id",
            remedy="appeal a denial, a partial approval or a rescission, or submit "
            "a new request for more than was requested",
        )
    undecided = "has no determination yet" if request.is_open else f"was {request.status} without a determination"
    raise Conflict(
        f"the request {undecided}",
        field="request_id",
        remedy="wait for the determination" if request.is_open else "reopen the request, or submit a new one",
    )


def _level(adverse: Adverse, terms: DeadlineTerms) -> AppealLevel:
    """The level of a new appeal. Raises Conflict if no further level is possible."""
    earlier_appeal = adverse.appealed
    if earlier_appeal is None:
        return "first"
    if earlier_appeal.handed_on_to is not None:
        raise Conflict(
            "the appeal was forwarded to external review, and the external decision is final",
            field="request_id",
            remedy="record the external decision when it is received"
            if earlier_appeal.awaits_external_review
            else "no further appeal is possible",
        )
    if earlier_appeal.level == "second":
        raise Conflict(
            "both levels of appeal were decided, and there is no third level",
            field="request_id",
            remedy="forward the appeal to external review",
        )
    if terms.appeal_levels == 1:
        raise Conflict(
            f"the plan has one level of appeal ({terms.source_of('appeal_levels')}), and this appeal was decided",
            field="request_id",
            remedy=_AFTER_ONE_LEVEL[terms.after_last_level],
        )
    return "second"


_AFTER_ONE_LEVEL: Final[dict[AfterLastLevel, str]] = {
    "external_review": "forward the appeal to external review",
    "independent_entity": "forward the appeal to the independent review entity",
    "state_fair_hearing": "the member may ask for a state fair hearing; record it as forwarded when it is asked for",
}


def _check_may_decide(to: Actor) -> None:
    """Raises NotPermitted unless a person of this role and credential may decide appeals."""
    if to.role not in MAY[DecideAppeal] or to.credential not in CLINICIAN_CREDENTIALS:
        raise NotPermitted(
            f"the role {to.role!r} with the credential {to.credential!r} may not decide an appeal",
            field="to.role" if to.role not in MAY[DecideAppeal] else "to.credential",
            remedy="assign the appeal to an appeals clinician who is a physician or a pharmacist",
        )


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    FileAppeal: file_appeal,
    AddAppealEvidence: add_evidence,
    AssignAppeal: assign_appeal,
    WithdrawAppeal: withdraw_appeal,
    DismissAppeal: dismiss_appeal,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    FileAppeal: to_file,
    AddAppealEvidence: open_appeal,
    AssignAppeal: to_assign,
    WithdrawAppeal: open_appeal,
    DismissAppeal: open_appeal,
}
