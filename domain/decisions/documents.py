"""Documents behind the facts: received with other information, reviewed by a person, corrected, voided."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.requests import CorrectDocument, NewDocument, ReviewDocument, VoidDocument
from domain.decisions.consequences import DecisionFunction
from domain.decisions.preconditions import Precondition, request_named
from domain.errors import AlreadyRecorded, Conflict, EditionUnknown, InvalidCommand, NotFound
from domain.events import PatientEvent
from domain.events.documents import Document, DocumentCorrected, DocumentReviewed, DocumentVoided
from domain.history.records import DocumentOnRecord, Request
from domain.history.state import PatientHistory
from domain.policy.editions import EDITIONS, edition_for


def review_document(
    history: PatientHistory, command: ReviewDocument, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record whether the document supports the finding of a clause. The latest review is in effect (R14)."""
    on_record = document_in_effect(history, command.document_id, context)
    check_clause(command.clause, request_named(history, on_record.request_id), field="clause")
    return (
        context.event(
            DocumentReviewed,
            document_id=command.document_id,
            clause=command.clause,
            supports=command.supports,
            note=command.note,
        ),
    )


def correct_document(
    history: PatientHistory, command: CorrectDocument, context: CommandContext
) -> tuple[PatientEvent, ...]:
    on_record = document_in_effect(history, command.document_id, context)
    before = on_record.document
    if command.clause is not None:
        check_clause(command.clause, request_named(history, on_record.request_id), field="clause")
    corrected = {
        name: getattr(before, name) if getattr(command, name) is None else getattr(command, name)
        for name in ("name", "kind", "clause")
    }
    fields = tuple(name for name, value in corrected.items() if value != getattr(before, name))
    if not fields:
        raise InvalidCommand(
            "the document is already recorded with these details", remedy="send the corrected name, kind or clause"
        )
    return (
        context.event(
            DocumentCorrected, document_id=command.document_id, **corrected, fields=fields, reason=command.reason
        ),
    )


def void_document(history: PatientHistory, command: VoidDocument, context: CommandContext) -> tuple[PatientEvent, ...]:
    on_record = document_in_effect(history, command.document_id, context)
    return (context.event(DocumentVoided, document_id=on_record.document.document_id, reason=command.reason),)


def document_in_effect(history: PatientHistory, document_id: str, _: Occasion) -> DocumentOnRecord:
    """The document. Raises Conflict if it is voided, because a voided document can't be changed (R23)."""
    on_record = history.document(document_id)
    if on_record is None:
        raise NotFound(
            "the document was not found", field="document_id", remedy="use an id from the patient's list of documents"
        )
    if on_record.voided:
        raise Conflict(
            "the document was removed as filed in error and can't be changed (R23)",
            field="document_id",
            remedy="send the document again with the correct request or appeal",
        )
    return on_record


# -- for every command with documents -------------------------------------------------------------


def received_documents(
    history: PatientHistory, request: Request, received: tuple[NewDocument, ...]
) -> tuple[Document, ...]:
    """The received documents with their ids. The same bytes are one document of a request and its appeals.

    Raises AlreadyRecorded if the bytes are on record for the request and not voided. Raises InvalidCommand for an
    unknown clause, or if the same bytes are listed twice.
    """
    on_record = {
        one.document.sha256: one.document.document_id
        for one in history.documents
        if one.request_id == request.request_id and not one.voided
    }
    documents = []
    for number, one in enumerate(received):
        if one.clause is not None:
            check_clause(one.clause, request, field=f"documents.{number}.clause")
        if one.sha256 in on_record:
            raise AlreadyRecorded(
                "this document is already recorded for the request",
                field=f"documents.{number}.sha256",
                remedy="if the name, the kind or the clause is wrong, correct the document on record",
                document_id=on_record[one.sha256],
            )
        if one.sha256 in {other.sha256 for other in received[:number]}:
            raise InvalidCommand(
                "the same document is listed twice",
                field=f"documents.{number}.sha256",
                remedy="list the document once; if it supports several clauses, name the group that contains them",
            )
        documents.append(
            Document(document_id=f"{history.patient_id}.f{len(history.documents) + number + 1}", **dict(one))
        )
    return tuple(documents)


def check_clause(clause: str, request: Request, *, field: str) -> None:
    """Raises InvalidCommand unless the edition that applies to the request, or the newest edition, has this clause."""
    known = {*EDITIONS[0].by_citation}
    # A request from before the first edition may cite the clauses of the newest.
    with suppress(EditionUnknown):
        known |= edition_for(request.received_on).by_citation.keys()
    if clause not in known:
        raise InvalidCommand(
            "the policy version that applies has no such clause",
            field=field,
            remedy="cite the clause as the assessment lists it, for example 1.A.iii.d(3)",
        )


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    ReviewDocument: review_document,
    CorrectDocument: correct_document,
    VoidDocument: void_document,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    ReviewDocument: document_in_effect,
    CorrectDocument: document_in_effect,
    VoidDocument: document_in_effect,
}
