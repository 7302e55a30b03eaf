"""What may be asked of a patient's history, in chapters as the events are. Who asks, and when, is the `Moment`.

A command that is about a request, a dose, a document or an appeal names it; its class without
that name (`Approval` beside `ApproveCourse`) is what a caller sends where the address says it.
"""

from __future__ import annotations

from typing import Final, get_args

from domain.commands.appeals import (
    AddAppealEvidence,
    AppealDecision,
    AppealDismissal,
    Appealing,
    AssignAppeal,
    DecideAppeal,
    DismissAppeal,
    Evidence,
    ExternalAnswer,
    FileAppeal,
    HandingOn,
    HandOnAppeal,
    RecordExternalAnswer,
    WithdrawAppeal,
)
from domain.commands.context import (
    Moment,
)
from domain.commands.determinations import (
    Approval,
    ApproveCourse,
    Denial,
    DenyRequest,
    ExtendApproval,
    Extension,
    ImportPastDetermination,
    PastDetermination,
    Referral,
    ReferRequest,
    RescindApproval,
    Rescission,
)
from domain.commands.patient import (
    AddMemberIdentifier,
    ChangeLineOfBusiness,
    CorrectDemographics,
    LinkHistories,
    NameRepresentative,
    OpenHistory,
    Reason,
    RecordAgentStarted,
    RecordAgentStopped,
    RecordDeath,
    RetireMemberIdentifier,
    UnlinkHistories,
    VoidDeathRecord,
)
from domain.commands.requests import (
    Assignment,
    AssignRequest,
    ChangePlannedInfusion,
    ChangePrescriber,
    ClockExtension,
    CorrectDocument,
    CorrectStatement,
    Delivery,
    Digest,
    Dismissal,
    DismissRequest,
    DocumentCorrection,
    DocumentFinding,
    ExpediteRequest,
    Expediting,
    ExtendClock,
    HoldPeerToPeer,
    InformationAsked,
    IssueNotice,
    NewDocument,
    NewDocuments,
    NewPrescriber,
    Notice,
    OfferPeerToPeer,
    PeerToPeer,
    PeerToPeerOffer,
    PlannedInfusion,
    RecordDelivery,
    RefuseExpediting,
    ReleaseRequest,
    Reminder,
    ReopenRequest,
    RequestInformation,
    ReviewDocument,
    SendReminder,
    StatementCorrection,
    SubmitRequest,
    Supplement,
    SupplyInformation,
    VoidDocument,
    Withdrawal,
    WithdrawRequest,
)
from domain.commands.treatment import (
    CloseCourse,
    ConfirmDuplicate,
    CorrectDose,
    CorrectPriorTreatment,
    DismissDuplicate,
    DoseCorrection,
    RecordDose,
    ReportPriorTreatment,
    TreatmentCorrection,
    VoidDose,
    VoidPriorTreatment,
)

Command = (
    OpenHistory
    | CorrectDemographics
    | AddMemberIdentifier
    | RetireMemberIdentifier
    | LinkHistories
    | UnlinkHistories
    | ChangeLineOfBusiness
    | NameRepresentative
    | RecordDeath
    | VoidDeathRecord
    | RecordAgentStarted
    | RecordAgentStopped
    | ReportPriorTreatment
    | CorrectPriorTreatment
    | VoidPriorTreatment
    | RecordDose
    | CorrectDose
    | ConfirmDuplicate
    | DismissDuplicate
    | VoidDose
    | CloseCourse
    | SubmitRequest
    | RequestInformation
    | SupplyInformation
    | CorrectStatement
    | ReviewDocument
    | CorrectDocument
    | VoidDocument
    | SendReminder
    | ChangePlannedInfusion
    | ChangePrescriber
    | AssignRequest
    | ReleaseRequest
    | WithdrawRequest
    | DismissRequest
    | ReopenRequest
    | OfferPeerToPeer
    | HoldPeerToPeer
    | ExpediteRequest
    | RefuseExpediting
    | ExtendClock
    | IssueNotice
    | RecordDelivery
    | ApproveCourse
    | DenyRequest
    | ReferRequest
    | ExtendApproval
    | RescindApproval
    | ImportPastDetermination
    | FileAppeal
    | AddAppealEvidence
    | AssignAppeal
    | DecideAppeal
    | WithdrawAppeal
    | DismissAppeal
    | HandOnAppeal
    | RecordExternalAnswer
)
COMMANDS: Final[tuple[type[Command], ...]] = get_args(Command)


__all__ = [
    "COMMANDS",
    "AddAppealEvidence",
    "AddMemberIdentifier",
    "AppealDecision",
    "AppealDismissal",
    "Appealing",
    "Approval",
    "ApproveCourse",
    "AssignAppeal",
    "AssignRequest",
    "Assignment",
    "ChangeLineOfBusiness",
    "ChangePlannedInfusion",
    "ChangePrescriber",
    "ClockExtension",
    "CloseCourse",
    "Command",
    "ConfirmDuplicate",
    "CorrectDemographics",
    "CorrectDocument",
    "CorrectDose",
    "CorrectPriorTreatment",
    "CorrectStatement",
    "DecideAppeal",
    "Delivery",
    "Denial",
    "DenyRequest",
    "Digest",
    "DismissAppeal",
    "DismissDuplicate",
    "DismissRequest",
    "Dismissal",
    "DocumentCorrection",
    "DocumentFinding",
    "DoseCorrection",
    "Evidence",
    "ExpediteRequest",
    "Expediting",
    "ExtendApproval",
    "ExtendClock",
    "Extension",
    "ExternalAnswer",
    "FileAppeal",
    "HandOnAppeal",
    "HandingOn",
    "HoldPeerToPeer",
    "ImportPastDetermination",
    "InformationAsked",
    "IssueNotice",
    "LinkHistories",
    "Moment",
    "NameRepresentative",
    "NewDocument",
    "NewDocuments",
    "NewPrescriber",
    "Notice",
    "OfferPeerToPeer",
    "OpenHistory",
    "PastDetermination",
    "PeerToPeer",
    "PeerToPeerOffer",
    "PlannedInfusion",
    "Reason",
    "RecordAgentStarted",
    "RecordAgentStopped",
    "RecordDeath",
    "RecordDelivery",
    "RecordDose",
    "RecordExternalAnswer",
    "ReferRequest",
    "Referral",
    "RefuseExpediting",
    "ReleaseRequest",
    "Reminder",
    "ReopenRequest",
    "ReportPriorTreatment",
    "RequestInformation",
    "RescindApproval",
    "Rescission",
    "RetireMemberIdentifier",
    "ReviewDocument",
    "SendReminder",
    "StatementCorrection",
    "SubmitRequest",
    "Supplement",
    "SupplyInformation",
    "TreatmentCorrection",
    "UnlinkHistories",
    "VoidDeathRecord",
    "VoidDocument",
    "VoidDose",
    "VoidPriorTreatment",
    "WithdrawAppeal",
    "WithdrawRequest",
    "Withdrawal",
]
