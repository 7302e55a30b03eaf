"""Applies the policy and produces events: one pure function for each command, from a history to events.

    decide(history, command, context) -> events

A decision uses no clock, no randomness and no I/O: the context supplies the time, the actor and the random seed. A
refusal by the plan, such as a denial, is recorded as an event. A command that is invalid raises an error of
`domain.errors`, and nothing is saved. Each decision first calls its precondition, which `may` calls without the terms
of a command. `consequences` adds events that follow from others, such as a completed course.
"""

from __future__ import annotations

from typing import Final

from domain.commands import COMMANDS, Command
from domain.commands.context import CommandContext
from domain.commands.patient import OpenHistory
from domain.decisions import (
    appeal_outcomes,
    appeals,
    approval_changes,
    course_closure,
    coverage,
    deadlines,
    determinations,
    documents,
    identifiers,
    imported_determinations,
    information,
    notices,
    patient,
    receipts,
    requests,
)
from domain.decisions.consequences import DecisionFunction, course_changes
from domain.decisions.identifiers import open_history
from domain.errors import NotFound
from domain.events import PatientEvent
from domain.events.treatment import TreatmentEvent
from domain.frozen import set_fields
from domain.history.state import PatientHistory
from domain.permissions import commands

DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    **patient.DECISIONS,
    **coverage.DECISIONS,
    **identifiers.DECISIONS,
    **course_closure.DECISIONS,
    **requests.DECISIONS,
    **receipts.DECISIONS,
    **information.DECISIONS,
    **documents.DECISIONS,
    **deadlines.DECISIONS,
    **notices.DECISIONS,
    **determinations.DECISIONS,
    **approval_changes.DECISIONS,
    **imported_determinations.DECISIONS,
    **appeals.DECISIONS,
    **appeal_outcomes.DECISIONS,
}
"""The decision of each command. `open_history` is not among them, because it needs no history."""
assert set(DECISIONS) == set(COMMANDS) - {OpenHistory}, "every command has its decision"


def decide(history: PatientHistory | None, command: Command, context: CommandContext) -> tuple[PatientEvent, ...]:
    """The events of a command, in the order in which the ledger appends them: at least one.

    `history` is None if the patient is not known. Raises an error of `domain.errors`, and then nothing is saved.
    """
    commands.check_role(context.actor, type(command))
    if isinstance(command, OpenHistory):
        return _salted(open_history(history, command, context), context)
    if history is None:
        raise NotFound("the patient was not found", field="patient_id", remedy="add the member first")
    events = DECISIONS[type(command)](history, command, context)
    if any(isinstance(event, TreatmentEvent) for event in events):
        events = (*events, *course_changes(history, events, command, context))
    return _salted(events, context)


def _salted(events: tuple[PatientEvent, ...], context: CommandContext) -> tuple[PatientEvent, ...]:
    for event, salt in zip(events, context.salts(), strict=False):
        # An event is frozen. These were created here and are not shared yet, so they may still get their salts.
        set_fields(event, salt=salt)
    return events
