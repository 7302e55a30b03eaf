"""`audit-events` and `provenance`: the audit trail as FHIR R4, one resource a line, for another system to take in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from api.cli.opening import open_existing_ledger, patient_of_member, plainly
from api.cli.options import DAY, Database, Purpose, parsed
from api.cli.output import LineProgress, print_result
from api.cli.program import AsJson, app
from api.fhir import ndjson
from api.fhir.audit_events import is_told
from api.fhir.event_mapping import is_of_patient
from api.fhir.instants import Stretch
from api.fhir.paging import Wanted, whole, whole_of_patient
from api.record_access.command_line import CommandLineAccess, checked_purpose
from api.record_access.patient_access import PatientAccess
from domain.deadlines.due_dates import end_of_day
from domain.errors import InvalidCommand
from domain.events.base import Event
from domain.ledger.application import Ledger

Output = Annotated[Path, typer.Option("--output", metavar="FILE.ndjson", help="A file that is not there yet.")]
Since = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="The first day of recording, where the plan is.")
]
Until = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="The last day of recording, where the plan is.")
]
Member = Annotated[
    str | None, typer.Option("--member", metavar="MEMBER", help="One patient's: a member id, or issuer:member.")
]


@app.command("audit-events")
def audit_events_command(
    output: Output,
    since: Since = None,
    until: Until = None,
    member: Member = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Export every change and access as FHIR AuditEvents.

    In the order of commits; of one patient, by time. The file is made whole or not at all, only its owner can read
    it, and that its patients were told of is recorded first.

    Example: lemtrada-ledger audit-events --output audit.ndjson --from 2026-01-01
    """
    with _to_write(output, since, until, member, purpose, database) as work:
        wanted = is_told if work.patient_id is None else _is_of_history
        _written(work, wanted, output, as_json, with_reads=True)


@app.command("provenance")
def provenance_command(
    output: Output,
    since: Since = None,
    until: Until = None,
    member: Member = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Export every change of patient records as FHIR Provenance.

    Example: lemtrada-ledger provenance --output provenance.ndjson --member DEMO-0003
    """
    with _to_write(output, since, until, member, purpose, database) as work:
        _written(work, _is_of_history, output, as_json, with_reads=False)


class _Work:
    def __init__(self, ledger: Ledger, access: PatientAccess, patient_id: UUID | None, stretch: Stretch) -> None:
        self.ledger = ledger
        self.access = access
        self.patient_id = patient_id
        self.stretch = stretch


@contextmanager
def _to_write(
    output: Path, since: str | None, until: str | None, member: str | None, purpose: str | None, database: str | None
) -> Iterator[_Work]:
    with plainly():
        ndjson.check_free(output)
        checked_purpose(purpose)
        first, last = parsed(DAY, since, "--from"), parsed(DAY, until, "--to")
        if first is not None and last is not None and first > last:
            raise InvalidCommand("the first day is after the last", field="--from", remedy="give them in their order")
        ledger = open_existing_ledger(database)
        with CommandLineAccess(ledger, purpose, "export") as access:
            patient_id = patient_of_member(access, member) if member is not None else None
            yield _Work(ledger, access, patient_id, _days(first, last, ledger.zone))


def _written(work: _Work, wanted: Wanted, output: Path, as_json: bool, *, with_reads: bool) -> None:
    if work.patient_id is None:
        told = whole(work.ledger, work.stretch, wanted, with_reads=with_reads)
    else:
        told = whole_of_patient(work.ledger, work.patient_id, work.stretch, wanted, with_reads=with_reads)
    resource, ledger_id = (ndjson.audit_event if with_reads else ndjson.provenance_of), work.ledger.ledger_id
    with LineProgress(Console(stderr=True)) as progress:
        made = ndjson.write(
            told,
            lambda one: resource(one, ledger_id),
            output,
            about_to_tell=lambda patients: work.access.record(sorted(patients) or [None], "audit_events"),
            progress=progress.advance,
        )
    if as_json:
        print_result({"file": str(output), "resources": made.resources, "size_bytes": made.size_bytes})
    else:
        print_result(f"{output} holds {made.resources} resources, one a line.")


def _days(first: date | None, last: date | None, zone: ZoneInfo) -> Stretch:
    """Both included."""
    return Stretch(
        end_of_day(first - timedelta(days=1), zone) if first is not None else None,
        end_of_day(last, zone) if last is not None else None,
    )


def _is_of_history(event: Event) -> bool:
    return is_of_patient(event)
