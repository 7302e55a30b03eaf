"""Decides an appeal, forwards it to external review, and records the external decision.

The plan decides from today's assessment of the request, which the decision maker viewed, under the request's own
edition (R21). An appeal is upheld, or overturned in whole or in part. Overturning approves the course in the same
commit, with thirty days of its own.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from domain.commands import Command
from domain.commands.appeals import DecideAppeal, HandOnAppeal, RecordExternalAnswer
from domain.commands.context import CommandContext, Occasion
from domain.deadlines.appealable import adverse_determination
from domain.deadlines.appeals import appeal_deadline
from domain.deadlines.requests import terms_of
from domain.decisions.appeals import appeal_named, open_appeal
from domain.decisions.approval_terms import Quantity, check_left_out, course_approved, quantity
from domain.decisions.citations import approval_departs, check_citing, denial_departs
from domain.decisions.consequences import DecisionFunction
from domain.decisions.determinations import any_assessment, assessment_to_decide_from, determined
from domain.decisions.preconditions import OnAssessment, Precondition, request_named
from domain.errors import AlreadyDecided, Conflict, InvalidCommand
from domain.events import PatientEvent
from domain.events.appeals import AppealDecided, AppealHandedOn, ExternalReviewAnswered
from domain.history.records import Appeal, Request
from domain.history.state import PatientHistory
from domain.permissions.appeal_independence import check_independent, check_uphold
from domain.policy.assessment import Assessment
from domain.review.assess_request import RequestAssessment, assessment_if_any


def decide_appeal(history: PatientHistory, command: DecideAppeal, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Uphold the denial, or overturn it in whole or in part and approve the course."""
    appeal, request = to_decide(history, command.appeal_id, context)
    if command.outcome != "overturned":
        check_uphold(context.actor)
    assessed = assessment_to_decide_from(history, request, command.assessment_digest, context)
    assessment = assessed.assessment if assessed is not None else None
    if command.outcome == "upheld":
        _check_grants_nothing(command)
        check_citing(command.citing, assessment)
        granted, departs = None, assessment is not None and denial_departs(command.citing, assessment)
    else:
        granted = _granted(history, request, assessment, command, context)
        departs = assessment is not None and approval_departs(assessment)
        _check_more_than_before(history, request, granted)
    determination = determined(history, assessed, command.rationale, context, departs=departs, of=request)
    decided = context.event(
        AppealDecided,
        appeal_id=appeal.appeal_id,
        outcome=command.outcome,
        citing=command.citing if command.outcome != "overturned" else (),
        determination=determination,
        forward_by=_forward_by(history, appeal, request, command, context),
    )
    if granted is None:
        return (decided,)
    return (
        decided,
        course_approved(history, request, command, granted, determination, context, appeal.appeal_id),
    )


def _forward_by(
    history: PatientHistory, appeal: Appeal, request: Request, command: DecideAppeal, context: CommandContext
) -> datetime | None:
    """By when the plan itself forwards what it upheld; None if everything was overturned, or the law asks for none."""
    if command.outcome == "overturned" or not terms_of(history, request, context.table).forwards_upheld:
        return None
    return appeal_deadline(history, appeal, context.zone, context.table).due_at


def to_decide(history: PatientHistory, appeal_id: str, occasion: Occasion) -> tuple[Appeal, Request]:
    """The open appeal and its request. The actor must be independent, and the determination under appeal in effect."""
    appeal = open_appeal(history, appeal_id, occasion)
    check_independent(occasion.actor, history, appeal)
    return appeal, _request_under_appeal(history, appeal)


def _assess_appealed(
    history: PatientHistory, appeal_and_request: tuple[Appeal, Request], today: date
) -> RequestAssessment | None:
    return assessment_if_any(history, appeal_and_request[1], today)


def hand_on_appeal(history: PatientHistory, command: HandOnAppeal, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Forward the appeal to external review."""
    appeal = to_hand_on(history, command.appeal_id, context)
    on = command.on or context.today
    if on > context.today or (appeal.closed_on is not None and on < appeal.closed_on):
        raise InvalidCommand(
            "the appeal can't be forwarded before it was decided, or in the future",
            field="on",
            remedy=f"send a date from {appeal.closed_on} to {context.today}",
        )
    return (context.event(AppealHandedOn, appeal_id=appeal.appeal_id, on=on, organisation=command.organisation),)


def to_hand_on(history: PatientHistory, appeal_id: str, _: Occasion) -> Appeal:
    """The appeal, which the plan upheld or overturned only in part. It is forwarded once."""
    appeal = appeal_named(history, appeal_id)
    if appeal.handed_on_to is not None:
        raise AlreadyDecided(
            f"the appeal was forwarded to external review on {appeal.handed_on_on}",
            field="appeal_id",
            remedy="record the external decision when it is received",
        )
    if appeal.status not in ("upheld", "overturned_in_part"):
        raise Conflict(
            f"the appeal is {appeal.status}, and only an upheld appeal can be forwarded to external review",
            field="appeal_id",
            remedy="decide the appeal first" if appeal.is_open else "forward the appeal that was upheld",
        )
    if any(_is_later_appeal(one, appeal) for one in history.appeals):
        raise Conflict(
            "a later appeal of the same determination was filed",
            field="appeal_id",
            remedy="forward the later appeal after it is decided",
        )
    return appeal


def record_external_answer(
    history: PatientHistory, command: RecordExternalAnswer, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record the decision of the independent organization. It is final, whatever the plan's own assessment recommends.

    If the organization overturned, the course is approved. The approval is marked as an override if the assessment does
    not support it.
    """
    appeal, forwarded_on = to_record_answer(history, command.appeal_id, context)
    if not forwarded_on <= command.received_on <= context.today:
        raise InvalidCommand(
            "the date of the external decision is before the appeal was forwarded, or in the future",
            field="received_on",
            remedy=f"send a day from {forwarded_on} to {context.today}",
        )
    answered = context.event(
        ExternalReviewAnswered,
        appeal_id=appeal.appeal_id,
        received_on=command.received_on,
        outcome=command.outcome,
        rationale=command.rationale,
    )
    request = request_named(history, appeal.request_id)
    if command.outcome == "upheld":
        _check_grants_nothing(command)
        return (answered,)
    if _was_approved_since(history, request, appeal):
        # The external decision is recorded, and nothing is left to approve.
        return (answered,)
    assessed = assessment_to_decide_from(history, request, command.assessment_digest, context)
    assessment = assessed.assessment if assessed is not None else None
    granted = _granted(history, request, assessment, command, context)
    departs = assessment is not None and approval_departs(assessment)
    determination = determined(history, assessed, command.rationale, context, departs=departs)
    return (
        answered,
        course_approved(history, request, command, granted, determination, context, appeal.appeal_id),
    )


def to_record_answer(history: PatientHistory, appeal_id: str, _: Occasion) -> tuple[Appeal, date]:
    """The appeal, whose external decision is not on record yet, and the day on which the appeal was forwarded."""
    appeal = appeal_named(history, appeal_id)
    if appeal.handed_on_to is None or appeal.handed_on_on is None:
        raise Conflict(
            "the appeal was not forwarded to external review",
            field="appeal_id",
            remedy="record that the appeal was forwarded first",
        )
    if appeal.external_outcome is not None:
        raise AlreadyDecided(
            "the external decision is already recorded", field="appeal_id", remedy="the external decision is final"
        )
    return appeal, appeal.handed_on_on


def _was_approved_since(history: PatientHistory, request: Request, appeal: Appeal) -> bool:
    """Whether the request was approved in full after the appeal was decided.

    True also if that approval was rescinded since: the rescission is another determination, with an appeal of its own.
    """
    adverse = adverse_determination(history, request)
    if adverse is None:
        return request.is_decided
    return adverse.kind == "rescission" and adverse.version != appeal.decision_version


def _request_under_appeal(history: PatientHistory, appeal: Appeal) -> Request:
    """The request. Raises Conflict if the determination under appeal is no longer in effect."""
    request = request_named(history, appeal.request_id)
    adverse = adverse_determination(history, request)
    if adverse is None or adverse.version != appeal.decision_version:
        raise Conflict(
            f"the determination under appeal is no longer in effect: the request is {request.status}",
            field="appeal_id",
            remedy="dismiss the appeal as not appealable, or record its withdrawal",
        )
    return request


def _granted(
    history: PatientHistory,
    request: Request,
    assessment: Assessment | None,
    command: DecideAppeal | RecordExternalAnswer,
    context: CommandContext,
) -> Quantity:
    """The quantity that is approved: all that was requested, or a part of it, as the outcome states."""
    granted = quantity(history, request, assessment, command, context.today)
    if granted.is_partial and command.outcome == "overturned":
        raise InvalidCommand(
            f"{granted.doses} of {granted.requested} doses are only a part of the request",
            field="outcome",
            remedy="send overturned_in_part, with what is not approved and why",
        )
    if command.outcome == "overturned_in_part":
        if not granted.is_partial:
            raise InvalidCommand(
                "all requested doses are approved, so the appeal is not overturned in part",
                field="doses",
                remedy="send fewer doses than were requested, or send overturned",
            )
        check_left_out(command, assessment)
    return granted


def _check_more_than_before(history: PatientHistory, request: Request, granted: Quantity) -> None:
    """Raises InvalidCommand unless an appeal of a partial approval approves more doses than before."""
    earlier_approval, adverse = history.approval(request.request_id), adverse_determination(history, request)
    if adverse is None or adverse.kind != "partial_approval":
        return
    if earlier_approval is not None and granted.doses <= earlier_approval.doses_approved:
        raise InvalidCommand(
            f"{earlier_approval.doses_approved} doses were already approved, and this is not more",
            field="doses",
            remedy="send more doses, or send upheld",
        )


def _check_grants_nothing(command: DecideAppeal | RecordExternalAnswer) -> None:
    for field in ("doses", "valid_from", "path", "left_out"):
        if getattr(command, field) is not None:
            raise InvalidCommand("an upheld appeal approves nothing", field=field, remedy="leave this field out")


def _is_later_appeal(one: Appeal, appeal: Appeal) -> bool:
    """Whether `one` is a later appeal of the same request, and was neither withdrawn nor dismissed."""
    is_later = one.request_id == appeal.request_id and one.filed_version > appeal.filed_version
    return is_later and one.status not in ("withdrawn", "dismissed")


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    DecideAppeal: decide_appeal,
    HandOnAppeal: hand_on_appeal,
    RecordExternalAnswer: record_external_answer,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    DecideAppeal: to_decide,
    HandOnAppeal: to_hand_on,
    RecordExternalAnswer: to_record_answer,
}
ON_ASSESSMENT: Final[dict[type[Command], OnAssessment]] = {DecideAppeal: OnAssessment(_assess_appealed, any_assessment)}
