"""Requests information, records facts and documents that are received, and corrects what was stated wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.requests import CorrectStatement, RequestInformation, SendReminder, Supplement, SupplyInformation
from domain.deadlines.requests import deadline_of, limits_of_answer, restarted_at
from domain.decisions.consequences import DecisionFunction, after
from domain.decisions.deadlines import days_of_extension
from domain.decisions.determinations import viewed_assessment
from domain.decisions.documents import received_documents
from domain.decisions.preconditions import OnAssessment, Precondition, request_on_record, request_open
from domain.decisions.requests import check_statement
from domain.errors import Conflict, InvalidCommand
from domain.events import PatientEvent
from domain.events.documents import Document
from domain.events.requests import (
    Asked,
    ClockExtended,
    InformationRequested,
    InformationSupplied,
    ReminderSent,
    Statement,
    StatementCorrected,
)
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.people import ConsultationGiven
from domain.policy.assessment import Assessment
from domain.review.assess_request import RequestAssessment, assessment_if_any, request_assessment
from domain.review.statements import changed_fields, supplemented

MISSING_INFORMATION: Final = "Requested information is missing."
"""The reason of an extension that was granted in the same act as the request for information."""


def request_information(
    history: PatientHistory, command: RequestInformation, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Request exactly what the assessment leaves undetermined and what can still change the answer.

    The actor must have viewed the assessment. With `extend`, the deadline is extended for it in the same commit.
    """
    request = to_request_information(history, command.request_id, context)
    assessed = viewed_assessment(history, request, command.assessment_digest, context)
    check_anything_to_ask(history, request, assessed, context)
    assessment = assessed.assessment
    extend, days = command.extend, None
    if extend is not None:
        days = days_of_extension(history, request.request_id, extend.days, context, "extend.days")
    requested = context.event(
        InformationRequested,
        request_id=request.request_id,
        asked=tuple(_asked(assessment, clause) for clause in assessment.needed),
        answer_by=_answer_by(history, request, command.answer_by, days, context),
        assessment_digest=assessed.digest,
        history_version=assessed.history_version,
        note=command.note,
    )
    if extend is None or days is None:
        return (requested,)
    extended = context.event(
        ClockExtended,
        request_id=request.request_id,
        days=days,
        reason=MISSING_INFORMATION,
        notice=extend.notice,
        for_information=True,
    )
    return (requested, extended)


def to_request_information(history: PatientHistory, request_id: str, occasion: Occasion) -> Request:
    """The open request, whose decision is not due yet: after that, no response can be asked for."""
    request = request_open(history, request_id, occasion)
    due_at = deadline_of(history, request, occasion.zone, occasion.table).due_at
    if occasion.at >= due_at:
        raise Conflict(
            f"the decision was due by {due_at.isoformat()}, so no response can be asked for",
            field="request_id",
            remedy="decide the request on the information that is on record",
        )
    return request


def _answer_by(
    history: PatientHistory, request: Request, named: datetime | None, extended_by: int | None, context: CommandContext
) -> datetime:
    """The end of the time to respond. Raises InvalidCommand if it is too early or too late."""
    limits = limits_of_answer(history, request, context.at, context.zone, context.table, extended_by)
    answer_by = limits.default if named is None else named
    least = limits.least or context.at
    if answer_by < least:
        raise InvalidCommand(
            "the response date is earlier than the rules allow",
            field="answer_by",
            remedy=f"send {least.isoformat()} or later, or leave this field out",
        )
    if answer_by > limits.latest and limits.moves_due:
        raise InvalidCommand(
            f"the response date is later than an urgent request can wait, which is until {limits.latest.isoformat()}",
            field="answer_by",
            remedy=f"send a time from {least.isoformat()} to {limits.latest.isoformat()}, or leave this field out",
        )
    if answer_by > limits.latest:
        raise InvalidCommand(
            f"the response date is after the decision is due, by {limits.latest.isoformat()}",
            field="answer_by",
            remedy="send a time until then, leave this field out, or extend the deadline for the missing information",
        )
    return answer_by


def check_anything_to_ask(_: PatientHistory, request: Request, assessed: RequestAssessment, occasion: Occasion) -> None:
    """Raises InvalidCommand if this assessment needs nothing.

    Raises Conflict if everything that it needs was already requested.
    """
    assessment = assessed.assessment
    if not assessment.needed:
        raise InvalidCommand(
            f"no information is needed: the recommendation is {assessment.recommendation}",
            field="request_id",
            remedy="decide the request instead",
        )
    _check_not_requested_already(request, assessment, occasion.at)


def _asked(assessment: Assessment, clause: str) -> Asked:
    finding = assessment.finding(clause)
    return Asked(clause=clause, sentence=finding.sentence, missing=finding.missing)


def _check_not_requested_already(request: Request, assessment: Assessment, at: datetime) -> None:
    """Raises Conflict if every needed clause is in a request for information that is still open.

    The same request again would pause the turnaround time again. After the whole turnaround time started again, an
    expired request for information may be repeated.
    """
    restarted = restarted_at(request)
    open_requests = {
        one.clause
        for asking in request.askings
        if asking.answered_at is None and (restarted is None or asking.asked_at > restarted or asking.answer_by > at)
        for one in asking.asked
    }
    if open_requests.issuperset(assessment.needed):
        raise Conflict(
            "all of this was already requested and is not answered yet",
            field="request_id",
            remedy="send a reminder instead",
        )


def send_reminder(history: PatientHistory, command: SendReminder, context: CommandContext) -> tuple[PatientEvent, ...]:
    request = to_remind(history, command.request_id, context)
    return (context.event(ReminderSent, request_id=request.request_id, channel=command.channel, note=command.note),)


def to_remind(history: PatientHistory, request_id: str, occasion: Occasion) -> Request:
    """The open request, for which requested information is not received yet."""
    request = request_open(history, request_id, occasion)
    if request.awaits is None:
        raise Conflict("no information was requested", field="request_id", remedy="request the information first")
    return request


def supply_information(
    history: PatientHistory, command: SupplyInformation, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record facts and documents, whether the request is open or decided. Only what is on record already is refused."""
    request = request_on_record(history, command.request_id, context)
    supplied = supplied_by(history, request, command, context)
    event = context.event(
        InformationSupplied,
        request_id=request.request_id,
        received_at=command.received_at,
        received_on=context.day_of(command.received_at),
        statement=supplied.statement,
        consultation=supplied.consultation,
        fields=supplied.fields,
        documents=supplied.documents,
        answers_in_full=False,
    )
    in_full = _answers_in_full(request, after(history, (event,)), context)
    if supplied.is_nothing and not in_full:
        raise InvalidCommand(
            "all of this is already on record",
            field="statement",
            remedy="send changed facts or documents",
        )
    return (event.model_copy(update={"answers_in_full": in_full}),)


def _answers_in_full(request: Request, history_after: PatientHistory, context: CommandContext) -> bool:
    """Whether each requested clause is determined, or has a document for it that was received since.

    Information from another source, such as a report of treatment, also determines a clause.
    """
    open_requests = [one for one in request.askings if one.answered_at is None]
    if not open_requests:
        return False
    request_after = history_after.request(request.request_id)
    assert request_after is not None
    assessed = assessment_if_any(history_after, request_after, context.today)
    if assessed is None:
        # The receipt was corrected to a day before the first edition: nothing is left to ask (R31).
        return True
    needed = assessed.assessment.needed
    return all(
        one.clause not in needed
        or any(
            document.request_id == request.request_id
            and document.version > asking.version
            and not document.voided
            and document.is_meant_for(one.clause)
            for document in history_after.documents
        )
        for asking in open_requests
        for one in asking.asked
    )


def correct_statement(
    history: PatientHistory, command: CorrectStatement, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Correct the statement of an open or a decided request. The last recorded correction is in effect (R23)."""
    request = request_on_record(history, command.request_id, context)
    check_statement(command.statement, context.today)
    consultation = command.consultation or request.consultation
    line_of_business = command.line_of_business or request.line_of_business
    fields = changed_fields(request.statement, command.statement)
    fields += ("consultation",) if consultation != request.consultation else ()
    fields += ("line_of_business",) if line_of_business != request.line_of_business else ()
    if not fields:
        raise InvalidCommand(
            "the statement on record is the same", field="statement", remedy="send the complete corrected statement"
        )
    return (
        context.event(
            StatementCorrected,
            request_id=request.request_id,
            statement=command.statement,
            consultation=consultation,
            line_of_business=line_of_business,
            fields=fields,
            reason=command.reason,
        ),
    )


# -- for every command with facts -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Supplied:
    """The complete facts with what was received, the fields that changed, and the documents."""

    statement: Statement
    consultation: ConsultationGiven | None
    fields: tuple[str, ...]
    documents: tuple[Document, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether nothing new was received."""
        return not self.fields and not self.documents


def supplied_by(history: PatientHistory, request: Request, command: Supplement, context: CommandContext) -> Supplied:
    """What a command supplies for a request. Raises InvalidCommand for impossible values.

    Raises AlreadyRecorded for a document that is on record.
    """
    if command.received_at > context.at:
        raise InvalidCommand(
            "the time of receipt is in the future",
            field="received_at",
            remedy="send the time at which the information was received",
        )
    if command.received_at < request.received_at:
        raise InvalidCommand(
            "the time of receipt is before the request was received",
            field="received_at",
            remedy="send the time at which the information was received, or correct the statement",
        )
    check_statement(command.statement, context.today)
    statement = supplemented(request.statement, command.statement)
    consultation = command.consultation or request.consultation
    fields = changed_fields(request.statement, statement)
    fields += ("consultation",) if consultation != request.consultation else ()
    return Supplied(statement, consultation, fields, received_documents(history, request, command.documents))


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    RequestInformation: request_information,
    SendReminder: send_reminder,
    SupplyInformation: supply_information,
    CorrectStatement: correct_statement,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    RequestInformation: to_request_information,
    SendReminder: to_remind,
    SupplyInformation: request_on_record,
    CorrectStatement: request_on_record,
}
ON_ASSESSMENT: Final[dict[type[Command], OnAssessment]] = {
    RequestInformation: OnAssessment(request_assessment, check_anything_to_ask)
}
