"""Replays: a determination as recorded, next to new assessments of the request as known then and as known now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.http.bodies import CheckedJsonRoute
from api.http.etags import tag_answer, tag_of
from api.http.problems import QUERY
from api.record_access.http import AccessOfRequest
from api.routes.dependencies import KnownAt, RequestIdInPath, edition_of
from domain.calendar import Day
from domain.policy.editions import EDITIONS
from projections.replay.replay import Replay, replay

router = APIRouter(tags=["replays"], route_class=CheckedJsonRoute)

ReplayedOn = Annotated[
    Day | None,
    Query(
        description="The day of the assessment of what is known now. Default: the day of the determination.",
        examples=["2026-04-28"],
    ),
]
OtherEdition = Annotated[
    Day | None,
    Query(
        description="The review date of the other policy version to show. Default: all versions.",
        examples=["2024-10-09"],
    ),
]
DecisionVersion = Annotated[
    int | None,
    Query(
        ge=1,
        le=1_000_000,
        description="The version of the event of the determination. Default: the latest.",
        examples=[3],
    ),
]


@router.get("/requests/{request_id}/replay", responses=QUERY)
def get_replay(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    request_id: RequestIdInPath,
    as_of: ReplayedOn = None,
    known_at: KnownAt = None,
    edition: OtherEdition = None,
    decision: DecisionVersion = None,
) -> Replay:
    """Return a determination as recorded, as known then, as known now, and under other policy versions.

    Decisions of appeals and extensions can also be replayed. `decisions` lists all determinations by version.
    """
    chosen_edition = edition_of(edition)
    with access.request_events(request_id, view="replay", known_at=known_at) as (events, history, _):
        answer = replay(events, request_id, access.zone, decision=decision, as_of=as_of, edition=chosen_edition)
    revisions = "_".join(f"{one.key}.{one.revision}" for one in EDITIONS)
    depends_on = ("replay", str(answer.recorded.version), answer.as_of.isoformat(), revisions)
    tag_answer(request, response, tag_of(access.versions(history), *depends_on))
    return answer
