"""A person's determination of a request: approve, deny, or refer to a clinician.

Every one needs the digest of the assessment that was looked at, is checked against what the
person may do, and stores the assessment whole.
"""

from __future__ import annotations

from typing import Final

from domain.commands import Command
from domain.commands.context import Moment, Occasion
from domain.commands.determinations import ApproveCourse, DenyRequest, ReferRequest
from domain.decisions.approval_terms import check_left_out, course_approved, days_asked, policy_doses_max, quantity
from domain.decisions.citations import approval_departs, check_citing, denial_departs
from domain.decisions.consequences import Decision
from domain.decisions.preconditions import OnAssessment, Precondition, request_open
from domain.errors import AlreadyDecided, AssessmentMoved, InvalidCommand
from domain.events import PatientEvent
from domain.events.determinations import Determination, RequestDenied, RequestReferred
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.permissions import commands
from domain.review.assess_request import Judgement, judge


def approve_course(history: PatientHistory, command: ApproveCourse, moment: Moment) -> tuple[PatientEvent, ...]:
    """Approve up to the policy's quantity for thirty days (R9); less than was asked is partly adverse."""
    request = request_open(history, command.request_id, moment)
    judgement = looked_at(history, request, command.assessment_digest, moment)
    check_approvable(history, request, judgement, moment)
    assessment = judgement.assessment
    # Before the other terms, so that nobody is told to mend a command that is not theirs to give.
    asked = days_asked(history, request)
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


def check_approvable(history: PatientHistory, request: Request, judgement: Judgement, occasion: Occasion) -> None:
    """Raise NotPermitted where only a clinician may approve what this assessment says, whatever is approved of it.

    Raises Conflict where the doses that were given before they were asked for are none, or of several courses.
    """
    asked, assessment = days_asked(history, request), judgement.assessment
    is_partial = asked is not None and asked > policy_doses_max(assessment)
    commands.check_approval(occasion.actor, request, assessment, is_partial=is_partial)


def deny_request(history: PatientHistory, command: DenyRequest, moment: Moment) -> tuple[PatientEvent, ...]:
    """Deny, citing the specific criteria, in plain language. A clause that is met is cited only to depart from it."""
    request = to_deny(history, command.request_id, moment)
    judgement = looked_at(history, request, command.assessment_digest, moment)
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


def to_deny(history: PatientHistory, request_id: str, occasion: Occasion) -> Request:
    request = request_open(history, request_id, occasion)
    commands.check_denial(occasion.actor, request.line_of_business)
    return request


def refer_request(history: PatientHistory, command: ReferRequest, moment: Moment) -> tuple[PatientEvent, ...]:
    """Send the request to a clinician, with what was seen."""
    request = to_refer(history, command.request_id, moment)
    judgement = looked_at(history, request, command.assessment_digest, moment)
    return (
        moment.event(
            RequestReferred,
            request_id=request.request_id,
            determination=determined(judgement, command.rationale, moment, departs=False),
        ),
    )


def to_refer(history: PatientHistory, request_id: str, occasion: Occasion) -> Request:
    request = request_open(history, request_id, occasion)
    if request.status == "referred":
        raise AlreadyDecided(
            "the request is already in clinical review",
            field="request_id",
            remedy="wait for the clinical decision maker",
        )
    return request


# -- what every determination needs -----------------------------------------------------------


def looked_at(history: PatientHistory, request: Request, digest: str, occasion: Occasion) -> Judgement:
    """The assessment of today, which must be the one that was looked at."""
    judgement = judge(history, request, occasion.today)
    check_looked_at(judgement, digest, request.request_id)
    return judgement


def any_assessment(_history: PatientHistory, _found: object, _judgement: Judgement, _occasion: Occasion) -> None:
    """Possible from every assessment, but not without one."""


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


def _need_rationale(rationale: str | None) -> None:
    if rationale is None:
        raise InvalidCommand(
            "this approval overrides the recommendation, and the rationale is missing",
            field="rationale",
            remedy="state the rationale in plain language",
        )


DECISIONS: Final[dict[type[Command], Decision]] = {
    ApproveCourse: approve_course,
    DenyRequest: deny_request,
    ReferRequest: refer_request,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    ApproveCourse: request_open,
    DenyRequest: to_deny,
    ReferRequest: to_refer,
}
ON_ASSESSMENT: Final[dict[type[Command], OnAssessment]] = {
    ApproveCourse: OnAssessment(judge, check_approvable),
    DenyRequest: OnAssessment(judge, any_assessment),
    ReferRequest: OnAssessment(judge, any_assessment),
}
