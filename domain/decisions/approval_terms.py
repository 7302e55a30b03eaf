"""What an approval grants: how many doses of which course, on which days, and what it leaves out (R7, R9).

The same rules for a reviewer's approval, for an appeal that overturns, and for the answer of
an external review; and for doses that were given before they were asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from domain.calendar import APPROVAL_DAYS, approval_window
from domain.commands.appeals import AppealDecision, ExternalAnswer
from domain.commands.context import CommandContext
from domain.commands.determinations import Approval
from domain.decisions.citations import check_known
from domain.errors import Conflict, InvalidCommand
from domain.events.determinations import CourseApproved, Determination
from domain.history.records import Dose, Request
from domain.history.state import PatientHistory
from domain.policy.assessment import Assessment
from domain.policy.editions import edition_named
from domain.review.assess_request import without_doses
from domain.treatment.approval_use import doses_under
from domain.treatment.course_assignment import name_of_course_to_give
from domain.treatment.courses import Course, courses

Terms = Approval | AppealDecision | ExternalAnswer


@dataclass(frozen=True, slots=True)
class Quantity:
    """`doses` of the `asked`; the rest is not approved, which is adverse in that part."""

    doses: int
    asked: int

    @property
    def is_partial(self) -> bool:
        return self.doses < self.asked


def days_asked(history: PatientHistory, request: Request) -> int | None:
    """The doses that the request asks for: those it names, or the days that it states; None where it does not say."""
    if request.retrospective_for:
        return len(doses_asked_back(history, request))
    return request.statement.requested_dosing.consecutive_days


def policy_doses_max(assessment: Assessment) -> int:
    """The most doses that can be approved under this assessment; the larger course's where the path is open."""
    edition = edition_named(assessment.edition)
    letters: tuple[Literal["A", "B"], ...] = (assessment.scope,) if assessment.scope is not None else ("A", "B")
    return max(edition.path(letter).doses for letter in letters)


def quantity(history: PatientHistory, request: Request, assessment: Assessment, terms: Terms) -> Quantity:
    """The doses named, by default the policy's quantity; never more than that, nor than were given before."""
    given = _given_in_full(history, request) if not isinstance(terms, Approval) else None
    policy = given.regimen if given is not None else _policy_doses(assessment, terms.path)
    asked = days_asked(history, request) or policy
    most = min(policy, asked) if request.retrospective_for else policy
    doses = terms.doses if terms.doses is not None else most
    if doses > most:
        whose = f"the policy's limit of {policy}" if most == policy else f"the {most} doses that were given"
        raise InvalidCommand(
            f"{doses} doses exceed {whose}",
            field="doses",
            clause=f"1.{assessment.scope or terms.path}",
            remedy=f"approve at most {most} doses",
        )
    return Quantity(doses, asked)


def check_left_out(terms: Terms, assessment: Assessment) -> None:
    """A partial approval denies the rest: it says what and why, and names the specific criterion."""
    if terms.left_out is None:
        raise InvalidCommand(
            "this approves fewer doses than were requested, and the reason is missing",
            field="left_out",
            remedy="state in plain language what is not approved and why",
        )
    if not terms.citing:
        raise InvalidCommand(
            "the doses that are not approved are denied, and a denial must cite a criterion",
            field="citing",
            remedy="cite the deciding clause, for example Dosing.A",
        )
    check_known(terms.citing, assessment)


def course_approved(
    history: PatientHistory,
    request: Request,
    terms: Terms,
    granted: Quantity,
    determination: Determination,
    context: CommandContext,
    appeal_id: str | None = None,
) -> CourseApproved:
    """The approval, with its own thirty days."""
    valid_from, valid_through = _window(history, request, terms.valid_from, context.today)
    return context.event(
        CourseApproved,
        request_id=request.request_id,
        course=_course(history, request, valid_from, is_appealed=appeal_id is not None),
        doses_approved=granted.doses,
        valid_from=valid_from,
        valid_through=valid_through,
        left_out=terms.left_out if granted.is_partial else None,
        citing=terms.citing if granted.is_partial else (),
        determination=determination,
        appeal_id=appeal_id,
    )


def doses_asked_back(history: PatientHistory, request: Request) -> list[Dose]:
    """The doses given before they were asked for, of one course, in the order of their days.

    Raises Conflict where none of them counts any more, or where they are of several courses by now.
    """
    named = [dose for dose in history.doses if dose.dose_id in request.retrospective_for and dose.counts]
    if not named:
        raise Conflict(
            "no dose that the request names counts",
            field="request_id",
            remedy="review the doses on record, or withdraw the request",
        )
    if len({dose.course for dose in named}) > 1:
        raise Conflict(
            "the doses that the request names belong to several courses, and an approval covers one course (R9)",
            field="request_id",
            remedy="submit one request for each course",
        )
    return sorted(named, key=lambda dose: (dose.on, dose.version))


def _policy_doses(assessment: Assessment, path: Literal["A", "B"] | None) -> int:
    """The quantity of the path that the history decides; the approver names one only where it does not."""
    if path is not None and assessment.scope not in (None, path):
        raise InvalidCommand(
            f"the patient's history determines path {assessment.scope}, not {path} (R1)",
            field="path",
            clause=f"1.{path}",
            remedy="leave the path out, or report the prior treatment that determines it",
        )
    letter = assessment.scope or path
    if letter is None:
        raise InvalidCommand(
            "it is not known whether a course was completed, so the number of doses can't be determined",
            field="path",
            clause="1.A",
            remedy="report the prior treatment, or state the path and the rationale",
        )
    return edition_named(assessment.edition).path(letter).doses


def _given_in_full(history: PatientHistory, request: Request) -> Course | None:
    """The course that was asked for, where all of it was given since the request was last decided.

    An appeal is of that course: what overturns it never approves the next one (R9).
    """
    decided = next((one for one in reversed(request.decisions) if one.kind != "referred"), None)
    if decided is None or request.retrospective_for:
        return None
    since = {
        dose.dose_id
        for dose in history.doses
        if dose.counts and (dose.on, dose.version) > (decided.on, decided.version)
    }
    complete = {one.named for one in courses(without_doses(history, since)) if one.is_complete is True}
    given = (one for one in courses(history) if not since.isdisjoint(dose.dose_id for dose in one.doses))
    return next((one for one in given if one.is_complete is True and one.named not in complete), None)


def _course(history: PatientHistory, request: Request, valid_from: date, *, is_appealed: bool) -> int:
    """The course of the doses asked for: one that an approval of the request began, or the one to give next."""
    if request.retrospective_for:
        (course,) = {dose.course for dose in doses_asked_back(history, request) if dose.course is not None}
        return course
    given = _given_in_full(history, request) if is_appealed else None
    if given is not None and given.named is not None:
        return given.named
    before = history.approval(request.request_id)
    if before is not None and doses_under(history, before):
        return before.course
    return name_of_course_to_give(history, valid_from)


def _window(history: PatientHistory, request: Request, valid_from: date | None, today: date) -> tuple[date, date]:
    if request.retrospective_for:
        # It covers what was given: its thirty days begin with the first of those doses, in the past.
        first = doses_asked_back(history, request)[0].on
        if valid_from not in (None, first):
            raise InvalidCommand(
                "a retrospective approval starts on the day of the first dose that was given",
                field="valid_from",
                remedy=f"leave this field out, or send {first}",
            )
        return approval_window(first)
    starts_on = valid_from or today
    if not today <= starts_on <= today + timedelta(days=APPROVAL_DAYS):
        raise InvalidCommand(
            f"an approval starts on its determination day or at most {APPROVAL_DAYS} days later (R9)",
            field="valid_from",
            remedy=f"send a date from {today} to {today + timedelta(days=APPROVAL_DAYS)}",
        )
    return approval_window(starts_on)
