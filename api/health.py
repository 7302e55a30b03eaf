"""Is the process alive, and can it answer? Neither says anything of a patient."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from api.problems import documented
from api.wiring import LedgerOfApp
from domain.calendar import Day
from domain.policy.editions import EDITIONS

router = APIRouter(prefix="/health", tags=["health"])


class Alive(BaseModel):
    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """`plan_day` is today in the plan's time zone; `editions` the policy's review dates, newest first."""

    status: Literal["ready"] = "ready"
    plan_day: Day
    plan_time_zone: str
    editions: list[str]


@router.get("/live")
def live() -> Alive:
    """The process runs."""
    return Alive()


@router.get("/ready", responses=documented(503))
def ready(ledger: LedgerOfApp) -> Ready:
    """The store answers."""
    ledger.is_empty()
    return Ready(
        plan_day=ledger.today(), plan_time_zone=ledger.zone.key, editions=[edition.key for edition in EDITIONS]
    )
