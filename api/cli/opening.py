"""Opens the ledger of a command, and turns an error into one line and an exit status."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import typer
from eventsourcing.persistence import MapperDeserialisationError, PersistenceError
from pydantic import ValidationError

from api.cli.output import print_error
from api.cli.program import ANSWER_IS_NO, CommandFailed
from api.cli.values import OPTIONS
from api.record_access.command_line import CommandLineAccess, checked_purpose
from api.record_access.patient_access import PatientAccess
from api.server import which_ledger
from domain.errors import InvalidCommand, LedgerError
from domain.ledger import schema
from domain.ledger.clocks.time_zones import zone_of_new_ledger
from domain.ledger.errors import StoreError
from domain.ledger.reader import open_to_read
from domain.ledger.stores.unavailable import SEND_AGAIN, Unavailable
from domain.ledger.stores.urls import address_of
from domain.permissions.disclosure import Through

if TYPE_CHECKING:
    from domain.ledger.application import Ledger


@contextmanager
def errors_to_exit_status() -> Iterator[None]:
    """Turns an expected error in the block into CommandFailed, which has the line to print and the exit status."""
    try:
        yield
    except LedgerError as error:
        error.field = OPTIONS.get(error.field or "", error.field)
        raise CommandFailed(error.cause_and_place, error.remedy) from None
    except StoreError as error:
        raise CommandFailed(error.cause, error.remedy) from None
    except PersistenceError as error:
        if isinstance(error, Unavailable) and error.remedy != SEND_AGAIN:
            raise CommandFailed(error.cause, error.remedy) from None
        text = error.cause if isinstance(error, Unavailable) else str(error)
        reason = " ".join(text.split()) or type(error).__name__
        raise CommandFailed(
            f"The database does not answer: {reason}",
            "check that it is running and reachable, and try again",
            outcome="a change was saved completely or not at all",
        ) from None
    except MapperDeserialisationError as error:
        raise CommandFailed(
            f"A recorded event cannot be read: {error}", "restore a backup, and keep this ledger as it is"
        ) from None
    except KeyboardInterrupt:
        raise CommandFailed(
            "stopped before the end",
            "run the command again if it is needed",
            outcome="what was saved before stays on record",
        ) from None


def url_to_write(database: str | None) -> str:
    """The URL of the ledger for a command that may create it. The user's data folder is created if needed."""
    if database is not None:
        return database
    which_ledger.make_data_folder()
    return which_ledger.database_in_data_folder()


def zone_to_open_with(url: str, zone: str | None) -> str | None:
    """The zone that the user named; for an SQLite ledger that does not exist yet, that of the machine.

    If the machine's zone is UTC or is not named, the user is asked on a terminal. Otherwise raises StoreError.
    """
    return which_ledger.zone_to_open_with(url, zone, _zone_of_new_ledger)


def _zone_of_new_ledger() -> str:
    try:
        return which_ledger.machine_zone()
    except StoreError as unnamed:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        print_error(f"{unnamed.cause}.")
        while True:
            try:
                name = str(typer.prompt("Time zone of the plan, for example America/Chicago", err=True)).strip()
            except typer.Abort:
                raise unnamed from None
            try:
                return zone_of_new_ledger(name).key
            except StoreError as wrong:
                print_error(f"{wrong.cause}.")


def open_records(database: str | None, purpose: str | None, through: Through = "command line") -> CommandLineAccess:
    """Opens an existing ledger to read. Commands read patient data only through it, so that each access is recorded.

    Raises InvalidCommand for an unknown purpose, and StoreError if there is no ledger.
    """
    checked_purpose(purpose)
    return CommandLineAccess(open_to_read(url_of_existing(database)), purpose, through)


def open_existing_ledger(database: str | None) -> Ledger:
    """Opens an existing ledger for a command that shows no patient data, or that records its accesses itself.

    Raises StoreError if there is no ledger. No ledger is created, and nothing is added to an older one.
    """
    from domain.ledger.application import open_ledger  # noqa: PLC0415  (decisions are slow to import)

    url = url_of_existing(database)
    schema.read_settings(address_of(url))
    return open_ledger(url, completes_index=False)


def url_of_existing(database: str | None) -> str:
    """The URL of the ledger for a command that does not create it."""
    return database if database is not None else which_ledger.database_in_data_folder()


def patient_of_member(access: PatientAccess, text: str, issuer: str | None = None) -> UUID:
    """The ID of the patient with the member ID of MEMBER. No error repeats the member ID.

    `ISSUER:ID` is split at the first colon only if such an issuer is on record. With an `issuer`, the whole text is
    the ID. Raises InvalidCommand for text that is not a member ID. Exit status 1 if no patient has it.
    """
    try:
        member = access.ledger.members.named(text, issuer)
    except ValidationError:
        raise InvalidCommand(
            "this is not a member ID", field="MEMBER", remedy="give the ID as the plan writes it, or issuer:member"
        ) from None
    patient_id = access.holder(member)
    if patient_id is None:
        raise CommandFailed(
            "no patient record for this member (MEMBER)",
            "check the ID, its issuer, and --database",
            status=ANSWER_IS_NO,
        )
    return patient_id
