"""Seals the log while the API serves: the folder of the signer, and the thread that seals and signs.

A determination never waits for sealing. An event is sealed within a second and signed within a minute. It is signed
immediately if a notice is sent and when the program stops.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Final, Self

import platformdirs
from eventsourcing.persistence import InterfaceError, OperationalError

from domain.ledger.errors import StoreError
from domain.ledger.reader import LedgerReader
from domain.ledger.sealing.sealing import AT_ONCE, LeaseHeldElsewhere, NotConsistent, Sealing
from domain.ledger.sealing.signer import Signer
from domain.ledger.stores.unavailable import Busy, Unavailable
from domain.ledger.stores.urls import SQLiteAddress

CHECKPOINT_SECONDS: Final = 45.0
"""The time between checkpoints while the log grows: at most a minute, with the wait for another process that seals."""

BEAT_SECONDS: Final = 1.0
GATHER_SECONDS: Final = 0.2
"""Events that are recorded within this time are sealed together."""

REFUSED_SECONDS: Final = 30.0
UNAVAILABLE_SECONDS: Final = 5.0
SECONDS_TO_STOP: Final = 20.0
FOLDER_SETTING: Final = "LEMTRADA_SEAL_DIR"
KEY_SETTING: Final = "LEMTRADA_SEAL_KEY"
PUBLISHED_SETTING: Final = "LEMTRADA_CHECKPOINTS_DIR"

_LOG: Final = logging.getLogger(__name__)


def signers_folder(ledger: LedgerReader) -> Path:
    """The folder of the signer: from the environment, else next to an SQLite file, else in the user's data folder."""
    if folder := os.environ.get(FOLDER_SETTING):
        return Path(folder)
    if isinstance(ledger.address, SQLiteAddress):
        file = ledger.address.path
        return file.with_name(f"{file.stem}-seal")
    return platformdirs.user_data_path("lemtrada-ledger", appauthor=False) / f"seal-{ledger.ledger_id}"


def signer_of(ledger: LedgerReader) -> Signer:
    """The signer of a ledger, with the signing key from the environment if it has one."""
    return Signer(signers_folder(ledger), os.urandom, os.environ.get(KEY_SETTING))


def sealing_of(ledger: LedgerReader) -> Sealing:
    """The sealing of a ledger, with the signing key and the folder for published checkpoints from the environment."""
    folder = os.environ.get(PUBLISHED_SETTING)
    return Sealing(ledger, signer_of(ledger), Path(folder) if folder else None)


class SealingThread:
    """The thread that seals and signs. Use it in a `with`, and only once. It must end before the ledger is closed."""

    def __init__(
        self, ledger: LedgerReader, sealing: Sealing, *, checkpoint_seconds: float = CHECKPOINT_SECONDS
    ) -> None:
        self._ledger = ledger
        self.sealing = sealing
        self._checkpoint_seconds = checkpoint_seconds
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="sealing", daemon=True)
        self._seen = -1
        self._signed_through = -1
        self._signed_at = monotonic() - checkpoint_seconds
        self._is_urgent = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(SECONDS_TO_STOP)

    def _run(self) -> None:
        while True:
            is_last = self._stopping.is_set()
            pause = self._attempt(is_last)
            if is_last:
                return
            if pause:
                self._stopping.wait(pause)

    def _attempt(self, is_last: bool) -> float:
        """Seals and signs once. Returns the seconds to wait before the next attempt."""
        try:
            self._seal_and_sign(is_last)
        except (LeaseHeldElsewhere, Busy):
            # Another process is sealing, or holds a lock. This thread checks again for events that are not sealed.
            return BEAT_SECONDS
        except (OperationalError, InterfaceError) as error:
            self._refused(error.cause if isinstance(error, Unavailable) else "The database does not answer", waits=True)
            return UNAVAILABLE_SECONDS
        except (NotConsistent, StoreError, OSError) as error:
            return self._refused(str(error) if not isinstance(error, OSError) else type(error).__name__)
        except Exception as error:
            # The text of the error may quote stored data, so only its kind and place are reported.
            from projections.worklist.runner import error_location  # noqa: PLC0415  (slow to import, and rarely needed)

            return self._refused(error_location(error))
        self.sealing.refusal, self.sealing.waits_for_store = None, False
        return 0.0

    def _refused(self, why: str, *, waits: bool = False) -> float:
        if why != self.sealing.refusal and not self._stopping.is_set():
            _LOG.error("New events are not being sealed: %s", why)
        self.sealing.refusal, self.sealing.waits_for_store = why, waits
        return REFUSED_SECONDS

    def _seal_and_sign(self, is_last: bool) -> None:
        if self.sealing.not_published is not None:
            self.sealing.publish()
        last = self._ledger.position() if is_last else self._ledger.wait_beyond(self._seen, BEAT_SECONDS)
        if last > self._seen:
            if not is_last and self._seen >= 0:
                self._stopping.wait(GATHER_SECONDS)
            self._is_urgent = bool(self.sealing.seal() & AT_ONCE) or self._is_urgent
            self._seen = last
        if self._seen <= self._signed_through:
            return
        if is_last or self._is_urgent or monotonic() - self._signed_at >= self._checkpoint_seconds:
            self._sign()

    def _sign(self) -> None:
        self.sealing.sign()
        # The first use of a key is recorded as an event, which the checkpoint covers too.
        self._seen = self._signed_through = max(self._seen, self.sealing.position)
        self._signed_at, self._is_urgent = monotonic(), False
