"""A cache of the most recently used histories, so that a command or a question folds only newer events.

A history is frozen, so all threads share it. A cached history may be older than the store, but never differs
from it. A caller therefore reads the newer events, or writes on the condition that there are none.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final
from uuid import UUID

from domain.history.state import PatientHistory

HISTORIES_MAX: Final = 1024
"""The most histories that one process caches: about ten kilobytes each, a few hundred with many assessments."""


class HistoryCache:
    """A cache of histories by patient. Safe for threads. The least recently used history is removed first."""

    def __init__(self, most: int = HISTORIES_MAX) -> None:
        self._size_max = most
        self._lock = Lock()
        self._histories: OrderedDict[UUID, PatientHistory] = OrderedDict()
        self.times_cleared = 0

    def __len__(self) -> int:
        return len(self._histories)

    def get(self, patient_id: UUID) -> PatientHistory | None:
        with self._lock:
            found = self._histories.get(patient_id)
            if found is not None:
                self._histories.move_to_end(patient_id)
        return found

    def keep(self, history: PatientHistory, times_cleared: int | None = None) -> None:
        """Adds a history, unless a newer one is cached or the cache was cleared since `times_cleared` was read.

        A history that was read before a connection was lost may come from another server than the current one.
        """
        with self._lock:
            if times_cleared not in (None, self.times_cleared):
                return
            before = self._histories.get(history.patient_id)
            if before is None or before.version < history.version:
                self._histories[history.patient_id] = history
                self._histories.move_to_end(history.patient_id)
                if len(self._histories) > self._size_max:
                    self._histories.popitem(last=False)

    def forget(self, patient_id: UUID | None = None) -> None:
        """Removes one history, or all of them.

        After a lost connection, the store may be another server, which never received the newest events.
        """
        with self._lock:
            if patient_id is None:
                self._histories.clear()
                self.times_cleared += 1
            else:
                self._histories.pop(patient_id, None)
