"""Steps of an appeal, and the people who decide appeals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.commands import Command
from domain.commands.appeals import (
    AddAppealEvidence,
    AssignAppeal,
    DecideAppeal,
    DismissAppeal,
    FileAppeal,
    HandOnAppeal,
    RecordExternalAnswer,
    WithdrawAppeal,
)
from domain.people import Actor
from tests.story.people import NEUROLOGIST, NURSE
from tests.story.scenario import Scenario, Step, viewed


def appealed(received_on: str | None = None, **values: Any) -> Step:
    def make(scenario: Scenario) -> Command:
        day = received_on or scenario.today.isoformat()
        return FileAppeal.model_validate(
            {
                "request_id": scenario.known.requests[-1].request_id,
                "received_at": f"{day}T09:00:00-05:00",
                "grounds": "Two agents failed before.",
                "filer": {"name": "Alma Synthetic", "relation": "patient"},
            }
            | values
        )

    return Step(make)


def _of_appeal(kind: type[Any], values: dict[str, Any]) -> Callable[[Scenario], Command]:
    def make(scenario: Scenario) -> Command:
        command: Command = kind.model_validate({"appeal_id": scenario.known.appeals[-1].appeal_id} | values)
        return command

    return make


def evidence(statement: dict[str, Any] | None = None, received_on: str | None = None, **values: Any) -> Step:
    def make(scenario: Scenario) -> Command:
        day = received_on or scenario.today.isoformat()
        sent = {"received_at": f"{day}T09:00:00-05:00", "statement": statement or {}} | values
        return _of_appeal(AddAppealEvidence, sent)(scenario)

    return Step(make)


def appeal_assigned(to: Actor) -> Step:
    return Step(_of_appeal(AssignAppeal, {"to": to}))


def _looked_at(kind: type[Any], values: dict[str, Any]) -> Callable[[Scenario], Command]:
    """A command with the digest of the assessment of that day."""

    def make(scenario: Scenario) -> Command:
        appeal = scenario.known.appeals[-1]
        request = scenario.known.request(appeal.request_id)
        assert request is not None
        digest = viewed(scenario, request)
        return _of_appeal(kind, {"assessment_digest": digest, "rationale": "As the chart shows."} | values)(scenario)

    return make


def upheld(*citing: str, **values: Any) -> Step:
    return Step(_looked_at(DecideAppeal, {"outcome": "upheld", "citing": list(citing)} | values), NEUROLOGIST)


def overturned(**values: Any) -> Step:
    return Step(_looked_at(DecideAppeal, {"outcome": "overturned"} | values), NEUROLOGIST)


PART = {"outcome": "overturned_in_part", "left_out": "The rest of the doses.", "citing": ["Dosing.A"]}


def overturned_in_part(doses: int, **values: Any) -> Step:
    return Step(_looked_at(DecideAppeal, PART | {"doses": doses} | values), NEUROLOGIST)


def appeal_withdrawn() -> Step:
    return Step(_of_appeal(WithdrawAppeal, {"by": "Alma Synthetic", "reason": "Another treatment was begun."}))


def appeal_dismissed(ground: str) -> Step:
    return Step(_of_appeal(DismissAppeal, {"ground": ground, "reason": "No good cause was given."}), NURSE)


def handed_on(**values: Any) -> Step:
    return Step(_of_appeal(HandOnAppeal, {"organisation": "Independent Review East"} | values), NURSE)


def answered(outcome: str, on: str | None = None, **values: Any) -> Step:
    def make(scenario: Scenario) -> Command:
        sent = {"received_on": on or scenario.today.isoformat(), "outcome": outcome} | values
        return _looked_at(RecordExternalAnswer, sent)(scenario)

    return Step(make, NEUROLOGIST)
