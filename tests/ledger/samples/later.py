"""Samples of the events that the longer story brought: corrections, the life of a request, documents, appeals."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from domain.calendar import PartialDate
from domain.events.appeals import (
    AppealAssigned,
    AppealDecided,
    AppealDismissed,
    AppealEvidenceAdded,
    AppealFiled,
    AppealHandedOn,
    AppealWithdrawn,
    ExternalReviewAnswered,
    Filer,
)
from domain.events.base import Event, ImportedFrom
from domain.events.determinations import (
    ApprovalConfirmed,
    ApprovalExtended,
    ApprovalRescinded,
    Determination,
    PastDeterminationImported,
)
from domain.events.documents import Document, DocumentCorrected, DocumentReviewed, DocumentVoided
from domain.events.patient import (
    DeathRecorded,
    DeathRecordVoided,
    DemographicsCorrected,
    HistoriesLinked,
    HistoriesUnlinked,
    LineOfBusinessChanged,
    Member,
    MemberIdentifierAdded,
    MemberIdentifierRetired,
    MemberUnindexed,
    OtherAgentStarted,
    OtherAgentStopped,
    RepresentativeNamed,
)
from domain.events.receipts import ReceiptCorrected
from domain.events.requests import (
    Asked,
    ClockExtended,
    ExpeditingRefused,
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
    RequestExpedited,
    RequestReleased,
    RequestReopened,
    RequestWithdrawn,
    Statement,
    StatementCorrected,
)
from domain.events.treatment import (
    DoseCorrected,
    DoseReviewed,
    PriorTreatmentCorrected,
    PriorTreatmentVoided,
    ReportAttributed,
    ReportedCourse,
)
from domain.people import Actor, ConsultationGiven, Prescriber

_AT = datetime(2026, 4, 28, 15, 30, tzinfo=UTC)
_ON = date(2026, 4, 28)
_IMPORTED = ImportedFrom(source="old-plan", reference="L-7")
_APPEALS = Actor(
    id="a.appeals",
    name="Anna Appeals",
    role="appeals_clinician",
    credential="physician",
    specialty="neurology",
    reports_to=("d.chief", "d.board"),
)
_CONSULTED = ConsultationGiven(specialty="ms_specialist", name="Max Zweit")


def _document(patient: UUID) -> Document:
    return Document(
        document_id=f"{patient}.f1",
        name="MRI of the head",
        kind="mri_report",
        media_type="application/pdf",
        size_bytes=48_213,
        sha256="5f" * 32,
        clause="1.A.iii.d(3)",
    )


def later_samples(
    carried: dict[str, Any], patient: UUID, statement: Statement, determination: Determination
) -> dict[str, Event]:
    """By topic, each with every field that its class has."""
    every = carried | {"actor": _APPEALS, "imported_from": _IMPORTED}
    found = [
        *_of_the_person(every, patient),
        *_of_treatment(every, patient),
        *_of_requests(every, patient, statement),
        *_of_notices_and_documents(every, patient),
        *_of_determinations(every, patient, determination),
        *_of_appeals(every, patient, statement, determination),
    ]
    return {one.TOPIC: one for one in found}


def _of_the_person(every: dict[str, Any], patient: UUID) -> list[Event]:
    other = UUID("22222222-2222-4333-8444-555555555555")
    member = Member(issuer="other-plan", member_id="X-9")
    year = PartialDate("1988-05")
    return [
        DemographicsCorrected(**every, name="Alma Ånders", birth_date=year, reason="Misread."),
        MemberIdentifierAdded(**every, member=member),
        MemberIdentifierRetired(**every, member=member, reason="Another person's."),
        HistoriesLinked(**every, other_patient_id=other, reason="One person."),
        HistoriesUnlinked(**every, other_patient_id=other, reason="Two persons."),
        LineOfBusinessChanged(**every, on=_ON, line_of_business="medicaid"),
        RepresentativeNamed(
            **every,
            name="Berta Syn",
            relationship="power_of_attorney",
            on=_ON,
            through=date(2026, 12, 31),
            document_id=f"{patient}.f1",
        ),
        DeathRecorded(**every, on=PartialDate("2026-04"), source="Letter."),
        DeathRecordVoided(**every, reason="Another person's letter."),
        OtherAgentStarted(**every, product="Ocrevus", on=PartialDate("2026"), source="Claim."),
        OtherAgentStopped(**every, product="Ocrevus", on=PartialDate("2026-04-20"), source="Note."),
        MemberUnindexed(**every, retired_patient_id=patient),
    ]


def _of_treatment(every: dict[str, Any], patient: UUID) -> list[Event]:
    course = ReportedCourse(doses_given=4, mg_total=48.0, last_dose_on=PartialDate("2025-03"), completed=False)
    return [
        PriorTreatmentCorrected(
            **every,
            report_id=f"{patient}.t1",
            source="trial",
            reference="T-1",
            courses=(course,),
            fields=("courses", "source"),
            reason="Counted twice.",
        ),
        PriorTreatmentVoided(**every, report_id=f"{patient}.t1", reason="Another person's."),
        DoseCorrected(
            **every,
            dose_id=f"{patient}.d1",
            on=_ON,
            mg=11.5,
            site="Centre West",
            request_id=f"{patient}.r1",
            course=2,
            documents_report=f"{patient}.t1",
            possible_duplicate_of=f"{patient}.d2",
            fields=("on", "mg"),
            variances=("not_12_mg",),
            reason="Day of billing.",
        ),
    ]


def _of_requests(every: dict[str, Any], patient: UUID, statement: Statement) -> list[Event]:
    about = every | {"request_id": f"{patient}.r1"}
    asked = Asked(clause="NR.3", sentence="It is not known.", missing=("hiv_infection",))
    prescriber = Prescriber(name="Nils Neuro", npi="1234567893", specialty="neurology")
    return [
        InformationRequested(
            **about, asked=(asked,), answer_by=_AT, assessment_digest="ab" * 32, history_version=7, note="Please."
        ),
        InformationSupplied(
            **about,
            received_at=_AT,
            received_on=_ON,
            statement=statement,
            consultation=_CONSULTED,
            fields=("statement.hiv_infection",),
            documents=(_document(patient),),
            answers_in_full=True,
        ),
        StatementCorrected(
            **about,
            statement=statement,
            consultation=_CONSULTED,
            line_of_business="medicare_advantage",
            fields=("statement.ms_form", "line_of_business"),
            reason="Misread.",
        ),
        ReminderSent(**about, channel="fax", note="Second."),
        PlannedInfusionChanged(**about, planned_first_infusion_on=_ON, planned_site="Centre West"),
        PrescriberChanged(**about, prescriber=prescriber, consultation=_CONSULTED),
        RequestAssigned(**about, to=_APPEALS),
        RequestReleased(**about),
        RequestWithdrawn(**about, on=_ON, by="Nora Neuro", reason="Put off."),
        RequestDismissed(**about, on=_ON, ground="duplicate", duplicate_of=f"{patient}.r2", reason="The same fax."),
        RequestReopened(**about, on=_ON, reason="New evidence."),
        PeerToPeerOffered(**about, until=_ON, note="By telephone."),
        PeerToPeerHeld(**about, on=_ON, with_whom="Nora Neuro", outcome="A report will come."),
        RequestExpedited(**about, asked_at=_AT, reason="Worsening."),
        ExpeditingRefused(**about, asked_at=_AT, reason="No harm."),
        ClockExtended(**about, days=15, reason="Notes are missing.", notice="We need more time."),
    ]


def _of_notices_and_documents(every: dict[str, Any], patient: UUID) -> list[Event]:
    document = every | {"document_id": f"{patient}.f1"}
    return [
        NoticeIssued(
            **every,
            notice_id=f"{patient}.n1",
            request_id=f"{patient}.r1",
            appeal_id=f"{patient}.a1",
            kind="appeal_decision",
            channel="mail",
            addressee="The patient",
            issued_at=_AT,
        ),
        NoticeDelivered(**every, notice_id=f"{patient}.n1", delivered_at=_AT),
        DocumentReviewed(**document, clause="1.A.iii.d(3)", supports=True, note="Page 2."),
        DocumentCorrected(
            **document, name="A note", kind="chart_note", clause="1.A.iii.d(1)", fields=("kind",), reason="A note."
        ),
        DocumentVoided(**document, reason="Another person's."),
    ]


def _of_determinations(every: dict[str, Any], patient: UUID, determination: Determination) -> list[Event]:
    about = every | {"request_id": f"{patient}.r1"}
    return [
        ApprovalExtended(**about, approval_version=9, valid_through=date(2026, 6, 26), determination=determination),
        ApprovalRescinded(**about, approval_version=9, rescinded_on=_ON, ground="safety", reason="Reaction."),
        PastDeterminationImported(
            **about,
            outcome="partly_approved",
            decided_on=_ON,
            decided_by="Paul Past",
            credential="pharmacist",
            edition="unknown",
            citing=("Dosing.A",),
            rationale="Four of five.",
            course=1,
            doses_approved=4,
            valid_from=_ON,
            valid_through=date(2026, 5, 27),
        ),
    ]


def _of_appeals(
    every: dict[str, Any], patient: UUID, statement: Statement, determination: Determination
) -> list[Event]:
    about = every | {"appeal_id": f"{patient}.a1"}
    return [
        AppealFiled(
            **about,
            request_id=f"{patient}.r1",
            decision_version=9,
            level="second",
            urgency="urgent",
            grounds="Two agents failed.",
            filer=Filer(name="Berta Syn", relation="representative"),
            received_at=_AT,
            received_on=_ON,
            file_by=date(2026, 4, 1),
            is_late=True,
        ),
        AppealEvidenceAdded(
            **about,
            received_at=_AT,
            received_on=_ON,
            statement=statement,
            consultation=_CONSULTED,
            fields=("statement.agents",),
            documents=(_document(patient),),
            note="The chart of 2023.",
        ),
        AppealAssigned(**about, to=_APPEALS),
        AppealDecided(**about, outcome="overturned_in_part", citing=("Dosing.A",), determination=determination),
        AppealWithdrawn(**about, on=_ON, by="Berta Syn", reason="Another treatment."),
        AppealDismissed(**about, on=_ON, ground="late", reason="No good cause."),
        AppealHandedOn(**about, on=_ON, organisation="Independent East"),
        ExternalReviewAnswered(**about, received_on=_ON, outcome="upheld", rationale="The criterion is not met."),
    ]


def report_samples(carried: dict[str, Any], patient: UUID) -> dict[str, Event]:
    """What is said later of reports and doses: whose doses a report is about, when it was made, and what was found."""
    every = carried | {"actor": _APPEALS, "imported_from": _IMPORTED}
    corrected = next(one for one in _of_treatment(every, patient) if isinstance(one, PriorTreatmentCorrected))
    fields = (*corrected.fields, "reported_on")
    found = [
        ReportAttributed(**every, report_id=f"{patient}.t1", tells_of="our_doses", reason="The same infusions."),
        DoseReviewed(**every, dose_id=f"{patient}.d1", reason="The claim is of another member."),
        ApprovalConfirmed(**every, request_id=f"{patient}.r1", approval_version=9, reason="Another member's report."),
    ]
    return {
        "PriorTreatmentCorrected-dated": corrected.model_copy(update={"reported_on": _ON, "fields": fields}),
        **{one.TOPIC: one for one in found},
    }


def receipt_samples(carried: dict[str, Any], patient: UUID) -> dict[str, Event]:
    """What is said later of when and how a request was received."""
    every = carried | {"actor": _APPEALS, "imported_from": _IMPORTED, "request_id": f"{patient}.r1"}
    corrected = ReceiptCorrected(
        **every, received_at=_AT, received_on=_ON, receipt_source="fax", reason="The fax came earlier."
    )
    return {corrected.TOPIC: corrected}
