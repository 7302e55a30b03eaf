"""The commands `database upgrade` and `database sweep`."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Annotated

import typer

from api.cli.opening import open_existing_ledger, plainly, url_to_write
from api.cli.options import Database, TimeZone
from api.cli.output import print_result
from api.cli.program import AsJson, app
from domain.ledger import schema
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
        str | None, typer.Option(metavar="NAME", help="A PostgreSQL role that may then serve, and nothing else.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the schema of a ledger, or bring it to this program's version, as its owner. Harmless to repeat.

    Everything on record is kept, and a role that serves already goes on serving.

    Example: lemtrada-ledger database upgrade --database postgresql://owner@host/plan --time-zone America/New_York
    """
    with plainly():
        url = url_to_write(database)
        settings = schema.upgrade(url, zone=time_zone, serving_role=serving_role, entropy=os.urandom)
        place, zone, version = str(address_of(url)), settings.zone.key, schema.SCHEMA_VERSION
        if as_json:
            print_result({"database": place, "schema_version": version, "time_zone": zone})
        else:
            print_result(f"The ledger at {place} has schema {version} and counts days in {zone}.")


@database_commands.command("sweep")
def sweep_command(
    days: Annotated[
        int, typer.Option(metavar="N", min=1, help="Only documents that came in longer ago than this many days.")
    ] = GRACE.days,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Remove stored documents that no event ever named; on PostgreSQL as the owner of the database.

    Example: lemtrada-ledger database sweep --days 30
    """
    with plainly(), open_existing_ledger(database) as ledger:
        swept = ledger.sweep_documents(timedelta(days=days))
        if as_json:
            print_result({"orphans": len(swept.orphans), "unfinished": swept.unfinished})
        else:
            print_result(
                f"Removed: {len(swept.orphans)} that no event names, {swept.unfinished} that never came in whole."
            )
