"""The check of the clock before each write: a wrong clock must not date what is recorded.

Three bounds hold the clock. It is at most `BEHIND_MAX` behind the newest event of the log; it is within
`BEHIND_MAX` of the clock of the database server, if there is one; and since this process started, it advanced as
the machine's clock of elapsed time did, within `DRIFT_MAX`. Beyond a bound, nothing is written until an administrator
confirms the clock, which is an event with its reason. Reading goes on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final
from uuid import UUID

from pydantic_core import from_json

from domain.calendar import recording_times
from domain.events.system import ClockConfirmed
from domain.frozen import set_fields
from domain.ledger.errors import StoreError
from domain.ledger.event_store import PatientEvents
from domain.people import Actor

BEHIND_MAX: Final = timedelta(seconds=60)
"""How far the clock may be behind the newest event, and from the clock of the database server."""
DRIFT_MAX: Final = timedelta(minutes=10)
"""How far the clock and the machine's clock of elapsed time may be apart since this process started."""
SECONDS_KEPT: Final = 1.0
"""How long, in seconds, what was read from the store is used."""
_EVENTS_READ: Final = 20

Clock = Callable[[], datetime]
ElapsedClock = Callable[[], float]
"""Seconds since some moment in the past. No person and no time server can set this clock."""


def elapsed_of_machine() -> float:
    """The seconds since the machine started, with those in which it was suspended, if the machine counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class ClockNotTrusted(StoreError):
    """The clock is beyond a bound. Nothing was written; reading goes on."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"{cause}, so nothing is written",
            "correct the clock of this machine; if it is right, an administrator runs lemtrada-ledger clock confirm",
        )


class ClockCheck:
    """The check of the clock of one ledger in this process. Safe for threads.

    `stream` has the confirmations. `elapsed` is the machine's clock of elapsed time. None: the ledger's clock is not
    that of the machine, as in a test that sets it, so nothing is checked.
    """

    def __init__(self, clock: Clock, elapsed: ElapsedClock | None, events: PatientEvents, stream: UUID) -> None:
        self._clock = clock
        self._elapsed = elapsed
        self.is_off = elapsed is None
        self._recorder = events.recorder
        self._mapper = events.mapper
        self._stream = stream
        self._lock = Lock()
        self._confirmed: ClockConfirmed | None = None
        self._was_read = False
        self._read_at = -SECONDS_KEPT
        self._newest: datetime | None = None
        self._database_ahead: timedelta | None = None
        self._start_again()

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)

    def _start_again(self) -> None:
        self._started = self._now()
        self._elapsed_at_start = self._elapsed() if self._elapsed is not None else 0.0

    # -- questions --------------------------------------------------------------------------------

    def instant(self) -> datetime:
        """The current instant of the clock, in UTC, for what is recorded now. Raises ClockNotTrusted."""
        if (trouble := self.trouble()) is not None:
            raise ClockNotTrusted(trouble)
        return self._now()

    def trouble(self) -> str | None:
        """What is wrong with the clock, or None. What the store says is at most `SECONDS_KEPT` old."""
        if self._elapsed is None:
            return None
        with self._lock:
            if not self._was_read:
                # An earlier confirmation says nothing of this clock from now on, but how far that of the server may be.
                self._confirmed, self._was_read = self._last_confirmation(), True
            if time.monotonic() - self._read_at >= SECONDS_KEPT:
                self._read()
            trouble = self._beyond()
            if trouble is None or not self._is_confirmed_again():
                return trouble
            # The confirmation is the newest event, and the clock is right as it was when it was confirmed.
            self._start_again()
            self._read()
            return self._beyond()

    def _beyond(self) -> str | None:
        now = self._now()
        if self._newest is not None and self._newest - now > BEHIND_MAX:
            behind = _in_words(self._newest - now)
            return f"the clock of this machine is {behind} behind the newest event of the ledger"
        assert self._elapsed is not None
        drift = now - self._started - timedelta(seconds=self._elapsed() - self._elapsed_at_start)
        if abs(drift) > DRIFT_MAX:
            way = "ahead" if drift > timedelta() else "back"
            return f"the clock of this machine was set {way} by {_in_words(abs(drift))} since the program started"
        if self._database_ahead is not None:
            accepted = self._confirmed.database_ahead_seconds if self._confirmed is not None else None
            if all(abs(self._database_ahead - timedelta(seconds=one)) > BEHIND_MAX for one in (0.0, accepted or 0.0)):
                apart = _in_words(abs(self._database_ahead))
                return f"the clocks of this machine and of the database server are {apart} apart"
        return None

    def _is_confirmed_again(self) -> bool:
        """Whether the clock was confirmed since this process asked last."""
        before, self._confirmed = self._confirmed, self._last_confirmation()
        return self._confirmed != before

    def _last_confirmation(self) -> ClockConfirmed | None:
        rows = self._recorder.rows_of(self._stream)
        if not rows:
            return None
        event = self._mapper.event_of(self._stream, *rows[-1])
        assert isinstance(event, ClockConfirmed)
        return event

    # -- the store --------------------------------------------------------------------------------

    def _read(self) -> None:
        began = time.monotonic()
        self._newest = self._newest_instant()
        self._database_ahead = self.database_ahead()
        self._read_at = began

    def _newest_instant(self) -> datetime | None:
        """When the newest event of the log was recorded. Accesses that were noted by a doubtful clock do not count."""
        position = self._recorder.max_notification_id() or 0
        while position > 0:
            rows = self._recorder.log(max(0, position - _EVENTS_READ), _EVENTS_READ)
            for *_, state in reversed(rows):
                # Without decoding the event, because a damaged one is found elsewhere and must not stop all writing.
                values = from_json(self._mapper.plain_state(state))
                if not values.get("clock_in_doubt"):
                    return datetime.fromisoformat(values.get("clock_at") or values["recorded_at"])
            position -= _EVENTS_READ
        return None

    def database_ahead(self) -> timedelta | None:
        """How far the clock of the database server is ahead of this machine's; None without a server."""
        before = self._now()
        there = self._recorder.server_time()
        if there is None:
            return None
        ahead: timedelta = there.astimezone(UTC) - before - (self._now() - before) / 2
        return ahead

    # -- the confirmation -------------------------------------------------------------------------

    def confirm(self, reason: str, by: Actor) -> ClockConfirmed:
        """Records that the clock is right now. Other programs write again when they find the event."""
        rows = self._recorder.rows_of(self._stream)
        after = self._mapper.event_of(self._stream, *rows[-1]).recorded_at if rows else None
        ahead = self.database_ahead()
        event = ClockConfirmed(
            **recording_times(self._now(), after),
            salt=os.urandom(16).hex(),
            command_id=UUID(bytes=os.urandom(16), version=4),
            actor=by,
            reason=reason,
            database_ahead_seconds=round(ahead.total_seconds(), 3) if ahead is not None else None,
        )
        event = set_fields(event, originator_id=self._stream, originator_version=rows[-1][0] + 1 if rows else 1)
        self._recorder.insert_events([self._mapper.to_stored_event(event)])
        return event


def _in_words(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for length, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}s"
    return f"{seconds} seconds"
