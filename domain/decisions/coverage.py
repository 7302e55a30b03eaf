"""Records the coverage: its line of business, its state, and its funding."""

from __future__ import annotations

from typing import Final

from domain.calendar import PartialDate
from domain.commands import Command
from domain.commands.context import CommandContext
from domain.commands.patient import ChangeLineOfBusiness
from domain.decisions.consequences import DecisionFunction
from domain.decisions.patient import check_not_before_birth
from domain.decisions.preconditions import Precondition, always
from domain.errors import AlreadyRecorded, InvalidCommand
from domain.events import PatientEvent
from domain.events.patient import STATES, LineOfBusinessChanged
from domain.history.coverage import Coverage
from domain.history.state import PatientHistory


def change_line_of_business(
    history: PatientHistory, command: ChangeLineOfBusiness, context: CommandContext
) -> tuple[PatientEvent, ...]:
    check_not_before_birth(history, PartialDate.of(command.on))
    coverage = Coverage(command.on, command.line_of_business, command.state, command.funding)
    if coverage == history.coverage_on(command.on):
        raise AlreadyRecorded(
            "this line of business is already on record from this day", field="on", remedy="no action is needed"
        )
    if command.state is not None and command.state not in STATES:
        raise InvalidCommand(
            "this is not a state", field="state", remedy="send the two letters of a state or territory, for example CA"
        )
    return (
        context.event(
            LineOfBusinessChanged,
            on=command.on,
            line_of_business=command.line_of_business,
            state=command.state,
            funding=command.funding,
        ),
    )


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {ChangeLineOfBusiness: change_line_of_business}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {ChangeLineOfBusiness: always}
