"""Who gives a command, when, and with which random seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.calendar import recording_times
from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.events.base import Event, ImportedFrom
from domain.people import Actor

E = TypeVar("E", bound=Event)
_UNSALTED = "0" * 32


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who gives a command, or would give it, and when.

    `at` is the instant of the clock in UTC. `zone` is the plan's time zone, and `table` has its deadlines.
    """

    at: datetime
    zone: ZoneInfo
    actor: Actor
    table: DeadlineTable = field(default=BUILT_IN, kw_only=True)

    @property
    def today(self) -> date:
        """The calendar day in the plan's zone."""
        return self.day_of(self.at)

    def day_of(self, instant: datetime) -> date:
        """The calendar day of an instant in the plan's zone."""
        return instant.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class CommandContext(Occasion):
    """Everything that pure code must not read by itself: `Occasion`, and `seed`, 32 random bytes of this command.

    `imported_from` is set on every event of a command that is from an import. The events are recorded after the
    instant `after`, when the newest event of the history was.
    """

    command_id: UUID
    seed: bytes
    imported_from: ImportedFrom | None = None
    after: datetime | None = None

    def event(self, kind: type[E], /, **values: Any) -> E:
        """An event of this command, recorded now. `decide` sets the salts when all events of the command are known."""
        return kind(
            **recording_times(self.at, self.after),
            salt=_UNSALTED,
            command_id=self.command_id,
            actor=self.actor,
            imported_from=self.imported_from,
            **values,
        )

    def salts(self) -> Iterator[str]:
        """One salt of 16 bytes for each event, in hexadecimal."""
        number = 0
        while True:
            yield hashlib.sha256(self.seed + number.to_bytes(4, "big")).digest()[:16].hex()
            number += 1
