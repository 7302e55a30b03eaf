"""Which dose entry a claim line is about, and which voids wait for a claim (R30)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from domain.commands.context import CommandContext
from domain.commands.treatment import RecordClaim
from domain.errors import AlreadyRecorded, NotPermitted
from domain.events.treatment import ClaimVoided, FoundBy
from domain.history.entry_facts import RecordedClaimLine
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.people import Actor


class FoundEntry(NamedTuple):
    dose: Dose
    by: FoundBy


def entry_of_line(history: PatientHistory, line: RecordClaim) -> FoundEntry | None:
    """The entry of the claim that the line is about, or None.

    It is found by the original's reference alone where the line names it. Else it is found by the line's own, or it is
    the one entry of the same source on its day.
    """
    if line.original_reference is not None:
        found = entry_with_reference(history, line.source, line.original_reference)
        return FoundEntry(found, "original_reference") if found is not None else None
    found = entry_with_reference(history, line.source, line.source_reference)
    if found is not None:
        return FoundEntry(found, "source_reference")
    if line.on is None:
        return None
    of_day = [one for one in history.doses if (one.source, one.on) == (line.source, line.on) and one.facts.is_in_effect]
    return FoundEntry(of_day[0], "day") if len(of_day) == 1 else None


def entry_with_reference(history: PatientHistory, source: str, reference: str) -> Dose | None:
    """The entry that this reference of the source names: the original's, or that of a replacement."""
    return next((one for one in history.doses if one.source == source and reference in one.facts.references), None)


def refuse_known_reference(history: PatientHistory, source: str, reference: str) -> None:
    """Raises AlreadyRecorded if a dose is on record under this reference of the source (R22)."""
    dose = entry_with_reference(history, source, reference)
    if dose is not None:
        voided = " and voided" if dose.voided else ""
        raise AlreadyRecorded(
            f"this source reference is already recorded{voided}",
            field="source_reference",
            remedy="no action is needed for the same infusion; send another infusion with its own reference",
            dose_id=dose.dose_id,
        )


def check_own_claim(actor: Actor, dose: Dose) -> None:
    """Raises NotPermitted if a service replaces or voids a claim that it did not report."""
    if actor.role == "service" and dose.facts.reported_by != actor.id:
        raise NotPermitted(
            "a service may replace or void only a claim that it reported",
            field="actor.id",
            remedy="ask the service that reported the dose, or a user of the plan",
        )


def denied_original(history: PatientHistory, line: RecordClaim) -> RecordedClaimLine | None:
    """The denied line that a replacement is the paid claim of, or None. It is found as an entry would be."""
    denied = [one for one in history.claim_lines if one.line == "denied" and one.source == line.source]
    reference = line.original_reference or line.source_reference
    named = [one for one in denied if one.source_reference == reference]
    if named or line.original_reference is not None:
        return named[-1] if named else None
    has_entry = any((one.source, one.on) == (line.source, line.on) for one in history.doses)
    of_day = [one for one in denied if one.on == line.on]
    return of_day[0] if len(of_day) == 1 and not has_entry else None


def check_own_line(actor: Actor, line: RecordedClaimLine) -> None:
    """Raises NotPermitted if a service replaces a denied line that it did not send."""
    if actor.role == "service" and line.reported_by_service != actor.id:
        raise NotPermitted(
            "a service may replace only a claim that it reported",
            field="actor.id",
            remedy="ask the service that reported the claim, or a user of the plan",
        )


class Arrived(NamedTuple):
    """A claim that is recorded now: its entry, its day, and all references that name it."""

    dose_id: str
    source: str
    on: date
    references: tuple[str, ...]


def waiting_voids(history: PatientHistory, claim: Arrived, context: CommandContext) -> tuple[ClaimVoided, ...]:
    """The voids of this claim that were recorded before it, now applied.

    All voids that name the claim apply. If none does, a void that names no original applies to the only entry of its
    source and day. A void that a service sent waits for a claim of that service, or for one that a user of the plan
    records.
    """
    waiting = [
        line
        for line in history.claim_lines
        if line.waits
        and line.source == claim.source
        and not (context.actor.role == "service" and line.reported_by_service not in (None, context.actor.id))
    ]
    named = [line for line in waiting if (line.original_reference or line.source_reference) in claim.references]
    of_day = [line for line in waiting if line.original_reference is None and line.on == claim.on]
    if named or _has_other_entry(history, claim):
        of_day = []
    return tuple(_applied(line, claim, context, "day" if line in of_day else None) for line in named or of_day[:1])


def _has_other_entry(history: PatientHistory, claim: Arrived) -> bool:
    return any(
        (one.source, one.on) == (claim.source, claim.on) and one.dose_id != claim.dose_id and one.facts.is_in_effect
        for one in history.doses
    )


def _applied(line: RecordedClaimLine, claim: Arrived, context: CommandContext, by: FoundBy | None) -> ClaimVoided:
    return context.event(
        ClaimVoided,
        dose_id=claim.dose_id,
        on=line.on,
        mg=line.mg,
        source=line.source,
        source_reference=line.source_reference,
        original_reference=line.original_reference,
        found_by=by or ("source_reference" if line.original_reference is None else "original_reference"),
        line_version=line.version,
    )
