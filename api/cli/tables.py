"""Tables and lists of labels on a terminal. No word is ever cut: an id or a date is printed whole at any width.

Where a table is too wide, its cells are wrapped between words, then its least important columns are left out. If the
most important columns alone are too wide, each row is printed as a block of lines. In a pipe a row is one line with
tabs between its cells, and nothing is left out.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from api.cli.output import print_result

GAP: Final = "  "
TEXT_MIN: Final = 12
"""A column that is wider than this is wrapped to this width at least, in characters."""


class Column(NamedTuple):
    """A column. Columns of the highest `rank` are left out first, and columns of rank 1 never."""

    head: str
    rank: int = 1


def show_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, heads_in_pipe: bool = True) -> None:
    """Prints a table that fits the terminal. In a pipe, each row is one line with all columns and tabs between them."""
    if not sys.stdout.isatty():
        heads = [[one.head for one in columns]] if heads_in_pipe else []
        print_result("\n".join("\t".join(row) for row in (*heads, *rows)))
        return
    print_result("\n".join(table_lines(columns, rows, terminal_width())))


def show_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Prints labels, each with its text. In a pipe, each label is one line."""
    listed = list(pairs)
    if not sys.stdout.isatty():
        print_result("\n".join(f"{label:<15}{text}" for label, text in listed))
        return
    print_result("\n".join(pair_lines(listed, terminal_width())))


def show_text(lines: Iterable[str]) -> None:
    """Prints lines of text, wrapped on a terminal."""
    listed = list(lines)
    if sys.stdout.isatty():
        width = terminal_width()
        listed = [part for line in listed for part in wrap(line, width)]
    print_result("\n".join(listed))


def terminal_width() -> int:
    return shutil.get_terminal_size().columns


def table_lines(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """The lines of a table that is at most `width` characters wide, unless a word is wider."""
    table = [[column.head for column in columns], *([_printable(cell) for cell in row] for row in rows)]
    shown = list(range(len(columns)))
    while (widths := _widths([[row[index] for index in shown] for row in table], width)) is None:
        rank = max(columns[index].rank for index in shown)
        if rank == 1:
            yield from _blocks(columns, table[1:], width)
            return
        shown.remove(next(index for index in reversed(shown) if columns[index].rank == rank))
    for number, row in enumerate(table):
        wrapped = [wrap(row[index], size) for index, size in zip(shown, widths, strict=True)]
        for line in range(max(map(len, wrapped))):
            cells = (cell[line] if line < len(cell) else "" for cell in wrapped)
            yield GAP.join(f"{cell:<{size}}" for cell, size in zip(cells, widths, strict=True)).rstrip()
        if number == 0:
            yield GAP.join("-" * size for size in widths)
    if len(shown) < len(columns):
        left_out = ", ".join(column.head for index, column in enumerate(columns) if index not in shown and column.head)
        yield ""
        yield from wrap(f"Not shown at this width: {left_out}. --json prints everything.", width)


def pair_lines(pairs: Sequence[tuple[str, str]], width: int, margin: int | None = None) -> Iterator[str]:
    """Lines with the labels at the left and the wrapped texts at the right of `margin`, the width of the labels.

    A text with a word that does not fit is printed below its label.
    """
    if margin is None:
        margin = _margin(label for label, _ in pairs)
    for label, text in pairs:
        printable = _printable(text)
        if _longest_word(printable) > width - margin:
            yield from (label, *wrap(printable, width)) if label else wrap(printable, width)
            continue
        for number, line in enumerate(wrap(printable, width - margin)):
            yield f"{label if number == 0 else '':<{margin}}{line}".rstrip()


def wrap(text: str, width: int) -> list[str]:
    """Lines of whole words. A word that is wider than `width` has a line of its own, and is not cut."""
    indent = text[: len(text) - len(text.lstrip())]
    lines, line = [], indent
    for word in text.split():
        if line.strip() and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = indent
        line = f"{line} {word}" if line.strip() else f"{line}{word}"
    return [*lines, line]


def _widths(table: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """The width of each column in characters, so that all columns fit in `width`. None if they cannot fit."""
    columns = list(zip(*table, strict=True))
    natural = [max(map(len, cells)) for cells in columns]
    least = [
        max(_longest_word(cell) for cell in cells) if full <= TEXT_MIN else max(TEXT_MIN, *map(_longest_word, cells))
        for cells, full in zip(columns, natural, strict=True)
    ]
    available = width - len(GAP) * (len(columns) - 1)
    if sum(least) > available:
        return None
    widths = natural
    while (excess := sum(widths) - available) > 0:
        widest = max((index for index in range(len(widths)) if widths[index] > least[index]), key=widths.__getitem__)
        widths[widest] -= min(excess, max(1, (widths[widest] - least[widest]) // 4))
    return widths


def _blocks(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Each row as a block of lines, one for each cell that is not empty, with the head of its column as the label."""
    for number, row in enumerate(rows):
        if number:
            yield ""
        pairs = [(column.head, cell) for column, cell in zip(columns, row, strict=True) if cell]
        yield from pair_lines(pairs, width, _margin(column.head for column in columns))


def _margin(labels: Iterable[str]) -> int:
    return max(map(len, labels), default=0) + len(GAP)


def _longest_word(text: str) -> int:
    """The length of the longest word, with the indentation of the text, in characters."""
    indent = len(text) - len(text.lstrip())
    return max((indent + len(word) for word in text.split()), default=0)


def _printable(text: str) -> str:
    """The text without characters that control a terminal, such as an escape in a name that a caller sent."""
    return "".join(character if character.isprintable() or character.isspace() else "�" for character in text)
