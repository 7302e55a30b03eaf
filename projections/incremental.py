"""The facts of every history for the reports, cached in this process and updated on each call."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from uuid import UUID

from domain.ledger.reader import PAGE, LedgerReader
from projections.figures import HistoryFacts, facts_of


class CachedFacts:
    """Caches the facts of every history. Each call computes only histories that changed since the last call."""

    def __init__(self, ledger: LedgerReader) -> None:
        self._ledger = ledger
        self._cached: dict[UUID, HistoryFacts] = {}
        self._position = 0
        self._lock = Lock()

    def all(self) -> Sequence[HistoryFacts]:
        """Returns the current facts of every history."""
        with self._lock:
            while True:
                changed, position = self._ledger.changed_since(self._position, PAGE)
                for patient_id in changed:
                    self._cached[patient_id] = facts_of(self._ledger.events(patient_id))
                if position == self._position:
                    return list(self._cached.values())
                self._position = position
