"""The commands `eligibility` and `history`, which show a patient's current eligibility and every event on record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from api.cli.opening import errors_to_exit_status, open_records, patient_of_member
from api.cli.options import AsJson, AsOf, Database, EditionOption, Issuer, KnownAt, MemberArgument, Purpose
from api.cli.output import print_result
from api.cli.program import app
from api.cli.tables import Column, show_pairs, show_table, show_text
from api.cli.values import DAY, INSTANT, parsed
from api.text.eligibility import change_in_words, eligibility_rows, headline
from domain.policy.editions import edition_named
from projections.eligibility import eligibility

if TYPE_CHECKING:
    from projections.audit_trail import AuditEntry

COLUMNS: Final = (
    Column("version"),
    Column("happened"),
    Column("recorded", 3),
    Column("user", 4),
    Column("event"),
    Column("changed", 2),
)


@app.command("eligibility")
def eligibility_command(
    member: MemberArgument,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    edition: EditionOption = None,
    issuer: Issuer = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show current eligibility: path, course, doses, what is missing.

    The answer is for today, for another day, or as it was known at an earlier time.

    Example: lemtrada-ledger eligibility DEMO-0003 --as-of 2027-03-08
    """
    with errors_to_exit_status(), open_records(database, purpose) as access:
        chosen = edition_named(edition) if edition is not None else None
        day = parsed(DAY, as_of, "--as-of") or access.today()
        instant = parsed(INSTANT, known_at, "--known-at")
        with access.history(patient_of_member(access, member, issuer), "eligibility", known_at=instant) as history:
            answer = eligibility(history, day, chosen)
        if as_json:
            print_result(answer.model_dump(mode="json"))
            return
        show_text([headline(answer)])
        show_pairs(eligibility_rows(answer, access.zone.key))


@app.command("history")
def history_command(
    member: MemberArgument,
    known_at: KnownAt = None,
    issuer: Issuer = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """List every event of a patient, oldest first.

    Each line shows what happened, when, who recorded it, and what it changed.

    With --json, each line is one event with all its fields.

    Example: lemtrada-ledger history DEMO-0003
    """
    from projections.audit_trail import audit_trail  # noqa: PLC0415  (slow to import, and only this command needs it)

    with errors_to_exit_status(), open_records(database, purpose) as access:
        instant = parsed(INSTANT, known_at, "--known-at")
        with access.events(patient_of_member(access, member, issuer), "history", known_at=instant) as events:
            entries = audit_trail(events) if not as_json else ()
        if as_json:
            from api.routes.schemas import event_view  # noqa: PLC0415  (slow to import, and only JSON needs it)

            for event in events:
                print_result(to_json(event_view(event)).decode())
            return
        _show_entries(entries, access.zone)


def _show_entries(entries: Iterable[AuditEntry], zone: ZoneInfo) -> None:
    rows = [
        (
            str(entry.version),
            _in_zone(entry.happened, zone),
            entry.recorded_at.astimezone(zone).isoformat(),
            f"{entry.who.name} ({entry.who.role})",
            entry.event + (f" (imported from {entry.imported_from.source})" if entry.imported_from is not None else ""),
            "; ".join(change_in_words(change) for change in entry.changed),
        )
        for entry in entries
    ]
    show_table(COLUMNS, rows)


def _in_zone(happened: str, zone: ZoneInfo) -> str:
    """A time in the plan's time zone. A day has no time zone, and is returned as it is."""
    return datetime.fromisoformat(happened).astimezone(zone).isoformat() if "T" in happened else happened
