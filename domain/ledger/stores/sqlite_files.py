"""The files of an SQLite ledger, read as files: which ones there are, and whether they belong together.

SQLite plays a write-ahead log into whatever database lies beside it. So each backup has a number of its own in the
database header (`user_version`), and a log of another database is recognized by the number in its copy of that page.
"""

from __future__ import annotations

import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from struct import unpack_from
from typing import BinaryIO, Final
from urllib.parse import quote

from domain.ledger.errors import StoreError

RESTORE_AGAIN: Final = (
    "stop the program, move the file and its -wal, -shm and -documents away, and restore the newest backup with"
    " lemtrada-ledger restore"
)
NAME_A_FILE: Final = (
    "give the path of a file, existing or new, in a folder that this user may use, for example"
    " --database sqlite:////srv/ledger/plan.sqlite"
)
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_GENERATION_AT: Final = 60
_LOG_HEADER_BYTES: Final = 32
_FRAME_HEADER_BYTES: Final = 24
_LOG_MAGIC: Final = (0x377F0682, 0x377F0683)
_ATTEMPTS: Final = 4
_PAUSE: Final = 0.05


def companions(path: Path) -> tuple[Path, ...]:
    """The files in which SQLite keeps parts of the database beside it."""
    return tuple(path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))


def documents_folder(path: Path) -> Path:
    """The folder of the documents of the ledger at `path`."""
    return path.with_name(f"{path.name}-documents")


def is_there(path: Path) -> bool:
    """Whether the file is there. Raises StoreError for what no database can be: a folder, a device, a broken link."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if path.is_symlink():
            raise StoreError(f"{path} is a link to a file that does not exist", NAME_A_FILE) from None
        return False
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no path can be like this"
        raise StoreError(f"{path} cannot be opened as an SQLite ledger: {reason}", NAME_A_FILE) from None
    for is_of_kind, kind in _KINDS:
        if is_of_kind(mode):
            raise StoreError(f"{path} is {kind}, and an SQLite ledger is a file", NAME_A_FILE)
    return True


def check_files(path: Path) -> None:
    """Raises StoreError if the file is no whole database, or if the write-ahead log beside it is of another one.

    Call it before this process opens the database: closing any of its files would take the locks of SQLite away. Other
    processes may write meanwhile. An empty file is a new database.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
        if not header:
            return
        if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
            raise StoreError(f"{path} is not an SQLite database, or its first page is damaged", RESTORE_AGAIN)
        size = _page_size(header)
        log = companions(path)[0]
        has_log = log.exists() and log.stat().st_size > _LOG_HEADER_BYTES
        if not has_log and path.stat().st_size < size * _pages(header):
            raise StoreError(f"{path} ends too early: its last pages are missing", RESTORE_AGAIN)
    if has_log:
        _check_log(path, log, size)


def damaged_pages(path: Path) -> list[str]:
    """What SQLite finds wrong in any page of the database: at most three messages. It reads the whole file."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        found = [str(error)]
    return [] if found == ["ok"] else found


def _page_size(header: bytes) -> int:
    (size,) = unpack_from(">H", header, 16)
    return 65_536 if size == 1 else int(size)


def _pages(header: bytes) -> int:
    """The number of pages by the header, or 1 if the header does not state a valid one."""
    changes, pages, valid_for = (unpack_from(">I", header, place)[0] for place in (24, 28, 92))
    return int(pages) if changes == valid_for else 1


def _check_log(path: Path, log: Path, page_size: int) -> None:
    for attempt in range(_ATTEMPTS):
        with path.open("rb") as file:
            generation = file.read(_HEADER_BYTES)[_GENERATION_AT : _GENERATION_AT + 4]
        with log.open("rb") as file:
            if _is_of(file, page_size, generation):
                return
        if attempt < _ATTEMPTS - 1:
            # Another process may have been writing this frame.
            time.sleep(_PAUSE)
    raise StoreError(
        f"The write-ahead log {log} belongs to another database than {path}: it was left behind when a backup was"
        " unpacked over an older ledger",
        RESTORE_AGAIN,
    )


def _is_of(log: BinaryIO, page_size: int, generation: bytes) -> bool:
    """Whether the log is of the database with this page size and number, as far as it has a copy of the first page."""
    header = log.read(_LOG_HEADER_BYTES)
    if len(header) < _LOG_HEADER_BYTES or unpack_from(">I", header)[0] not in _LOG_MAGIC:
        # SQLite ignores such a log.
        return True
    if unpack_from(">I", header, 8)[0] != page_size:
        return False
    first_pages, committed = [], 0
    for number, page, pages_after in _frames(log, page_size, header[16:24]):
        if page == 1:
            first_pages.append(number)
        if pages_after:
            committed = number
    for number in first_pages:
        if number > committed:
            break
        log.seek(_LOG_HEADER_BYTES + number * (_FRAME_HEADER_BYTES + page_size) + _FRAME_HEADER_BYTES + _GENERATION_AT)
        if log.read(4) != generation:
            return False
    return True


def _frames(log: BinaryIO, page_size: int, salts: bytes) -> Iterator[tuple[int, int, int]]:
    """The number of each frame from 0, its page, and at the end of a transaction the pages of the database."""
    number = 0
    while True:
        log.seek(_LOG_HEADER_BYTES + number * (_FRAME_HEADER_BYTES + page_size))
        frame = log.read(_FRAME_HEADER_BYTES)
        if len(frame) < _FRAME_HEADER_BYTES or frame[8:16] != salts:
            return
        page, pages_after = unpack_from(">II", frame)
        yield number, page, pages_after
        number += 1
