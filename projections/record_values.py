"""Each record of a history as named values in plain words. Comparing two versions of a record shows what changed.

`STATUS` has the status of every record. `DETAILS` has the facts of a record. A fact is shown as a change only after
the record exists, because the facts that it was created with are in its event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

from pydantic import BaseModel, JsonValue

from domain.calendar import PartialDate
from domain.events.patient import Member
from domain.facts import counted, in_words
from domain.history.coverage import Coverage
from domain.history.records import (
    AgentUse,
    Appeal,
    ApprovalRecord,
    DocumentOnRecord,
    Dose,
    Notice,
    Report,
    Representative,
    Request,
)
from domain.history.state import PatientHistory
from domain.treatment.courses import Course

Values = dict[str, JsonValue]
Named = tuple[str, JsonValue]


def ordinal(identifier: str) -> str:
    """Returns the last part of an id, such as `r1` for a request."""
    return identifier.rsplit(".", 1)[-1]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _coverage(_: int, coverage: tuple[date, str]) -> Named:
    on, line = coverage
    return f"coverage from {on}", line


def _state_and_funding(_: int, coverage: Coverage) -> Named:
    stated = [one for one in (coverage.state, coverage.funding and in_words(coverage.funding)) if one]
    return f"state and funding from {coverage.on}", ", ".join(stated) or "not known"


def _representative(_: int, named: Representative) -> Named:
    until = f" through {named.through}" if named.through is not None else ""
    return f"representative {named.name}", f"{named.relationship}, from {named.on}{until}"


def _death(_: int, on: PartialDate) -> Named:
    return "death", str(on)


def _agent(index: int, use: AgentUse) -> Named:
    what = f"started {use.started_on}" if use.started_on is not None else f"stopped {use.stopped_on}"
    return f"other agent {index + 1}", f"{use.product}, {what}{', voided' if use.voided else ''}"


def _report(_: int, report: Report) -> Named:
    summary = f"{report.source}, courses: {len(report.courses)}"
    return f"report {ordinal(report.report_id)}", f"{summary}, voided" if report.voided else summary


def _request(_: int, request: Request) -> Named:
    return f"request {ordinal(request.request_id)}", request.status


def _approval(_: int, approval: ApprovalRecord) -> Named:
    of_appeal = f" by appeal {ordinal(approval.appeal_id)}" if approval.appeal_id is not None else ""
    rescinded = f", rescinded {approval.rescinded_on}" if approval.rescinded_on is not None else ""
    rescinded += ", confirmed after a later report" if approval.confirmed_version is not None else ""
    window = f"{approval.valid_from} to {approval.valid_through}"
    name = f"approval of request {ordinal(approval.request_id)}{of_appeal}"
    return name, f"{counted(approval.doses_approved, 'dose')}, {window}{rescinded}"


def _document(_: int, one: DocumentOnRecord) -> Named:
    reviews = [f"{'supports' if review.supports else 'does not support'} {review.clause}" for review in one.reviews]
    return f"document {ordinal(one.document.document_id)}", (
        "voided" if one.voided else "; ".join(reviews) or "not reviewed"
    )


def _notice(_: int, notice: Notice) -> Named:
    delivered = f", delivered {notice.delivered_at.isoformat()}" if notice.delivered_at is not None else ""
    return f"notice {ordinal(notice.notice_id)}", f"{notice.kind}, issued {notice.issued_at.isoformat()}{delivered}"


def _appeal(_: int, appeal: Appeal) -> Named:
    parts: list[str] = [appeal.status]
    if appeal.assigned_to is not None and appeal.is_open:
        parts.append(f"with {appeal.assigned_to.id}")
    if appeal.handed_on_to is not None:
        parts.append(f"forwarded to {appeal.handed_on_to}")
    if appeal.external_outcome is not None:
        parts.append(f"external review: {appeal.external_outcome}")
    return f"appeal {ordinal(appeal.appeal_id)}", ", ".join(parts).replace("_", " ")


def _dose(_: int, dose: Dose) -> Named:
    return f"dose {ordinal(dose.dose_id)}", _dose_status(dose)


def _dose_status(dose: Dose) -> str:
    if dose.voided:
        return f"{dose.on}, voided"
    if not dose.stands:
        what = "part of the same dose" if dose.duplicate == "part" else f"{dose.duplicate} duplicate, not counted"
        return f"{dose.on}, {what}"
    if dose.is_uncertain:
        voided = dose.facts.claim_voided is not None
        why = "claim voided, not known whether it was given" if voided else "may be the same dose as another entry"
        return f"{dose.on}, {why}"
    return (
        f"{dose.on}, counts toward course {dose.course}" if dose.counts else f"{dose.on}, documents a reported course"
    )


STATUS: Final[dict[str, Callable[[int, Any], Named]]] = {
    "lines_of_business": _coverage,
    "coverage": _state_and_funding,
    "representatives": _representative,
    "deceased_on": _death,
    "agents": _agent,
    "reports": _report,
    "requests": _request,
    "approvals": _approval,
    "documents": _document,
    "notices": _notice,
    "appeals": _appeal,
    "doses": _dose,
}
"""By field of the history: a function from the index of a record and the record to its name and status."""


# -- details ------------------------------------------------------------------------------------


def person_details(history: PatientHistory) -> Values:
    return {
        "name": history.name,
        "birth date": _text(history.birth_date),
        "member IDs": [_member(history, one) for one in history.members],
        **_former_members(history),
        "linked patients": [str(one) for one in history.linked],
    }


def _member(history: PatientHistory, member: Member) -> str:
    first_day = history.first_day_of(member)
    return f"{member.issuer}:{member.member_id}{f' from {first_day}' if first_day is not None else ''}"


def _former_members(history: PatientHistory) -> Values:
    """The member IDs that have a last day. Without one, the list of member IDs says all."""
    dated = [one for one in history.retired_members if one.last_day is not None]
    former: list[JsonValue] = [f"{one.member.issuer}:{one.member.member_id} through {one.last_day}" for one in dated]
    return {"former member IDs": former} if former else {}


def _of_report(report: Report) -> Values:
    courses: list[JsonValue] = [one.model_dump(mode="json", exclude_none=True) for one in report.courses]
    about = in_words(report.tells_of) if report.tells_of is not None else None
    return {
        "courses": courses,
        "reference": report.reference,
        "reported on": report.reported_on.isoformat(),
        "is about": about,
    }


def _of_dose(dose: Dose) -> Values:
    return {
        "milligrams": dose.mg,
        "site": dose.site,
        "request": dose.request_id and ordinal(dose.request_id),
        "reviewed after death": dose.reviewed,
    }


def _of_document(one: DocumentOnRecord) -> Values:
    return {"name": one.document.name, "kind": one.document.kind, "clause": one.document.clause}


def _of_request(request: Request) -> Values:
    return dict(_facts_of(request))


def _facts_of(request: Request) -> Iterator[Named]:
    yield "received at", request.received_at.isoformat()
    yield "receipt source", request.receipt_source
    yield "with", request.held_by.id if request.held_by is not None else None
    yield "line of business", request.line_of_business
    yield "prescriber", request.prescriber.name
    yield "consultation", request.consultation.specialty if request.consultation is not None else None
    yield "planned first infusion", _text(request.planned_first_infusion_on)
    yield "planned site", request.planned_site
    awaits = request.awaits
    yield "awaits", ", ".join(one.clause for one in awaits.asked) if awaits is not None else None
    yield "reminders", request.reminders
    yield "expedited from", request.expedited_at.isoformat() if request.expedited_at is not None else None
    yield "expediting", "refused" if request.expediting_refused else None
    yield "deadline extended, days", sum(one.days for one in request.extensions)
    held = "held" if request.peer_to_peer_held else "offered" if request.peer_to_peer_offered else None
    yield "peer-to-peer", held
    yield from _stated_facts("", request.statement)


def _stated_facts(prefix: str, value: BaseModel) -> Iterator[Named]:
    """Yields every stated fact by its name. Facts that are not stated are left out."""
    for name in type(value).model_fields:
        part = getattr(value, name)
        if isinstance(part, BaseModel) and not hasattr(part, "earliest"):
            yield from _stated_facts(f"{prefix}{name}.", part)
        elif part not in (None, ()):
            dumped = value.model_dump(mode="json", include={name}, exclude_none=True)
            yield f"{prefix}{name}", dumped[name]


DETAILS: Final[dict[str, Callable[[Any], Values]]] = {
    "requests": _of_request,
    "reports": _of_report,
    "doses": _of_dose,
    "documents": _of_document,
}
"""By field of the history: a function from a record to its facts."""


# -- courses ----------------------------------------------------------------------------------


def course_status(course: Course, latest: Course) -> str:
    given = "number not known" if course.given is None else str(course.given)
    return f"{_recorded_status(course, latest)}, doses given: {given}"


def _recorded_status(course: Course, latest: Course) -> str:
    """Returns the status that is recorded in events: a course is completed or reopened by its own event."""
    if course.named is None or course.status not in ("completed", "short"):
        return course.status
    if not course.marks.completed:
        return "open"
    return "completed" if course is latest else course.status
