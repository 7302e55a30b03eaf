"""The addresses at which a ledger is being served, for commands that print a link to it.

Each server writes a file of two lines while it serves: the address on which it listens, and the address that browsers
use. The files of an SQLite ledger are in a folder next to its database. Those of a PostgreSQL ledger are in the user's
data folder, so they are found on the machine of the server only. A server that was killed leaves its file; the file
does not count, because nothing answers at its address.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

import platformdirs

from api.server.which_ledger import PROGRAM
from domain.ledger.durable_folders import new_file
from domain.ledger.reader import LedgerReader
from domain.ledger.stores.urls import SQLiteAddress

SECONDS_TO_ANSWER: Final = 0.5


@contextmanager
def announce_address(ledger: LedgerReader, listens_at: str, public_url: str | None) -> Iterator[None]:
    """While the block runs, `served_at` finds this server. A folder that cannot be written to is not an error."""
    folder = _folder(ledger)
    file = folder / str(uuid4())
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in folder.iterdir():
            if not _answers(one):
                one.unlink()
        with new_file(file) as written:
            written.write(f"{listens_at}\n{public_url or listens_at}\n".encode())
    try:
        yield
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)
            folder.rmdir()  # This fails if another server has a file in the folder.


def served_at(ledger: LedgerReader) -> str | None:
    """The address that browsers use, of the server that started last. None if no server is found."""
    with suppress(OSError):
        for one in sorted(_folder(ledger).iterdir(), key=lambda file: file.stat().st_mtime_ns, reverse=True):
            if _answers(one):
                return one.read_text(encoding="utf-8").splitlines()[1]
    return None


def _folder(ledger: LedgerReader) -> Path:
    if isinstance(ledger.address, SQLiteAddress):
        file = ledger.address.path
        return file.with_name(f"{file.stem}-served")
    return platformdirs.user_data_path(PROGRAM, appauthor=False) / f"served-{ledger.ledger_id}"


def _answers(file: Path) -> bool:
    """Whether a server listens at the first address of a file."""
    try:
        listens_at = urlsplit(file.read_text(encoding="utf-8").splitlines()[0])
        with socket.create_connection((listens_at.hostname or "", listens_at.port or 80), SECONDS_TO_ANSWER):
            return True
    except (OSError, ValueError, IndexError):
        return False
