"""The command `import`, which records what another system kept."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from api.cli.assess import open_input
from api.cli.opening import plainly, url_to_write
from api.cli.options import Database, TimeZone
from api.cli.output import LineProgress, complain, print_result
from api.cli.program import WRONG_USE, AsJson, app
from api.files.import_intake import Intake
from api.files.import_lines import json_schema
from api.record_access.command_line import CommandLineAccess
from api.server import serve
from domain.errors import InvalidCommand
from domain.ledger.application import open_ledger
from domain.people import Actor


@app.command("import")
def import_command(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="FILE.jsonl, or claim lines as FILE.csv; - reads JSON Lines.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The record that the references are of; by default the file's name."),
    ] = None,
    by: Annotated[str, typer.Option(metavar="ID", help="Who imports, as it is recorded.")] = "import",
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a line, and stop.")] = False,
    database: Database = None,
    time_zone: TimeZone = None,
    as_json: AsJson = False,
) -> None:
    """Import requests, determinations, doses, and prior treatment.

    Each line is recorded once, by its reference.

    What was imported says so wherever it shows. Killed, it is run again; what was recorded stays. Lines
    that are refused are reported with the reason, the others are recorded, and the exit status is 2.

    Example: lemtrada-ledger import claims-2024.csv --source claims
    """
    if schema:
        print_result(json_schema())
        return
    if file is None:
        raise InvalidCommand("there is nothing to import", field="FILE", remedy="name a file, or - for standard input")
    named, actor = source or Path(file).stem, _actor(by)
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", named):
        raise InvalidCommand("this names no source", field="--source", remedy="1 to 40 letters, digits and ._-")
    counts: Counter[str] = Counter()
    with plainly():
        url = url_to_write(database)
        zone = serve.zone_to_open_with(url, time_zone, serve.machine_zone)
        with (
            CommandLineAccess(open_ledger(url, zone=zone), None) as access,
            open_input(file) as lines,
            LineProgress(Console(stderr=True)) as progress,
        ):
            intake = Intake(access.ledger, named, actor, access)
            outcomes = intake.claims(lines) if file.lower().endswith(".csv") else intake.json_lines(lines)
            for outcome in outcomes:
                progress.advance()
                counts[outcome.fate] += 1
                if as_json:
                    progress.say(json.dumps(outcome.to_json_value(), separators=(",", ":")), sys.stdout)
                if outcome.fate == "refused":
                    progress.say(str(outcome), sys.stderr)
    told = ", ".join(f"{counts[fate]} {fate}" for fate in ("recorded", "recorded before", "refused"))
    complain(f"{sum(counts.values())} lines from {named}: {told}") if as_json else print_result(told)
    raise typer.Exit(WRONG_USE if counts["refused"] else 0)


def _actor(by: str) -> Actor:
    try:
        return Actor(id=by, name=f"Import by {by}", role="reviewer")
    except ValidationError:
        raise InvalidCommand("this is no id of a person", field="--by", remedy="letters, digits and ._@:-") from None
