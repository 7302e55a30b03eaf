"""The histories that were folded last, so that a command or a question folds only what came since.

A history is frozen and shared as it is. What is remembered may be behind the store, never
beside it: whoever uses it either reads what came since, or writes on the condition that
nothing did.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final
from uuid import UUID

from domain.history.state import PatientHistory

HISTORIES_MAX: Final = 1024
"""Histories remembered by one process: some ten kilobytes each, of a patient with many assessments a few hundred."""


class Histories:
    """Safe for threads. The one that was used longest ago is forgotten first."""

    def __init__(self, most: int = HISTORIES_MAX) -> None:
        self._most = most
        self._lock = Lock()
        self._found: OrderedDict[UUID, PatientHistory] = OrderedDict()
        self.times_forgotten = 0

    def __len__(self) -> int:
        return len(self._found)

    def get(self, patient_id: UUID) -> PatientHistory | None:
        with self._lock:
            found = self._found.get(patient_id)
            if found is not None:
                self._found.move_to_end(patient_id)
        return found

    def keep(self, history: PatientHistory, times_forgotten: int | None = None) -> None:
        """Unless a newer one is remembered already, or all were forgotten since `times_forgotten` was read.

        What was read before a connection was lost may be of another store than what is asked now.
        """
        with self._lock:
            if times_forgotten not in (None, self.times_forgotten):
                return
            before = self._found.get(history.patient_id)
            if before is None or before.version < history.version:
                self._found[history.patient_id] = history
                self._found.move_to_end(history.patient_id)
                if len(self._found) > self._most:
                    self._found.popitem(last=False)

    def forget(self, patient_id: UUID | None = None) -> None:
        """One, or all of them: after a lost connection the store may be another, which never had the newest events."""
        with self._lock:
            if patient_id is None:
                self._found.clear()
                self.times_forgotten += 1
            else:
                self._found.pop(patient_id, None)
