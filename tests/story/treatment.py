"""Steps that correct what is on record of her treatment: doses, and reports of treatment elsewhere."""

from __future__ import annotations

from typing import Any

from domain.commands.treatment import AttributeReport, CorrectDose, CorrectPriorTreatment, VoidPriorTreatment
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
