"""The record as flat lists of named values, in the words that people use; two of them compared say what changed.

`state` is what stands where: the status of every entry. `details` are the facts behind an
entry, told of as a change only once the entry is on record: what it came with is in its event.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, JsonValue

from domain.history.records import Appeal, Dose, Request
from domain.history.state import PatientHistory
from domain.treatment.courses import Course, courses

State = dict[str, JsonValue]


def state(history: PatientHistory | None) -> State:
    """Entries and how they stand; the name of each begins with what it is, and its number."""
    if history is None:
        return {}
    return {"history": "opened", **dict(_entries(history)), **dict(_courses(history))}


def details(history: PatientHistory | None) -> dict[str, State]:
    """By entry, its facts as they stand now."""
    if history is None:
        return {}
    found: dict[str, State] = {
        "history": {
            "name": history.name,
            "birth date": _text(history.birth_date),
            "member IDs": [f"{one.issuer}:{one.member_id}" for one in history.members],
            "linked patients": [str(one) for one in history.linked],
        }
    }
    for request in history.requests:
        found[f"request {ordinal(request.request_id)}"] = dict(_of_request(request))
    for report in history.reports:
        courses_told: list[JsonValue] = [one.model_dump(mode="json", exclude_none=True) for one in report.courses]
        found[f"report {ordinal(report.report_id)}"] = {"courses": courses_told, "reference": report.reference}
    for dose in history.doses:
        found[f"dose {ordinal(dose.dose_id)}"] = {
            "milligrams": dose.mg,
            "site": dose.site,
            "request": dose.request_id and ordinal(dose.request_id),
        }
    for one in history.documents:
        document = one.document
        found[f"document {ordinal(document.document_id)}"] = {
            "name": document.name,
            "kind": document.kind,
            "clause": document.clause,
        }
    return found


def ordinal(identifier: str) -> str:
    return identifier.rsplit(".", 1)[-1]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _entries(history: PatientHistory) -> Iterator[tuple[str, JsonValue]]:
    for on, line in history.lines_of_business:
        yield f"coverage from {on}", line
    for named in history.representatives:
        until = f" through {named.through}" if named.through is not None else ""
        yield f"representative {named.name}", f"{named.relationship}, from {named.on}{until}"
    if history.deceased_on is not None:
        yield "death", str(history.deceased_on)
    for number, use in enumerate(history.agents, 1):
        what = f"started {use.started_on}" if use.started_on is not None else f"stopped {use.stopped_on}"
        yield f"other agent {number}", f"{use.product}, {what}"
    for report in history.reports:
        told = f"{report.source}, courses: {len(report.courses)}"
        yield f"report {ordinal(report.report_id)}", f"{told}, voided" if report.voided else told
    for request in history.requests:
        yield f"request {ordinal(request.request_id)}", request.status
    for approval in history.approvals:
        of_appeal = f" by appeal {ordinal(approval.appeal_id)}" if approval.appeal_id is not None else ""
        taken_back = f", rescinded {approval.rescinded_on}" if approval.rescinded_on is not None else ""
        window = f"{approval.valid_from} to {approval.valid_through}"
        name = f"approval of request {ordinal(approval.request_id)}{of_appeal}"
        yield name, f"{approval.doses_approved} doses, {window}{taken_back}"
    for one in history.documents:
        yield f"document {ordinal(one.document.document_id)}", _document(one.voided, [
            f"{'supports' if review.supports else 'does not support'} {review.clause}" for review in one.reviews
        ])  # fmt: skip
    for notice in history.notices:
        came = f", delivered {notice.delivered_at.isoformat()}" if notice.delivered_at is not None else ""
        yield f"notice {ordinal(notice.notice_id)}", f"{notice.kind}, issued {notice.issued_at.isoformat()}{came}"
    for appeal in history.appeals:
        yield f"appeal {ordinal(appeal.appeal_id)}", _appeal(appeal)
    for dose in history.doses:
        yield f"dose {ordinal(dose.dose_id)}", _dose(dose)


def _document(voided: bool, reviews: list[str]) -> str:
    return "voided" if voided else "; ".join(reviews) or "not reviewed"


def _appeal(appeal: Appeal) -> str:
    parts: list[str] = [appeal.status]
    if appeal.assigned_to is not None and appeal.is_open:
        parts.append(f"with {appeal.assigned_to.id}")
    if appeal.handed_on_to is not None:
        parts.append(f"forwarded to {appeal.handed_on_to}")
    if appeal.external_outcome is not None:
        parts.append(f"external review: {appeal.external_outcome}")
    return ", ".join(parts).replace("_", " ")


def _dose(dose: Dose) -> str:
    if dose.voided:
        return f"{dose.on}, voided"
    if not dose.stands:
        return f"{dose.on}, {dose.duplicate} duplicate, not counted"
    return (
        f"{dose.on}, counts toward course {dose.course}" if dose.counts else f"{dose.on}, documents a reported course"
    )


def _of_request(request: Request) -> Iterator[tuple[str, JsonValue]]:
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
    yield "deadline extended, days", sum(days for _, days in request.extensions)
    held = "held" if request.peer_to_peer_held else "offered" if request.peer_to_peer_offered else None
    yield "peer-to-peer", held
    yield from _flat("", request.statement)


def _flat(prefix: str, value: BaseModel) -> Iterator[tuple[str, JsonValue]]:
    """Every stated fact by its name; what is not stated is left out."""
    for name in type(value).model_fields:
        part = getattr(value, name)
        if isinstance(part, BaseModel) and not hasattr(part, "earliest"):
            yield from _flat(f"{prefix}{name}.", part)
        elif part not in (None, ()):
            dumped = value.model_dump(mode="json", include={name}, exclude_none=True)
            yield f"{prefix}{name}", dumped[name]


# -- courses ----------------------------------------------------------------------------------


def _courses(history: PatientHistory) -> Iterator[tuple[str, JsonValue]]:
    found = courses(history)
    for course in found:
        given = "number not known" if course.given is None else str(course.given)
        yield f"course {course.number}", f"{_recorded_status(course, found[-1])}, doses given: {given}"


def _recorded_status(course: Course, latest: Course) -> str:
    """The status that events have recorded: a course is completed or open again by an event of its own."""
    if course.named is None or course.status not in ("completed", "short"):
        return course.status
    if not course.marks.completed:
        return "open"
    return "completed" if course is latest else course.status
