"""Whom a member ID means: a history is opened under one, and IDs are added to a history and retired from it.

The index of the ledger finds the history of a member ID, and the ledger decides on it. These functions compare what is
stated with what is on record; an error never repeats the record.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from domain.calendar import PartialDate
from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.patient import AddMemberIdentifier, OpenHistory, RetireMemberIdentifier
from domain.comparison import dates_meet, same_name, states_date
from domain.decisions.consequences import DecisionFunction
from domain.decisions.preconditions import Precondition
from domain.errors import AlreadyRecorded, Conflict, InvalidCommand, NotFound, RecordedAsAnother
from domain.events import PatientEvent
from domain.events.patient import (
    HistoryOpened,
    Member,
    MemberIdentifierAdded,
    MemberIdentifierRetired,
    RequesterAdmitted,
)
from domain.history.state import PatientHistory, requester_key


def open_history(
    history: PatientHistory | None, command: OpenHistory, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Open the history of a member, or admit another prescriber's office to it.

    `history` is the history that the member ID identifies now. Raises RecordedAsAnother if it is another person's.
    """
    check_born_by_today(command.birth_date, context)
    if history is not None and not _is_office(context):
        check_same_person(history, command.name, command.birth_date)
    to_open(history, None, context)
    if history is not None:
        return (_requester_admitted(history, command, context),)
    if command.first_day is not None and _is_office(context):
        raise InvalidCommand(
            "only the plan states the first day of a member ID", field="first_day", remedy="leave first_day out"
        )
    birth_date = command.birth_date
    _check_first_day(command.first_day, birth_date)
    return (
        context.event(
            HistoryOpened,
            member=command.member,
            name=command.name,
            birth_date=birth_date,
            first_day=command.first_day,
        ),
    )


def to_open(history: PatientHistory | None, _: None, occasion: Occasion) -> None:
    """Raises AlreadyRecorded if the member has a history, unless the actor's office is to be admitted to it."""
    actor = occasion.actor
    if history is not None and (not _is_office(occasion) or requester_key(actor) in history.requesters):
        raise AlreadyRecorded("this member was already added", field="member", remedy="search for the member instead")


def _is_office(occasion: Occasion) -> bool:
    return occasion.actor.role == "requester"


def check_same_person(history: PatientHistory, name: str, birth_date: PartialDate | None) -> None:
    """Raises RecordedAsAnother if the name or the birth date contradicts the history. Only for users of the plan."""
    same = (same_name(name, history.name), dates_meet(birth_date, history.birth_date))
    if same == (True, True):
        return
    cause, field = {
        (False, True): ("the name differs from the one", "name"),
        (True, False): ("the birth date differs from the one", "birth_date"),
        (False, False): ("the name and the birth date differ from those", "name"),
    }[same]
    raise RecordedAsAnother(
        f"{cause} on record for this member ID",
        field=field,
        remedy="send the member ID of this person; if the record is wrong, correct it first; if the ID now identifies "
        "another person, retire it there first",
    )


def _requester_admitted(history: PatientHistory, command: OpenHistory, context: CommandContext) -> RequesterAdmitted:
    """Admits the office of a prescriber that states the patient's name and birth date as they are on record.

    A birth date that is less exact than the record is not enough. The office learns nothing else about the patient.
    Raises Conflict if the details differ.
    """
    if not (same_name(command.name, history.name) and states_date(command.birth_date, history.birth_date)):
        raise not_admitted()
    return context.event(RequesterAdmitted)


def not_admitted() -> Conflict:
    """The one refusal to admit an office, whatever the reason."""
    return Conflict(
        "the member could not be added with these details",
        field="member",
        remedy="check the member ID, the name and the birth date on the member's card, or call the plan",
    )


def check_born_by_today(birth_date: PartialDate | None, context: CommandContext) -> None:
    if birth_date is not None and birth_date.earliest > context.today:
        raise InvalidCommand(
            "the birth date is in the future", field="birth_date", remedy="send the correct birth date"
        )


# -- adding and retiring a member ID ----------------------------------------------------------


def add_identifier(
    history: PatientHistory, command: AddMemberIdentifier, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Add a member ID. The ledger checks in its index that the ID does not identify another patient."""
    to_add_identifier(history, command.member, context)
    _check_first_day(command.first_day, history.birth_date)
    return (context.event(MemberIdentifierAdded, member=command.member, first_day=command.first_day),)


def to_add_identifier(history: PatientHistory, member: Member, _: Occasion) -> None:
    """Raises AlreadyRecorded if the patient has this member ID."""
    if member in history.members:
        raise AlreadyRecorded(
            "this member ID is already on record for this patient", field="member", remedy="no action is needed"
        )


def _check_first_day(first_day: date | None, birth_date: PartialDate | None) -> None:
    if first_day is not None and birth_date is not None and first_day < birth_date.earliest:
        raise InvalidCommand(
            "the first day of the member ID is before the birth date",
            field="first_day",
            remedy="send the day from which the ID identified this patient, or leave it out",
        )


def retire_identifier(
    history: PatientHistory, command: RetireMemberIdentifier, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Retire a member ID, with the last day on which it identified the patient: today if none is stated."""
    to_retire_identifier(history, command.member, context)
    last_day = None if command.in_error else command.last_day or context.today
    if command.in_error and command.last_day is not None:
        raise InvalidCommand(
            "a member ID that never identified the patient has no last day",
            field="last_day",
            remedy="leave out last_day, or in_error",
        )
    if last_day is not None:
        _check_last_day(history, command.member, last_day, context)
    return (
        context.event(
            MemberIdentifierRetired,
            member=command.member,
            reason=command.reason,
            last_day=last_day,
            in_error=command.in_error,
        ),
    )


def _check_last_day(history: PatientHistory, member: Member, last_day: date, context: CommandContext) -> None:
    if last_day > context.today:
        raise InvalidCommand(
            "the last day of the member ID is in the future", field="last_day", remedy="retire the ID after that day"
        )
    if history.birth_date is not None and last_day < history.birth_date.earliest:
        raise InvalidCommand(
            "the last day of the member ID is before the birth date",
            field="last_day",
            remedy="send the correct day, or in_error if the ID never identified this patient",
        )
    first_day = history.first_day_of(member)
    if first_day is not None and last_day < first_day:
        raise InvalidCommand(
            "the last day of the member ID is before its first day",
            field="last_day",
            remedy="send a later day, or in_error if the ID never identified this patient",
        )


def to_retire_identifier(history: PatientHistory, member: Member, _: Occasion) -> None:
    """Raises NotFound if the patient does not have this member ID, and Conflict if it is the only one."""
    if member not in history.members:
        raise NotFound(
            "this member ID is not on record for this patient", field="member", remedy="use a member ID of this patient"
        )
    if len(history.members) == 1:
        raise Conflict(
            "this is the only member ID of the patient, and a patient without one can't be found",
            field="member",
            remedy="add another member ID first",
        )


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    AddMemberIdentifier: add_identifier,
    RetireMemberIdentifier: retire_identifier,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    OpenHistory: to_open,
    AddMemberIdentifier: to_add_identifier,
    RetireMemberIdentifier: to_retire_identifier,
}
