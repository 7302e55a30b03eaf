"""The first page after signing in: who one is, what is hers now, and where her work begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.pages.lists.worklist_filters import WorklistAddress
from api.pages.rendering import PREFIX, rendered
from api.record_access.http import ListsOfRequest
from api.record_access.list_access import ListAccess
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
class WorkWaiting:
    """How much waits; `due_today` is not overdue yet, and no more than are counted."""

    mine: int
    overdue: int
    due_today: int
    unassigned: int
    all: int


@router.get(PREFIX)
def start(request: Request, lists: ListsOfRequest, commanding: CommandingOfRequest) -> Response:
    role = lists.access.actor.role
    works_the_list = role in MAY_SEE["worklist"]
    is_empty = lists.is_empty()
    own = lists.worklist(Filters(held_by=lists.access.actor.id), Paging(limit=OWN_SHOWN)) if works_the_list else None
    return rendered(
        request,
        "lists/start.html.j2",
        is_empty=is_empty,
        waiting=_waiting(lists, own, commanding.ledger.now()) if own is not None else None,
        own=own.items if own is not None else (),
        asked=WorklistAddress(),
        own_id=lists.access.actor.id,
        submits=role in MAY[SubmitRequest] and role in MAY[OpenHistory],
        counted_max=LIMIT_MAX,
        short_number=short_number,
    )


def _waiting(lists: ListAccess, own: Worklist, now: datetime) -> WorkWaiting:
    one = Paging(limit=1)
    return WorkWaiting(
        mine=sum(own.counts.values()),
        overdue=lists.counted(Filters(overdue=True), one, _all),
        due_today=_due_today(lists, now),
        unassigned=lists.counted(Filters(unassigned=True), one, _all),
        all=lists.counted(Filters(), one, _all),
    )


def _due_today(lists: ListAccess, now: datetime) -> int:
    """From now on until the plan's day is over, along the order of what is due."""
    tomorrow = datetime.combine(lists.access.today() + timedelta(days=1), time.min, lists.access.zone)
    paging = Paging(limit=LIMIT_MAX)
    after = cursor_at(paging, now, "-")

    def until_tomorrow(page: Worklist) -> int:
        return sum(one.due_at is not None and one.due_at < tomorrow for one in page.items)

    return lists.counted(Filters(), paging.model_copy(update={"after": after}), until_tomorrow)


def _all(page: Worklist) -> int:
    return sum(page.counts.values())
