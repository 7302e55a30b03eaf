"""The commands `replay` and `dossier`: a determination replayed, and the case file of an appeal."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli.opening import open_records, plainly
from api.cli.options import (
    DAY,
    INSTANT,
    AppealArgument,
    Database,
    KnownAt,
    Purpose,
    RequestArgument,
    checked_id,
    parsed,
)
from api.cli.output import print_result, show_pairs
from api.cli.program import AsJson, app
from api.record_access.patient_access import patient_of
from api.text import replay as replay_in_words
from domain.events.base import AppealId, RequestId
from domain.policy.editions import edition_named
from projections.dossier.case_file import appeal_dossier
from projections.replay.replay import Replay, replay


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
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Replay a determination: as recorded, as known then, as known now.

    Example: lemtrada-ledger replay 11111111-2222-4333-8444-555555555555.r1 --edition 2024-10-09
    """
    with plainly(), open_records(database, purpose) as access:
        chosen = edition_named(edition) if edition is not None else None
        day, instant = parsed(DAY, as_of, "--as-of"), parsed(INSTANT, known_at, "--known-at")
        request_id = checked_id(request, RequestId, "REQUEST")
        with access.request_events(request_id, view="replay", known_at=instant) as (events, _, _):
            told = replay(events, request, access.zone, decision=decision, as_of=day, edition=chosen)
        if as_json:
            print_result(told.model_dump(mode="json"))
        else:
            _show_replay(told, access.zone.key)


def _show_replay(told: Replay, zone: str) -> None:
    show_pairs(replay_in_words.opening(told, zone))
    console = Console()
    if console.is_terminal:
        console.print(replay_in_words.table(told), markup=False, highlight=False)
    else:
        print_result("\n".join(replay_in_words.lines(told)))
    if told.changed:
        show_pairs(replay_in_words.changes(told))


@app.command("dossier")
def dossier_command(
    appeal: AppealArgument,
    output: Annotated[Path, typer.Option(metavar="DIR", help="A folder that is empty, or not there yet.")],
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write the case file of an appeal.

    It has HTML, one PDF, JSON, every document, and SHA-256 sums.

    It depends on what was recorded and on nothing else: the same history gives the same bytes on any
    day. The folder is made whole or not at all, and only its owner can read it.

    Example: lemtrada-ledger dossier 11111111-2222-4333-8444-555555555555.a1 --output appeal-file
    """
    from api.dossier.manifest import write_folder  # noqa: PLC0415  (the PDF writer is slow to import)

    with plainly(), open_records(database, purpose) as access:
        appeal_id, instant = checked_id(appeal, AppealId, "APPEAL"), parsed(INSTANT, known_at, "--known-at")
        with access.appeal_events(appeal_id, view="dossier", known_at=instant) as (events, _, _):
            told = appeal_dossier(events, appeal_id, access.zone)
        written = write_folder(told, partial(access.bytes_of, patient_of(appeal_id)), output)
        if as_json:
            files = [{"path": one.path, "size_bytes": one.size_bytes, "sha256": one.sha256} for one in written]
            print_result({"output": str(output), "history_version": told.history_version, "files": files})
            return
        print_result(
            f"The case file as recorded through event {told.history_version} is in {output}: {len(written)} files."
        )
        print_result(told.determination.headline)
        print_result(f"Check it with: cd {output} && sha256sum -c SHA256SUMS")
