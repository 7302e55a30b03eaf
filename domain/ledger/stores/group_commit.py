"""Group commit: commands that wait at the same time are written in one transaction, by the thread of the first one.

A commit waits for the disk once, whether it contains one command or fifty. Each command still succeeds or fails
on its own: a command whose version or key is taken is left out of the batch, and if a batch fails with an error
that a single command may have caused, each command is tried alone. No caller gets an answer before the commit.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError, PersistenceError, StoredEvent

from domain.ledger.stores.unavailable import Busy

BATCH_MAX: Final = 64
"""The most commands in one transaction. Later commands are written in the next transaction."""


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """The record of an idempotency key: the versions of the events of one command in a patient's history."""

    caller: str
    key: str
    request_digest: str
    patient_id: UUID
    first_version: int
    last_version: int


class AccessRow(NamedTuple):
    """A row of the access log. `row` is the text that the digest covers; the other fields are for searching."""

    number: int
    at: datetime
    actor_id: str
    patient_id: UUID | None
    row: str


@dataclass(frozen=True, slots=True)
class Recording:
    """The rows of one command, or of one batch of the access log. All of them are stored, or none.

    The first event of a batch of `accesses` is their digest, and its stream is their register.
    """

    events: Sequence[StoredEvent]
    command: CommandRecord | None
    accesses: Sequence[AccessRow] = ()

    @property
    def register(self) -> UUID:
        stream = self.events[0].originator_id
        assert isinstance(stream, UUID)
        return stream

    def heads(self) -> dict[UUID, int]:
        """The version that each stream must have before its events are written; 0 if it must be empty."""
        found: dict[UUID, int] = {}
        for event in self.events:
            assert isinstance(event.originator_id, UUID)
            found.setdefault(event.originator_id, event.originator_version - 1)
        return found

    def claims(self) -> set[object]:
        """The streams, and the key of the command. Two recordings of one batch can't share any of these."""
        claimed: set[object] = {event.originator_id for event in self.events}
        if self.command is not None:
            claimed.add((self.command.caller, self.command.key))
        return claimed


class Claiming(Protocol):
    """What can be written in a batch: a command, or accesses."""

    def claims(self) -> set[object]:
        """Values that two items of one batch can't share. Items that share one are written in different batches."""


R = TypeVar("R", bound=Claiming)


class _WaitingCaller(Generic[R]):
    """One caller. `turn` is released when the caller is answered, or when the caller leads and writes the next batch.

    `lost` is true if the version or key of the recording was taken.
    """

    __slots__ = ("answered", "error", "leads", "lost", "recording", "turn")

    def __init__(self, recording: R) -> None:
        self.recording = recording
        self.turn = Lock()
        self.turn.acquire()
        self.answered = False
        self.leads = False
        self.lost = False
        self.error: BaseException | None = None

    def answer(self, *, lost: bool = False, error: BaseException | None = None) -> None:
        self.answered, self.lost, self.error = True, lost, error


class GroupCommit(Generic[R]):
    """Collects the recordings of the threads of one process, and writes them in batches.

    `write` writes a batch in one transaction. It returns the indexes of the recordings whose version or key was
    taken, of which nothing is stored.
    """

    def __init__(self, write: Callable[[Sequence[R]], Collection[int]]) -> None:
        self._write = write
        self._queue_lock = Lock()
        self._queue: deque[_WaitingCaller[R]] = deque()
        self._has_leader = False
        self.sizes: Counter[int] = Counter()
        """How many batches had each size, for the metrics."""

    def commit(self, recording: R) -> None:
        """Returns when the recording is durable. Raises IntegrityError if its version or key is taken.

        It also raises the errors of `write`. After an IntegrityError, the caller must check whether
        the recording itself was stored, because an attempt before a lost connection may have succeeded.
        """
        own = _WaitingCaller(recording)
        with self._queue_lock:
            self._queue.append(own)
            leads, self._has_leader = not self._has_leader, True
        if not leads:
            self._wait(own)
        if not own.answered:
            self._lead()
        if own.error is not None:
            # Other threads may raise the same error at the same time, so each thread raises a copy of it.
            raise type(own.error)(*own.error.args) from own.error
        if own.lost:
            raise IntegrityError("the version before it has changed, or the key of its command is already recorded")

    def _wait(self, own: _WaitingCaller[R]) -> None:
        try:
            own.turn.acquire()
        except BaseException:
            # The thread was interrupted. If it is the leader and does not write, all other callers wait forever.
            with self._queue_lock:
                if own in self._queue:
                    self._queue.remove(own)
                    if own.leads:
                        self._pass_lead_on()
            raise

    def _lead(self) -> None:
        """Writes the next batch, which includes the leader's own recording, and passes the lead to the next caller."""
        with self._queue_lock:
            batch = self._next_batch()
            self.sizes[len(batch)] += 1
        try:
            self._write_batch(batch)
        finally:
            late: list[_WaitingCaller[R]] = []
            with self._queue_lock:
                if isinstance(batch[0].error, Busy):
                    # They waited for the same lock. If each waited once more, nobody could say how long it takes.
                    late = list(self._queue)
                    self._queue.clear()
                self._pass_lead_on()
            for one in late:
                one.answer(error=batch[0].error)
                one.turn.release()
            for one in batch[1:]:
                if not one.answered:
                    # Otherwise, this caller would become a leader, and take its own recording for durable.
                    one.answer(error=OperationalError("saving was interrupted: send the command again"))
                one.turn.release()

    def _next_batch(self) -> list[_WaitingCaller[R]]:
        """The next batch, in order. A caller who shares a claim with another caller of the batch stays in the queue."""
        if len(self._queue) == 1:
            return [self._queue.popleft()]
        batch: list[_WaitingCaller[R]] = []
        claimed: set[object] = set()
        postponed: list[_WaitingCaller[R]] = []
        while self._queue and len(batch) < BATCH_MAX:
            one = self._queue.popleft()
            claims = one.recording.claims()
            if claimed.isdisjoint(claims):
                claimed |= claims
                batch.append(one)
            else:
                postponed.append(one)
        self._queue.extendleft(reversed(postponed))
        return batch

    def _pass_lead_on(self) -> None:
        self._has_leader = bool(self._queue)
        if self._queue:
            self._queue[0].leads = True
            self._queue[0].turn.release()

    def _write_batch(self, batch: Sequence[_WaitingCaller[R]]) -> None:
        try:
            lost = self._write([one.recording for one in batch])
        except (OperationalError, InterfaceError) as unavailable:
            for one in batch:
                one.answer(error=unavailable)
        except PersistenceError as error:
            if len(batch) == 1:
                batch[0].answer(error=error)
                return
            for one in batch:
                self._write_batch([one])
        else:
            for number, one in enumerate(batch):
                one.answer(lost=number in lost)
