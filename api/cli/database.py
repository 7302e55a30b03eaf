"""The commands `database upgrade` and `database sweep`, and `clock confirm`."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Annotated

import typer
from pydantic import ValidationError

from api.cli.opening import errors_to_exit_status, open_existing_ledger, url_to_write
from api.cli.options import AsJson, Database, TimeZone
from api.cli.output import print_error, print_result
from api.cli.people import operator
from api.cli.program import app
from domain.errors import InvalidCommand
from domain.facts import counted
from domain.ledger import index_upgrade, schema
from domain.ledger.documents.store import GRACE
from domain.ledger.stores.urls import address_of

database_commands = typer.Typer(
    help="Create or upgrade the schema, and remove unused documents.\n\n"
    "Example: lemtrada-ledger database upgrade --database sqlite:///plan.sqlite",
    rich_markup_mode=None,
)
app.add_typer(database_commands, name="database")


@database_commands.command("upgrade")
def upgrade_command(
    database: Database = None,
    time_zone: TimeZone = None,
    serving_role: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="PostgreSQL role that gets permission to serve the ledger, and nothing else."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create the schema of a ledger, or upgrade it to this version, as the owner of the database.

    Everything on record is kept, and a serving role keeps its permissions. The index of member IDs is completed with
    the other spellings of each ID on record. Stop the program that serves the ledger first. The command can be
    repeated.

    Example: lemtrada-ledger database upgrade --database postgresql://owner@host/plan --time-zone America/New_York
    """
    with errors_to_exit_status():
        url = url_to_write(database)
        settings, index = index_upgrade.upgrade(url, zone=time_zone, serving_role=serving_role, entropy=os.urandom)
        place, zone, version = str(address_of(url)), settings.zone.key, schema.SCHEMA_VERSION
        if as_json:
            written = {"index_events_written": index.events, "unreadable_records": index.unreadable}
            print_result({"database": place, "schema_version": version, "time_zone": zone, **written})
            return
        print_result(f"The ledger at {place} has schema {version} and time zone {zone}.")
        if index.events:
            print_result(f"The index of member IDs was completed with {counted(index.events, 'entry', 'entries')}.")
        if index.unreadable:
            print_error(
                f"{counted(index.unreadable, 'record')} cannot be read, so other spellings of their member IDs find "
                "nobody. Run `verify`, and run this command again when the records can be read."
            )


@database_commands.command("sweep")
def sweep_command(
    days: Annotated[
        int, typer.Option(metavar="N", min=1, help="Only documents received more than N days ago.")
    ] = GRACE.days,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Remove stored documents that no event refers to. On PostgreSQL, run it as the owner of the database.

    Example: lemtrada-ledger database sweep --days 30
    """
    with errors_to_exit_status(), open_existing_ledger(database) as ledger:
        swept = ledger.sweep_documents(timedelta(days=days))
        if as_json:
            print_result({"orphans": len(swept.orphans), "unfinished": swept.unfinished})
        else:
            print_result(
                f"Removed {counted(len(swept.orphans), 'document')} without an event,"
                f" and {counted(swept.unfinished, 'unfinished upload')}."
            )


# -- the clock -------------------------------------------------------------------------------------

clock_commands = typer.Typer(
    help="Confirm the clock, after it was found wrong.\n\n"
    "Example: lemtrada-ledger clock confirm --reason 'The time server was corrected.'",
    rich_markup_mode=None,
)
app.add_typer(clock_commands, name="clock")


@clock_commands.callback()
def clock_group() -> None:
    """The group has one command, which is called by its name."""


@clock_commands.command("confirm")
def confirm_command(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Reason, which is recorded.")],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Confirm that the clock of this machine is right, so that the ledger is written to again.

    A ledger is not written to while the clock is more than 60 seconds behind the newest event or away from the clock
    of the database server, or was set by more than 10 minutes since the program started. First correct the clock. If
    it is right, and the ledger was written to while a clock was ahead, confirm it. The confirmation is recorded with
    the machine's user. Servers write again within a second.

    Example: lemtrada-ledger clock confirm --reason "The time server was corrected."
    """
    with errors_to_exit_status(), open_existing_ledger(database) as ledger:
        try:
            event = ledger.clock_check.confirm(reason, operator())
        except ValidationError:
            raise InvalidCommand(
                "a reason has 1 to 200 characters", field="--reason", remedy="say in a sentence why the clock is right"
            ) from None
        if as_json:
            ahead = event.database_ahead_seconds
            print_result({"confirmed_at": event.at.isoformat(), "database_ahead_seconds": ahead, "reason": reason})
            return
        print_result(f"The clock is confirmed at {event.at:%Y-%m-%d %H:%M:%S} UTC. The ledger is written to again.")
