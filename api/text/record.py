"""The record in words: courses, a person, a request, an appeal, and an assessment.

Each row is a label and a sentence. Times and days are in the plan's time zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from domain.events.base import ImportedFrom
from domain.facts import counted, in_words
from domain.policy.assessment import Assessment
from projections.courses import Courses, CourseView, DoseView, claim_line_in_words, entry_marks, given_in_words
from projections.dossier.deadlines import NO_LAST_DAY
from projections.person import Person
from projections.request_status import AppealView, DecisionView, DocumentView, NoticeView, RequestLife, WindowView

if TYPE_CHECKING:
    from domain.ledger.sealing.sealing import SealedPlace

Rows = Iterator[tuple[str, str]]


def course_rows(answer: Courses) -> Rows:
    yield "On", f"{answer.as_of}, from version {answer.history_version} of the history"
    for course in answer.courses:
        yield f"Course {course.number}", _course(course)
        yield from (("", _dose(dose)) for dose in course.doses)
    yield from (("Not counted", _dose(dose)) for dose in answer.other_entries)
    yield from (("Claim line", claim_line_in_words(line)) for line in answer.claim_lines)
    if not answer.courses:
        yield "Courses", "None on record."


def _course(course: CourseView) -> str:
    summary = f"{in_words(course.status)}, {course.origin}: {given_in_words(course)} given, of {course.regimen_doses}"
    return f"{summary}{imported(course.imported_from)}"


def _dose(dose: DoseView) -> str:
    entry = ordinal(dose.dose_id)
    marks = entry_marks(dose)
    if dose.imported_from is not None:
        marks.append(f"imported from {dose.imported_from.source}")
    more = f" ({', '.join((*marks, *(in_words(one) for one in dose.variances)))})"
    return f"{dose.on}  {dose.mg:g} mg  {entry}{more if marks or dose.variances else ''}"


def person_rows(answer: Person) -> Rows:
    yield "Name", answer.name
    yield "Born", str(answer.birth_date or "not known")
    yield from (("Member", f"{one.member_id} of {one.issuer}") for one in answer.members)
    for former in answer.former_members:
        until = ", never this member's" if former.in_error else f", through {former.last_day or 'a day not known'}"
        yield "Former member ID", f"{former.member.member_id} of {former.member.issuer}{until}"
    coverage = (answer.line_of_business or "not known", answer.state, answer.funding)
    yield "Coverage", ", ".join(in_words(one) for one in coverage if one is not None)
    for one in answer.representatives:
        until = f" through {one.through}" if one.through is not None else ""
        yield "Representative", f"{one.name} ({in_words(one.relationship)}) from {one.on}{until}"
    yield from (("Linked", f"with patient {one}") for one in answer.linked_histories)
    if answer.deceased_on is not None:
        yield "Deceased", str(answer.deceased_on)
    for use in answer.agents:
        what = f"started {use.started_on}" if use.started_on is not None else f"stopped {use.stopped_on}"
        yield "Agent", f"{use.product}, {what}"
    if answer.imported_from is not None:
        yield "Imported", f"from {answer.imported_from.source}"


def seal_rows(seals: Iterable[tuple[str, SealedPlace | None]]) -> Rows:
    """Yields the leaf of each determination in the sealed log, and its checkpoint."""
    for kind, place in seals:
        if place is None:
            yield "Sealed", f"{in_words(kind)}: not yet"
            continue
        checkpoint = (
            f"the checkpoint of {counted(place.checkpoint.checkpoint.size, 'leaf', 'leaves')}"
            if place.checkpoint
            else "none yet"
        )
        yield "Sealed", f"{in_words(kind)}: leaf {place.leaf_index}, under {checkpoint}"


def seal_value(kind: str, place: SealedPlace | None) -> dict[str, Any]:
    if place is None:
        return {"determination": kind, "seal": None}
    checkpoint = place.checkpoint.note if place.checkpoint is not None else None
    return {"determination": kind, "seal": {"leaf_index": place.leaf_index, "checkpoint": checkpoint}}


def request_rows(life: RequestLife, zone: ZoneInfo) -> Rows:
    closed = f" on {life.closed_on}" if life.closed_on is not None else ""
    yield "Request", f"{life.request_id}, {in_words(life.status)}{closed}{imported(life.imported_from)}"
    if life.held_by is not None:
        yield "Assigned to", f"{life.held_by.name} ({in_words(life.held_by.role)})"
    for number, receipt in enumerate(life.receipts):
        source = f", by {receipt.receipt_source}" if receipt.receipt_source is not None else ""
        reason = f" (corrected by {receipt.by.name}: {receipt.reason})" if number else ""
        yield "Received", f"{clock_time(receipt.received_at, zone)}{source}{reason}"
    deadline = life.clock
    yield "Due", f"{clock_time(deadline.due_at, zone)} ({in_words(deadline.standing)}; {deadline.rule})"
    if life.expedited_at is not None:
        yield "Expedited", f"since {clock_time(life.expedited_at, zone)}"
    if life.expediting_refused:
        yield "Expedited", "not granted"
    if life.retrospective_for:
        yield "Retrospective", ", ".join(ordinal(one) for one in life.retrospective_for)
    for asking in life.askings:
        answered = f"answered {day(asking.answered_at, zone)}" if asking.answered_at is not None else "not answered"
        clauses = ", ".join(one.clause for one in asking.asked)
        yield (
            "Requested",
            f"{clauses} on {day(asking.asked_at, zone)}, until {clock_time(asking.answer_by, zone)}: {answered}",
        )
    if life.reminders:
        yield "Reminders", f"{life.reminders}"
    if life.peer_to_peer_offered or life.peer_to_peer_held:
        yield "Peer-to-peer", "held" if life.peer_to_peer_held else "offered"
    yield from (("Document", document(one)) for one in life.documents)
    yield from (("Notice", notice(one, zone)) for one in life.notices)
    yield from (("Decided", decision(one)) for one in life.decisions)
    yield from (("Approval", approval(one)) for one in life.approvals)
    for appeal in life.appeals:
        late = ", late" if appeal.is_late else ""
        overdue = ", overdue" if appeal.overdue else ""
        yield "Appeal", f"{ordinal(appeal.appeal_id)} of {appeal.received_on}{late}: {in_words(appeal.status)}{overdue}"


def document(one: DocumentView) -> str:
    """Returns the document, with the latest review for each clause and its reviewer."""
    latest = {review.clause: review for review in one.reviews}
    found = [
        f"{'supports' if review.supports else 'does not support'} {clause}, {review.by.name}"
        for clause, review in latest.items()
    ]
    marks = [*(found or ["not reviewed"]), *(name for name in ("corrected", "voided") if getattr(one, name))]
    entry = ordinal(one.document.document_id)
    return f"{entry} {one.document.name} ({in_words(one.document.kind)}, {'; '.join(marks)})"


def notice(one: NoticeView, zone: ZoneInfo) -> str:
    delivery = (
        f"delivered {clock_time(one.delivered_at, zone)}" if one.delivered_at is not None else "delivery not recorded"
    )
    issued = f"issued {clock_time(one.issued_at, zone)} by {one.channel}"
    return f"{ordinal(one.notice_id)} ({in_words(one.kind)}) {issued}: {delivery}"


def decision(one: DecisionView) -> str:
    """Returns the decision, its day, and who made it. For an imported decision, they are as the other record states."""
    by = one.by.name if one.outcome is None else one.decided_by_name or "a person whom the other record does not name"
    citing = f", citing {', '.join(one.citing)}" if one.citing else ""
    reconstructed = " (reconstructed)" if one.provenance == "reconstructed" else ""
    summary = (
        f"{in_words(one.outcome or one.kind)} on {one.on} by {by}{citing}, policy version {one.edition}{reconstructed}"
    )
    return f"{summary}{imported(one.imported_from)}"


def approval(one: WindowView) -> str:
    rescinded = f", rescinded {one.rescinded_on}" if one.rescinded_on is not None else ""
    extended = f", extended {counted(one.extensions, 'time')}" if one.extensions else ""
    days = f"{one.valid_from} through {one.valid_through}"
    return f"{counted(one.doses_approved, 'dose')}, {days}{extended}{rescinded}{imported(one.imported_from)}"


def last_day_to_file(appeal: AppealView) -> str:
    """Returns the last day on which the appeal is timely, or why there is none."""
    return f"the last day to file is {appeal.file_by}" if appeal.file_by is not None else NO_LAST_DAY


def appeal_rows(appeal: AppealView, zone: ZoneInfo) -> Rows:
    yield "Appeal", f"{appeal.appeal_id}, {in_words(appeal.status)}"
    yield "Determination", f"event {appeal.decision_version} of the record, request {appeal.request_id}"
    yield "Filed", f"by {appeal.filer.name} ({in_words(appeal.filer.relation)}), {appeal.level} level, {appeal.urgency}"
    late = "late" if appeal.is_late else "on time"
    yield "Received", f"{appeal.received_on}, {late}: {last_day_to_file(appeal)}"
    yield "Grounds", appeal.grounds
    if appeal.due_at is not None:
        yield "Due", f"{clock_time(appeal.due_at, zone)}{' (overdue)' if appeal.overdue else ''}"
    if appeal.forward_by is not None:
        late = " (overdue)" if appeal.overdue else ""
        yield "Forward to external review by", f"{clock_time(appeal.forward_by, zone)}{late}"
    if appeal.assigned_to is not None:
        yield "Assigned to", f"{appeal.assigned_to.name} ({in_words(appeal.assigned_to.role)})"
    if appeal.decided_by is not None:
        citing = f", citing {', '.join(appeal.citing)}" if appeal.citing else ""
        yield "Decided", f"{in_words(appeal.status)} on {appeal.closed_on} by {appeal.decided_by.name}{citing}"
    if appeal.rationale is not None:
        yield "Rationale", appeal.rationale
    if appeal.handed_on_to is not None:
        answer = in_words(appeal.external_outcome or "not answered yet")
        yield "External", f"forwarded to {appeal.handed_on_to}: {answer}"


def assessment_rows(assessment: Assessment) -> Rows:
    source = "from the text" if assessment.edition_provenance == "text" else "reconstructed from the history table"
    yield "Policy version", f"{assessment.edition}, revision {assessment.edition_revision} ({source})"
    yield "Recommended", f"{assessment.recommendation} on {assessment.as_of}; a person decides"
    for one in assessment.findings:
        yield one.citation, f"{in_words(one.answer.value)}: {one.sentence}"


# -- words for the values ---------------------------------------------------------------------


def ordinal(identifier: str) -> str:
    return identifier.rpartition(".")[2]


def imported(source: ImportedFrom | None) -> str:
    return f", imported from {source.source}" if source is not None else ""


def clock_time(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="minutes")


def day(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).date().isoformat()
