"""`encryption-key`: the keys under which a ledger is stored. A key is in a file, never in a command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from api.cli.opening import plainly
from api.cli.output import print_result
from api.cli.program import AsJson, app
from domain.ledger.encryption.keys import ENCRYPTION_KEYS, written
from domain.ledger.encryption.records import KEY_BYTES
from domain.ledger.errors import StoreError

encryption_commands = typer.Typer(
    help="Create a key for encryption at rest.\n\nExample: lemtrada-ledger encryption-key new --output ledger.key",
    rich_markup_mode=None,
)
app.add_typer(encryption_commands, name="encryption-key")


@encryption_commands.callback()
def _commands() -> None:
    """Keeps `new` a command of its own."""


@encryption_commands.command("new")
def new_command(
    output: Annotated[Path, typer.Option(metavar="FILE", help="To make; never one that is there.")],
    as_json: AsJson = False,
) -> None:
    """Make a random 256-bit key in a file that only its owner can read. It is never printed.

    Keep a copy apart from the ledger and its backups: without the key, nothing written with it can be read.

    Example: lemtrada-ledger encryption-key new --output ledger.key
    """
    with plainly():
        _make(output)
    if as_json:
        print_result({"file": str(output), "bits": 8 * KEY_BYTES})
    else:
        print_result(
            f"{output} holds a new key. Serve with {ENCRYPTION_KEYS}=ID=file:{output.absolute()}, under an ID of yours."
        )
        print_result("To rotate, put it before the old one, which still reads: ID=file:…,OLD=file:…")


def _make(file: Path) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as made:
            # Whatever the umask made of it.
            os.fchmod(descriptor, 0o600)
            made.write(written(os.urandom(KEY_BYTES)) + "\n")
            made.flush()
            os.fsync(descriptor)
    except FileExistsError:
        raise StoreError(f"{file} is there already", "name another file: a key is never replaced") from None
    except OSError as error:
        raise StoreError(
            f"The key {file} cannot be made: {error.strerror}", "name a file in a folder that you may write to"
        ) from None
