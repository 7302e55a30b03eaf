"""What may be asked of a patient's history, in chapters as the events are. Who asks, and when, is the `Moment`.

A command that is about a request, a dose, a document or an appeal names it; its class without
that name (`Approval` beside `ApproveCourse`) is what a caller sends where the address says it.
"""

from __future__ import annotations

from typing import Final, get_args

from domain.commands.appeals import AppealCommand
from domain.commands.determinations import DeterminationCommand
from domain.commands.patient import PersonCommand
from domain.commands.requests import RequestCommand
from domain.commands.treatment import TreatmentCommand

Command = PersonCommand | TreatmentCommand | RequestCommand | DeterminationCommand | AppealCommand
COMMANDS: Final[tuple[type[Command], ...]] = get_args(Command)
