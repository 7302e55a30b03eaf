"""The appeal page, and a determination replayed: as decided, as known then, as known now, under another edition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api.http.problems import tell_of_denial
from api.pages.form_commands import Tried, attempt, done, refused, why_not
from api.pages.forms import Form, FormOfRequest, FormWrong
from api.pages.redirects import leads_to
from api.pages.rendering import PREFIX, rendered
from api.pages.request.document_upload import brought
from api.record_access.http import AccessOfRequest
from api.record_access.patient_access import Events, PatientAccess, patient_of
from api.routes.dependencies import (
    AppealIdInPath,
    Commanding,
    CommandingOfRequest,
    RequestIdInPath,
    edition_of,
    judged_or_problem,
)
from api.routes.replays import DecisionVersion, OtherEdition, ReplayedOn
from domain.commands.appeals import (
    AddAppealEvidence,
    AssignAppeal,
    DecideAppeal,
    DismissAppeal,
    FileAppeal,
    HandOnAppeal,
    RecordExternalAnswer,
    WithdrawAppeal,
)
from domain.errors import EditionUnknown, LedgerError, NotFound, NotPermitted
from domain.events import PatientEvent
from domain.events.appeals import AppealFiled
from domain.history.records import Appeal
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.ledger.application import Outcome
from domain.permissions.appeal_independence import check_independent, check_uphold
from domain.permissions.views import request_seen
from domain.policy.editions import EDITIONS
from domain.review.assess_request import Judgement
from projections.replay.replay import Replay, replay
from projections.request_status import AppealView, appeal_view

router = APIRouter(include_in_schema=False)

APPEAL: Final = f"{PREFIX}/appeals/{{appeal_id}}"
REQUEST: Final = f"{PREFIX}/requests/{{request_id}}"
_SAID: Final = "as it will be said"

ACTS: Final[dict[str, type[BaseModel]]] = {
    "claim": AssignAppeal,
    "decide": DecideAppeal,
    "evidence": AddAppealEvidence,
    "withdraw": WithdrawAppeal,
    "dismiss": DismissAppeal,
    "hand-on": HandOnAppeal,
    "external-answer": RecordExternalAnswer,
}

EditionAsked = Annotated[str | None, Query(max_length=10)]


@dataclass(frozen=True, slots=True)
class Seen:
    history: PatientHistory
    appeal: Appeal
    view: AppealView
    request: PriorAuthorization
    judgement: Judgement | None
    again: Replay | None
    nothing_to_replay: str | None


# -- replays ------------------------------------------------------------------------------------


@router.get(f"{REQUEST}/replay")
def replay_page(
    request: Request,
    access: AccessOfRequest,
    request_id: RequestIdInPath,
    as_of: ReplayedOn = None,
    edition: OtherEdition = None,
    decision: DecisionVersion = None,
) -> Response:
    """The request's determination beside itself, judged again."""
    chosen = edition_of(edition)
    with access.request_events(request_id, view="replay") as (events, _, _):
        again = replay(events, request_id, access.zone, decision=decision, as_of=as_of, edition=chosen)
    return rendered(
        request,
        "appeal/replay.html.j2",
        again=again,
        request_id=request_id,
        editions=EDITIONS,
        chosen=edition.isoformat() if edition is not None else "",
        decision=decision,
        here=f"{PREFIX}/requests/{request_id}/replay",
    )


# -- filing -------------------------------------------------------------------------------------


@router.get(f"{REQUEST}/appeals/new")
def filing_page(
    request: Request, access: AccessOfRequest, commanding: CommandingOfRequest, request_id: RequestIdInPath
) -> Response:
    return _filing(request, access, commanding, request_id)


@router.post(f"{REQUEST}/appeals")
def file_appeal(
    request: Request,
    access: AccessOfRequest,
    commanding: CommandingOfRequest,
    form: FormOfRequest,
    request_id: RequestIdInPath,
) -> Response:
    outcome = attempt(request, commanding, patient_of(request_id), "file", FileAppeal, form, request_id=request_id)
    if isinstance(outcome, Tried):
        return _filing(request, access, commanding, request_id, outcome)
    filed = outcome.events[0]
    assert isinstance(filed, AppealFiled)
    return leads_to(request, f"{PREFIX}/appeals/{filed.appeal_id}", outcome)


def _filing(
    request: Request, access: PatientAccess, commanding: Commanding, request_id: str, tried: Tried | None = None
) -> Response:
    with access.request(request_id) as (history, one):
        pass
    filer: Any = {"name": _SAID, "relation": "patient"}
    command = FileAppeal(request_id=request_id, received_at=access.now(), grounds=_SAID, filer=filer)
    return rendered(
        request,
        "appeal/new_appeal.html.j2",
        tried.status if tried is not None else 200,
        request_id=request_id,
        name=history.name,
        refusal=why_not(commanding, history, command),
        submitted=one,
        tried=tried,
    )


# -- the appeal ---------------------------------------------------------------------------------


@router.get(APPEAL)
def appeal_page(
    request: Request,
    access: AccessOfRequest,
    commanding: CommandingOfRequest,
    appeal_id: AppealIdInPath,
    as_of: ReplayedOn = None,
    edition: OtherEdition = None,
) -> Response:
    return _page(request, access, commanding, appeal_id, as_of, edition)


@router.post(f"{APPEAL}/{{act}}")
def do(
    request: Request,
    access: AccessOfRequest,
    commanding: CommandingOfRequest,
    form: FormOfRequest,
    appeal_id: AppealIdInPath,
    act: str,
) -> Response:
    if act not in ACTS:
        raise NotFound("there is no such act", field="act", remedy="use a form of the appeal's page")
    outcome = _done(request, commanding, form, appeal_id, act)
    if isinstance(outcome, Tried):
        return _page(request, access, commanding, appeal_id, None, None, outcome)
    return done(f"{PREFIX}/appeals/{appeal_id}", outcome)


def _done(request: Request, commanding: Commanding, form: Form, appeal_id: str, act: str) -> Outcome | Tried:
    patient_id, also = patient_of(appeal_id), dict[str, Any](appeal_id=appeal_id)
    if act == "claim":
        also["to"] = commanding.caller.actor
    if act == "evidence":
        try:
            also["documents"] = brought(commanding, patient_id, form)
        except LedgerError as error:
            tell_of_denial(request, error)
            return refused(act, form, error)
        except FormWrong as wrong:
            return refused(act, form, wrong)
    return attempt(request, commanding, patient_id, act, ACTS[act], form, **also)


def _page(
    request: Request,
    access: PatientAccess,
    commanding: Commanding,
    appeal_id: str,
    as_of: date | None,
    edition: date | None,
    tried: Tried | None = None,
) -> Response:
    with access.appeal_events(appeal_id) as found:
        seen = _seen(*found, access, as_of, edition)
    if seen.again is not None:
        access.record([seen.history.patient_id], "replay")
    return rendered(
        request,
        "appeal/page.html.j2",
        tried.status if tried is not None else 200,
        seen=seen,
        view=seen.view,
        again=seen.again,
        request_id=seen.request.request_id,
        editions=EDITIONS,
        chosen=edition.isoformat() if edition is not None else "",
        decision=None,
        here=f"{PREFIX}/appeals/{appeal_id}",
        digest=seen.judgement.digest if seen.judgement is not None else "",
        shown_version=access.shown_version(seen.history, seen.history.version),
        may=_refusals(commanding, seen, access),
        rules=_rules(access, seen),
        took_part=seen.request.took_part if access.office is None else (),
        is_of_plan=access.office is None,
        citable=_citable(seen),
        tried=tried,
    )


def _seen(
    events: Events,
    history: PatientHistory,
    appeal: Appeal,
    access: PatientAccess,
    as_of: date | None,
    edition: date | None,
) -> Seen:
    one = request_seen(access.user, history, appeal.request_id)
    judgement, _ = judged_or_problem(history, one, access.today())
    again, problem = None, None
    if access.office is None:
        try:
            again = replay(
                events,
                appeal.request_id,
                access.zone,
                decision=_decision(events, appeal),
                as_of=as_of,
                edition=edition_of(edition),
            )
        except (NotFound, EditionUnknown) as none:
            problem = none.cause
    view = appeal_view(history, appeal, access.zone, access.now())
    return Seen(history, appeal, view, one, judgement, again, problem)


def _decision(events: Sequence[PatientEvent], appeal: Appeal) -> int | None:
    """What is appealed; of an approval taken back, the latest determination stands beside it."""
    version = appeal.decision_version
    is_decision = hasattr(events[version - 1], "determination") or events[version - 1].TOPIC.startswith("Past")
    return version if is_decision else None


def _refusals(commanding: Commanding, seen: Seen, access: PatientAccess) -> dict[str, LedgerError | None]:
    """By act, why this person can't do it as things stand."""
    one, digest = seen.appeal.appeal_id, seen.judgement.digest if seen.judgement is not None else "0" * 64
    now = access.now()
    tried: dict[str, Any] = {
        "claim": AssignAppeal(appeal_id=one, to=commanding.caller.actor),
        "decide": DecideAppeal(appeal_id=one, outcome="overturned", assessment_digest=digest, rationale=_SAID, doses=1),
        "evidence": AddAppealEvidence(appeal_id=one, received_at=now, note=_SAID),
        "withdraw": WithdrawAppeal(appeal_id=one, by=_SAID, reason=_SAID),
        "dismiss": DismissAppeal(appeal_id=one, ground="improperly_filed", reason=_SAID),
        "hand-on": HandOnAppeal(appeal_id=one, organisation=_SAID),
        "external-answer": RecordExternalAnswer(
            appeal_id=one, received_on=access.today(), outcome="upheld", rationale=_SAID, assessment_digest=digest
        ),
    }
    return {act: why_not(commanding, seen.history, command) for act, command in tried.items()}


def _rules(access: PatientAccess, seen: Seen) -> list[tuple[str, LedgerError | None]]:
    """The rules of independence, each with why this person does not meet it."""
    taking_part, upholding = None, None
    try:
        check_independent(access.actor, seen.history, seen.appeal)
    except NotPermitted as refusal:
        taking_part = refusal
    try:
        check_uphold(access.actor)
    except NotPermitted as refusal:
        upholding = refusal
    return [
        ("Took no part in what is appealed, and reports to nobody who did", taking_part),
        ("To uphold: a physician of the same or a similar specialty", upholding),
    ]


def _citable(seen: Seen) -> list[tuple[str, str]]:
    if seen.judgement is None:
        return []
    return [(one.citation, one.citation) for one in seen.judgement.assessment.findings if one.answer.value != "met"]
