"""How events about appeals change the history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from domain.events.appeals import (
    AppealAssigned,
    AppealDecided,
    AppealDismissed,
    AppealEvidenceAdded,
    AppealFiled,
    AppealHandedOn,
    AppealWithdrawn,
    ExternalReviewAnswered,
)
from domain.events.base import Event
from domain.frozen import changed
from domain.history.documents import supplied
from domain.history.records import Appeal
from domain.history.state import PatientHistory


def _filed(history: PatientHistory, event: AppealFiled) -> PatientHistory:
    appeal = Appeal(
        appeal_id=event.appeal_id,
        request_id=event.request_id,
        decision_version=event.decision_version,
        level=event.level,
        urgency=event.urgency,
        grounds=event.grounds,
        filer=event.filer,
        received_at=event.received_at,
        received_on=event.received_on,
        file_by=event.file_by,
        is_late=event.is_late,
        filed_version=event.originator_version,
        imported_from=event.imported_from,
    )
    return history.changed(appeals=(*history.appeals, appeal))


def _with_appeal(history: PatientHistory, appeal_id: str, **changes: Any) -> PatientHistory:
    appeals = tuple(changed(one, **changes) if one.appeal_id == appeal_id else one for one in history.appeals)
    return history.changed(appeals=appeals)


def _evidence_added(history: PatientHistory, event: AppealEvidenceAdded) -> PatientHistory:
    appeal = history.appeal(event.appeal_id)
    assert appeal is not None
    return supplied(history, appeal.request_id, event, appeal_id=event.appeal_id)


def _decided(history: PatientHistory, event: AppealDecided) -> PatientHistory:
    return _with_appeal(
        history,
        event.appeal_id,
        status=event.outcome,
        decided_by=event.actor,
        determination=event.determination,
        citing=event.citing,
        closed_on=event.determination.decided_on,
        closed_at=event.at,
        closed_version=event.originator_version,
        forward_by=event.forward_by,
    )


def _closed(
    history: PatientHistory, event: AppealWithdrawn | AppealDismissed, status: Literal["withdrawn", "dismissed"]
) -> PatientHistory:
    return _with_appeal(
        history,
        event.appeal_id,
        status=status,
        closed_on=event.on,
        closed_at=event.at,
        closed_version=event.originator_version,
        dismissed_as=event.ground if isinstance(event, AppealDismissed) else None,
    )


FOLDS: Final[dict[type[Event], Callable[[PatientHistory, Any], PatientHistory]]] = {
    AppealFiled: _filed,
    AppealEvidenceAdded: _evidence_added,
    AppealAssigned: lambda history, event: _with_appeal(history, event.appeal_id, assigned_to=event.to),
    AppealDecided: _decided,
    AppealWithdrawn: lambda history, event: _closed(history, event, "withdrawn"),
    AppealDismissed: lambda history, event: _closed(history, event, "dismissed"),
    AppealHandedOn: lambda history, event: _with_appeal(
        history, event.appeal_id, handed_on_to=event.organisation, handed_on_on=event.on
    ),
    ExternalReviewAnswered: lambda history, event: _with_appeal(
        history, event.appeal_id, external_outcome=event.outcome
    ),
}
