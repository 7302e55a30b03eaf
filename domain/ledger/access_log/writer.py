"""Writes the access log: a row for each access, and an event with a digest for each batch of rows.

A user's access is durable before the user gets the answer. Users who access data at the same time share one batch,
and the batch shares its commit with the commands of that time. A system's access waits for half a second, and is
written together with others. If a process is killed, at most the accesses that wait are lost.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Condition, Lock, Thread
from typing import Final, NamedTuple
from uuid import UUID

from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent

from domain.calendar import recording_times
from domain.events.system import THE_LEDGER_ITSELF, AccessesRecorded
from domain.ledger.reader import Entropy, LedgerReader
from domain.ledger.stores.group_commit import AccessRow, GroupCommit
from domain.permissions.disclosure import Access, NewAccess, digest_of

FLUSH_SECONDS: Final = 0.5
"""How long a system's access waits to be written together with others."""

BUFFER_MAX: Final = 10_000
"""The most accesses of systems that wait. A system that comes later first writes them, or is refused."""

FLUSH_ROWS: Final = 1_000
"""The most waiting accesses that are written in one batch."""

ATTEMPTS: Final = 3
"""How many times a batch is written, each time to a new register, if its register is not as this process expects."""

_log: Final = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Batch:
    """The accesses of one caller. `in_doubt` is the digest event of a batch with them that may or may not be stored."""

    accesses: Sequence[Access]
    in_doubt: AccessesRecorded | None = None

    def claims(self) -> set[object]:
        """Nothing, because the rows are numbered when they are written, so batches never conflict."""
        return set()


class Backlog(NamedTuple):
    """The number of accesses of systems that are not written yet, and the error of the last attempt, if it failed."""

    waiting: int
    failure: str | None


class AccessLog:
    """The access log of one process. Safe for threads. Close it before the ledger.

    `record` raises eventsourcing's persistence errors if an access could not be written. The caller must then return
    no data.
    """

    def __init__(self, ledger: LedgerReader, *, entropy: Entropy = os.urandom) -> None:
        self._ledger = ledger
        self._entropy = entropy
        self._commits = GroupCommit[_Batch](self._write)
        self._begin_register()
        self._last_at: datetime | None = None
        self._waiting: list[tuple[NewAccess, datetime]] = []
        self._changed = Condition()
        self._one_flush = Lock()
        self._failure: str | None = None
        self._thread: Thread | None = None
        self._unwritten: _Batch | None = None
        self._is_closed = False

    def record(self, accesses: Sequence[NewAccess], *, durable: bool) -> None:
        """Records accesses. They are on disk when this returns if `durable`, and otherwise within a second."""
        if not accesses:
            return
        at = self._ledger.now()
        if durable or self._is_closed:
            self._commits.commit(_Batch(self._accesses_of([(access, at) for access in accesses])))
            return
        if self.is_full:
            self.flush()
        with self._changed:
            # The rows are created when they are written, so that the caller does not wait for that.
            self._waiting += [(access, at) for access in accesses]
            if self._thread is None and not self._is_closed:
                self._thread = Thread(target=self._flush_periodically, name="access log", daemon=True)
                self._thread.start()
            self._changed.notify()
        if self._is_closed:
            self.flush()

    def flush(self) -> None:
        """Writes the waiting accesses. If that fails, raises the error, and the accesses continue to wait."""
        with self._one_flush:
            while True:
                if self._unwritten is None:
                    waiting = self._waiting[:FLUSH_ROWS]
                    if not waiting:
                        return
                    batch = _Batch(self._accesses_of(waiting))
                    with self._changed:
                        # Together, so that `backlog` counts each access once.
                        self._unwritten = batch
                        del self._waiting[: len(waiting)]
                try:
                    self._commits.commit(self._unwritten)
                except Exception as error:
                    self._failure = type(error).__name__
                    raise
                with self._changed:
                    self._unwritten, self._failure = None, None

    @property
    def is_full(self) -> bool:
        """Whether the next access of a system must wait for the store, as a user's access does."""
        return self.backlog.waiting >= BUFFER_MAX

    def _accesses_of(self, accesses: Iterable[tuple[NewAccess, datetime]]) -> list[Access]:
        return [Access.of(access, at, self._entropy(16)) for access, at in accesses]

    @property
    def backlog(self) -> Backlog:
        with self._changed:
            unwritten = len(self._unwritten.accesses) if self._unwritten is not None else 0
            return Backlog(len(self._waiting) + unwritten, self._failure)

    def close(self) -> None:
        """Writes the waiting accesses. Later accesses are written before their callers continue."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def _flush_periodically(self) -> None:
        while not self._is_closed:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._waiting or self._unwritten is not None)
                self._changed.wait_for(lambda: self._is_closed, FLUSH_SECONDS)
            if self._is_closed:
                return
            had_failed = self._failure is not None
            try:
                self.flush()
            except Exception as error:
                if not had_failed:
                    kind, waiting = type(error).__name__, self.backlog.waiting
                    _log.error("accesses by systems are not written yet: count=%d error=%s", waiting, kind)

    # -- one batch at a time ----------------------------------------------------------------------

    def _begin_register(self) -> None:
        """Starts a register with a random id, so that no other process writes to it."""
        self._register = UUID(bytes=self._entropy(16), version=4)
        self._version = 0
        self._rows = 0

    def _write(self, batch: Sequence[_Batch]) -> Sequence[int]:
        unwritten = [one for one in batch if one.in_doubt is None or not self._is_stored(one.in_doubt)]
        accesses = [access for one in unwritten for access in one.accesses]
        if not accesses:
            return ()
        for _ in range(ATTEMPTS):
            event = self._digest_of(accesses)
            for one in unwritten:
                one.in_doubt = event
            if self._is_written(event, accesses):
                return ()
        raise OperationalError("the access log could not be written: see the log of the database")

    def _digest_of(self, accesses: Sequence[Access]) -> AccessesRecorded:
        times = recording_times(self._ledger.now(), self._last_at)
        self._last_at = times["recorded_at"]
        return AccessesRecorded(
            originator_id=self._register,
            originator_version=self._version + 1,
            **times,
            clock_in_doubt=not self._ledger.clock_check.is_off and self._ledger.clock_check.trouble() is not None,
            salt=self._entropy(16).hex(),
            command_id=UUID(bytes=self._entropy(16), version=4),
            actor=THE_LEDGER_ITSELF,
            first=self._rows + 1,
            count=len(accesses),
            rows_sha256=digest_of(access.row() for access in accesses),
        )

    def _is_written(self, event: AccessesRecorded, accesses: Sequence[Access]) -> bool:
        """Writes a batch. False if the version was taken or the connection was lost; then nothing of it is stored."""
        rows = [
            AccessRow(number, one.at, one.actor_id, one.patient_id, one.row())
            for number, one in enumerate(accesses, event.first)
        ]
        try:
            if not self._is_inserted(self._ledger.mapper.to_stored_event(event), event, rows):
                self._begin_register()
                return False
        except BaseException:
            # It may be unknown whether the batch is stored, so the next batch goes to a new register.
            self._begin_register()
            raise
        self._version, self._rows = event.originator_version, event.first + event.count - 1
        return True

    def _is_inserted(self, stored: StoredEvent, event: AccessesRecorded, rows: Sequence[AccessRow]) -> bool:
        try:
            self._ledger.recorder.insert_events([stored], accesses=rows)
        except IntegrityError:
            # After a lost connection, the commit of this same batch may have succeeded.
            return self._is_stored(event)
        return True

    def _is_stored(self, event: AccessesRecorded) -> bool:
        """Whether this batch is stored and durable. The salt tells it from another batch at the same version."""
        stored = self._ledger.events.between(event.originator_id, event.originator_version, event.originator_version)
        if [one.salt for one in stored] != [event.salt]:
            return False
        self._ledger.recorder.wait_until_durable()
        return True
