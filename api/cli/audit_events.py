"""The commands `audit-events` and `provenance`, which export the audit trail as FHIR R4, one resource on each line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from api.cli.opening import errors_to_exit_status, open_records, patient_of_member
from api.cli.options import AsJson, Database, Issuer, Purpose, Since, Until
from api.cli.output import print_result
from api.cli.program import app
from api.cli.progress import LineProgress
from api.cli.values import DAY, parsed
from api.fhir import ndjson
from api.fhir.audit_events import is_exported
from api.fhir.event_mapping import is_of_patient
from api.fhir.instants import Period
from api.fhir.paging import EventFilter, whole, whole_of_patient
from api.record_access.command_line import checked_purpose
from api.record_access.patient_access import PatientAccess
from domain.deadlines.due_dates import end_of_day
from domain.errors import InvalidCommand
from domain.events.base import Event
from domain.facts import counted

Output = Annotated[Path, typer.Option("--output", metavar="FILE.ndjson", help="New file to write to.")]
Member = Annotated[
    str | None, typer.Option("--member", metavar="MEMBER", help="Only this patient: a member ID, or issuer:member.")
]


@app.command("audit-events")
def audit_events_command(
    output: Output,
    since: Since = None,
    until: Until = None,
    member: Member = None,
    issuer: Issuer = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Export every change and access as FHIR AuditEvents.

    Entries are in the order in which they were recorded; with --member, in order of time. The file is written as a
    whole or not at all, and only its owner can read it. An access to each of its patients is recorded first.

    Example: lemtrada-ledger audit-events --output audit.ndjson --from 2026-01-01
    """
    with _open_export(output, since, until, (member, issuer), purpose, database) as export:
        wanted = is_exported if export.patient_id is None else _is_of_history
        _write(export, wanted, output, as_json, with_reads=True)


@app.command("provenance")
def provenance_command(
    output: Output,
    since: Since = None,
    until: Until = None,
    member: Member = None,
    issuer: Issuer = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Export every change of patient records as FHIR Provenance.

    Example: lemtrada-ledger provenance --output provenance.ndjson --member DEMO-0003
    """
    with _open_export(output, since, until, (member, issuer), purpose, database) as export:
        _write(export, _is_of_history, output, as_json, with_reads=False)


class _Export:
    """What an export reads. `patient_id` is None for all patients."""

    def __init__(self, access: PatientAccess, patient_id: UUID | None, period: Period) -> None:
        self.ledger = access.ledger
        self.access = access
        self.patient_id = patient_id
        self.period = period


@contextmanager
def _open_export(
    output: Path,
    since: str | None,
    until: str | None,
    named: tuple[str | None, str | None],
    purpose: str | None,
    database: str | None,
) -> Iterator[_Export]:
    """Checks the options, and opens the ledger for the block. An error becomes one line and exit status 2.

    `named` is the member, if one is named, and the issuer of the member ID.
    """
    member, issuer = named
    with errors_to_exit_status():
        ndjson.check_free(output)
        checked_purpose(purpose)
        first, last = parsed(DAY, since, "--from"), parsed(DAY, until, "--to")
        if first is not None and last is not None and first > last:
            raise InvalidCommand(
                "the first day is after the last day", field="--from", remedy="give an earlier day, or a later --to"
            )
        with open_records(database, purpose, "export") as access:
            patient_id = patient_of_member(access, member, issuer) if member is not None else None
            yield _Export(access, patient_id, _period(first, last, access.zone))


def _write(export: _Export, wanted: EventFilter, output: Path, as_json: bool, *, with_reads: bool) -> None:
    """Writes an AuditEvent for each entry, accesses included, or without `with_reads` a Provenance for each change.

    The access to each patient of the export is recorded before the file is written.
    """
    if export.patient_id is None:
        entries = whole(export.ledger, export.period, wanted, with_reads=with_reads)
    else:
        entries = whole_of_patient(export.ledger, export.patient_id, export.period, wanted, with_reads=with_reads)
    resource, ledger_id = (ndjson.audit_event if with_reads else ndjson.provenance_of), export.ledger.ledger_id
    with LineProgress() as progress:
        written = ndjson.write(
            entries,
            lambda entry: resource(entry, ledger_id),
            output,
            record_accesses=lambda patients: export.access.record(sorted(patients) or [None], "audit_events"),
            progress=progress.advance,
        )
    if as_json:
        print_result({"file": str(output), "resources": written.resources, "size_bytes": written.size_bytes})
    else:
        print_result(f"Wrote {counted(written.resources, 'resource')} to {output}, one on each line.")


def _period(first: date | None, last: date | None, zone: ZoneInfo) -> Period:
    """From the start of the first day to the end of the last day, in the plan's time zone."""
    return Period(
        end_of_day(first - timedelta(days=1), zone) if first is not None else None,
        end_of_day(last, zone) if last is not None else None,
    )


def _is_of_history(event: Event) -> bool:
    return is_of_patient(event)
