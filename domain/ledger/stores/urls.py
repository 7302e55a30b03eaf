"""Parses the URL of a ledger: `sqlite:///relative`, `sqlite:////absolute` or `postgresql://…` (also `postgres://…`).

Of an SQLite URL, everything after `sqlite:///` is the path, character by character. A PostgreSQL URL is read by libpq.

No text or exception of this module contains a password, and no exception has a cause that could contain one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from domain.ledger.errors import StoreError

SHAPES: Final = "give sqlite:///relative/file, sqlite:////absolute/file or postgresql://user@host:port/database"

PERCENT_ENCODED: Final = (
    "in a user name, password or database name, write % as %25, @ as %40, / as %2F, ? as %3F and a space as %20"
)

_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = "postgresql://"
_POSTGRES: Final = "postgres://"
_PARAMETERS: Final = re.compile(r"\?\w+=[^/]*$")
"""The end of an SQLite URL that other programs read as parameters. No file gets a name that was meant otherwise."""
_MISREAD: Final = re.compile(r"//[^?]*/[^?]*@|//[^/?]*@[^/?]*@")
"""An @ after the first slash, or a second @: libpq would take a part of the password for a host or a database."""


@dataclass(frozen=True, slots=True)
class SQLiteAddress:
    """A file. `path` is absolute, so that a later change of the working directory does not change the ledger."""

    path: Path

    def __str__(self) -> str:
        return f"{_SQLITE}{self.path}"


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A PostgreSQL database. `parameters` are all libpq parameters of the URL; several hosts are comma-separated."""

    parameters: Mapping[str, str] = field(repr=False)

    def __str__(self) -> str:
        host = self.parameters.get("host") or self.parameters.get("hostaddr") or ""
        ports = self.parameters.get("port", "")
        database = self.parameters.get("dbname", "")
        return f"{_POSTGRESQL}{host}{f':{ports}' if ports else ''}/{database}"


Address = SQLiteAddress | PostgresAddress


def address_of(url: str) -> Address:
    """The address of a URL. Raises StoreError if the URL has none of the supported forms."""
    if url.startswith(_SQLITE):
        return _sqlite(url.removeprefix(_SQLITE))
    if url.startswith((_POSTGRESQL, _POSTGRES)):
        return _postgresql(url)
    raise StoreError("The database URL is neither an SQLite URL nor a PostgreSQL URL", SHAPES)


def _sqlite(path: str) -> SQLiteAddress:
    if not path or path == ":memory:":
        raise StoreError("The database URL of an SQLite ledger must name a file", SHAPES)
    if _PARAMETERS.search(path) or path.startswith("file:"):
        raise StoreError("The URL of an SQLite ledger takes no parameters", SHAPES)
    if "\x00" in path:
        raise StoreError("The URL of an SQLite ledger has a character that no path can have", SHAPES)
    return SQLiteAddress(Path(path).absolute())


def _postgresql(url: str) -> PostgresAddress:
    from psycopg import Error  # noqa: PLC0415  (slow to import, and an SQLite ledger needs none of it)
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    # libpq's message may quote the whole URL with its password, so it is not passed on.
    parameters: dict[str, str] | None = None
    with suppress(Error, UnicodeError):
        read = conninfo_to_dict(url.replace(" ", "%20"))
        parameters = {name: str(value) for name, value in read.items() if value is not None}
    if parameters is None or _MISREAD.search(url):
        raise StoreError(
            "The PostgreSQL URL is malformed, or has a parameter that libpq does not know",
            f"{SHAPES}; {PERCENT_ENCODED}",
        )
    return PostgresAddress(parameters)
