"""The commands `replay` and `dossier`, which replay a determination and write the case file of an appeal."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from api.cli.opening import errors_to_exit_status, open_records
from api.cli.options import AppealArgument, AsJson, Database, KnownAt, Purpose, RequestArgument
from api.cli.output import print_result
from api.cli.program import app
from api.cli.tables import Column, show_pairs, show_table
from api.cli.values import DAY, INSTANT, checked_id, parsed
from api.record_access.patient_access import patient_of
from api.text import replay as replay_in_words
from domain.events.base import AppealId, RequestId
from domain.facts import counted
from domain.policy.editions import edition_named
from projections.dossier.case_file import appeal_dossier
from projections.replay.replay import Replay, replay


@app.command("replay")
def replay_command(
    request: RequestArgument,
    known_at: KnownAt = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Day for what is known now. Default: the day of the determination."),
    ] = None,
    edition: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Review date of the only other policy version to show. Default: all."),
    ] = None,
    decision: Annotated[
        int | None,
        typer.Option(metavar="VERSION", min=1, help="Event number of the determination. Default: the latest one."),
    ] = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Replay a determination: as recorded, as known then, as known now.

    Example: lemtrada-ledger replay 11111111-2222-4333-8444-555555555555.r1 --edition 2024-10-09
    """
    with errors_to_exit_status(), open_records(database, purpose) as access:
        chosen = edition_named(edition) if edition is not None else None
        day, instant = parsed(DAY, as_of, "--as-of"), parsed(INSTANT, known_at, "--known-at")
        request_id = checked_id(request, RequestId, "REQUEST")
        with access.request_events(request_id, view="replay", known_at=instant) as (events, _, _):
            answer = replay(events, request, access.zone, decision=decision, as_of=day, edition=chosen)
        if as_json:
            print_result(answer.model_dump(mode="json"))
        else:
            _show_replay(answer, access.zone.key)


def _show_replay(answer: Replay, zone: str) -> None:
    show_pairs(replay_in_words.summary_rows(answer, zone))
    heads = zip(replay_in_words.columns(answer), replay_in_words.ranks(answer), strict=True)
    show_table([Column(head, rank) for head, rank in heads], replay_in_words.rows(answer))
    if answer.changed:
        show_pairs(replay_in_words.changes(answer))


@app.command("dossier")
def dossier_command(
    appeal: AppealArgument,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to: empty or new.")],
    known_at: KnownAt = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write the case file of an appeal.

    The case file has HTML, one PDF, JSON, every document, and SHA-256 sums.

    The case file depends only on what is on record: the same record gives the same bytes on any day. The folder is
    written as a whole or not at all, and only its owner can read it.

    Example: lemtrada-ledger dossier 11111111-2222-4333-8444-555555555555.a1 --output appeal-file
    """
    from api.dossier.manifest import check_folder_is_free, write_folder  # noqa: PLC0415  (the PDF writer is slow to import)

    with errors_to_exit_status(), open_records(database, purpose) as access:
        appeal_id, instant = checked_id(appeal, AppealId, "APPEAL"), parsed(INSTANT, known_at, "--known-at")
        check_folder_is_free(output)
        with access.appeal_events(appeal_id, view="dossier", known_at=instant) as (events, _, _):
            case_file = appeal_dossier(events, appeal_id, access.zone, access.deadlines)
        written = write_folder(case_file, partial(access.bytes_of, patient_of(appeal_id)), output)
        if as_json:
            files = [{"path": file.path, "size_bytes": file.size_bytes, "sha256": file.sha256} for file in written]
            print_result({"output": str(output), "history_version": case_file.history_version, "files": files})
            return
        files_in_words = counted(len(written), "file")
        print_result(
            f"Wrote the case file, with events through {case_file.history_version}, to {output}: {files_in_words}."
        )
        print_result(case_file.determination.headline)
        print_result(f"To check it: cd {output} && sha256sum -c SHA256SUMS")
