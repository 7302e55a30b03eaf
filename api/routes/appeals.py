"""Appeals as they stand, at any moment: one, or all of a patient."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.http.bodies import SoundJson
from api.http.etags import tag_answer, tag_of
from api.http.problems import QUERY
from api.record_access.http import ReadingOfRequest
from api.routes.dependencies import (
    After,
    AppealIdInPath,
    AsOf,
    KnownAt,
    Limit,
    PatientIdInPath,
)
from api.routes.schemas import Page, page_of
from domain.history.records import Appeal
from domain.history.state import PatientHistory
from domain.permissions.views import appeals_seen
from projections.request_status import AppealView, appeal_view

router = APIRouter(tags=["appeals"], route_class=SoundJson)

AppealPage = Page[AppealView]


@router.get("/patients/{patient_id}/appeals", responses=QUERY)
def list_appeals(
    reading: ReadingOfRequest,
    request: Request,
    response: Response,
    patient_id: PatientIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    after: After = 0,
    limit: Limit = 50,
) -> AppealPage:
    """List the appeals of the patient, oldest first."""
    history = reading.history(patient_id, "appeals", known_at=known_at)
    now = reading.moment_of(as_of, known_at)
    seen = appeals_seen(reading.actor, history)
    views = [appeal_view(history, one, reading.zone, now) for one in seen]
    overdue = [one.appeal_id.rpartition(".")[2] for one in views if one.overdue]
    tag_answer(request, response, tag_of(history, "appeals", reading.seen_as, *overdue))
    return page_of(views, [one.filed_version for one in seen], after, limit)


@router.get("/appeals/{appeal_id}", responses=QUERY)
def get_appeal(
    reading: ReadingOfRequest,
    request: Request,
    response: Response,
    appeal_id: AppealIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> AppealView:
    """Return one appeal: the filer, the grounds, the assignment, the deadline and the decision."""
    now = reading.moment_of(as_of, known_at)

    def told(history: PatientHistory, appeal: Appeal) -> tuple[PatientHistory, AppealView]:
        return history, appeal_view(history, appeal, reading.zone, now)

    history, view = reading.appeal(appeal_id, told, known_at=known_at)
    # What is overdue is all that changes with time alone.
    tag_answer(request, response, tag_of(history, "appeal", "overdue" if view.overdue else "in-time"))
    return view
