"""The person and her treatment: corrections, identifiers, links, coverage, agents of others."""

from __future__ import annotations

from typing import Final

from api.routes.commands.route_factory import Act
from domain.commands import patient, treatment

_REASON: Final = {"reason": "Entered from another patient's record by mistake."}

ACTS: Final[tuple[Act, ...]] = (
    Act(
        "/patients/{patient_id}/correct-demographics",
        patient.CorrectDemographics,
        "Correct the name or the birth date. What was recorded before stays visible (R23).",
        {"birth_date": "1988-05-18", "reason": "The day was misread from the form."},
    ),
    Act(
        "/patients/{patient_id}/identifiers",
        patient.AddMemberIdentifier,
        "Another number under which a plan knows this person; it must lead to nobody else.",
        {"member": {"issuer": "plan", "member_id": "SYN-0001-B"}},
        made=True,
    ),
    Act(
        "/patients/{patient_id}/identifiers/retire",
        patient.RetireMemberIdentifier,
        "This number leads here no longer, and may be given to another history.",
        {
            "member": {"issuer": "plan", "member_id": "SYN-0001-B"},
            "reason": "Given to her by mistake.",
        },
    ),
    Act(
        "/patients/{patient_id}/link",
        patient.LinkHistories,
        "Two histories are of one person: each points to the other, and a clinician looks at both.",
        {
            "other_patient_id": "22222222-2222-4333-8444-555555555555",
            "reason": "Same person under an earlier number.",
        },
    ),
    Act(
        "/patients/{patient_id}/unlink",
        patient.UnlinkHistories,
        "The link was a mistake.",
        {
            "other_patient_id": "22222222-2222-4333-8444-555555555555",
            "reason": "Two persons of one name.",
        },
    ),
    Act(
        "/patients/{patient_id}/line-of-business",
        patient.ChangeLineOfBusiness,
        "Her coverage is of another line from this day on; requests keep the one they were received under.",
        {"on": "2026-04-01", "line_of_business": "medicare_advantage"},
    ),
    Act(
        "/patients/{patient_id}/representatives",
        patient.NameRepresentative,
        "Somebody may speak for her, from a day on and perhaps through another.",
        {"name": "Berta Synthetic", "relationship": "appointed", "on": "2026-04-01"},
        made=True,
    ),
    Act(
        "/patients/{patient_id}/death",
        patient.RecordDeath,
        "Record her death; day, month or year, as it is known.",
        {"on": "2026-04", "source": "Letter of the family."},
    ),
    Act(
        "/patients/{patient_id}/death/void",
        patient.VoidDeathRecord,
        "The record of her death was a mistake.",
        _REASON,
    ),
    Act(
        "/patients/{patient_id}/agents/started",
        patient.RecordAgentStarted,
        "She began another agent for MS; it bears on concurrent use (R17).",
        {"product": "Ocrevus", "on": "2026-03", "source": "Claim of another drug."},
    ),
    Act(
        "/patients/{patient_id}/agents/stopped",
        patient.RecordAgentStopped,
        "She stopped another agent for MS, or will on a day that is set (R17).",
        {"product": "Ocrevus", "on": "2026-04-20", "source": "The prescriber's note."},
    ),
    Act(
        "/reports/{report_id}/correct",
        treatment.CorrectPriorTreatment,
        "What a report of earlier treatment should have said, whole (R23).",
        {
            "courses": [{"doses_given": 4, "last_dose_on": "2025-03-07", "completed": False}],
            "reason": "The other plan counted one infusion twice.",
        },
    ),
    Act(
        "/reports/{report_id}/void",
        treatment.VoidPriorTreatment,
        "A report of earlier treatment was a mistake; it stays visible and tells of nothing (R23).",
        _REASON,
    ),
    Act(
        "/doses/{dose_id}/correct",
        treatment.CorrectDose,
        "What a dose entry should have said; the one way to move it to another course (R23, R24).",
        {"on": "2026-04-19", "reason": "The claim carried the day of billing."},
    ),
)
