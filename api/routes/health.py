"""The state of the process, the database, and the derived tables. The answers contain no patient data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal, cast

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.http.problems import documented, problem
from api.routes.dependencies import LedgerOfApp
from api.routes.readiness import Readiness
from domain.calendar import Day
from domain.ledger.access_log.writer import AccessLog
from domain.policy.editions import EDITIONS
from projections.worklist.runner import lag

router = APIRouter(prefix="/health", tags=["health"])


class Alive(BaseModel):
    status: Literal["alive"] = "alive"


class EditionKnown(BaseModel):
    """An edition by its review date. A reconstructed edition was rebuilt from the history table of the policy text."""

    edition: str
    revision: int
    provenance: Literal["text", "reconstructed"]


class Ready(BaseModel):
    """The state of a server that can answer.

    `plan_day` is today in the plan's time zone. `editions` lists the editions of the policy, newest first.
    `looks_waiting` is the number of accesses by systems that are not on disk yet. `looks_failure` is the reason if
    writing them fails. Writing is tried again twice a second. If too many accesses wait, systems are refused.
    """

    status: Literal["ready"] = "ready"
    plan_day: Day
    plan_time_zone: str
    editions: list[EditionKnown]
    looks_waiting: int
    looks_failure: str | None


class ViewKept(BaseModel):
    """How far the tables of a view are behind the log. `position` is null if the view was never built.

    `events_behind` is an upper bound. `failed` is the number of patients whose rows could not be computed. They are
    tried again, and the worklist lists them. The tables are updated before a question is answered.
    """

    view: str
    log_position: int
    position: int | None
    events_behind: int
    seconds_since_move: float | None
    failed: int


@router.get("/live")
async def live() -> Alive:
    """Report that the process is running. It needs no thread, so it is answered even if all threads wait."""
    return Alive()


@router.get("/ready", responses=documented(503), response_model=Ready)
def ready(ledger: LedgerOfApp, request: Request) -> Ready | JSONResponse:
    """Report that the database can be read and written, and that new events are sealed.

    The outcome of the last write counts. If it failed, or is more than 30 seconds ago, a write is tried and undone.
    """
    if reasons := cast("Readiness", request.app.state.readiness).reasons():
        answer = problem(503, "Not ready", " ".join(reasons), "see Monitoring in the operations guide")
        answer.headers["Retry-After"] = "1"
        return answer
    known = [EditionKnown(edition=one.key, revision=one.revision, provenance=one.provenance) for one in EDITIONS]
    backlog = cast("AccessLog", request.app.state.accesses).backlog
    return Ready(
        plan_day=ledger.today(),
        plan_time_zone=ledger.zone.key,
        editions=known,
        looks_waiting=backlog.waiting,
        looks_failure=backlog.failure,
    )


@router.get("/views", responses=documented(503))
def views(ledger: LedgerOfApp) -> list[ViewKept]:
    """List the tables that are derived from the log, and how many events each is behind."""
    return [ViewKept(**asdict(lag(ledger)))]
