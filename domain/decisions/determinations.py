"""A person's determination of a request: approve, deny, or refer to a clinician.

Every one needs the digest of the assessment that was looked at, is checked against what the
person may do, and stores the assessment whole.
"""

from __future__ import annotations

from typing import Final

from domain.commands import Command
from domain.commands.context import Moment
from domain.commands.determinations import ApproveCourse, DenyRequest, ReferRequest
from domain.decisions.approval_terms import check_left_out, course_approved, days_asked, quantity
from domain.decisions.citations import approval_departs, check_citing, denial_departs
from domain.decisions.consequences import Decision
from domain.errors import AlreadyDecided, AssessmentMoved, Conflict, InvalidCommand, NotFound
from domain.events import PatientEvent
from domain.events.determinations import Determination, RequestDenied, RequestReferred
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.permissions import commands
from domain.review.assess_request import Judgement, judge


def approve_course(history: PatientHistory, command: ApproveCourse, moment: Moment) -> tuple[PatientEvent, ...]:
    """Approve up to the policy's quantity for thirty days (R9); less than was asked is partly adverse."""
    request, judgement = to_be_decided(history, command.request_id, command.assessment_digest, moment)
    assessment = judgement.assessment
    asked = days_asked(history, request)
    # Before all else, so that nobody is told to mend a command that is not theirs to give.
    is_less = command.doses is not None and asked is not None and command.doses < asked
    commands.check_approval(moment.actor, request, assessment, is_partial=is_less)
    granted = quantity(history, request, assessment, command)
    commands.check_approval(moment.actor, request, assessment, is_partial=granted.is_partial)
    if granted.is_partial:
        check_left_out(command, assessment)
    departs = approval_departs(assessment)
    is_a_referral = assessment.recommendation == "refer" or request.status == "referred"
    if departs or granted.is_partial or is_a_referral:
        _need_rationale(command.rationale)
    determination = determined(judgement, command.rationale, moment, departs=departs)
    return (course_approved(history, request, command, granted, determination, moment),)


def deny_request(history: PatientHistory, command: DenyRequest, moment: Moment) -> tuple[PatientEvent, ...]:
    """Deny, citing the specific criteria, in plain language. A clause that is met is cited only to depart from it."""
    request, judgement = to_be_decided(history, command.request_id, command.assessment_digest, moment)
    commands.check_denial(moment.actor, request.line_of_business)
    check_citing(command.citing, judgement.assessment)
    departs = denial_departs(command.citing, judgement.assessment)
    return (
        moment.event(
            RequestDenied,
            request_id=request.request_id,
            citing=command.citing,
            determination=determined(judgement, command.rationale, moment, departs=departs),
        ),
    )


def refer_request(history: PatientHistory, command: ReferRequest, moment: Moment) -> tuple[PatientEvent, ...]:
    """Send the request to a clinician, with what was seen."""
    request, judgement = to_be_decided(history, command.request_id, command.assessment_digest, moment)
    if request.status == "referred":
        raise AlreadyDecided(
            "the request is already in clinical review",
            field="request_id",
            remedy="wait for the clinical decision maker",
        )
    return (
        moment.event(
            RequestReferred,
            request_id=request.request_id,
            determination=determined(judgement, command.rationale, moment, departs=False),
        ),
    )


# -- what every determination needs -----------------------------------------------------------


def request_named(history: PatientHistory, request_id: str) -> Request:
    request = history.request(request_id)
    if request is None:
        raise NotFound(
            "the request was not found", field="request_id", remedy="use an id from the patient's list of requests"
        )
    return request


def check_open(request: Request) -> None:
    """Raise Conflict, or AlreadyDecided, unless the request is still to be decided."""
    if request.is_decided:
        raise AlreadyDecided(
            f"the request is already {request.status}",
            field="request_id",
            remedy="see the determination, or submit a new request",
        )
    if not request.is_open:
        raise Conflict(
            f"the request is {request.status}, so no determination can be made",
            field="request_id",
            remedy="reopen the request first, or submit a new one",
        )


def check_looked_at(judgement: Judgement, looked_at: str, request_id: str) -> None:
    """Raise AssessmentMoved unless the assessment of now is the one that was looked at."""
    if judgement.digest != looked_at:
        raise AssessmentMoved(
            "the assessment has changed since it was viewed",
            field="assessment_digest",
            remedy="review the current assessment and decide with its digest",
            request_id=request_id,
            looked_at=looked_at,
            assessment_digest=judgement.digest,
        )


def determined(judgement: Judgement, rationale: str | None, moment: Moment, *, departs: bool) -> Determination:
    return Determination(
        assessment=judgement.assessment,
        assessment_digest=judgement.digest,
        history_version=judgement.history_version,
        decided_on=moment.today,
        rationale=rationale,
        departs=departs,
    )


def to_be_decided(history: PatientHistory, request_id: str, digest: str, moment: Moment) -> tuple[Request, Judgement]:
    """The request and its assessment of today, which must be the one that was looked at."""
    request = request_named(history, request_id)
    check_open(request)
    judgement = judge(history, request, moment.today)
    check_looked_at(judgement, digest, request_id)
    return request, judgement


def _need_rationale(rationale: str | None) -> None:
    if rationale is None:
        raise InvalidCommand(
            "this approval does not follow from the policy alone, and the rationale is missing",
            field="rationale",
            remedy="state the rationale in plain language",
        )


DECISIONS: Final[dict[type[Command], Decision]] = {
    ApproveCourse: approve_course,
    DenyRequest: deny_request,
    ReferRequest: refer_request,
}
