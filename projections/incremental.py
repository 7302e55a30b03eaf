"""Something that is worked out of every history, kept in this process and brought up to date when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID

from domain.events import PatientEvent
from domain.ledger.reader import PAGE, LedgerOnRecord

T = TypeVar("T")


class KeptFacts(Generic[T]):
    """Works out anew only whose histories changed since it was last asked; the first time that is everybody's."""

    def __init__(self, ledger: LedgerOnRecord, work_out: Callable[[Iterable[PatientEvent]], T]) -> None:
        self._ledger = ledger
        self._work_out = work_out
        self._kept: dict[UUID, T] = {}
        self._position = 0
        self._one_at_a_time = Lock()

    def all(self) -> Sequence[T]:
        """As of now, one of each patient."""
        with self._one_at_a_time:
            while True:
                changed, position = self._ledger.changed_since(self._position, PAGE)
                for patient_id in changed:
                    self._kept[patient_id] = self._work_out(self._ledger.events(patient_id))
                if position == self._position:
                    return list(self._kept.values())
                self._position = position
