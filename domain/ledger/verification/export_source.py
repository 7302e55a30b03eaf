"""Reads an export folder for verification: its lines in the order of the leaves, its tiles, and its checkpoints."""

from __future__ import annotations

import hashlib
import os
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from pydantic_core import from_json

from domain.errors import EditionUnknown
from domain.ledger.verification import export_layout
from domain.ledger.verification.check_bytes import Keys, Signed, read_signed
from domain.ledger.verification.report import Logged, VerificationFailure, VerificationPart
from domain.ledger.verification.source import EditionRevision, VerifiedLeaf
from domain.policy.editions import edition_named
from domain.seal.entries import read_export_line
from domain.seal.errors import Malformed, SealError
from domain.seal.merkle import HASH_SIZE, ReadSubtree, consistency_path
from domain.seal.notes import read_verifying_key
from domain.seal.proofs import ConsistencyProof
from domain.seal.tiles import WIDTH, Tile, reading_tiles, tiles_of

LINE_MAX: Final = 64 * 1024 * 1024
"""The most bytes of a line that are read into memory. No event is as long."""

_LEAF: Final = re.compile(rb'\{"leaf":(0|[1-9][0-9]{0,18}),')
_EDITION: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.revision-(\d{1,6})\.json")
_NUMBERED: Final = re.compile(r"[1-9][0-9]{0,17}")


class ExportFolder:
    """The parts that both kinds of export have: lines, keys, editions, checksums.

    `expected` has the files that belong to the export. All other files are reported at the end.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.expected = {export_layout.README, export_layout.SUMS}
        self.notes = _numbered(folder / export_layout.CHECKPOINTS)
        self.final: Signed | None = None
        self._sums: dict[str, str] = {}

    def content(self, file: str, part: VerificationPart) -> bytes | None:
        """The content of a file of the export. If it can't be read, adds a failure and returns None."""
        self.expected.add(file)
        try:
            with open(f"{self.folder}/{file}", "rb") as opened:
                content = opened.read()
        except OSError as error:
            part.fail(VerificationFailure(f"it can't be read: {error.strerror}", file=file))
            return None
        self._sums[file] = hashlib.sha256(content).hexdigest()
        return content

    def damage(self) -> Sequence[str]:
        """Nothing: a damaged file of an export fails where it is read."""
        return ()

    def keys(self, part: VerificationPart, keys: Keys) -> None:
        content = self.content(export_layout.VKEY, part)
        if content is None:
            return
        try:
            *lines, rest = content.decode().split("\n")
            for line in (*lines, rest) if rest else lines:
                keys.add(read_verifying_key(line))
        except UnicodeDecodeError:
            part.fail(VerificationFailure("it is not UTF-8", file=export_layout.VKEY))
        except Malformed as malformed:
            part.fail(VerificationFailure(malformed.what, file=export_layout.VKEY))
        else:
            if rest:
                part.fail(VerificationFailure("its last line does not end with a newline", file=export_layout.VKEY))

    def checkpoints(self, part: VerificationPart) -> Iterator[Signed]:
        """The earlier checkpoints by size, and then the export's own."""
        files = [export_layout.note_file(number) for number in self.notes]
        for number, expected in enumerate(self.notes, 1):
            if number != expected:
                part.fail(
                    VerificationFailure("checkpoints before it are missing", file=export_layout.note_file(expected))
                )
                break
        size = 0
        for file in (*files, export_layout.CHECKPOINT):
            content = self.content(file, part)
            if content is None:
                continue
            try:
                signed = read_signed(content, file, is_given=False)
            except SealError as error:
                part.fail(VerificationFailure(error.what, file=file))
                continue
            if file == export_layout.CHECKPOINT:
                self.final = signed
            if signed.size < size:
                part.fail(VerificationFailure("it is older than the checkpoint before it", file=file))
                continue
            size = signed.size
            yield signed

    def lines(self, part: VerificationPart) -> Iterator[tuple[int, Logged]]:
        """Each line of the entries with its offset in bytes. A line that is not in canonical form is a failure."""
        self.expected.add(export_layout.ENTRIES)
        offset, next_leaf = 0, 0
        for number, line in enumerate(self._raw_lines(export_layout.ENTRIES, part), 1):
            begins = _LEAF.match(line)
            leaf = int(begins[1]) if begins is not None else next_leaf
            try:
                entry = read_export_line(line, leaf)
                yield offset, Logged(leaf, str(entry.stream), entry.version, entry.topic, entry.state)
            except SealError as error:
                part.fail(VerificationFailure(error.what, leaf=leaf, file=f"{export_layout.ENTRIES} line {number}"))
            next_leaf = leaf + 1
            offset += len(line)

    def _raw_lines(self, file: str, part: VerificationPart) -> Iterator[bytes]:
        try:
            with (self.folder / file).open("rb") as opened:
                while line := opened.readline(LINE_MAX):
                    yield line
        except OSError as error:
            part.fail(VerificationFailure(f"it can't be read: {error.strerror}", file=file))

    def signed(self, file: str) -> Signed | None:
        try:
            return read_signed((self.folder / file).read_bytes(), file, is_given=False)
        except (OSError, SealError):
            return None

    # -- checks at the end ------------------------------------------------------------------------

    def with_next(self) -> Iterator[tuple[int, Signed | None, Signed | None]]:
        """Each earlier checkpoint with its number and the next checkpoint. After the last one is the export's own."""
        before: tuple[int, Signed | None] | None = None
        for number in self.notes:
            signed = self.signed(export_layout.note_file(number))
            if before is not None:
                yield *before, signed
            before = number, signed
        if before is not None:
            yield *before, self.final

    def check_editions(self, part: VerificationPart, named: Iterable[EditionRevision]) -> None:
        """Checks that each outline has the digest of its edition, and that all editions of determinations exist."""
        digests: dict[tuple[str, int], str] = {}
        folder = self.folder / export_layout.EDITIONS
        for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
            match, file = _EDITION.fullmatch(name), f"{export_layout.EDITIONS}/{name}"
            if match is None:
                if name.endswith(".txt"):
                    self.expected.add(file)
                continue
            key, revision, content = match[1], int(match[2]), self.content(file, part) or b""
            digests[key, revision] = hashlib.sha256(content).hexdigest()
            self._check_edition(part, file, content, key, revision, digests[key, revision])
        part.counts["editions"] = len(digests)
        for key, revision, digest in sorted(named):
            if digests.get((key, revision)) != digest:
                what = (
                    f"policy version {key} revision {revision}, which determinations "
                    "name, is missing or has a different digest"
                )
                part.fail(VerificationFailure(what, file=export_layout.EDITIONS))

    def _check_edition(
        self, part: VerificationPart, file: str, content: bytes, key: str, revision: int, digest: str
    ) -> None:
        try:
            outline = from_json(content)
            is_outline = isinstance(outline, dict) and (outline.get("review_date"), outline.get("revision")) == (
                key,
                revision,
            )
        except ValueError:
            is_outline = False
        try:
            known: str | None = edition_named(key, revision).digest
        except EditionUnknown:
            known = None
            part.remark(f"{file} belongs to a policy version or revision that this program does not know.")
        if not is_outline or known not in (None, digest):
            part.fail(
                VerificationFailure("it is not the outline of this policy version: its digest differs", file=file)
            )

    def check_files(self, part: VerificationPart) -> None:
        """Checks that the folder contains only files of the export, and that all of them match their checksums.

        The checksums are not a proof.
        """
        existing = {os.path.relpath(os.path.join(*one), self.folder) for one in _files(self.folder)}
        for file in sorted(existing - self.expected):
            part.fail(VerificationFailure("it does not belong to this export", file=file[:200]))
        sums = {}
        for line in self._raw_lines(export_layout.SUMS, part):
            digest, _, file = line.decode(errors="replace").removesuffix("\n").partition("  ")
            sums[file] = digest
        for file in sorted(sums.keys() | existing - {export_layout.SUMS}):
            if file not in existing:
                part.fail(VerificationFailure(f"it is missing, but {export_layout.SUMS} lists it", file=file[:200]))
            elif sums.get(file) != (self._sums.get(file) or _sum_of(self.folder / file)):
                part.fail(VerificationFailure(f"its checksum differs from {export_layout.SUMS}", file=file[:200]))


class ExportSource(ExportFolder):
    """An export of a whole ledger. It keeps the offsets of the lines in memory, by history."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.name = f"the export in {folder}"
        self._offsets: dict[str, array[int]] = {}
        self._access_lines: Iterator[bytes] = iter(())
        self._access_line: bytes | None = None
        self._accesses_part: VerificationPart | None = None

    def log(self, bytes_part: VerificationPart, order_part: VerificationPart) -> Iterator[VerifiedLeaf]:
        del order_part
        self.expected.add(export_layout.ACCESSES)
        self._accesses_part = bytes_part
        self._access_lines = self._raw_lines(export_layout.ACCESSES, bytes_part)
        self._access_line = next(self._access_lines, None)
        tile, number = b"", -1
        for offset, entry in self.lines(bytes_part):
            assert entry.leaf is not None
            if entry.leaf // WIDTH != number:
                number = entry.leaf // WIDTH
                tile = self._leaf_tile(number)
            place = entry.leaf % WIDTH * HASH_SIZE
            self._offsets.setdefault(entry.stream, array("Q")).append(offset)
            yield VerifiedLeaf(entry, tile[place : place + HASH_SIZE] or None)

    def _leaf_tile(self, number: int) -> bytes:
        """The bytes of a tile of leaves: the full tile, or the only partial one. Empty if neither exists."""
        full = self.folder / Tile(0, number).path()
        if full.is_file():
            return full.read_bytes()
        parts = sorted(full.with_name(f"{full.name}.p").glob("*"))
        return parts[-1].read_bytes() if len(parts) == 1 and parts[0].is_file() else b""

    def histories(self, heads: Mapping[str, int]) -> Iterator[list[Logged]]:
        if not heads:
            return
        with (self.folder / export_layout.ENTRIES).open("rb") as opened:
            for stream in heads:
                yield [_entry_at(opened, offset) for offset in self._offsets[stream]]

    def subtrees(self, part: VerificationPart, size: int) -> Iterator[tuple[int, str, Iterable[tuple[int, bytes]]]]:
        for tile in tiles_of(size):
            content = self.content(tile.path(), part)
            if content is not None and len(content) != tile.width * HASH_SIZE:
                part.fail(
                    VerificationFailure(
                        f"it has {len(content)} bytes instead of {tile.width * HASH_SIZE}", file=tile.path()
                    )
                )
        part.counts["tiles"] = sum(1 for _ in tiles_of(size))
        levels = sorted({tile.level for tile in tiles_of(size)} - {0})
        for level in levels:
            yield level, f"tile/{level}", self._hashes_of_level(level, size)

    def _hashes_of_level(self, level: int, size: int) -> Iterator[tuple[int, bytes]]:
        for tile in tiles_of(size):
            path = self.folder / tile.path()
            if tile.level == level and path.is_file():
                content = path.read_bytes()
                for place in range(min(tile.width, len(content) // HASH_SIZE)):
                    yield tile.number * WIDTH + place, content[place * HASH_SIZE : (place + 1) * HASH_SIZE]

    def accesses(self, register: str, first: int, count: int) -> list[str]:
        rows: list[str] = []
        while len(rows) < count and self._access_line is not None:
            try:
                place = export_layout.read_access_line(self._access_line.decode())
            except (Malformed, UnicodeDecodeError):
                break
            if place[:2] != (register, first + len(rows)):
                break
            rows.append(place[2])
            self._access_line = next(self._access_lines, None)
        return rows

    def finish(
        self,
        bytes_part: VerificationPart,
        meaning_part: VerificationPart,
        size: int,
        editions: frozenset[EditionRevision],
    ) -> None:
        if self._access_line is not None:
            bytes_part.fail(
                VerificationFailure("a row of the access log belongs to no batch", file=export_layout.ACCESSES)
            )
        if self.final is not None and self.final.size != size:
            what = f"the checkpoint covers {self.final.size} leaves, but {size} are present"
            bytes_part.fail(VerificationFailure(what, file=export_layout.CHECKPOINT))
        self._check_proofs(bytes_part, size)
        self.check_editions(meaning_part, editions)
        self.check_files(bytes_part)

    def _check_proofs(self, part: VerificationPart, size: int) -> None:
        for number, older, newer in self.with_next():
            file = export_layout.consistency_file(number)
            content = self.content(file, part)
            if content is None or older is None or newer is None or not older.size <= newer.size <= size:
                continue
            try:
                text = consistency_text(older, newer, self.read_subtree(size))
            except (SealError, OSError):
                part.fail(VerificationFailure("the tiles that prove it are incomplete", file=file))
                continue
            if content != text.encode():
                part.fail(
                    VerificationFailure("it does not prove that the next checkpoint only adds to this one", file=file)
                )

    def read_subtree(self, size: int) -> ReadSubtree:
        return reading_tiles(lambda level, first, count: hashes_in(self.folder, size, level, first, count))


def hashes_in(folder: Path, size: int, level: int, first: int, count: int) -> list[bytes]:
    """Hashes of one level, read from one tile in a folder. All of them must be in the same tile."""
    number, place = divmod(first, WIDTH)
    of_level = size >> 8 * level
    path = folder / Tile(level, number, min(WIDTH, of_level - number * WIDTH)).path()
    with path.open("rb") as opened:
        opened.seek(place * HASH_SIZE)
        content = opened.read(count * HASH_SIZE)
    return [content[start : start + HASH_SIZE] for start in range(0, len(content), HASH_SIZE)]


def consistency_text(older: Signed, newer: Signed, read: ReadSubtree) -> str:
    """The text of the proof that the tree of `newer` starts with the tree of `older`. Raises SealError."""
    path = consistency_path(older.size, newer.size, read)
    return ConsistencyProof(older.size, tuple(path), newer.note).text()


def _entry_at(opened: BinaryIO, offset: int) -> Logged:
    opened.seek(offset)
    line = opened.readline(LINE_MAX)
    begins = _LEAF.match(line)
    leaf = int(begins[1]) if begins is not None else -1
    entry = read_export_line(line, leaf)
    return Logged(leaf, str(entry.stream), entry.version, entry.topic, entry.state)


def _numbered(folder: Path) -> list[int]:
    """The numbers of the checkpoint files in a folder, in order."""
    stems = {one.stem for one in folder.glob("*.note")}
    return sorted(int(one) for one in stems if _NUMBERED.fullmatch(one))


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """The folder and name of each file."""
    for place, _, names in os.walk(folder):
        yield from ((place, name) for name in names)


def _sum_of(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
