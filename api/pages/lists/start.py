"""The first page after signing in: who one is, what is hers now, and where her work begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.pages.lists.worklist_filters import Asked
from api.pages.rendering import PREFIX, rendered
from api.record_access.http import Reading, ReadingOfRequest
from api.routes.dependencies import CommandingOfRequest
from domain.commands.patient import OpenHistory
from domain.commands.requests import SubmitRequest
from domain.permissions.commands import MAY
from domain.permissions.views import MAY_SEE
from projections.worklist.listing import LIMIT_MAX, Filters, Paging, Worklist, cursor_at
from projections.worklist.text import short_number

router = APIRouter(include_in_schema=False)

OWN_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits; `due_today` is not overdue yet, and no more than are counted."""

    mine: int
    overdue: int
    due_today: int
    unassigned: int
    all: int


@router.get(PREFIX)
def start(request: Request, reading: ReadingOfRequest, commanding: CommandingOfRequest) -> Response:
    role = reading.actor.role
    works_the_list = role in MAY_SEE["worklist"]
    is_empty = reading.is_empty()
    own = reading.worklist(Filters(held_by=reading.actor.id), Paging(limit=OWN_SHOWN)) if works_the_list else None
    return rendered(
        request,
        "lists/start.html.j2",
        is_empty=is_empty,
        waiting=_waiting(reading, own, commanding.ledger.now()) if own is not None else None,
        own=own.items if own is not None else (),
        asked=Asked(),
        own_id=reading.actor.id,
        submits=role in MAY[SubmitRequest] and role in MAY[OpenHistory],
        counted_max=LIMIT_MAX,
        short_number=short_number,
    )


def _waiting(reading: Reading, own: Worklist, now: datetime) -> Waiting:
    one = Paging(limit=1)
    return Waiting(
        mine=sum(own.counts.values()),
        overdue=reading.counted(Filters(overdue=True), one, _all),
        due_today=_due_today(reading, now),
        unassigned=reading.counted(Filters(unassigned=True), one, _all),
        all=reading.counted(Filters(), one, _all),
    )


def _due_today(reading: Reading, now: datetime) -> int:
    """From now on until the plan's day is over, along the order of what is due."""
    tomorrow = datetime.combine(reading.today() + timedelta(days=1), time.min, reading.zone)
    paging = Paging(limit=LIMIT_MAX)
    after = cursor_at(paging, now, "-")

    def until_tomorrow(page: Worklist) -> int:
        return sum(one.due_at is not None and one.due_at < tomorrow for one in page.items)

    return reading.counted(Filters(), paging.model_copy(update={"after": after}), until_tomorrow)


def _all(page: Worklist) -> int:
    return sum(page.counts.values())
