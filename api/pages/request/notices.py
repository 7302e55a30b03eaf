"""Notices: the letter of a determination before it leaves the plan and as it left; issue and delivery are recorded."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from api.notices.sealed import SealWords, rows_of, seal_words
from api.pages.form_commands import FormCommand, FormOfCommand, Tried, answered, refused
from api.pages.forms import FormOfRequest, FormWrong, read
from api.pages.rendering import HEADERS, PREFIX, rendered
from api.record_access.http import AccessOfRequest
from api.record_access.patient_access import PatientAccess, patient_of
from api.routes.dependencies import NoticeIdInPath, RequestIdInPath
from api.routes.seal import SealingOfApp
from domain.commands.determinations import Denial
from domain.commands.requests import IssueNotice, RecordDelivery
from domain.errors import NotFound
from domain.events.base import AppealId
from domain.events.requests import NoticeIssued
from domain.history import fold
from domain.history.records import Notice
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.ledger.application import Outcome
from domain.ledger.sealing.sealing import Sealing
from domain.permissions.commands import MAY
from domain.permissions.views import notice_seen, request_seen
from domain.review.assess_request import request_assessment
from projections.letters import TITLES, Draft, Letter, LetterKind, drafted, letter

router = APIRouter(include_in_schema=False)

KIND: Final = "{kind}"
KindInPath = Annotated[LetterKind, Path()]
AppealAsked = Annotated[AppealId | None, Query()]
_PAPER: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


# -- before it leaves ---------------------------------------------------------------------------


@router.get(f"{PREFIX}/requests/{{request_id}}/notice/{KIND}")
def letter_page(
    request: Request,
    access: AccessOfRequest,
    sealing: SealingOfApp,
    request_id: RequestIdInPath,
    kind: KindInPath,
    appeal: AppealAsked = None,
) -> Response:
    """The letter of what is on record, with the form that records that it left."""
    return _letter_page(request, access, sealing, request_id, kind, appeal)


@router.get(f"{PREFIX}/requests/{{request_id}}/notice/{KIND}/paper")
def letter_paper(
    access: AccessOfRequest,
    sealing: SealingOfApp,
    request_id: RequestIdInPath,
    kind: KindInPath,
    appeal: AppealAsked = None,
) -> Response:
    history, _, shown = _letter(access, request_id, kind, appeal)
    return _paper(shown, _seal_of(sealing, history, shown), history)


@router.post(f"{PREFIX}/requests/{{request_id}}/notice/denial/preview")
def preview_page(
    request: Request, access: AccessOfRequest, form: FormOfRequest, request_id: RequestIdInPath
) -> Response:
    """The letter of a denial that is being written. Nothing is recorded but that the request was looked at."""
    try:
        typed = read(Denial, form, access.zone, also={"assessment_digest": "0" * 64})
    except FormWrong as wrong:
        tried = refused("deny", form, wrong)
        return rendered(
            request, "request/notice_preview.html.j2", tried.status, letter=None, tried=tried, request_id=request_id
        )
    with access.request(request_id) as (history, one):
        draft = Draft(
            citing=typed.citing,
            rationale=typed.rationale,
            by=access.actor,
            on=access.today(),
            assessment=request_assessment(history, one, access.today()).assessment,
        )
        shown = drafted(history, one, draft, access.zone)
    return rendered(request, "request/notice_preview.html.j2", letter=shown, request_id=request_id)


@router.post(f"{PREFIX}/requests/{{request_id}}/notice/{KIND}")
def issue_notice(
    sent: FormOfCommand,
    access: AccessOfRequest,
    sealing: SealingOfApp,
    request_id: RequestIdInPath,
    kind: KindInPath,
    appeal: AppealAsked = None,
) -> Response:
    """Records that the letter left the plan."""

    def again(tried: Tried) -> Response:
        return _letter_page(sent.request, access, sealing, request_id, kind, appeal, tried)

    about = {"request_id": request_id, "kind": kind, "appeal_id": appeal}
    return answered(sent, "issue", ISSUE, patient_of(request_id), "", again, **about)


def _issued(outcome: Outcome) -> str:
    issued = outcome.events[0]
    assert isinstance(issued, NoticeIssued)
    return f"{PREFIX}/notices/{issued.notice_id}"


ISSUE: Final = FormCommand(IssueNotice, leads=_issued)
DELIVER: Final = FormCommand(RecordDelivery)


# -- as it left ---------------------------------------------------------------------------------


@router.get(f"{PREFIX}/notices/{{notice_id}}")
def notice_page(
    request: Request, access: AccessOfRequest, sealing: SealingOfApp, notice_id: NoticeIdInPath
) -> Response:
    """The letter from what was on record when it was issued, and whether it arrived."""
    return _notice_page(request, access, sealing, notice_id)


@router.get(f"{PREFIX}/notices/{{notice_id}}/paper")
def notice_paper(access: AccessOfRequest, sealing: SealingOfApp, notice_id: NoticeIdInPath) -> Response:
    history, _, shown = _as_issued(access, notice_id)
    if shown is None:
        raise NotFound("no letter is kept for a notice of this kind", field="notice_id", remedy="see the record of it")
    return _paper(shown, _seal_of(sealing, history, shown), history)


@router.post(f"{PREFIX}/notices/{{notice_id}}/delivered")
def record_delivery(
    sent: FormOfCommand, access: AccessOfRequest, sealing: SealingOfApp, notice_id: NoticeIdInPath
) -> Response:
    def again(tried: Tried) -> Response:
        return _notice_page(sent.request, access, sealing, notice_id, tried)

    page = f"{PREFIX}/notices/{notice_id}"
    return answered(sent, "deliver", DELIVER, patient_of(notice_id), page, again, notice_id=notice_id)


# -- what they share ----------------------------------------------------------------------------


def _letter_page(
    request: Request,
    access: PatientAccess,
    sealing: Sealing,
    request_id: str,
    kind: LetterKind,
    appeal: str | None,
    tried: Tried | None = None,
) -> Response:
    history, one, shown = _letter(access, request_id, kind, appeal)
    notices = [each for each in history.notices if each.request_id == request_id and each.kind == kind]
    return rendered(
        request,
        "request/notice.html.j2",
        tried.status if tried is not None else 200,
        letter=shown,
        rows=rows_of(shown, _seal_of(sealing, history, shown)),
        request_id=request_id,
        patient_id=history.patient_id,
        is_open=one.is_open,
        appeal_id=appeal,
        notices=notices,
        notice=None,
        tried=tried,
        may_record=access.actor.role in MAY[IssueNotice],
    )


def _letter(
    access: PatientAccess, request_id: str, kind: LetterKind, appeal_id: str | None
) -> tuple[PatientHistory, PriorAuthorization, Letter]:
    with access.request(request_id) as (history, one):
        shown = _letter_of(history, one, kind, appeal_id, access)
    return history, one, shown


def _letter_of(
    history: PatientHistory, one: PriorAuthorization, kind: LetterKind, appeal_id: str | None, access: PatientAccess
) -> Letter:
    """Of the appeal that is named, else of the latest that was decided."""
    decided = [each for each in history.appeals if each.request_id == one.request_id and each.determination]
    chosen = [each for each in decided if appeal_id in (None, each.appeal_id)]
    return letter(history, one, kind, access.zone, chosen[-1] if chosen else None)


def _notice_page(
    request: Request, access: PatientAccess, sealing: Sealing, notice_id: str, tried: Tried | None = None
) -> Response:
    history, notice, shown = _as_issued(access, notice_id)
    return rendered(
        request,
        "request/notice.html.j2",
        tried.status if tried is not None else 200,
        letter=shown,
        rows=rows_of(shown, _seal_of(sealing, history, shown)) if shown is not None else (),
        request_id=notice.request_id,
        patient_id=history.patient_id,
        is_open=False,
        appeal_id=notice.appeal_id,
        notices=[],
        notice=notice,
        tried=tried,
        may_record=access.actor.role in MAY[RecordDelivery],
    )


def _as_issued(access: PatientAccess, notice_id: str) -> tuple[PatientHistory, Notice, Letter | None]:
    """The notice as it is now, and its letter from what was on record when it was issued."""
    patient_id = patient_of(notice_id)
    with access.events(patient_id, "request", subject=notice_id) as events:
        now = fold(events)
        assert now is not None, "a history has a first event"
        notice = notice_seen(access.user, now, notice_id)
        issued = next(one for one in events if isinstance(one, NoticeIssued) and one.notice_id == notice_id)
        then = fold(events[: issued.originator_version])
        assert then is not None, "a history has a first event"
        shown = None
        if notice.kind in TITLES:
            request = request_seen(access.user, then, notice.request_id)
            shown = _letter_of(then, request, notice.kind, notice.appeal_id, access)
    return then, notice, shown


def _seal_of(sealing: Sealing, history: PatientHistory, shown: Letter) -> SealWords | None:
    return seal_words(sealing.place_of(history.patient_id, shown.version)) if shown.version is not None else None


def _paper(shown: Letter, seal: SealWords | None, history: PatientHistory) -> Response:
    """Named for what it is, and not for whom it is about."""
    name = f"{shown.kind.replace('_', '-')}-{shown.on}.pdf"
    headers = {
        **_PAPER,
        "Content-Disposition": f'inline; filename="{name}"',
        "Referrer-Policy": HEADERS["Referrer-Policy"],
    }
    from api.notices.paper import as_pdf  # noqa: PLC0415  (slow to import, and a server starts without it)

    return Response(as_pdf(shown, seal, history.recorded_at), media_type="application/pdf", headers=headers)
