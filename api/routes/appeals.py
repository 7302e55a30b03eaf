"""Appeals: one appeal, or all appeals of a patient, now or as known at an earlier time."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.http.bodies import CheckedJsonRoute
from api.http.etags import tag_answer, tag_of
from api.http.problems import QUERY
from api.record_access.http import AccessOfRequest
from api.record_access.shown_answers import appeal_shown
from api.routes.dependencies import (
    After,
    AppealIdInPath,
    AsOf,
    KnownAt,
    Limit,
    PatientIdInPath,
)
from api.routes.schemas import Page, page_of
from domain.permissions.views import visible_appeals
from projections.request_status import AppealView, appeal_view, deadline_instant

router = APIRouter(tags=["appeals"], route_class=CheckedJsonRoute)

AppealPage = Page[AppealView]


@router.get("/patients/{patient_id}/appeals", responses=QUERY)
def list_appeals(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    patient_id: PatientIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    after: After = 0,
    limit: Limit = 50,
) -> AppealPage:
    """List the appeals of the patient, oldest first."""
    now = deadline_instant(access.now(), access.zone, as_of, known_at)
    with access.history(patient_id, "appeals", known_at=known_at) as history:
        visible = visible_appeals(access.user, history)
        views = [appeal_view(history, one, access.zone, now, access.deadlines) for one in visible]
    overdue = [one.appeal_id.rpartition(".")[2] for one in views if one.overdue]
    versions = access.versions(history)
    tag_answer(request, response, tag_of(versions, "appeals", *overdue))
    numbers = [versions.shown(one.filed_version) for one in visible]
    return page_of([appeal_shown(one, versions) for one in views], numbers, after, limit)


@router.get("/appeals/{appeal_id}", responses=QUERY)
def get_appeal(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    appeal_id: AppealIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> AppealView:
    """Return one appeal: the filer, the grounds, the assignment, the deadline and the decision."""
    now = deadline_instant(access.now(), access.zone, as_of, known_at)
    with access.appeal(appeal_id, known_at=known_at) as (history, appeal):
        view = appeal_view(history, appeal, access.zone, now, access.deadlines)
    # Only `overdue` changes without an event.
    versions = access.versions(history)
    tag_answer(request, response, tag_of(versions, "appeal", "overdue" if view.overdue else "in-time"))
    return appeal_shown(view, versions)
