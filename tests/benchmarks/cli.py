"""`lemtrada-ledger-bench`: how far everything is from what the stores themselves allow."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tests.benchmarks.measuring import say
from tests.benchmarks.stores import opened_stores
from tests.benchmarks.suite import PARTS, Run, measured
from tests.benchmarks.table import print_table, write_readme

app = typer.Typer(add_completion=False)

EXAMPLE = "Example: lemtrada-ledger-bench --quick --json figures.json"


@app.command(epilog=EXAMPLE)
def bench(
    quick: Annotated[
        bool, typer.Option("--quick", help="Everything small: about four minutes, wide intervals.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows there, as one JSON list.")] = None,
    only: Annotated[str | None, typer.Option("--only", help=f"A word of: {', '.join(PARTS)}.")] = None,
    readme: Annotated[
        bool, typer.Option("--readme", help="Write the table into tests/benchmarks/README.md, between its marks.")
    ] = False,
) -> None:
    """Measures the work of the ledger beside hand-written floors and other programs, in one run.

    A figure is the median of the ratios of its rounds, with a 95 % interval; one that holds the
    goal is undecided. Exit status 0 where all was measured, 1 where a row is absent.
    """
    with opened_stores() as stores:
        figures = [*measured(Run(stores, quick), only)]
    print_table(figures)
    if json_file is not None:
        json_file.write_text(json.dumps([one.as_json() for one in figures], indent=1) + "\n", encoding="utf-8")
    if readme:
        write_readme(figures, circumstances(quick))
    say(circumstances(quick))
    raise typer.Exit(any(one.verdict == "absent" for one in figures))


def circumstances(quick: bool) -> str:
    """Where and when: a ratio travels better than a time, and neither is more than what was measured."""
    load = f"load {os.getloadavg()[0]:.1f}, " if hasattr(os, "getloadavg") else ""
    length = "with --quick" if quick else "in full"
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    day = datetime.now(UTC).date().isoformat()
    return f"Measured {length} on {day}: {machine}, {load}PostgreSQL and SQLite on one disk."


def main() -> None:
    app()
