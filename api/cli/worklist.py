"""The commands `worklist` and `rebuild`, and those of the deadlines: `deadlines show`, `check` and `schema`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final, get_args
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError

from api.cli.opening import errors_to_exit_status, open_existing_ledger, open_records
from api.cli.options import After, AsJson, AsOf, Database, KnownAt, Purpose
from api.cli.output import print_error, print_result
from api.cli.program import ANSWER_IS_NO, app
from api.cli.tables import Column, show_table, show_text
from api.cli.values import DAY, INSTANT, parsed, refused_value
from api.record_access.list_access import ListAccess
from domain.deadline_terms.table import DeadlineTable
from domain.deadline_terms.terms import DeadlineTerms
from domain.deadline_terms.words import in_words
from domain.errors import NotFound
from domain.facts import counted
from domain.ledger.deadlines_file import DEADLINES, deadlines_in
from projections.worklist.listing import LIMIT_MAX, Filters, Paging, Sort, Worklist, WorklistItem
from projections.worklist.rows import STATES
from projections.worklist.runner import VIEWS, lag, rebuild, worklist

COLUMNS: Final = (
    Column("due"),
    Column("turnaround", 4),
    Column("state", 3),
    Column("subject"),
    Column("path", 7),
    Column("recommendation", 2),
    Column("needed", 5),
    Column("waiting for", 8),
    Column("assigned to", 6),
    Column("line of business", 10),
    Column("urgency", 9),
)


@app.command("worklist")
def worklist_command(
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help=f"Only this state: {', '.join(STATES)}. Can be repeated.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind: request or appeal.")] = None,
    path: Annotated[str | None, typer.Option(help="Only this path: A, B, or unknown.")] = None,
    recommendation: Annotated[
        str | None, typer.Option(help="Only this recommendation: approve, refer, pend, or not_recommended.")
    ] = None,
    line_of_business: Annotated[
        str | None, typer.Option(metavar="LINE", help="Only this line of business, for example commercial.")
    ] = None,
    urgency: Annotated[str | None, typer.Option(help="Only this urgency: standard or urgent.")] = None,
    held_by: Annotated[str | None, typer.Option(metavar="ID", help="Only cases assigned to this user.")] = None,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Only cases that are not assigned.")] = False,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only overdue cases. With --at-risk: overdue or at risk.")
    ] = False,
    at_risk: Annotated[
        bool, typer.Option("--at-risk", help="Only cases that are at risk of missing their due date.")
    ] = False,
    missing: Annotated[
        str | None, typer.Option(metavar="CITATION", help="Only cases that still need this clause.")
    ] = None,
    sort: Annotated[str, typer.Option(help=f"Sort by one of: {', '.join(get_args(Sort))}.")] = "due_at",
    descending: Annotated[bool, typer.Option("--descending", help="Sort in descending order.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", help=f"Largest number of rows, up to {LIMIT_MAX}.")] = 50,
    after: After = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """List open requests and appeals, with what is due and missing.

    Each row shows when a case is due, who it is assigned to, and what is missing.

    Example: lemtrada-ledger worklist --state open --unassigned --at-risk --overdue
    """
    values = {name: value for name, value in locals().items() if value is not None}
    with errors_to_exit_status(), open_records(database, purpose) as access:
        filters, paging = _valid(Filters, values), _valid(Paging, values)
        day, instant = parsed(DAY, as_of, "--as-of"), parsed(INSTANT, known_at, "--known-at")
        with _patient_progress() as progress:
            answer = ListAccess(access).worklist(filters, paging, as_of=day, known_at=instant, progress=progress)
        if as_json:
            print_result(answer.model_dump(mode="json"))
            return
        _show(answer, access.zone)


@app.command("rebuild")
def rebuild_command(
    view: Annotated[
        str | None, typer.Argument(metavar="VIEW", help=f"View to rebuild: {', '.join(VIEWS)}. Default: all.")
    ] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild the tables of the worklist from the log.

    The old rows are served until the new rows are ready.

    The exit status is 1 if the events of a patient cannot be read. The patient is named.

    Example: lemtrada-ledger rebuild worklist
    """
    with errors_to_exit_status(), open_existing_ledger(database) as ledger:
        if view is not None and view not in VIEWS:
            raise NotFound(
                "there is no such view",
                field="VIEW",
                remedy=f"give one of {', '.join(VIEWS)}, or no view to rebuild all",
            )
        with _patient_progress() as progress:
            rebuilt = rebuild(ledger, alone=True, progress=progress)
        failures = worklist(ledger, Filters(), Paging(limit=1)).failures
        if as_json:
            failure_values = [failure.model_dump(mode="json") for failure in failures]
            print_result([asdict(rebuilt) | {"lag": asdict(lag(ledger)), "failures": failure_values}])
        else:
            by_another = "" if rebuilt.serves else "; another rebuild finished first, and its rows are used"
            print_result(
                f"{rebuilt.view}: {counted(rebuilt.patients, 'patient')} rebuilt, {rebuilt.failed} failed{by_another}"
            )
        for failure in failures:
            print_error(f"the events of {failure.patient_id} cannot be read: {failure.error}: report this error")
        if failures:
            raise typer.Exit(ANSWER_IS_NO)


def _valid(kind: type[Any], values: dict[str, Any]) -> Any:
    """The options that are fields of the model `kind`, as that model. Raises InvalidCommand, which names the option."""
    try:
        return kind.model_validate({name: value for name, value in values.items() if name in kind.model_fields})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0]).replace("_", "-")
        raise refused_value(error, f"--{name}") from None


@contextmanager
def _patient_progress() -> Iterator[Callable[[int], None]]:
    """Shows a count of patients, on a terminal and after a second. Call the function that it yields with the count."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from api.cli.progress import text_progress  # noqa: PLC0415  (rich is slow to import, and a pipe does not need it)

    with text_progress() as show:
        yield lambda done: show(counted(done, "patient"))


# -- the printed table ------------------------------------------------------------------------


def _show(answer: Worklist, zone: ZoneInfo) -> None:
    """Prints the table, and its counts on a terminal. Notes on more rows and outdated rows are on standard error."""
    rows = [_cells(item, zone) for item in answer.items]
    show_table(COLUMNS, rows)
    if sys.stdout.isatty():
        counts = ", ".join(f"{number} {_words(state)}" for state, number in answer.counts.items() if number)
        at = _in_zone(answer.clocks_at, zone)
        show_text([f"{counts or 'No open cases'}. Eligibility as of {answer.as_of}, turnaround times as of {at}."])
    for failure in answer.failures:
        print_error(
            f"the events of {failure.patient_id} cannot be read: {failure.error}: report this error;"
            " the rows are out of date"
        )
    if answer.next_after is not None:
        print_error(
            f"the first {counted(len(rows), 'row is', 'rows are')} shown: for more, add --after {answer.next_after}"
        )


def _cells(item: WorklistItem, zone: ZoneInfo) -> tuple[str, ...]:
    marks = [name for name, marked in (("imported", item.imported), ("out of date", item.stale)) if marked]
    marks += [f"same as {one.rpartition('.')[2]}" for one in item.same_as]
    return (
        _in_zone(item.due_at, zone) if item.due_at is not None else "",
        _words(item.standing or ""),
        _words(item.state),
        f"{item.subject_id} ({', '.join(marks)})" if marks else item.subject_id,
        item.path or "unknown",
        _words(
            item.recommendation or ("" if item.kind in ("dose", "claim", "member") else "no policy version applies")
        ),
        ", ".join(item.missing),
        ", ".join(item.awaits),
        item.held_by.name if item.held_by is not None else "",
        _words(item.line_of_business or ""),
        item.urgency,
    )


def _in_zone(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="minutes")


def _words(name: str) -> str:
    return name.replace("_", " ")


# -- the deadlines -----------------------------------------------------------------------------

CHANGE_COLUMNS: Final = (Column("what"), Column("id", 2), Column("said"), Column("now"))

deadline_commands = typer.Typer(
    help="Show the deadlines, and what they would change on record.\n\nExample: lemtrada-ledger deadlines show",
    rich_markup_mode=None,
)
app.add_typer(deadline_commands, name="deadlines")


@deadline_commands.command("show")
def show_command(
    file: Annotated[
        str | None, typer.Option(metavar="FILE", help=f"File of deadlines to check and show. Default: {DEADLINES}.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the deadlines by line of business, each figure with its source, and the plan's own rows first.

    The file that LEMTRADA_DEADLINES names is checked, as when a ledger is opened. No ledger is needed.

    Example: lemtrada-ledger deadlines show --file deadlines.json
    """
    with errors_to_exit_status():
        table = deadlines_in() if file is None else deadlines_in({DEADLINES: file})
        if as_json:
            print_result(rows_as_json(table))
            return
        show_text(_rows(table))


@deadline_commands.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of the file of deadlines.

    Example: lemtrada-ledger deadlines schema
    """
    from api.files.deadlines_schema import json_schema  # noqa: PLC0415  (slow to import, and only this needs it)

    print_result(json_schema())


@deadline_commands.command("check")
def check_command(purpose: Purpose = None, database: Database = None, as_json: AsJson = False) -> None:
    """List notices, dismissals and decisions on record that would be otherwise by the deadlines of today.

    They keep what they said. The exit status is 1 if there are any. Each patient listed is recorded in the access log.

    Example: lemtrada-ledger deadlines check
    """
    with errors_to_exit_status(), open_records(database, purpose) as access:
        found = ListAccess(access).deadline_changes()
        if as_json:
            print_result([one.model_dump(mode="json") for one in found])
        elif found:
            show_table(CHANGE_COLUMNS, [(one.what, one.subject_id, one.said, one.now) for one in found])
        else:
            show_text(["Nothing on record would be otherwise by the deadlines of today."])
    if found:
        raise typer.Exit(ANSWER_IS_NO)


def rows_as_json(table: DeadlineTable) -> list[dict[str, Any]]:
    """The rows as they are shown, for scripts."""
    return [_as_json(row, is_own) for row, is_own in _with_origin(table)]


def _as_json(row: DeadlineTerms, is_own: bool) -> dict[str, Any]:
    return {
        "line": row.line,
        "service": "post_service" if row.is_post_service else "pre_service",
        "state": row.state,
        "funding": row.funding,
        "effective_on": row.effective_on.isoformat(),
        "supplied_by_plan": is_own,
        "unconfirmed": sorted(row.unconfirmed),
        "terms": list(in_words(row)),
    }


def _with_origin(table: DeadlineTable) -> Iterator[tuple[DeadlineTerms, bool]]:
    yield from ((row, True) for row in table.own)
    yield from ((row, False) for row in table.built_in)


def _rows(table: DeadlineTable) -> Iterator[str]:
    for row, is_own in _with_origin(table):
        first, *others = in_words(row)
        yield f"{first}{' [supplied by the plan]' if is_own else ''}"
        yield from (f"  {line}" for line in others)
