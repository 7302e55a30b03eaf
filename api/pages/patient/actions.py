"""What can be recorded about a patient on her page: facts, corrections, and why this person can't."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from api.pages.form_commands import FormCommand, SentForm
from domain.commands import Command, patient, treatment
from domain.errors import LedgerError
from domain.people import Actor
from domain.permissions.commands import refusal_of_role


@dataclass(frozen=True, slots=True)
class PatientAct:
    name: str
    label: str
    command: type[Command]
    subject: str | None = None
    """The field of the command that an entry of the record goes into."""


FIRST: Final = (
    PatientAct("dose", "Record a dose", treatment.RecordDose),
    PatientAct("prior-treatment", "Report treatment from elsewhere", treatment.ReportPriorTreatment),
)
ON_A_DOSE: Final = (
    PatientAct("correct-dose", "Correct a dose", treatment.CorrectDose, "dose_id"),
    PatientAct("void-dose", "Void a dose", treatment.VoidDose, "dose_id"),
    PatientAct("confirm-duplicate", "A second report is of the same dose", treatment.ConfirmDuplicate, "dose_id"),
    PatientAct("dismiss-duplicate", "A second report is of a dose of its own", treatment.DismissDuplicate, "dose_id"),
)
ON_A_REPORT: Final = (
    PatientAct("correct-report", "Correct a report", treatment.CorrectPriorTreatment, "report_id"),
    PatientAct("void-report", "Void a report", treatment.VoidPriorTreatment, "report_id"),
)
MORE: Final = (
    PatientAct("close-course", "Close a course that will not be finished", treatment.CloseCourse),
    PatientAct("agent-started", "Another agent was started", patient.RecordAgentStarted),
    PatientAct("agent-stopped", "Another agent was stopped", patient.RecordAgentStopped),
    PatientAct("line-of-business", "Coverage changed", patient.ChangeLineOfBusiness),
    PatientAct("representative", "Name a representative", patient.NameRepresentative),
    PatientAct("demographics", "Correct name or birth date", patient.CorrectDemographics),
    PatientAct("death", "Record a death", patient.RecordDeath),
)
ACTS: Final = (*FIRST, *ON_A_DOSE, *ON_A_REPORT, *MORE)


def _none_elsewhere(sent: SentForm, _: UUID) -> Mapping[str, Any]:
    return {"courses": []} if sent.form.text("none") == "true" else {}


FORMS: Final[dict[str, FormCommand]] = {
    **{one.name: FormCommand(one.command) for one in ACTS},
    "prior-treatment": FormCommand(treatment.ReportPriorTreatment, _none_elsewhere),
}


def refusals(actor: Actor) -> dict[str, LedgerError | None]:
    """By act, why this person's role may not do it; what stands in the way of one entry is told when it is tried."""
    return {one.name: refusal_of_role(actor, one.command) for one in ACTS}
