"""The command `import`, which records data from another system."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from api.cli.assess import open_input
from api.cli.opening import errors_to_exit_status, url_to_write
from api.cli.options import AsJson, Database, TimeZone
from api.cli.output import print_error, print_result
from api.cli.program import WRONG_USE, app
from api.cli.progress import LineProgress
from api.files.import_intake import Intake
from api.files.import_lines import json_schema
from api.record_access.command_line import CommandLineAccess
from api.server import which_ledger
from domain.errors import InvalidCommand
from domain.facts import counted
from domain.ledger.application import open_ledger
from domain.people import Actor


@app.command("import")
def import_command(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE", help="JSON Lines, or claim lines as CSV (FILE.csv); - reads JSON Lines from standard input."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name of the other system, to which the references belong. Default: the name of the file.",
        ),
    ] = None,
    by: Annotated[str, typer.Option(metavar="ID", help="ID of the user who imports, which is recorded.")] = "import",
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a line and exit.")] = False,
    database: Database = None,
    time_zone: TimeZone = None,
    as_json: AsJson = False,
) -> None:
    """Import requests, determinations, doses, and prior treatment.

    Each line is recorded once, by its reference. An import that was stopped can be run again.

    Imported entries are marked as imported wherever they are shown. A rejected line is reported with the reason; the
    other lines are recorded, and the exit status is 2.

    Example: lemtrada-ledger import claims-2024.csv --source claims
    """
    if schema:
        print_result(json_schema())
        return
    if file is None:
        raise InvalidCommand("no file is given", field="FILE", remedy="name a file, or - for standard input")
    source_name, actor = _checked_source(source or Path(file).stem), _actor(by)
    counts: Counter[str] = Counter()
    with errors_to_exit_status(), open_input(file) as lines:
        url = url_to_write(database)
        zone = which_ledger.zone_to_open_with(url, time_zone, which_ledger.machine_zone)
        ledger = open_ledger(url, zone=zone)
        with CommandLineAccess(ledger, None) as access, LineProgress() as progress:
            intake = Intake(ledger, source_name, actor, access)
            outcomes = intake.claims(lines) if file.lower().endswith(".csv") else intake.json_lines(lines)
            for outcome in outcomes:
                progress.advance()
                counts[outcome.fate] += 1
                if as_json:
                    progress.print_line(json.dumps(outcome.to_json_value(), separators=(",", ":")), sys.stdout)
                if outcome.fate == "refused" or outcome.note is not None:
                    progress.print_line(str(outcome), sys.stderr)
    summary = ", ".join(f"{counts[fate]} {fate}" for fate in ("recorded", "recorded before", "refused"))
    print_error(f"{counted(sum(counts.values()), 'line')} from {source_name}: {summary}") if as_json else print_result(
        summary
    )
    raise typer.Exit(WRONG_USE if counts["refused"] else 0)


def _checked_source(name: str) -> str:
    """The name of a source. Raises InvalidCommand."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", name):
        remedy = "use 1 to 40 letters, digits, and ._-"
        raise InvalidCommand("this is not the name of a source", field="--source", remedy=remedy)
    return name


def _actor(by: str) -> Actor:
    """The user who imports, as the actor of the recorded events. Raises InvalidCommand."""
    try:
        return Actor(id=by, name=f"Import by {by}", role="reviewer")
    except ValidationError:
        raise InvalidCommand(
            "this is not the ID of a user", field="--by", remedy="use letters, digits, and ._@:-"
        ) from None
