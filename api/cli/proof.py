"""The commands `export` and `verify`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.background.sealing import sealing_of
from api.cli.opening import open_existing_ledger, plainly
from api.cli.options import Database, Purpose
from api.cli.output import SECONDS_BEFORE_PROGRESS, complain, print_result
from api.cli.program import ANSWER_IS_NO, AsJson, app
from api.record_access.command_line import CommandLineAccess, checked_purpose
from api.record_access.patient_access import patient_of
from domain.errors import InvalidCommand, NotFound
from domain.events.base import AppealId
from domain.ledger.application import Ledger
from domain.ledger.errors import StoreError
from domain.ledger.sealing.sealing import LeaseIsAnothers, NotConsistent, Sealing
from domain.ledger.verification import export_layout
from domain.ledger.verification.check_bytes import Signed, read_signed
from domain.ledger.verification.export_source import ExportSource
from domain.ledger.verification.export_writer import check_free, export_history, export_ledger
from domain.ledger.verification.history_export import is_of_one_history, verify_history
from domain.ledger.verification.ledger_source import LedgerSource
from domain.ledger.verification.report import Logged, Report
from domain.ledger.verification.verify import verify
from domain.seal.errors import SealError
from domain.seal.notes import VerifyingKey, read_verifying_key

_APPEAL: Final[TypeAdapter[str]] = TypeAdapter(AppealId)

ShowProgress = Callable[[str, int, int], None]


@app.command("export")
def export_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is empty, or not there yet.")],
    appeal: Annotated[
        str | None, typer.Option(metavar="ID", help="Only the history of this appeal, with no other patient's data.")
    ] = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Export everything that an outside auditor needs.

    That is every sealed event, the tree, signed checkpoints, proofs, and the editions.

    A checkpoint of all that is on record is signed first. The folder is made whole or not at all, and only its
    owner can read it. Its README.txt says how to check it with nothing of this program.

    Example: lemtrada-ledger export plan-export --database sqlite:///plan.sqlite
    """
    with plainly():
        check_free(folder)
        checked_purpose(purpose)
        ledger = open_existing_ledger(database)
        with CommandLineAccess(ledger, purpose) as access, _progress() as progress:
            if appeal is None:
                access.record(ledger.patients(), "export")
                final, sealing = _sealed_now(ledger)
                files = export_ledger(LedgerSource(ledger), final, _keys(sealing), folder, progress)
                what = f"all {final.size} sealed events"
            else:
                patient = _patient_of(ledger, appeal)
                access.record([patient], "export", appeal)
                final, sealing = _sealed_now(ledger)
                entries = list(_sealed_entries(ledger, sealing, patient, final.size))
                earlier = _first_over(sealing, entries, final)
                files = export_history(entries, final, earlier, _keys(sealing), sealing.store.read, folder)
                what = f"one history of {len(entries)} events"
        checkpoint = final.checkpoint
        if as_json:
            told = {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()}
            print_result({"folder": str(folder), "files": files, "checkpoint": told, "appeal": appeal})
            return
        print_result(f"{folder} holds {what} under the checkpoint {checkpoint.origin} of {checkpoint.size} leaves.")
        print_result(
            f"Check it with: lemtrada-ledger verify {folder} --key VKEY, or as its {export_layout.README} says."
        )


@app.command("verify")
def verify_command(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="An export; without it the live ledger is verified.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="VKEY|FILE", help="The key that signs, from outside: itself, or its file.")
    ] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A checkpoint kept from before; may be given often.")
    ] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Verify the bytes, order, and meaning of a ledger or an export.

    The exit status is 1 if any check fails.

    Without a key and a checkpoint from outside the answer is "internally consistent only".

    Example: lemtrada-ledger verify plan-export --key plan.vkey --checkpoint checkpoint-of-march
    """
    with plainly():
        trusted = _key_given(key) if key is not None else None
        given = [_checkpoint_given(path) for path in checkpoint or ()]
        with _progress() as progress:
            report = _verified(folder, database, trusted, given, progress)
        print_result(report.to_json_value() if as_json else "\n".join(report.lines()))
        if report.holds:
            return
        failed = ", ".join(f"{part.failures_total} of {part.name}" for part in report.parts if not part.holds)
        complain(f"{report.of} does not hold ({failed}): keep it as it is, and compare with a backup or an export")
        raise typer.Exit(ANSWER_IS_NO)


def _verified(
    folder: Path | None, database: str | None, key: VerifyingKey | None, given: list[Signed], progress: ShowProgress
) -> Report:
    if folder is None:
        with open_existing_ledger(database) as ledger:
            return verify(LedgerSource(ledger), key=key, given=given, progress=progress)
    if not any(
        (folder / name).exists() for name in (export_layout.CHECKPOINT, export_layout.ENTRIES, export_layout.README)
    ):
        raise InvalidCommand("this is no export", field="DIR", remedy="name a folder that `export` wrote")
    if is_of_one_history(folder):
        return verify_history(folder, key=key, given=given)
    return verify(ExportSource(folder), key=key, given=given, progress=progress)


# -- what came from outside -------------------------------------------------------------------


def _key_given(text: str) -> VerifyingKey:
    """The key itself, or the first line of its file."""
    remedy = "give the vkey itself, as lemtrada-ledger seal key prints it, or a file that holds it"
    if "+" not in text or Path(text).is_file():
        try:
            text = next(iter(Path(text).read_text().splitlines()), "")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidCommand(f"the key cannot be read: {error}", field="--key", remedy=remedy) from None
    try:
        return read_verifying_key(text)
    except SealError as error:
        raise InvalidCommand(f"this is no verifying key: {error.what}", field="--key", remedy=remedy) from None


def _checkpoint_given(path: Path) -> Signed:
    remedy = "give the file of a checkpoint, as it was published or as an export has it"
    try:
        return read_signed(path.read_bytes(), str(path), is_given=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidCommand(f"{path} cannot be read: {reason}", field="--checkpoint", remedy=remedy) from None
    except SealError as error:
        raise InvalidCommand(f"{path} is no checkpoint: {error.what}", field="--checkpoint", remedy=remedy) from None


# -- what is exported -------------------------------------------------------------------------


def _sealed_now(ledger: Ledger) -> tuple[Signed, Sealing]:
    """Everything on record, sealed and signed. Raises StoreError where it cannot be."""
    sealing = sealing_of(ledger)
    try:
        note = sealing.seal_now().note
    except NotConsistent as error:
        raise StoreError("The signer refuses to sign", str(error)) from None
    except LeaseIsAnothers:
        raise StoreError("Another process seals this ledger and does not end", "try again in a minute") from None
    return read_signed(note, export_layout.CHECKPOINT, is_given=False), sealing


def _keys(sealing: Sealing) -> list[VerifyingKey]:
    """Every key that ever signed, the newest first."""
    return [read_verifying_key(text) for text in reversed(sealing.origins.verifying_keys())]


def _patient_of(ledger: Ledger, appeal_id: str) -> UUID:
    try:
        patient = patient_of(_APPEAL.validate_python(appeal_id))
    except ValidationError:
        remedy = "give the patient's id and .a with the appeal's number"
        raise InvalidCommand("this is no id of an appeal", field="--appeal", remedy=remedy) from None
    if ledger.history(patient).appeal(appeal_id) is None:
        raise NotFound("no such appeal", field="--appeal", remedy="take the id from the patient's appeals")
    return patient


def _sealed_entries(ledger: Ledger, sealing: Sealing, patient: UUID, size: int) -> Iterator[Logged]:
    plain = ledger.events.mapper.plain_state
    for version, topic, state in ledger.recorder.rows_of(patient):
        leaf = sealing.store.leaf_of(patient, version)
        if leaf is None or leaf.number >= size:
            # Recorded since the checkpoint was signed.
            return
        yield Logged(leaf.number, str(patient), version, topic, plain(bytes(state)))


def _first_over(sealing: Sealing, entries: list[Logged], final: Signed) -> list[Signed]:
    """The first checkpoint over each event: what was signed when it had come."""
    found = {}
    for entry in entries:
        assert entry.leaf is not None
        covering = sealing.store.covering(final.checkpoint.origin, entry.leaf)
        if covering is not None and covering.size < final.size:
            found[covering.size] = read_signed(covering.note, f"checkpoint of {covering.size}", is_given=False)
    return [found[size] for size in sorted(found)]


# -- the plumbing -----------------------------------------------------------------------------


@contextmanager
def _progress() -> Iterator[ShowProgress]:
    """What is under way, on a terminal and once it has taken a second; nothing in a pipe."""
    console, begun = Console(stderr=True), time.monotonic()
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    shown = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = shown.add_task("", total=None)

    def show(what: str, done: int, total: int) -> None:
        if time.monotonic() - begun >= SECONDS_BEFORE_PROGRESS:
            shown.start()
            shown.update(task, description=f"{what}: {done}{f' of {total}' if total else ''}")

    try:
        yield show
    finally:
        shown.stop()
