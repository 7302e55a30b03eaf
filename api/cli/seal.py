"""The commands of `seal`: seal and sign now, status, verifying keys, key rotation, and a new origin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from api.background.sealing import sealing_of, signer_of
from api.cli.opening import errors_to_exit_status, open_existing_ledger
from api.cli.options import AsJson, Database
from api.cli.output import print_error, print_result
from api.cli.program import ANSWER_IS_NO, CommandFailed, app
from domain.errors import Conflict
from domain.facts import counted
from domain.ledger.application import Ledger
from domain.ledger.sealing.renewal import start_new_origin
from domain.ledger.sealing.sealing import LeaseHeldElsewhere, NotConsistent, Sealing, SignedCheckpoint
from domain.seal.encoding import base64_of

seal_commands = typer.Typer(
    help="Seal the log, and manage the keys that sign it.\n\nExample: lemtrada-ledger seal status",
    rich_markup_mode=None,
)
app.add_typer(seal_commands, name="seal")

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Reason, which is recorded.")]
_BUSY: Final = "another program is sealing this ledger and has not finished"


@contextmanager
def _sealing(database: str | None) -> Iterator[tuple[Ledger, Sealing]]:
    """Opens the ledger and its sealing for the block. The exit status is 1 if the signer refuses to sign.

    Raises Conflict if another program is sealing.
    """
    with errors_to_exit_status(), open_existing_ledger(database) as ledger:
        try:
            yield ledger, sealing_of(ledger)
        except NotConsistent as refused:
            cause, _, remedy = str(refused).partition(": ")
            raise CommandFailed(cause, remedy, status=ANSWER_IS_NO) from None
        except LeaseHeldElsewhere:
            raise Conflict(_BUSY, remedy="try again in 15 seconds") from None


@seal_commands.command("now")
def now_command(database: Database = None, as_json: AsJson = False) -> None:
    """Seal and sign everything recorded so far, and print the checkpoint.

    Example: lemtrada-ledger seal now --database sqlite:///plan.sqlite
    """
    with _sealing(database) as (_, sealing):
        signed = sealing.seal_now()
        print_result(_values(signed) if as_json else signed.note.rstrip("\n"))


@seal_commands.command("status")
def status_command(database: Database = None, as_json: AsJson = False) -> None:
    """Show how much of the log is sealed and signed. The exit status is 1 if the signer would not sign the log.

    Example: lemtrada-ledger seal status
    """
    with _sealing(database) as (_, sealing):
        newest, unsealed, holder = sealing.newest(), sealing.store.unsealed(), sealing.store.holder()
        last = sealing.store.last()
        sealed = 0 if last is None else last.number + 1
        refusal = sealing.would_refuse()
        if as_json:
            print_result(
                {
                    "origin": sealing.origins.current(),
                    "events_sealed": sealed,
                    "events_unsealed": unsealed,
                    "checkpoint": _values(newest) if newest is not None else None,
                    "being_sealed": holder is not None,
                    "refusal": refusal,
                }
            )
        else:
            signed = f"newest checkpoint covers {newest.checkpoint.size}" if newest is not None else "no checkpoint yet"
            print_result(
                f"{sealing.origins.current()}: {counted(sealed, 'event')} sealed, {unsealed} not sealed yet; {signed}"
            )
            if refusal is not None:
                print_error(refusal)
        if refusal is not None:
            raise typer.Exit(ANSWER_IS_NO)


@seal_commands.command("key")
def key_command(database: Database = None, as_json: AsJson = False) -> None:
    """Print the verifying keys, oldest first. Keep the last key in another place: it verifies the signatures.

    Example: lemtrada-ledger seal key > plan.vkey
    """
    with _sealing(database) as (_, sealing):
        keys = sealing.origins.verifying_keys()
        print_result(keys if as_json else "\n".join(keys))


@seal_commands.command("rotate-key")
def rotate_command(
    lost: Annotated[
        bool, typer.Option("--lost", help="The previous key is lost or was replaced: sign without it.")
    ] = False,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Sign with a new key from now on. The change is recorded, and the next checkpoint has both signatures.

    With --lost, the checkpoint has only the signature of the new key, from the signer's folder or LEMTRADA_SEAL_KEY.

    Example: lemtrada-ledger seal rotate-key
    """
    with _sealing(database) as (ledger, sealing):
        if not lost:
            sealing.seal_now()
            signer_of(ledger).rotate(sealing.origins.current())
        signed = sealing.seal_now(in_place_of_another=lost)
        print_result(_values(signed) if as_json else signed.note.rstrip("\n"))


@seal_commands.command("new-origin")
def new_origin_command(reason: Reason, database: Database = None, as_json: AsJson = False) -> None:
    """Start a new tree, after a restore that lost sealed events. The new tree names the last checkpoint before it.

    On PostgreSQL, run it as the owner of the database while no program serves the ledger.

    Example: lemtrada-ledger seal new-origin --reason "Restored from the backup of 2026-11-22."
    """
    with _sealing(database) as (ledger, sealing):
        signed = start_new_origin(ledger, signer_of(ledger), sealing, reason)
        print_result(_values(signed) if as_json else signed.note.rstrip("\n"))


def _values(signed: SignedCheckpoint) -> dict[str, object]:
    """A signed checkpoint as JSON values."""
    checkpoint = signed.checkpoint
    root = base64_of(checkpoint.root)
    return {"origin": checkpoint.origin, "size": checkpoint.size, "root": root, "note": signed.note}
