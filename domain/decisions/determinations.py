"""A person's determination of a request: approve, deny, or refer to a clinician.

Every one needs the digest of the assessment that was looked at, is checked against what the
person may do, and stores the assessment whole.
"""

from __future__ import annotations

from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.determinations import ApproveCourse, DenyRequest, ReferRequest
from domain.decisions.approval_terms import check_left_out, course_approved, days_asked, policy_doses_max, quantity
from domain.decisions.citations import approval_departs, check_citing, denial_departs
from domain.decisions.consequences import DecisionFunction
from domain.decisions.preconditions import OnAssessment, Precondition, request_open
from domain.errors import AlreadyDecided, AssessmentMoved, InvalidCommand
from domain.events import PatientEvent
from domain.events.determinations import Determination, RequestDenied, RequestReferred
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.permissions import commands
from domain.review.assess_request import RequestAssessment, request_assessment


def approve_course(
    history: PatientHistory, command: ApproveCourse, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Approve up to the policy's quantity for thirty days (R9); less than was asked is partly adverse."""
    request = request_open(history, command.request_id, context)
    judgement = looked_at(history, request, command.assessment_digest, context)
    check_approvable(history, request, judgement, context)
    assessment = judgement.assessment
    # Before the other terms, so that nobody is told to mend a command that is not theirs to give.
    asked = days_asked(history, request)
    is_less = command.doses is not None and asked is not None and command.doses < asked
    commands.check_approval(context.actor, request, assessment, is_partial=is_less)
    granted = quantity(history, request, assessment, command)
    commands.check_approval(context.actor, request, assessment, is_partial=granted.is_partial)
    if granted.is_partial:
        check_left_out(command, assessment)
    departs = approval_departs(assessment)
    is_a_referral = assessment.recommendation == "refer" or request.status == "referred"
    if departs or granted.is_partial or is_a_referral:
        _need_rationale(command.rationale)
    determination = determined(judgement, command.rationale, context, departs=departs)
    return (course_approved(history, request, command, granted, determination, context),)


def check_approvable(
    history: PatientHistory, request: Request, judgement: RequestAssessment, occasion: Occasion
) -> None:
    """Raise NotPermitted where only a clinician may approve what this assessment says, whatever is approved of it.

    Raises Conflict where the doses that were given before they were asked for are none, or of several courses.
    """
    asked, assessment = days_asked(history, request), judgement.assessment
    is_partial = asked is not None and asked > policy_doses_max(assessment)
    commands.check_approval(occasion.actor, request, assessment, is_partial=is_partial)


def deny_request(history: PatientHistory, command: DenyRequest, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Deny, citing the specific criteria, in plain language. A clause that is met is cited only to depart from it."""
    request = to_deny(history, command.request_id, context)
    judgement = looked_at(history, request, command.assessment_digest, context)
    check_citing(command.citing, judgement.assessment)
    departs = denial_departs(command.citing, judgement.assessment)
    return (
        context.event(
            RequestDenied,
            request_id=request.request_id,
            citing=command.citing,
            determination=determined(judgement, command.rationale, context, departs=departs),
        ),
    )


def to_deny(history: PatientHistory, request_id: str, occasion: Occasion) -> Request:
    request = request_open(history, request_id, occasion)
    commands.check_denial(occasion.actor, request.line_of_business)
    return request


def refer_request(history: PatientHistory, command: ReferRequest, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Send the request to a clinician, with what was seen."""
    request = to_refer(history, command.request_id, context)
    judgement = looked_at(history, request, command.assessment_digest, context)
    return (
        context.event(
            RequestReferred,
            request_id=request.request_id,
            determination=determined(judgement, command.rationale, context, departs=False),
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


def looked_at(history: PatientHistory, request: Request, digest: str, occasion: Occasion) -> RequestAssessment:
    """The assessment of today, which must be the one that was looked at."""
    judgement = request_assessment(history, request, occasion.today)
    check_looked_at(judgement, digest, request.request_id)
    return judgement


def any_assessment(
    _history: PatientHistory, _found: object, _judgement: RequestAssessment, _occasion: Occasion
) -> None:
    """Possible from every assessment, but not without one."""


def check_looked_at(judgement: RequestAssessment, looked_at: str, request_id: str) -> None:
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


def determined(
    judgement: RequestAssessment, rationale: str | None, context: CommandContext, *, departs: bool
) -> Determination:
    return Determination(
        assessment=judgement.assessment,
        assessment_digest=judgement.digest,
        history_version=judgement.history_version,
        decided_on=context.today,
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


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
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
    ApproveCourse: OnAssessment(request_assessment, check_approvable),
    DenyRequest: OnAssessment(request_assessment, any_assessment),
    ReferRequest: OnAssessment(request_assessment, any_assessment),
}
