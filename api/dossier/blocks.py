"""The blocks of a case file: sections of paragraphs, pairs and tables, used by every output format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

CellTone = Literal["plain", "muted", "strong", "met", "not_met", "undetermined", "mono"]
Style = Literal["lead", "plain", "muted", "warning"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table. `indent` is the level of indentation; `note` is smaller text below the text."""

    text: str
    tone: CellTone = "plain"
    indent: int = 0
    note: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One row of a table. `is_marked`: the row is highlighted."""

    cells: tuple[Cell, ...]
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. `shares` are the widths of its columns in percent."""

    heads: tuple[str, ...]
    shares: tuple[int, ...]
    rows: tuple[BlockRow, ...]

    def __post_init__(self) -> None:
        assert sum(self.shares) == 100, self.heads
        assert len(self.heads) == len(self.shares)
        assert all(len(row.cells) == len(self.heads) for row in self.rows), self.heads


@dataclass(frozen=True, slots=True)
class Pairs:
    """Lines of a label and a text. An empty label continues the label above."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    style: Style = "plain"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    text: str


Block = Grid | Pairs | Paragraph | Heading


@dataclass(frozen=True, slots=True)
class Section:
    """A titled section. `anchor` is its id within the document."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A document. `about` is on the first page only. `title` and `running` (the footer) name no person."""

    title: str
    running: str
    about: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def row(*cells: Cell | str, is_marked: bool = False) -> BlockRow:
    """Returns a row. A string becomes a plain cell."""
    return BlockRow(tuple(one if isinstance(one, Cell) else Cell(one) for one in cells), is_marked)


def grid(heads: Sequence[str], shares: Sequence[int], rows: Sequence[BlockRow], nothing: str) -> Block:
    """Returns the table, or a paragraph with the text `nothing` if it has no rows."""
    return Grid(tuple(heads), tuple(shares), tuple(rows)) if rows else Paragraph(nothing, "muted")
