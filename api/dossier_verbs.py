"""The verbs of an appeal: replay a determination, and write the case file."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from api import replay_in_words
from api.cli import AsJson, _print, app
from api.ledger_verbs import _DAY, _INSTANT, Database, KnownAt, _ledger_to_read, _parsed, _show_pairs, plainly
from api.question_verbs import RequestArgument, _patient_of
from domain.events import RequestId
from domain.policy.editions import edition_named
from projections.replay import Replay, replay


@app.command("replay")
def replay_command(
    request: RequestArgument,
    known_at: KnownAt = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Judges what is known now on this day; by default on its own.")
    ] = None,
    edition: Annotated[
        str | None, typer.Option(metavar="DATE", help="The one other edition to show; by default all of them.")
    ] = None,
    decision: Annotated[
        int | None, typer.Option(metavar="VERSION", min=1, help="The determination's event; by default the latest.")
    ] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Show a determination as recorded, and judged again: as known then, as known now, and under other editions.

    Example: lemtrada-ledger replay 11111111-2222-4333-8444-555555555555.r1 --edition 2024-10-09
    """
    with plainly(), _ledger_to_read(database) as ledger:
        chosen = edition_named(edition) if edition is not None else None
        day, instant = _parsed(_DAY, as_of, "--as-of"), _parsed(_INSTANT, known_at, "--known-at")
        events = ledger.events(_patient_of(request, RequestId, "REQUEST"), known_at=instant)
        told = replay(events, request, ledger.zone, decision=decision, as_of=day, edition=chosen)
        if as_json:
            _print(told.model_dump(mode="json"))
        else:
            _show_replay(told, ledger.zone.key)


def _show_replay(told: Replay, zone: str) -> None:
    _show_pairs(replay_in_words.opening(told, zone))
    console = Console()
    if console.is_terminal:
        console.print(replay_in_words.table(told), markup=False, highlight=False)
    else:
        _print("\n".join(replay_in_words.lines(told)))
    if told.changed:
        _show_pairs(replay_in_words.changes(told))
