"""The commands `backup` and `restore`: an SQLite ledger and its documents in one file, and back from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Annotated, Final, NoReturn
from uuid import UUID

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
from domain.ledger.restore import restore
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

    The command `restore` restores the ledger from it. The exit status is 1 if documents on record are
    missing or damaged; the file has everything else.

    Example: lemtrada-ledger backup plan.tar --database sqlite:///plan.sqlite
    """
    with errors_to_exit_status():
        url = database if database is not None else which_ledger.database_in_data_folder()
        address = address_of(url)
        with elapsed_time_shown(Console(stderr=True), "backing up"):
            backup = back_up(address, file)
    missing = _named(backup.missing)
    if as_json:
        print_result(
            {"file": str(backup.file), "size_bytes": backup.size_bytes, "events": backup.events}
            | {"documents": backup.documents, "missing": missing}
        )
    else:
        events, documents = counted(backup.events, "event"), counted(backup.documents, "document")
        print_result(f"Backed up {address} to {backup.file}: {events} and {documents}.")
    _end_with(missing)


@app.command("restore")
def restore_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Tar archive that `backup` wrote.")],
    database: Annotated[
        str, typer.Option(metavar="URL", help="Where to restore it, for example sqlite:///plan.sqlite: no ledger yet.")
    ],
    as_json: AsJson = False,
) -> None:
    """Restore a backup of an SQLite ledger, and check it.

    The ledger and its documents are restored into a place where no ledger is. Afterwards, repeat the revocations of
    tokens and removals of users that were made after the backup, and run `seal status`. The exit status is 1 if the
    backup lacks documents on record; everything else is restored.

    Example: lemtrada-ledger restore plan.tar --database sqlite:///restored/plan.sqlite
    """
    with errors_to_exit_status(), elapsed_time_shown(Console(stderr=True), "restoring"):
        restored = restore(file, address_of(database))
    missing = _named(restored.missing)
    if as_json:
        print_result(
            {"database": str(restored.address), "events": restored.events}
            | {"documents": restored.documents, "missing": missing}
        )
    else:
        events, documents = counted(restored.events, "event"), counted(restored.documents, "document")
        print_result(f"Restored {file} to {restored.address}: {events} and {documents}, checked.")
    _end_with(missing)


def _named(missing: tuple[tuple[UUID, str], ...]) -> list[str]:
    return [f"{patient_id} {sha256}" for patient_id, sha256 in missing]


def _end_with(missing: list[str]) -> NoReturn:
    for document in missing:
        print_error(f"document {document} is missing or damaged: restore it from an earlier backup, or upload it again")
    raise typer.Exit(ANSWER_IS_NO if missing else 0)


@contextmanager
def elapsed_time_shown(console: Console, what: str) -> Iterator[None]:
    """Shows the elapsed time of the block, on a terminal and after a second. In a pipe, nothing is displayed."""
    columns = SpinnerColumn(), TextColumn(what), TimeElapsedColumn()
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
