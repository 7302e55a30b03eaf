"""How a command opens a ledger, and how what goes wrong becomes one line and an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import typer
from eventsourcing.persistence import MapperDeserialisationError, PersistenceError
from pydantic import ValidationError

from api.cli.options import OPTIONS
from api.cli.output import complain
from api.cli.program import ANSWER_IS_NO, WRONG_USE
from api.record_access.command_line import CommandLineAccess, checked_purpose
from api.record_access.patient_access import PatientAccess
from api.server import serve
from domain.errors import InvalidCommand, LedgerError
from domain.events.patient import Member
from domain.ledger import schema
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.errors import StoreError
from domain.ledger.stores.urls import address_of


@contextmanager
def plainly() -> Iterator[None]:
    """What goes wrong in the block becomes one line on standard error, and exit status 2."""
    try:
        yield
    except LedgerError as error:
        error.field = OPTIONS.get(error.field or "", error.field)
        complain(str(error))
    except StoreError as error:
        complain(str(error))
    except PersistenceError as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        complain(f"The ledger's store does not answer: {reason}: see that it is there and reachable, and try again")
    except MapperDeserialisationError as error:
        complain(f"An event on record cannot be read: {error}: restore the ledger from a backup, and keep this one")
    except KeyboardInterrupt:
        complain("stopped before the end: what was recorded by then stays recorded")
    else:
        return
    raise typer.Exit(WRONG_USE)


def url_to_write(database: str | None) -> str:
    if database is not None:
        return database
    serve.make_data_folder()
    return serve.database_in_data_folder()


def open_records(database: str | None, purpose: str | None) -> CommandLineAccess:
    """The one way to a patient's data: whoever is shown something is recorded."""
    checked_purpose(purpose)
    return CommandLineAccess(open_existing_ledger(database), purpose)


def open_existing_ledger(database: str | None) -> Ledger:
    """For work that shows nothing of a patient. It makes no ledger: where there is none, that is the answer."""
    url = database if database is not None else serve.database_in_data_folder()
    schema.read_settings(address_of(url))
    return open_ledger(url)


def patient_of_member(access: PatientAccess, text: str) -> UUID:
    """The patient behind MEMBER, which is not repeated in any text."""
    issuer, separator, number = text.partition(":")
    try:
        member = Member(issuer=issuer, member_id=number) if separator else Member(member_id=text)
    except ValidationError:
        raise InvalidCommand(
            "this is no member id", field="MEMBER", remedy="give the id as the plan writes it, or issuer:member"
        ) from None
    patient_id = access.ledger.find(member)
    if patient_id is None:
        complain("no history for this member (MEMBER): check the id, its issuer, and --database")
        raise typer.Exit(ANSWER_IS_NO)
    return patient_id
