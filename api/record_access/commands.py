"""Records accesses of commands: a refusal or a repeated idempotency key can show data of a patient.

A command that succeeds is on record through its events, and needs no row in the access log.
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
from domain.errors import Conflict, KeyReused, LedgerError, NotFound, NotPermitted, StaleVersion
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
    ("agent_entry_id", "person"),
)
"""The field of a command that has the id of its subject, and the view that shows this subject."""


@contextmanager
def recording_refusals(
    access: PatientAccess, patient_id: UUID | None, command: Command, actor: Actor
) -> Iterator[None]:
    """Records an access if the command in the block is refused after the record was read.

    `patient_id` is None for a command that opens a history.
    """
    try:
        yield
    except LedgerError as refusal:
        record_refused(access, patient_id, command, actor, refusal)
        raise


def record_refused(
    access: PatientAccess, patient_id: UUID | None, command: Command, actor: Actor, refusal: LedgerError
) -> None:
    """Records an access if the refusal shows something of the record that was read."""
    if _was_read(refusal, command, actor):
        view, subject = _shown_by(command)
        # A version that is not current is refused before the subject is looked for.
        subject = None if isinstance(refusal, StaleVersion) else subject
        for one in _patients(access, patient_id, command, refusal):
            access.record_refusal(one, view, subject if one == patient_id else None)


def record_repeated(access: PatientAccess, outcome: Outcome, command: Command) -> None:
    """Records an access for a repeated key. The answer shows the first outcome again and adds no event."""
    view, subject = _shown_by(command)
    access.record_refusal(outcome.patient_id, view, subject)


def _was_read(refusal: LedgerError, command: Command, actor: Actor) -> bool:
    """Whether the refusal depends on a record that was found and that the user may act on."""
    if isinstance(refusal, NotFound | KeyReused) or refusal.field == "Idempotency-Key":
        return False
    return not isinstance(refusal, NotPermitted) or refusal_of_role(actor, type(command)) is None


def _shown_by(command: Command) -> tuple[View, str | None]:
    """The view that shows what the command is about, and the id of its subject if it has one."""
    for field, view in _SUBJECTS:
        if (subject := getattr(command, field, None)) is not None:
            return view, str(subject)
    if isinstance(command, OpenHistory):
        return "find", None
    if isinstance(command, SubmitRequest):
        return "request", None
    return ("person" if isinstance(command, PersonCommand) else "courses"), None


def _patients(access: PatientAccess, patient_id: UUID | None, command: Command, refusal: LedgerError) -> Iterator[UUID]:
    """The patient of the command, and the other patients to whom its member id leads, where that is the refusal."""
    if patient_id is not None:
        yield patient_id
    if isinstance(command, OpenHistory | AddMemberIdentifier) and isinstance(refusal, Conflict):
        yield from (one for one in access.ledger.members.holders(command.member) if one != patient_id)
