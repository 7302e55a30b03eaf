"""The time zones that a new ledger can have: the canonical names, which stay when an alias is dropped or changed.

The list is that of the pinned package `tzdata`, so it is the same on every machine and needs no network. A ledger that
exists keeps the name that it was created with.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from domain.ledger.errors import StoreError

UTC_BY_NAME: Final = "Etc/UTC"
"""The only zone without a place. A person can name it; no ledger has it because its machine has it."""
NAME_ZONE: Final = (
    "give the plan's time zone with --time-zone or LEMTRADA_TIME_ZONE, for example --time-zone America/Chicago or "
    f"--time-zone Pacific/Honolulu; {UTC_BY_NAME} if the plan counts its days in UTC"
)


@cache
def zones_of_places() -> frozenset[str]:
    """The names in the IANA table of places: one or more for each country."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    return frozenset(line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#"))


def known_zone(name: str) -> ZoneInfo:
    """The time zone of this name. Raises StoreError if the IANA database does not have it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise StoreError(f"{name!r} is not a time zone of the IANA database", NAME_ZONE) from None


def zone_of_new_ledger(name: str) -> ZoneInfo:
    """The time zone of this name. Raises StoreError for an alias, and for what is no time zone of a place."""
    if name != UTC_BY_NAME and name not in zones_of_places():
        raise StoreError(f"{name!r} is not a canonical time zone name of the IANA database", NAME_ZONE)
    return known_zone(name)
