"""The command `backup`, which writes an SQLite ledger and its documents to one file while the ledger is served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.cli.opening import errors_to_exit_status
from api.cli.options import AsJson, Database
from api.cli.output import print_error, print_result
from api.cli.program import ANSWER_IS_NO, app
from api.server import which_ledger
from domain.facts import counted
from domain.ledger.backup import back_up
from domain.ledger.stores.urls import address_of

SECONDS_BEFORE_PROGRESS: Final = 1.0


@app.command("backup")
def backup_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="New tar archive to write.")],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Back up an SQLite ledger and its documents into one file.

    The file has the state of one point in time. The ledger can be read and written meanwhile.

    To restore the ledger, unpack the file with tar in any folder. The exit status is 1 if documents on record are
    missing or damaged; the file has everything else.

    Example: lemtrada-ledger backup plan.tar --database sqlite:///plan.sqlite
    """
    with errors_to_exit_status():
        url = database if database is not None else which_ledger.database_in_data_folder()
        address = address_of(url)
        with elapsed_time_shown(Console(stderr=True)):
            backup = back_up(address, file)
    missing = [f"{patient_id} {sha256}" for patient_id, sha256 in backup.missing]
    if as_json:
        print_result(
            {"file": str(backup.file), "size_bytes": backup.size_bytes, "events": backup.events}
            | {"documents": backup.documents, "missing": missing}
        )
    else:
        events, documents = counted(backup.events, "event"), counted(backup.documents, "document")
        print_result(f"Backed up {address} to {backup.file}: {events} and {documents}.")
    for document in missing:
        print_error(f"document {document} is missing or damaged: restore it from an earlier backup, or upload it again")
    raise typer.Exit(ANSWER_IS_NO if missing else 0)


@contextmanager
def elapsed_time_shown(console: Console) -> Iterator[None]:
    """Shows the elapsed time of the block, on a terminal and after a second. In a pipe, nothing is displayed."""
    columns = SpinnerColumn(), TextColumn("backing up"), TimeElapsedColumn()
    display = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    display.add_task("", total=None)
    # A timer starts the display, because most of the time is one long step of SQLite, which reports no progress.
    timer = Timer(SECONDS_BEFORE_PROGRESS, display.start)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        display.stop()
