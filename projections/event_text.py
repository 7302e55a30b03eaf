"""Each event in words for people: a short title and one sentence of what it says; nothing of it is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from domain import events as told
from domain.events import PATIENT_EVENTS, Asked, Document, Event, ReportedCourse
from domain.policy.editions import EDITIONS

Words = tuple[str, Callable[[Any], str]]
"""A title, and the sentence of an event; the sentence may be empty where the title says it all."""


def title_of(kind: type[Event]) -> str:
    return WORDS[kind][0]


def sentence_of(event: Event) -> str:
    return WORDS[type(event)][1](event)


def entry_of(identifier: str) -> str:
    """The short name of a request, dose, report, document, notice or appeal: `r1`, `d3`, `f2`."""
    return identifier.rpartition(".")[2]


def spoken(value: str) -> str:
    """`chart_note` as people say it."""
    return value.replace("_", " ")


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)


def _documents(documents: Iterable[Document]) -> str:
    return _listed(
        f"{entry_of(one.document_id)} {one.name} ({spoken(one.kind)}{f', for {one.clause}' if one.clause else ''})"
        for one in documents
    )


def _course(course: ReportedCourse) -> str:
    given = "doses not counted" if course.doses_given is None else f"{course.doses_given} doses"
    ends = [str(one) for one in (course.first_dose_on, course.last_dose_on) if one is not None]
    when = f", {' to '.join(dict.fromkeys(ends))}" if ends else ", days not known"
    completed = {True: ", completed", False: ", not completed", None: ""}[course.completed]
    return f"{given}{when}{completed}"


def _courses(courses: Iterable[ReportedCourse]) -> str:
    return "; ".join(map(_course, courses)) or "Lemtrada was never received"


def _field(name: str) -> str:
    return spoken(name).replace(".", " / ")


def _fields(event: Any) -> str:
    return f"now different: {_listed(map(_field, event.fields)) or 'nothing'}"


def _because(event: Any) -> str:
    return str(event.reason)


def _corrected(event: Any) -> str:
    return f"{_fields(event)}. {event.reason}"


def _of_request(event: Any) -> str:
    return f"Request {entry_of(event.request_id)}"


def _supplied(event: Any) -> str:
    parts = [_fields(event)] if event.fields else []
    parts += [f"documents: {_documents(event.documents)}"] if event.documents else []
    return "; ".join(parts) or "Nothing that is new."


def _asked(event: Any) -> str:
    def one_asked(one: Asked) -> str:
        return f"{one.clause} ({_listed(map(_field, one.missing))})" if one.missing else one.clause

    return f"Asked for: {_listed(map(one_asked, event.asked))}"


def _determined(event: Any) -> str:
    made = event.determination
    rebuilt = "" if made.assessment.edition_provenance == "text" else " (reconstructed)"
    said = f"Edition {made.assessment.edition}{rebuilt}; recommended: {spoken(made.assessment.recommendation)}"
    return f"{said}. {made.rationale}" if made.rationale else f"{said}."


def _approved(event: Any) -> str:
    doses = f"Course {event.course}: {event.doses_approved} doses, {event.valid_from} through {event.valid_through}"
    left_out = f"; left out: {event.left_out}" if event.left_out else ""
    return f"{doses}{left_out}. {_determined(event)}"


def _past(event: Any) -> str:
    by = f" by {event.decided_by}" if event.decided_by else ""
    rebuilt = any(one.key == event.edition and one.provenance != "text" for one in EDITIONS)
    edition = f"edition {event.edition}{' (reconstructed)' if rebuilt else ''}"
    if event.edition == "unknown":
        edition = "an edition that is not known"
    cited = f", citing {_listed(event.citing)}" if event.citing else ""
    return f"Another record tells of it: {spoken(event.outcome)}{by}, under {edition}{cited}."


def _dose(event: Any) -> str:
    original = getattr(event, "possible_duplicate_of", None)
    second = f"; possibly a second report of {entry_of(original)}" if original is not None else ""
    belongs = "documents a reported course" if event.course is None else f"course {event.course}"
    departs = f"; departs: {_listed(map(spoken, event.variances))}" if event.variances else ""
    return f"{entry_of(event.dose_id)}: {event.mg:g} mg, {belongs}{second}{departs}"


def _reviewed(event: Any) -> str:
    found = "supports the finding of" if event.supports else "does not support the finding of"
    return f"{entry_of(event.document_id)} {found} {event.clause}. {event.note or ''}".rstrip()


def _filed(event: Any) -> str:
    late = "; late" if event.is_late else ""
    level = f"{entry_of(event.appeal_id)}, {event.level} level, {event.urgency}"
    return f"{level}, by {event.filer.name} ({event.filer.relation}); in time through {event.file_by}{late}."


def _member(event: Any) -> str:
    return f"{event.member.issuer}: {event.member.member_id}"


WORDS: Final[dict[type[Event], Words]] = {
    told.HistoryOpened: ("History opened", lambda _: ""),
    told.DemographicsCorrected: ("Name or birth date corrected", _because),
    told.MemberIdentifierAdded: ("Member identifier added", _member),
    told.MemberIdentifierRetired: ("Member identifier retired", lambda event: f"{_member(event)}. {event.reason}"),
    told.HistoriesLinked: ("Linked with another history", _because),
    told.HistoriesUnlinked: ("Link with another history taken back", _because),
    told.LineOfBusinessChanged: ("Line of business changed", lambda event: spoken(event.line_of_business)),
    told.RepresentativeNamed: (
        "Representative named",
        lambda event: f"{event.name} ({spoken(event.relationship)}), through {event.through or 'further notice'}",
    ),
    told.RequesterAdmitted: ("Prescriber's office admitted", lambda event: f"{event.actor.name} may ask for her"),
    told.DeathRecorded: ("Death recorded", lambda event: f"{event.on}; {event.source}"),
    told.DeathRecordVoided: ("Record of death voided", _because),
    told.OtherAgentStarted: ("Other agent started", lambda event: f"{event.product}, {event.on}; {event.source}"),
    told.OtherAgentStopped: ("Other agent stopped", lambda event: f"{event.product}, {event.on}; {event.source}"),
    told.PriorTreatmentReported: (
        "Prior treatment reported",
        lambda event: f"{entry_of(event.report_id)} ({spoken(event.source)}): {_courses(event.courses)}",
    ),
    told.PriorTreatmentCorrected: (
        "Prior treatment corrected",
        lambda event: f"{entry_of(event.report_id)}: {_courses(event.courses)}. {event.reason}",
    ),
    told.PriorTreatmentVoided: (
        "Report of prior treatment voided", lambda event: f"{entry_of(event.report_id)}: {event.reason}",
    ),
    told.DoseAdministered: ("Dose given", _dose),
    told.DoseCorrected: ("Dose corrected", lambda event: f"{_dose(event)}; {_corrected(event)}"),
    told.PossibleDuplicateConfirmed: (
        "Second report confirmed as the same infusion", lambda event: f"{entry_of(event.dose_id)}: {event.reason}",
    ),
    told.PossibleDuplicateDismissed: (
        "Second report found to be another infusion", lambda event: f"{entry_of(event.dose_id)}: {event.reason}",
    ),
    told.DoseVoided: ("Dose entry voided", lambda event: f"{entry_of(event.dose_id)}: {event.reason}"),
    told.CourseCompleted: ("Course completed", lambda event: f"Course {event.course}, {event.doses_given} doses"),
    told.CourseReopened: ("Course open again", lambda event: f"Course {event.course}: {event.reason}"),
    told.CourseClosedUnfinished: ("Course closed unfinished", lambda event: f"Course {event.course}: {event.reason}"),
    told.DocumentReviewed: ("Document reviewed", _reviewed),
    told.DocumentCorrected: (
        "Document's description corrected", lambda event: f"{entry_of(event.document_id)}: {_corrected(event)}",
    ),
    told.DocumentVoided: ("Document voided", lambda event: f"{entry_of(event.document_id)}: {event.reason}"),
    told.RequestSubmitted: (
        "Request received",
        lambda event: (
            f"{_of_request(event)}, {event.urgency}, {spoken(event.line_of_business)}, from {event.prescriber.name}"
        ),
    ),
    told.InformationRequested: ("Information requested", _asked),
    told.InformationSupplied: ("Information supplied", _supplied),
    told.StatementCorrected: ("Submitted facts corrected", _corrected),
    told.ReminderSent: ("Reminder sent", lambda event: f"By {spoken(event.channel)}"),
    told.PlannedInfusionChanged: (
        "Planned infusion changed",
        lambda event: f"{event.planned_first_infusion_on or 'no day'}, {event.planned_site or 'no site'}",
    ),
    told.PrescriberChanged: ("Prescriber changed", lambda event: str(event.prescriber.name)),
    told.RequestAssigned: ("Request assigned", lambda event: f"To {event.to.name}"),
    told.RequestReleased: ("Request released", lambda _: "Nobody has it."),
    told.RequestWithdrawn: ("Request withdrawn", lambda event: f"By {event.by}: {event.reason}"),
    told.RequestDismissed: ("Request dismissed", lambda event: f"{spoken(event.ground).capitalize()}: {event.reason}"),
    told.RequestReopened: ("Request reopened", _because),
    told.PeerToPeerOffered: (
        "Peer-to-peer offered", lambda event: f"Through {event.until}" if event.until else "",
    ),
    told.PeerToPeerHeld: ("Peer-to-peer held", lambda event: f"With {event.with_whom}: {event.outcome}"),
    told.RequestExpedited: ("Request expedited", _because),
    told.ExpeditingRefused: ("Expediting refused", _because),
    told.ClockExtended: ("Clock extended", lambda event: f"By {event.days} days: {event.reason}"),
    told.NoticeIssued: (
        "Notice issued",
        lambda event: (
            f"{entry_of(event.notice_id)} ({spoken(event.kind)}) to {event.addressee} by {spoken(event.channel)}"
        ),
    ),
    told.NoticeDelivered: ("Notice delivered", lambda event: entry_of(event.notice_id)),
    told.CourseApproved: ("Course approved", _approved),
    told.RequestDenied: ("Request denied", lambda event: f"Citing {_listed(event.citing)}. {_determined(event)}"),
    told.RequestReferred: ("Referred to a clinician", _determined),
    told.ApprovalExtended: ("Approval extended", lambda event: f"Through {event.valid_through}. {_determined(event)}"),
    told.ApprovalRescinded: (
        "Approval rescinded", lambda event: f"{spoken(event.ground).capitalize()}: {event.reason}",
    ),
    told.PastDeterminationImported: ("Determination taken over", _past),
    told.AppealFiled: ("Appeal filed", _filed),
    told.AppealEvidenceAdded: ("Evidence added to the appeal", _supplied),
    told.AppealAssigned: ("Appeal assigned", lambda event: f"To {event.to.name}"),
    told.AppealDecided: (
        "Appeal decided",
        lambda event: f"{spoken(event.outcome).capitalize()}. {_determined(event)}",
    ),
    told.AppealWithdrawn: ("Appeal withdrawn", lambda event: f"By {event.by}: {event.reason}"),
    told.AppealDismissed: ("Appeal dismissed", lambda event: f"{spoken(event.ground).capitalize()}: {event.reason}"),
    told.AppealHandedOn: ("Appeal handed on", lambda event: f"To {event.organisation}"),
    told.ExternalReviewAnswered: (
        "External review answered", lambda event: f"{spoken(event.outcome).capitalize()}: {event.rationale}",
    ),
}  # fmt: skip
assert set(WORDS) == set(PATIENT_EVENTS), "every event has its words"
