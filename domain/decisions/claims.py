"""Claim lines that are no paid originals: replacements, voids, and denied lines (R22, R30)."""

from __future__ import annotations

from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.treatment import RecordClaim, RecordDose, SettleVoidedClaim, StateDoseDays
from domain.decisions.claim_lines import (
    Arrived,
    check_own_claim,
    check_own_line,
    denied_original,
    entry_of_line,
    further_replacement,
    is_voided_by_day,
    waiting_void,
    waiting_voids,
)
from domain.decisions.consequences import DecisionFunction
from domain.decisions.doses import administered, check_day, claim_replaced, dose_named
from domain.decisions.preconditions import Precondition, always
from domain.errors import AlreadyRecorded, Conflict, InvalidCommand, OriginalNotOnRecord
from domain.events import PatientEvent
from domain.events.treatment import ClaimLineRecorded, ClaimVoided, DoseDaysStated, VoidedClaimSettled
from domain.history.entry_facts import RecordedClaimLine
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.treatment.dose_entries import may_state_days


def record_claim(history: PatientHistory, command: RecordClaim, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Record a replacement, a void, or a denied line of a claim."""
    _check_terms(history, command, context)
    _refuse_known_line(history, command)
    if command.line == "denied":
        return (_without_dose(command, context),)
    return (
        _replacement(history, command, context) if command.line == "replacement" else _void(history, command, context)
    )


def _check_terms(history: PatientHistory, command: RecordClaim, context: CommandContext) -> None:
    if command.on is None and (command.line != "void" or command.original_reference is None):
        raise InvalidCommand(
            "the day of service is missing",
            field="on",
            remedy="send the day; only a void that names its original_reference may leave it out",
        )
    if command.mg is None and command.line == "replacement":
        raise InvalidCommand(
            "the units of the replacement are missing", field="mg", remedy="send the units of the line in milligrams"
        )
    if command.on is not None:
        check_day(history, command.on, context)


def _refuse_known_line(history: PatientHistory, command: RecordClaim) -> None:
    names = ("line", "source", "source_reference", "original_reference", "on", "mg")
    sent = [getattr(command, name) for name in names]
    for line in history.claim_lines:
        if [getattr(line, name) for name in names] == sent:
            raise AlreadyRecorded(
                f"this {command.line} line is already recorded",
                field="source_reference",
                remedy="no action is needed for the same line; send another line with its own reference",
                dose_id=line.dose_id,
            )


def _without_dose(command: RecordClaim, context: CommandContext) -> ClaimLineRecorded:
    return context.event(
        ClaimLineRecorded,
        line=command.line,
        on=command.on,
        mg=command.mg,
        site=command.site,
        source=command.source,
        source_reference=command.source_reference,
        original_reference=command.original_reference,
    )


def _replacement(history: PatientHistory, command: RecordClaim, context: CommandContext) -> tuple[PatientEvent, ...]:
    """The entry has the values of the replacement from now on, so the claim counts once (R30)."""
    found = entry_of_line(history, command)
    denied = denied_original(history, command) if found is None else None
    if denied is not None:
        return _paid_after_denial(history, command, denied, context)
    if found is None:
        raise OriginalNotOnRecord(
            "the claim that this line replaces is not on record, or not the only one of its source and day",
            field="original_reference",
            remedy="record the original first, or send its reference as original_reference",
        )
    check_own_claim(context.actor, found.dose)
    if found.dose.facts.voided is not None:
        raise Conflict(
            "the entry of the original claim was voided as a mistake",
            field="original_reference",
            remedy="record the infusion again under another reference",
            dose_id=found.dose.dose_id,
        )
    further = further_replacement(history, found, command)
    if further is not None and further.waits_for is not None:
        return _further(history, command, further.waits_for, context)
    entry = further.corrects if further is not None and further.corrects is not None else found.dose
    event = claim_replaced(history, entry, found.by, command, context)
    has_new_day = event.on != entry.on
    claim = Arrived(event.dose_id, command.source, event.on, (command.source_reference,), has_new_day, is_new=False)
    return event, *waiting_voids(history, claim, context)


def _further(
    history: PatientHistory, command: RecordClaim, replaced: Dose, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """A claim that was replaced is replaced once more: by a line of its own, or with another day.

    A person says which, and until then the entry of the line may be a second one of the replaced entry (R25, R30).
    """
    sent = command.model_dump(include=set(RecordDose.model_fields))
    event = administered(history, RecordDose.model_validate(sent), context, further_of=replaced)
    claim = Arrived(event.dose_id, command.source, event.on, (command.source_reference,))
    return event, _without_dose(command, context), *waiting_voids(history, claim, context)


def _paid_after_denial(
    history: PatientHistory, command: RecordClaim, denied: RecordedClaimLine, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """A denied line has no entry, so its replacement is the entry, and both references name it (R22, R30)."""
    check_own_line(context.actor, denied)
    sent = command.model_dump(include=set(RecordDose.model_fields))
    event = administered(history, RecordDose.model_validate(sent), context)
    line = _without_dose(command.model_copy(update={"original_reference": denied.source_reference}), context)
    claim = Arrived(event.dose_id, command.source, event.on, (denied.source_reference, command.source_reference))
    return event, line, *waiting_voids(history, claim, context)


def _void(history: PatientHistory, command: RecordClaim, context: CommandContext) -> tuple[PatientEvent, ...]:
    """A void withdraws the claim as evidence. Without its claim, it is recorded and waits for it (R30).

    A void that waits may be sent again under its own reference, with that of its original.
    """
    found = entry_of_line(history, command)
    if found is None:
        return (_without_dose(command, context),)
    check_own_claim(context.actor, found.dose)
    facts, sent_before = found.dose.facts, waiting_void(history, command, context.actor)
    is_named = found.by != "day" and facts.voided is None and is_voided_by_day(history, found.dose)
    if (facts.voided is not None or facts.claim_voided is not None) and sent_before is None and not is_named:
        raise AlreadyRecorded(
            "the claim is already voided",
            field="original_reference" if command.original_reference is not None else "source_reference",
            remedy="no action is needed for the same claim",
            dose_id=found.dose.dose_id,
        )
    return (
        context.event(
            ClaimVoided,
            dose_id=found.dose.dose_id,
            on=command.on,
            mg=command.mg,
            source=command.source,
            source_reference=command.source_reference,
            original_reference=command.original_reference,
            found_by=found.by,
            line_version=sent_before.version if sent_before is not None else None,
        ),
    )


# -- what a person says of a claim -----------------------------------------------------------------


def state_dose_days(
    history: PatientHistory, command: StateDoseDays, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """State how many infusion days a claim line of more than 12 mg is about (R25). The last statement holds."""
    dose = to_state_dose_days(history, command.dose_id, context)
    if command.days > dose.dose_days_most:
        raise InvalidCommand(
            f"a line of {dose.mg:g} mg has at most {dose.dose_days_most} infusion days",
            field="days",
            remedy=f"send a number from 1 to {dose.dose_days_most}",
        )
    _check_ends(dose, command, context)
    stated = (command.days, command.first_on, command.last_on)
    if stated == (dose.facts.days, dose.facts.first_on, dose.facts.last_on):
        raise InvalidCommand("these days are already stated", field="days", remedy="no action is needed")
    return (
        context.event(
            DoseDaysStated,
            dose_id=dose.dose_id,
            days=command.days,
            first_on=command.first_on,
            last_on=command.last_on,
            reason=command.reason,
        ),
    )


def _check_ends(dose: Dose, command: StateDoseDays, context: CommandContext) -> None:
    """Raises InvalidCommand unless the day of the line is one of the days, and they hold that many."""
    first, last = command.first_on or dose.on, command.last_on or dose.on
    if not first <= dose.on <= last:
        raise InvalidCommand(
            "the day of the line is not one of these days",
            field="first_on" if first > dose.on else "last_on",
            remedy=f"send days of which {dose.on} is one, or correct the day of the entry first",
        )
    if last > context.today:
        raise InvalidCommand("the day is in the future", field="last_on", remedy="send a day on which a dose was given")
    has_both = command.first_on is not None and command.last_on is not None
    if len({first, dose.on, last}) > command.days or (has_both and (last - first).days + 1 < command.days):
        raise InvalidCommand(
            f"these days do not hold {command.days} infusion days",
            field="days",
            remedy="send the number of infusion days from first_on through last_on",
        )


def to_state_dose_days(history: PatientHistory, dose_id: str, _: Occasion) -> Dose:
    """The dose, a claim line that may be about several infusion days, also one that waits or is the same dose."""
    dose = dose_named(history, dose_id)
    if not may_state_days(history, dose):
        state = "not a claim line of at least 24 mg" if dose.dose_days_most == 1 else "not counted"
        raise Conflict(f"the dose entry is {state}", field="dose_id", remedy="review the dose entry again")
    return dose


def settle_voided_claim(
    history: PatientHistory, command: SettleVoidedClaim, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """State whether the infusion of a voided claim was given (R30). The last statement holds."""
    dose = to_settle_voided_claim(history, command.dose_id, context)
    if dose.facts.finding == command.finding:
        raise InvalidCommand("this is already stated", field="finding", remedy="no action is needed")
    return (context.event(VoidedClaimSettled, dose_id=dose.dose_id, finding=command.finding, reason=command.reason),)


def to_settle_voided_claim(history: PatientHistory, dose_id: str, _: Occasion) -> Dose:
    """The dose, whose claim was voided, and whose infusion no other entry tells."""
    dose = dose_named(history, dose_id)
    if dose.facts.claim_voided is None or dose.facts.voided is not None:
        raise Conflict(
            "the claim of the dose entry is not voided", field="dose_id", remedy="review the dose entry again"
        )
    if dose.facts.finding is None and not dose.is_uncertain:
        raise Conflict("another entry of the same infusion is on record", field="dose_id", remedy="no action is needed")
    return dose


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    RecordClaim: record_claim,
    StateDoseDays: state_dose_days,
    SettleVoidedClaim: settle_voided_claim,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    RecordClaim: always,
    StateDoseDays: to_state_dose_days,
    SettleVoidedClaim: to_settle_voided_claim,
}
