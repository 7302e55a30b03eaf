"""The terms of an approval: how many doses of which course, on which days, and what is not approved (R7, R9).

The same rules apply to a reviewer's approval, to an appeal that overturns, and to an external decision; also to doses
that were given before they were requested.
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
from domain.facts import counted, doses_in_course
from domain.history.records import Dose, Request
from domain.history.state import PatientHistory
from domain.policy.assessment import Assessment
from domain.policy.editions import edition_named
from domain.review.assess_request import is_retrospective, path_on_record, without_doses
from domain.review.later_circumstances import own_doses
from domain.treatment.approval_use import doses_under
from domain.treatment.course_assignment import name_of_course, number_of_next_dose
from domain.treatment.courses import Course, courses

Terms = Approval | AppealDecision | ExternalAnswer


@dataclass(frozen=True, slots=True)
class Quantity:
    """The approved `doses` of the `requested` doses. The rest is not approved, which is adverse in that part."""

    doses: int
    requested: int

    @property
    def is_partial(self) -> bool:
        return self.doses < self.requested


def doses_requested(history: PatientHistory, request: Request) -> int | None:
    """The number of requested doses: those that the request lists, or the stated days; None if neither is stated."""
    if request.retrospective_for:
        return len(doses_given_before(history, request))
    return request.statement.requested_dosing.consecutive_days


def policy_doses_max(assessment: Assessment | None) -> int:
    """The most doses that can be approved under this assessment, or without one (R31).

    If the path is not determined, the course with more doses counts.
    """
    if assessment is None:
        return doses_in_course(1)
    edition = edition_named(assessment.edition)
    letters: tuple[Literal["A", "B"], ...] = (assessment.scope,) if assessment.scope is not None else ("A", "B")
    return max(edition.path(letter).doses for letter in letters)


def quantity(
    history: PatientHistory, request: Request, assessment: Assessment | None, terms: Terms, today: date
) -> Quantity:
    """The doses in `terms`, by default the quantity of the policy; without an assessment, a whole course (R31).

    Raises InvalidCommand if there are more than the policy allows, or more than were given before they were requested.
    """
    given = _given_in_full(history, request) if not isinstance(terms, Approval) else None
    scope = assessment.scope if assessment is not None else path_on_record(history, request, today)
    policy = given.regimen if given is not None else _policy_doses(assessment, scope, terms.path)
    requested = doses_requested(history, request) or policy
    limit = min(policy, requested) if request.retrospective_for else policy
    doses = terms.doses if terms.doses is not None else limit
    if doses > limit:
        limit_in_words = f"the policy's limit of {policy}" if limit == policy else f"the {counted(limit, 'dose')} given"
        raise InvalidCommand(
            f"{counted(doses, 'dose')} would exceed {limit_in_words}",
            field="doses",
            clause=f"1.{scope or terms.path}",
            remedy=f"approve at most {counted(limit, 'dose')}",
        )
    return Quantity(doses, requested)


def _check_course_asked_for(history: PatientHistory, request: Request, course: int) -> None:
    """Raises Conflict if the request is about doses that it does not name, and that are of another course (R4)."""
    if request.retrospective_for or not is_retrospective(request):
        return
    own = [dose for dose in history.doses if dose.dose_id in own_doses(history, request)]
    if not own or course in {name_of_course(history, dose) for dose in own}:
        return
    raise Conflict(
        "this request is about doses that were given already, and does not name them",
        field="retrospective_for",
        remedy="ask for the request again with the doses in retrospective_for, and approve that one",
    )


def check_left_out(terms: Terms, assessment: Assessment | None) -> None:
    """Raises InvalidCommand unless a partial approval states what is not approved and why, and cites a criterion."""
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
    """The event of the approval, with thirty days of its own."""
    valid_from, valid_through = _window(history, request, terms.valid_from, context.today)
    course = _course(history, request, valid_from, is_appealed=appeal_id is not None)
    _check_course_asked_for(history, request, course)
    return context.event(
        CourseApproved,
        request_id=request.request_id,
        course=course,
        doses_approved=granted.doses,
        valid_from=valid_from,
        valid_through=valid_through,
        left_out=terms.left_out if granted.is_partial else None,
        citing=terms.citing if granted.is_partial else (),
        determination=determination,
        appeal_id=appeal_id,
    )


def doses_given_before(history: PatientHistory, request: Request) -> list[Dose]:
    """The doses that were given before they were requested, which are of one course, in the order of their days.

    Raises Conflict if none of them counts any more, or if they belong to several courses now.
    """
    named = [dose for dose in history.doses if dose.dose_id in request.retrospective_for and dose.stands]
    if not named:
        raise Conflict(
            "no dose that the request names counts",
            field="request_id",
            remedy="review the doses on record, or withdraw the request",
        )
    if len({name_of_course(history, dose) for dose in named}) > 1:
        raise Conflict(
            "the doses that the request names belong to several courses, and an approval covers one course (R9)",
            field="request_id",
            remedy="submit one request for each course",
        )
    return sorted(named, key=lambda dose: (dose.on, dose.version))


def _policy_doses(
    assessment: Assessment | None, scope: Literal["A", "B"] | None, path: Literal["A", "B"] | None
) -> int:
    """The quantity of the path that the history determines, which is `scope`.

    `path` is needed only if the history does not determine it.
    """
    if path is not None and scope not in (None, path):
        raise InvalidCommand(
            f"the patient's history determines path {scope}, not {path} (R1)",
            field="path",
            clause=f"1.{path}",
            remedy="leave the path out, or report the prior treatment that determines it",
        )
    letter = scope or path
    if letter is None:
        raise InvalidCommand(
            "it is not known whether a course was completed, so the number of doses can't be determined",
            field="path",
            clause="1.A",
            remedy="report the prior treatment, or state the path and the rationale",
        )
    if assessment is None:
        return doses_in_course(1 if letter == "A" else 2)
    return edition_named(assessment.edition).path(letter).doses


def _given_in_full(history: PatientHistory, request: Request) -> Course | None:
    """The requested course, if all of it was given since the request was last decided.

    An appeal is about that course: an overturned appeal never approves the next course (R9).
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
    """The course of the requested doses.

    It is the course that an approval of the request started, or else the next course to give.
    """
    if request.retrospective_for:
        course = name_of_course(history, doses_given_before(history, request)[0])
        assert course is not None, "a dose that counts is in a course"
        return course
    given = _given_in_full(history, request) if is_appealed else None
    if given is not None and given.named is not None:
        return given.named
    before = history.approval(request.request_id)
    if before is not None and doses_under(history, courses(history), before):
        return before.course
    return number_of_next_dose(history, valid_from)


def _window(history: PatientHistory, request: Request, valid_from: date | None, today: date) -> tuple[date, date]:
    """The first and the last day of the approval."""
    if request.retrospective_for:
        # The approval covers doses that were given: its thirty days start with the first of those doses, in the past.
        first = doses_given_before(history, request)[0].on
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
