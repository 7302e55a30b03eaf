"""What became of a line about a dose or a claim, as the import and the API say it."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from domain.events.base import Event
from domain.events.treatment import ClaimLineRecorded, ClaimReplaced, ClaimVoided, DoseAdministered
from domain.history.entry_facts import DOSE_MG
from domain.history.records import Dose
from domain.history.state import PatientHistory

LineResult = Literal[
    "second_entry",
    "further_replacement",
    "several_days",
    "replacement",
    "replacement_without_original",
    "void",
    "void_waiting",
    "voided_before",
    "denied",
]
"""What a line is, if it is not an ordinary entry. `voided_before`: a void that was recorded earlier voids the claim."""

COUNTED: Final[dict[LineResult, tuple[str, str]]] = {
    "second_entry": (
        "second entry of its day that waits for a person",
        "second entries of a day that wait for a person",
    ),
    "further_replacement": (
        "further replacement that waits for a person",
        "further replacements that wait for a person",
    ),
    "several_days": ("line of possibly several infusion days", "lines of possibly several infusion days"),
    "replacement": ("replacement", "replacements"),
    "replacement_without_original": ("replacement without its original", "replacements without their originals"),
    "void": ("void", "voids"),
    "void_waiting": ("void that waits for its claim", "voids that wait for their claims"),
    "voided_before": ("claim voided by an earlier line", "claims voided by earlier lines"),
    "denied": ("denied line", "denied lines"),
}
"""Each result in a summary: for one line, and for several."""

_FOUND_BY: Final = {
    "original_reference": "found by its original_reference",
    "source_reference": "found by its own reference",
    "day": "found as the only entry of the same source, member, and day",
}


class Result(NamedTuple):
    """What a line is, and a sentence about it. An ordinary entry has neither."""

    kind: LineResult | None
    note: str | None


ORDINARY: Final = Result(None, None)
REPLACED_NOTHING: Final[LineResult] = "replacement_without_original"


def result_of(history: PatientHistory, events: tuple[Event, ...]) -> Result:
    """The result of a command that recorded these events. `history` is the state after them."""
    first, *others = events
    match first:
        case DoseAdministered():
            return _result_of_dose(history, first, others)
        case ClaimReplaced():
            if any(isinstance(one, ClaimVoided) for one in others):
                return VOIDED_BEFORE
            entry = _entry(history, first.dose_id)
            was_voided = history.is_replaced_after_void(entry)
            counts = "the claim was voided before, and counts again" if was_voided else "both count once"
            if entry.facts.is_withdrawn:
                counts = "a person said that this infusion was not given, and says again whether it was"
            note = f"replaces the original claim, {_FOUND_BY[first.found_by]}; {counts}"
            range_of_days = _range_of_days(first.source, first.mg)
            return Result("replacement", f"{note}; {range_of_days}" if range_of_days else note)
        case ClaimVoided():
            return Result("void", f"voids its claim, {_FOUND_BY[first.found_by]}")
        case ClaimLineRecorded(line="denied"):
            return Result("denied", "billed, not paid: counts nothing and voids nothing")
        case ClaimLineRecorded():
            return AMBIGUOUS if _has_claim_of_day(history, first) else WAITING
    return ORDINARY


WAITING: Final = Result("void_waiting", "the claim that the line voids is not on record; the void waits for it")
AMBIGUOUS: Final = Result(
    "void_waiting",
    "it is not certain which claim of the source and day the void is of, so it waits; send it again with the reference "
    "of its claim as original_reference",
)
FURTHER: Final = (
    "the claim was replaced already, by a line of another day: a person says if this one is a separate dose, or the "
    "same dose with its day corrected"
)
VOIDED_BEFORE: Final = Result("voided_before", "a void of this claim was recorded before it, and voids it")


def _result_of_dose(history: PatientHistory, event: DoseAdministered, others: list[Event]) -> Result:
    dose = _entry(history, event.dose_id)
    if any(isinstance(one, ClaimVoided) for one in others):
        return VOIDED_BEFORE
    if dose.facts.further_of is not None:
        return Result("further_replacement", FURTHER)
    if dose.waits:
        note = "second entry of its day: a person says if it is separate, the same, or part of the same dose"
        return Result("second_entry", note)
    range_of_days = _range_of_days(event.source, event.mg)
    if any(isinstance(one, ClaimLineRecorded) for one in others):
        note = "replaces a denied line, and counts once"
        return Result("replacement", f"{note}; {range_of_days}" if range_of_days else note)
    return Result("several_days", range_of_days) if range_of_days else ORDINARY


def _has_claim_of_day(history: PatientHistory, line: ClaimLineRecorded) -> bool:
    """Whether the void names no claim, and its source has claims of the day."""
    return line.original_reference is None and any(
        (one.source, one.on) == (line.source, line.on) for one in history.doses
    )


def _entry(history: PatientHistory, dose_id: str) -> Dose:
    dose = history.dose(dose_id)
    assert dose is not None, "the entry of a recorded line is on record"
    return dose


def _range_of_days(source: str, mg: float) -> str | None:
    """The number of infusion days that a claim line of more than 12 units may be about (R25). None: one day."""
    most = int(mg // DOSE_MG)
    return f"{mg:g} units: the number of infusion days is 1 to {most}" if source == "claim" and most > 1 else None
