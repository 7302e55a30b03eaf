"""`lemtrada-ledger`: the verbs, their options, and one manner of saying that something is wrong.

Exit status 0 is done, 1 is "the answer is no", 2 is wrong use, 70 is our own fault. Errors are one line on
standard error: cause, place, what to do.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, TextIO

import typer
from pydantic_core import to_json
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from typer.exceptions import TyperException

from api.files.assess_lines import Refused, answers
from api.text.clause import explain, outline_lines, outline_values
from domain.errors import InvalidCommand, LedgerError
from domain.policy.editions import EDITIONS, edition_named

DONE: Final = 0
ANSWER_IS_NO: Final = 1
WRONG_USE: Final = 2
OUR_FAULT: Final = 70
SECONDS_BEFORE_PROGRESS: Final = 1.0

app = typer.Typer(
    name="lemtrada-ledger",
    help="A record of every prior authorization for Lemtrada. The program recommends; a person decides.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def _verbs() -> None:
    """Keeps every verb a verb, also while there are few."""


@app.command("assess")
def assess_command(
    file: Annotated[str, typer.Argument(metavar="FILE.jsonl", help="One case a line; - reads standard input.")],
    full: Annotated[bool, typer.Option("--full", help="Add each finding's sentence, facts and readings.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Print each difference from `expected`; status 1.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Accepted everywhere; this verb prints JSON always.")] = False,
) -> None:
    """Assess cases, one a line, without touching a ledger.

    Example: lemtrada-ledger assess cases.jsonl --full
    """
    del as_json
    compared = differing = refused = 0
    with _opened(file) as lines, LineProgress(Console(stderr=True)) as progress:
        for one in answers(lines, full=full, check=check):
            progress.advance()
            if isinstance(one, Refused):
                refused += 1
                progress.say(str(one), sys.stderr)
                continue
            progress.say(one.to_line(), sys.stdout)
            compared += one.differences is not None
            differing += bool(one.differences)
            for difference in one.differences or ():
                progress.say(f"{one}: {difference}", sys.stderr)
    if check:
        _complain(f"{compared - differing} of {compared} lines with an expected answer agree")
    raise typer.Exit(WRONG_USE if refused else ANSWER_IS_NO if differing else DONE)


@app.command("explain")
def explain_command(
    citation: Annotated[str | None, typer.Argument(help="For example 1.A.iii.d(3); none prints the outline.")] = None,
    edition: Annotated[str | None, typer.Option(metavar="DATE", help="A review date; the newest by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Explain a clause: our paraphrase, what it needs, the readings it relies on.

    Example: lemtrada-ledger explain 1.B.iv
    """
    chosen = EDITIONS[0] if edition is None else edition_named(edition)
    if citation is not None:
        explained = explain(citation, chosen)
        _print(explained.to_json_value() if as_json else "\n".join(explained.lines()))
    else:
        _print(outline_values(chosen) if as_json else "\n".join(outline_lines(chosen)))


def main() -> None:
    """The entry point: runs a verb and turns what went wrong into one line and an exit status."""
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        context = getattr(error, "ctx", None)
        place = context.command_path if context is not None else app.info.name
        _complain(f"{' '.join(error.format_message().split()).rstrip('.')} ({place}): see `{place} --help`")
        status = WRONG_USE
    except LedgerError as error:
        _complain(str(error))
        status = WRONG_USE
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not complain about it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = ANSWER_IS_NO
    except Exception as error:
        # Our own fault: neither an answer nor wrong use. Its text may quote a patient's data; its place does not.
        place = traceback.extract_tb(error.__traceback__)[-1]
        _complain(
            f"the program failed: {type(error).__name__} ({place.filename}:{place.lineno}): nothing was half done"
        )
        status = OUR_FAULT
    sys.exit(status if isinstance(status, int) else DONE)


# -- the plumbing under the verbs -------------------------------------------------------------


@contextlib.contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """The bytes of a file, or of standard input for `-`."""
    if file == "-":
        yield sys.stdin.buffer
        return
    with contextlib.ExitStack() as stack:
        try:
            opened = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            remedy = "name a file that can be read, or - for standard input"
            raise InvalidCommand(f"cannot read: {error.strerror}", field=file, remedy=remedy) from None
        yield opened


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


def _complain(line: str) -> None:
    sys.stderr.buffer.write(line.encode(errors="backslashreplace") + b"\n")
    sys.stderr.flush()


def _print(value: Any) -> None:
    text = value.encode() if isinstance(value, str) else to_json(value, indent=2)
    sys.stdout.buffer.write(text + b"\n")


# Their verbs add themselves to the app, which has to be there first.
from api.cli import (  # noqa: E402, F401
    accesses,
    audit_events,
    backup,
    database,
    dossier,
    encryption,
    imports,
    ledger,
    people,
    proof,
    records,
    seal,
    serve,
    worklist,
)
