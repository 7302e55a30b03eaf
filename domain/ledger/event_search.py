"""A search of the whole log, newest first: so many events a page are read, and the answer says how far it came.

There is no index of who did what; a page reads a bounded stretch of the log, whatever it finds in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from domain.events.base import Event
from domain.ledger.reader import LedgerReader

READ_MAX: Final = 4_000
"""Events that one page reads at the most."""

BLOCK: Final = 500


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Left out, it is anybody's, of any kind, at any time. Days are the plan's, both included.

    `before` is the position where the page before ended; None begins at the end of the log.
    """

    actor_id: str | None = None
    topic: str | None = None
    since: date | None = None
    until: date | None = None
    command_id: UUID | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class EventsFound:
    """`events` with their positions, newest first. `goes_on` is where the next page begins; None: all was searched."""

    events: tuple[tuple[int, Event], ...]
    read: int
    goes_on: int | None


def search(ledger: LedgerReader, asked: EventQuery) -> EventsFound:
    found: list[tuple[int, Event]] = []
    read, top = 0, ledger.recorder.max_notification_id() + 1
    if asked.before is not None:
        # Whatever is sent: beyond the end of the log there is nothing to read.
        top = min(top, asked.before)
    while top > 1 and read < READ_MAX:
        # Positions may have holes, so a stretch of the log may hold fewer events than it has places.
        lowest = max(1, top - BLOCK)
        stretch = [one for one in ledger.events_since(lowest - 1, BLOCK) if one[0] < top]
        for position, event in reversed(stretch):
            read += 1
            if _is_asked_for(event, asked, ledger):
                found.append((position, event))
                if len(found) == asked.limit:
                    return EventsFound(tuple(found), read, position if position > 1 else None)
        top = lowest
    return EventsFound(tuple(found), read, top if top > 1 else None)


def _is_asked_for(event: Event, asked: EventQuery, ledger: LedgerReader) -> bool:
    if asked.topic is not None and asked.topic != event.TOPIC:
        return False
    if asked.actor_id is not None and event.actor.id != asked.actor_id:
        return False
    if asked.command_id is not None and event.command_id != asked.command_id:
        return False
    day = event.recorded_at.astimezone(ledger.zone).date()
    return (asked.since is None or day >= asked.since) and (asked.until is None or day <= asked.until)
