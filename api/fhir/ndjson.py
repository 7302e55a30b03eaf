"""Writes the audit trail to a file, one resource on each line, in the order of commits: the whole file or none."""

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
    """The size of a written file."""

    resources: int
    size_bytes: int


def audit_event(item: TrailItem, ledger_id: UUID) -> Resource:
    """The AuditEvent of an item."""
    if item.event is not None:
        return audit_events.of_event(item.event, ledger_id)
    assert item.row is not None
    return audit_events.of_read(item.row, ledger_id)


def provenance_of(item: TrailItem, ledger_id: UUID) -> Resource:
    """The Provenance of an item, which must be an event."""
    assert item.event is not None, "a read changes nothing"
    return provenance.of_change(item.event, ledger_id)


def check_free(file: Path) -> None:
    """Raises InvalidCommand if a file with this name exists, or if its folder does not."""
    if file.exists() or file.is_symlink():
        raise InvalidCommand(
            "a file with this name already exists", field="--output", remedy="give the name of a new file"
        )
    if not file.parent.is_dir():
        raise InvalidCommand(
            "the folder does not exist", field="--output", remedy="name a file in a folder that exists"
        )


def write(
    items: Iterable[TrailItem],
    resource: Callable[[TrailItem], Resource],
    file: Path,
    *,
    record_accesses: Callable[[set[UUID]], None],
    progress: Callable[[], None] = lambda: None,
) -> Written:
    """Writes the resource of each item to a temporary file in the same folder, and then renames the temporary file.

    `record_accesses` records the accesses to the patients in the file. It is called before the file gets its name. Only
    the owner can read the file. Raises InvalidCommand if the file exists or cannot be written.
    """
    check_free(file)
    patients: set[UUID] = set()
    count = 0
    try:
        with NamedTemporaryFile(prefix=".being-written-", dir=file.parent, delete=False) as temporary_file:
            try:
                for one in items:
                    temporary_file.write(to_json(resource(one)) + b"\n")
                    count += 1
                    if (patient_id := patient_of(one)) is not None:
                        patients.add(patient_id)
                    progress()
                temporary_file.flush()
                os.fsync(temporary_file.fileno())
                size = temporary_file.tell()
                record_accesses(patients)
                Path(temporary_file.name).rename(file)
            except BaseException:
                Path(temporary_file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidCommand(
            f"the file can't be written: {reason}", field="--output", remedy="give a file on a disk with free space"
        ) from None
    return Written(count, size)
