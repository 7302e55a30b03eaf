"""A person's determination of a request: approve it, deny it, or send it to clinical review.

Every determination needs the digest of the assessment that the person viewed, is checked against what the person may
decide, and stores the complete assessment.
"""

from __future__ import annotations

from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.determinations import ApproveCourse, DenyRequest, ReferRequest
from domain.deadline_terms.kept import row_to_keep
from domain.deadlines.requests import terms_of
from domain.deadlines.revision_1 import DEADLINES_REVISION
from domain.decisions.approval_terms import check_left_out, course_approved, doses_requested, policy_doses_max, quantity
from domain.decisions.citations import approval_departs, check_citing, denial_departs
from domain.decisions.consequences import DecisionFunction
from domain.decisions.preconditions import OnAssessment, Precondition, request_open
from domain.errors import AlreadyDecided, AssessmentMoved, InvalidCommand
from domain.events import PatientEvent
from domain.events.determinations import Determination, RequestDenied, RequestReferred
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.permissions import commands
from domain.policy.editions import has_edition
from domain.review.assess_request import RequestAssessment, assessment_if_any, request_assessment


def approve_course(
    history: PatientHistory, command: ApproveCourse, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Approve up to the quantity of the policy for thirty days (R9).

    An approval of fewer doses than requested is a partial denial.
    """
    request = request_open(history, command.request_id, context)
    assessed = assessment_to_decide_from(history, request, command.assessment_digest, context)
    check_approvable(history, request, assessed, context)
    assessment = assessed.assessment if assessed is not None else None
    # This check is before those of the other terms, so that nobody is asked to correct a command that only others may
    # give.
    requested = doses_requested(history, request)
    is_less = command.doses is not None and requested is not None and command.doses < requested
    commands.check_approval(context.actor, request, assessment, is_partial=is_less)
    granted = quantity(history, request, assessment, command, context.today)
    commands.check_approval(context.actor, request, assessment, is_partial=granted.is_partial)
    if granted.is_partial:
        check_left_out(command, assessment)
    departs = assessment is not None and approval_departs(assessment)
    is_a_referral = request.status == "referred" or (assessment is not None and assessment.recommendation == "refer")
    if assessment is not None and (departs or granted.is_partial or is_a_referral):
        _need_rationale(command.rationale)
    determination = determined(history, assessed, command.rationale, context, departs=departs, of=request)
    return (course_approved(history, request, command, granted, determination, context),)


def check_approvable(
    history: PatientHistory, request: Request, assessed: RequestAssessment | None, occasion: Occasion
) -> None:
    """Raises NotPermitted if the actor may not approve from this assessment, whatever the terms of the approval.

    Raises Conflict if the request lists doses that were given, and none of them counts, or they are of several courses.
    """
    requested = doses_requested(history, request)
    assessment = assessed.assessment if assessed is not None else None
    is_partial = requested is not None and requested > policy_doses_max(assessment)
    commands.check_approval(occasion.actor, request, assessment, is_partial=is_partial)


def deny_request(history: PatientHistory, command: DenyRequest, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Deny the request in plain language, with the specific criteria.

    A denial that cites only clauses that are met overrides the recommendation.
    """
    request = to_deny(history, command.request_id, context)
    assessed = assessment_to_decide_from(history, request, command.assessment_digest, context)
    assessment = assessed.assessment if assessed is not None else None
    check_citing(command.citing, assessment)
    departs = assessment is not None and denial_departs(command.citing, assessment)
    return (
        context.event(
            RequestDenied,
            request_id=request.request_id,
            citing=command.citing,
            determination=determined(history, assessed, command.rationale, context, departs=departs, of=request),
        ),
    )


def to_deny(history: PatientHistory, request_id: str, occasion: Occasion) -> Request:
    """The open request. The actor must be one who may deny in its line of business."""
    request = request_open(history, request_id, occasion)
    commands.check_denial(occasion.actor, request.line_of_business)
    return request


def refer_request(history: PatientHistory, command: ReferRequest, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Send the request to clinical review, with the assessment that the user viewed."""
    request = to_refer(history, command.request_id, context)
    assessed = assessment_to_decide_from(history, request, command.assessment_digest, context)
    return (
        context.event(
            RequestReferred,
            request_id=request.request_id,
            determination=determined(history, assessed, command.rationale, context, departs=False),
        ),
    )


def to_refer(history: PatientHistory, request_id: str, occasion: Occasion) -> Request:
    """The open request, which is not in clinical review yet."""
    request = request_open(history, request_id, occasion)
    if request.status == "referred":
        raise AlreadyDecided(
            "the request is already in clinical review",
            field="request_id",
            remedy="wait for the clinical decision maker",
        )
    return request


# -- what every determination needs -----------------------------------------------------------


def viewed_assessment(history: PatientHistory, request: Request, digest: str, occasion: Occasion) -> RequestAssessment:
    """Today's assessment. Raises AssessmentMoved unless it is the one that the actor viewed."""
    assessed = request_assessment(history, request, occasion.today)
    check_viewed(assessed, digest, request.request_id)
    return assessed


def assessment_to_decide_from(
    history: PatientHistory, request: Request, digest: str | None, occasion: Occasion
) -> RequestAssessment | None:
    """Today's assessment, which the actor viewed; None if the request was received before the first edition (R31)."""
    if has_edition(request.received_on):
        if digest is None:
            raise InvalidCommand(
                "the digest of the viewed assessment is missing",
                field="assessment_digest",
                remedy="review the current assessment and decide with its digest",
            )
        return viewed_assessment(history, request, digest, occasion)
    if digest is not None:
        raise InvalidCommand(
            f"the request was received on {request.received_on}, before the first policy version on file, "
            "so it has no assessment (R31)",
            field="assessment_digest",
            remedy="leave this field out; a clinician decides with a rationale",
        )
    return None


def any_assessment(_history: PatientHistory, _subject: object, _assessed: object, _occasion: Occasion) -> None:
    """Raises nothing: the command is possible from every assessment, and without one if the request has none (R31)."""


def check_viewed(assessed: RequestAssessment, viewed_digest: str, request_id: str) -> None:
    """Raises AssessmentMoved unless the assessment is the one that the actor viewed."""
    if assessed.digest != viewed_digest:
        raise AssessmentMoved(
            "the assessment has changed since it was viewed",
            field="assessment_digest",
            remedy="review the current assessment and decide with its digest",
            request_id=request_id,
            looked_at=viewed_digest,
            assessment_digest=assessed.digest,
        )


def determined(
    history: PatientHistory,
    assessed: RequestAssessment | None,
    rationale: str | None,
    context: CommandContext,
    *,
    departs: bool,
    of: Request | None = None,
) -> Determination:
    """The determination to store. `departs` is true if it overrides the recommendation.

    `of` is the request if this ends its turnaround time, or that of its appeal: the row of deadlines is then stored.
    Without an assessment, the rationale is all that the determination rests on (R31).
    """
    row = None if of is None else row_to_keep(terms_of(history, of, context.table))
    if assessed is None:
        if rationale is None:
            raise InvalidCommand(
                "the request has no assessment, and the rationale is missing (R31)",
                field="rationale",
                remedy="state the rationale in plain language",
            )
        return Determination(
            assessment=None,
            assessment_digest=None,
            history_version=history.version,
            decided_on=context.today,
            rationale=rationale,
            departs=False,
            edition="unknown",
            deadlines_revision=DEADLINES_REVISION,
            deadline_row=row,
        )
    return Determination(
        assessment=assessed.assessment,
        assessment_digest=assessed.digest,
        history_version=assessed.history_version,
        decided_on=context.today,
        rationale=rationale,
        departs=departs,
        deadlines_revision=DEADLINES_REVISION,
        deadline_row=row,
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
    ApproveCourse: OnAssessment(assessment_if_any, check_approvable),
    DenyRequest: OnAssessment(assessment_if_any, any_assessment),
    ReferRequest: OnAssessment(assessment_if_any, any_assessment),
}
