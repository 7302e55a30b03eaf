"""Changes an approval: extended by thirty days while all criteria are met (R10), or rescinded by a clinician.

If a completed course is reported after an approval of a first course, a clinician rescinds or confirms the approval.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from domain.calendar import APPROVAL_DAYS
from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.determinations import ConfirmApproval, ExtendApproval, RescindApproval
from domain.decisions.consequences import DecisionFunction
from domain.decisions.determinations import check_viewed, determined
from domain.decisions.preconditions import OnAssessment, Precondition, request_named
from domain.errors import Conflict, InvalidCommand
from domain.events import PatientEvent
from domain.events.determinations import ApprovalConfirmed, ApprovalExtended, ApprovalRescinded
from domain.history.records import ApprovalRecord, Request
from domain.history.state import PatientHistory
from domain.policy.assessment import Assessment
from domain.policy.denial_citations import denial_citations
from domain.policy.editions import edition_named
from domain.review.assess_request import RequestAssessment, extension_assessment
from domain.treatment.approval_use import allowance_under, doses_in_progress, in_effect_for
from domain.treatment.courses import courses
from domain.treatment.questioned_approvals import questioned_approvals


def assessment_to_extend(history: PatientHistory, request_id: str, today: date) -> RequestAssessment:
    """The new assessment that an extension is decided from, for the user to view before extending.

    Doses given under the approvals of the request do not count as an earlier course (R10). Raises NotFound, and
    Conflict if no approval of the request is in effect, or if all its doses were given.
    """
    return assess_extension(history, _to_extend(history, request_id, today), today)


def extend_approval(
    history: PatientHistory, command: ExtendApproval, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Extend the approval by thirty days from its last valid day. Doses that were given still count.

    The assessment must recommend approval: nobody may override it in an extension (R10).
    """
    request, approval = subject = to_extend(history, command.request_id, context)
    assessed = assess_extension(history, subject, context.today)
    check_viewed(assessed, command.assessment_digest, request.request_id)
    check_extendable(history, subject, assessed, context)
    return (
        context.event(
            ApprovalExtended,
            request_id=request.request_id,
            approval_version=approval.version,
            valid_through=approval.valid_through + timedelta(days=APPROVAL_DAYS),
            determination=determined(history, assessed, command.rationale, context, departs=False),
        ),
    )


def rescind_approval(
    history: PatientHistory, command: RescindApproval, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Rescind every approval of the request from today on, whichever decision gave it."""
    return tuple(
        context.event(
            ApprovalRescinded,
            request_id=approval.request_id,
            approval_version=approval.version,
            rescinded_on=context.today,
            ground=command.ground,
            reason=command.reason,
        )
        for approval in to_rescind(history, command.request_id, context)
    )


def to_rescind(history: PatientHistory, request_id: str, occasion: Occasion) -> list[ApprovalRecord]:
    """The approvals of the request that are not rescinded and not expired."""
    request, today = request_named(history, request_id), occasion.today
    in_effect = [
        one
        for one in history.approvals
        if one.request_id == request_id and one.valid_through >= today and one.rescinded_on is None
    ]
    if not in_effect:
        raise Conflict(
            f"the request has no approval in effect, because {_why_no_approval(history, request, today)}",
            field="request_id",
            remedy="no action is needed",
        )
    return in_effect


def confirm_approval(
    history: PatientHistory, command: ConfirmApproval, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record why the approval stays, although a later report speaks against it."""
    return tuple(
        context.event(
            ApprovalConfirmed,
            request_id=approval.request_id,
            approval_version=approval.version,
            reason=command.reason,
        )
        for approval in to_confirm(history, command.request_id, context)
    )


def to_confirm(history: PatientHistory, request_id: str, occasion: Occasion) -> list[ApprovalRecord]:
    """The approvals of the request that a later report questions."""
    request_named(history, request_id)
    found = [one for one in questioned_approvals(history, occasion.today) if one.request_id == request_id]
    if not found:
        raise Conflict(
            "no approval in effect of this request is questioned by a later report",
            field="request_id",
            remedy="no action is needed",
        )
    return found


def to_extend(history: PatientHistory, request_id: str, occasion: Occasion) -> tuple[Request, ApprovalRecord]:
    """The request, and its approval that is in effect and has doses left."""
    return _to_extend(history, request_id, occasion.today)


def assess_extension(
    history: PatientHistory, subject: tuple[Request, ApprovalRecord], today: date
) -> RequestAssessment:
    """The assessment of the request without the doses given under its approvals."""
    request, approval = subject
    given = [dose.dose_id for dose in doses_in_progress(history, approval)]
    return extension_assessment(history, request, given, today)


def check_extendable(_: PatientHistory, _subject: object, assessed: RequestAssessment, _occasion: Occasion) -> None:
    """Raises InvalidCommand unless this assessment recommends approval (R10)."""
    recommended = assessed.assessment.recommendation
    if recommended != "approve":
        raise InvalidCommand(
            "an approval can be extended only while all criteria and the dosing are met, and the recommendation "
            f"is {recommended} (R10)",
            field="request_id",
            clause=_clause_against_approval(assessed.assessment),
            remedy="submit a new request",
        )


def _to_extend(history: PatientHistory, request_id: str, today: date) -> tuple[Request, ApprovalRecord]:
    """As `to_extend`, on a day. Raises NotFound, Conflict."""
    request = request_named(history, request_id)
    approval = in_effect_for(history, request.request_id, today)
    if approval is None:
        raise Conflict(
            f"the request has no approval in effect, because {_why_no_approval(history, request, today)}",
            field="request_id",
            remedy="submit a new request for the doses that remain (R9)",
        )
    if history.deceased_on is not None and history.deceased_on.earliest <= today:
        raise Conflict(
            "the patient's death is on record, so the approval can't be extended",
            field="request_id",
            remedy="no action is needed; void the record of death if it is a mistake",
        )
    if allowance_under(history, courses(history, today), approval, today).usable == 0:
        raise Conflict(
            "all doses of the approval were given",
            field="request_id",
            remedy="submit a new request for more doses or for the next course (R9)",
        )
    return request, approval


def _clause_against_approval(assessment: Assessment) -> str | None:
    """The first clause that prevents the assessment from recommending approval."""
    listed = (*assessment.needed, *assessment.exclusions, *(one.citation for one in assessment.reasons if one.citation))
    against = denial_citations(assessment, edition_named(assessment.edition))
    return next(iter([*listed, *against]), None)


def _why_no_approval(history: PatientHistory, request: Request, today: date) -> str:
    """Why the request has no approval in effect, as a part of a sentence."""
    latest = history.approval(request.request_id)
    if latest is None:
        return f"the request is {request.status}"
    if latest.rescinded_on is not None:
        return f"it was rescinded on {latest.rescinded_on}"
    if latest.valid_from > today:
        return f"it starts on {latest.valid_from}"
    return f"it ended on {latest.valid_through}"


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    ExtendApproval: extend_approval,
    RescindApproval: rescind_approval,
    ConfirmApproval: confirm_approval,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    ExtendApproval: to_extend,
    RescindApproval: to_rescind,
    ConfirmApproval: to_confirm,
}
ON_ASSESSMENT: Final[dict[type[Command], OnAssessment]] = {
    ExtendApproval: OnAssessment(assess_extension, check_extendable)
}
