"""What a case file is made of: sections of paragraphs, pairs and tables, the same for every rendering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

CellTone = Literal["plain", "muted", "strong", "met", "not_met", "undetermined", "mono"]
Style = Literal["lead", "plain", "muted", "warning"]


@dataclass(frozen=True, slots=True)
class Cell:
    """`indent` steps the text in, as an outline does; `note` stands under it, smaller."""

    text: str
    tone: CellTone = "plain"
    indent: int = 0
    note: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class BlockRow:
    cells: tuple[Cell, ...]
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. `shares` are the widths of its columns, of a hundred."""

    heads: tuple[str, ...]
    shares: tuple[int, ...]
    rows: tuple[BlockRow, ...]

    def __post_init__(self) -> None:
        assert sum(self.shares) == 100, self.heads
        assert len(self.heads) == len(self.shares)
        assert all(len(row.cells) == len(self.heads) for row in self.rows), self.heads


@dataclass(frozen=True, slots=True)
class Pairs:
    """A label and what is said, line by line; a label that is empty goes on with the one above."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    style: Style = "plain"


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


Block = Grid | Pairs | Paragraph | Heading


@dataclass(frozen=True, slots=True)
class Section:
    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything on its pages. `title` and `running` name nobody; `about` is shown beside the index only."""

    title: str
    running: str
    about: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def row(*cells: Cell | str, is_marked: bool = False) -> BlockRow:
    return BlockRow(tuple(one if isinstance(one, Cell) else Cell(one) for one in cells), is_marked)


def grid(heads: Sequence[str], shares: Sequence[int], rows: Sequence[BlockRow], nothing: str) -> Block:
    """The table, or what is said where it has no rows."""
    return Grid(tuple(heads), tuple(shares), tuple(rows)) if rows else Paragraph(nothing, "muted")
