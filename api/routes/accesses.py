"""The access log: accesses to a patient's record, or accesses by a user, between two dates.

Reading the access log is recorded as an access too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.http import examples
from api.http.bodies import CheckedJsonRoute
from api.http.problems import documented
from api.record_access.http import ListsOfRequest
from api.routes.dependencies import Limit, PatientIdInPath
from domain.calendar import Day
from domain.ledger.access_log.report import AccessesShown, AccessQuery, cursor_at
from domain.people import ActorId

router = APIRouter(tags=["accesses"], route_class=CheckedJsonRoute)

From = Annotated[
    Day | None, Query(alias="from", description="The first day, in the plan's time zone.", examples=["2026-01-01"])
]
To = Annotated[
    Day | None, Query(alias="to", description="The last day, in the plan's time zone.", examples=["2026-06-30"])
]
ByActor = Annotated[
    ActorId | None, Query(description="Return only accesses by the user or system with this id.", examples=["r.nurse"])
]
AfterPage = Annotated[
    str | None,
    Query(
        max_length=400,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="The `next_after` of the previous page with the same filters.",
        examples=[cursor_at(datetime(2026, 4, 28, 16, tzinfo=UTC), examples.PATIENT, 7)],
    ),
]


@router.get("/patients/{patient_id}/accesses", responses=documented(403, 404, 422))
def get_accesses_of_patient(
    lists: ListsOfRequest,
    response: Response,
    patient_id: PatientIdInPath,
    since: From = None,
    until: To = None,
    after: AfterPage = None,
    limit: Limit = 50,
) -> AccessesShown:
    """List the accesses to a patient's record, newest first: who, which view, when, why and from where."""
    response.headers["Cache-Control"] = "private, no-store"
    return lists.accesses(AccessQuery(patient_id, None, since, until, after, limit))


@router.get("/accesses", responses=documented(403, 422))
def get_accesses(
    lists: ListsOfRequest,
    response: Response,
    actor: ByActor = None,
    since: From = None,
    until: To = None,
    after: AfterPage = None,
    limit: Limit = 50,
) -> AccessesShown:
    """List accesses to any record, newest first, optionally of one user or system."""
    response.headers["Cache-Control"] = "private, no-store"
    return lists.accesses(AccessQuery(None, actor, since, until, after, limit))
