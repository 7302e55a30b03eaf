"""The forms of the patient page for facts and corrections, and why the user may not use each of them."""

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
    """A form of the patient page."""

    name: str
    label: str
    command: type[Command]
    subject: str | None = None
    """The field of the command that has the ID of the dose or report which the form changes."""


FIRST: Final = (
    PatientAct("dose", "Record a dose", treatment.RecordDose),
    PatientAct("prior-treatment", "Report treatment from elsewhere", treatment.ReportPriorTreatment),
    PatientAct("confirm-treatment", "Confirm the treatment on record", treatment.ReportPriorTreatment),
)
ON_A_DOSE: Final = (
    PatientAct("correct-dose", "Correct a dose", treatment.CorrectDose, "dose_id"),
    PatientAct("void-dose", "Void a dose", treatment.VoidDose, "dose_id"),
    PatientAct("review-dose", "Record the review of a dose after death", treatment.ReviewDose, "dose_id"),
    PatientAct("confirm-duplicate", "A second report is of the same dose", treatment.ConfirmDuplicate, "dose_id"),
    PatientAct("dismiss-duplicate", "A second report is of a dose of its own", treatment.DismissDuplicate, "dose_id"),
)
ON_A_REPORT: Final = (
    PatientAct("attribute-report", "State which doses a report is about", treatment.AttributeReport, "report_id"),
    PatientAct("correct-report", "Correct a report", treatment.CorrectPriorTreatment, "report_id"),
    PatientAct("void-report", "Void a report", treatment.VoidPriorTreatment, "report_id"),
)
ON_AN_AGENT: Final = (
    PatientAct("void-agent", "Void an entry of another agent", patient.VoidAgentEntry, "agent_entry_id"),
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
ACTS: Final = (*FIRST, *ON_A_DOSE, *ON_A_REPORT, *ON_AN_AGENT, *MORE)


def _none_elsewhere(sent: SentForm, _: UUID) -> Mapping[str, Any]:
    return {"courses": []} if sent.form.text("none") == "true" else {}


FORMS: Final[dict[str, FormCommand]] = {
    **{act.name: FormCommand(act.command) for act in ACTS},
    "prior-treatment": FormCommand(treatment.ReportPriorTreatment, _none_elsewhere),
}


def refusals(actor: Actor) -> dict[str, LedgerError | None]:
    """For each form, by name, why the user's role may not use it, or None.

    Other reasons depend on the entry, and are shown when the form is sent.
    """
    return {act.name: refusal_of_role(actor, act.command) for act in ACTS}
