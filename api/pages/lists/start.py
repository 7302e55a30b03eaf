"""The first page after signing in: the user's assigned cases, the number of other cases, and links to start from."""

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
from api.routes.dependencies import CommandRunnerOfRequest
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
    """The numbers of open cases. `due_today` does not include overdue cases, and is at most LIMIT_MAX."""

    mine: int
    overdue: int
    due_today: int
    unassigned: int
    all: int


@router.get(PREFIX)
def start(request: Request, lists: ListsOfRequest, commanding: CommandRunnerOfRequest) -> Response:
    role = lists.access.actor.role
    has_worklist = role in MAY_SEE["worklist"]
    is_empty = lists.is_empty()
    own = lists.worklist(Filters(held_by=lists.access.actor.id), Paging(limit=OWN_SHOWN)) if has_worklist else None
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
    one_row = Paging(limit=1)
    return WorkWaiting(
        mine=sum(own.counts.values()),
        overdue=lists.counted(Filters(overdue=True), one_row, _total),
        due_today=_due_today(lists, now),
        unassigned=lists.counted(Filters(unassigned=True), one_row, _total),
        all=lists.counted(Filters(), one_row, _total),
    )


def _due_today(lists: ListAccess, now: datetime) -> int:
    """The number of cases that are due between now and the end of the day in the plan's time zone."""
    tomorrow = datetime.combine(lists.access.today() + timedelta(days=1), time.min, lists.access.zone)
    paging = Paging(limit=LIMIT_MAX)
    after = cursor_at(paging, now, "-")

    def until_tomorrow(page: Worklist) -> int:
        return sum(item.due_at is not None and item.due_at < tomorrow for item in page.items)

    return lists.counted(Filters(), paging.model_copy(update={"after": after}), until_tomorrow)


def _total(page: Worklist) -> int:
    return sum(page.counts.values())
