"""Requests for prior authorization: submit one, see what the policy says, and decide it as a person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response
from pydantic import Field

from api.http import examples
from api.http.bodies import SoundJson
from api.http.etags import IdempotencyKey, IfMatch, edition_in_tag, tag_answer, tag_of
from api.http.problems import COMMAND, QUERY, documented
from api.record_access.http import ReadingOfRequest, patient_of
from api.routes.dependencies import (
    After,
    AsOf,
    Commanding,
    CommandingOfRequest,
    EditionKey,
    KnownAt,
    Limit,
    PatientIdInPath,
    RequestIdInPath,
    day_recorded,
    edition_of,
    judged_or_problem,
    run,
)
from api.routes.schemas import (
    AssessmentAnswer,
    RequestAnswer,
    RequestPage,
    page_of,
    request_answer,
    request_summary,
)
from domain.commands import Command
from domain.commands.determinations import Approval, ApproveCourse, Denial, DenyRequest, Referral, ReferRequest
from domain.commands.requests import SubmitRequest
from domain.decisions.approval_changes import assessment_to_extend
from domain.events.requests import RequestSubmitted
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.permissions.views import is_own
from domain.review.assess_request import Judgement, judge
from projections.request_status import RequestLife, request_life

router = APIRouter(tags=["requests"], route_class=SoundJson)


Citation = Annotated[str, Field(pattern=r"^(1|NR|Dosing)(\.[A-Za-z0-9()]{1,9}){0,4}$", examples=["1.B.iv"])]


class DenyBody(Denial):
    # Clauses alone: a refusal names what was cited, and must not repeat any other text.
    citing: Annotated[tuple[Citation, ...], Field(min_length=1, max_length=40)]


@router.post("/patients/{patient_id}/requests", status_code=201, responses=COMMAND)
def submit_request(
    commanding: CommandingOfRequest,
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
    request = _request(outcome.history, submitted.request_id)
    return request_answer(
        outcome.history, request, *judged_or_problem(outcome.history, request, day_recorded(commanding.ledger, outcome))
    )


@router.get("/patients/{patient_id}/requests", responses=QUERY)
def list_requests(
    reading: ReadingOfRequest,
    request: Request,
    response: Response,
    patient_id: PatientIdInPath,
    known_at: KnownAt = None,
    after: After = 0,
    limit: Limit = 50,
) -> RequestPage:
    """List the requests of the patient, oldest first."""
    history = reading.history(patient_id, "requests", known_at=known_at)
    tag_answer(request, response, tag_of(history, "requests", reading.seen_as))
    seen = [one for one in history.requests if is_own(reading.actor, one)]
    return page_of([request_summary(one) for one in seen], [one.submitted_version for one in seen], after, limit)


@router.get("/requests/{request_id}", responses=QUERY)
def get_request(
    reading: ReadingOfRequest,
    request: Request,
    response: Response,
    request_id: RequestIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> RequestAnswer:
    """Return the request with its current facts, its determination as recorded, and its assessment on the day."""
    day = as_of or reading.today()

    def told(history: PatientHistory, submitted: PriorAuthorization) -> tuple[PatientHistory, RequestAnswer]:
        return history, request_answer(history, submitted, *judged_or_problem(history, submitted, day))

    history, answer = reading.request(request_id, told, known_at=known_at)
    tag_answer(request, response, tag_of(history, "request", day.isoformat(), edition_in_tag(answer.assessment)))
    return answer


@router.get("/requests/{request_id}/life", responses=QUERY)
def get_request_life(
    reading: ReadingOfRequest,
    request: Request,
    response: Response,
    request_id: RequestIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> RequestLife:
    """Return the status of the request: assignment, requested information, deadline, decisions, notices and appeals."""
    now = reading.moment_of(as_of, known_at)

    def told(history: PatientHistory, submitted: PriorAuthorization) -> tuple[PatientHistory, RequestLife]:
        return history, request_life(history, submitted, reading.zone, now)

    history, life = reading.request(request_id, told, known_at=known_at)
    # Nothing else in it changes with time alone.
    overdue = [one.appeal_id.rpartition(".")[2] for one in life.appeals if one.overdue]
    tag_answer(request, response, tag_of(history, "life", life.clock.standing, *overdue))
    return life


@router.get("/requests/{request_id}/assessment", responses=QUERY)
def assess_request(
    reading: ReadingOfRequest,
    request: Request,
    response: Response,
    request_id: RequestIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    edition: EditionKey = None,
) -> AssessmentAnswer:
    """Assess the request on a day, clause by clause. A decision needs the returned digest."""
    day, chosen = as_of or reading.today(), edition_of(edition)

    def told(history: PatientHistory, submitted: PriorAuthorization) -> tuple[PatientHistory, Judgement]:
        return history, judge(history, submitted, day, chosen)

    history, judgement = reading.request(request_id, told, known_at=known_at)
    tag = tag_of(history, "assessment", day.isoformat(), edition_in_tag(judgement.assessment))
    tag_answer(request, response, tag)
    return AssessmentAnswer(
        assessment_digest=judgement.digest,
        history_version=judgement.history_version,
        assessment=judgement.assessment,
    )


@router.get("/requests/{request_id}/assessment-to-extend", responses=QUERY | documented(409))
def assess_extension(
    reading: ReadingOfRequest,
    request: Request,
    response: Response,
    request_id: RequestIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> AssessmentAnswer:
    """Return the assessment that an extension of the approval needs. It leaves out doses under the approval (R10)."""
    day = as_of or reading.today()

    def told(history: PatientHistory, submitted: PriorAuthorization) -> tuple[PatientHistory, Judgement]:
        return history, assessment_to_extend(history, submitted.request_id, day)

    history, judgement = reading.request(request_id, told, known_at=known_at)
    tag_answer(request, response, tag_of(history, "extend", day.isoformat(), edition_in_tag(judgement.assessment)))
    return AssessmentAnswer(
        assessment_digest=judgement.digest,
        history_version=judgement.history_version,
        assessment=judgement.assessment,
    )


@router.post("/requests/{request_id}/approve", responses=COMMAND)
def approve_course(
    commanding: CommandingOfRequest,
    response: Response,
    request_id: RequestIdInPath,
    body: Annotated[Approval, Body(examples=[examples.APPROVE])],
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> RequestAnswer:
    """Approve a course for 30 days. The command needs the digest of the viewed assessment."""
    command = ApproveCourse(request_id=request_id, **dict(body))
    return _decide(commanding, response, command, request_id, key, if_match)


@router.post("/requests/{request_id}/deny", responses=COMMAND)
def deny_request(
    commanding: CommandingOfRequest,
    response: Response,
    request_id: RequestIdInPath,
    body: Annotated[DenyBody, Body(examples=[examples.DENY])],
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> RequestAnswer:
    """Deny the request, citing the specific criteria in plain language. Only a physician may deny."""
    command = DenyRequest(request_id=request_id, **dict(body))
    return _decide(commanding, response, command, request_id, key, if_match)


@router.post("/requests/{request_id}/refer", responses=COMMAND)
def refer_request(
    commanding: CommandingOfRequest,
    response: Response,
    request_id: RequestIdInPath,
    body: Annotated[Referral, Body(examples=[examples.REFER])],
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> RequestAnswer:
    """Send the request to clinical review."""
    command = ReferRequest(request_id=request_id, **dict(body))
    return _decide(commanding, response, command, request_id, key, if_match)


def _decide(
    commanding: Commanding,
    response: Response,
    command: Command,
    request_id: str,
    key: str | None,
    if_match: str | None,
) -> RequestAnswer:
    outcome = run(commanding, patient_of(request_id), command, response, key, if_match)
    request = _request(outcome.history, request_id)
    return request_answer(
        outcome.history, request, *judged_or_problem(outcome.history, request, day_recorded(commanding.ledger, outcome))
    )


def _request(history: PatientHistory, request_id: str) -> PriorAuthorization:
    request = history.request(request_id)
    assert request is not None, "the command that was recorded is about it"
    return request
