"""Whether this server can answer and record: the last writes, a write on trial, the ledger's files, and the seal."""

from __future__ import annotations

import time
from threading import Lock
from typing import Final

from eventsourcing.persistence import PersistenceError

from domain.errors import as_sentence
from domain.ledger.errors import StoreError
from domain.ledger.reader import LedgerReader
from domain.ledger.sealing.sealing import Sealing
from domain.ledger.stores.unavailable import Unavailable

RECENT_SECONDS: Final = 30.0
"""If the last write succeeded so recently, no other write is tried."""
TRIAL_SECONDS: Final = 2.0
"""The result of a trial is given to everybody who asks within this time, so that questions do not load the store."""
UNREADABLE: Final = "The database does not answer"
REFUSED: Final = "The database refused a write; the log of the database has the reason"


class Readiness:
    """The reasons why the server is not ready. Safe for threads: one of them tries a write at a time."""

    def __init__(self, ledger: LedgerReader, sealing: Sealing) -> None:
        self._ledger = ledger
        self._sealing = sealing
        self._one_at_a_time = Lock()
        self._tried_at = float("-inf")
        self._result: str | None = None

    def reasons(self) -> list[str]:
        """The reasons in sentences; an empty list if the server is ready. They contain no patient data."""
        found = (self._not_readable(), self._clock(), self._not_writable(), self._not_sealing())
        return [as_sentence(one) for one in found if one is not None]

    def _not_readable(self) -> str | None:
        try:
            self._ledger.position()
        except (PersistenceError, StoreError) as error:
            return _in_words(error, UNREADABLE)
        return None

    def _clock(self) -> str | None:
        try:
            trouble = self._ledger.clock_check.trouble()
        except (PersistenceError, StoreError):
            # What cannot be read is a reason of its own.
            return None
        return f"{trouble}, so nothing is written" if trouble is not None else None

    def _not_writable(self) -> str | None:
        last, now = self._ledger.condition.last_write, time.monotonic()
        is_recent = last.succeeded_at is not None and now - last.succeeded_at < RECENT_SECONDS
        if last.failure is None and is_recent and self._ledger.condition.are_files_here():
            return None
        with self._one_at_a_time:
            if time.monotonic() - self._tried_at >= TRIAL_SECONDS:
                self._result = self._trial()
                self._tried_at = time.monotonic()
            return self._result

    def _trial(self) -> str | None:
        try:
            self._ledger.condition.try_to_write()
        except (PersistenceError, StoreError) as error:
            return _in_words(error, REFUSED)
        return None

    def _not_sealing(self) -> str | None:
        lost = self._sealing.lost_folder()
        if lost is not None:
            return lost
        if self._sealing.refusal is None or self._sealing.waits_for_store:
            return None
        return f"New events are not being sealed: {self._sealing.refusal}"


def _in_words(error: Exception, otherwise: str) -> str:
    """The cause, if the program knows it in words of its own. The text of another error may name the server."""
    return error.cause if isinstance(error, Unavailable) else otherwise
