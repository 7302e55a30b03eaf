"""A command of a user: what a refusal or a repeated key shows of a patient is recorded as an access.

A command that is done is on record by its events, and needs no access row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from api.record_access.patient_access import PatientAccess
from domain.commands import Command
from domain.commands.patient import AddMemberIdentifier, OpenHistory, PersonCommand
from domain.commands.requests import SubmitRequest
from domain.errors import KeyReused, LedgerError, NotFound, NotPermitted
from domain.ledger.application import Outcome
from domain.people import Actor
from domain.permissions.commands import refusal_of_role
from domain.permissions.disclosure import View

_SUBJECTS: Final[tuple[tuple[str, View], ...]] = (
    ("request_id", "request"),
    ("appeal_id", "appeal"),
    ("document_id", "document"),
    ("notice_id", "request"),
    ("dose_id", "courses"),
    ("report_id", "courses"),
)
"""The field of a command that names what the command is about, and the view that shows it."""


@contextmanager
def recording_refusals(
    access: PatientAccess, patient_id: UUID | None, command: Command, actor: Actor
) -> Iterator[None]:
    """Records an access where the command in the block is refused after the record was read.

    `patient_id` is None for a history that is to be opened.
    """
    try:
        yield
    except LedgerError as refusal:
        record_refused(access, patient_id, command, actor, refusal)
        raise


def record_refused(
    access: PatientAccess, patient_id: UUID | None, command: Command, actor: Actor, refusal: LedgerError
) -> None:
    """Records an access where this refusal shows something of the record that was read."""
    if _was_read(refusal, command, actor):
        view, subject = _shown_by(command)
        for one in _patients(access, patient_id, command):
            access.record_refusal(one, view, subject if one == patient_id else None)


def record_repeated(access: PatientAccess, outcome: Outcome, command: Command) -> None:
    """Records an access to what a repeated key shows: the first outcome again, which adds no event."""
    view, subject = _shown_by(command)
    access.record_refusal(outcome.patient_id, view, subject)


def _was_read(refusal: LedgerError, command: Command, actor: Actor) -> bool:
    """Whether the refusal depends on a record that was found and that the user may act on."""
    if isinstance(refusal, NotFound | KeyReused) or refusal.field == "Idempotency-Key":
        return False
    return not isinstance(refusal, NotPermitted) or refusal_of_role(actor, type(command)) is None


def _shown_by(command: Command) -> tuple[View, str | None]:
    for field, view in _SUBJECTS:
        if (named := getattr(command, field, None)) is not None:
            return view, str(named)
    if isinstance(command, OpenHistory):
        return "find", None
    if isinstance(command, SubmitRequest):
        return "request", None
    return ("person" if isinstance(command, PersonCommand) else "courses"), None


def _patients(access: PatientAccess, patient_id: UUID | None, command: Command) -> Iterator[UUID]:
    """The patient of the command, and the other one whose record a refusal can show."""
    if patient_id is not None:
        yield patient_id
    if isinstance(command, OpenHistory | AddMemberIdentifier):
        other = access.ledger.find(command.member)
    else:
        other = getattr(command, "other_patient_id", None)
    if other is not None and other != patient_id:
        yield other
