"""Appeals as they stand, at any moment: one, or all of a patient."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.answers import Page, page_of
from api.bodies_in import SoundJson
from api.problems import QUERY
from api.versions import tag_answer, tag_of
from api.wiring import (
    After,
    AppealIdInPath,
    AsOf,
    KnownAt,
    LedgerOfApp,
    Limit,
    PatientIdInPath,
    moment_of,
    patient_of,
)
from domain.errors import NotFound
from projections.request_life import AppealView, appeal_view

router = APIRouter(tags=["appeals"], route_class=SoundJson)

AppealPage = Page[AppealView]


@router.get("/patients/{patient_id}/appeals", responses=QUERY)
def list_appeals(
    ledger: LedgerOfApp,
    request: Request,
    response: Response,
    patient_id: PatientIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    after: After = 0,
    limit: Limit = 50,
) -> AppealPage:
    """The patient's appeals, oldest first."""
    history = ledger.history(patient_id, known_at=known_at)
    now = moment_of(ledger, as_of, known_at)
    views = [appeal_view(history, one, ledger.zone, now) for one in history.appeals]
    overdue = [one.appeal_id.rpartition(".")[2] for one in views if one.overdue]
    tag_answer(request, response, tag_of(history, "appeals", *overdue))
    return page_of(views, [one.filed_version for one in history.appeals], after, limit)


@router.get("/appeals/{appeal_id}", responses=QUERY)
def get_appeal(
    ledger: LedgerOfApp,
    request: Request,
    response: Response,
    appeal_id: AppealIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> AppealView:
    """One appeal: who filed it and why, who has it, when it is due, and how it was decided."""
    history = ledger.history(patient_of(appeal_id), known_at=known_at)
    appeal = history.appeal(appeal_id)
    if appeal is None:
        raise NotFound("no such appeal", field="appeal_id", remedy="take the id from the patient's appeals")
    view = appeal_view(history, appeal, ledger.zone, moment_of(ledger, as_of, known_at))
    # What is overdue is all that changes with time alone.
    tag_answer(request, response, tag_of(history, "appeal", "overdue" if view.overdue else "in-time"))
    return view
