"""What each event of a patient's history is about, and what it does to that: one line an event class.

A thing is spoken of by the ledger's own id. The FHIR type beside it is the resource that it comes nearest to:
a reader of the trail may group by it; none of them but AuditEvent and Provenance is served.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from api.fhir.codes import OWN, Resource
from domain import events as told
from domain.events import Event


class Doing(Enum):
    """Nothing is ever deleted: what is taken back stays on record and no longer counts."""

    CREATE = "create"
    UPDATE = "update"
    TAKE_BACK = "take back"


@dataclass(frozen=True, slots=True)
class Thing:
    """`field` is the event's field with the thing's id; without one the event itself is spoken of."""

    kind: str
    fhir_type: str
    field: str | None = None


_PATIENT: Final = Thing("patient", "Patient")
_COVERAGE: Final = Thing("coverage", "Coverage")
_REPRESENTATIVE: Final = Thing("representative", "RelatedPerson")
_OTHER_AGENT: Final = Thing("other-agent", "MedicationStatement")
_REPORT: Final = Thing("report", "MedicationStatement", "report_id")
_DOSE: Final = Thing("dose", "MedicationAdministration", "dose_id")
_COURSE: Final = Thing("course", "CarePlan", "course")
_DOCUMENT: Final = Thing("document", "DocumentReference", "document_id")
_REQUEST: Final = Thing("request", "Claim", "request_id")
_DETERMINATION: Final = Thing("determination", "ClaimResponse")
_NOTICE: Final = Thing("notice", "Communication", "notice_id")
_APPEAL: Final = Thing("appeal", "Task", "appeal_id")

ABOUT: Final[dict[type[Event], tuple[Thing, Doing]]] = {
    told.HistoryOpened: (_PATIENT, Doing.CREATE),
    told.DemographicsCorrected: (_PATIENT, Doing.UPDATE),
    told.MemberIdentifierAdded: (_PATIENT, Doing.UPDATE),
    told.MemberIdentifierRetired: (_PATIENT, Doing.UPDATE),
    told.HistoriesLinked: (_PATIENT, Doing.UPDATE),
    told.HistoriesUnlinked: (_PATIENT, Doing.UPDATE),
    told.LineOfBusinessChanged: (_COVERAGE, Doing.UPDATE),
    told.RepresentativeNamed: (_REPRESENTATIVE, Doing.CREATE),
    told.RequesterAdmitted: (_PATIENT, Doing.UPDATE),
    told.DeathRecorded: (_PATIENT, Doing.UPDATE),
    told.DeathRecordVoided: (_PATIENT, Doing.TAKE_BACK),
    told.OtherAgentStarted: (_OTHER_AGENT, Doing.CREATE),
    told.OtherAgentStopped: (_OTHER_AGENT, Doing.UPDATE),
    told.PriorTreatmentReported: (_REPORT, Doing.CREATE),
    told.PriorTreatmentCorrected: (_REPORT, Doing.UPDATE),
    told.PriorTreatmentVoided: (_REPORT, Doing.TAKE_BACK),
    told.DoseAdministered: (_DOSE, Doing.CREATE),
    told.DoseCorrected: (_DOSE, Doing.UPDATE),
    told.PossibleDuplicateConfirmed: (_DOSE, Doing.UPDATE),
    told.PossibleDuplicateDismissed: (_DOSE, Doing.UPDATE),
    told.DoseVoided: (_DOSE, Doing.TAKE_BACK),
    told.CourseCompleted: (_COURSE, Doing.UPDATE),
    told.CourseReopened: (_COURSE, Doing.UPDATE),
    told.CourseClosedUnfinished: (_COURSE, Doing.UPDATE),
    told.DocumentReviewed: (_DOCUMENT, Doing.UPDATE),
    told.DocumentCorrected: (_DOCUMENT, Doing.UPDATE),
    told.DocumentVoided: (_DOCUMENT, Doing.TAKE_BACK),
    told.RequestSubmitted: (_REQUEST, Doing.CREATE),
    told.InformationRequested: (_REQUEST, Doing.UPDATE),
    told.InformationSupplied: (_REQUEST, Doing.UPDATE),
    told.StatementCorrected: (_REQUEST, Doing.UPDATE),
    told.ReminderSent: (_REQUEST, Doing.UPDATE),
    told.PlannedInfusionChanged: (_REQUEST, Doing.UPDATE),
    told.PrescriberChanged: (_REQUEST, Doing.UPDATE),
    told.RequestAssigned: (_REQUEST, Doing.UPDATE),
    told.RequestReleased: (_REQUEST, Doing.UPDATE),
    told.RequestWithdrawn: (_REQUEST, Doing.UPDATE),
    told.RequestDismissed: (_REQUEST, Doing.UPDATE),
    told.RequestReopened: (_REQUEST, Doing.UPDATE),
    told.PeerToPeerOffered: (_REQUEST, Doing.UPDATE),
    told.PeerToPeerHeld: (_REQUEST, Doing.UPDATE),
    told.RequestExpedited: (_REQUEST, Doing.UPDATE),
    told.ExpeditingRefused: (_REQUEST, Doing.UPDATE),
    told.ClockExtended: (_REQUEST, Doing.UPDATE),
    told.NoticeIssued: (_NOTICE, Doing.CREATE),
    told.NoticeDelivered: (_NOTICE, Doing.UPDATE),
    told.CourseApproved: (_DETERMINATION, Doing.CREATE),
    told.RequestDenied: (_DETERMINATION, Doing.CREATE),
    told.RequestReferred: (_REQUEST, Doing.UPDATE),
    told.ApprovalExtended: (_DETERMINATION, Doing.UPDATE),
    told.ApprovalRescinded: (_DETERMINATION, Doing.UPDATE),
    told.PastDeterminationImported: (_DETERMINATION, Doing.CREATE),
    told.AppealFiled: (_APPEAL, Doing.CREATE),
    told.AppealEvidenceAdded: (_APPEAL, Doing.UPDATE),
    told.AppealAssigned: (_APPEAL, Doing.UPDATE),
    told.AppealDecided: (_APPEAL, Doing.UPDATE),
    told.AppealWithdrawn: (_APPEAL, Doing.UPDATE),
    told.AppealDismissed: (_APPEAL, Doing.UPDATE),
    told.AppealHandedOn: (_APPEAL, Doing.UPDATE),
    told.ExternalReviewAnswered: (_APPEAL, Doing.UPDATE),
}

_KIND_OF_LETTER: Final = {
    "r": _REQUEST,
    "d": _DOSE,
    "t": _REPORT,
    "f": _DOCUMENT,
    "n": _NOTICE,
    "a": _APPEAL,
}
"""By the letter before the ordinal in an id."""


def thing_of(event: Event) -> Resource:
    """A reference to what the event is about."""
    thing, _ = ABOUT[type(event)]
    if thing is _PATIENT:
        return patient_reference(event.originator_id)
    if thing is _DETERMINATION:
        # An approval that is extended or rescinded is spoken of by the event that gave it.
        version: int = getattr(event, "approval_version", event.originator_version)
        return _logical(thing, event_value(event, version))
    value: Any = getattr(event, thing.field) if thing.field is not None else event_value(event)
    return _logical(thing, f"{event.originator_id}.course{value}" if thing is _COURSE else value)


def named(identifier: str) -> Resource | None:
    """A reference to whatever has this id of the ledger's own, such as a request; None for no such id."""
    letter = identifier.partition(".")[2][:1]
    thing = _KIND_OF_LETTER.get(letter)
    return _logical(thing, identifier) if thing is not None else None


def event_reference(event: Event, version: int | None = None) -> Resource:
    """To an event of the same history, by its version."""
    return {"identifier": {"system": f"{OWN}history-version", "value": event_value(event, version)}}


def event_value(event: Event, version: int | None = None) -> str:
    return f"{event.originator_id}.v{event.originator_version if version is None else version}"


def patient_reference(patient_id: object) -> Resource:
    return {"reference": f"Patient/{patient_id}", "type": "Patient"}


def _logical(thing: Thing, value: str) -> Resource:
    return {"type": thing.fhir_type, "identifier": {"system": f"{OWN}{thing.kind}", "value": value}}
