"""Who she is: a history is opened, and corrected without an edit (R23)."""

from __future__ import annotations

from typing import Final

from domain.commands import (
    Command,
    Moment,
    OpenHistory,
)
from domain.decisions.following import Decision
from domain.errors import AlreadyRecorded, InvalidCommand
from domain.events import (
    HistoryOpened,
    PatientEvent,
)
from domain.history import PatientHistory


def open_history(history: PatientHistory | None, command: OpenHistory, moment: Moment) -> tuple[PatientEvent, ...]:
    if history is not None:
        raise AlreadyRecorded("this member has a history already", field="member", remedy="find the patient instead")
    born = command.birth_date
    if born is not None and born.earliest > moment.today:
        raise InvalidCommand("the birth date lies in the future", field="birth_date", remedy="send the date of birth")
    return (moment.event(HistoryOpened, member=command.member, name=command.name, birth_date=born),)


DECISIONS: Final[dict[type[Command], Decision]] = {}
