"""The audit trail as a file: one resource a line, in the order of commits, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple
from uuid import UUID

from pydantic_core import to_json

from api.fhir import audit_events, provenance
from api.fhir.codes import Resource
from api.fhir.paging import TrailItem, patient_of
from domain.errors import InvalidCommand


class Written(NamedTuple):
    resources: int
    size_bytes: int


def audit_event(told: TrailItem, ledger_id: UUID) -> Resource:
    if told.event is not None:
        return audit_events.of_event(told.event, ledger_id)
    assert told.row is not None
    return audit_events.of_read(told.row, ledger_id)


def provenance_of(told: TrailItem, ledger_id: UUID) -> Resource:
    assert told.event is not None, "a read changes nothing"
    return provenance.of_change(told.event, ledger_id)


def check_free(file: Path) -> None:
    """Raises InvalidCommand for a name that is taken."""
    if file.exists() or file.is_symlink():
        raise InvalidCommand(
            "a file with this name already exists", field="--output", remedy="give the name of a new file"
        )


def write(
    told: Iterable[TrailItem],
    resource: Callable[[TrailItem], Resource],
    file: Path,
    *,
    about_to_tell: Callable[[set[UUID]], None],
    progress: Callable[[], None] = lambda: None,
) -> Written:
    """Writes beside the file, lets it be recorded of whom it tells, and only then gives it its name.

    Only its owner can read it. Raises InvalidCommand where the place can't be written to.
    """
    check_free(file)
    patients: set[UUID] = set()
    count = 0
    try:
        with NamedTemporaryFile(prefix=".being-written-", dir=file.parent, delete=False) as being_written:
            try:
                for one in told:
                    being_written.write(to_json(resource(one)) + b"\n")
                    count += 1
                    if (patient_id := patient_of(one)) is not None:
                        patients.add(patient_id)
                    progress()
                being_written.flush()
                os.fsync(being_written.fileno())
                size = being_written.tell()
                about_to_tell(patients)
                Path(being_written.name).rename(file)
            except BaseException:
                Path(being_written.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidCommand(
            f"the file can't be written: {reason}", field="--output", remedy="give a file on a disk with free space"
        ) from None
    return Written(count, size)
