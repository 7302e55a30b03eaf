"""The commands `export` and `verify`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError

from api.background.sealing import sealing_of
from api.cli.opening import errors_to_exit_status, open_existing_ledger
from api.cli.options import AsJson, Database, Purpose
from api.cli.output import print_error, print_result
from api.cli.program import ANSWER_IS_NO, app
from api.cli.progress import text_progress
from api.cli.tables import show_text
from api.record_access.command_line import CommandLineAccess, checked_purpose
from api.record_access.patient_access import patient_of
from domain.errors import InvalidCommand, NotFound
from domain.events.base import AppealId
from domain.facts import counted
from domain.ledger.application import Ledger
from domain.ledger.errors import StoreError
from domain.ledger.sealing.sealing import LeaseHeldElsewhere, NotConsistent, Sealing
from domain.ledger.verification import export_layout
from domain.ledger.verification.check_bytes import Signed, read_signed
from domain.ledger.verification.export_source import ExportSource
from domain.ledger.verification.export_writer import check_target_is_free, export_history, export_ledger
from domain.ledger.verification.history_export import is_of_one_history, verify_history
from domain.ledger.verification.ledger_source import LedgerSource
from domain.ledger.verification.report import Logged, VerificationReport
from domain.ledger.verification.verify import verify
from domain.seal.encoding import BYTE_ORDER_MARKS
from domain.seal.errors import SealError
from domain.seal.notes import VerifyingKey, read_verifying_key

_APPEAL: Final[TypeAdapter[str]] = TypeAdapter(AppealId)

ShowProgress = Callable[[str, int, int], None]


@app.command("export")
def export_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write to: empty or new.")],
    appeal: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only the record of this appeal's patient, with no data of other patients."),
    ] = None,
    purpose: Purpose = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Export everything that an outside auditor needs.

    The export has every sealed event, the tree, signed checkpoints, proofs, and the policy versions.

    A checkpoint of the whole log is signed first. The folder is written as a whole or not at all, and only its owner
    can read it. Its README.txt describes how to verify the export without this program.

    Example: lemtrada-ledger export plan-export --database sqlite:///plan.sqlite
    """
    with errors_to_exit_status():
        check_target_is_free(folder)
        checked_purpose(purpose)
        ledger = open_existing_ledger(database)
        with CommandLineAccess(ledger, purpose) as access, _progress() as progress:
            if appeal is None:
                access.record(ledger.patients(), "export")
                final, sealing = _seal_now(ledger)
                files = export_ledger(LedgerSource(ledger), final, _keys(sealing), folder, progress)
                contents = f"all {counted(final.size, 'sealed event')}"
            else:
                patient = _patient_of(ledger, appeal)
                access.record([patient], "export", appeal)
                final, sealing = _seal_now(ledger)
                entries = list(_sealed_entries(ledger, sealing, patient, final.size))
                earlier = _first_checkpoints(sealing, entries, final)
                files = export_history(entries, final, earlier, _keys(sealing), sealing.store.read, folder)
                contents = f"one patient record of {counted(len(entries), 'event')}"
        checkpoint = final.checkpoint
        if as_json:
            values = {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()}
            print_result({"folder": str(folder), "files": files, "checkpoint": values, "appeal": appeal})
            return
        leaves = counted(checkpoint.size, "leaf", "leaves")
        print_result(f"Exported {contents} to {folder}, under the checkpoint {checkpoint.origin} of {leaves}.")
        print_result(
            f"To verify it: lemtrada-ledger verify {folder} --key VKEY, or see {export_layout.README} in the folder."
        )


@app.command("verify")
def verify_command(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Folder of an export. Default: the ledger itself.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="VKEY|FILE", help="Independently kept verifying key, or a file that has it.")
    ] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Independently kept checkpoint. Can be repeated.")
    ] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Verify the bytes, order, and meaning of a ledger or an export.

    The exit status is 1 if any check fails.

    Without an independently kept key and checkpoint, the answer is "internally consistent only".

    Example: lemtrada-ledger verify plan-export --key plan.vkey --checkpoint checkpoint-of-march
    """
    with errors_to_exit_status():
        trusted = _read_key(key) if key is not None else None
        given = [_read_checkpoint(path) for path in checkpoint or ()]
        with _progress() as progress:
            report = _verify(folder, database, trusted, given, progress)
        if as_json:
            print_result(report.to_json_value())
        else:
            show_text(report.lines())
        if report.holds:
            return
        failed = ", ".join(f"{part.failures_total} of {part.name}" for part in report.parts if not part.holds)
        print_error(
            f"{report.of} failed verification ({failed}): change nothing, and compare with a backup or an export"
        )
        raise typer.Exit(ANSWER_IS_NO)


def _verify(
    folder: Path | None, database: str | None, key: VerifyingKey | None, given: list[Signed], progress: ShowProgress
) -> VerificationReport:
    """The report of an export, or of the ledger if no folder is given. Raises InvalidCommand for another folder."""
    if folder is None:
        with open_existing_ledger(database) as ledger:
            return verify(LedgerSource(ledger), key=key, given=given, progress=progress)
    if not any(
        (folder / name).exists() for name in (export_layout.CHECKPOINT, export_layout.ENTRIES, export_layout.README)
    ):
        raise InvalidCommand("this is not an export", field="DIR", remedy="name a folder that `export` wrote")
    if is_of_one_history(folder):
        return verify_history(folder, key=key, given=given)
    return verify(ExportSource(folder), key=key, given=given, progress=progress)


# -- the key and the checkpoints from the options ---------------------------------------------


def _read_key(text: str) -> VerifyingKey:
    """The key from the option itself, or from the first line of the file that the option names.

    Raises InvalidCommand.
    """
    remedy = "give the key that `lemtrada-ledger seal key` prints, or a file that has it"
    if "+" not in text or Path(text).is_file():
        try:
            content = Path(text).read_bytes()
            _refuse_byte_order_mark(content, text, "key", "--key")
            text = next(iter(content.decode().splitlines()), "")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidCommand(f"the key cannot be read: {error}", field="--key", remedy=remedy) from None
    try:
        return read_verifying_key(text)
    except SealError as error:
        raise InvalidCommand(f"this is not a verifying key: {error.what}", field="--key", remedy=remedy) from None


def _read_checkpoint(path: Path) -> Signed:
    """The signed checkpoint in a file. Raises InvalidCommand."""
    remedy = "give a published checkpoint, or a checkpoint of an export"
    try:
        content = path.read_bytes()
        _refuse_byte_order_mark(content, str(path), "checkpoint", "--checkpoint")
        return read_signed(content, str(path), is_given=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidCommand(f"{path} cannot be read: {reason}", field="--checkpoint", remedy=remedy) from None
    except SealError as error:
        raise InvalidCommand(f"{path} is not a checkpoint: {error.what}", field="--checkpoint", remedy=remedy) from None


def _refuse_byte_order_mark(content: bytes, file: str, what: str, field: str) -> None:
    """Raises InvalidCommand for a file that another program saved as text, which would not agree with any signature."""
    if content.startswith(BYTE_ORDER_MARKS):
        raise InvalidCommand(
            f"{file} is no {what}: it begins with a byte order mark, which another program added",
            field=field,
            remedy="copy the file itself, without opening and saving it",
        )


# -- the contents of an export ----------------------------------------------------------------


def _seal_now(ledger: Ledger) -> tuple[Signed, Sealing]:
    """Seals and signs everything on record, and returns the checkpoint. Raises StoreError if that is not possible."""
    sealing = sealing_of(ledger)
    try:
        note = sealing.seal_now().note
    except NotConsistent as error:
        raise StoreError("The signer refuses to sign", str(error)) from None
    except LeaseHeldElsewhere:
        raise StoreError(
            "Another process is sealing this ledger and has not finished", "try again in a minute"
        ) from None
    return read_signed(note, export_layout.CHECKPOINT, is_given=False), sealing


def _keys(sealing: Sealing) -> list[VerifyingKey]:
    """Every key that ever signed a checkpoint, newest first."""
    return [read_verifying_key(text) for text in reversed(sealing.origins.verifying_keys())]


def _patient_of(ledger: Ledger, appeal_id: str) -> UUID:
    """The patient of an appeal on record. Raises InvalidCommand and NotFound."""
    try:
        patient = patient_of(_APPEAL.validate_python(appeal_id))
    except ValidationError:
        remedy = "give the patient's ID, then .a and the number of the appeal"
        raise InvalidCommand("this is not the ID of an appeal", field="--appeal", remedy=remedy) from None
    if ledger.history(patient).appeal(appeal_id) is None:
        raise NotFound("the appeal was not found", field="--appeal", remedy="take the ID from the output of `appeals`")
    return patient


def _sealed_entries(ledger: Ledger, sealing: Sealing, patient: UUID, size: int) -> Iterator[Logged]:
    """The patient's events that a checkpoint over `size` leaves covers, each with its leaf."""
    plain = ledger.events.mapper.plain_state
    for version, topic, state in ledger.recorder.rows_of(patient):
        leaf = sealing.store.leaf_of(patient, version)
        if leaf is None or leaf.number >= size:
            # The event was recorded after the checkpoint was signed, and so were all later events.
            return
        yield Logged(leaf.number, str(patient), version, topic, plain(bytes(state)))


def _first_checkpoints(sealing: Sealing, entries: list[Logged], final: Signed) -> list[Signed]:
    """The first checkpoint that covers each event, without duplicates and without `final`, smallest tree first."""
    by_size = {}
    for entry in entries:
        assert entry.leaf is not None
        covering = sealing.store.covering(final.checkpoint.origin, entry.leaf)
        if covering is not None and covering.size < final.size:
            by_size[covering.size] = read_signed(covering.note, f"checkpoint of {covering.size}", is_given=False)
    return [by_size[size] for size in sorted(by_size)]


@contextmanager
def _progress() -> Iterator[ShowProgress]:
    with text_progress() as show:
        yield lambda step, done, total: show(f"{step}: {done}{f' of {total}' if total else ''}")
