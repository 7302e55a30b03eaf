"""Writes exports: everything that was sealed, in a folder that can be checked without the ledger's own software.

The export is written to a temporary folder, which is renamed when it is complete. The entries are compared with the
checkpoint while they are written, so altered entries are never exported.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final
from uuid import UUID

from domain.errors import InvalidCommand
from domain.events.system import AccessesRecorded
from domain.ledger.durable_folders import new_file, sync_folder
from domain.ledger.errors import StoreError
from domain.ledger.event_store import EventMapper
from domain.ledger.verification import export_layout
from domain.ledger.verification.check_bytes import Signed, leaf_hash_of
from domain.ledger.verification.export_readme import ABOUT_A_HISTORY, ABOUT_A_LEDGER
from domain.ledger.verification.export_source import consistency_text, hashes_in
from domain.ledger.verification.report import Logged, VerificationPart
from domain.ledger.verification.source import Source
from domain.seal.entries import LogEntry, export_line
from domain.seal.merkle import EMPTY_ROOT, Frontier, ReadSubtree, check_inclusion, inclusion_path
from domain.seal.notes import VerifyingKey
from domain.seal.proofs import InclusionProof
from domain.seal.tiles import HEIGHT, WIDTH, Tile, reading_tiles

ShowProgress = Callable[[str, int, int], None]

RUN_VERIFY: Final = "run `lemtrada-ledger verify` to find the event, and restore the ledger from a backup"


class Folder:
    """A folder that is being written. Each file is written once, and its checksum is computed on the way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sums: dict[str, str] = {}

    def write(self, file: str, content: bytes) -> None:
        with self.opened(file) as write:
            write(content)

    @contextmanager
    def opened(self, file: str) -> Iterator[Callable[[bytes], None]]:
        """A function that appends to a new file, which is flushed to the disk at the end."""
        path, checksum = self.path / file, hashlib.sha256()
        for parent in reversed(Path(file).parents):
            (self.path / parent).mkdir(mode=0o700, exist_ok=True)
        with new_file(path) as opened:

            def write(content: bytes) -> None:
                opened.write(content)
                checksum.update(content)

            yield write
            opened.flush()
            os.fsync(opened.fileno())
        self.sums[file] = checksum.hexdigest()

    def finish(self, readme: str) -> None:
        self.write(export_layout.README, readme.encode())
        for edition in export_layout.all_editions():
            for file, content in export_layout.edition_files(edition).items():
                self.write(file, content)
        self.write(export_layout.SUMS, "".join(f"{self.sums[file]}  {file}\n" for file in sorted(self.sums)).encode())


@contextmanager
def renamed_when_complete(target: Path) -> Iterator[Folder]:
    """A temporary folder that only its owner can read. It is renamed to `target` at the end of the block.

    If the block raises an error, the folder is removed. Raises InvalidCommand if `target` is not free or can't be
    written.
    """
    check_target_is_free(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(mkdtemp(prefix=".export-", dir=target.parent))
    except OSError as error:
        raise _not_writable(error) from None
    try:
        yield Folder(temporary)
        if target.is_dir():
            target.rmdir()
        temporary.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise _not_writable(error) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_target_is_free(target: Path) -> None:
    """Raises InvalidCommand unless `target` does not exist or is an empty folder."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise InvalidCommand(
            "a file with this name already exists", field="DIR", remedy="give the name of a new folder"
        )
    if target.is_dir() and any(target.iterdir()):
        raise InvalidCommand(
            "the folder is not empty", field="DIR", remedy="give an empty folder or the name of a new folder"
        )


def export_ledger(
    source: Source, final: Signed, keys: Sequence[VerifyingKey], target: Path, progress: ShowProgress | None = None
) -> int:
    """Exports all entries that the checkpoint `final` covers. Returns the number of files.

    `keys` has the newest key first. Raises StoreError if the entries differ from what was sealed, and the errors of
    `renamed_when_complete`.
    """
    with renamed_when_complete(target) as folder:
        folder.write(export_layout.CHECKPOINT, final.note.encode())
        folder.write(export_layout.VKEY, "".join(f"{key.text()}\n" for key in keys).encode())
        _write_entries(folder, source, final, progress or (lambda *_: None))
        earlier = [
            one
            for one in source.checkpoints(VerificationPart("bytes"))
            if one.size <= final.size and one.note != final.note
        ]
        write_checkpoints(folder, earlier, final, read_tiles(folder.path, final.size))
        folder.finish(ABOUT_A_LEDGER)
        return len(folder.sums)


def export_history(
    entries: Iterable[Logged],
    final: Signed,
    earlier: Iterable[Signed],
    keys: Sequence[VerifyingKey],
    read: ReadSubtree,
    target: Path,
) -> int:
    """Exports the events of one history, oldest first, each with the proof that `final` covers it.

    `read` returns hashes of the tree. Returns the number of files. Raises StoreError if an event differs from what
    was sealed.
    """
    with renamed_when_complete(target) as folder:
        folder.write(export_layout.CHECKPOINT, final.note.encode())
        folder.write(export_layout.VKEY, "".join(f"{key.text()}\n" for key in keys).encode())
        with folder.opened(export_layout.ENTRIES) as write:
            for entry in entries:
                assert entry.leaf is not None
                write(export_line(entry.leaf, LogEntry(UUID(entry.stream), entry.version, entry.topic, entry.state)))
                path = tuple(inclusion_path(entry.leaf, final.size, read))
                checkpoint = final.checkpoint
                if not check_inclusion(entry.leaf, final.size, leaf_hash_of(entry), path, checkpoint.root):
                    raise StoreError(
                        "An event differs from the sealed event, so its proof would not be valid", RUN_VERIFY
                    )
                folder.write(
                    export_layout.proof_file(entry.version),
                    InclusionProof(entry.leaf, path, final.note).text().encode(),
                )
        write_checkpoints(folder, earlier, final, read)
        folder.finish(ABOUT_A_HISTORY)
        return len(folder.sums)


def _write_entries(folder: Folder, source: Source, final: Signed, progress: ShowProgress) -> None:
    """Writes the lines, the tiles and the rows of the access log, one event after another."""
    tiles, mapper, part = _Tiles(folder), EventMapper(), VerificationPart("bytes")
    with folder.opened(export_layout.ENTRIES) as write, folder.opened(export_layout.ACCESSES) as write_access:
        for entry, _ in source.log(part, part):
            if entry is None or entry.leaf is None or entry.leaf >= final.size:
                if tiles.tree.size < final.size:
                    continue
                break
            write(export_line(entry.leaf, LogEntry(UUID(entry.stream), entry.version, entry.topic, entry.state)))
            tiles.append(leaf_hash_of(entry))
            if entry.topic == AccessesRecorded.TOPIC:
                for line in _access_lines(source, mapper, entry):
                    write_access(line)
            if not tiles.tree.size % 500:
                progress("writing", tiles.tree.size, final.size)
    tiles.finish()
    root = tiles.tree.root() if tiles.tree.size else EMPTY_ROOT
    if (tiles.tree.size, root) != (final.size, final.checkpoint.root):
        raise StoreError("The record differs from the sealed record, so an export would prove nothing", RUN_VERIFY)


def _access_lines(source: Source, mapper: EventMapper, entry: Logged) -> Iterator[bytes]:
    event: AccessesRecorded = mapper.event_of(UUID(entry.stream), entry.version, entry.topic, entry.state)
    rows = source.accesses(entry.stream, event.first, event.count)
    if len(rows) != event.count:
        raise StoreError("Rows of the access log are missing, so an export would prove nothing", RUN_VERIFY)
    for number, row in enumerate(rows, event.first):
        yield export_layout.access_line(entry.stream, number, row).encode()


class _Tiles:
    """Writes the tree to tile files while it grows. One open tile of each level is in memory."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.tree = Frontier()
        self.open: dict[int, list[bytes]] = {0: []}
        self.numbers: dict[int, int] = {}

    def append(self, hash: bytes) -> None:
        self._add(0, hash)
        for subtree in self.tree.append(hash):
            level, rest = divmod(subtree.level, HEIGHT)
            if not rest:
                self._add(level, subtree.hash)

    def _add(self, level: int, hash: bytes) -> None:
        hashes = self.open.setdefault(level, [])
        hashes.append(hash)
        if len(hashes) == WIDTH:
            self._write(level)

    def _write(self, level: int) -> None:
        number, hashes = self.numbers.get(level, 0), self.open[level]
        self.folder.write(Tile(level, number, len(hashes)).path(), b"".join(hashes))
        self.numbers[level], self.open[level] = number + 1, []

    def finish(self) -> None:
        for level, hashes in self.open.items():
            if hashes:
                self._write(level)


def write_checkpoints(folder: Folder, earlier: Iterable[Signed], final: Signed, read: ReadSubtree) -> None:
    """Writes each earlier checkpoint with the proof that the next one (after the last one, `final`) only adds to it."""
    notes = list(earlier)
    for number, (older, newer) in enumerate(zip(notes, [*notes, final][1:], strict=True), 1):
        folder.write(export_layout.note_file(number), older.note.encode())
        folder.write(export_layout.consistency_file(number), consistency_text(older, newer, read).encode())


def read_tiles(folder: Path, size: int) -> ReadSubtree:
    return reading_tiles(lambda level, first, count: hashes_in(folder, size, level, first, count))


def _not_writable(error: OSError) -> InvalidCommand:
    reason = error.strerror or type(error).__name__
    return InvalidCommand(
        f"the export can't be written: {reason}", field="DIR", remedy="give a folder on a disk with free space"
    )
