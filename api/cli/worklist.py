"""The commands `worklist` and `rebuild`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, get_args
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.cli.opening import open_existing_ledger, open_records, plainly
from api.cli.options import DAY, INSTANT, AsOf, Database, KnownAt, Purpose, parsed
from api.cli.output import SECONDS_BEFORE_PROGRESS, complain, print_result
from api.cli.program import ANSWER_IS_NO, AsJson, app
from api.record_access.list_access import ListAccess
from domain.errors import InvalidCommand, NotFound
from projections.worklist.listing import LIMIT_MAX, Filters, Paging, Sort, Worklist, WorklistItem
from projections.worklist.rows import STATES
from projections.worklist.runner import VIEWS, lag, rebuild, worklist

HEADS = ("due", "clock", "state", "subject", "path", "policy", "needed", "asked", "with", "line", "urgency")


@app.command("worklist")
def worklist_command(
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help=f"Any of: {', '.join(STATES)}. May be repeated.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="request or appeal.")] = None,
    path: Annotated[str | None, typer.Option(help="A, B or unknown.")] = None,
    recommendation: Annotated[str | None, typer.Option(help="approve, refer, pend or not_recommended.")] = None,
    line_of_business: Annotated[str | None, typer.Option(metavar="LINE", help="commercial, medicaid ...")] = None,
    urgency: Annotated[str | None, typer.Option(help="standard or urgent.")] = None,
    held_by: Annotated[str | None, typer.Option(metavar="ID", help="Who has it.")] = None,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Only what nobody has.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is overdue; with --at-risk, either.")] = False,
    at_risk: Annotated[bool, typer.Option("--at-risk", help="Only what is in the last part of its time.")] = False,
    missing: Annotated[str | None, typer.Option(metavar="CITATION", help="A clause that is still needed.")] = None,
    sort: Annotated[str, typer.Option(help=f"One of: {', '.join(get_args(Sort))}.")] = "due_at",
    descending: Annotated[bool, typer.Option("--descending", help="The last first.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", help=f"How many at the most, up to {LIMIT_MAX}.")] = 50,
    after: Annotated[str | None, typer.Option(metavar="PLACE", help="Where the page before ended.")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """List open requests and appeals, with what is due and missing.

    Each row shows who a case is assigned to, when it is due, and what is missing.

    Example: lemtrada-ledger worklist --state open --unassigned --at-risk --overdue
    """
    values = {name: value for name, value in locals().items() if value is not None}
    with plainly(), open_records(database, purpose) as access:
        filters, paging = _valid(Filters, values), _valid(Paging, values)
        day, instant = parsed(DAY, as_of, "--as-of"), parsed(INSTANT, known_at, "--known-at")
        with _patients_done() as progress:
            answer = ListAccess(access).worklist(filters, paging, as_of=day, known_at=instant, progress=progress)
        if as_json:
            print_result(answer.model_dump(mode="json"))
            return
        _show(answer, access.zone)


@app.command("rebuild")
def rebuild_command(
    view: Annotated[
        str | None, typer.Argument(metavar="VIEW", help=f"One of: {', '.join(VIEWS)}; all if none.")
    ] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild the tables of the worklist from the log.

    The old rows are served until the new ones are ready.

    A patient whose history cannot be folded is named, and the exit status is 1.

    Example: lemtrada-ledger rebuild worklist
    """
    with plainly(), open_existing_ledger(database) as ledger:
        if view is not None and view not in VIEWS:
            raise NotFound("no such view", field="VIEW", remedy=f"name one of {', '.join(VIEWS)}, or none for all")
        with _patients_done() as progress:
            done = rebuild(ledger, alone=True, progress=progress)
        failures = worklist(ledger, Filters(), Paging(limit=1)).failures
        if as_json:
            named = [one.model_dump(mode="json") for one in failures]
            print_result([asdict(done) | {"lag": asdict(lag(ledger)), "failures": named}])
        else:
            by_another = "" if done.serves else "; another rebuild was done first, and its rows serve"
            print_result(f"{done.view}: {done.patients} patients folded, {done.failed} failed{by_another}")
        for one in failures:
            complain(f"the history of {one.patient_id} cannot be folded: {one.error}: report it; it is tried again")
        if failures:
            raise typer.Exit(ANSWER_IS_NO)


def _valid(kind: type[Any], values: dict[str, Any]) -> Any:
    """The options that this takes, checked; what is wrong is named as the option."""
    try:
        return kind.model_validate({name: value for name, value in values.items() if name in kind.model_fields})
    except ValidationError as error:
        first = error.errors()[0]
        option = f"--{str(first['loc'][0]).replace('_', '-')}"
        raise InvalidCommand(first["msg"], field=option, remedy=f"see --help for what {option} takes") from None


@contextmanager
def _patients_done(clock: Callable[[], float] = time.monotonic) -> Iterator[Callable[[int], None]]:
    """A count, shown on a terminal once the work has taken a second; silent in a pipe."""
    console, started_at = Console(stderr=True), clock()
    columns = SpinnerColumn(), TextColumn("{task.completed:.0f} patients"), TimeElapsedColumn()
    shown = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = shown.add_task("", total=None)

    def tell(done: int) -> None:
        if clock() - started_at >= SECONDS_BEFORE_PROGRESS:
            shown.start()
        shown.update(task, completed=done)

    try:
        yield tell
    finally:
        shown.stop()


# -- in words ---------------------------------------------------------------------------------


def _show(answer: Worklist, zone: ZoneInfo) -> None:
    """A table and its counts on a terminal; in a pipe one line a row, its columns parted by tabs.

    That there is more, and that rows are old, is said on standard error, so that nobody misses it.
    """
    rows = [_cells(one, zone) for one in answer.items]
    console = Console()
    if console.is_terminal:
        table = Table(*HEADS)
        for row in rows:
            table.add_row(*row)
        console.print(table, markup=False, highlight=False)
        counted = ", ".join(f"{number} {_words(state)}" for state, number in answer.counts.items() if number)
        print_result(f"{counted or 'Nothing waits'}; on {answer.as_of}, clocks at {_here(answer.clocks_at, zone)}.")
    else:
        print_result("\n".join("\t".join(row) for row in (HEADS, *rows)))
    for one in answer.failures:
        complain(f"the history of {one.patient_id} cannot be folded: {one.error}: report it; its rows are old")
    if answer.next_after is not None:
        complain(f"these are the first {len(rows)}, and there are more: add --after {answer.next_after}")


def _cells(one: WorklistItem, zone: ZoneInfo) -> tuple[str, ...]:
    marks = [name for name, marked in (("imported", one.imported), ("old", one.stale)) if marked]
    return (
        _here(one.due_at, zone) if one.due_at is not None else "",
        _words(one.standing or ""),
        _words(one.state),
        f"{one.subject_id} ({', '.join(marks)})" if marks else one.subject_id,
        one.path or "unknown",
        _words(one.recommendation or "no edition known"),
        ", ".join(one.missing),
        ", ".join(one.awaits),
        one.held_by.name if one.held_by is not None else "",
        _words(one.line_of_business),
        one.urgency,
    )


def _here(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="minutes")


def _words(name: str) -> str:
    return name.replace("_", " ")
