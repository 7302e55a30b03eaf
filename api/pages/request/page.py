"""The request page: what the policy says, on what, by whom it was said, and what this person may do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.pages.form_commands import ActInPath, SentForm, Tried, answered, form_named, occasion_of
from api.pages.forms import as_typed
from api.pages.rendering import PREFIX, rendered
from api.pages.request.actions import FIRST, FORMS, MORE, refusals
from api.record_access.http import Reading, ReadingOfRequest, patient_of
from api.routes.dependencies import Commanding, CommandingOfRequest, RequestIdInPath, judged_or_problem
from api.routes.seal import SealingOfApp
from domain.commands.determinations import ExtendApproval
from domain.decisions.approval_changes import assessment_to_extend
from domain.decisions.may import may
from domain.events import PatientEvent
from domain.history import fold, versions
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.ledger.sealing.sealing import Sealing
from domain.permissions.views import is_own, request_seen
from domain.policy.assessment import speaking_against
from domain.policy.editions import edition_named
from domain.review.assess_request import Judgement, judge
from domain.review.assessment_changes import Change, what_moved
from projections.checklist import Checklist, checklist
from projections.request_status import RequestLife, request_life

router = APIRouter(include_in_schema=False)

HERE: Final = f"{PREFIX}/requests/{{request_id}}"


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything of one request that its page shows, from one reading of the record."""

    history: PatientHistory
    request: PriorAuthorization
    life: RequestLife
    judgement: Judgement | None
    edition_problem: str | None
    checklist: Checklist | None


class _AsItWas(Exception):
    """Nothing moved, so nothing is told."""


@router.get(HERE)
def request_page(
    request: Request,
    reading: ReadingOfRequest,
    commanding: CommandingOfRequest,
    sealing: SealingOfApp,
    request_id: RequestIdInPath,
) -> Response:
    return _page(request, reading, commanding, sealing, request_id)


@router.get(f"{HERE}/moved")
def what_has_moved(
    request: Request,
    reading: ReadingOfRequest,
    request_id: RequestIdInPath,
    digest: str = Query(pattern=r"^[0-9a-f]{64}$"),
) -> Response:
    """What moved since the assessment with this digest was looked at; 204 while nothing did, which is no look."""

    def told(events: tuple[PatientEvent, ...]) -> list[Change]:
        history = _folded(events)
        one = request_seen(reading.actor, history, request_id)
        if not one.is_open or judge(history, one, reading.today()).digest == digest:
            raise _AsItWas
        return what_moved(digest, list(versions(events)), request_id, reading.today())

    try:
        changed = reading.told_by_events(patient_of(request_id), "request", told, subject=request_id)
    except _AsItWas:
        return Response(status_code=204)
    return rendered(request, "request/changes.html.j2", changed=changed, request_id=request_id)


def do(
    sent: SentForm, reading: ReadingOfRequest, sealing: SealingOfApp, request_id: RequestIdInPath, act: ActInPath
) -> Response:
    """One of the acts, as its form states it; refused, the page again with what was typed."""
    form = form_named(FORMS, act, "the request's page")

    def again(tried: Tried) -> Response:
        return _page(sent.request, reading, sent.commanding, sealing, request_id, tried)

    page = f"{PREFIX}/requests/{request_id}"
    return answered(sent, act, form, patient_of(request_id), page, again, request_id=request_id)


# Of a claim the worklist's route comes before this one.
for _form in ("claim", "release", "extend-approval", "{act}"):
    router.post(f"{HERE}/{_form}")(do)


# -- the page -----------------------------------------------------------------------------------


def _page(
    request: Request,
    reading: Reading,
    commanding: Commanding,
    sealing: Sealing,
    request_id: str,
    tried: Tried | None = None,
) -> Response:
    seen = reading.told_by_events(
        patient_of(request_id), "request", lambda events: _seen(events, reading, request_id), subject=request_id
    )
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
        against=_against(seen),
        first=FIRST,
        more=MORE,
        may=may_not | {"extend-approval": may_not_extend},
        extension=assessment_to_extend(seen.history, request_id, occasion.today) if may_not_extend is None else None,
        given=_given(seen.request),
        seals={one.version: sealing.place_of(seen.history.patient_id, one.version) for one in seen.life.decisions},
        others=_others(reading, seen),
        is_of_plan=reading.office is None,
        tried=tried,
    )


def _seen(events: Sequence[PatientEvent], reading: Reading, request_id: str) -> Seen:
    history = _folded(events)
    one = request_seen(reading.actor, history, request_id)
    judgement, problem = judged_or_problem(history, one, reading.today())
    made = (
        checklist(judgement.assessment, history, events, request_id, reading.office) if judgement is not None else None
    )
    life = request_life(history, one, reading.zone, reading.moment_of(None, None))
    return Seen(history, one, life, judgement, problem, made)


def _folded(events: Sequence[PatientEvent]) -> PatientHistory:
    history = fold(events)
    assert history is not None, "a history has a first event"
    return history


def _against(seen: Seen) -> list[str]:
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


def _others(reading: Reading, seen: Seen) -> list[PriorAuthorization]:
    """Her other requests that this person may see."""
    mine = seen.request.request_id
    return [one for one in seen.history.requests if one.request_id != mine and is_own(reading.actor, one)]
