"""Voids that name no claim, and were found to be of the only entry of their source and day (R30).

Such a void is of a claim only while no other entry of that source and day comes on record. Then it is not known which
of them it voids, so it waits, in whatever order the lines came. A void that names the claim is in effect instead of it.
What a person found of the infusion holds.
"""

from __future__ import annotations

from dataclasses import replace

from domain.frozen import changed
from domain.history.dose_entries import settled_entries
from domain.history.entry_facts import RecordedClaimLine
from domain.history.records import Dose
from domain.history.state import PatientHistory


def with_new_entry_of_day(history: PatientHistory, dose_id: str) -> PatientHistory:
    """The history after the entry got its day: voids that other entries of the source and day have by day wait."""
    new = history.dose(dose_id)
    if new is None:
        return history
    lines = (one for one in history.claim_lines if (one.source, one.on) == (new.source, new.on))
    return _waiting_again(history, *(one for one in lines if one.dose_id != dose_id))


def with_named_void(history: PatientHistory, dose_id: str, line_version: int | None) -> PatientHistory:
    """The history before a void that names the claim of this entry: a void by day of the entry waits.

    So does the void that was recorded in the event `line_version`, if it was found to be of another entry by day.
    """
    lines = (one for one in history.claim_lines if one.dose_id == dose_id or one.version == line_version)
    return _waiting_again(history, *lines)


def _waiting_again(history: PatientHistory, *lines: RecordedClaimLine) -> PatientHistory:
    entries = {one.dose_id: one for one in history.doses}
    waiting = [one for one in lines if one.found_by == "day" and _may_be_of_another(one, entries)]
    if not waiting:
        return history
    versions = {one.version for one in waiting}
    doses = tuple(
        changed(one, facts=changed(one.facts, claim_voided=None)) if one.facts.claim_voided in versions else one
        for one in history.doses
    )
    claim_lines = tuple(
        replace(one, dose_id=None, found_by=None) if one.version in versions else one for one in history.claim_lines
    )
    return history.changed(doses=settled_entries(doses), claim_lines=claim_lines)


def _may_be_of_another(line: RecordedClaimLine, entries: dict[str, Dose]) -> bool:
    """Whether this is a void, and no person has said what became of its entry."""
    entry = entries.get(line.dose_id or "")
    if line.line != "void" or entry is None:
        return False
    return entry.facts.voided is None and entry.facts.finding is None
