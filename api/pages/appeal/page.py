"""The pages of an appeal and of a replay.

A replay shows a determination as decided, as known then, as known now, and under other editions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.pages.form_commands import (
    ActInPath,
    FormCommand,
    FormOfCommand,
    RefusedForm,
    form_named,
    occasion_of,
    run_form,
)
from api.pages.rendering import PREFIX, rendered
from api.pages.request.document_upload import with_document
from api.record_access.http import AccessOfRequest
from api.record_access.patient_access import Events, PatientAccess, patient_of
from api.record_access.shown_answers import appeal_shown
from api.routes.dependencies import (
    AppealIdInPath,
    CommandRunner,
    CommandRunnerOfRequest,
    RequestIdInPath,
    assessment_or_problem,
    edition_of,
)
from api.routes.replays import DecisionVersion, OtherEdition, ReplayedOn
from domain.commands import Command
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
from domain.decisions.may import may
from domain.decisions.preconditions import Assigning
from domain.errors import EditionUnknown, LedgerError, NotFound
from domain.events import PatientEvent
from domain.events.appeals import AppealFiled
from domain.history.records import Appeal
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.ledger.application import Outcome
from domain.permissions.appeal_independence import why_not_independent, why_not_uphold
from domain.permissions.views import ShownVersions, visible_request
from domain.policy.editions import EDITIONS
from domain.review.assess_request import RequestAssessment
from projections.replay.replay import Replay, replay
from projections.request_status import AppealView, appeal_view

router = APIRouter(include_in_schema=False)

APPEAL: Final = f"{PREFIX}/appeals/{{appeal_id}}"
REQUEST: Final = f"{PREFIX}/requests/{{request_id}}"

ACTS: Final[dict[str, type[Command]]] = {
    "decide": DecideAppeal,
    "evidence": AddAppealEvidence,
    "withdraw": WithdrawAppeal,
    "dismiss": DismissAppeal,
    "hand-on": HandOnAppeal,
    "external-answer": RecordExternalAnswer,
}
"""The forms of the appeal page, by name. The form `claim` is handled by the worklist, which redirects to this page."""
FORMS: Final[dict[str, FormCommand]] = {
    **{name: FormCommand(command) for name, command in ACTS.items()},
    "evidence": FormCommand(AddAppealEvidence, with_document),
}

EditionAsked = Annotated[str | None, Query(max_length=10)]


@dataclass(frozen=True, slots=True)
class AppealPageData:
    """Everything that the page of an appeal shows. `replayed` is None for an office, or if nothing can be replayed."""

    history: PatientHistory
    versions: ShownVersions
    appeal: Appeal
    view: AppealView
    request: PriorAuthorization
    assessed: RequestAssessment | None
    replayed: Replay | None
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
    """A determination of the request next to its re-evaluations."""
    chosen = edition_of(edition)
    with access.request_events(request_id, view="replay") as (events, _, _):
        replayed = replay(events, request_id, access.zone, decision=decision, as_of=as_of, edition=chosen)
    return rendered(
        request,
        "appeal/replay.html.j2",
        again=replayed,
        request_id=request_id,
        editions=EDITIONS,
        chosen=edition.isoformat() if edition is not None else "",
        decision=decision,
        here=f"{PREFIX}/requests/{request_id}/replay",
    )


# -- filing -------------------------------------------------------------------------------------


@router.get(f"{REQUEST}/appeals/new")
def filing_page(
    request: Request, access: AccessOfRequest, commanding: CommandRunnerOfRequest, request_id: RequestIdInPath
) -> Response:
    return _filing(request, access, commanding, request_id)


@router.post(f"{REQUEST}/appeals")
def file_appeal(sent: FormOfCommand, access: AccessOfRequest, request_id: RequestIdInPath) -> Response:
    def show_again(tried: RefusedForm) -> Response:
        return _filing(sent.request, access, sent.commanding, request_id, tried)

    return run_form(sent, "file", FILE, patient_of(request_id), "", show_again, request_id=request_id)


def _appeal_address(outcome: Outcome) -> str:
    filed = outcome.events[0]
    assert isinstance(filed, AppealFiled)
    return f"{PREFIX}/appeals/{filed.appeal_id}"


FILE: Final = FormCommand(FileAppeal, next_page=_appeal_address)


def _filing(
    request: Request,
    access: PatientAccess,
    commanding: CommandRunner,
    request_id: str,
    tried: RefusedForm | None = None,
) -> Response:
    with access.request(request_id) as (history, record):
        pass
    return rendered(
        request,
        "appeal/new_appeal.html.j2",
        tried.status if tried is not None else 200,
        request_id=request_id,
        name=history.name,
        refusal=may(history, occasion_of(commanding), FileAppeal, request_id),
        submitted=record,
        tried=tried,
    )


# -- the appeal ---------------------------------------------------------------------------------


@router.get(APPEAL)
def appeal_page(
    request: Request,
    access: AccessOfRequest,
    commanding: CommandRunnerOfRequest,
    appeal_id: AppealIdInPath,
    as_of: ReplayedOn = None,
    edition: OtherEdition = None,
) -> Response:
    return _page(request, access, commanding, appeal_id, as_of, edition)


@router.post(f"{APPEAL}/{{act}}")
def do(sent: FormOfCommand, access: AccessOfRequest, appeal_id: AppealIdInPath, act: ActInPath) -> Response:
    form = form_named(FORMS, act, "the appeal's page")

    def show_again(tried: RefusedForm) -> Response:
        return _page(sent.request, access, sent.commanding, appeal_id, None, None, tried)

    page = f"{PREFIX}/appeals/{appeal_id}"
    return run_form(sent, act, form, patient_of(appeal_id), page, show_again, appeal_id=appeal_id)


def _page(
    request: Request,
    access: PatientAccess,
    commanding: CommandRunner,
    appeal_id: str,
    as_of: date | None,
    edition: date | None,
    tried: RefusedForm | None = None,
) -> Response:
    with access.appeal_events(appeal_id) as record:
        seen = _page_data(*record, access, as_of, edition)
    if seen.replayed is not None:
        access.record([seen.history.patient_id], "replay")
    return rendered(
        request,
        "appeal/page.html.j2",
        tried.status if tried is not None else 200,
        seen=seen,
        view=seen.view,
        again=seen.replayed,
        request_id=seen.request.request_id,
        editions=EDITIONS,
        chosen=edition.isoformat() if edition is not None else "",
        decision=None,
        here=f"{PREFIX}/appeals/{appeal_id}",
        digest=seen.assessed.digest if seen.assessed is not None else "",
        shown_version=seen.versions.current,
        may=_refusals(commanding, seen),
        rules=_rules(access, seen),
        took_part=seen.request.took_part if access.office is None else (),
        is_of_plan=access.office is None,
        citable=_citable(seen),
        tried=tried,
    )


def _page_data(
    events: Events,
    history: PatientHistory,
    appeal: Appeal,
    access: PatientAccess,
    as_of: date | None,
    edition: date | None,
) -> AppealPageData:
    record = visible_request(access.user, history, appeal.request_id)
    assessed, _ = assessment_or_problem(history, record, access.today())
    replayed, problem = None, None
    if access.office is None:
        try:
            replayed = replay(
                events,
                appeal.request_id,
                access.zone,
                decision=_decision(events, appeal),
                as_of=as_of,
                edition=edition_of(edition),
            )
        except (NotFound, EditionUnknown) as error:
            problem = error.cause
    view, shown = appeal_view(history, appeal, access.zone, access.now(), access.deadlines), access.versions(history)
    return AppealPageData(history, shown, appeal, appeal_shown(view, shown), record, assessed, replayed, problem)


def _decision(events: Sequence[PatientEvent], appeal: Appeal) -> int | None:
    """The event number of the determination that is appealed. None for the latest one, if a rescission is appealed."""
    version = appeal.decision_version
    is_decision = hasattr(events[version - 1], "determination") or events[version - 1].TOPIC.startswith("Past")
    return version if is_decision else None


def _refusals(commanding: CommandRunner, seen: AppealPageData) -> dict[str, LedgerError | None]:
    """For each form, by name, why the user may not use it now. None if the user may."""
    history, occasion, appeal_id = seen.history, occasion_of(commanding), seen.appeal.appeal_id
    claimed = Assigning(appeal_id, occasion.actor)
    return {
        "claim": may(history, occasion, AssignAppeal, claimed),
        **{act: may(history, occasion, command, appeal_id, seen.assessed) for act, command in ACTS.items()},
    }


def _rules(access: PatientAccess, seen: AppealPageData) -> list[tuple[str, LedgerError | None]]:
    """The rules of independence, each with why the user does not meet it, or None."""
    not_independent = why_not_independent(access.actor, seen.history, seen.appeal)
    return [
        ("Took no part in what is appealed, and reports to nobody who did", not_independent),
        ("To uphold: a physician of the same or a similar specialty", why_not_uphold(access.actor)),
    ]


def _citable(seen: AppealPageData) -> list[tuple[str, str]]:
    """The options of the clauses that a decision can cite: every clause whose answer is not "met"."""
    if seen.assessed is None:
        return []
    findings = seen.assessed.assessment.findings
    return [(finding.citation, finding.citation) for finding in findings if finding.answer.value != "met"]
