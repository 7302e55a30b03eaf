"""One sentence that describes an event beyond its title. Nothing is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from domain.events import PATIENT_EVENTS
from domain.events.appeals import (
    AppealAssigned,
    AppealDecided,
    AppealDismissed,
    AppealEvidenceAdded,
    AppealFiled,
    AppealHandedOn,
    AppealWithdrawn,
    ExternalReviewAnswered,
)
from domain.events.base import Event
from domain.events.determinations import (
    ApprovalConfirmed,
    ApprovalExtended,
    ApprovalRescinded,
    CourseApproved,
    PastDeterminationImported,
    RequestDenied,
    RequestReferred,
)
from domain.events.documents import Document, DocumentCorrected, DocumentReviewed, DocumentVoided
from domain.events.patient import (
    DeathRecorded,
    LineOfBusinessChanged,
    MemberIdentifierAdded,
    MemberIdentifierRetired,
    OtherAgentEntryVoided,
    OtherAgentStarted,
    OtherAgentStopped,
    RepresentativeNamed,
    RequesterAdmitted,
)
from domain.events.receipts import ReceiptCorrected
from domain.events.requests import (
    Asked,
    ClockExtended,
    InformationRequested,
    InformationSupplied,
    NoticeDelivered,
    NoticeIssued,
    PeerToPeerHeld,
    PeerToPeerOffered,
    PlannedInfusionChanged,
    PrescriberChanged,
    ReminderSent,
    RequestAssigned,
    RequestDismissed,
    RequestReleased,
    RequestSubmitted,
    RequestWithdrawn,
    StatementCorrected,
)
from domain.events.treatment import (
    ClaimLineRecorded,
    ClaimReplaced,
    ClaimVoided,
    CourseClosedUnfinished,
    CourseCompleted,
    CourseReopened,
    DoseAdministered,
    DoseCorrected,
    DoseDaysStated,
    DoseReviewed,
    DoseVoided,
    PartOfDoseConfirmed,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    PriorTreatmentCorrected,
    PriorTreatmentReported,
    PriorTreatmentVoided,
    ReportAttributed,
    ReportedCourse,
    VoidedClaimSettled,
)
from domain.facts import counted, in_words
from domain.policy.editions import EDITIONS


def sentence_of(event: Event) -> str:
    """Returns the sentence of the event, or its reason if it has no sentence, or empty text."""
    describe = SENTENCES.get(type(event))
    return describe(event) if describe is not None else str(getattr(event, "reason", None) or "")


def entry_of(identifier: str) -> str:
    """Returns the short name of a request, dose, report, document, notice or appeal: `r1`, `d3`, `f2`."""
    return identifier.rpartition(".")[2]


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)


def _documents(documents: Iterable[Document]) -> str:
    return _listed(
        f"{entry_of(one.document_id)} {one.name} ({in_words(one.kind)}{f', for {one.clause}' if one.clause else ''})"
        for one in documents
    )


_DOSES_REPORTED: Final = {"our_doses": "doses that this ledger has on record", "other_doses": "other doses"}


def _course(course: ReportedCourse) -> str:
    given = "doses not counted" if course.doses_given is None else counted(course.doses_given, "dose")
    ends = [str(one) for one in (course.first_dose_on, course.last_dose_on) if one is not None]
    when = f", {' to '.join(dict.fromkeys(ends))}" if ends else ", dates not known"
    completed = {True: ", completed", False: ", not completed", None: ""}[course.completed]
    return f"{given}{when}{completed}"


def reported_in_words(courses: Iterable[ReportedCourse]) -> str:
    """Returns the courses of a report in words. No courses: Lemtrada was never received."""
    return "; ".join(map(_course, courses)) or "Lemtrada was never received"


def _field(name: str) -> str:
    return in_words(name).replace(".", " / ")


def _fields(event: Any) -> str:
    return f"changed: {_listed(map(_field, event.fields)) or 'nothing'}"


def _corrected(event: Any) -> str:
    return f"{_fields(event)}. {event.reason}"


def _of_request(event: Any) -> str:
    return f"Request {entry_of(event.request_id)}"


def _supplied(event: Any) -> str:
    parts = [_fields(event)] if event.fields else []
    parts += [f"documents: {_documents(event.documents)}"] if event.documents else []
    return "; ".join(parts) or "No new information."


def _asked(event: Any) -> str:
    def clause_and_facts(one: Asked) -> str:
        return f"{one.clause} ({_listed(map(_field, one.missing))})" if one.missing else one.clause

    return f"Requested: {_listed(map(clause_and_facts, event.asked))}"


def _determined(event: Any) -> str:
    determination = event.determination
    assessment = determination.assessment
    if assessment is None:
        summary = "No assessment: the request was received before the first policy version on file (R31)"
        return f"{summary}. {determination.rationale}"
    reconstructed = "" if assessment.edition_provenance == "text" else " (reconstructed)"
    summary = f"Edition {assessment.edition}{reconstructed}; recommendation: {in_words(assessment.recommendation)}"
    return f"{summary}. {determination.rationale}" if determination.rationale else f"{summary}."


def _approved(event: Any) -> str:
    approved = counted(event.doses_approved, "dose")
    doses = f"Course {event.course}: {approved}, {event.valid_from} through {event.valid_through}"
    left_out = f"; not approved: {event.left_out}" if event.left_out else ""
    return f"{doses}{left_out}. {_determined(event)}"


def _past(event: Any) -> str:
    by = f" by {event.decided_by}" if event.decided_by else ""
    is_reconstructed = any(one.key == event.edition and one.provenance != "text" for one in EDITIONS)
    edition = f"policy version {event.edition}{' (reconstructed)' if is_reconstructed else ''}"
    if event.edition == "unknown":
        edition = "an unknown policy version"
    cited = f", citing {_listed(event.citing)}" if event.citing else ""
    return f"According to another record: {in_words(event.outcome)}{by}, under {edition}{cited}."


def _dose(event: Any) -> str:
    original = getattr(event, "possible_duplicate_of", None)
    duplicate = f"; possibly a second report of {entry_of(original)}" if original is not None else ""
    course = "documents a reported course" if event.course is None else f"course {event.course}"
    variances = f"; variances: {_listed(map(in_words, event.variances))}" if event.variances else ""
    return f"{entry_of(event.dose_id)}: {event.mg:g} mg, {course}{duplicate}{variances}"


_FOUND_OF_INFUSION: Final = {"not_given": "no infusion was given", "billed_elsewhere": "given, and billed elsewhere"}


def _found(event: Any) -> str:
    return "; found by its source and day, without a reference of the original" if event.found_by == "day" else ""


def _reviewed(event: Any) -> str:
    result = "supports the finding of" if event.supports else "does not support the finding of"
    return f"{entry_of(event.document_id)} {result} {event.clause}. {event.note or ''}".rstrip()


def _filed(event: Any) -> str:
    late = "; late" if event.is_late else ""
    level = f"{entry_of(event.appeal_id)}, {event.level} level, {event.urgency}"
    last_day = f"last day to file {event.file_by}" if event.file_by is not None else "no last day to file yet"
    return f"{level}, by {event.filer.name} ({event.filer.relation}); {last_day}{late}."


def _member(event: Any) -> str:
    return f"{event.member.issuer}: {event.member.member_id}"


def _member_added(event: Any) -> str:
    return f"{_member(event)}{f', from {event.first_day}' if event.first_day is not None else ''}"


def _member_retired(event: Any) -> str:
    until = "; it never identified this member" if event.in_error else f", through {event.last_day}"
    return f"{_member(event)}{until if event.in_error or event.last_day is not None else ''}. {event.reason}"


SENTENCES: Final[dict[type[Event], Callable[[Any], str]]] = {
    MemberIdentifierAdded: _member_added,
    MemberIdentifierRetired: _member_retired,
    LineOfBusinessChanged: lambda event: ", ".join(
        in_words(one) for one in (event.line_of_business, event.state, event.funding) if one is not None
    ),
    RepresentativeNamed: lambda event: (
        f"{event.name} ({in_words(event.relationship)}), through {event.through or 'further notice'}"
    ),
    RequesterAdmitted: lambda event: f"{event.actor.name} may send requests for this member",
    DeathRecorded: lambda event: f"{event.on}; {event.source}",
    OtherAgentStarted: lambda event: f"{event.product}, {event.on}; {event.source}",
    OtherAgentStopped: lambda event: f"{event.product}, {event.on}; {event.source}",
    OtherAgentEntryVoided: lambda event: f"{entry_of(event.agent_entry_id)}: {event.reason}",
    PriorTreatmentReported: lambda event: (
        f"{entry_of(event.report_id)} ({in_words(event.source)}): {reported_in_words(event.courses)}"
        f"{'; confirms what is on record' if event.confirms_record else ''}"
    ),
    PriorTreatmentCorrected: lambda event: (
        f"{entry_of(event.report_id)}: {reported_in_words(event.courses)}. {event.reason}"
    ),
    PriorTreatmentVoided: lambda event: f"{entry_of(event.report_id)}: {event.reason}",
    ReportAttributed: lambda event: (
        f"{entry_of(event.report_id)} is about {_DOSES_REPORTED[event.tells_of]}: {event.reason}"
    ),
    DoseAdministered: _dose,
    DoseCorrected: lambda event: f"{_dose(event)}; {_corrected(event)}",
    PossibleDuplicateConfirmed: lambda event: f"{entry_of(event.dose_id)}: {event.reason}",
    PossibleDuplicateDismissed: lambda event: f"{entry_of(event.dose_id)}: {event.reason}",
    DoseVoided: lambda event: f"{entry_of(event.dose_id)}: {event.reason}",
    DoseReviewed: lambda event: f"{entry_of(event.dose_id)}: {event.reason}",
    PartOfDoseConfirmed: lambda event: f"{entry_of(event.dose_id)}: {event.reason}",
    DoseDaysStated: lambda event: f"{entry_of(event.dose_id)}: {counted(event.days, 'infusion day')}. {event.reason}",
    ClaimReplaced: lambda event: f"{_dose(event)}; {_fields(event)}{_found(event)}",
    ClaimVoided: lambda event: (
        f"{entry_of(event.dose_id)}: void {event.source_reference}{_found(event)}. A dose may have been given"
    ),
    ClaimLineRecorded: lambda event: (
        f"{event.source_reference}: billed, not paid"
        if event.line == "denied"
        else f"{event.source_reference}: replaces the denied line {event.original_reference}; counts once"
        if event.line == "replacement"
        else f"{event.source_reference}: waits for claim {event.original_reference or event.source_reference}"
    ),
    VoidedClaimSettled: lambda event: f"{entry_of(event.dose_id)}: {_FOUND_OF_INFUSION[event.finding]}. {event.reason}",
    CourseCompleted: lambda event: f"Course {event.course}, {counted(event.doses_given, 'dose')}",
    CourseReopened: lambda event: f"Course {event.course}: {event.reason}",
    CourseClosedUnfinished: lambda event: f"Course {event.course}: {event.reason}",
    DocumentReviewed: _reviewed,
    DocumentCorrected: lambda event: f"{entry_of(event.document_id)}: {_corrected(event)}",
    DocumentVoided: lambda event: f"{entry_of(event.document_id)}: {event.reason}",
    RequestSubmitted: lambda event: (
        f"{_of_request(event)}, {event.urgency}, {in_words(event.line_of_business)}, from {event.prescriber.name}"
    ),
    InformationRequested: _asked,
    InformationSupplied: _supplied,
    StatementCorrected: _corrected,
    ReceiptCorrected: lambda event: (
        f"{_of_request(event)}: received {event.received_on} by {in_words(event.receipt_source)}. {event.reason}"
    ),
    ReminderSent: lambda event: f"By {in_words(event.channel)}",
    PlannedInfusionChanged: lambda event: (
        f"{event.planned_first_infusion_on or 'no date'}, {event.planned_site or 'no site'}"
    ),
    PrescriberChanged: lambda event: str(event.prescriber.name),
    RequestAssigned: lambda event: f"To {event.to.name}",
    RequestReleased: lambda _: "Unassigned.",
    RequestWithdrawn: lambda event: f"By {event.by}: {event.reason}",
    RequestDismissed: lambda event: f"{in_words(event.ground).capitalize()}: {event.reason}",
    PeerToPeerOffered: lambda event: f"Through {event.until}" if event.until else "",
    PeerToPeerHeld: lambda event: f"With {event.with_whom}: {event.outcome}",
    ClockExtended: lambda event: (
        f"By {counted(event.days, 'day')}: {event.reason}"
        + (" The turnaround time is paused until the answer." if event.for_information else "")
    ),
    NoticeIssued: lambda event: (
        f"{entry_of(event.notice_id)} ({in_words(event.kind)}) to {event.addressee} by {in_words(event.channel)}"
    ),
    NoticeDelivered: lambda event: entry_of(event.notice_id),
    CourseApproved: _approved,
    RequestDenied: lambda event: f"Citing {_listed(event.citing)}. {_determined(event)}",
    RequestReferred: _determined,
    ApprovalExtended: lambda event: f"Through {event.valid_through}. {_determined(event)}",
    ApprovalConfirmed: lambda event: f"{_of_request(event)}: {event.reason}",
    ApprovalRescinded: lambda event: f"{in_words(event.ground).capitalize()}: {event.reason}",
    PastDeterminationImported: _past,
    AppealFiled: _filed,
    AppealEvidenceAdded: _supplied,
    AppealAssigned: lambda event: f"To {event.to.name}",
    AppealDecided: lambda event: f"{in_words(event.outcome).capitalize()}. {_determined(event)}",
    AppealWithdrawn: lambda event: f"By {event.by}: {event.reason}",
    AppealDismissed: lambda event: f"{in_words(event.ground).capitalize()}: {event.reason}",
    AppealHandedOn: lambda event: f"To {event.organisation}",
    ExternalReviewAnswered: lambda event: f"{in_words(event.outcome).capitalize()}: {event.rationale}",
}
"""The events that have a sentence of their own, and the function that writes it."""
assert set(SENTENCES) <= set(PATIENT_EVENTS), "each is an event of a patient"
