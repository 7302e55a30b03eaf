"""The access log as it is written: every look in a row of its own, a digest of each batch among the events.

A person's look is durable before it is answered; those who look at the same time share one batch,
and that shares its commit with the commands of that moment. A system's look is kept for half a
second and written with those that came meanwhile; at most that is lost where a process dies.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Condition, Lock, Thread
from typing import Final, NamedTuple
from uuid import UUID

from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent

from domain.events.system import THE_LEDGER_ITSELF, AccessesRecorded
from domain.ledger.reader import Entropy, LedgerReader
from domain.ledger.stores.group_commit import AccessRow, GroupCommit
from domain.permissions.disclosure import Access, NewAccess, digest_of

FLUSH_SECONDS: Final = 0.5
"""How long a system's look waits for others."""

BUFFER_MAX: Final = 10_000
"""Looks of systems that wait at most; who comes when there are more writes them, or is refused."""

FLUSH_ROWS: Final = 1_000
"""Of those that waited, in one batch."""

ATTEMPTS: Final = 3
"""How often a batch is written, each time to a new register, because its place was not what this process knew."""

_TICK: Final = timedelta(microseconds=1)
_log: Final = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Batch:
    """What one caller has recorded; `in_doubt` is the digest of a batch of it that may be stored or not."""

    accesses: Sequence[Access]
    in_doubt: AccessesRecorded | None = None

    def places(self) -> set[object]:
        """None: the rows are numbered when they are written."""
        return set()


class Backlog(NamedTuple):
    """Looks of systems that are not written yet, and why they could not be when it was tried last."""

    waiting: int
    failure: str | None


class AccessLog:
    """What one process writes of who looked. Safe for threads; close it before the ledger.

    `record` raises eventsourcing's persistence errors where a look could not be written: it must not be answered then.
    """

    def __init__(self, ledger: LedgerReader, *, entropy: Entropy = os.urandom) -> None:
        self._ledger = ledger
        self._entropy = entropy
        self._commits = GroupCommit[_Batch](self._write)
        self._begin_register()
        self._last_at: datetime | None = None
        self._kept: list[tuple[NewAccess, datetime]] = []
        self._changed = Condition()
        self._one_flush = Lock()
        self._failure: str | None = None
        self._thread: Thread | None = None
        self._unwritten: _Batch | None = None
        self._is_closed = False

    def record(self, looks: Sequence[NewAccess], *, durable: bool) -> None:
        """Returns once they are on disk where `durable`, else once they are sure to be within a second."""
        if not looks:
            return
        at = self._ledger.now()
        if durable or self._is_closed:
            self._commits.commit(_Batch(self._accesses_of([(look, at) for look in looks])))
            return
        if self.is_full:
            self.flush()
        with self._changed:
            # Their rows are made when they are written, so that nobody waits for that.
            self._kept += [(look, at) for look in looks]
            if self._thread is None and not self._is_closed:
                self._thread = Thread(target=self._flush_again_and_again, name="access log", daemon=True)
                self._thread.start()
            self._changed.notify()
        if self._is_closed:
            self.flush()

    def flush(self) -> None:
        """Writes what is kept. Where that fails it raises, and is kept on."""
        with self._one_flush:
            while True:
                if self._unwritten is None:
                    with self._changed:
                        taken, self._kept = self._kept[:FLUSH_ROWS], self._kept[FLUSH_ROWS:]
                    if not taken:
                        return
                    self._unwritten = _Batch(self._accesses_of(taken))
                try:
                    self._commits.commit(self._unwritten)
                except Exception as error:
                    self._failure = type(error).__name__
                    raise
                self._unwritten, self._failure = None, None

    @property
    def is_full(self) -> bool:
        """Whether the next look of a system waits for the store, as a person's does."""
        return self.backlog.waiting >= BUFFER_MAX

    def _accesses_of(self, looks: Iterable[tuple[NewAccess, datetime]]) -> list[Access]:
        return [Access.of(look, at, self._entropy(16)) for look, at in looks]

    @property
    def backlog(self) -> Backlog:
        unwritten = self._unwritten
        return Backlog(len(self._kept) + (len(unwritten.accesses) if unwritten is not None else 0), self._failure)

    def close(self) -> None:
        """Writes what is kept; what comes later is written before it is answered."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def _flush_again_and_again(self) -> None:
        while not self._is_closed:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._kept or self._unwritten is not None)
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
        """With a random name, so that nobody else ever wrote to it."""
        self._register = UUID(bytes=self._entropy(16), version=4)
        self._version = 0
        self._rows = 0

    def _write(self, batch: Sequence[_Batch]) -> Sequence[int]:
        left = [one for one in batch if one.in_doubt is None or not self._is_stored(one.in_doubt)]
        accesses = [access for one in left for access in one.accesses]
        if not accesses:
            return ()
        for _ in range(ATTEMPTS):
            event = self._digest_of(accesses)
            for one in left:
                one.in_doubt = event
            if self._is_written(event, accesses):
                return ()
        raise OperationalError("the access log could not be written: see the log of the database")

    def _digest_of(self, accesses: Sequence[Access]) -> AccessesRecorded:
        at = self._ledger.now()
        if self._last_at is not None and at <= self._last_at:
            at = self._last_at + _TICK
        self._last_at = at
        return AccessesRecorded(
            originator_id=self._register,
            originator_version=self._version + 1,
            recorded_at=at,
            salt=self._entropy(16).hex(),
            command_id=UUID(bytes=self._entropy(16), version=4),
            actor=THE_LEDGER_ITSELF,
            first=self._rows + 1,
            count=len(accesses),
            rows_sha256=digest_of(access.row() for access in accesses),
        )

    def _is_written(self, event: AccessesRecorded, accesses: Sequence[Access]) -> bool:
        """False, and nothing of it is stored, where the place was another's, or the connection was lost before."""
        rows = [
            AccessRow(number, one.at, one.actor_id, one.patient_id, one.row())
            for number, one in enumerate(accesses, event.first)
        ]
        try:
            if not self._is_inserted(self._ledger.mapper.to_stored_event(event), event, rows):
                self._begin_register()
                return False
        except BaseException:
            # Whether it is stored may not be known: what comes next makes no use of its place.
            self._begin_register()
            raise
        self._version, self._rows = event.originator_version, event.first + event.count - 1
        return True

    def _is_inserted(self, stored: StoredEvent, event: AccessesRecorded, rows: Sequence[AccessRow]) -> bool:
        try:
            self._ledger.recorder.insert_events([stored], accesses=rows)
        except IntegrityError:
            # After a lost connection it may be this very batch that was committed.
            return self._is_stored(event)
        return True

    def _is_stored(self, event: AccessesRecorded) -> bool:
        """Whether this very batch, by its salt, is at its place, and durable."""
        stored = self._ledger.events.between(event.originator_id, event.originator_version, event.originator_version)
        if [one.salt for one in stored] != [event.salt]:
            return False
        self._ledger.recorder.make_sure()
        return True
