"""What is remembered of the facts and documents that came for a request, and of what persons found in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from domain.events.base import Event
from domain.events.documents import DocumentCorrected, DocumentReviewed, DocumentVoided
from domain.events.requests import InformationSupplied, StatementCorrected
from domain.frozen import changed
from domain.history.records import Asking, DocumentOnRecord, Review
from domain.history.requests import agents_told, attested, request_of, took_part_in, with_request
from domain.history.state import PatientHistory


def supplied(
    history: PatientHistory,
    request_id: str,
    event: Any,
    *,
    appeal_id: str | None = None,
    **changes: Any,
) -> PatientHistory:
    """Facts and documents that came for a request, or for an appeal of it."""
    request = request_of(history, request_id)
    documents = tuple(
        DocumentOnRecord(one, request_id, appeal_id, event.received_on, event.originator_version)
        for one in event.documents
    )
    signs = attested(
        request.attested, request.statement.aggressive_disease, event.statement.aggressive_disease, event.actor
    )
    after = with_request(
        history,
        request_id,
        statement=event.statement,
        consultation=event.consultation,
        attested=signs,
        agents_told=agents_told(request, event.statement, event.originator_version, event.received_on),
        **changes,
    )
    return after.changed(documents=(*history.documents, *documents))


def _document_reviewed(history: PatientHistory, event: DocumentReviewed) -> PatientHistory:
    on_record = history.document(event.document_id)
    assert on_record is not None
    review = Review(event.clause, event.supports, event.actor, event.recorded_at, event.originator_version, event.note)
    after = _with_document(history, event.document_id, reviews=(*on_record.reviews, review))
    # Whoever reads for an appeal, its evidence or what was there before, took no part in what was decided then.
    is_for_an_appeal = on_record.appeal_id is not None or request_of(history, on_record.request_id).is_decided
    return after if is_for_an_appeal else took_part_in(after, on_record.request_id, event.actor)


def _document_corrected(history: PatientHistory, event: DocumentCorrected) -> PatientHistory:
    on_record = history.document(event.document_id)
    assert on_record is not None
    document = on_record.document.model_copy(update={"name": event.name, "kind": event.kind, "clause": event.clause})
    return _with_document(history, event.document_id, document=document, corrected=True)


def _with_document(history: PatientHistory, document_id: str, **changes: Any) -> PatientHistory:
    documents = tuple(
        changed(one, **changes) if one.document.document_id == document_id else one for one in history.documents
    )
    return history.changed(documents=documents)


def _information_supplied(history: PatientHistory, event: InformationSupplied) -> PatientHistory:
    request = request_of(history, event.request_id)
    askings = tuple(
        one if one.answered_at is not None else _with_what_came(one, event.received_at, in_full=event.answers_in_full)
        for one in request.askings
    )
    return supplied(history, event.request_id, event, askings=askings)


def _with_what_came(asking: Asking, received_at: datetime, *, in_full: bool) -> Asking:
    """The response is full once the last of its parts was received, in whatever order they are recorded."""
    came_at = max(received_at, asking.came_at or received_at)
    return changed(asking, came_at=came_at, answered_at=came_at if in_full else None)


def _statement_corrected(history: PatientHistory, event: StatementCorrected) -> PatientHistory:
    request = request_of(history, event.request_id)
    signs = attested(
        request.attested, request.statement.aggressive_disease, event.statement.aggressive_disease, event.actor
    )
    # A correction says what should have been stated, when it was; it brings no news of a later day.
    as_told_on = max((on for _, on in request.agents_told), default=request.received_on)
    return with_request(
        history,
        event.request_id,
        statement=event.statement,
        consultation=event.consultation,
        line_of_business=event.line_of_business,
        attested=signs,
        agents_told=agents_told(request, event.statement, event.originator_version, as_told_on),
    )


REMEMBERS: Final[dict[type[Event], Callable[[PatientHistory, Any], PatientHistory]]] = {
    InformationSupplied: _information_supplied,
    StatementCorrected: _statement_corrected,
    DocumentReviewed: _document_reviewed,
    DocumentCorrected: _document_corrected,
    DocumentVoided: lambda history, event: _with_document(history, event.document_id, voided=True),
}
