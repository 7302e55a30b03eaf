"""The request page: what the policy says, on what, by whom it was said, and what this person may do about it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.pages.form_commands import ActInPath, FormOfCommand, Tried, answered, form_named, occasion_of
from api.pages.forms import as_typed
from api.pages.rendering import PREFIX, rendered
from api.pages.request.actions import FIRST, FORMS, MORE, refusals
from api.record_access.http import AccessOfRequest
from api.record_access.patient_access import Events, PatientAccess, patient_of
from api.routes.dependencies import Commanding, CommandingOfRequest, RequestIdInPath, assessment_or_problem
from api.routes.seal import SealingOfApp
from domain.commands.determinations import ExtendApproval
from domain.decisions.approval_changes import assessment_to_extend
from domain.decisions.may import may
from domain.history import versions
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.ledger.sealing.sealing import Sealing
from domain.permissions.views import is_own
from domain.policy.assessment import speaking_against
from domain.policy.editions import edition_named
from domain.review.assess_request import RequestAssessment, request_assessment
from domain.review.assessment_changes import changes_since
from projections.checklist import Checklist, checklist
from projections.request_status import RequestLife, request_life

router = APIRouter(include_in_schema=False)

HERE: Final = f"{PREFIX}/requests/{{request_id}}"


@dataclass(frozen=True, slots=True)
class RequestPageData:
    """Everything of one request that its page shows, from one access of the record."""

    history: PatientHistory
    request: PriorAuthorization
    life: RequestLife
    judgement: RequestAssessment | None
    edition_problem: str | None
    checklist: Checklist | None


class _Unchanged(Exception):
    """Nothing changed, so nothing is shown."""


@router.get(HERE)
def request_page(
    request: Request,
    access: AccessOfRequest,
    commanding: CommandingOfRequest,
    sealing: SealingOfApp,
    request_id: RequestIdInPath,
) -> Response:
    return _page(request, access, commanding, sealing, request_id)


@router.get(f"{HERE}/moved")
def what_has_moved(
    request: Request,
    access: AccessOfRequest,
    request_id: RequestIdInPath,
    digest: Annotated[str, Query(pattern=r"^[0-9a-f]{64}$")],
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Response:
    """What moved since the assessment with this digest was looked at; 204 while nothing did, which is no look."""
    changed, today = None, access.today()
    with suppress(_Unchanged), access.request_events(request_id) as (events, history, one):
        _check_changed(history, one, digest, today)
        changed = changes_since(digest, list(versions(events)), request_id, today, access.version_of(history, version))
    if changed is None:
        return Response(status_code=204)
    return rendered(request, "request/changes.html.j2", changed=changed, request_id=request_id)


def _check_changed(history: PatientHistory, one: PriorAuthorization, digest: str, today: date) -> None:
    """Ends the block without an access where the page shows what is current."""
    if not one.is_open or request_assessment(history, one, today).digest == digest:
        raise _Unchanged


def do(
    sent: FormOfCommand, access: AccessOfRequest, sealing: SealingOfApp, request_id: RequestIdInPath, act: ActInPath
) -> Response:
    """One of the acts, as its form states it; refused, the page again with what was typed."""
    form = form_named(FORMS, act, "the request's page")

    def again(tried: Tried) -> Response:
        return _page(sent.request, access, sent.commanding, sealing, request_id, tried)

    page = f"{PREFIX}/requests/{request_id}"
    return answered(sent, act, form, patient_of(request_id), page, again, request_id=request_id)


# Of a claim the worklist's route comes before this one.
for _form in ("claim", "release", "extend-approval", "{act}"):
    router.post(f"{HERE}/{_form}")(do)


# -- the page -----------------------------------------------------------------------------------


def _page(
    request: Request,
    access: PatientAccess,
    commanding: Commanding,
    sealing: Sealing,
    request_id: str,
    tried: Tried | None = None,
) -> Response:
    with access.request_events(request_id) as found:
        seen = _seen(*found, access)
    occasion = occasion_of(commanding, seen.history)
    may_not = refusals(seen.history, occasion, request_id, seen.judgement)
    may_not_extend = may(seen.history, occasion, ExtendApproval, request_id)
    return rendered(
        request,
        "request/page.html.j2",
        tried.status if tried is not None else 200,
        seen=seen,
        life=seen.life,
        submitted=seen.request,
        assessment=seen.judgement.assessment if seen.judgement is not None else None,
        digest=seen.judgement.digest if seen.judgement is not None else "",
        citable=[(one, one) for one in seen.checklist.citable] if seen.checklist is not None else [],
        shown_version=access.shown_version(seen.history, seen.history.version),
        against=_against(seen),
        first=FIRST,
        more=MORE,
        may=may_not | {"extend-approval": may_not_extend},
        extension=assessment_to_extend(seen.history, request_id, occasion.today) if may_not_extend is None else None,
        given=_given(seen.request),
        seals={one.version: sealing.place_of(seen.history.patient_id, one.version) for one in seen.life.decisions},
        others=_others(access, seen),
        is_of_plan=access.office is None,
        tried=tried,
    )


def _seen(events: Events, history: PatientHistory, one: PriorAuthorization, access: PatientAccess) -> RequestPageData:
    judgement, problem = assessment_or_problem(history, one, access.today())
    made = (
        checklist(judgement.assessment, history, events, one.request_id, access.office)
        if judgement is not None
        else None
    )
    life = request_life(history, one, access.zone, access.now())
    return RequestPageData(history, one, life, judgement, problem, made)


def _against(seen: RequestPageData) -> list[str]:
    """What a denial would cite."""
    if seen.judgement is None:
        return []
    assessment = seen.judgement.assessment
    return list(dict.fromkeys(speaking_against(assessment, edition_named(assessment.edition))))


def _given(one: PriorAuthorization) -> dict[str, Any]:
    """What the forms are filled in with: what stands."""
    found: dict[str, Any] = as_typed(one.statement, "statement") | as_typed(one.prescriber, "prescriber")
    if one.consultation is not None:
        found |= as_typed(one.consultation, "consultation")
    found["planned_site"] = one.planned_site or ""
    planned = one.planned_first_infusion_on
    found["planned_first_infusion_on"] = planned.isoformat() if planned is not None else ""
    found["line_of_business"] = one.line_of_business
    return found


def _others(access: PatientAccess, seen: RequestPageData) -> list[PriorAuthorization]:
    """Her other requests that this person may see."""
    mine = seen.request.request_id
    return [one for one in seen.history.requests if one.request_id != mine and is_own(access.actor, one)]
