"""Routes of commands on a patient and the treatment: corrections, identifiers, links, coverage, and other agents."""

from __future__ import annotations

from typing import Final

from api.routes.commands.route_factory import CommandRoute
from domain.commands import patient, treatment

_REASON: Final = {"reason": "Entered from another patient's record by mistake."}

ACTS: Final[tuple[CommandRoute, ...]] = (
    CommandRoute(
        "/patients/{patient_id}/correct-demographics",
        patient.CorrectDemographics,
        "Correct the name or the birth date. The earlier entry stays visible (R23).",
        {"birth_date": "1988-05-18", "reason": "The day was misread from the form."},
    ),
    CommandRoute(
        "/patients/{patient_id}/identifiers",
        patient.AddMemberIdentifier,
        "Add another member ID of this patient. The ID must not belong to another patient.",
        {"member": {"issuer": "plan", "member_id": "SYN-0001-B"}},
        creates=True,
    ),
    CommandRoute(
        "/patients/{patient_id}/identifiers/retire",
        patient.RetireMemberIdentifier,
        "Retire a member ID of this patient. The ID can then be added to another patient.",
        {
            "member": {"issuer": "plan", "member_id": "SYN-0001-B"},
            "reason": "Assigned to this member by mistake.",
        },
    ),
    CommandRoute(
        "/patients/{patient_id}/link",
        patient.LinkHistories,
        "Link two patients who are the same person. Requests of either one go to clinical review.",
        {
            "other_patient_id": "22222222-2222-4333-8444-555555555555",
            "reason": "Same person under an earlier number.",
        },
    ),
    CommandRoute(
        "/patients/{patient_id}/unlink",
        patient.UnlinkHistories,
        "Remove a link that was made by mistake.",
        {
            "other_patient_id": "22222222-2222-4333-8444-555555555555",
            "reason": "Two persons of one name.",
        },
    ),
    CommandRoute(
        "/patients/{patient_id}/line-of-business",
        patient.ChangeLineOfBusiness,
        "Record a new line of business and its first day, with the state and the funding of the coverage if known. "
        "Requests keep the line of business of their receipt.",
        {"on": "2026-04-01", "line_of_business": "commercial", "state": "CA", "funding": "insured"},
    ),
    CommandRoute(
        "/patients/{patient_id}/representatives",
        patient.NameRepresentative,
        "Add a representative of the patient, with the first day and, if known, the last day.",
        {"name": "Berta Synthetic", "relationship": "appointed", "on": "2026-04-01"},
        creates=True,
    ),
    CommandRoute(
        "/patients/{patient_id}/death",
        patient.RecordDeath,
        "Record the date of death: a day, a month or a year.",
        {"on": "2026-04", "source": "Letter of the family."},
    ),
    CommandRoute(
        "/patients/{patient_id}/death/void",
        patient.VoidDeathRecord,
        "Void a record of death that was made by mistake.",
        _REASON,
    ),
    CommandRoute(
        "/patients/{patient_id}/agents/started",
        patient.RecordAgentStarted,
        "Record that the patient started another agent for MS. The entry is used for the criterion on "
        "concurrent use (R17).",
        {"product": "Ocrevus", "on": "2026-03", "source": "Claim of another drug."},
    ),
    CommandRoute(
        "/patients/{patient_id}/agents/stopped",
        patient.RecordAgentStopped,
        "Record that the patient stopped another agent for MS, or the day on which it will be stopped (R17).",
        {"product": "Ocrevus", "on": "2026-04-20", "source": "The prescriber's note."},
    ),
    CommandRoute(
        "/agents/{agent_entry_id}/void",
        patient.VoidAgentEntry,
        "Void the start or the stop of another agent that was recorded by mistake. The entry stays visible and is not "
        "used (R23).",
        _REASON,
    ),
    CommandRoute(
        "/reports/{report_id}/correct",
        treatment.CorrectPriorTreatment,
        "Replace a prior treatment report with a complete corrected report (R23).",
        {
            "courses": [{"doses_given": 4, "last_dose_on": "2025-03-07", "completed": False}],
            "reason": "The other plan counted one infusion twice.",
        },
    ),
    CommandRoute(
        "/reports/{report_id}/void",
        treatment.VoidPriorTreatment,
        "Void a prior treatment report that was made by mistake. The report stays visible and is not used (R23).",
        _REASON,
    ),
    CommandRoute(
        "/reports/{report_id}/attribute",
        treatment.AttributeReport,
        "State whether a prior treatment report is about doses of this ledger, or about other doses (R27).",
        {"tells_of": "our_doses", "reason": "The office confirmed that it counted the infusions of March 2026."},
    ),
    CommandRoute(
        "/doses/{dose_id}/review",
        treatment.ReviewDose,
        "State what was found about a dose that is after the patient's death on record (R29). It leaves the worklist.",
        {"reason": "The claim is of another member. The infusion center was asked to correct it."},
    ),
    CommandRoute(
        "/doses/{dose_id}/part-of-dose",
        treatment.ConfirmPartOfDose,
        "Record that a second entry of a day is part of the same dose, and add its milligrams (R25).",
        {"reason": "The infusion center bills two vials on two lines."},
    ),
    CommandRoute(
        "/doses/{dose_id}/days",
        treatment.StateDoseDays,
        "State how many infusion days a claim line of more than 12 mg is about (R25).",
        {"days": 2, "reason": "The infusion center confirmed two days."},
    ),
    CommandRoute(
        "/doses/{dose_id}/settle-claim",
        treatment.SettleVoidedClaim,
        "State whether the infusion of a voided claim was given (R30).",
        {"finding": "not_given", "reason": "The infusion center canceled the appointment."},
    ),
    CommandRoute(
        "/doses/{dose_id}/correct",
        treatment.CorrectDose,
        "Correct a dose entry. Only this command can move a dose to another course (R23, R24).",
        {"on": "2026-04-19", "reason": "The claim carried the day of billing."},
    ),
)
