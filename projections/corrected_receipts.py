"""Determinations that rest on a receipt that was corrected since, and what they would rest on now (R21, R23)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.calendar import Instant
from domain.errors import EditionUnknown
from domain.events import PatientEvent
from domain.events.determinations import Determination
from domain.events.receipts import ReceiptCorrected
from domain.facts import FrozenModel
from domain.history import evolve, fold
from domain.history.receipts import Receipt
from domain.history.records import Request
from domain.policy.assessment import Assessment, Recommendation
from domain.policy.editions import edition_for, edition_named
from domain.review.assess_request import request_assessment


class CorrectedReceipt(FrozenModel):
    """A determination, event number `version`, and the receipt that was corrected since.

    `edition_now` and `recommendation_now` are those of the same record with the corrected receipt, on the day of the
    determination. The edition and the recommendation are null if no edition is known for the receipt (R31). `differs`:
    the assessment is another.
    """

    version: int
    received_at_then: Instant
    received_at: Instant
    edition_then: str | None
    edition_now: str | None
    recommendation_then: Recommendation | None
    recommendation_now: Recommendation | None
    differs: bool


def corrected_receipts(events: Sequence[PatientEvent], request: Request) -> tuple[CorrectedReceipt, ...]:
    """Returns the determinations of the request that were made before its receipt was last corrected."""
    return tuple(_found(events, request))


def _found(events: Sequence[PatientEvent], request: Request) -> Iterator[CorrectedReceipt]:
    for decision in request.decisions:
        then = [one for one in request.receipts if one.version < decision.version]
        if decision.determination is None or not then or then[-1].received_at == request.received_at:
            continue
        yield _compared(events, request, decision.version, decision.determination, then[-1])


def _compared(
    events: Sequence[PatientEvent], request: Request, version: int, determination: Determination, then: Receipt
) -> CorrectedReceipt:
    recorded = determination.assessment
    now = _with_corrected_receipt(events, request, determination)
    digest = now.digest() if now is not None else None
    return CorrectedReceipt(
        version=version,
        received_at_then=then.received_at,
        received_at=request.received_at,
        edition_then=recorded.edition if recorded is not None else None,
        edition_now=now.edition if now is not None else None,
        recommendation_then=recorded.recommendation if recorded is not None else None,
        recommendation_now=now.recommendation if now is not None else None,
        differs=digest != determination.assessment_digest,
    )


def _with_corrected_receipt(
    events: Sequence[PatientEvent], request: Request, determination: Determination
) -> Assessment | None:
    """Returns the assessment of what was known at the determination, but with the corrected receipt."""
    correction = next(
        one for one in reversed(events) if isinstance(one, ReceiptCorrected) and one.request_id == request.request_id
    )
    known = fold(events[: determination.history_version])
    corrected = evolve(known, correction)
    recorded = determination.assessment
    try:
        edition = edition_for(request.received_on)
        if recorded is not None and edition.key == recorded.edition:
            edition = edition_named(recorded.edition, recorded.edition_revision)
    except EditionUnknown:
        return None
    return request_assessment(
        corrected, corrected.request(request.request_id), determination.decided_on, edition
    ).assessment
