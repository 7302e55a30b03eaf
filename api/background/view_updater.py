"""Updates the derived tables (views) while the API serves: a thread that follows the log.

A question does not depend on this thread, because it updates the tables itself. The thread makes sure that the tables
are usually up to date already, and that patients whose update failed are tried again even if there is no question.
"""

from __future__ import annotations

import logging
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from domain.ledger.application import Ledger
from projections.worklist.runner import catch_up, error_location

BEAT_SECONDS: Final = 1.0
"""How long the thread waits for a new event before it checks for rows that time has changed and for failed patients."""

FIRST_PAUSE_SECONDS: Final = 0.5
LAST_PAUSE_SECONDS: Final = 30.0
SECONDS_TO_STOP: Final = 10.0

_LOG: Final = logging.getLogger(__name__)


class _Stopped(Exception):
    """The thread was stopped between two batches. The next runner continues there."""


class ViewUpdater:
    """The thread that updates the tables. Start it only once, and stop it before the ledger is closed.

    It can be used in a `with`.
    """

    def __init__(self, ledger: Ledger, *, beat_seconds: float = BEAT_SECONDS) -> None:
        self._ledger = ledger
        self._beat_seconds = beat_seconds
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="tail", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stops the thread and waits for its end: after the current batch or wait, or after SECONDS_TO_STOP."""
        self._stopping.set()
        self._thread.join(SECONDS_TO_STOP)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            try:
                position = catch_up(self._ledger, self._between_batches).position
                self._ledger.wait_beyond(position, self._beat_seconds)
                pause = FIRST_PAUSE_SECONDS
            except _Stopped:
                return
            except Exception as error:
                if self._stopping.is_set():
                    return
                # The text of the error may quote stored data, so only its kind and place are logged.
                _LOG.warning(
                    "The worklist tables are not being updated: %s; next attempt in %g s", error_location(error), pause
                )
                self._stopping.wait(pause)
                pause = min(2 * pause, LAST_PAUSE_SECONDS)

    def _between_batches(self, _: int) -> None:
        if self._stopping.is_set():
            raise _Stopped
