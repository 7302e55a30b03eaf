"""Full events of each class, written out, for their golden bytes: every optional field has a value in one of them.

A sample never changes once its bytes are committed; a new field or class version gets a new sample.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from domain.calendar import PartialDate
from domain.events.base import Event, ImportedFrom
from domain.events.determinations import CourseApproved, Determination, RequestDenied, RequestReferred
from domain.events.patient import HistoryOpened, Member, MemberIndexed, OtherAgentEntryVoided
from domain.events.requests import RequestSubmitted, StatedAgent, Statement
from domain.events.treatment import (
    CourseClosedUnfinished,
    CourseCompleted,
    CourseReopened,
    DoseAdministered,
    DoseVoided,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    PriorTreatmentReported,
    ReportedCourse,
)
from domain.facts import (
    AgentsTried,
    AgentTried,
    AggressiveDisease,
    AggressiveSign,
    Circumstances,
    Facts,
    OpenCourse,
    PriorTreatment,
    RequestedDosing,
    Response,
)
from domain.frozen import set_fields
from domain.people import Actor, ConsultationGiven, Prescriber
from domain.policy.answers import MET, NOT_MET, UNDETERMINED
from domain.policy.assessment import Assessment, Finding
from domain.policy.referral import Reason
from tests.ledger.samples.claims import claim_samples
from tests.ledger.samples.deadlines import deadline_samples
from tests.ledger.samples.later import later_samples, receipt_samples, report_samples
from tests.ledger.samples.members import member_samples
from tests.ledger.samples.system import keeping_samples

PATIENT = UUID("6f1c5a04-93a5-4f0e-8d55-0c7f6f8b2a11")
REQUEST = f"{PATIENT}.r1"

REVIEWER = Actor(id="r.nurse", name="Rosa Nürse", role="reviewer", credential="nurse", specialty="neurology")

CARRIED: dict[str, Any] = {
    "recorded_at": datetime(2026, 4, 28, 16, 0, 0, 123456, tzinfo=UTC),
    "salt": "00112233445566778899aabbccddeeff",
    "command_id": UUID("d9428888-122b-41e1-b85c-61cd3cbb3210"),
    "actor": REVIEWER,
}

SIGNS = AggressiveDisease(
    rapid_deterioration=AggressiveSign(finding=True, documentation="attached"),
    disabling_relapses=AggressiveSign(finding=False, documentation="not_attached"),
    mri=AggressiveSign(documentation="none_exists"),
    cognitive_impairment=AggressiveSign(),
)

STATEMENT = Statement(
    diagnosis="multiple_sclerosis",
    diagnosis_codes=("G35.A",),
    ms_form="relapsing_remitting",
    received_lemtrada=True,
    campath_received=False,
    agents=(
        StatedAgent(
            product="Ocrevus",
            outcome="inadequate_efficacy",
            started_on=PartialDate("2017"),
            stopped_on=PartialDate("2018-01"),
            still_taken=False,
        ),
        StatedAgent(product="Tecfidera"),
    ),
    agents_list_is_complete=True,
    other_dmt_continues=False,
    aggressive_disease=SIGNS,
    response=Response(objective_measure=True, symptom=False),
    hiv_infection=False,
    active_infection=False,
    hypersensitivity=False,
    rems_enrolled=True,
    progressive_multifocal_leukoencephalopathy=False,
    requested_dosing=RequestedDosing(mg_per_day=12.0, consecutive_days=3, route="intravenous"),
)

ASSESSMENT = Assessment(
    edition="2025-07-23",
    edition_revision=1,
    edition_digest="ab" * 32,
    edition_provenance="text",
    as_of=date(2026, 4, 28),
    recommendation="refer",
    scope="B",
    path="B",
    doses=3,
    valid_days=30,
    findings=(
        Finding(
            citation="1.B.iv",
            answer=MET,
            sentence="Twelve months have passed since 2025-03.",
            facts={"last_dose_on": "2025-03", "as_of": "2026-04-28", "doses": [1, 2.5], "known": {"to": None}},
            readings=("R2", "R5"),
            missing=("prior_treatment.last_dose_on",),
            approvable_from=date(2026, 3, 31),
            arguable=True,
        ),
        Finding(citation="NR.2", answer=NOT_MET, sentence="No HIV infection."),
        Finding(citation="1.B.v", answer=UNDETERMINED, sentence="Not stated."),
    ),
    needed=("1.B.v",),
    exclusions=("NR.1",),
    reasons=(
        Reason(code="later_course_interrupted", citation="1.B", sentence="Course 2 was started.", readings=("R8",)),
    ),
    advisories=("The planned day lies after the approval.",),
    approvable_from=date(2026, 3, 31),
    facts=Facts(
        birth_date=PartialDate("1988-05-17"),
        diagnosis="multiple_sclerosis",
        ms_form="relapsing_remitting",
        prior_treatment=PriorTreatment(
            received_lemtrada=True,
            completed_course=True,
            last_dose_on=PartialDate("2025-03"),
            open_course=OpenCourse(number=2, doses_given=1, last_dose_on=PartialDate("2026-04-02")),
        ),
        agents=AgentsTried(
            list_is_complete=True, tried=(AgentTried(product="Mavenclad", outcome="significant_intolerance"),)
        ),
        aggressive_disease=SIGNS,
        prescriber_specialty="neurology",
        consulted_specialty="none",
        response=Response(objective_measure=True, symptom=False),
        hiv_infection=False,
        other_dmt_continues=False,
        active_infection=False,
        hypersensitivity=False,
        requested_dosing=RequestedDosing(mg_per_day=12.0, consecutive_days=3, route="intravenous"),
    ),
    circumstances=Circumstances(
        diagnosis_codes=("G35.A",),
        planned_first_infusion_on=date(2026, 5, 4),
        rems_enrolled=True,
        progressive_multifocal_leukoencephalopathy=False,
        campath_received=False,
        course_closed_unfinished=True,
        course_short=True,
        stated_otherwise=("received_lemtrada",),
    ),
)

DETERMINATION = Determination(
    assessment=ASSESSMENT,
    assessment_digest="cd" * 32,
    history_version=7,
    decided_on=date(2026, 4, 28),
    rationale="Seen by a clinician.",
    departs=True,
)

DETERMINATION_OF_A_LINKED_HISTORY = DETERMINATION.model_copy(
    update={
        "assessment": ASSESSMENT.model_copy(
            update={
                "circumstances": ASSESSMENT.circumstances.model_copy(
                    update={"retrospective": True, "histories_linked": True}
                )
            }
        )
    }
)
IMPORTED = ImportedFrom(source="old-plan", reference="L-7")

PRESCRIBER = Prescriber(name="Nora Neuro", npi="1234567893", specialty="neurology", credential="nurse_practitioner")

_SAMPLES: tuple[Event, ...] = (
    HistoryOpened(
        **CARRIED,
        member=Member(issuer="plan", member_id="M-1"),
        name="Alma Synthetic",
        birth_date=PartialDate("1988-05"),
    ),
    PriorTreatmentReported(
        **CARRIED,
        on=date(2026, 4, 28),
        report_id=f"{PATIENT}.t1",
        source="other_plan",
        reference="REF-9",
        courses=(
            ReportedCourse(
                doses_given=5,
                mg_total=60.0,
                first_dose_on=PartialDate("2024-03-04"),
                last_dose_on=PartialDate("2024-03"),
                completed=True,
            ),
            ReportedCourse(),
        ),
    ),
    RequestSubmitted(
        **CARRIED,
        request_id=REQUEST,
        received_at=datetime(2026, 4, 20, 14, 5, tzinfo=UTC),
        received_on=date(2026, 4, 20),
        line_of_business="medicare_advantage",
        urgency="urgent",
        prescriber=PRESCRIBER,
        consultation=ConsultationGiven(specialty="ms_specialist", name="Max Specialist"),
        planned_first_infusion_on=date(2026, 5, 4),
        statement=STATEMENT,
    ),
    CourseApproved(
        **CARRIED,
        request_id=REQUEST,
        course=2,
        doses_approved=2,
        valid_from=date(2026, 4, 28),
        valid_through=date(2026, 5, 27),
        left_out="The third dose.",
        citing=("Dosing.B",),
        determination=DETERMINATION,
    ),
    RequestDenied(**CARRIED, request_id=REQUEST, citing=("1.B.iv", "NR.2"), determination=DETERMINATION),
    RequestReferred(**CARRIED, request_id=REQUEST, determination=DETERMINATION),
    DoseAdministered(
        **CARRIED,
        dose_id=f"{PATIENT}.d1",
        on=date(2026, 5, 4),
        mg=12.0,
        site="Infusion Centre Süd",
        source="infusion_centre",
        source_reference="INF-1",
        request_id=REQUEST,
        course=2,
        documents_report=f"{PATIENT}.t1",
        possible_duplicate_of=f"{PATIENT}.d2",
        variances=("not_12_mg", "not_consecutive"),
    ),
    PossibleDuplicateConfirmed(**CARRIED, dose_id=f"{PATIENT}.d2", reason="The same infusion, from the claim."),
    PossibleDuplicateDismissed(**CARRIED, dose_id=f"{PATIENT}.d2", reason="Two infusions on two days."),
    DoseVoided(**CARRIED, dose_id=f"{PATIENT}.d1", reason="Entered for another patient."),
    CourseCompleted(**CARRIED, course=2, doses_given=3, completed_on=date(2026, 5, 6)),
    CourseReopened(**CARRIED, course=2, doses_given=2, reason="A dose was voided."),
    CourseClosedUnfinished(
        **CARRIED, course=2, doses_given=2, closed_on=date(2026, 5, 20), reason="Infusion reactions."
    ),
    MemberIndexed(**CARRIED, indexed_patient_id=PATIENT),
)

_LATER: dict[str, Event] = {
    "CourseClosedUnfinished-reported": CourseClosedUnfinished(
        **CARRIED,
        course=1,
        doses_given=2,
        closed_on=date(2026, 5, 20),
        reason="Infusion reactions.",
        reported_course=f"{PATIENT}.t1.c2",
    ),
    **{f"{one.TOPIC}-imported": one.model_copy(update={"imported_from": IMPORTED}) for one in _SAMPLES},
    "RequestSubmitted-retrospective": next(one for one in _SAMPLES if isinstance(one, RequestSubmitted)).model_copy(
        update={"planned_site": "Infusion Centre West", "retrospective_for": (f"{PATIENT}.d1", f"{PATIENT}.d2")}
    ),
    "CourseApproved-appeal": CourseApproved(
        **CARRIED,
        request_id=REQUEST,
        course=1,
        doses_approved=5,
        valid_from=date(2026, 4, 28),
        valid_through=date(2026, 5, 27),
        left_out=None,
        citing=(),
        determination=DETERMINATION_OF_A_LINKED_HISTORY,
        appeal_id=f"{PATIENT}.a1",
    ),
    **later_samples(CARRIED, PATIENT, STATEMENT, DETERMINATION_OF_A_LINKED_HISTORY),
    **keeping_samples(CARRIED),
    # Last, so that no sample before it has another number in the golden files.
    "OtherAgentEntryVoided": OtherAgentEntryVoided(
        **CARRIED | {"imported_from": IMPORTED},
        agent_entry_id=f"{PATIENT}.g1",
        entry_version=7,
        reason="Another person's claim.",
    ),
    **report_samples(CARRIED, PATIENT),
    "PriorTreatmentReported-confirms": next(
        one for one in _SAMPLES if isinstance(one, PriorTreatmentReported)
    ).model_copy(update={"confirms_record": True}),
    **claim_samples(CARRIED | {"imported_from": IMPORTED}, PATIENT),
    **receipt_samples(CARRIED, PATIENT),
    "RequestSubmitted-fax": next(one for one in _SAMPLES if isinstance(one, RequestSubmitted)).model_copy(
        update={"receipt_source": "fax"}
    ),
    **member_samples(CARRIED | {"imported_from": IMPORTED}, PATIENT),
}

_LATER |= deadline_samples({one.TOPIC: one for one in _SAMPLES} | _LATER)

SAMPLES: dict[str, Event] = {
    name: set_fields(sample, originator_id=PATIENT, originator_version=version)
    for version, (name, sample) in enumerate([*((one.TOPIC, one) for one in _SAMPLES), *_LATER.items()], 1)
}
"""By topic; a later sample of the same class has a word of its own after a hyphen."""
