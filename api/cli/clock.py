"""The command `clock confirm`, after a clock that was found wrong."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import ValidationError

from api.cli.opening import errors_to_exit_status, open_existing_ledger
from api.cli.options import AsJson, Database
from api.cli.output import print_result
from api.cli.people import operator
from api.cli.program import app
from domain.errors import InvalidCommand

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
