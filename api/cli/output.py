"""What commands print: results, one-line errors, progress, and tables on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

from pydantic_core import to_json
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

SECONDS_BEFORE_PROGRESS: Final = 1.0


class LineProgress:
    """A count of lines, shown on a terminal once the work has taken a second; silent in a pipe."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = console
        self.clock = clock
        self.started_at = clock()
        self.lines = 0
        self.shown: Progress | None = None

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.shown is not None:
            self.shown.stop()

    def advance(self) -> None:
        self.lines += 1
        if self.shown is not None:
            self.shown.update(self.shown.task_ids[0], completed=self.lines)
        elif self.console.is_terminal and self.clock() - self.started_at >= SECONDS_BEFORE_PROGRESS:
            columns = SpinnerColumn(), TextColumn("{task.completed:.0f} lines"), TimeElapsedColumn()
            self.shown = Progress(*columns, console=self.console, transient=True, redirect_stdout=False)
            self.shown.add_task("lines", total=None, completed=self.lines)
            self.shown.start()

    def say(self, line: str, stream: TextIO) -> None:
        """One line out. On the terminal that shows the count it is written above the count, not through it."""
        if self.shown is not None and stream.isatty():
            self.console.out(line, highlight=False)
        else:
            stream.buffer.write(line.encode() + b"\n")


def complain(line: str) -> None:
    sys.stderr.buffer.write(line.encode(errors="backslashreplace") + b"\n")
    sys.stderr.flush()


def print_result(value: Any) -> None:
    text = value.encode() if isinstance(value, str) else to_json(value, indent=2)
    sys.stdout.buffer.write(text + b"\n")


@contextmanager
def step_progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing in a pipe."""
    console = Console(stderr=True)
    columns = TextColumn("Telling stories"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def show_pairs(rows: Iterable[tuple[str, str]]) -> None:
    console = Console()
    if not console.is_terminal:
        print_result("\n".join(f"{label:<15}{text}" for label, text in rows))
        return
    table = Table.grid(padding=(0, 2))
    for label, text in rows:
        table.add_row(label, text)
    console.print(table, markup=False, highlight=False)
