"""Browser sessions, by the hash of their secret. They are rows and not events, and are deleted when they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from eventsourcing.postgres import PostgresDatastore
from eventsourcing.sqlite import SQLiteDatastore
from psycopg.sql import SQL, Identifier

from domain.ledger.stores.postgres_datastore import SCHEMA, LedgerPostgresDatastore
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.ledger.stores.unavailable import retried

SESSION_IDLE_LIMIT: Final = timedelta(minutes=30)
"""A session ends after this time without a request."""

SESSION_LIFETIME: Final = timedelta(hours=12)
"""A session ends after this time, even if it is in use."""

USED_NOTED_EVERY: Final = timedelta(minutes=1)
"""The least time between two updates of a row, so that not every request writes. A session may end this much early."""

_COLUMNS: Final = "secret_sha256, person_id, created_at, last_used_at, expires_at"
_INSERT: Final = f"INSERT INTO {{schema}}sessions ({_COLUMNS}, row) VALUES (?, ?, ?, ?, ?, '{{{{}}}}')"  # noqa: S608
_FIND: Final = f"SELECT {_COLUMNS} FROM {{schema}}sessions WHERE secret_sha256 = ?"  # noqa: S608
_USED: Final = "UPDATE {schema}sessions SET last_used_at = ? WHERE secret_sha256 = ?"
_END: Final = "DELETE FROM {schema}sessions WHERE secret_sha256 = ?"
_END_OF_PERSON: Final = "DELETE FROM {schema}sessions WHERE person_id = ?"
_SWEEP: Final = "DELETE FROM {schema}sessions WHERE expires_at <= ? OR last_used_at <= ?"


@dataclass(frozen=True, slots=True)
class Session:
    secret_sha256: str
    person_id: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime

    @property
    def over_at(self) -> datetime:
        """When the session ends if it is not used again."""
        return min(self.expires_at, self.last_used_at + SESSION_IDLE_LIMIT)


class Sessions:
    """The sessions of one ledger, on either store. Safe for threads. Callers pass the ledger's time as `now`."""

    def __init__(self, datastore: SQLiteDatastore | PostgresDatastore) -> None:
        assert isinstance(datastore, (LedgerSQLiteDatastore, LedgerPostgresDatastore))
        self._datastore = datastore
        self._is_sqlite = isinstance(datastore, LedgerSQLiteDatastore)

    def begin(self, secret_sha256: str, person_id: str, now: datetime) -> Session:
        """Starts a session, and deletes the sessions that have ended."""
        session = Session(secret_sha256, person_id, now, now, now + SESSION_LIFETIME)
        self._write(_SWEEP, now, now - SESSION_IDLE_LIMIT)
        self._write(_INSERT, secret_sha256, person_id, now, now, session.expires_at)
        return session

    def find(self, secret_sha256: str) -> Session | None:
        """The session with this hash, which may have ended, or None."""
        row = self._read(_FIND, secret_sha256)
        if row is None:
            return None
        created_at, last_used_at, expires_at = (
            datetime.fromisoformat(one) if isinstance(one, str) else one
            for one in (row["created_at"], row["last_used_at"], row["expires_at"])
        )
        return Session(row["secret_sha256"], row["person_id"], created_at, last_used_at, expires_at)

    def note_used(self, session: Session, now: datetime) -> None:
        """Records that a session was used, at most once every `USED_NOTED_EVERY`."""
        if now - session.last_used_at >= USED_NOTED_EVERY:
            self._write(_USED, now, session.secret_sha256)

    def end(self, secret_sha256: str) -> None:
        self._write(_END, secret_sha256)

    def end_all_of(self, person_id: str) -> None:
        self._write(_END_OF_PERSON, person_id)

    # -- reading and writing on either store --------------------------------------------------

    @retried
    def _write(self, statement: str, *values: Any) -> None:
        with self._datastore.transaction(commit=True) as c:
            c.execute(self._for_store(statement), self._values_for_store(values))

    @retried
    def _read(self, statement: str, *values: Any) -> Any:
        with self._datastore.transaction(commit=False) as c:
            c.execute(self._for_store(statement), self._values_for_store(values))
            return c.fetchone()

    def _for_store(self, statement: str) -> Any:
        if self._is_sqlite:
            return statement.format(schema="")
        table = statement.replace("{schema}", "{schema}.").replace("?", "%s")
        return SQL(cast("Any", table)).format(schema=Identifier(SCHEMA))

    def _values_for_store(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if not self._is_sqlite:
            return values
        return tuple(one.isoformat(timespec="microseconds") if isinstance(one, datetime) else one for one in values)
