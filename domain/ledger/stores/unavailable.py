"""Why a store can't be used now, in words for the caller; and how work is repeated after a lost connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Final, ParamSpec, Protocol, TypeVar

from eventsourcing.persistence import InterfaceError, OperationalError

ATTEMPTS: Final = 10
PAUSE_SECONDS: Final = 0.2
LOCK_SECONDS: Final = 3
"""How long one attempt waits for a lock on PostgreSQL, as in the function that records commands (`tables.py`)."""
STATEMENT_SECONDS: Final = 30
"""The longest time that one statement of a read may take on PostgreSQL."""
VIEWS_WAIT_SECONDS: Final = 10
"""The longest wait of a writer of the views or of the seal for another one, whose transaction is one batch."""
HISTORY_LOCK_SECONDS: Final = 10
"""The longest wait of a command for the earlier commands of its process on the same history."""
SEND_AGAIN: Final = "send the same request again with the same Idempotency-Key"

P = ParamSpec("P")
T = TypeVar("T")


class Unavailable(OperationalError):
    """The store can't be used now, and a repetition by the program does not help: the cause, and the remedy.

    Both texts are shown to the caller and contain no recorded data.
    """

    def __init__(self, cause: str, remedy: str = SEND_AGAIN) -> None:
        super().__init__(cause, remedy)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.cause}: {self.remedy}"


class FilesChanged(Unavailable):
    """A file of the ledger was removed, replaced, or unmounted since this process opened it."""


class Busy(Unavailable):
    """Another process, or other callers of this process, did not release a lock in time."""


@dataclass(slots=True)
class LastWrite:
    """The outcome of the last write of this process: the error if it failed. The times are of the monotonic clock.

    A conflict with another command is no failure. `lock_waits` counts the writes that waited for a lock, and
    `lock_seconds` is how long.
    """

    failure: BaseException | None = None
    succeeded_at: float | None = None
    lock_waits: int = 0
    lock_seconds: float = 0.0


class StoreCondition(Protocol):
    """The condition of a store, for readiness and metrics. It has no record."""

    @property
    def last_write(self) -> LastWrite:
        """The outcome of the last write of this process."""

    @property
    def batch_sizes(self) -> Mapping[int, int]:
        """How many batches of commands and accesses had each size."""

    @property
    def connections_in_use(self) -> int:
        """How many connections for queries are in use now."""

    def try_to_write(self) -> None:
        """Writes and leaves nothing behind. Raises persistence errors."""

    def are_files_here(self) -> bool:
        """Whether the files of the ledger are those that were opened."""


def retried(work: Callable[P, T]) -> Callable[P, T]:
    """Runs `work` again if a connection was lost, but not if a lock was held too long: that wait has a limit."""

    @wraps(work)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(ATTEMPTS - 1):
            try:
                return work(*args, **kwargs)
            except Unavailable:
                raise
            except (InterfaceError, OperationalError):
                time.sleep(PAUSE_SECONDS)
        return work(*args, **kwargs)

    return repeated
