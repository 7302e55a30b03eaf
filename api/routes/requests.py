"""Requests for prior authorization: submit, read, assess, and decide a request. A person makes each decision."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Body, Request, Response
from pydantic import Field

from api.http import examples
from api.http.bodies import CheckedJsonRoute
from api.http.etags import IdempotencyKey, IfMatch, edition_in_tag, tag_answer, tag_of
from api.http.problems import COMMAND, QUERY, documented
from api.record_access.http import AccessOfRequest
from api.record_access.shown_answers import decision_shown, life_shown
from api.routes.commands.route_factory import CommandRoute, add_routes
from api.routes.dependencies import (
    After,
    AsOf,
    CommandRunner,
    CommandRunnerOfRequest,
    EditionKey,
    KnownAt,
    Limit,
    PatientIdInPath,
    RequestIdInPath,
    assessment_or_problem,
    day_recorded,
    edition_of,
    run,
)
from api.routes.schemas import (
    ApprovalView,
    AssessmentAnswer,
    DeterminationView,
    RequestAnswer,
    RequestPage,
    RequestView,
    page_of,
    request_summary,
)
from domain.commands.determinations import Approval, ApproveCourse, Denial, DenyRequest, Referral, ReferRequest
from domain.commands.requests import SubmitRequest
from domain.decisions.approval_changes import assessment_to_extend
from domain.events.requests import RequestSubmitted
from domain.history.records import ApprovalRecord
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.ledger.application import Outcome
from domain.permissions.views import ShownVersions, assessment_shown, is_own_request, same_requests
from domain.review.assess_request import RequestAssessment, request_assessment
from projections.request_status import UNKNOWN, RequestLife, deadline_instant, decision_view, request_status

router = APIRouter(tags=["requests"], route_class=CheckedJsonRoute)


Citation = Annotated[str, Field(pattern=r"^(1|NR|Dosing)(\.[A-Za-z0-9()]{1,9}){0,4}$", examples=["1.B.iv"])]


class DenyBody(Denial):
    # The pattern accepts clause numbers only. A refusal repeats the citation and must not repeat any other text.
    citing: Annotated[tuple[Citation, ...], Field(min_length=1, max_length=40)]


@router.post("/patients/{patient_id}/requests", status_code=201, responses=COMMAND)
def submit_request(
    commanding: CommandRunnerOfRequest,
    response: Response,
    patient_id: PatientIdInPath,
    body: Annotated[SubmitRequest, Body(examples=[examples.SUBMIT])],
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> RequestAnswer:
    """Submit a request. The answer has the assessment of the request. A person makes the decision."""
    outcome = run(commanding, patient_id, body, response, key, if_match)
    submitted = outcome.events[0]
    assert isinstance(submitted, RequestSubmitted)
    response.headers["Location"] = f"/requests/{submitted.request_id}"
    return _request_answer(commanding, outcome, submitted.request_id)


@router.get("/patients/{patient_id}/requests", responses=QUERY)
def list_requests(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    patient_id: PatientIdInPath,
    known_at: KnownAt = None,
    after: After = 0,
    limit: Limit = 50,
) -> RequestPage:
    """List the requests of the patient, oldest first."""
    with access.history(patient_id, "requests", known_at=known_at) as history:
        visible = [one for one in history.requests if is_own_request(access.user, one)]
    versions = access.versions(history)
    tag_answer(request, response, tag_of(versions, "requests"))
    numbers = [versions.shown(one.submitted_version) for one in visible]
    return page_of([request_summary(one) for one in visible], numbers, after, limit)


@router.get("/requests/{request_id}", responses=QUERY)
def get_request(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    request_id: RequestIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> RequestAnswer:
    """Return the request with its current facts, its determination as recorded, and its assessment on the day."""
    day = as_of or access.today()
    with access.request(request_id, known_at=known_at) as (history, submitted):
        assessed, problem = assessment_or_problem(history, submitted, day)
    versions = access.versions(history)
    answer = request_answer(history, submitted, assessed, problem, versions)
    tag_answer(request, response, tag_of(versions, "request", day.isoformat(), edition_in_tag(answer.assessment)))
    return answer


@router.get("/requests/{request_id}/life", responses=QUERY)
def get_request_life(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    request_id: RequestIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> RequestLife:
    """Return the status of the request: assignment, requested information, deadline, decisions, notices and appeals."""
    now = deadline_instant(access.now(), access.zone, as_of, known_at)
    with access.request(request_id, known_at=known_at) as (history, submitted):
        life = request_status(history, submitted, access.zone, now, access.deadlines)
    # Only the state of the deadline and overdue appeals change without an event, so only they are in the tag.
    overdue = [one.appeal_id.rpartition(".")[2] for one in life.appeals if one.overdue]
    versions = access.versions(history)
    tag_answer(request, response, tag_of(versions, "life", life.clock.standing, *overdue))
    return life_shown(life, versions)


@router.get("/requests/{request_id}/assessment", responses=QUERY)
def assess_request(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    request_id: RequestIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    edition: EditionKey = None,
) -> AssessmentAnswer:
    """Assess the request on a day, clause by clause. A decision needs the returned digest."""
    day, chosen_edition = as_of or access.today(), edition_of(edition)
    with access.request(request_id, known_at=known_at) as (history, submitted):
        assessed = request_assessment(history, submitted, day, chosen_edition)
    return _assessment_answer(request, response, access.versions(history), "assessment", assessed)


@router.get("/requests/{request_id}/assessment-to-extend", responses=QUERY | documented(409))
def assess_extension(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    request_id: RequestIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> AssessmentAnswer:
    """Return the assessment that an extension of the approval needs. It leaves out doses under the approval (R10)."""
    day = as_of or access.today()
    with access.request(request_id, known_at=known_at) as (history, submitted):
        assessed = assessment_to_extend(history, submitted.request_id, day)
    return _assessment_answer(request, response, access.versions(history), "extend", assessed)


def _assessment_answer(
    request: Request, response: Response, versions: ShownVersions, question: str, assessed: RequestAssessment
) -> AssessmentAnswer:
    """The assessment with its tag, which names the question."""
    day, edition = assessed.assessment.as_of.isoformat(), edition_in_tag(assessed.assessment)
    tag_answer(request, response, tag_of(versions, question, day, edition))
    return AssessmentAnswer(
        assessment_digest=assessed.digest,
        history_version=versions.current,
        assessment=assessment_shown(assessed.assessment, versions.office),
    )


def request_answer(
    history: PatientHistory,
    request: PriorAuthorization,
    assessed: RequestAssessment | None,
    edition_problem: str | None,
    versions: ShownVersions,
) -> RequestAnswer:
    """The request and its assessment. `edition_problem` states why there is no assessment."""
    return RequestAnswer(
        history_version=versions.current,
        request=_request_view(history, request, versions),
        assessment_digest=assessed.digest if assessed is not None else None,
        assessment=assessment_shown(assessed.assessment, versions.office) if assessed is not None else None,
        edition_problem=edition_problem,
    )


def _request_view(history: PatientHistory, request: PriorAuthorization, versions: ShownVersions) -> RequestView:
    """The request and its determination."""
    approval = history.approval(request.request_id)
    past_decisions = [one for one in request.decisions if one.past is not None]
    return RequestView(
        request_id=request.request_id,
        status=request.status,
        received_at=request.received_at,
        received_on=request.received_on,
        receipt_source=request.receipts[-1].source,
        line_of_business=request.line_of_business,
        urgency=request.urgency,
        prescriber=request.prescriber,
        consultation=request.consultation,
        planned_first_infusion_on=request.planned_first_infusion_on,
        statement=request.statement,
        submitted_by=request.submitted_by,
        same_as=list(same_requests(history, request, versions.office)),
        determination=_determination(request, versions),
        past_determination=decision_shown(decision_view(past_decisions[-1]), versions) if past_decisions else None,
        approval=_approval(approval) if approval is not None else None,
        imported_from=request.imported_from,
    )


def _determination(request: PriorAuthorization, versions: ShownVersions) -> DeterminationView | None:
    determination, decided_by = request.determination, request.decided_by
    if determination is None or decided_by is None:
        return None
    assessment = determination.assessment
    return DeterminationView(
        decided_by=decided_by,
        decided_on=determination.decided_on,
        rationale=determination.rationale,
        departs=determination.departs,
        citing=list(request.citing),
        history_version=versions.shown(determination.history_version),
        edition=assessment.edition if assessment is not None else UNKNOWN,
        assessment_digest=determination.assessment_digest,
        assessment=assessment_shown(assessment, versions.office) if assessment is not None else None,
    )


def _approval(approval: ApprovalRecord) -> ApprovalView:
    return ApprovalView(
        course=approval.course,
        doses_approved=approval.doses_approved,
        valid_from=approval.valid_from,
        valid_through=approval.valid_through,
        left_out=approval.left_out,
        citing=list(approval.citing),
        imported_from=approval.imported_from,
    )


def _request_answer(commanding: CommandRunner, outcome: Outcome, request_id: str) -> RequestAnswer:
    """The request after the command, assessed on the day of the command."""
    history = outcome.history
    request = history.request(request_id)
    assert request is not None, "the command that was recorded is about it"
    assessed, problem = assessment_or_problem(history, request, day_recorded(commanding.ledger, outcome))
    return request_answer(history, request, assessed, problem, commanding.versions(history))


DETERMINATIONS: Final = (
    CommandRoute(
        "/requests/{request_id}/approve",
        ApproveCourse,
        "Approve a course for 30 days. The command needs the digest of the viewed assessment.",
        examples.APPROVE,
        body_model=Approval,
        answer_model=RequestAnswer,
        answer=_request_answer,
    ),
    CommandRoute(
        "/requests/{request_id}/deny",
        DenyRequest,
        "Deny the request, citing the specific criteria in plain language. Only a physician may deny.",
        examples.DENY,
        body_model=DenyBody,
        answer_model=RequestAnswer,
        answer=_request_answer,
    ),
    CommandRoute(
        "/requests/{request_id}/refer",
        ReferRequest,
        "Send the request to clinical review.",
        examples.REFER,
        body_model=Referral,
        answer_model=RequestAnswer,
        answer=_request_answer,
    ),
)
add_routes(router, DETERMINATIONS)
