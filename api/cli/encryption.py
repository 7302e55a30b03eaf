"""The command `encryption-key`, which creates keys for encryption at rest.

A key is always in a file, and never an argument of a command, which other users of the machine could see.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from api.cli.opening import errors_to_exit_status
from api.cli.options import AsJson
from api.cli.output import print_result
from api.cli.program import app
from domain.ledger.durable_folders import OWNER_ONLY, new_file
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
    """Keeps `new` a subcommand. A group with one command and no callback would become that command."""


@encryption_commands.command("new")
def new_command(
    output: Annotated[Path, typer.Option(metavar="FILE", help="New file for the key.")],
    as_json: AsJson = False,
) -> None:
    """Create a random 256-bit key in a file that only its owner can read. The key is not printed.

    Keep a copy of the key apart from the ledger and its backups. Data encrypted with a lost key cannot be read.

    Example: lemtrada-ledger encryption-key new --output ledger.key
    """
    with errors_to_exit_status():
        _write_new_key(output)
    if as_json:
        print_result({"file": str(output), "bits": 8 * KEY_BYTES})
    else:
        print_result(f"Wrote a new key to {output}. To use it, choose an ID and set:")
        print_result(f"  {ENCRYPTION_KEYS}=ID=file:{output.absolute()}")
        print_result("To rotate keys, put the new key before the old key: ID=file:…,OLD=file:…")


def _write_new_key(file: Path) -> None:
    """Writes a random key to a new file that only its owner can read. Raises StoreError, and never replaces a file."""
    try:
        with new_file(file) as key_file:
            # The umask may have removed permissions of the owner when the file was created.
            os.fchmod(key_file.fileno(), OWNER_ONLY)
            key_file.write(f"{written(os.urandom(KEY_BYTES))}\n".encode())
            key_file.flush()
            os.fsync(key_file.fileno())
    except FileExistsError:
        raise StoreError(f"{file} exists already", "name another file: a key is never replaced") from None
    except OSError as error:
        raise StoreError(
            f"The key file {file} cannot be written: {error.strerror}", "name a file in a folder that you may write to"
        ) from None
