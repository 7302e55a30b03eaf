"""Commands that wait together are written together, and each is answered for itself alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from threading import Event as Signal
from threading import Lock
from uuid import UUID

import pytest
from eventsourcing.persistence import DataError, IntegrityError, OperationalError, StoredEvent

from domain.ledger.stores import group_commit
from domain.ledger.stores.group_commit import BATCH_MAX, CommandRecord, GroupCommit, Recording

LOST = b"lost"
BROKEN = b"broken"
FULL = b"full"


def recording(stream: int, state: bytes = b"", key: str | None = None, version: int = 1) -> Recording:
    patient_id = UUID(int=stream)
    command = CommandRecord("r.nurse", key, "", patient_id, version, version) if key is not None else None
    return Recording([StoredEvent(patient_id, version, "DoseAdministered", state)], command)


class Store:
    """Writes one batch after the other, the first once `opened` is set; what it does with one is in its state."""

    def __init__(self) -> None:
        self.batches: list[list[Recording]] = []
        self.committed: list[Recording] = []
        self.opened = Signal()
        self.entered = Signal()
        self.writing = 0

    def write(self, batch: Sequence[Recording]) -> Collection[int]:
        self.writing += 1
        assert self.writing == 1, "one batch at a time"
        try:
            self.batches.append(list(batch))
            self.entered.set()
            assert self.opened.wait(10)
            states = [one.events[0].state for one in batch]
            if FULL in states:
                raise OperationalError("the disk is full")
            if BROKEN in states:
                raise DataError("this one cannot be stored")
            lost = [number for number, state in enumerate(states) if state == LOST]
            self.committed += [one for number, one in enumerate(batch) if number not in lost]
            return lost
        finally:
            self.writing -= 1


class Crowd:
    """One caller in the store, and the others waiting behind it in their order."""

    def __init__(self, *behind: Recording) -> None:
        self.store = Store()
        self.commits = GroupCommit(self.store.write)
        self.threads = ThreadPoolExecutor(len(behind) + 1)
        self.first = self.send(recording(0))
        assert self.store.entered.wait(10)
        self.behind = [self.send_in_order(one, place) for place, one in enumerate(behind, 1)]

    def send(self, one: Recording) -> Future[None]:
        return self.threads.submit(self.commits.commit, one)

    def send_in_order(self, one: Recording, place: int) -> Future[None]:
        sent = self.send(one)
        until(lambda: len(self.commits._queue) == place)
        return sent

    def outcomes(self) -> list[type[BaseException] | None]:
        """How each of those behind was answered, after the first was let through."""
        self.store.opened.set()
        self.first.result(10)
        return [type(error) if (error := one.exception(10)) is not None else None for one in self.behind]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def streams(batch: Sequence[Recording]) -> list[int]:
    return [UUID(str(one.events[0].originator_id)).int for one in batch]


def test_who_comes_alone_is_written_alone() -> None:
    store = Store()
    store.opened.set()
    commits = GroupCommit(store.write)
    for number in range(3):
        commits.commit(recording(number))
    assert [streams(batch) for batch in store.batches] == [[0], [1], [2]]


def test_those_who_came_meanwhile_are_one_batch_in_their_order() -> None:
    crowd = Crowd(*map(recording, (3, 1, 2)))
    assert crowd.outcomes() == [None, None, None]
    assert [streams(batch) for batch in crowd.store.batches] == [[0], [3, 1, 2]]


def test_nobody_is_answered_before_the_commit() -> None:
    crowd = Crowd(*map(recording, (1, 2)))
    time.sleep(0.05)
    assert not crowd.first.done()
    assert not any(one.done() for one in crowd.behind)
    assert crowd.store.committed == []
    crowd.outcomes()
    assert len(crowd.store.committed) == 3


def test_a_recording_that_lost_its_version_is_an_error_and_its_neighbors_are_stored() -> None:
    crowd = Crowd(recording(1), recording(2, LOST), recording(3))
    assert crowd.outcomes() == [None, IntegrityError, None]
    assert streams(crowd.store.committed) == [0, 1, 3]


def test_where_one_cannot_be_stored_each_is_tried_alone() -> None:
    crowd = Crowd(recording(1), recording(2, BROKEN), recording(3))
    assert crowd.outcomes() == [None, DataError, None]
    assert streams(crowd.store.committed) == [0, 1, 3]


def test_where_the_store_fails_everybody_is_told_and_the_next_come_through() -> None:
    crowd = Crowd(recording(1), recording(2, FULL), recording(3))
    assert crowd.outcomes() == [OperationalError] * 3
    errors = {id(one.exception()) for one in crowd.behind}
    assert len(errors) == 3, "each raises an error of its own"
    crowd.send(recording(4)).result(10)
    assert streams(crowd.store.committed) == [0, 4]


@pytest.mark.parametrize(
    ("one", "other"),
    [(recording(1, version=5), recording(1, version=5)), (recording(1, key="k"), recording(2, key="k"))],
    ids=["one stream", "one key"],
)
def test_two_that_claim_the_same_are_not_in_one_batch(one: Recording, other: Recording) -> None:
    crowd = Crowd(one, other, recording(3))
    assert crowd.outcomes() == [None, None, None]
    assert [len(batch) for batch in crowd.store.batches] == [1, 2, 1]
    assert crowd.store.batches[2] == [other]


def test_a_batch_has_its_limit() -> None:
    crowd = Crowd(*map(recording, range(1, BATCH_MAX + 6)))
    assert set(crowd.outcomes()) == {None}
    assert [len(batch) for batch in crowd.store.batches] == [1, BATCH_MAX, 5]


class Interrupted(BaseException):
    """What a signal raises in the middle of a write."""


def test_a_caller_that_is_interrupted_while_writing_leaves_nobody_waiting() -> None:
    crowd = Crowd(*map(recording, (1, 2)))
    write, left = crowd.commits._write, [1]

    def interrupted(batch: Sequence[Recording]) -> Collection[int]:
        if left[0]:
            left[0] = 0
            raise Interrupted
        return write(batch)

    crowd.commits._write = interrupted
    # The leader of the second batch is interrupted; the one beside it can't know whether it is stored.
    assert crowd.outcomes() == [Interrupted, OperationalError]
    crowd.send(recording(4)).result(10)
    assert streams(crowd.store.committed) == [0, 4]


def test_a_caller_that_is_interrupted_while_each_is_tried_alone_leaves_nobody_answered_as_stored() -> None:
    crowd = Crowd(recording(1), recording(2, BROKEN), recording(3))
    write = crowd.commits._write

    def interrupted(batch: Sequence[Recording]) -> Collection[int]:
        if streams(batch) == [2]:
            raise Interrupted
        return write(batch)

    crowd.commits._write = interrupted
    assert crowd.outcomes() == [Interrupted, OperationalError, OperationalError]
    crowd.send(recording(4)).result(10)
    assert streams(crowd.store.committed) == [0, 1, 4]


class InterruptedWithIt:
    """A lock whose second owner is interrupted in the moment in which it gets it."""

    def __init__(self) -> None:
        self.real, self.owners = Lock(), count(1)
        self.release, self.locked = self.real.release, self.real.locked

    def acquire(self) -> None:
        self.real.acquire()
        if next(self.owners) == 2:
            raise Interrupted


def test_a_caller_that_is_interrupted_before_it_writes_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    # The lock of the queue, the turn of the caller that writes, and the turn of the next caller.
    locks = iter([Lock(), Lock(), InterruptedWithIt()])
    monkeypatch.setattr(group_commit, "Lock", lambda: next(locks, None) or Lock())
    crowd = Crowd(*map(recording, (1, 2)))
    assert crowd.outcomes() == [Interrupted, None]
    crowd.send(recording(4)).result(10)
    assert streams(crowd.store.committed) == [0, 2, 4]
