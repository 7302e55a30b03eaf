"""Commands that wait at the same time are written in one transaction, by the first of them that waits.

A commit costs the store one wait for its disk, whether it holds one command or fifty. Each command
stays by itself all the same: one whose place is taken is left out of the batch, and where a batch
fails for something that only one of them may be to blame for, each is tried alone. Nobody is
answered before the commit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError, PersistenceError, StoredEvent

BATCH_MAX: Final = 64
"""Commands in one transaction; who comes later is in the next."""


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """What a caller's key stands for: the events of one command, first to last, in a patient's history."""

    caller: str
    key: str
    request_digest: str
    patient_id: UUID
    first_version: int
    last_version: int


class AccessRow(NamedTuple):
    """A row of the access log. What it is found by stands beside the text that its digest is over."""

    number: int
    at: datetime
    actor_id: str
    patient_id: UUID | None
    row: str


@dataclass(frozen=True, slots=True)
class Recording:
    """The rows of one command, or of one batch of the access log: all of them are stored, or none.

    `accesses` belong to the register whose stream their first event, the digest of them, lies in.
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
        """The version that each of its streams must have for its events to follow; 0 where it is to be empty."""
        found: dict[UUID, int] = {}
        for event in self.events:
            assert isinstance(event.originator_id, UUID)
            found.setdefault(event.originator_id, event.originator_version - 1)
        return found

    def places(self) -> set[object]:
        """What no two of one batch may both claim."""
        claimed: set[object] = {event.originator_id for event in self.events}
        if self.command is not None:
            claimed.add((self.command.caller, self.command.key))
        return claimed


class Claiming(Protocol):
    """What can wait here."""

    def places(self) -> set[object]:
        """What no two of one batch may both claim."""


R = TypeVar("R", bound=Claiming)


class _WaitingCaller(Generic[R]):
    """One caller. `turn` is released when it is answered, or when it is to write the next batch and `leads`."""

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
    """Where the threads of one process meet on their way to the store.

    `write` writes a batch in one transaction, and tells the numbers of those whose places were taken, of which nothing
    is stored.
    """

    def __init__(self, write: Callable[[Sequence[R]], Collection[int]]) -> None:
        self._write = write
        self._gate = Lock()
        self._queue: deque[_WaitingCaller[R]] = deque()
        self._somebody_leads = False

    def commit(self, recording: R) -> None:
        """Returns once it is durable. Raises IntegrityError where its place or key is taken, and what writing raises.

        After an IntegrityError the caller looks whether it was stored all the same: by
        itself, before a connection was lost.
        """
        own = _WaitingCaller(recording)
        with self._gate:
            self._queue.append(own)
            leads, self._somebody_leads = not self._somebody_leads, True
        if not leads:
            self._wait(own)
        if not own.answered:
            self._lead()
        if own.error is not None:
            # Others may raise the same one at the same time, so each has its own.
            raise type(own.error)(*own.error.args) from own.error
        if own.lost:
            raise IntegrityError("the version before it has changed, or the key of its command is already recorded")

    def _wait(self, own: _WaitingCaller[R]) -> None:
        try:
            own.turn.acquire()
        except BaseException:
            # Interrupted: whoever is told to lead and does not would leave all others waiting.
            with self._gate:
                if own in self._queue:
                    self._queue.remove(own)
                    if own.leads:
                        self._hand_on()
            raise

    def _lead(self) -> None:
        """Writes what waits, the leader's own first, and hands the lead to the first of those who came meanwhile."""
        with self._gate:
            batch = self._taken()
        try:
            self._written(batch)
        finally:
            with self._gate:
                self._hand_on()
            for one in batch[1:]:
                if not one.answered:
                    # Else it would take its turn for the lead, and be told that it is durable.
                    one.answer(error=OperationalError("saving was interrupted: send the command again"))
                one.turn.release()

    def _taken(self) -> list[_WaitingCaller[R]]:
        """In their order, but for those who claim what another of the batch claims: they are next."""
        if len(self._queue) == 1:
            return [self._queue.popleft()]
        taken: list[_WaitingCaller[R]] = []
        claimed: set[object] = set()
        left: list[_WaitingCaller[R]] = []
        while self._queue and len(taken) < BATCH_MAX:
            one = self._queue.popleft()
            places = one.recording.places()
            if claimed.isdisjoint(places):
                claimed |= places
                taken.append(one)
            else:
                left.append(one)
        self._queue.extendleft(reversed(left))
        return taken

    def _hand_on(self) -> None:
        self._somebody_leads = bool(self._queue)
        if self._queue:
            self._queue[0].leads = True
            self._queue[0].turn.release()

    def _written(self, batch: Sequence[_WaitingCaller[R]]) -> None:
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
                self._written([one])
        else:
            for number, one in enumerate(batch):
                one.answer(lost=number in lost)
