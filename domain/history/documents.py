"""How events about supplied information, corrected statements and reviewed documents change the history."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from domain.events.base import Event
from domain.events.documents import DocumentCorrected, DocumentReviewed, DocumentVoided
from domain.events.requests import InformationSupplied, StatementCorrected
from domain.frozen import changed
from domain.history.records import DocumentOnRecord, Review
from domain.history.request_times import Asking
from domain.history.requests import agents_stated, attested, request_of, with_participant, with_request
from domain.history.state import PatientHistory


def supplied(
    history: PatientHistory,
    request_id: str,
    event: Any,
    *,
    appeal_id: str | None = None,
    **changes: Any,
) -> PatientHistory:
    """The history with the statement and the documents of an event, which are for a request or for its appeal."""
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
        agents_stated=agents_stated(request, event.statement, event.originator_version, event.received_on),
        supplied=(*request.supplied, (event.originator_version, event.received_at, event.received_on)),
        **changes,
    )
    return after.changed(documents=(*history.documents, *documents))


def _document_reviewed(history: PatientHistory, event: DocumentReviewed) -> PatientHistory:
    on_record = history.document(event.document_id)
    assert on_record is not None
    review = Review(event.clause, event.supports, event.actor, event.at, event.originator_version, event.note)
    after = _with_document(history, event.document_id, reviews=(*on_record.reviews, review))
    # A user who reviews a document for an appeal, or after the determination, did not take part in the determination.
    is_for_an_appeal = on_record.appeal_id is not None or request_of(history, on_record.request_id).is_decided
    return after if is_for_an_appeal else with_participant(after, on_record.request_id, event.actor)


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
        _with_response(one, event.received_at, in_full=event.answers_in_full)
        if one.answered_at is None and _is_of_answer(one, event)
        else one
        for one in request.askings
    )
    return supplied(history, event.request_id, event, askings=askings)


_ASKED_BY_NAME: Final = frozenset(
    {"birth_date", "diagnosis", "ms_form", "hiv_infection", "response", "requested_dosing"}
)
"""The facts of a statement that are asked for under the name of their own field."""

_NEVER_ASKED: Final = frozenset(
    {
        "active_infection",
        "hypersensitivity",
        "rems_enrolled",
        "campath_received",
        "progressive_multifocal_leukoencephalopathy",
        "diagnosis_codes",
    }
)
"""The facts of a statement that determine no clause."""


def _is_of_answer(asking: Asking, event: InformationSupplied) -> bool:
    """Whether what was received may be a part of the answer: not only facts that were certainly not asked for."""
    if event.answers_in_full or event.documents:
        return True
    asked = {re.split(r"[. ]", name)[0] for one in asking.asked for name in one.missing}
    not_asked = _NEVER_ASKED | (_ASKED_BY_NAME - asked)
    return not {field.removeprefix("statement.").partition(".")[0] for field in event.fields} <= not_asked


def _with_response(asking: Asking, received_at: datetime, *, in_full: bool) -> Asking:
    """The request for information with one more response.

    The answer is complete when its last part was received. The parts may be recorded in another order.
    """
    latest = max(received_at, asking.response_received_at or received_at)
    return changed(asking, response_received_at=latest, answered_at=latest if in_full else None)


def _statement_corrected(history: PatientHistory, event: StatementCorrected) -> PatientHistory:
    request = request_of(history, event.request_id)
    signs = attested(
        request.attested, request.statement.aggressive_disease, event.statement.aggressive_disease, event.actor
    )
    # A correction changes what was stated, not the day on which it was stated.
    stated_on = max((on for _, on in request.agents_stated), default=request.received_on)
    return with_request(
        history,
        event.request_id,
        statement=event.statement,
        consultation=event.consultation,
        line_of_business=event.line_of_business,
        attested=signs,
        agents_stated=agents_stated(request, event.statement, event.originator_version, stated_on),
    )


FOLDS: Final[dict[type[Event], Callable[[PatientHistory, Any], PatientHistory]]] = {
    InformationSupplied: _information_supplied,
    StatementCorrected: _statement_corrected,
    DocumentReviewed: _document_reviewed,
    DocumentCorrected: _document_corrected,
    DocumentVoided: lambda history, event: _with_document(history, event.document_id, voided=True),
}
