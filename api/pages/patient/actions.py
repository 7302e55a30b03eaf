"""What can be recorded about a patient on her page: facts, corrections, and why this person can't."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from api.routes.dependencies import Commanding
from domain.commands import patient, treatment
from domain.errors import LedgerError, NotPermitted
from domain.permissions.commands import check_role


@dataclass(frozen=True, slots=True)
class PatientAct:
    name: str
    label: str
    command: type[BaseModel]
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
ACTS: Final = {one.name: one for one in (*FIRST, *ON_A_DOSE, *ON_A_REPORT, *MORE)}


def refusals(commanding: Commanding) -> dict[str, LedgerError | None]:
    """By act, why this person's role may not do it; what stands in the way of one entry is told when it is tried."""
    return {name: _refusal(commanding, one.command) for name, one in ACTS.items()}


def _refusal(commanding: Commanding, command: type[BaseModel]) -> LedgerError | None:
    try:
        check_role(commanding.caller.actor, command.model_construct())  # type: ignore[arg-type]
    except NotPermitted as refusal:
        return refusal
    return None
