"""The life of a request but for its determinations."""

from __future__ import annotations

from typing import Final

from domain.commands import (
    Command,
    Moment,
    SubmitRequest,
)
from domain.decisions.following import Decision
from domain.errors import InvalidCommand
from domain.events import (
    PatientEvent,
    RequestSubmitted,
)
from domain.history import PatientHistory


def submit_request(history: PatientHistory, command: SubmitRequest, moment: Moment) -> tuple[PatientEvent, ...]:
    if command.received_at > moment.at:
        raise InvalidCommand(
            "the request was received in the future",
            field="received_at",
            remedy="send the instant at which it arrived",
        )
    for number, agent in enumerate(command.statement.agents):
        started, stopped = agent.started_on, agent.stopped_on
        if started is not None and stopped is not None and started.earliest > stopped.latest:
            raise InvalidCommand(
                "the agent was stopped before it was started",
                field=f"statement.agents.{number}.stopped_on",
                remedy="send them in order",
            )
    return (
        moment.event(
            RequestSubmitted,
            request_id=f"{history.patient_id}.r{len(history.requests) + 1}",
            received_at=command.received_at,
            received_on=command.received_at.astimezone(moment.zone).date(),
            line_of_business=command.line_of_business,
            urgency=command.urgency,
            prescriber=command.prescriber,
            consultation=command.consultation,
            planned_first_infusion_on=command.planned_first_infusion_on,
            statement=command.statement,
        ),
    )


DECISIONS: Final[dict[type[Command], Decision]] = {SubmitRequest: submit_request}
