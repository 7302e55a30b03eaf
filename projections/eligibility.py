"""Current eligibility of a patient on a day: path, course, doses, dates, and what is missing.

The answer is folded from the patient's own events on each call, so it always includes the latest write. It is not
stored as a status, because it changes with the day, and days pass without an event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from pydantic import Field

from domain.calendar import Day, PartialDate, anniversary
from domain.events.base import ImportedFrom
from domain.facts import FrozenModel
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.permissions.views import is_request_of, reasons_shown
from domain.policy.assessment import Recommendation
from domain.policy.denial_citations import denial_citations
from domain.policy.edition import Edition
from domain.policy.editions import edition_named
from domain.policy.missing_facts import Supply
from domain.policy.referral import Reason
from domain.policy.shortest_paths import Way, what_if
from domain.review.assess_request import RequestAssessment, path_on_record
from domain.treatment.approval_use import Allowance, allowance
from domain.treatment.concurrent_agents import agents_to_be_stopped, stops_settle_it
from domain.treatment.courses import Course, courses
from domain.treatment.dose_entries import course_in_question, waits_for_a_person
from domain.treatment.possible_treatment import (
    NextDose,
    Treatment,
    as_partial_date,
    completed_courses,
    last_dose,
    next_dose,
    possible_treatments,
    unknown_treatments,
)
from projections.current_assessment import assessed_with_its_doses, assessment_to_show, latest_request
from projections.settling import SettledBy, disputed_reports, settled_by, waiting_voids

OTHER_AGENT = "other_dmt_continues"
WAYS_LISTED_MAX = 10
"""The maximum number of paths to approval that an answer lists. A patient without known facts has about twenty."""


class ApprovalInForce(FrozenModel):
    """The approval that covers the day. `valid_from` and `valid_through` are both included."""

    request_id: str
    doses_approved: int
    doses_used: int
    valid_from: Day
    valid_through: Day
    imported_from: ImportedFrom | None


class StillNeeded(FrozenModel):
    """A clause that still prevents approval, and the missing facts that would determine its answer."""

    clause: str
    sentence: str
    missing: tuple[str, ...]


class Approvable(FrozenModel):
    """The assessment on the day, of the open request or of a next request for the remaining doses.

    `based_on` is the request whose statement was assessed; null if only the history was assessed. If that request is
    already decided, the dosing that was assessed is the rest of the regimen.
    `ways` are the shortest paths to approval, shortest first: what to send, and from which day. For another agent that
    the patient takes, the fact to send is its stop date (`agents.stopped_on`). If no path leads to approval, `ways` are
    the shortest paths to clinical review. It is empty if the known facts rule out both (`speaking_against`).
    """

    based_on: str | None
    request_is_open: bool
    edition: str
    edition_revision: int
    edition_provenance: Literal["text", "reconstructed"]
    recommendation: Recommendation
    path: Literal["A", "B"] | None
    doses: int | None
    valid_days: int | None
    still_needed: tuple[StillNeeded, ...]
    speaking_against: tuple[StillNeeded, ...]
    exclusions: tuple[str, ...]
    reasons: tuple[Reason, ...]
    advisories: tuple[str, ...]
    approvable_from: Day | None
    ways: tuple[Way, ...]
    ways_not_listed: int = Field(description="The number of equally short paths that are not listed.")
    assessment_digest: str


class Eligibility(FrozenModel):
    """The eligibility of one patient on one day.

    `course_number` is the course that the next dose would belong to. `doses_given` and `doses_left_in_course` are of
    that course; they are null if that is not certain. `doses_usable` is the smaller of the doses left on the approval
    and those certainly left in the course, and 0 without an approval in effect. `next_course_from` is the first day on
    which the twelve months of 1.B.iv have passed; it is null while a course is open, or if that day is not certain.
    `imported` lists the import lines that the answer is based on: of the patient, the treatment, the request, and the
    approval.

    A record can leave several treatments possible (R27). A value on which they differ is null. The ranges contain the
    true value in any case: of the number of completed courses; of the doses given and left in the latest course while
    it may be open, and otherwise in the next one; and of the day of the last dose of all. `course_is` is whether the
    next dose belongs to the first course or to a later one, and null if that is not certain. `settled_by` lists the
    facts that would settle what is not.
    """

    patient_id: UUID
    history_version: int
    as_of: Day
    path: Literal["A", "B"] | None
    path_because: str
    courses_completed: int | None
    course_number: int | None
    course_status: Literal["not_begun", "open"] | None
    doses_given: int | None
    doses_left_in_course: int | None
    doses_left_on_approval: int
    doses_usable: int
    courses_completed_at_least: int = 0
    courses_completed_at_most: int = 0
    course_is: Literal["first", "later"] | None = None
    doses_given_at_least: int = 0
    doses_given_at_most: int = 0
    doses_left_at_least: int = 0
    doses_left_at_most: int = 0
    last_dose_earliest: Day | None = None
    last_dose_latest: Day | None = None
    last_dose_on: PartialDate | None
    next_course_from: Day | None
    interval_satisfied: bool | None = Field(
        description="Whether twelve months have passed since the last dose (1.B.iv). Null: not known."
    )
    approval: ApprovalInForce | None
    approvable: Approvable | None
    edition_problem: str | None = None
    settled_by: tuple[SettledBy, ...] = ()
    linked_histories: tuple[UUID, ...] = Field(
        default=(),
        description="The other histories of the same person (R28). A provider office is not shown them.",
    )
    imported: tuple[ImportedFrom, ...]


def eligibility(
    history: PatientHistory, as_of: date, edition: Edition | None = None, office: str | None = None
) -> Eligibility:
    """Returns the eligibility on a day, from everything in the history.

    `edition` is by default the edition that applies (R21). With an `office`, the answer is the one that this
    prescriber's office may see: it has the courses, doses and dates on record, but nothing that follows from the
    statements of another office or from an approval of another office's request.
    """
    found, treatments = courses(history, as_of), possible_treatments(history, as_of)
    request = latest_request(history, as_of, office)
    assessed, problem = assessment_to_show(history, treatments, request, as_of, edition)
    allowed = allowance(history, found, as_of)
    if allowed is not None and not _is_own_approval(history, allowed, office):
        allowed = None
    # The doses of a retrospective request are left out of its own assessment only (R4).
    whole = assessed_with_its_doses(history, treatments, request, assessed, as_of)
    path = whole.assessment.scope if whole is not None else path_on_record(history, request, as_of)
    if path is None and not treatments:
        treatments = unknown_treatments(history, as_of, received=_is_stated(history, assessed))
    following, last = next_dose(treatments, as_of), last_dose(treatments)
    is_known = path is not None and following.is_begun is not None
    completed = completed_courses(treatments)
    waits = completed.certain is None or _waits(history, found, as_of)
    begins_next = path == "B" and following.is_begun is False
    return Eligibility(
        patient_id=history.patient_id,
        history_version=history.version,
        as_of=as_of,
        path=path,
        path_because=_because(path, treatments, following),
        courses_completed=completed.certain,
        courses_completed_at_least=completed.least,
        courses_completed_at_most=completed.most,
        course_number=following.number if path is not None else None,
        course_status=None if not is_known else "open" if following.is_begun else "not_begun",
        doses_given=following.given.certain if is_known else None,
        doses_left_in_course=following.left.certain if is_known else None,
        doses_left_on_approval=allowed.left_on_approval if allowed is not None else 0,
        doses_usable=allowed.usable if allowed is not None else 0,
        course_is=following.kind,
        doses_given_at_least=following.given.least,
        doses_given_at_most=following.given.most,
        doses_left_at_least=following.left.least,
        doses_left_at_most=following.left.most,
        last_dose_earliest=last.earliest if last is not None else None,
        last_dose_latest=last.latest if last is not None else None,
        last_dose_on=as_partial_date(last),
        next_course_from=anniversary(last.latest) if begins_next and last is not None and last.is_whole_day else None,
        interval_satisfied=_interval(whole, path),
        approval=_in_force(allowed) if allowed is not None else None,
        approvable=_approvable(history, assessed, request, office) if assessed is not None else None,
        edition_problem=problem,
        settled_by=(
            *(settled_by(history, as_of) if _is_open_question(path, following, whole, waits) else ()),
            *(waiting_voids(history) if office is None else ()),
        ),
        linked_histories=history.linked if office is None else (),
        imported=tuple(dict.fromkeys(_imported(history, request, found, allowed))),
    )


def _is_stated(history: PatientHistory, assessed: RequestAssessment | None) -> bool:
    """Returns whether only the request's statement says that Lemtrada was received."""
    facts = assessed.assessment.facts.prior_treatment if assessed is not None else None
    return facts is not None and facts.received_lemtrada is True and not history.reports


def _waits(history: PatientHistory, found: tuple[Course, ...], as_of: date) -> bool:
    """Returns whether an entry of the course in question, or a report that the record contradicts, waits."""
    asked = course_in_question(found)
    if asked is not None and waits_for_a_person(history, asked, as_of):
        return True
    return any(True for _ in disputed_reports(history))


def twelve_months_passed_by(answer: Eligibility) -> date | None:
    """Returns the first day on which the twelve months of 1.B.iv have certainly passed; None while a course is open."""
    if answer.path != "B" or answer.course_status != "not_begun" or answer.last_dose_latest is None:
        return None
    return anniversary(answer.last_dose_latest)


def _is_open_question(
    path: Literal["A", "B"] | None, following: NextDose, assessed: RequestAssessment | None, waits: bool
) -> bool:
    """Whether the path, the course, the doses given, or the twelve months depend on what the record leaves open.

    `waits`: an entry of the course or a report waits for a person, or it is not known how many courses are complete.
    """
    if waits or None in (path, following.is_begun, following.number, following.given.certain):
        return True
    return path == "B" and assessed is not None and _interval(assessed, path) is None


def _in_force(allowed: Allowance) -> ApprovalInForce:
    return ApprovalInForce(
        request_id=allowed.approval.request_id,
        doses_approved=allowed.approval.doses_approved,
        doses_used=allowed.used,
        valid_from=allowed.approval.valid_from,
        valid_through=allowed.approval.valid_through,
        imported_from=allowed.approval.imported_from,
    )


def _is_own_approval(history: PatientHistory, allowed: Allowance, office: str | None) -> bool:
    request = history.request(allowed.approval.request_id)
    return request is not None and is_request_of(office, request)


def _imported(
    history: PatientHistory, request: Request | None, found: tuple[Course, ...], allowed: Allowance | None
) -> Iterator[ImportedFrom]:
    doses = [dose for course in found for dose in course.doses]
    used = {one.rpartition(".")[0] for course in found for one in course.reported}
    reports = [one for one in history.reports if one.report_id in used or not (one.courses or one.voided)]
    sources = [history.imported_from, *(one.imported_from for one in reports), *(one.imported_from for one in doses)]
    sources.append(request.imported_from if request is not None else None)
    sources.append(allowed.approval.imported_from if allowed is not None else None)
    yield from (one for one in sources if one is not None)


def _because(path: Literal["A", "B"] | None, treatments: tuple[Treatment, ...], following: NextDose) -> str:
    """Returns why the history decides this path (R1), or that it does not decide one."""
    if path is None:
        return "It is not known whether a course of Lemtrada was completed."
    if path == "B" and all(one.completed.most == 0 for one in treatments):
        return "An earlier course of Lemtrada counts as a prior course, although it was not completed in this ledger."
    if path == "B" and any(one.completed.least == 0 for one in treatments):
        return "An earlier course of Lemtrada counts as a prior course. It is not known whether one was completed."
    if path == "B":
        return "A course of Lemtrada was completed."
    if treatments and following.given.least == 0 < following.given.most:
        return "No course of Lemtrada was completed. It is not known whether one was started."
    if treatments:
        return "The first course of Lemtrada was started and not completed."
    return "No course of Lemtrada was completed."


def _interval(assessed: RequestAssessment | None, path: Literal["A", "B"] | None) -> bool | None:
    if assessed is None or path != "B":
        return None
    answer = assessed.assessment.finding("1.B.iv").answer
    return {"met": True, "not_met": False, "undetermined": None}[answer.value]


def _approvable(
    history: PatientHistory, assessed: RequestAssessment, request: Request | None, office: str | None
) -> Approvable:
    assessment = assessed.assessment
    edition = edition_named(assessment.edition, assessment.edition_revision)
    against = denial_citations(assessment, edition)
    stops = tuple(_stops_needed(history, assessed, request, edition)) if request is not None else ()
    ways = tuple(_with_stops(way, stops) for way in what_if(assessment, edition))
    return Approvable(
        based_on=request.request_id if request is not None else None,
        request_is_open=request is not None and not request.is_closed_by(assessment.as_of),
        edition=assessment.edition,
        edition_revision=assessment.edition_revision,
        edition_provenance=assessment.edition_provenance,
        recommendation=assessment.recommendation,
        path=assessment.path,
        doses=assessment.doses,
        valid_days=assessment.valid_days,
        still_needed=tuple(_still_needed(assessed, citation) for citation in assessment.needed),
        speaking_against=tuple(_still_needed(assessed, citation) for citation in against)
        if assessment.recommendation == "not_recommended"
        else (),
        exclusions=assessment.exclusions,
        reasons=reasons_shown(assessment.reasons, office),
        advisories=assessment.advisories,
        approvable_from=assessment.approvable_from,
        ways=ways[:WAYS_LISTED_MAX],
        ways_not_listed=len(ways[WAYS_LISTED_MAX:]),
        assessment_digest=assessed.digest,
    )


def _stops_needed(
    history: PatientHistory, assessed: RequestAssessment, request: Request, edition: Edition
) -> Iterator[Supply]:
    """Yields the stop dates to send, one for each other agent that the patient takes.

    They replace the fact `other_dmt_continues` in a path to approval. That fact is still needed if the stop dates
    alone do not determine it.
    """
    as_of = assessed.assessment.as_of
    planned = assessed.assessment.circumstances.planned_first_infusion_on
    planned_request = replace(request, planned_first_infusion_on=planned)
    latest = (planned or as_of) - timedelta(days=1)
    products = agents_to_be_stopped(history, planned_request, as_of, edition)
    for product in products:
        yield Supply(field="agents.stopped_on", value=latest.isoformat(), or_earlier=True, about=product)
    if products and not stops_settle_it(history, planned_request, as_of, edition):
        yield Supply(field=OTHER_AGENT, value=False)


def _with_stops(way: Way, stops: tuple[Supply, ...]) -> Way:
    continuation = next((one for one in way.supplies if one.field == OTHER_AGENT), None)
    if continuation is None or not stops:
        return way
    index = way.supplies.index(continuation)
    stop_supplies = tuple(one.model_copy(update={"settles": continuation.settles}) for one in stops)
    supplies = (*way.supplies[:index], *stop_supplies, *way.supplies[index + 1 :])
    return way.model_copy(update={"supplies": supplies, "size": len(supplies)})


def _still_needed(assessed: RequestAssessment, citation: str) -> StillNeeded:
    finding = assessed.assessment.finding(citation)
    return StillNeeded(clause=citation, sentence=finding.sentence, missing=finding.missing)
