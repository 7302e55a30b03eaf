"""The verbs that touch a ledger: demo, eligibility, history, database upgrade.

Importing this module adds them to the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from eventsourcing.persistence import MapperDeserialisationError, PersistenceError
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api import demo
from api.cli.main import ANSWER_IS_NO, WRONG_USE, AsJson, _complain, _print, app
from api.record_access.cli import ReadingHere, checked_purpose
from api.server import serve as serving
from api.text.eligibility import change_in_words, eligibility_rows, headline
from domain.calendar import Day, Instant
from domain.errors import InvalidCommand, LedgerError
from domain.events import Member
from domain.ledger import schema
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.errors import StoreError
from domain.ledger.stores.urls import address_of
from domain.policy.editions import edition_named
from projections.audit_trail import AuditEntry, audit_trail
from projections.eligibility import eligibility

Database = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="LEMTRADA_DATABASE",
        help="sqlite:///file or postgresql://user@host/database; by default a file in the user's data folder.",
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        envvar="LEMTRADA_TIME_ZONE",
        help="In which a new ledger counts days, for example America/Chicago. It never changes after.",
    ),
]
MemberArgument = Annotated[str, typer.Argument(metavar="MEMBER", help="A member id, or issuer:member.")]
KnownAt = Annotated[
    str | None,
    typer.Option(metavar="INSTANT", help="Only what was recorded by then, for example 2026-04-20T14:05:00Z."),
]

Purpose = Annotated[
    str | None,
    typer.Option(
        metavar="CODE",
        envvar="LEMTRADA_PURPOSE",
        help="Why you look, which is recorded: an HL7 purpose of use, for example TREAT or HPAYMT.",
    ),
]

_DAY: Final[TypeAdapter[Any]] = TypeAdapter(Day)
_INSTANT: Final[TypeAdapter[Any]] = TypeAdapter(Instant)

OPTIONS: Final = {
    "known_at": "--known-at",
    "edition": "--edition",
    "decision": "--decision",
    "request_id": "REQUEST",
    "appeal_id": "APPEAL",
}
"""What the domain calls by a field's name is an option here."""


@app.command("demo")
def demo_command(
    patients: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many; more than the situations repeat them.")
    ] = len(demo.SITUATIONS),
    database: Database = None,
    time_zone: TimeZone = None,
    as_json: AsJson = False,
) -> None:
    """Fill an empty ledger with synthetic patients that show every situation.

    Example: lemtrada-ledger demo --database sqlite:///demo.sqlite
    """
    with plainly():
        url = _url_to_write(database)
        zone = serving.zone_to_open_with(url, time_zone, lambda: demo.ZONE)
        with step_progress() as progress:
            shown = demo.fill(url, patients=patients, zone=zone, progress=progress)
        if as_json:
            _print([one.to_json_value() for one in shown])
            return
        _print(f"{len(shown)} synthetic patients in {address_of(url)}:")
        _print("\n".join(demo_lines(shown)))


@app.command("eligibility")
def eligibility_command(
    member: MemberArgument,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Judged on this day; by default today, where the plan is.")
    ] = None,
    known_at: KnownAt = None,
    edition: Annotated[
        str | None, typer.Option(metavar="DATE", help="The review date of an edition; else the one that applies.")
    ] = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Say where a patient stands: path, course, doses, dates, and what is missing; now, or as it was known.

    Example: lemtrada-ledger eligibility DEMO-0003 --as-of 2027-03-08
    """
    with plainly(), _reading(database, purpose) as reading:
        judged_under = edition_named(edition) if edition is not None else None
        day = _parsed(_DAY, as_of, "--as-of") or reading.today()
        instant = _parsed(_INSTANT, known_at, "--known-at")
        history = reading.history(_patient(reading, member), "eligibility", known_at=instant)
        answer = eligibility(history, day, judged_under)
        if answer.edition_problem is not None:
            _complain(answer.edition_problem)
            raise typer.Exit(WRONG_USE)
        if as_json:
            _print(answer.model_dump(mode="json"))
            return
        _print(headline(answer))
        _show_pairs(eligibility_rows(answer, reading.zone.key))


@app.command("history")
def history_command(
    member: MemberArgument,
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Print every event of a patient, oldest first: what happened, when, who recorded it, what it changed.

    With --json one event a line, with all that it carries.

    Example: lemtrada-ledger history DEMO-0003
    """
    from api.routes.schemas import event_view  # noqa: PLC0415  (FastAPI is slow to import)

    with plainly(), _reading(database, purpose) as reading:
        instant = _parsed(_INSTANT, known_at, "--known-at")
        events = reading.events(_patient(reading, member), "history", known_at=instant)
        if as_json:
            for event in events:
                _print(to_json(event_view(event)).decode())
            return
        _show_entries(audit_trail(events).entries, reading.zone)


# -- the plumbing under the verbs -------------------------------------------------------------


@contextmanager
def plainly() -> Iterator[None]:
    """What goes wrong in the block becomes one line on standard error, and exit status 2."""
    try:
        yield
    except LedgerError as error:
        error.field = OPTIONS.get(error.field or "", error.field)
        _complain(str(error))
    except StoreError as error:
        _complain(str(error))
    except PersistenceError as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        _complain(f"The ledger's store does not answer: {reason}: see that it is there and reachable, and try again")
    except MapperDeserialisationError as error:
        _complain(f"An event on record cannot be read: {error}: restore the ledger from a backup, and keep this one")
    except KeyboardInterrupt:
        _complain("stopped before the end: what was recorded by then stays recorded")
    else:
        return
    raise typer.Exit(WRONG_USE)


def _url_to_write(database: str | None) -> str:
    if database is not None:
        return database
    serving.make_data_folder()
    return serving.database_in_data_folder()


def _reading(database: str | None, purpose: str | None) -> ReadingHere:
    """The one way to a patient's data: whoever is shown something is recorded."""
    checked_purpose(purpose)
    return ReadingHere(_ledger_to_tend(database), purpose)


def _ledger_to_tend(database: str | None) -> Ledger:
    """For work that shows nothing of a patient. It makes no ledger: where there is none, that is the answer."""
    url = database if database is not None else serving.database_in_data_folder()
    schema.read_settings(address_of(url))
    return open_ledger(url)


def _patient(reading: ReadingHere, text: str) -> UUID:
    """The patient behind MEMBER, which is not repeated in any text."""
    issuer, separator, number = text.partition(":")
    try:
        member = Member(issuer=issuer, member_id=number) if separator else Member(member_id=text)
    except ValidationError:
        raise InvalidCommand(
            "this is no member id", field="MEMBER", remedy="give the id as the plan writes it, or issuer:member"
        ) from None
    patient_id = reading.find(member)
    if patient_id is None:
        _complain("no history for this member (MEMBER): check the id, its issuer, and --database")
        raise typer.Exit(ANSWER_IS_NO)
    return patient_id


def _parsed(adapter: TypeAdapter[Any], text: str | None, option: str) -> Any:
    if text is None:
        return None
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InvalidCommand(message, field=option, remedy=f"see --help for how {option} is written") from None


@contextmanager
def step_progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing in a pipe."""
    console = Console(stderr=True)
    columns = TextColumn("Telling stories"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


# -- the demo, in words -----------------------------------------------------------------------


def demo_lines(shown: tuple[demo.Shown, ...]) -> Iterator[str]:
    """Every situation once; those that repeat them in one line."""
    width = max(len(one.member_id) for one in shown)
    first, more = shown[: len(demo.SITUATIONS)], shown[len(demo.SITUATIONS) :]
    yield from (f"  {one.member_id:<{width}}  {one.shows}" for one in first)
    if more:
        yield f"  {more[0].member_id} to {more[-1].member_id} show the same situations, in the same order."


# -- on a terminal, and in a pipe --------------------------------------------------------------


def _show_pairs(rows: Iterable[tuple[str, str]]) -> None:
    console = Console()
    if not console.is_terminal:
        _print("\n".join(f"{label:<15}{text}" for label, text in rows))
        return
    table = Table.grid(padding=(0, 2))
    for label, text in rows:
        table.add_row(label, text)
    console.print(table, markup=False, highlight=False)


def _show_entries(entries: Iterable[AuditEntry], zone: ZoneInfo) -> None:
    """A table on a terminal; in a pipe one line an event, its columns parted by tabs."""
    heads = ("version", "happened", "recorded", "who", "event", "changed")
    rows = [
        (
            str(one.version),
            _in_zone(one.happened, zone),
            one.recorded_at.astimezone(zone).isoformat(),
            f"{one.who.name} ({one.who.role})",
            f"{one.event} (imported from {one.imported_from.source})" if one.imported_from is not None else one.event,
            "; ".join(change_in_words(change) for change in one.changed),
        )
        for one in entries
    ]
    console = Console()
    if not console.is_terminal:
        _print("\n".join("\t".join(row) for row in (heads, *rows)))
        return
    table = Table(*heads)
    for row in rows:
        table.add_row(*row)
    console.print(table, markup=False, highlight=False)


def _in_zone(happened: str, zone: ZoneInfo) -> str:
    """An instant by the plan's clock; a day is one already."""
    return datetime.fromisoformat(happened).astimezone(zone).isoformat() if "T" in happened else happened
