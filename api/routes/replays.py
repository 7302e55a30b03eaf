"""Replays: a determination as recorded, beside the same request judged again as known then and as known now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.http.bodies import SoundJson
from api.http.etags import tag_answer, tag_of
from api.http.problems import QUERY
from api.record_access.http import AccessOfRequest
from api.routes.dependencies import KnownAt, RequestIdInPath, edition_of
from domain.calendar import Day
from domain.policy.editions import EDITIONS
from projections.replay.replay import Replay, replay

router = APIRouter(tags=["replays"], route_class=SoundJson)

ReplayedOn = Annotated[
    Day | None,
    Query(
        description="Judges what is known now on this day; on the determination's own day if left out.",
        examples=["2026-04-28"],
    ),
]
OtherEdition = Annotated[
    Day | None,
    Query(
        description="The review date of the other edition to show; all of them if left out.", examples=["2024-10-09"]
    ),
]
DecisionVersion = Annotated[
    int | None,
    Query(
        ge=1,
        le=1_000_000,
        description="The version of the determination's event; the latest if left out.",
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
    """A determination as recorded, and judged again: as known then, as known now, and under the other editions.

    The determinations of the request's appeals and extensions can be replayed as well; `decisions`
    lists them all by version.
    """
    chosen = edition_of(edition)
    with access.request_events(request_id, view="replay", known_at=known_at) as (events, history, _):
        answer = replay(events, request_id, access.zone, decision=decision, as_of=as_of, edition=chosen)
    revisions = "_".join(f"{one.key}.{one.revision}" for one in EDITIONS)
    tag_answer(
        request, response, tag_of(history, "replay", str(answer.recorded.version), answer.as_of.isoformat(), revisions)
    )
    return answer
