"""The command `accesses`: the access log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from api.cli.opening import errors_to_exit_status, open_records, patient_of_member
from api.cli.options import After, AsJson, Database, Issuer, Purpose, Since, Until
from api.cli.output import print_error, print_result
from api.cli.program import app
from api.cli.tables import Column, show_table
from api.cli.values import DAY, parsed
from api.record_access.list_access import ListAccess
from domain.facts import counted
from domain.ledger.access_log.report import PAGE_MAX, AccessQuery
from domain.permissions.disclosure import Access

COLUMNS: Final = (
    Column("time"),
    Column("user"),
    Column("role", 4),
    Column("patient", 2),
    Column("view"),
    Column("subject", 3),
    Column("purpose", 5),
    Column("channel", 6),
    Column("origin", 7),
)


@app.command("accesses")
def accesses_command(
    member: Annotated[
        str | None, typer.Argument(metavar="[MEMBER]", help="Member ID, or issuer:member. Default: all patients.")
    ] = None,
    since: Since = None,
    until: Until = None,
    actor: Annotated[
        str | None, typer.Option("--by", metavar="ID", help="Only the accesses of this user or system.")
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=PAGE_MAX, help="Largest number of accesses to print.")
    ] = PAGE_MAX,
    after: After = None,
    issuer: Issuer = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show the access log.

    The log shows who viewed a record, newest first. The use of this command is an access too.

    Example: lemtrada-ledger accesses DEMO-0003 --from 2026-01-01 --to 2026-06-30
    """
    with errors_to_exit_status(), open_records(database, purpose) as access:
        query = AccessQuery(
            actor_id=actor,
            since=parsed(DAY, since, "--from"),
            until=parsed(DAY, until, "--to"),
            after=after,
            limit=limit,
        )
        if member is not None:
            query = replace(query, patient_id=patient_of_member(access, member, issuer))
        page = ListAccess(access).accesses(query)
        if as_json:
            print_result(page.model_dump(mode="json"))
            return
        _show(page.items, access.zone)
        if page.next_after is not None:
            shown = counted(len(page.items), "access is", "accesses are")
            print_error(f"the newest {shown} shown: for more, add --after {page.next_after}")


def _show(items: Iterable[Access], zone: ZoneInfo) -> None:
    show_table(COLUMNS, [_cells(access, zone) for access in items])


def _cells(access: Access, zone: ZoneInfo) -> tuple[str, ...]:
    return (
        access.at.astimezone(zone).isoformat(timespec="seconds"),
        f"{access.actor_name} ({access.actor_id})",
        (access.role or "").replace("_", " "),
        str(access.patient_id) if access.patient_id is not None else "",
        access.view.replace("_", " "),
        access.subject or "",
        access.purpose or "",
        access.through,
        access.origin,
    )
