"""The ledger to open if none is given, and the time zone of a new one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

import platformdirs
import tzlocal

from domain.ledger.errors import StoreError
from domain.ledger.schema import NAME_ZONE, known_zone
from domain.ledger.stores.urls import SQLiteAddress, address_of

PROGRAM: Final = "lemtrada-ledger"


def database_in_data_folder() -> str:
    """The URL of the ledger in the user's data folder, whether it is there or not."""
    return f"sqlite:///{platformdirs.user_data_path(PROGRAM, appauthor=False) / 'ledger.sqlite'}"


def make_data_folder() -> None:
    """For the ledger of `database_in_data_folder`; a folder that is made here is its owner's alone."""
    folder = platformdirs.user_data_path(PROGRAM, appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The data folder {folder} cannot be made: {error.strerror}", "name a ledger with --database"
        ) from None


def zone_to_open_with(url: str, zone: str | None, otherwise: Callable[[], str]) -> str | None:
    """The zone that was named; for an SQLite ledger that is not there yet, else that of `otherwise`.

    None leaves it to the ledger, which knows its own. On PostgreSQL it always does: the
    ledger there is made by `database upgrade`.
    """
    address = address_of(url)
    is_new = isinstance(address, SQLiteAddress) and not address.path.exists()
    return otherwise() if zone is None and is_new else zone


def machine_zone() -> str:
    """The machine's own time zone by its IANA name. Raises StoreError where it does not say, or says two."""
    with suppress(ZoneInfoNotFoundError, StoreError):
        if name := tzlocal.get_localzone_name():
            return known_zone(name).key
    raise StoreError("This machine does not name its time zone", NAME_ZONE)
