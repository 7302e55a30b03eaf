"""The command `import`, which records data from another system."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from api.cli.assess import open_input
from api.cli.opening import errors_to_exit_status, url_to_write, zone_to_open_with
from api.cli.options import AsJson, Database, TimeZone
from api.cli.output import print_error, print_result
from api.cli.program import WRONG_USE, app
from api.cli.progress import LineProgress
from api.files.claim_results import COUNTED, LineResult
from api.files.claims_csv import check_ignorable
from api.files.import_intake import Intake, LineOutcome
from api.files.import_lines import json_schema
from api.record_access.command_line import CommandLineAccess
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
    ignore_column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A column of FILE.csv that is not read. Repeatable. Any other unknown column is refused.",
        ),
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a line and exit.")] = False,
    database: Database = None,
    time_zone: TimeZone = None,
    as_json: AsJson = False,
) -> None:
    """Import requests, determinations, doses, and prior treatment.

    Each line is recorded once, by its reference. An import that was stopped can be run again.

    Imported entries are marked as imported wherever they are shown. A rejected line is reported with the reason; the
    other lines are recorded, and the exit status is 2. It is also 2 if a claim line replaces or voids a claim that is
    not on record: the replacement is not recorded, and the void waits for its claim.

    A renamed copy of a file that was imported records nothing again.

    Example: lemtrada-ledger import claims-2024.csv --source claims
    """
    if schema:
        print_result(json_schema())
        return
    if file is None:
        raise InvalidCommand("no file is given", field="FILE", remedy="name a file, or - for standard input")
    source_name, actor = _checked_source(source or Path(file).stem), _actor(by)
    is_csv, ignored = file.lower().endswith((".csv", ".tsv")), tuple(ignore_column or ())
    _check_ignored(ignored, is_csv)
    with errors_to_exit_status(), open_input(file) as lines:
        url = url_to_write(database)
        zone = zone_to_open_with(url, time_zone)
        ledger = open_ledger(url, zone=zone)
        with CommandLineAccess(ledger, None) as access, LineProgress() as progress:
            intake = Intake(ledger, source_name, actor, access, source_is_file_name=source is None)
            outcomes = intake.claims(lines, ignored) if is_csv else intake.json_lines(lines)
            counts, results = _counted(outcomes, intake, progress, as_json)
    summary = _summary(counts, results)
    print_error(f"{counted(sum(counts.values()), 'line')} from {source_name}: {summary}") if as_json else print_result(
        summary
    )
    raise typer.Exit(WRONG_USE if counts["refused"] or results["void_waiting"] else 0)


def _counted(
    outcomes: Iterator[LineOutcome], intake: Intake, progress: LineProgress, as_json: bool
) -> tuple[Counter[str], Counter[LineResult]]:
    """Imports the lines and prints what is to be said of each. Returns the number of each fate and of each result."""
    counts, results = Counter[str](), Counter[LineResult]()
    for outcome in outcomes:
        progress.advance()
        counts[outcome.fate] += 1
        if outcome.result is not None and outcome.result != "void_waiting":
            results[outcome.result] += 1
        _print(outcome, progress, as_json)
    for outcome in intake.still_waiting():
        results["void_waiting"] += 1
        progress.print_line(str(outcome), sys.stderr)
    return counts, results


def _print(outcome: LineOutcome, progress: LineProgress, as_json: bool) -> None:
    """Prints what is to be said of a line. The voids that wait are listed at the end: their claims may follow."""
    if as_json:
        progress.print_line(json.dumps(outcome.to_json_value(), separators=(",", ":")), sys.stdout)
    if outcome.fate == "refused":
        progress.print_line(str(outcome), sys.stderr)
    elif outcome.note is not None and outcome.result != "void_waiting" and not as_json:
        progress.print_line(str(outcome), sys.stdout)


def _summary(counts: Counter[str], results: Counter[LineResult]) -> str:
    """The number of lines of each fate, and of each result that is not an ordinary entry."""
    summary = ", ".join(f"{counts[fate]} {fate}" for fate in ("recorded", "recorded before", "refused"))
    of_results = ", ".join(f"{results[one]} {COUNTED[one][results[one] > 1]}" for one in COUNTED if results[one])
    return f"{summary}; {of_results}" if of_results else summary


def _check_ignored(columns: tuple[str, ...], is_csv: bool) -> None:
    """Raises InvalidCommand for a column that cannot be ignored."""
    if columns and not is_csv:
        raise InvalidCommand(
            "only a CSV file has columns", field="--ignore-column", remedy="leave it out for JSON Lines"
        )
    check_ignorable(columns)


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
