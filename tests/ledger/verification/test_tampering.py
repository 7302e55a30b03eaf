"""The database or an export is altered: every change is found, and the tests list none that was missed.

Each change is checked with a full `verify`, with a key and a checkpoint from outside. Checksums are no protection:
anyone who alters an export can compute them again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from domain.ledger.application import open_ledger
from domain.ledger.verification import export_layout
from domain.ledger.verification.report import VerificationReport
from tests.clock import Clock
from tests.conftest import seeded
from tests.ledger.verification.altering import Owner
from tests.ledger.verification.conftest import Sealed
from tests.ledger.verification.sealed_stories import Sealer, look_at, on_day
from tests.projections.lively import OnLedger
from tests.story import MEETS_A, NURSE, opened, submitted

TRIED_AT_LEAST = 10_000
EVERY = 1_000_000
OUTLINE_BYTES = 10
"""Of each edition's outline, which is found by its digest alone, wherever it is changed."""

Change = tuple[str, Callable[[], Any], Callable[[], Any]]
"""What it is, how it is made, and how it is undone."""


def is_found(report: VerificationReport) -> bool:
    return any(export_layout.SUMS not in one.what for part in report.parts for one in part.failures)


def tried(changes: Iterator[Change], verified: Callable[[], VerificationReport]) -> tuple[int, list[str]]:
    """How many, and those that were missed."""
    count, missed = 0, []
    for what, make, undo in changes:
        make()
        try:
            if not is_found(verified()):
                missed.append(what)
        finally:
            undo()
        count += 1
    return count, missed


def some_of(chance: random.Random, length: int, most: int) -> list[int]:
    return sorted(chance.sample(range(length), min(most, length)))


def another_byte(chance: random.Random, byte: int) -> int:
    """Any other one; one bit apart as often as not, so that an A becomes an a."""
    return byte ^ (1 << chance.randrange(8) if chance.random() < 0.5 else chance.randrange(1, 256))


def with_another_byte(chance: random.Random, content: bytes, offset: int) -> bytes:
    return content[:offset] + bytes([another_byte(chance, content[offset])]) + content[offset + 1 :]


# -- the store --------------------------------------------------------------------------------


@pytest.fixture
def little(sqlite_url: str, clock: Clock, tmp_path: Path) -> Iterator[Sealed]:
    """One patient and one request: so little that every byte can be changed."""
    with open_ledger(sqlite_url, clock=clock, entropy=seeded(3)) as ledger:
        sealer = Sealer(ledger, tmp_path / "signer")
        told = OnLedger(ledger, 1)
        on_day(told, clock, "2026-04-28", opened())
        look_at(ledger, told.patient_id, NURSE)
        first = sealer.seal()
        on_day(told, clock, "2026-04-28", submitted(MEETS_A))
        yield Sealed(ledger, sealer, [told], [first], sealer.seal())


class OfStore:
    """Changes of every sealed value of a ledger. `most` bounds the bytes of one value that are tried."""

    def __init__(self, owner: Owner, seed: int, most: int) -> None:
        self.owner = owner
        self.chance = random.Random(seed)
        self.most = most
        owner.drop_guards()
        self.position = "rowid" if owner.on_sqlite else "notification_id"

    def __iter__(self) -> Iterator[Change]:
        yield from self._bytes("stored_events", self.position, "state")
        yield from self._bytes("sealed_events", "leaf_index", "hash")
        yield from self._texts("stored_events", self.position, "topic")
        yield from self._texts("checkpoints", "size", "note")
        yield from self._texts("accesses", "number", "row")
        yield from self._texts("accesses", "number", "actor_id")
        if self.owner.on_sqlite:
            yield from self._texts("stored_events", self.position, "originator_id")
            yield from self._texts("accesses", "number", "patient_id")
            yield from self._texts("accesses", "number", "at")
        yield from self._numbers("stored_events", self.position, "originator_version")
        yield from self._numbers("sealed_events", "leaf_index", "position")
        yield from self._numbers("sealed_events", "leaf_index", "leaf_index")
        yield from self._numbers("stored_events", self.position, self.position)
        yield from self._numbers("checkpoints", "size", "size")
        yield from self._numbers("accesses", "number", "number")
        yield from self._deletions()
        yield from self._insertions()
        yield from self._swaps()

    def _set(self, table: str, key: str, number: int, column: str, value: Any) -> Callable[[], Any]:
        return lambda: self.owner.run(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", value, number)

    def _values(self, table: str, key: str, column: str) -> list[tuple[Any, ...]]:
        return self.owner.rows(f"SELECT {key}, {column} FROM {table} ORDER BY {key}")

    def _bytes(self, table: str, key: str, column: str) -> Iterator[Change]:
        for number, value in self._values(table, key, column):
            content = bytes(value)
            for offset in some_of(self.chance, len(content), self.most):
                changed = with_another_byte(self.chance, content, offset)
                what = f"byte {offset} of {column} of {table} {number}"
                set_ = self._set
                yield what, set_(table, key, number, column, changed), set_(table, key, number, column, content)
            yield (
                f"{column} of {table} {number} cut short",
                self._set(table, key, number, column, content[:-1]),
                self._set(table, key, number, column, content),
            )

    def _texts(self, table: str, key: str, column: str) -> Iterator[Change]:
        for number, text in self._values(table, key, column):
            for offset in some_of(self.chance, len(text), self.most):
                swapped = text[offset].swapcase()
                other = (
                    swapped if swapped != text[offset] else self.chance.choice("abz059+/ -\n".replace(text[offset], ""))
                )
                changed = text[:offset] + other + text[offset + 1 :]
                what = f"character {offset} of {column} of {table} {number}"
                set_ = self._set
                yield what, set_(table, key, number, column, changed), set_(table, key, number, column, text)

    def _numbers(self, table: str, key: str, column: str) -> Iterator[Change]:
        for number, value in self._values(table, key, column):
            for other in (value + 100_000, -value - 1):
                now = other if key == column else number
                yield (
                    f"{column} of {table} {number} becomes {other}",
                    self._set(table, key, number, column, other),
                    self._set(table, key, now, column, value),
                )

    def _deletions(self) -> Iterator[Change]:
        for table, key, columns in (
            ("stored_events", self.position, f"{self.position}, originator_id, originator_version, topic, state"),
            ("sealed_events", "leaf_index", "leaf_index, position, hash"),
            ("accesses", "number", "number, register, at, actor_id, patient_id, row"),
        ):
            for row in self.owner.rows(f"SELECT {columns} FROM {table} ORDER BY {key}"):
                places = ", ".join("?" * len(row))
                delete = f"DELETE FROM {table} WHERE {key} = ?"
                restore = f"INSERT INTO {table} ({columns}) VALUES ({places})"
                run = self.owner.run
                yield f"{table} {row[0]} deleted", partial(run, delete, row[0]), partial(run, restore, *row)

    def _insertions(self) -> Iterator[Change]:
        """A row that was never sealed, before the log, in its midst and behind it."""
        insert = f"INSERT INTO stored_events ({self.position}, originator_id, originator_version, topic, state)"
        ((stream, version, topic, state),) = self.owner.rows(
            "SELECT originator_id, originator_version, topic, state"
            f" FROM stored_events ORDER BY {self.position} LIMIT 1"
        )
        for position in (-5, 0):
            values = (position, stream, version + 100, topic, state)
            yield (
                f"an event at position {position}",
                partial(self.owner.run, f"{insert} VALUES (?, ?, ?, ?, ?)", *values),
                partial(self.owner.run, f"DELETE FROM stored_events WHERE {self.position} = ?", position),
            )

    def _swaps(self) -> Iterator[Change]:
        rows = self._values("stored_events", self.position, "state")
        for (one, mine), (other, its) in pairwise(rows):

            def swap(one: int = one, other: int = other, mine: bytes = mine, its: bytes = its) -> None:
                self._set("stored_events", self.position, one, "state", its)()
                self._set("stored_events", self.position, other, "state", mine)()

            def back(one: int = one, other: int = other, mine: bytes = mine, its: bytes = its) -> None:
                self._set("stored_events", self.position, one, "state", mine)()
                self._set("stored_events", self.position, other, "state", its)()

            yield f"the states of {one} and {other} change places", swap, back


def of_store(sealed: Sealed, seed: int, most: int) -> int:
    """How many changes were tried; none of them was missed."""
    assert sealed.verified().holds
    with Owner(sealed.ledger) as owner:
        count, missed = tried(iter(OfStore(owner, seed, most)), sealed.verified)
    assert missed == []
    assert sealed.verified().holds
    return count


def test_every_byte_of_the_store_that_is_changed_is_found(little: Sealed, counted: list[int]) -> None:
    counted.append(of_store(little, 1, most=EVERY))


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_sample_of_the_bytes_of_a_store_with_determinations_is(sealed: Sealed, counted: list[int]) -> None:
    counted.append(of_store(sealed, 2, most=3))


@pytest.mark.parametrize("store", ["postgresql"])
def test_on_the_other_store_a_sample_of_them_is(sealed: Sealed, counted: list[int]) -> None:
    counted.append(of_store(sealed, 3, most=1))


# -- the export -------------------------------------------------------------------------------


class OfExport:
    def __init__(self, folder: Path, seed: int, most: int) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.most = most

    def files(self) -> list[Path]:
        """Those that the seal covers: not the text for people, nor the sums."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return [
            path
            for path in found
            if path.name not in (export_layout.README, export_layout.SUMS) and path.suffix != ".txt"
        ]

    def __iter__(self) -> Iterator[Change]:
        for path in self.files():
            file, content = path.relative_to(self.folder), path.read_bytes()
            most = OUTLINE_BYTES if path.parent.name == export_layout.EDITIONS else self.most
            for offset in some_of(self.chance, len(content), most):
                changed = with_another_byte(self.chance, content, offset)
                yield self._change(f"byte {offset} of {file}", path, content, changed)
            if content:
                yield self._change(f"{file} is cut short", path, content, content[:-1])
            yield self._change(f"{file} is longer", path, content, content + b"\n")
            if content and path.parent.name != export_layout.EDITIONS:
                yield f"{file} is gone", path.unlink, lambda path=path, content=content: path.write_bytes(content)
        yield from self._lines()
        aside = self.folder / "tile" / "0" / "000"
        yield "a tile too many", lambda: aside.write_bytes(b"\0" * 8192), aside.unlink

    @staticmethod
    def _change(what: str, path: Path, before: bytes, after: bytes) -> Change:
        return what, lambda: path.write_bytes(after), lambda: path.write_bytes(before)

    def _lines(self) -> Iterator[Change]:
        for name in (export_layout.ENTRIES, export_layout.ACCESSES):
            path = self.folder / name
            content = path.read_bytes()
            lines = content.splitlines(keepends=True)
            for number in range(len(lines)):
                left = b"".join(lines[:number] + lines[number + 1 :])
                yield self._change(f"line {number} of {name} deleted", path, content, left)
                twice = b"".join([*lines[: number + 1], *lines[number:]])
                yield self._change(f"line {number} of {name} twice", path, content, twice)
                if number:
                    swapped = [*lines[: number - 1], lines[number], lines[number - 1], *lines[number + 1 :]]
                    yield self._change(
                        f"lines {number - 1} and {number} of {name} swapped", path, content, b"".join(swapped)
                    )


def of_export(sealed: Sealed, folder: Path, seed: int, most: int) -> int:
    """How many changes were tried; none of them was missed."""
    assert sealed.verified_export(folder).holds
    count, missed = tried(iter(OfExport(folder, seed, most)), lambda: sealed.verified_export(folder))
    assert missed == []
    assert sealed.verified_export(folder).holds
    return count


def test_every_byte_of_an_export_that_is_changed_is_found(little: Sealed, tmp_path: Path, counted: list[int]) -> None:
    counted.append(of_export(little, little.exported(tmp_path / "export"), 4, most=EVERY))


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_sample_of_the_bytes_of_an_export_with_determinations_is(
    sealed: Sealed, tmp_path: Path, counted: list[int]
) -> None:
    counted.append(of_export(sealed, sealed.exported(tmp_path / "export"), 5, most=10))


@pytest.fixture(scope="module")
def counted() -> list[int]:
    """How many changes each test of this module tried."""
    return []


def test_ten_thousand_changes_were_tried(counted: list[int]) -> None:
    """The last of the module: it counts what those before it tried, in the one process that runs a module."""
    assert len(counted) == 5, "run the whole module"
    assert sum(counted) >= TRIED_AT_LEAST, counted
