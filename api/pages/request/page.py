"""The request page: the recommendation, the facts with their sources, and the forms that the user may use."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.pages.form_commands import ActInPath, FormOfCommand, RefusedForm, form_named, occasion_of, run_form
from api.pages.forms import form_texts
from api.pages.rendering import PREFIX, rendered
from api.pages.request.actions import FIRST, FORMS, MORE, refusals
from api.record_access.http import AccessOfRequest
from api.record_access.patient_access import Events, PatientAccess, patient_of
from api.record_access.shown_answers import life_shown
from api.routes.dependencies import CommandRunner, CommandRunnerOfRequest, RequestIdInPath, assessment_or_problem
from api.routes.seal import SealingOfApp
from domain.commands.determinations import ExtendApproval
from domain.decisions.approval_changes import assessment_to_extend
from domain.decisions.may import may
from domain.history import versions
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.ledger.sealing.sealing import Sealing
from domain.permissions.views import ShownVersions, assessment_shown, is_own_request, same_requests
from domain.policy.denial_citations import denial_citations
from domain.policy.editions import edition_named
from domain.review.assess_request import RequestAssessment, request_assessment
from domain.review.assessment_changes import changes_since
from projections.checklist import Checklist, checklist
from projections.corrected_receipts import CorrectedReceipt, corrected_receipts
from projections.request_status import RequestLife, request_status

router = APIRouter(include_in_schema=False)

HERE: Final = f"{PREFIX}/requests/{{request_id}}"


@dataclass(frozen=True, slots=True)
class RequestPageData:
    """Everything that the page of a request shows, from one access to the record."""

    history: PatientHistory
    versions: ShownVersions
    request: PriorAuthorization
    life: RequestLife
    assessed: RequestAssessment | None
    edition_problem: str | None
    checklist: Checklist | None
    corrected_receipts: dict[int, CorrectedReceipt]


class _Unchanged(Exception):
    """Nothing has changed, so nothing is shown and no access is recorded."""


@router.get(HERE)
def request_page(
    request: Request,
    access: AccessOfRequest,
    commanding: CommandRunnerOfRequest,
    sealing: SealingOfApp,
    request_id: RequestIdInPath,
) -> Response:
    return _page(request, access, commanding, sealing, request_id)


@router.get(f"{HERE}/moved")
def request_changes(
    request: Request,
    access: AccessOfRequest,
    request_id: RequestIdInPath,
    digest: Annotated[str, Query(pattern=r"^[0-9a-f]{64}$")],
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Response:
    """The changes since the assessment with this digest. Status 204, without an access, if nothing has changed."""
    changed, today = None, access.today()
    with suppress(_Unchanged), access.request_events(request_id) as (events, history, record):
        _check_changed(history, record, digest, today)
        seen = access.versions(history).version_of(version) if version is not None else None
        changed = changes_since(digest, list(versions(events)), request_id, today, seen)
    if changed is None:
        return Response(status_code=204)
    return rendered(request, "request/changes.html.j2", changed=changed, request_id=request_id)


def _check_changed(history: PatientHistory, record: PriorAuthorization, digest: str, today: date) -> None:
    """Raises _Unchanged if the digest is current or the request is closed. The block then ends without an access."""
    if not record.is_open or request_assessment(history, record, today).digest == digest:
        raise _Unchanged


def do(
    sent: FormOfCommand, access: AccessOfRequest, sealing: SealingOfApp, request_id: RequestIdInPath, act: ActInPath
) -> Response:
    """Runs one of the forms. If it is refused, the response is the page with the form as it was sent."""
    form = form_named(FORMS, act, "the request's page")

    def show_again(tried: RefusedForm) -> Response:
        return _page(sent.request, access, sent.commanding, sealing, request_id, tried)

    page = f"{PREFIX}/requests/{request_id}"
    return run_form(sent, act, form, patient_of(request_id), page, show_again, request_id=request_id)


# The route of the worklist for `claim` is added before this one, so a claim is handled there.
for _form in ("claim", "release", "extend-approval", "{act}"):
    router.post(f"{HERE}/{_form}")(do)


# -- the page -----------------------------------------------------------------------------------


def _page(
    request: Request,
    access: PatientAccess,
    commanding: CommandRunner,
    sealing: Sealing,
    request_id: str,
    tried: RefusedForm | None = None,
) -> Response:
    with access.request_events(request_id) as record:
        seen = _page_data(*record, access)
    occasion = occasion_of(commanding)
    may_not = refusals(seen.history, occasion, request_id, seen.assessed)
    may_not_extend = may(seen.history, occasion, ExtendApproval, request_id)
    return rendered(
        request,
        "request/page.html.j2",
        tried.status if tried is not None else 200,
        seen=seen,
        life=seen.life,
        submitted=seen.request,
        assessment=assessment_shown(seen.assessed.assessment, access.office) if seen.assessed is not None else None,
        digest=seen.assessed.digest if seen.assessed is not None else "",
        citable=[(citation, citation) for citation in seen.checklist.citable] if seen.checklist is not None else [],
        shown_version=seen.versions.current,
        against=_denial_citations(seen),
        first=FIRST,
        more=MORE,
        may=may_not | {"extend-approval": may_not_extend},
        extension=assessment_to_extend(seen.history, request_id, occasion.today) if may_not_extend is None else None,
        given=_form_texts(seen.request),
        seals={
            seen.versions.shown(decision.version): sealing.place_of(seen.history.patient_id, decision.version)
            for decision in seen.request.decisions
        },
        others=_other_requests(access, seen),
        same_as=same_requests(seen.history, seen.request, access.office),
        is_of_plan=access.office is None,
        tried=tried,
    )


def _page_data(
    events: Events, history: PatientHistory, record: PriorAuthorization, access: PatientAccess
) -> RequestPageData:
    assessed, problem = assessment_or_problem(history, record, access.today())
    outline = (
        checklist(assessed.assessment, history, events, record.request_id, access.office)
        if assessed is not None
        else None
    )
    life, shown = request_status(history, record, access.zone, access.now(), access.deadlines), access.versions(history)
    corrected = {}
    if len(record.receipts) > 1:
        corrected = {shown.shown(one.version): one for one in corrected_receipts(events, record)}
    return RequestPageData(history, shown, record, life_shown(life, shown), assessed, problem, outline, corrected)


def _denial_citations(seen: RequestPageData) -> list[str]:
    """The clauses that a denial would cite, without duplicates."""
    if seen.assessed is None:
        return []
    assessment = seen.assessed.assessment
    return list(dict.fromkeys(denial_citations(assessment, edition_named(assessment.edition))))


def _form_texts(record: PriorAuthorization) -> dict[str, Any]:
    """The current record of the request, as the texts with which the forms are filled in."""
    texts: dict[str, Any] = form_texts(record.statement, "statement") | form_texts(record.prescriber, "prescriber")
    if record.consultation is not None:
        texts |= form_texts(record.consultation, "consultation")
    texts["planned_site"] = record.planned_site or ""
    planned = record.planned_first_infusion_on
    texts["planned_first_infusion_on"] = planned.isoformat() if planned is not None else ""
    texts["line_of_business"] = record.line_of_business
    return texts


def _other_requests(access: PatientAccess, seen: RequestPageData) -> list[PriorAuthorization]:
    """The patient's other requests that the user may see."""
    shown = seen.request.request_id
    return [
        record
        for record in seen.history.requests
        if record.request_id != shown and is_own_request(access.actor, record)
    ]
