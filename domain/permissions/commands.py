"""Who may give a command. The policy says "Automation: None", so a person makes every decision.

A reviewer may approve only a request that is recommended `approve`. Only a clinician (a medical director or a
pharmacist) may decide a `refer`, override a recommendation, or close a course. Who may deny is a table by line of
business.
"""

from __future__ import annotations

import re
from typing import Final

from domain.commands import COMMANDS, Command, appeals, determinations, patient, requests, treatment
from domain.errors import NotPermitted
from domain.events.patient import LineOfBusiness
from domain.history.records import Request
from domain.people import Actor, Credential, Role
from domain.policy.assessment import Assessment

_REPORTING: Final[frozenset[Role]] = frozenset({"requester", "reviewer", "clinician", "appeals_clinician", "service"})
_REQUESTING: Final[frozenset[Role]] = frozenset({"requester", "reviewer", "clinician", "appeals_clinician"})
_PLAN: Final[frozenset[Role]] = frozenset({"reviewer", "clinician", "appeals_clinician"})
_CLAIMS: Final[frozenset[Role]] = _PLAN | {"service"}
_REVIEW: Final[frozenset[Role]] = frozenset({"reviewer", "clinician"})
_CLINICIAN: Final[frozenset[Role]] = frozenset({"clinician"})
_APPEALS: Final[frozenset[Role]] = frozenset({"clinician", "appeals_clinician"})

_BY_ROLES: Final[tuple[tuple[frozenset[Role], tuple[type[Command], ...]], ...]] = (
    # Everyone who reports facts. A service reports doses and coverage.
    (_REPORTING, (treatment.RecordDose, patient.ChangeLineOfBusiness, requests.RecordDelivery)),
    (
        _REQUESTING,
        (
            patient.OpenHistory,
            requests.SubmitRequest,
            treatment.ReportPriorTreatment,
            requests.SupplyInformation,
            requests.ChangePlannedInfusion,
            requests.ChangePrescriber,
            patient.RecordAgentStarted,
            patient.RecordAgentStopped,
            patient.NameRepresentative,
            requests.WithdrawRequest,
            appeals.FileAppeal,
            appeals.AddAppealEvidence,
            appeals.WithdrawAppeal,
        ),
    ),
    # The claims system that reported a dose also sends its replacement or its void, for its own claims only.
    (_CLAIMS, (treatment.RecordClaim,)),
    # People of the plan correct the record, review documents, send notices, and forward appeals.
    (
        _PLAN,
        (
            patient.CorrectDemographics,
            patient.AddMemberIdentifier,
            patient.RetireMemberIdentifier,
            patient.LinkHistories,
            patient.UnlinkHistories,
            patient.RecordDeath,
            patient.VoidDeathRecord,
            patient.VoidAgentEntry,
            treatment.CorrectPriorTreatment,
            treatment.VoidPriorTreatment,
            treatment.CorrectDose,
            treatment.VoidDose,
            treatment.ConfirmDuplicate,
            treatment.DismissDuplicate,
            treatment.ConfirmPartOfDose,
            treatment.StateDoseDays,
            treatment.SettleVoidedClaim,
            requests.CorrectStatement,
            requests.CorrectReceipt,
            requests.ReviewDocument,
            requests.CorrectDocument,
            requests.VoidDocument,
            requests.IssueNotice,
            requests.SendReminder,
            appeals.AssignAppeal,
            appeals.DismissAppeal,
            appeals.HandOnAppeal,
        ),
    ),
    (
        _REVIEW,
        (
            determinations.ApproveCourse,
            treatment.AttributeReport,
            treatment.ReviewDose,
            determinations.ReferRequest,
            requests.RequestInformation,
            requests.AssignRequest,
            requests.ReleaseRequest,
            requests.DismissRequest,
            requests.ReopenRequest,
            requests.OfferPeerToPeer,
            requests.ExpediteRequest,
            requests.RefuseExpediting,
            requests.ExtendClock,
            determinations.ExtendApproval,
            determinations.ImportPastDetermination,
        ),
    ),
    (
        _CLINICIAN,
        (
            determinations.DenyRequest,
            treatment.CloseCourse,
            requests.HoldPeerToPeer,
            determinations.RescindApproval,
            determinations.ConfirmApproval,
        ),
    ),
    (_APPEALS, (appeals.DecideAppeal, appeals.RecordExternalAnswer)),
)

MAY: Final[dict[type[Command], frozenset[Role]]] = {
    command: roles for roles, commands in _BY_ROLES for command in commands
}
"""The roles that may give each command."""
assert set(MAY) == set(COMMANDS), "every command has its roles"

CLINICIAN_CREDENTIALS: Final[frozenset[Credential]] = frozenset({"physician", "pharmacist"})
"""The credentials that a clinician or an appeals clinician must have one of."""

MAY_DENY: Final[dict[LineOfBusiness, frozenset[Credential]]] = {
    "commercial": frozenset({"physician"}),
    "medicare_advantage": frozenset({"physician"}),
    "medicaid": frozenset({"physician"}),
}
"""The credentials that may deny a request, by line of business."""


def check_role(actor: Actor, command: type[Command]) -> None:
    """Raises NotPermitted unless the role may give such a command at all."""
    if (refusal := refusal_of_role(actor, command)) is not None:
        raise refusal


def refusal_of_role(actor: Actor, command: type[Command]) -> NotPermitted | None:
    """Why the role may not give such a command at all; None if it may."""
    allowed = MAY[command]
    if actor.role not in allowed:
        return NotPermitted(
            f"{_with_article(actor.role)} may not {_in_words(command)}",
            field="actor.role",
            remedy=f"ask {' or '.join(map(_with_article, sorted(allowed)))}",
        )
    if actor.role in _APPEALS and actor.credential not in CLINICIAN_CREDENTIALS:
        return NotPermitted(
            f"{_with_article(actor.role)} with the credential {actor.credential!r} may not act in this role",
            field="actor.credential",
            remedy="ask a physician (medical director) or a pharmacist",
        )
    return None


def check_may_upload_documents(actor: Actor) -> None:
    """Raises NotPermitted unless the role may upload the bytes of a document, which a command then names."""
    if actor.role not in _REQUESTING:
        raise NotPermitted(
            f"{_with_article(actor.role)} may not upload a document",
            field="actor.role",
            remedy=f"ask {' or '.join(map(_with_article, sorted(_REQUESTING)))}",
        )


def check_denial(actor: Actor, line_of_business: LineOfBusiness) -> None:
    """Raises NotPermitted unless this clinician may deny in this line of business."""
    if actor.credential not in MAY_DENY[line_of_business]:
        allowed = " or ".join(map(_with_article, sorted(MAY_DENY[line_of_business])))
        raise NotPermitted(
            f"only {allowed} may deny a request ({line_of_business.replace('_', ' ')})",
            field="actor.credential",
            remedy=f"send the request to {allowed}",
        )


def check_approval(actor: Actor, request: Request, assessment: Assessment | None, *, is_partial: bool) -> None:
    """Raises NotPermitted if the actor may not approve this request from this assessment.

    An actor who is no clinician may approve only a request that meets all criteria, is not in clinical review, and is
    approved in full. `is_partial` states that fewer doses are approved than were requested: this denies the rest, so a
    clinician must be one who may deny.
    """
    if actor.role == "clinician":
        if is_partial:
            check_denial(actor, request.line_of_business)
        return
    if assessment is None:
        raise NotPermitted(
            f"the request was received on {request.received_on}, before the first policy version on file, so it has no "
            f"assessment (R31), and a {actor.role} may approve only a request that meets all criteria",
            field="actor.role",
            remedy="send the request to clinical review",
        )
    recommended = assessment.recommendation
    if recommended != "approve":
        cause, clause = (
            f"a {actor.role} may approve only a request that meets all criteria, "
            f"and the recommendation is {recommended}",
            None,
        )
        clause = next(iter((*assessment.needed, *assessment.exclusions)), None)
    elif request.status == "referred":
        cause, clause = f"the request is in clinical review, so a {actor.role} may not approve it", None
    elif is_partial:
        cause, clause = (
            f"an approval of fewer doses than were requested is a partial denial, which a {actor.role} may not decide",
            None,
        )
    else:
        return
    raise NotPermitted(cause, clause=clause, field="actor.role", remedy="send the request to clinical review")


def _in_words(command: type[Command]) -> str:
    """The command as a phrase, for example `deny the request` for DenyRequest."""
    if command is appeals.HandOnAppeal:
        return "forward the appeal to external review"
    action, _, subject = re.sub(r"(?=[A-Z])", " ", command.__name__).strip().lower().partition(" ")
    return f"{action} the {subject}"


def _with_article(role: str) -> str:
    """The role or credential in words, with its indefinite article."""
    words = role.replace("_", " ")
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"
