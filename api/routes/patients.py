"""Patients: add a member, find a patient, report prior treatment, and ask for eligibility, courses and history."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response
from pydantic import Field

from api.http import examples
from api.http.bodies import CheckedJsonRoute
from api.http.etags import IdempotencyKey, IfMatch, tag_answer, tag_of, tag_of_eligibility
from api.http.problems import BODY, COMMAND, QUERY, documented
from api.record_access.http import AccessOfRequest
from api.record_access.shown_answers import history_shown
from api.routes.dependencies import (
    After,
    AsOf,
    CommandRunnerOfRequest,
    CourseInPath,
    EditionKey,
    KnownAt,
    Limit,
    PatientIdInPath,
    answer_of_command,
    edition_of,
    opened_history,
    run,
)
from api.routes.schemas import (
    AuditPage,
    EventPage,
    HistoryChanged,
    PatientFound,
    event_view,
)
from domain.calendar import Day
from domain.commands.patient import OpenHistory, WithReason
from domain.commands.treatment import CloseCourse, ReportPriorTreatment
from domain.events.patient import Member
from domain.facts import FrozenModel
from projections.audit_trail import audit_trail
from projections.courses import Courses, course_list
from projections.eligibility import Eligibility, eligibility
from projections.person import Person, person

router = APIRouter(prefix="/patients", tags=["patients"], route_class=CheckedJsonRoute)


class FindBody(FrozenModel):
    member: Member
    on: Day | None = Field(
        default=None,
        description="The day of a service for which the member ID was stated. If the ID was another person's on that "
        "day, the answer is 409.",
    )


class CloseBody(WithReason):
    """The reason why the course will not be finished."""


@router.post("", status_code=201, responses=documented(403, 409) | BODY)
def open_history(
    commanding: CommandRunnerOfRequest,
    response: Response,
    body: Annotated[OpenHistory, Body(examples=[examples.OPEN_HISTORY])],
    key: IdempotencyKey = None,
) -> PatientFound:
    """Add a member. The member ID is sent in the body, never in a URL.

    If the name and birth date are on record under another member ID, `same_person` has these patients.
    """
    outcome = opened_history(commanding, body, response, key)
    current = commanding.versions(outcome.history).current
    same_person = commanding.access().same_person(outcome.history)
    return PatientFound(patient_id=outcome.patient_id, history_version=current, same_person=same_person)


@router.post("/find", responses=documented(403, 404, 409) | BODY)
def find_patient(
    access: AccessOfRequest, body: Annotated[FindBody, Body(examples=[{"member": examples.MEMBER}])]
) -> PatientFound:
    """Find a patient by member ID. Nothing is stored. The member ID is sent in the body, never in a URL.

    An ID that is on record in another spelling finds its patient, unless several patients have it (409).
    """
    with access.found(body.member, body.on) as history:
        pass
    return PatientFound(patient_id=history.patient_id, history_version=access.versions(history).current)


@router.get("/{patient_id}/eligibility", responses=QUERY)
def get_eligibility(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    patient_id: PatientIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    edition: EditionKey = None,
) -> Eligibility:
    """Return the path, the course, the doses, the dates, the approval in effect and the missing facts on any day."""
    day, chosen_edition = as_of or access.today(), edition_of(edition)
    with access.history(patient_id, "eligibility", known_at=known_at) as history:
        answer = eligibility(history, day, chosen_edition, access.office)
    versions = access.versions(history)
    tag_answer(request, response, tag_of_eligibility(versions, day, answer.approvable))
    return history_shown(answer, versions)


@router.get("/{patient_id}/courses", responses=QUERY)
def get_courses(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    patient_id: PatientIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> Courses:
    """Return every course with its doses, their variances then and now, and the entries that do not count."""
    day = as_of or access.today()
    with access.history(patient_id, "courses", known_at=known_at) as history:
        answer = course_list(history, day, access.office)
    versions = access.versions(history)
    tag_answer(request, response, tag_of(versions, "courses", day.isoformat()))
    return history_shown(answer, versions)


@router.get("/{patient_id}/person", responses=QUERY)
def get_person(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    patient_id: PatientIdInPath,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> Person:
    """Return member IDs, coverage, representatives, linked patients and other agents on record."""
    day = as_of or access.today()
    with access.history(patient_id, "person", known_at=known_at) as history:
        answer = person(history, day)
    tag_answer(request, response, tag_of(access.versions(history), "person", day.isoformat()))
    return answer


@router.get("/{patient_id}/history", responses=QUERY)
def get_history(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    patient_id: PatientIdInPath,
    known_at: KnownAt = None,
    after: After = 0,
    limit: Limit = 50,
) -> EventPage:
    """List every event with all its fields, oldest first."""
    last = after + limit
    with access.events_between(patient_id, "history", after + 1, last, known_at=known_at) as (events, newest):
        items = [event_view(event) for event in events]
    tag_answer(request, response, f'"{patient_id.hex}-{newest}-history"')
    return EventPage(items=items, next_after=last if last < newest else None)


@router.get("/{patient_id}/audit-trail", responses=QUERY)
def get_audit_trail(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    patient_id: PatientIdInPath,
    known_at: KnownAt = None,
    after: After = 0,
    limit: Limit = 50,
) -> AuditPage:
    """List every change: what changed, who recorded it, when it happened, and when it was recorded."""
    last = after + limit
    with access.trail_between(patient_id, after + 1, last, known_at=known_at) as (before, events, newest):
        entries = audit_trail(events, before)
    tag_answer(request, response, f'"{patient_id.hex}-{newest}-audit"')
    return AuditPage(items=list(entries), next_after=last if last < newest else None)


@router.post("/{patient_id}/prior-treatment", status_code=201, responses=COMMAND)
def report_prior_treatment(
    commanding: CommandRunnerOfRequest,
    response: Response,
    patient_id: PatientIdInPath,
    body: Annotated[ReportPriorTreatment, Body(examples=[examples.REPORT])],
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> HistoryChanged:
    """Report treatment outside of this ledger. An empty list of courses states that Lemtrada was never received."""
    return answer_of_command(commanding, run(commanding, patient_id, body, response, key, if_match))


@router.post("/{patient_id}/courses/{course}/close", responses=COMMAND)
def close_course(
    commanding: CommandRunnerOfRequest,
    response: Response,
    patient_id: PatientIdInPath,
    course: CourseInPath,
    body: Annotated[CloseBody, Body(examples=[examples.CLOSE])],
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> HistoryChanged:
    """Close an open course that will not be finished. The course then counts as a prior course (R26)."""
    command = CloseCourse(course=course, reason=body.reason)
    return answer_of_command(commanding, run(commanding, patient_id, command, response, key, if_match))
