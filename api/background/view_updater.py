"""Keeps the views up to date while the API serves: a thread that follows the log.

A question never depends on it, for a question catches up by itself. It is there so that there is
mostly nothing left to catch up with, and so that patients who failed are tried again when
nobody asks.
"""

from __future__ import annotations

import logging
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from domain.ledger.application import Ledger
from projections.worklist.runner import catch_up, place_of

BEAT_SECONDS: Final = 1.0
"""How long it waits for the log to grow before it looks whom time alone has altered, or who is tried again."""

FIRST_PAUSE_SECONDS: Final = 0.5
LAST_PAUSE_SECONDS: Final = 30.0
SECONDS_TO_STOP: Final = 10.0

_LOG: Final = logging.getLogger(__name__)


class _Stopped(Exception):
    """In the middle of its work, between two batches; the next runner goes on from there."""


class Tail:
    """Start it once, and stop it before the ledger is closed; or use it in a `with`."""

    def __init__(self, ledger: Ledger, *, beat_seconds: float = BEAT_SECONDS) -> None:
        self._ledger = ledger
        self._beat_seconds = beat_seconds
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="tail", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when it has ended: after the batch that it is at, or the beat that it waits for."""
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
                # Its text may quote what is stored; its kind and place do not.
                _LOG.warning(
                    "The worklist tables are not being updated: %s; next attempt in %g s", place_of(error), pause
                )
                self._stopping.wait(pause)
                pause = min(2 * pause, LAST_PAUSE_SECONDS)

    def _between_batches(self, _: int) -> None:
        if self._stopping.is_set():
            raise _Stopped
