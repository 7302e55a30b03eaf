"""Steps that correct the recorded treatment: doses, and reports of treatment elsewhere."""

from __future__ import annotations

from typing import Any

from domain.commands.treatment import (
    AttributeReport,
    ConfirmPartOfDose,
    CorrectDose,
    CorrectPriorTreatment,
    RecordClaim,
    ReviewDose,
    SettleVoidedClaim,
    StateDoseDays,
    VoidPriorTreatment,
)
from tests.story.scenario import Step

MISREAD = {"reason": "Misread from the fax."}


def dose_corrected(number: int, **values: Any) -> Step:
    """By the order of recording."""

    def make(scenario: Any) -> CorrectDose:
        return CorrectDose.model_validate(MISREAD | {"dose_id": scenario.known.doses[number - 1].dose_id} | values)

    return Step(make)


def report_corrected(number: int, *courses: dict[str, Any], **values: Any) -> Step:
    """The report whole, as it should have been."""

    def make(scenario: Any) -> CorrectPriorTreatment:
        report_id = scenario.known.reports[number - 1].report_id
        return CorrectPriorTreatment.model_validate(
            MISREAD | {"report_id": report_id, "courses": list(courses)} | values
        )

    return Step(make)


def report_voided(number: int) -> Step:
    return Step(lambda at: VoidPriorTreatment(report_id=at.known.reports[number - 1].report_id, **MISREAD))


def attributed(number: int, tells_of: str) -> Step:
    """A person says whether the report is about the doses of this ledger, or about others."""

    def make(scenario: Any) -> AttributeReport:
        report_id = scenario.known.reports[number - 1].report_id
        return AttributeReport.model_validate(MISREAD | {"report_id": report_id, "tells_of": tells_of})

    return Step(make)


def dose_reviewed(number: int, reason: str = "The claim is of another member.") -> Step:
    """A dose after the death on record, by the order of recording."""
    return Step(lambda at: ReviewDose(dose_id=at.known.doses[number - 1].dose_id, reason=reason))


def claim_line(line: str, on: str | None, mg: float | None = 12, **values: Any) -> Step:
    """A replacement, a void, or a denied line of a claim, recorded on its day at the earliest."""
    sent = {"line": line, "on": on, "mg": mg, "source_reference": f"LINE-{line}-{on}"} | values
    return Step(lambda _: RecordClaim.model_validate(sent), day=on)


def part_of_dose(number: int, reason: str = "Two vials on two lines.") -> Step:
    return Step(lambda at: ConfirmPartOfDose(dose_id=at.known.doses[number - 1].dose_id, reason=reason))


def days_stated(number: int, days: int, **values: Any) -> Step:
    """How many infusion days a claim line is about, by the order of recording."""
    said = {"days": days, "reason": "The infusion center confirmed it."} | values
    return Step(lambda at: StateDoseDays.model_validate(said | {"dose_id": at.known.doses[number - 1].dose_id}))


def claim_settled(number: int, finding: str, reason: str = "The infusion center confirmed it.") -> Step:
    """Whether the infusion of a voided claim was given, by the order of recording."""
    said = {"finding": finding, "reason": reason}
    return Step(lambda at: SettleVoidedClaim.model_validate(said | {"dose_id": at.known.doses[number - 1].dose_id}))
