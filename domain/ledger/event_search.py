"""Searches the events of the whole log, newest first, page by page.

There is no index of actors and topics. A page reads a limited number of events, however many of them match, and
reports where the next page starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from domain.events.base import Event
from domain.ledger.reader import LedgerReader

READ_MAX: Final = 4_000
"""The most events that one page reads."""

BLOCK: Final = 500
"""The number of log positions that are read together."""


@dataclass(frozen=True, slots=True)
class EventQuery:
    """The filters of a search; None is no filter. Days are in the plan's time zone, and both are included.

    `before` is `goes_on` of the previous page. If it is None, the search starts at the end of the log.
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
    """One page: events with their log positions, newest first.

    `read` is the number of events that were read. `goes_on` is where the next page starts; None if the whole log
    was searched.
    """

    events: tuple[tuple[int, Event], ...]
    read: int
    goes_on: int | None


def search(ledger: LedgerReader, query: EventQuery) -> EventsFound:
    """One page of the events that match the query."""
    found: list[tuple[int, Event]] = []
    read, top = 0, ledger.recorder.max_notification_id() + 1
    if query.before is not None:
        # The position may be beyond the end of the log, where there is nothing to read.
        top = min(top, query.before)
    while top > 1 and read < READ_MAX:
        # Positions may have gaps, so a block may have fewer events than positions.
        lowest = max(1, top - BLOCK)
        block = [one for one in ledger.events_since(lowest - 1, BLOCK) if one[0] < top]
        for position, event in reversed(block):
            read += 1
            if _matches(event, query, ledger):
                found.append((position, event))
                if len(found) == query.limit:
                    return EventsFound(tuple(found), read, position if position > 1 else None)
        top = lowest
    return EventsFound(tuple(found), read, top if top > 1 else None)


def _matches(event: Event, query: EventQuery, ledger: LedgerReader) -> bool:
    if query.topic is not None and query.topic != event.TOPIC:
        return False
    if query.actor_id is not None and event.actor.id != query.actor_id:
        return False
    if query.command_id is not None and event.command_id != query.command_id:
        return False
    day = event.at.astimezone(ledger.zone).date()
    return (query.since is None or day >= query.since) and (query.until is None or day <= query.until)
