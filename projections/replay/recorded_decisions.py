"""Which determinations of a request are on record, each as its event has it: rendered, never evaluated again."""

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
Deciding = (
    CourseApproved
    | RequestDenied
    | RequestReferred
    | ApprovalExtended
    | ApprovalRescinded
    | PastDeterminationImported
    | AppealDecided
)


class Granted(FrozenModel):
    """What was approved; both days are included. `course` is null where another record did not say."""

    course: int | None
    doses_approved: int | None
    valid_from: Day | None
    valid_through: Day | None
    left_out: str | None


class Recorded(FrozenModel):
    """One determination, from its event, which is number `version` of the history.

    `decided_by` recorded it; `decided_by_name` is who decided according to an import. An import
    and a rescission hold no assessment; `edition` is then what the import said, or null.
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


def decisions_of(events: Iterable[PatientEvent], request_id: str) -> list[Deciding]:
    """The determinations of a request, oldest first; those of its appeals among them.

    What an overturned appeal approved is in its own commit and belongs to it; only where an
    outside organisation overturned does the approval alone hold the determination.
    """
    found: list[Deciding] = []
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


def recorded(event: Deciding, request_id: str, beside: Iterable[PatientEvent] = ()) -> Recorded:
    """`beside` are the events around it, of which those of its own commit tell what an appeal brought."""
    made = determination_of(event)
    assessed = made.assessment if made is not None else None
    told = event if isinstance(event, PastDeterminationImported) else None
    return Recorded(
        version=event.originator_version,
        event=event.TOPIC,
        kind=kind_of(event),
        request_id=request_id,
        appeal_id=getattr(event, "appeal_id", None),
        decided_on=decided_on(event),
        recorded_at=event.recorded_at,
        decided_by=event.actor,
        decided_by_name=told.decided_by if told is not None else None,
        edition=assessed.edition if assessed is not None else told.edition if told is not None else None,
        edition_revision=assessed.edition_revision if assessed is not None else None,
        edition_digest=assessed.edition_digest if assessed is not None else None,
        edition_provenance=assessed.edition_provenance if assessed is not None else None,
        recommendation=assessed.recommendation if assessed is not None else None,
        citing=getattr(event, "citing", ()),
        rationale=_rationale(event),
        departs=made.departs if made is not None else None,
        granted=_granted(event, beside),
        history_version=made.history_version if made is not None else None,
        assessment_digest=made.assessment_digest if made is not None else None,
        assessment=assessed,
        imported_from=event.imported_from,
    )


def determination_of(event: Deciding) -> Determination | None:
    """None where the event holds no assessment: an import, or an approval taken back."""
    if isinstance(event, PastDeterminationImported | ApprovalRescinded):
        return None
    return event.determination


def decided_on(event: Deciding) -> date:
    match event:
        case PastDeterminationImported():
            return event.decided_on
        case ApprovalRescinded():
            return event.rescinded_on
        case _:
            return event.determination.decided_on


def kind_of(event: Deciding) -> RecordedKind:
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


def _rationale(event: Deciding) -> str | None:
    match event:
        case PastDeterminationImported():
            return event.rationale
        case ApprovalRescinded():
            return f"{event.ground.replace('_', ' ').capitalize()}: {event.reason}"
        case _:
            return event.determination.rationale


def _granted(event: Deciding, beside: Iterable[PatientEvent]) -> Granted | None:
    found = next(_grants(event, beside), None)
    if found is None or found.valid_from is None:
        return None
    return Granted(
        course=found.course,
        doses_approved=found.doses_approved,
        valid_from=found.valid_from,
        valid_through=found.valid_through,
        left_out=getattr(found, "left_out", None),
    )


def _grants(event: Deciding, beside: Iterable[PatientEvent]) -> Iterator[CourseApproved | PastDeterminationImported]:
    if isinstance(event, CourseApproved | PastDeterminationImported):
        yield event
    elif isinstance(event, AppealDecided):
        for one in beside:
            if isinstance(one, CourseApproved) and one.command_id == event.command_id:
                yield one
