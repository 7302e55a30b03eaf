"""Where the policy and the story meet: one pure function a command, from a history to events.

    decide(history, command, moment) -> events

No clock, no uuid, no I/O: the moment brings time, person and randomness. What the business
refuses is an event; what cannot be meant raises an error of `errors` and stores nothing. The
chapters are those of the events and of the commands; `following` adds what follows of itself.
"""

from __future__ import annotations

from typing import Final

from domain.commands import Command, Moment, OpenHistory
from domain.decisions import appeal_outcomes as appeals_decided
from domain.decisions import appeals, determinations, documents, information, notices, patient, requests
from domain.decisions import approval_changes as approvals_kept
from domain.decisions import course_closure as treatment
from domain.decisions import deadlines as request_clocks
from domain.decisions import imported_determinations as past_determinations
from domain.decisions.consequences import Decision, course_changes
from domain.decisions.patient import open_history
from domain.errors import NotFound
from domain.events import PatientEvent
from domain.history import PatientHistory
from domain.permissions import commands as authority

DECISIONS: Final[dict[type[Command], Decision]] = {
    **patient.DECISIONS,
    **treatment.DECISIONS,
    **requests.DECISIONS,
    **information.DECISIONS,
    **documents.DECISIONS,
    **request_clocks.DECISIONS,
    **notices.DECISIONS,
    **determinations.DECISIONS,
    **approvals_kept.DECISIONS,
    **past_determinations.DECISIONS,
    **appeals.DECISIONS,
    **appeals_decided.DECISIONS,
}


def decide(history: PatientHistory | None, command: Command, moment: Moment) -> tuple[PatientEvent, ...]:
    """The events of a command, for the ledger to place. Raises an error of `errors`, or returns at least one."""
    authority.check_role(moment.actor, command)
    if isinstance(command, OpenHistory):
        return _salted(open_history(history, command, moment), moment)
    if history is None:
        raise NotFound("no such patient", field="patient_id", remedy="open a history for the member first")
    events = DECISIONS[type(command)](history, command, moment)
    return _salted((*events, *course_changes(history, events, command, moment)), moment)


def _salted(events: tuple[PatientEvent, ...], moment: Moment) -> tuple[PatientEvent, ...]:
    for event, salt in zip(events, moment.salts(), strict=False):
        # An event is frozen; one that nobody else holds yet gets its salt as it gets its place (`placed`).
        event.__dict__["salt"] = salt
    return events
