"""Progress of work that takes longer than a second: shown on a terminal, and nothing in a pipe."""

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
    """A count of lines, shown on a terminal after the work has taken a second; nothing in a pipe."""

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
        """Print one line. On the terminal that shows the count, the line is printed above the count."""
        if self.shown is not None and stream.isatty():
            self.console.out(line, highlight=False)
        else:
            stream.buffer.write(line.encode() + b"\n")


@contextmanager
def step_progress() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, nothing in a pipe."""
    console = Console(stderr=True)
    columns = TextColumn("Adding patients"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


@contextmanager
def text_progress(clock: Callable[[], float] = time.monotonic) -> Iterator[Callable[[str], None]]:
    """A spinner with a text, which the caller changes."""
    console, started_at = Console(stderr=True), clock()
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    shown = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = shown.add_task("", total=None)

    def show(text: str) -> None:
        if clock() - started_at >= SECONDS_BEFORE_PROGRESS:
            shown.start()
        shown.update(task, description=text)

    try:
        yield show
    finally:
        shown.stop()
