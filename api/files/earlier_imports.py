"""Recognizes a line that is on record from another import: a renamed copy of its file, or a run by another user.

A line is the same if it has the same reference, member and content. Lines of two systems that share a reference and
differ in anything else are two lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from uuid import UUID

from pydantic_core import to_json

from domain.commands import Command
from domain.commands.treatment import RecordClaim
from domain.errors import KeyReused, LedgerError
from domain.events.base import ImportedFrom
from domain.ledger.application import Ledger, Outcome
from domain.people import Actor


def import_key(imported: ImportedFrom, command: Command) -> str:
    """The idempotency key of a line. A line of a claim may carry its original's reference, so its content is added."""
    if isinstance(command, RecordClaim):
        content = hashlib.sha256(to_json([imported.reference, command.model_dump(mode="json")])).hexdigest()
        return f"import-claim:{imported.source}:{content}"
    return f"import:{imported.source}:{imported.reference}"


def recorded_elsewhere(
    ledger: Ledger,
    patient_id: UUID,
    imported: ImportedFrom,
    actor: Actor,
    command_of: Callable[[str], Command],
    *,
    any_source: bool,
) -> Outcome | None:
    """The outcome of the same line in another import: by another user, and with `any_source` also from another source.

    None if there is none. `command_of` makes the command of the line as if it were from the source. It raises
    LedgerError if it cannot. Raises KeyReused if another user imported another line of this source and reference.
    """
    others = {
        (event.imported_from, event.actor)
        for event in ledger.events(patient_id)
        if event.imported_from is not None
        and event.imported_from.reference == imported.reference
        and (any_source or event.imported_from == imported)
        and (event.imported_from, event.actor.id) != (imported, actor.id)
    }
    for earlier, earlier_actor in others:
        try:
            command = command_of(earlier.source)
        except LedgerError:
            continue
        key = import_key(earlier, command)
        outcome = ledger.outcome_on_record(patient_id, command, earlier_actor, key=key, imported_from=earlier)
        if outcome is not None:
            return outcome
        if earlier == imported and ledger.was_sent(key, earlier_actor):
            raise KeyReused(
                "another user imported a different line with this reference",
                field="reference",
                remedy="give the line its own reference",
            )
    return None
