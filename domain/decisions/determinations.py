"""A person's determination of a request: approve, deny, or refer to a clinician.

Every one needs the digest of the assessment that was looked at, is checked against what the
person may do, and stores the assessment whole.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, Literal

from domain import authority
from domain.calendar import APPROVAL_DAYS, approval_window
from domain.commands import ApproveCourse, Command, DenyRequest, Moment, ReferRequest
from domain.courses import name_of_course_to_give
from domain.decisions.following import Decision
from domain.errors import AlreadyDecided, AssessmentMoved, InvalidCommand, NotFound
from domain.events import CourseApproved, Determination, PatientEvent, RequestDenied, RequestReferred
from domain.history import PatientHistory, Request
from domain.judging import Judgement, judge
from domain.policy.assessment import NOT_LISTED, Assessment, Finding, speaking_against
from domain.policy.editions import edition_named
from domain.policy.outline import MET, NOT_MET


def approve_course(history: PatientHistory, command: ApproveCourse, moment: Moment) -> tuple[PatientEvent, ...]:
    """Approve up to the policy's quantity for thirty days (R9); less than was asked is partly adverse."""
    request, judgement = _to_be_decided(history, command.request_id, command.assessment_digest, moment)
    assessment = judgement.assessment
    asked = assessment.facts.requested_dosing.consecutive_days
    # Before all else, so that nobody is told to mend a command that is not theirs to give.
    is_less = command.doses is not None and asked is not None and command.doses < asked
    authority.check_approval(moment.actor, request, assessment, is_partial=is_less)
    policy_doses = _policy_doses(assessment, command.path)
    doses = command.doses if command.doses is not None else policy_doses
    if doses > policy_doses:
        raise InvalidCommand(
            f"{doses} doses are more than the policy's {policy_doses}",
            field="doses",
            clause=f"1.{assessment.scope or command.path}",
            remedy=f"approve at most {policy_doses}",
        )
    is_partial = doses < (asked if asked is not None else policy_doses)
    authority.check_approval(moment.actor, request, assessment, is_partial=is_partial)
    if is_partial:
        _need_what_is_left_out(command, assessment)
    departs = assessment.recommendation in ("pend", "not_recommended")
    is_a_referral = assessment.recommendation == "refer" or request.status == "referred"
    if departs or is_partial or is_a_referral:
        _need_rationale(command.rationale)
    valid_from, valid_through = _window(command.valid_from, moment.today)
    return (
        moment.event(
            CourseApproved,
            request_id=request.request_id,
            course=name_of_course_to_give(history, valid_from),
            doses_approved=doses,
            valid_from=valid_from,
            valid_through=valid_through,
            left_out=command.left_out if is_partial else None,
            citing=command.citing if is_partial else (),
            determination=_determination(judgement, command.rationale, moment, departs=departs),
        ),
    )


def deny_request(history: PatientHistory, command: DenyRequest, moment: Moment) -> tuple[PatientEvent, ...]:
    """Deny, citing the specific criteria, in plain language. A clause that is met is cited only to depart from it."""
    request, judgement = _to_be_decided(history, command.request_id, command.assessment_digest, moment)
    authority.check_denial(moment.actor, request.line_of_business)
    assessment = judgement.assessment
    _check_citing(command.citing, assessment)
    # Citing only what speaks for the request is the clinician's own judgement, not the policy's.
    in_favour = all(_speaks_for(assessment.finding(one)) for one in command.citing)
    departs = assessment.recommendation in ("approve", "pend") or in_favour
    return (
        moment.event(
            RequestDenied,
            request_id=request.request_id,
            citing=command.citing,
            determination=_determination(judgement, command.rationale, moment, departs=departs),
        ),
    )


def refer_request(history: PatientHistory, command: ReferRequest, moment: Moment) -> tuple[PatientEvent, ...]:
    """Send the request to a clinician, with what was seen."""
    request, judgement = _to_be_decided(history, command.request_id, command.assessment_digest, moment)
    if request.status == "referred":
        raise AlreadyDecided(
            "the request is with a clinician already", field="request_id", remedy="a clinician decides it now"
        )
    return (
        moment.event(
            RequestReferred,
            request_id=request.request_id,
            determination=_determination(judgement, command.rationale, moment, departs=False),
        ),
    )


def _to_be_decided(history: PatientHistory, request_id: str, digest: str, moment: Moment) -> tuple[Request, Judgement]:
    """The request and its assessment of today, which must be the one that was looked at."""
    request = history.request(request_id)
    if request is None:
        raise NotFound("no such request", field="request_id", remedy="take the id from the patient's requests")
    if request.is_decided:
        raise AlreadyDecided(
            f"the request is {request.status} already",
            field="request_id",
            remedy="look at its determination; a new request can be submitted",
        )
    judgement = judge(history, request, moment.today)
    if judgement.digest != digest:
        raise AssessmentMoved(
            "the assessment is no longer the one that was looked at",
            field="assessment_digest",
            remedy="look at the assessment of now and decide with its digest",
            request_id=request_id,
            looked_at=digest,
            assessment_digest=judgement.digest,
        )
    return request, judgement


def _determination(judgement: Judgement, rationale: str | None, moment: Moment, *, departs: bool) -> Determination:
    return Determination(
        assessment=judgement.assessment,
        assessment_digest=judgement.digest,
        history_version=judgement.history_version,
        decided_on=moment.today,
        rationale=rationale,
        departs=departs,
    )


def _policy_doses(assessment: Assessment, path: Literal["A", "B"] | None) -> int:
    """The quantity of the path that the history decides; the approver names one only where it does not."""
    if path is not None and assessment.scope not in (None, path):
        raise InvalidCommand(
            f"the history decides path {assessment.scope}, not {path} (R1)",
            field="path",
            clause=f"1.{path}",
            remedy="leave the path out, or report the prior treatment that decides it",
        )
    letter = assessment.scope or path
    if letter is None:
        raise InvalidCommand(
            "it is not known whether a course was completed, so the quantity is open",
            field="path",
            clause="1.A",
            remedy="report the prior treatment, or name the path and give the rationale",
        )
    return edition_named(assessment.edition).path(letter).doses


def _window(valid_from: date | None, today: date) -> tuple[date, date]:
    starts_on = valid_from or today
    if not today <= starts_on <= today + timedelta(days=APPROVAL_DAYS):
        raise InvalidCommand(
            f"an approval starts on its determination day or at most {APPROVAL_DAYS} days later (R9)",
            field="valid_from",
            remedy=f"send a day from {today} to {today + timedelta(days=APPROVAL_DAYS)}",
        )
    return approval_window(starts_on)


def _need_rationale(rationale: str | None) -> None:
    if rationale is None:
        raise InvalidCommand(
            "this approval is not what the policy alone recommends",
            field="rationale",
            remedy="say why, in plain language",
        )


def _need_what_is_left_out(command: ApproveCourse, assessment: Assessment) -> None:
    """A partial approval denies the rest: it says what and why, and names the specific criterion."""
    if command.left_out is None:
        raise InvalidCommand(
            "fewer doses than were asked for: the rest is not approved",
            field="left_out",
            remedy="say in plain language what is left out and why",
        )
    if not command.citing:
        raise InvalidCommand(
            "what is left out is denied, and a denial names its criterion",
            field="citing",
            remedy="cite the clause that it rests on, for example Dosing.A",
        )
    _check_known(command.citing, assessment)


def _check_known(citing: tuple[str, ...], assessment: Assessment) -> None:
    known = {one.citation for one in assessment.findings}
    if unknown := [citation for citation in citing if citation not in known]:
        raise InvalidCommand(
            f"edition {assessment.edition} has no clause {unknown[0]!r}",
            field="citing",
            remedy="cite clauses as the assessment's findings do, for example 1.B.iv",
        )


def _speaks_for(finding: Finding) -> bool:
    return finding.answer is (NOT_MET if finding.citation.startswith("NR.") else MET)


def _check_citing(citing: tuple[str, ...], assessment: Assessment) -> None:
    """A denial names the specific criterion: clauses of the edition, and at least one that speaks against."""
    _check_known(citing, assessment)
    against = speaking_against(assessment, edition_named(assessment.edition))
    decisive = [one for one in citing if one == NOT_LISTED or any(_lies_under(leaf, one) for leaf in against)]
    if assessment.recommendation == "not_recommended" and not decisive:
        raise InvalidCommand(
            "none of the cited clauses speaks against the request",
            field="citing",
            clause=citing[0],
            remedy=f"cite at least one of {', '.join(against)}",
        )


def _lies_under(leaf: str, citation: str) -> bool:
    return leaf == citation or leaf.startswith((f"{citation}.", f"{citation}("))


DECISIONS: Final[dict[type[Command], Decision]] = {
    ApproveCourse: approve_course,
    DenyRequest: deny_request,
    ReferRequest: refer_request,
}
