"""The story a patient's record can tell: every event, past tense, flat and frozen, in chapters.

    patient         who she is, her coverage, agents of others
    treatment       reports from elsewhere, doses, courses, and their corrections
    requests        the life of a request, from receipt to notice
    documents       what stands behind the facts
    determinations  what persons decided, and what became of an approval
    appeals         what was asked to be decided again
    keeping         of the ledger itself: its people, who looked, the seal

The wire law: an event is stored under its `TOPIC` as the JSON of its fields, without the
patient's id and the position in her history, which the store keeps as its key. A topic is
never renamed, a field never changes its meaning; a changed shape is a new `class_version`
with an upcast from the one before, and the golden files prove that every version ever
stored still decodes.

Two times stand on every event: when it happened (`on`, a calendar day, or `at`, an instant)
and when it was recorded (`recorded_at`). All events of one command share its instant, which
is at least a microsecond after the command before, so that "what was known then" never cuts
through a command.
"""

from __future__ import annotations

from typing import Any, Final, get_args
from uuid import UUID

from domain.events.appeals import (
    AppealAssigned,
    AppealDecided,
    AppealDismissalGround,
    AppealDismissed,
    AppealEvidenceAdded,
    AppealFiled,
    AppealHandedOn,
    AppealLevel,
    AppealOutcome,
    AppealWithdrawn,
    ExternalReviewAnswered,
    Filer,
    FilerRelation,
)
from domain.events.base import (
    NOBODY,
    AppealId,
    DocumentId,
    DoseId,
    Event,
    ImportedFrom,
    NoticeId,
    ReportedCourseId,
    ReportId,
    RequestId,
)
from domain.events.determinations import (
    ApprovalExtended,
    ApprovalRescinded,
    CourseApproved,
    Determination,
    PastDeterminationImported,
    PastOutcome,
    RequestDenied,
    RequestReferred,
    RescissionGround,
)
from domain.events.documents import (
    Document,
    DocumentCorrected,
    DocumentKind,
    DocumentReviewed,
    DocumentVoided,
    MediaType,
    Sha256,
)
from domain.events.patient import (
    DeathRecorded,
    DeathRecordVoided,
    DemographicsCorrected,
    HistoriesLinked,
    HistoriesUnlinked,
    HistoryOpened,
    LineOfBusiness,
    LineOfBusinessChanged,
    Member,
    MemberIdentifierAdded,
    MemberIdentifierRetired,
    MemberIndexed,
    MemberUnindexed,
    OtherAgentStarted,
    OtherAgentStopped,
    Relationship,
    RepresentativeNamed,
    RequesterAdmitted,
)
from domain.events.requests import (
    Asked,
    Channel,
    ClockExtended,
    DismissalGround,
    ExpeditingRefused,
    InformationRequested,
    InformationSupplied,
    NoticeDelivered,
    NoticeIssued,
    NoticeKind,
    PeerToPeerHeld,
    PeerToPeerOffered,
    PlannedInfusionChanged,
    PrescriberChanged,
    ReminderSent,
    RequestAssigned,
    RequestDismissed,
    RequestExpedited,
    RequestReleased,
    RequestReopened,
    RequestSubmitted,
    RequestWithdrawn,
    StatedAgent,
    Statement,
    StatementCorrected,
    Urgency,
)
from domain.events.system import (
    THE_LEDGER_ITSELF,
    AccessesRecorded,
    KeepingEvent,
    LinkIssued,
    LinkUsed,
    PeopleEvent,
    PersonAdmitted,
    PersonChanged,
    PersonRemoved,
    SealEvent,
    SealingKeyNamed,
    SealStarted,
    TokenIssued,
    TokenRevoked,
)
from domain.events.treatment import (
    CourseClosedUnfinished,
    CourseCompleted,
    CourseReopened,
    DoseAdministered,
    DoseCorrected,
    DoseSource,
    DoseVoided,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    PriorTreatmentCorrected,
    PriorTreatmentReported,
    PriorTreatmentVoided,
    ReportedCourse,
    TreatmentSource,
    Variance,
)

PatientEvent = (
    HistoryOpened
    | DemographicsCorrected
    | MemberIdentifierAdded
    | MemberIdentifierRetired
    | HistoriesLinked
    | HistoriesUnlinked
    | LineOfBusinessChanged
    | RepresentativeNamed
    | RequesterAdmitted
    | DeathRecorded
    | DeathRecordVoided
    | OtherAgentStarted
    | OtherAgentStopped
    | PriorTreatmentReported
    | PriorTreatmentCorrected
    | PriorTreatmentVoided
    | DoseAdministered
    | DoseCorrected
    | PossibleDuplicateConfirmed
    | PossibleDuplicateDismissed
    | DoseVoided
    | CourseCompleted
    | CourseReopened
    | CourseClosedUnfinished
    | DocumentReviewed
    | DocumentCorrected
    | DocumentVoided
    | RequestSubmitted
    | InformationRequested
    | InformationSupplied
    | StatementCorrected
    | ReminderSent
    | PlannedInfusionChanged
    | PrescriberChanged
    | RequestAssigned
    | RequestReleased
    | RequestWithdrawn
    | RequestDismissed
    | RequestReopened
    | PeerToPeerOffered
    | PeerToPeerHeld
    | RequestExpedited
    | ExpeditingRefused
    | ClockExtended
    | NoticeIssued
    | NoticeDelivered
    | CourseApproved
    | RequestDenied
    | RequestReferred
    | ApprovalExtended
    | ApprovalRescinded
    | PastDeterminationImported
    | AppealFiled
    | AppealEvidenceAdded
    | AppealAssigned
    | AppealDecided
    | AppealWithdrawn
    | AppealDismissed
    | AppealHandedOn
    | ExternalReviewAnswered
)
PATIENT_EVENTS: Final[tuple[type[Event], ...]] = get_args(PatientEvent)

IndexEvent = MemberIndexed | MemberUnindexed
STORED_EVENTS: Final[tuple[type[Event], ...]] = (*PATIENT_EVENTS, *get_args(IndexEvent), *get_args(KeepingEvent))


def placed(event: Any, originator_id: UUID, originator_version: int) -> Any:
    """The event at its place in a history. Only for an event that nobody else holds yet."""
    event.__dict__["originator_id"] = originator_id
    event.__dict__["originator_version"] = originator_version
    return event


__all__ = [
    "NOBODY",
    "PATIENT_EVENTS",
    "STORED_EVENTS",
    "THE_LEDGER_ITSELF",
    "AccessesRecorded",
    "AppealAssigned",
    "AppealDecided",
    "AppealDismissalGround",
    "AppealDismissed",
    "AppealEvidenceAdded",
    "AppealFiled",
    "AppealHandedOn",
    "AppealId",
    "AppealLevel",
    "AppealOutcome",
    "AppealWithdrawn",
    "ApprovalExtended",
    "ApprovalRescinded",
    "Asked",
    "Channel",
    "ClockExtended",
    "CourseApproved",
    "CourseClosedUnfinished",
    "CourseCompleted",
    "CourseReopened",
    "DeathRecordVoided",
    "DeathRecorded",
    "DemographicsCorrected",
    "Determination",
    "DismissalGround",
    "Document",
    "DocumentCorrected",
    "DocumentId",
    "DocumentKind",
    "DocumentReviewed",
    "DocumentVoided",
    "DoseAdministered",
    "DoseCorrected",
    "DoseId",
    "DoseSource",
    "DoseVoided",
    "Event",
    "ExpeditingRefused",
    "ExternalReviewAnswered",
    "Filer",
    "FilerRelation",
    "HistoriesLinked",
    "HistoriesUnlinked",
    "HistoryOpened",
    "ImportedFrom",
    "IndexEvent",
    "InformationRequested",
    "InformationSupplied",
    "KeepingEvent",
    "LineOfBusiness",
    "LineOfBusinessChanged",
    "LinkIssued",
    "LinkUsed",
    "MediaType",
    "Member",
    "MemberIdentifierAdded",
    "MemberIdentifierRetired",
    "MemberIndexed",
    "MemberUnindexed",
    "NoticeDelivered",
    "NoticeId",
    "NoticeIssued",
    "NoticeKind",
    "OtherAgentStarted",
    "OtherAgentStopped",
    "PastDeterminationImported",
    "PastOutcome",
    "PatientEvent",
    "PeerToPeerHeld",
    "PeerToPeerOffered",
    "PeopleEvent",
    "PersonAdmitted",
    "PersonChanged",
    "PersonRemoved",
    "PlannedInfusionChanged",
    "PossibleDuplicateConfirmed",
    "PossibleDuplicateDismissed",
    "PrescriberChanged",
    "PriorTreatmentCorrected",
    "PriorTreatmentReported",
    "PriorTreatmentVoided",
    "Relationship",
    "ReminderSent",
    "ReportId",
    "ReportedCourse",
    "ReportedCourseId",
    "RepresentativeNamed",
    "RequestAssigned",
    "RequestDenied",
    "RequestDismissed",
    "RequestExpedited",
    "RequestId",
    "RequestReferred",
    "RequestReleased",
    "RequestReopened",
    "RequestSubmitted",
    "RequestWithdrawn",
    "RequesterAdmitted",
    "RescissionGround",
    "SealEvent",
    "SealStarted",
    "SealingKeyNamed",
    "Sha256",
    "StatedAgent",
    "Statement",
    "StatementCorrected",
    "TokenIssued",
    "TokenRevoked",
    "TreatmentSource",
    "Urgency",
    "Variance",
    "placed",
]
