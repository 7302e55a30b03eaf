"""`accesses`: who looked at a patient's record, when, why and from where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from api.cli.opening import open_records, patient_of_member, plainly
from api.cli.options import DAY, Database, Purpose, parsed
from api.cli.output import complain, print_result
from api.cli.program import AsJson, app
from api.record_access.list_access import ListAccess
from domain.ledger.access_log.report import PAGE_MAX, Question
from domain.permissions.disclosure import Access

HEADS = ("when", "who", "role", "patient", "saw", "of", "why", "through", "from")


@app.command("accesses")
def accesses_command(
    member: Annotated[
        str | None, typer.Argument(metavar="[MEMBER]", help="A member id, or issuer:member; everybody if left out.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="The first day, where the plan is.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last day, where the plan is.")] = None,
    actor: Annotated[
        str | None, typer.Option("--by", metavar="ID", help="Only what this person or system looked at.")
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=PAGE_MAX, help=f"How many at the most, up to {PAGE_MAX}.")
    ] = PAGE_MAX,
    after: Annotated[str | None, typer.Option(metavar="PLACE", help="Where the page before ended.")] = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show the access log.

    It lists who viewed a record between two dates, newest first. Using this command is recorded too.

    Example: lemtrada-ledger accesses DEMO-0003 --from 2026-01-01 --to 2026-06-30
    """
    with plainly(), open_records(database, purpose) as access:
        question = Question(
            patient_id=patient_of_member(access, member) if member is not None else None,
            actor_id=actor,
            since=parsed(DAY, since, "--from"),
            until=parsed(DAY, until, "--to"),
            after=after,
            limit=limit,
        )
        page = ListAccess(access).accesses(question)
        if as_json:
            print_result(page.model_dump(mode="json"))
            return
        _show(page.items, access.zone)
        if page.next_after is not None:
            complain(f"these are the newest {len(page.items)}, and there are more: add --after {page.next_after}")


def _show(items: Iterable[Access], zone: ZoneInfo) -> None:
    """A table on a terminal; in a pipe one line a look, its columns parted by tabs."""
    rows = [_cells(one, zone) for one in items]
    console = Console()
    if not console.is_terminal:
        print_result("\n".join("\t".join(row) for row in (HEADS, *rows)))
        return
    table = Table(*HEADS)
    for row in rows:
        table.add_row(*row)
    console.print(table, markup=False, highlight=False)


def _cells(one: Access, zone: ZoneInfo) -> tuple[str, ...]:
    return (
        one.at.astimezone(zone).isoformat(timespec="seconds"),
        f"{one.actor_name} ({one.actor_id})",
        (one.role or "").replace("_", " "),
        str(one.patient_id) if one.patient_id is not None else "",
        one.view.replace("_", " "),
        one.subject or "",
        one.purpose or "",
        one.through,
        one.origin,
    )
