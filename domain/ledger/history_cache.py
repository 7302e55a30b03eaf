"""A cache of the most recently used histories, so that a command or a question folds only newer events.

Of a long history, earlier versions are cached too, so that a page of its audit trail folds few events.

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


EARLIER_MAX: Final = 256
"""The most earlier versions that one process caches. A version shares most of its records with the later ones."""

STEP: Final = 200
"""The most events between two cached versions of a history that was folded from its first event."""


class HistoryCache:
    """A cache of histories by patient. Safe for threads. The least recently used history is removed first."""

    def __init__(self, most: int = HISTORIES_MAX) -> None:
        self._size_max = most
        self._lock = Lock()
        self._histories: OrderedDict[UUID, PatientHistory] = OrderedDict()
        self._earlier: OrderedDict[tuple[UUID, int], PatientHistory] = OrderedDict()
        self.times_cleared = 0

    def __len__(self) -> int:
        return len(self._histories)

    def get(self, patient_id: UUID) -> PatientHistory | None:
        with self._lock:
            found = self._histories.get(patient_id)
            if found is not None:
                self._histories.move_to_end(patient_id)
        return found

    def get_by(self, patient_id: UUID, version: int) -> PatientHistory | None:
        """The latest cached version of a history up to `version`."""
        with self._lock:
            newest = self._histories.get(patient_id)
            if newest is not None and newest.version <= version:
                return newest
            versions = [one for patient, one in self._earlier if patient == patient_id and one <= version]
            if not versions:
                return None
            key = patient_id, max(versions)
            self._earlier.move_to_end(key)
            return self._earlier[key]

    def keep(self, history: PatientHistory, times_cleared: int | None = None) -> None:
        """Adds a history, unless a newer one is cached or the cache was cleared since `times_cleared` was read.

        A history that was read before a connection was lost may come from another server than the current one.
        """
        with self._lock:
            if times_cleared not in (None, self.times_cleared):
                return
            before = self._histories.get(history.patient_id)
            if before is None or before.version < history.version:
                if before is not None and (before.version - 1) // STEP < (history.version - 1) // STEP:
                    self._keep_earlier(before)
                self._histories[history.patient_id] = history
                self._histories.move_to_end(history.patient_id)
                if len(self._histories) > self._size_max:
                    self._histories.popitem(last=False)

    def keep_earlier(self, history: PatientHistory, times_cleared: int) -> None:
        """Adds an earlier version of a history, unless the cache was cleared since `times_cleared` was read."""
        with self._lock:
            if times_cleared == self.times_cleared:
                self._keep_earlier(history)

    def _keep_earlier(self, history: PatientHistory) -> None:
        key = history.patient_id, history.version
        self._earlier[key] = history
        self._earlier.move_to_end(key)
        if len(self._earlier) > EARLIER_MAX:
            self._earlier.popitem(last=False)

    def forget(self, patient_id: UUID | None = None) -> None:
        """Removes one history, or all of them.

        After a lost connection, the store may be another server, which never received the newest events.
        """
        with self._lock:
            if patient_id is None:
                self._histories.clear()
                self._earlier.clear()
                self.times_cleared += 1
            else:
                self._histories.pop(patient_id, None)
                for key in [one for one in self._earlier if one[0] == patient_id]:
                    del self._earlier[key]
