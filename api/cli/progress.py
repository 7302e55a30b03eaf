"""The progress of work that takes longer than a second. It is display on a terminal only, never in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

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

SECONDS_BEFORE_PROGRESS: Final = 1.0


class LineProgress:
    """A count of lines, display on a terminal once the work has taken a second. `clock` returns seconds."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = console
        self.clock = clock
        self.started_at = clock()
        self.lines = 0
        self.display: Progress | None = None

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.display is not None:
            self.display.stop()

    def advance(self) -> None:
        """Counts one line."""
        self.lines += 1
        if self.display is not None:
            self.display.update(self.display.task_ids[0], completed=self.lines)
        elif self.console.is_terminal and self.clock() - self.started_at >= SECONDS_BEFORE_PROGRESS:
            columns = SpinnerColumn(), TextColumn("{task.completed:.0f} lines"), TimeElapsedColumn()
            self.display = Progress(*columns, console=self.console, transient=True, redirect_stdout=False)
            self.display.add_task("lines", total=None, completed=self.lines)
            self.display.start()

    def print_line(self, line: str, stream: TextIO) -> None:
        """Prints one line. On the terminal that shows the count, the line is printed above the count."""
        if self.display is not None and stream.isatty():
            self.console.out(line, highlight=False)
        else:
            stream.buffer.write(line.encode() + b"\n")


@contextmanager
def step_progress() -> Iterator[Callable[[int, int], None]]:
    """A progress bar. Call the function that it yields with the number of steps done and the number of all steps."""
    console = Console(stderr=True)
    columns = TextColumn("Adding patients"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        task = display.add_task("", total=None)
        yield lambda done, total: display.update(task, completed=done, total=total)


@contextmanager
def text_progress(clock: Callable[[], float] = time.monotonic) -> Iterator[Callable[[str], None]]:
    """A spinner with a text. Call the function that it yields to change the text. `clock` returns seconds."""
    console, started_at = Console(stderr=True), clock()
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    display = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = display.add_task("", total=None)

    def show(text: str) -> None:
        if clock() - started_at >= SECONDS_BEFORE_PROGRESS:
            display.start()
        display.update(task, description=text)

    try:
        yield show
    finally:
        display.stop()
