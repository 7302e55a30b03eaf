"""The determinations of a request on record. Each is rendered from its event and never re-evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

from domain.calendar import Day, Instant
from domain.events import PatientEvent
from domain.events.appeals import AppealDecided, AppealFiled
from domain.events.base import ImportedFrom
from domain.events.determinations import (
    ApprovalExtended,
    ApprovalRescinded,
    CourseApproved,
    Determination,
    PastDeterminationImported,
    RequestDenied,
    RequestReferred,
)
from domain.facts import FrozenModel
from domain.people import Actor
from domain.policy.assessment import Assessment, Recommendation

RecordedKind = Literal[
    "approved",
    "partly_approved",
    "denied",
    "referred",
    "extended",
    "rescinded",
    "appeal_upheld",
    "appeal_overturned",
    "appeal_overturned_in_part",
]
DecidingEvent = (
    CourseApproved
    | RequestDenied
    | RequestReferred
    | ApprovalExtended
    | ApprovalRescinded
    | PastDeterminationImported
    | AppealDecided
)
"""The events that record a determination."""


class Granted(FrozenModel):
    """What was approved. Both days are included. `course` is null if an imported record does not state it."""

    course: int | None
    doses_approved: int | None
    valid_from: Day | None
    valid_through: Day | None
    left_out: str | None


class Recorded(FrozenModel):
    """One determination, from its event, which is number `version` of the history.

    `decided_by` is the person who recorded it. `decided_by_name` is the person who decided it, as an import states.
    An import and a rescission have no assessment; their `edition` is what the import states, or null. A determination
    of a request from before the first edition has none either, and its edition is `unknown` (R31). `departs`: the
    decision overrides the recommendation.
    """

    version: int
    event: str
    kind: RecordedKind
    request_id: str
    appeal_id: str | None
    decided_on: Day
    recorded_at: Instant
    decided_by: Actor
    decided_by_name: str | None
    edition: str | None
    edition_revision: int | None
    edition_digest: str | None
    edition_provenance: Literal["text", "reconstructed"] | None
    recommendation: Recommendation | None
    citing: tuple[str, ...]
    rationale: str | None
    departs: bool | None
    granted: Granted | None
    history_version: int | None
    assessment_digest: str | None
    assessment: Assessment | None
    imported_from: ImportedFrom | None


def decisions_of(events: Iterable[PatientEvent], request_id: str) -> list[DecidingEvent]:
    """Returns the determinations of a request and of its appeals, oldest first.

    If the plan overturns a determination on appeal, the approval is recorded in the same command as the appeal
    decision and is part of it. If an external organization overturns it, only the approval holds the determination.
    """
    found: list[DecidingEvent] = []
    appeals: set[str] = set()
    for event in events:
        match event:
            case AppealFiled() if event.request_id == request_id:
                appeals.add(event.appeal_id)
            case AppealDecided() if event.appeal_id in appeals:
                found.append(event)
            case CourseApproved() if event.request_id == request_id:
                if not (found and isinstance(found[-1], AppealDecided) and found[-1].command_id == event.command_id):
                    found.append(event)
            case (
                RequestDenied()
                | RequestReferred()
                | ApprovalExtended()
                | ApprovalRescinded()
                | PastDeterminationImported()
            ) if event.request_id == request_id:
                found.append(event)
            case _:
                pass
    return found  # fmt: skip


def recorded(event: DecidingEvent, request_id: str, events: Iterable[PatientEvent] = ()) -> Recorded:
    """Returns the determination that an event records.

    `events` are events of the history. Those of the same command show what an appeal decision approved.
    """
    determination = determination_of(event)
    assessment = determination.assessment if determination is not None else None
    imported = event if isinstance(event, PastDeterminationImported) else None
    return Recorded(
        version=event.originator_version,
        event=event.TOPIC,
        kind=kind_of(event),
        request_id=request_id,
        appeal_id=getattr(event, "appeal_id", None),
        decided_on=decided_on(event),
        recorded_at=event.at,
        decided_by=event.actor,
        decided_by_name=imported.decided_by if imported is not None else None,
        edition=_edition(determination, imported),
        edition_revision=assessment.edition_revision if assessment is not None else None,
        edition_digest=assessment.edition_digest if assessment is not None else None,
        edition_provenance=assessment.edition_provenance if assessment is not None else None,
        recommendation=assessment.recommendation if assessment is not None else None,
        citing=getattr(event, "citing", ()),
        rationale=_rationale(event),
        departs=determination.departs if determination is not None else None,
        granted=_granted(event, events),
        history_version=determination.history_version if determination is not None else None,
        assessment_digest=determination.assessment_digest if determination is not None else None,
        assessment=assessment,
        imported_from=event.imported_from,
    )


def _edition(determination: Determination | None, imported: PastDeterminationImported | None) -> str | None:
    if determination is not None:
        return determination.assessment.edition if determination.assessment is not None else determination.edition
    return imported.edition if imported is not None else None


def determination_of(event: DecidingEvent) -> Determination | None:
    """Returns the stored determination, or None if the event has no assessment: an import or a rescission."""
    if isinstance(event, PastDeterminationImported | ApprovalRescinded):
        return None
    return event.determination


def decided_on(event: DecidingEvent) -> date:
    """Returns the day of the decision, in the plan's time zone; for a rescission, the day on which it takes effect."""
    match event:
        case PastDeterminationImported():
            return event.decided_on
        case ApprovalRescinded():
            return event.rescinded_on
        case _:
            return event.determination.decided_on


def kind_of(event: DecidingEvent) -> RecordedKind:
    """Returns the kind of the determination; for an import, its stated outcome."""
    match event:
        case CourseApproved():
            return "partly_approved" if event.left_out is not None else "approved"
        case RequestDenied():
            return "denied"
        case RequestReferred():
            return "referred"
        case ApprovalExtended():
            return "extended"
        case ApprovalRescinded():
            return "rescinded"
        case PastDeterminationImported():
            return event.outcome
        case AppealDecided():
            return _OUTCOMES[event.outcome]


_OUTCOMES: dict[str, RecordedKind] = {
    "upheld": "appeal_upheld",
    "overturned": "appeal_overturned",
    "overturned_in_part": "appeal_overturned_in_part",
}


def _rationale(event: DecidingEvent) -> str | None:
    match event:
        case PastDeterminationImported():
            return event.rationale
        case ApprovalRescinded():
            return f"{event.ground.replace('_', ' ').capitalize()}: {event.reason}"
        case _:
            return event.determination.rationale


def _granted(event: DecidingEvent, events: Iterable[PatientEvent]) -> Granted | None:
    approval = next(_grants(event, events), None)
    if approval is None or approval.valid_from is None:
        return None
    return Granted(
        course=approval.course,
        doses_approved=approval.doses_approved,
        valid_from=approval.valid_from,
        valid_through=approval.valid_through,
        left_out=getattr(approval, "left_out", None),
    )


def _grants(
    event: DecidingEvent, events: Iterable[PatientEvent]
) -> Iterator[CourseApproved | PastDeterminationImported]:
    if isinstance(event, CourseApproved | PastDeterminationImported):
        yield event
    elif isinstance(event, AppealDecided):
        for one in events:
            if isinstance(one, CourseApproved) and one.command_id == event.command_id:
                yield one
