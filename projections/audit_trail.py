"""Every state change: what happened, who did it, when it happened, when it was recorded, what it changed.

    evolve(trail, event) -> trail

What an event changed is found by comparing the state before and after it, never written by
hand, so that the trail can't claim a change that did not take place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue

from domain import history as histories
from domain.calendar import Instant
from domain.courses import Course, courses
from domain.events import ImportedFrom, PatientEvent
from domain.facts import Fact
from domain.history import PatientHistory
from domain.people import Actor


class StateChange(Fact):
    """One value of the record before and after; null is "was not there"."""

    what: str
    before: JsonValue
    after: JsonValue


class AuditEntry(Fact):
    """One event. `happened` is the day or instant that it is about, as ISO text."""

    version: int
    event: str
    happened: str
    recorded_at: Instant
    who: Actor
    command_id: UUID
    changed: tuple[StateChange, ...]
    details: dict[str, JsonValue]
    imported_from: ImportedFrom | None = None


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """The entries so far, and the state that the next event meets."""

    entries: tuple[AuditEntry, ...] = ()
    state: PatientHistory | None = None


ENVELOPE = {"recorded_at", "actor", "command_id", "salt", "imported_from"}


def audit_trail(events: Iterable[PatientEvent]) -> AuditTrail:
    trail = AuditTrail()
    for event in events:
        trail = evolve(trail, event)
    return trail


def evolve(trail: AuditTrail, event: PatientEvent) -> AuditTrail:
    after = histories.evolve(trail.state, event)
    entry = AuditEntry(
        version=event.originator_version,
        event=event.TOPIC,
        happened=event.happened.isoformat(),
        recorded_at=event.recorded_at,
        who=event.actor,
        command_id=event.command_id,
        changed=_changes(_state(trail.state), _state(after)),
        details=event.model_dump(mode="json", exclude=ENVELOPE),
        imported_from=event.imported_from,
    )
    return AuditTrail((*trail.entries, entry), after)


def _changes(before: dict[str, JsonValue], after: dict[str, JsonValue]) -> tuple[StateChange, ...]:
    names = [*after, *(name for name in before if name not in after)]
    return tuple(
        StateChange(what=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def _state(history: PatientHistory | None) -> dict[str, JsonValue]:
    """The record as a flat list of named values, the words that people use."""
    if history is None:
        return {}
    state: dict[str, JsonValue] = {"history": "opened"}
    for report in history.reports:
        state[f"report {_ordinal(report.report_id)}"] = f"{report.source}, courses: {len(report.courses)}"
    for request in history.requests:
        state[f"request {_ordinal(request.request_id)}"] = request.status
    for approval in history.approvals:
        name = f"approval of request {_ordinal(approval.request_id)}"
        state[name] = f"{approval.doses_approved} doses, {approval.valid_from} to {approval.valid_through}"
    for dose in history.doses:
        state[f"dose {_ordinal(dose.dose_id)}"] = _dose_state(dose)
    found = courses(history)
    for course in found:
        given = "not known how many" if course.given is None else str(course.given)
        state[f"course {course.number}"] = f"{_recorded_status(course, found[-1])}, doses given: {given}"
    return state


def _recorded_status(course: Course, latest: Course) -> str:
    """The status that events have recorded: a course is completed or open again by an event of its own."""
    if course.named is None or course.status not in ("completed", "short"):
        return course.status
    if not course.marks.completed:
        return "open"
    return "completed" if course is latest else course.status


def _dose_state(dose: histories.Dose) -> str:
    if dose.voided:
        return f"{dose.on}, voided"
    return f"{dose.on}, {_spoken(dose)}"


def _spoken(dose: histories.Dose) -> str:
    if not dose.stands:
        return f"{dose.duplicate} duplicate, not counted"
    return f"counts for course {dose.course}" if dose.counts else "documents a reported course"


def _ordinal(identifier: str) -> str:
    return identifier.rsplit(".", 1)[-1]
