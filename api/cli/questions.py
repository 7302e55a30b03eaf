"""The commands `eligibility` and `history`: where a patient stands, and what is on record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from pydantic_core import to_json
from rich.console import Console
from rich.table import Table

from api.cli.opening import open_records, patient_of_member, plainly
from api.cli.options import DAY, INSTANT, Database, KnownAt, MemberArgument, Purpose, parsed
from api.cli.output import complain, print_result, show_pairs
from api.cli.program import WRONG_USE, AsJson, app
from api.text.eligibility import change_in_words, eligibility_rows, headline
from domain.policy.editions import edition_named
from projections.audit_trail import AuditEntry, audit_trail
from projections.eligibility import eligibility


@app.command("eligibility")
def eligibility_command(
    member: MemberArgument,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Judged on this day; by default today, where the plan is.")
    ] = None,
    known_at: KnownAt = None,
    edition: Annotated[
        str | None, typer.Option(metavar="DATE", help="The review date of an edition; else the one that applies.")
    ] = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show current eligibility: path, course, doses, what is missing.

    The answer is as of now, or as it was known at an earlier time.

    Example: lemtrada-ledger eligibility DEMO-0003 --as-of 2027-03-08
    """
    with plainly(), open_records(database, purpose) as access:
        judged_under = edition_named(edition) if edition is not None else None
        day = parsed(DAY, as_of, "--as-of") or access.today()
        instant = parsed(INSTANT, known_at, "--known-at")
        with access.history(patient_of_member(access, member), "eligibility", known_at=instant) as history:
            answer = eligibility(history, day, judged_under)
        if answer.edition_problem is not None:
            complain(answer.edition_problem)
            raise typer.Exit(WRONG_USE)
        if as_json:
            print_result(answer.model_dump(mode="json"))
            return
        print_result(headline(answer))
        show_pairs(eligibility_rows(answer, access.zone.key))


@app.command("history")
def history_command(
    member: MemberArgument,
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """List every event of a patient, oldest first.

    Each line says what happened, when, who recorded it, and what it changed.

    With --json one event a line, with all that it carries.

    Example: lemtrada-ledger history DEMO-0003
    """
    from api.routes.schemas import event_view  # noqa: PLC0415  (FastAPI is slow to import)

    with plainly(), open_records(database, purpose) as access:
        instant = parsed(INSTANT, known_at, "--known-at")
        with access.events(patient_of_member(access, member), "history", known_at=instant) as events:
            entries = audit_trail(events) if not as_json else ()
        if as_json:
            for event in events:
                print_result(to_json(event_view(event)).decode())
            return
        _show_entries(entries, access.zone)


def _show_entries(entries: Iterable[AuditEntry], zone: ZoneInfo) -> None:
    """A table on a terminal; in a pipe one line an event, its columns parted by tabs."""
    heads = ("version", "happened", "recorded", "who", "event", "changed")
    rows = [
        (
            str(one.version),
            _in_zone(one.happened, zone),
            one.recorded_at.astimezone(zone).isoformat(),
            f"{one.who.name} ({one.who.role})",
            f"{one.event} (imported from {one.imported_from.source})" if one.imported_from is not None else one.event,
            "; ".join(change_in_words(change) for change in one.changed),
        )
        for one in entries
    ]
    console = Console()
    if not console.is_terminal:
        print_result("\n".join("\t".join(row) for row in (heads, *rows)))
        return
    table = Table(*heads)
    for row in rows:
        table.add_row(*row)
    console.print(table, markup=False, highlight=False)


def _in_zone(happened: str, zone: ZoneInfo) -> str:
    """An instant by the plan's clock; a day is one already."""
    return datetime.fromisoformat(happened).astimezone(zone).isoformat() if "T" in happened else happened
