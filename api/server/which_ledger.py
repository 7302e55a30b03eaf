"""The ledger to open if none is given, and the time zone of a new one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

import platformdirs
import tzlocal

from domain.ledger.clocks.time_zones import NAME_ZONE, zones_of_places
from domain.ledger.errors import StoreError
from domain.ledger.stores.sqlite_files import is_there
from domain.ledger.stores.urls import SQLiteAddress, address_of

PROGRAM: Final = "lemtrada-ledger"


def database_in_data_folder() -> str:
    """The URL of the ledger in the user's data folder. The ledger may not exist."""
    return f"sqlite:///{platformdirs.user_data_path(PROGRAM, appauthor=False) / 'ledger.sqlite'}"


def make_data_folder() -> None:
    """Creates the folder for the ledger of `database_in_data_folder`. Only the owner has access to it.

    Raises StoreError if the folder cannot be created.
    """
    folder = platformdirs.user_data_path(PROGRAM, appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The data folder {folder} cannot be made: {error.strerror}", "name a ledger with --database"
        ) from None


def zone_to_open_with(url: str, zone: str | None, otherwise: Callable[[], str]) -> str | None:
    """The zone that the user named, or `otherwise()` for an SQLite ledger that does not exist yet.

    None: the ledger uses the zone that it has stored. A PostgreSQL ledger always has one, because `database upgrade`
    creates it.
    """
    address = address_of(url)
    is_new = isinstance(address, SQLiteAddress) and not is_there(address.path)
    return otherwise() if zone is None and is_new else zone


def machine_zone() -> str:
    """The name of the machine's time zone, if it is that of a place. Raises StoreError if not.

    Most servers run in UTC, and the days of a plan are rarely those of UTC.
    """
    name = None
    with suppress(ZoneInfoNotFoundError):
        name = tzlocal.get_localzone_name()
    if not name:
        raise StoreError("This machine does not name its time zone", NAME_ZONE)
    if name not in zones_of_places():
        raise StoreError(f"A new ledger does not take the time zone of this machine, which is {name}", NAME_ZONE)
    return name
