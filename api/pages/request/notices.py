"""The pages of notices: the letter of a determination before and after it is sent, and its delivery."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from api.notices.sealed import SealWords, rows_of, seal_words
from api.pages.form_commands import FormCommand, FormOfCommand, RefusedForm, refused_form, run_form
from api.pages.forms import FormOfRequest, InvalidForm, read
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
from domain.permissions.commands import refusal_of_role
from domain.permissions.views import visible_notice, visible_request
from domain.review.assess_request import assessment_if_any
from projections.letters import TITLES, DenialDraft, Letter, LetterKind, draft_letter, letter

router = APIRouter(include_in_schema=False)

KIND: Final = "{kind}"
KindInPath = Annotated[LetterKind, Path()]
AppealAsked = Annotated[AppealId | None, Query()]
_PDF_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


# -- before the letter is sent ------------------------------------------------------------------


@router.get(f"{PREFIX}/requests/{{request_id}}/notice/{KIND}")
def letter_page(
    request: Request,
    access: AccessOfRequest,
    sealing: SealingOfApp,
    request_id: RequestIdInPath,
    kind: KindInPath,
    appeal: AppealAsked = None,
) -> Response:
    """The letter from the current record, with the form that records that it was sent."""
    return _letter_page(request, access, sealing, request_id, kind, appeal)


@router.get(f"{PREFIX}/requests/{{request_id}}/notice/{KIND}/paper")
def letter_paper(
    access: AccessOfRequest,
    sealing: SealingOfApp,
    request_id: RequestIdInPath,
    kind: KindInPath,
    appeal: AppealAsked = None,
) -> Response:
    """The same letter as a PDF."""
    history, _, shown = _letter(access, request_id, kind, appeal)
    # The day of the letter, and not of the newest event, which may be of another office.
    return _pdf(*_in_record(access, sealing, history, shown), datetime.combine(shown.on, time(), access.zone))


@router.post(f"{PREFIX}/requests/{{request_id}}/notice/denial/preview")
def preview_page(
    request: Request, access: AccessOfRequest, form: FormOfRequest, request_id: RequestIdInPath
) -> Response:
    """The letter of a denial that is not decided yet. Only the access to the request is recorded."""
    try:
        denial = read(Denial, form, access.zone, extra_fields={"assessment_digest": "0" * 64})
    except InvalidForm as error:
        tried = refused_form("deny", form, error)
        return rendered(
            request, "request/notice_preview.html.j2", tried.status, letter=None, tried=tried, request_id=request_id
        )
    with access.request(request_id) as (history, record):
        assessed = assessment_if_any(history, record, access.today())
        draft = DenialDraft(
            citing=denial.citing,
            rationale=denial.rationale,
            by=access.actor,
            on=access.today(),
            assessment=assessed.assessment if assessed is not None else None,
        )
        shown = draft_letter(history, record, draft, access.zone, access.deadlines)
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
    """Records that the letter was sent."""

    def show_again(tried: RefusedForm) -> Response:
        return _letter_page(sent.request, access, sealing, request_id, kind, appeal, tried)

    from_address = {"request_id": request_id, "kind": kind, "appeal_id": appeal}
    return run_form(sent, "issue", ISSUE, patient_of(request_id), "", show_again, **from_address)


def _notice_address(outcome: Outcome) -> str:
    issued = outcome.events[0]
    assert isinstance(issued, NoticeIssued)
    return f"{PREFIX}/notices/{issued.notice_id}"


ISSUE: Final = FormCommand(IssueNotice, next_page=_notice_address)
DELIVER: Final = FormCommand(RecordDelivery)


# -- after the letter was sent ------------------------------------------------------------------


@router.get(f"{PREFIX}/notices/{{notice_id}}")
def notice_page(
    request: Request, access: AccessOfRequest, sealing: SealingOfApp, notice_id: NoticeIdInPath
) -> Response:
    """The letter from what was on record when it was issued, and its delivery."""
    return _notice_page(request, access, sealing, notice_id)


@router.get(f"{PREFIX}/notices/{{notice_id}}/paper")
def notice_paper(access: AccessOfRequest, sealing: SealingOfApp, notice_id: NoticeIdInPath) -> Response:
    """The same letter as a PDF. Raises NotFound for a kind of notice that has no letter."""
    history, _, shown = _as_issued(access, notice_id)
    if shown is None:
        raise NotFound("no letter is kept for a notice of this kind", field="notice_id", remedy="see the record of it")
    return _pdf(*_in_record(access, sealing, history, shown), history.at)


@router.post(f"{PREFIX}/notices/{{notice_id}}/delivered")
def record_delivery(
    sent: FormOfCommand, access: AccessOfRequest, sealing: SealingOfApp, notice_id: NoticeIdInPath
) -> Response:
    def show_again(tried: RefusedForm) -> Response:
        return _notice_page(sent.request, access, sealing, notice_id, tried)

    page = f"{PREFIX}/notices/{notice_id}"
    return run_form(sent, "deliver", DELIVER, patient_of(notice_id), page, show_again, notice_id=notice_id)


# -- shared by the pages ------------------------------------------------------------------------


def _letter_page(
    request: Request,
    access: PatientAccess,
    sealing: Sealing,
    request_id: str,
    kind: LetterKind,
    appeal: str | None,
    tried: RefusedForm | None = None,
) -> Response:
    history, record, shown = _letter(access, request_id, kind, appeal)
    shown, seal = _in_record(access, sealing, history, shown)
    notices = [notice for notice in history.notices if notice.request_id == request_id and notice.kind == kind]
    return rendered(
        request,
        "request/notice.html.j2",
        tried.status if tried is not None else 200,
        letter=shown,
        rows=rows_of(shown, seal),
        request_id=request_id,
        patient_id=history.patient_id,
        is_open=record.is_open,
        appeal_id=appeal,
        notices=notices,
        notice=None,
        tried=tried,
        may_record=refusal_of_role(access.actor, IssueNotice) is None,
    )


def _letter(
    access: PatientAccess, request_id: str, kind: LetterKind, appeal_id: str | None
) -> tuple[PatientHistory, PriorAuthorization, Letter]:
    with access.request(request_id) as (history, record):
        shown = _letter_of(history, record, kind, appeal_id, access)
    return history, record, shown


def _letter_of(
    history: PatientHistory, record: PriorAuthorization, kind: LetterKind, appeal_id: str | None, access: PatientAccess
) -> Letter:
    """The letter of a request, and of one of its decided appeals: the one that is named, or else the latest."""
    decided = [appeal for appeal in history.appeals if appeal.request_id == record.request_id and appeal.determination]
    chosen = [appeal for appeal in decided if appeal_id in (None, appeal.appeal_id)]
    return letter(history, record, kind, access.zone, chosen[-1] if chosen else None, access.deadlines)


def _notice_page(
    request: Request, access: PatientAccess, sealing: Sealing, notice_id: str, tried: RefusedForm | None = None
) -> Response:
    history, notice, shown = _as_issued(access, notice_id)
    return rendered(
        request,
        "request/notice.html.j2",
        tried.status if tried is not None else 200,
        letter=shown,
        rows=rows_of(*_in_record(access, sealing, history, shown)) if shown is not None else (),
        request_id=notice.request_id,
        patient_id=history.patient_id,
        is_open=False,
        appeal_id=notice.appeal_id,
        notices=[],
        notice=notice,
        tried=tried,
        may_record=refusal_of_role(access.actor, RecordDelivery) is None,
    )


def _as_issued(access: PatientAccess, notice_id: str) -> tuple[PatientHistory, Notice, Letter | None]:
    """The history as it was when the notice was issued, the notice as it is now, and its letter from that history.

    The letter is None for a kind of notice that has no letter.
    """
    patient_id = patient_of(notice_id)
    with access.events(patient_id, "request", subject=notice_id) as events:
        now = fold(events)
        assert now is not None, "a history has a first event"
        notice = visible_notice(access.user, now, notice_id)
        issued = next(event for event in events if isinstance(event, NoticeIssued) and event.notice_id == notice_id)
        then = fold(events[: issued.originator_version])
        assert then is not None, "a history has a first event"
        shown = None
        if notice.kind in TITLES:
            request = visible_request(access.user, then, notice.request_id)
            shown = _letter_of(then, request, notice.kind, notice.appeal_id, access)
    return then, notice, shown


def _in_record(
    access: PatientAccess, sealing: Sealing, history: PatientHistory, shown: Letter
) -> tuple[Letter, SealWords | None]:
    """The letter with the number of its event as the viewer is shown it, and the seal of that event."""
    if shown.version is None:
        return shown, None
    number = access.versions(history).shown(shown.version)
    return shown.model_copy(update={"version": number}), seal_words(sealing.place_of(history.patient_id, shown.version))


def _pdf(shown: Letter, seal: SealWords | None, written_at: datetime) -> Response:
    """The letter as a PDF. The name of the file has the kind of letter and the day, and nothing of the patient."""
    name = f"{shown.kind.replace('_', '-')}-{shown.on}.pdf"
    headers = {
        **_PDF_HEADERS,
        "Content-Disposition": f'inline; filename="{name}"',
        "Referrer-Policy": HEADERS["Referrer-Policy"],
    }
    from api.notices.paper import as_pdf  # noqa: PLC0415  (slow to import, and a server starts without it)

    return Response(as_pdf(shown, seal, written_at), media_type="application/pdf", headers=headers)
