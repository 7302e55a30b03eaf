"""The progress of work that takes longer than a second. It is displayed on a terminal only, never in a pipe.

rich is slow to import, so most commands, which take less than a second, import none of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

SECONDS_BEFORE_PROGRESS: Final = 1.0


def terminal() -> Console:
    """The console of standard error."""
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=True)


class LineProgress:
    """A count of lines, displayed on a terminal once the work has taken a second.

    `console` creates the console when it is needed, and `clock` returns seconds.
    """

    def __init__(self, console: Callable[[], Console] = terminal, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = console
        self.clock = clock
        self.started_at = clock()
        self.lines = 0
        self.display: Progress | None = None
        self._is_waiting = True

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
        elif self._is_waiting and self.clock() - self.started_at >= SECONDS_BEFORE_PROGRESS:
            self._is_waiting = False
            self._display_on(self.console())

    def _display_on(self, console: Console) -> None:
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        if console.is_terminal:
            columns = SpinnerColumn(), TextColumn("{task.completed:.0f} lines"), TimeElapsedColumn()
            self.display = Progress(*columns, console=console, transient=True, redirect_stdout=False)
            self.display.add_task("lines", total=None, completed=self.lines)
            self.display.start()

    def print_line(self, line: str, stream: TextIO) -> None:
        """Prints one line. On the terminal that shows the count, the line is printed above the count."""
        if self.display is not None and stream.isatty():
            self.display.console.out(line, highlight=False)
        else:
            stream.buffer.write(line.encode() + b"\n")


@contextmanager
def step_progress() -> Iterator[Callable[[int, int], None]]:
    """A progress bar. Call the function that it yields with the number of steps done and the number of all steps."""
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = terminal()
    columns = TextColumn("Adding patients"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        task = display.add_task("", total=None)
        yield lambda done, total: display.update(task, completed=done, total=total)


@contextmanager
def text_progress(clock: Callable[[], float] = time.monotonic) -> Iterator[Callable[[str], None]]:
    """A spinner with a text. Call the function that it yields to change the text. `clock` returns seconds."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console, started_at = terminal(), clock()
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
