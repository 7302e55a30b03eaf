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
    the one entry of the same source on its day. A void of an entry that is voided already is not found by the day.
    """
    if line.original_reference is not None:
        found = entry_with_reference(history, line.source, line.original_reference)
        return FoundEntry(found, "original_reference") if found is not None else None
    found = entry_with_reference(history, line.source, line.source_reference)
    if found is not None:
        return FoundEntry(found, "source_reference")
    if line.on is None:
        return None
    of_day = [one for one in _entries_of_day(history, line.source, line.on) if line.line == "void" or one.on == line.on]
    if len(of_day) != 1 or of_day[0].on != line.on:
        return None
    is_voided = line.line == "void" and of_day[0].facts.claim_voided is not None
    return FoundEntry(of_day[0], "day") if not is_voided else None


def _entries_of_day(history: PatientHistory, source: str, on: date) -> list[Dose]:
    """The entries of the source that are on this day, or were before a replacement, and that no person voided."""
    return [
        one
        for one in history.doses
        if one.source == source and on in (one.on, *one.facts.earlier_days) and one.facts.voided is None
    ]


def entry_with_reference(history: PatientHistory, source: str, reference: str) -> Dose | None:
    """The entry that this reference of the source names: the original's, or that of a replacement."""
    return next((one for one in history.doses if one.source == source and reference in one.facts.references), None)


class Further(NamedTuple):
    """A further replacement of a claim: the entry that it corrects, or the one that its own entry may be a second of.

    `waits_for`: None if the line corrects the entry.
    """

    corrects: Dose | None
    waits_for: Dose | None


def further_replacement(history: PatientHistory, found: FoundEntry, line: RecordClaim) -> Further | None:
    """What a replacement of a claim that was replaced already is about, or None if it is the first one (R30).

    A claim can be billed again as several lines, which all name it. A line that names the last replacement as its
    original is of that line only, unless another one named that too.
    """
    earlier = [one for one in history.claim_lines if one.line == "replacement" and one.dose_id == found.dose.dose_id]
    last, own = found.dose.source_reference, line.source_reference
    names_last = line.original_reference == last != own
    named = [one.original_reference for one in earlier]
    if line.on != found.dose.on:
        # A line on another day can be a dose of its own, so what it replaces must not be in question.
        named += [one.source_reference for one in earlier if one.original_reference is None]
    if not earlier or (names_last and last not in named):
        return None
    entries = [one for one in history.doses if found.dose.dose_id in (one.dose_id, one.facts.further_of)]
    of_day = [one for one in entries if one.on == line.on and one.facts.voided is None]
    corrected = next((one for one in of_day if one.source_reference == own), None)
    return Further(corrected, None) if corrected is not None else Further(None, next(iter(of_day), found.dose))


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


def waiting_void(history: PatientHistory, line: RecordClaim, actor: Actor) -> RecordedClaimLine | None:
    """The waiting void without a named original that the line is, sent again with that reference, or None."""
    return next(
        (
            one
            for one in history.claim_lines
            if one.waits
            and one.original_reference is None
            and (one.source, one.source_reference) == (line.source, line.source_reference)
            and _may_settle(actor, one)
        ),
        None,
    )


def is_voided_by_day(history: PatientHistory, dose: Dose) -> bool:
    """Whether the claim is voided by a line that names no claim, and was found by the day of the entry."""
    return any(one.version == dose.facts.claim_voided and one.found_by == "day" for one in history.claim_lines)


def _may_settle(actor: Actor, line: RecordedClaimLine) -> bool:
    """Whether a void waits for a claim of this actor: that of a service for its own, or for one of a plan's user."""
    return actor.role != "service" or line.reported_by_service in (None, actor.id)


class Arrived(NamedTuple):
    """A claim that is recorded now: its entry, its day, and all references that name it.

    `has_new_day`: the entry was not on this day before. `is_new`: the entry is new.
    """

    dose_id: str
    source: str
    on: date
    references: tuple[str, ...]
    has_new_day: bool = True
    is_new: bool = True


def waiting_voids(history: PatientHistory, claim: Arrived, context: CommandContext) -> tuple[ClaimVoided, ...]:
    """The voids of this claim that were recorded before it, now applied.

    All voids that name the claim apply, also one that was found to be of another entry by the day. If none does, a void
    that names no original applies to the only entry of its source and day. A void that a service sent waits for a claim
    of that service, or for one that a user of the plan records.
    """
    voids = [
        line
        for line in history.claim_lines
        if (line.waits or (claim.is_new and line.line == "void" and line.found_by == "day"))
        and line.source == claim.source
        and _may_settle(context.actor, line)
    ]
    named = [line for line in voids if (line.original_reference or line.source_reference) in claim.references]
    of_day = [line for line in voids if line.waits and line.original_reference is None and line.on == claim.on]
    if named or not claim.has_new_day or _has_other_entry(history, claim):
        of_day = []
    return tuple(_applied(line, claim, context, "day" if line in of_day else None) for line in named or of_day[:1])


def _has_other_entry(history: PatientHistory, claim: Arrived) -> bool:
    return any(one.dose_id != claim.dose_id for one in _entries_of_day(history, claim.source, claim.on))


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
