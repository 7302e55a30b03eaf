"""Which dose entry a claim line is about, and which voids wait for a claim (R30)."""

from __future__ import annotations

from typing import NamedTuple

from domain.commands.context import CommandContext
from domain.commands.treatment import RecordClaim
from domain.errors import AlreadyRecorded, NotPermitted
from domain.events.treatment import ClaimVoided, FoundBy
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.people import Actor


class FoundEntry(NamedTuple):
    dose: Dose
    by: FoundBy


def entry_of_line(history: PatientHistory, line: RecordClaim) -> FoundEntry | None:
    """The entry of the claim that the line is about, or None.

    It is found by the original's reference, or by the line's own. A line that names no original is about the one entry
    of the same source on its day.
    """
    if line.original_reference is not None:
        found = entry_with_reference(history, line.source, line.original_reference)
        if found is not None:
            return FoundEntry(found, "original_reference")
    found = entry_with_reference(history, line.source, line.source_reference)
    if found is not None:
        return FoundEntry(found, "source_reference")
    if line.original_reference is not None or line.on is None:
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


def waiting_void(
    history: PatientHistory, source: str, reference: str, dose_id: str, context: CommandContext
) -> tuple[ClaimVoided, ...]:
    """The void of this claim that was recorded before it, now applied. Empty if there is none.

    A void that a service sent waits for a claim of that service, or for one that a user of the plan records.
    """
    for line in history.claim_lines:
        is_named = reference in (line.original_reference, line.source_reference)
        if not line.waits or line.source != source or not is_named:
            continue
        if context.actor.role == "service" and line.reported_by_service not in (None, context.actor.id):
            continue
        return (
            context.event(
                ClaimVoided,
                dose_id=dose_id,
                on=line.on,
                mg=line.mg,
                source=line.source,
                source_reference=line.source_reference,
                original_reference=line.original_reference,
                found_by="original_reference" if reference == line.original_reference else "source_reference",
                line_version=line.version,
            ),
        )
    return ()
