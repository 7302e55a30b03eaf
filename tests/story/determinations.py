"""Steps of what becomes of approvals, of doses asked for afterwards, and of determinations from another record."""

from __future__ import annotations

from typing import Any

from domain.commands import Command
from domain.commands.determinations import ConfirmApproval, ExtendApproval, ImportPastDetermination, RescindApproval
from domain.commands.requests import SubmitRequest
from domain.decisions.approval_changes import assessment_to_extend
from domain.errors import LedgerError
from tests.story.people import PHYSICIAN
from tests.story.scenario import MEETS_A, NEVER_SEEN, Scenario, Step, submitted


def extended(**values: Any) -> Step:
    """Thirty days more, after viewing the current assessment."""

    def make(scenario: Scenario) -> Command:
        request = scenario.known.requests[-1].request_id
        try:
            digest = assessment_to_extend(scenario.known, request, scenario.today).digest
        except LedgerError:
            digest = NEVER_SEEN
        return ExtendApproval.model_validate({"request_id": request, "assessment_digest": digest} | values)

    return Step(make)


def rescinded(ground: str = "safety", **values: Any) -> Step:
    def make(scenario: Scenario) -> Command:
        request = scenario.known.requests[-1].request_id
        return RescindApproval.model_validate(
            {"request_id": request, "ground": ground, "reason": "A serious infusion reaction."} | values
        )

    return Step(make, PHYSICIAN)


def approval_confirmed(reason: str = "The report is of another member.") -> Step:
    """The approval stays, although a later report speaks against it."""

    def make(scenario: Scenario) -> Command:
        return ConfirmApproval(request_id=scenario.known.requests[-1].request_id, reason=reason)

    return Step(make, PHYSICIAN)


def submitted_for(*numbers: int, statement: dict[str, Any] | None = None, **values: Any) -> Step:
    """A request for doses that were given before it, by their order on record."""

    def make(scenario: Scenario) -> Command:
        named = [scenario.known.doses[number - 1].dose_id for number in numbers]
        command = submitted(MEETS_A if statement is None else statement, **values).make(scenario)
        assert isinstance(command, SubmitRequest)
        return command.model_copy(update={"retrospective_for": tuple(named)})

    return Step(make)


def past_determination(outcome: str, on: str, **values: Any) -> Step:
    """As another record tells it, from an import."""

    def make(scenario: Scenario) -> Command:
        request = scenario.known.requests[-1].request_id
        return ImportPastDetermination.model_validate(
            {"request_id": request, "outcome": outcome, "decided_on": on} | values
        )

    return Step(make).imported("determination 1")
