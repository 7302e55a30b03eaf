"""The patient: corrections, links, coverage, representatives, death, and other agents for MS.

Only the impossible is refused: a day in the future or before the birth date, or something that is already recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final
from uuid import UUID

from domain.calendar import PartialDate
from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.patient import (
    CorrectDemographics,
    LinkHistories,
    NameRepresentative,
    RecordAgentStarted,
    RecordAgentStopped,
    RecordDeath,
    UnlinkHistories,
    VoidAgentEntry,
    VoidDeathRecord,
)
from domain.decisions.consequences import DecisionFunction
from domain.decisions.identifiers import check_born_by_today
from domain.decisions.preconditions import Precondition, always
from domain.errors import AlreadyRecorded, Conflict, InvalidCommand, NotFound
from domain.events import PatientEvent
from domain.events.patient import (
    DeathRecorded,
    DeathRecordVoided,
    DemographicsCorrected,
    HistoriesLinked,
    HistoriesUnlinked,
    OtherAgentEntryVoided,
    OtherAgentStarted,
    OtherAgentStopped,
    RepresentativeNamed,
)
from domain.history.records import AgentUse
from domain.history.state import PatientHistory
from domain.policy.agents import recognize


def correct_demographics(
    history: PatientHistory, command: CorrectDemographics, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Correct the name or the birth date. A birth date after something on record of the patient's life is refused."""
    same_name = command.name in (None, history.name)
    same_birth = command.birth_date in (None, history.birth_date)
    if same_name and same_birth:
        raise InvalidCommand("nothing differs from what is on record", remedy="send the corrected name or birth date")
    birth_date = command.birth_date
    check_born_by_today(birth_date, context)
    for what, day in _days_of_life(history):
        if birth_date is not None and day < birth_date.earliest:
            raise InvalidCommand(
                f"{what} on record is before this birth date",
                field="birth_date",
                remedy="correct or void that entry first, or send the correct birth date",
            )
    return (context.event(DemographicsCorrected, name=command.name, birth_date=birth_date, reason=command.reason),)


def _days_of_life(history: PatientHistory) -> Iterator[tuple[str, date]]:
    """Days on which the patient was alive, with what happened. Of a partial date, it is the last possible day."""
    yield from (("a dose", dose.on) for dose in history.doses if not dose.voided)
    for course in (course for report in history.reports if not report.voided for course in report.courses):
        days = (course.first_dose_on, course.last_dose_on)
        yield from (("a reported dose", day.latest) for day in days if day is not None)
    yield from (("a request", request.received_on) for request in history.requests)
    for use in (one for one in history.agents if not one.voided):
        yield from (("another agent", day.latest) for day in (use.started_on, use.stopped_on) if day is not None)
    if history.deceased_on is not None:
        yield "the death of the patient", history.deceased_on.latest


# -- links ------------------------------------------------------------------------------------------


def link_histories(
    history: PatientHistory, command: LinkHistories, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Link two histories. The ledger decides the same command for the other history, in the same commit."""
    to_link(history, command.other_patient_id, context)
    return (context.event(HistoriesLinked, other_patient_id=command.other_patient_id, reason=command.reason),)


def to_link(history: PatientHistory, other: UUID, _: Occasion) -> None:
    """Raises InvalidCommand for a link of the patient with the same patient, and AlreadyRecorded for one on record."""
    if other == history.patient_id:
        raise InvalidCommand(
            "a patient can't be linked with the same patient",
            field="other_patient_id",
            remedy="send the id of the other patient",
        )
    if other in history.linked:
        raise AlreadyRecorded(
            "the two patients are already linked", field="other_patient_id", remedy="no action is needed"
        )


def unlink_histories(
    history: PatientHistory, command: UnlinkHistories, context: CommandContext
) -> tuple[PatientEvent, ...]:
    to_unlink(history, command.other_patient_id, context)
    return (context.event(HistoriesUnlinked, other_patient_id=command.other_patient_id, reason=command.reason),)


def to_unlink(history: PatientHistory, other: UUID, _: Occasion) -> None:
    """Raises Conflict unless the two patients are linked."""
    if other not in history.linked:
        raise Conflict(
            "the two patients are not linked",
            field="other_patient_id",
            remedy="use an id from the patient's list of linked patients",
        )


# -- representatives -----------------------------------------------------------------


def name_representative(
    history: PatientHistory, command: NameRepresentative, context: CommandContext
) -> tuple[PatientEvent, ...]:
    on = command.on or context.today
    check_not_before_birth(history, PartialDate.of(on))
    if command.through is not None and command.through < on:
        raise InvalidCommand(
            "the last day is before the first day", field="through", remedy="send the first day and then the last day"
        )
    if command.document_id is not None:
        document = history.document(command.document_id)
        if document is None:
            raise NotFound(
                "the document was not found",
                field="document_id",
                remedy="use an id from the patient's list of documents",
            )
        if document.voided:
            raise Conflict(
                "the document was removed as filed in error",
                field="document_id",
                remedy="name another document, or leave this field out",
            )
    return (
        context.event(
            RepresentativeNamed,
            name=command.name,
            relationship=command.relationship,
            on=on,
            through=command.through,
            document_id=command.document_id,
        ),
    )


# -- the death of the patient ---------------------------------------------------------------------


def record_death(history: PatientHistory, command: RecordDeath, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Record the death. The last record is in effect. Doses and requests after that day stay on record as they are."""
    _check_happened(command.on, context)
    check_not_before_birth(history, command.on)
    return (context.event(DeathRecorded, on=command.on, source=command.source),)


def void_death_record(
    history: PatientHistory, command: VoidDeathRecord, context: CommandContext
) -> tuple[PatientEvent, ...]:
    to_void_death(history, None, context)
    return (context.event(DeathRecordVoided, reason=command.reason),)


def to_void_death(history: PatientHistory, _: None, _occasion: Occasion) -> None:
    """Raises Conflict unless a death is on record."""
    if history.deceased_on is None:
        raise Conflict("no death is recorded for this patient", remedy="no action is needed")


# -- other agents for MS --------------------------------------------------------------------------


def record_agent_started(
    history: PatientHistory, command: RecordAgentStarted, context: CommandContext
) -> tuple[PatientEvent, ...]:
    _check_another_agent(command.product)
    _check_happened(command.on, context)
    check_not_before_birth(history, command.on)
    return (context.event(OtherAgentStarted, product=command.product, on=command.on, source=command.source),)


def record_agent_stopped(
    history: PatientHistory, command: RecordAgentStopped, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record that the patient stopped another agent, on a day that may be in the future."""
    _check_another_agent(command.product)
    check_not_before_birth(history, command.on)
    return (context.event(OtherAgentStopped, product=command.product, on=command.on, source=command.source),)


def void_agent_entry(
    history: PatientHistory, command: VoidAgentEntry, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Void the start or the stop of another agent. The entry stays visible and is not used."""
    entry = to_void_agent_entry(history, command.agent_entry_id, context)
    return (
        context.event(
            OtherAgentEntryVoided,
            agent_entry_id=entry.entry_id,
            entry_version=entry.version,
            reason=command.reason,
        ),
    )


def to_void_agent_entry(history: PatientHistory, entry_id: str, _: Occasion) -> AgentUse:
    """The entry, which is not voided."""
    entry = next((one for one in history.agents if one.entry_id == entry_id), None)
    if entry is None:
        raise NotFound(
            "the entry of another agent was not found",
            field="agent_entry_id",
            remedy="use an id from the patient's list of other agents",
        )
    if entry.voided:
        raise Conflict("the entry is already voided", field="agent_entry_id", remedy="no action is needed")
    return entry


def _check_another_agent(product: str) -> None:
    # Alemtuzumab without a brand name is this drug until a person states otherwise (R11).
    if recognize(product).kind == "lemtrada":
        raise InvalidCommand(
            "Lemtrada can't be recorded as another agent",
            field="product",
            remedy="record a dose or report prior treatment instead",
        )


def _check_happened(on: PartialDate, context: CommandContext) -> None:
    if on.earliest > context.today:
        raise InvalidCommand("the date is in the future", field="on", remedy="record the entry after it has happened")


def check_not_before_birth(history: PatientHistory, on: PartialDate) -> None:
    if history.birth_date is not None and on.latest < history.birth_date.earliest:
        raise InvalidCommand(
            "the date is before the birth date", field="on", remedy="send the correct date, or correct the birth date"
        )


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    CorrectDemographics: correct_demographics,
    LinkHistories: link_histories,
    UnlinkHistories: unlink_histories,
    NameRepresentative: name_representative,
    RecordDeath: record_death,
    VoidDeathRecord: void_death_record,
    RecordAgentStarted: record_agent_started,
    RecordAgentStopped: record_agent_stopped,
    VoidAgentEntry: void_agent_entry,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    CorrectDemographics: always,
    LinkHistories: to_link,
    UnlinkHistories: to_unlink,
    NameRepresentative: always,
    RecordDeath: always,
    VoidDeathRecord: to_void_death,
    RecordAgentStarted: always,
    RecordAgentStopped: always,
    VoidAgentEntry: to_void_agent_entry,
}
