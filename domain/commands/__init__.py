"""Everything that a caller can ask the ledger to record, in the same modules as the events.

A command about a request, a dose, a document or an appeal carries its id. The base class without the id (`Approval` of
`ApproveCourse`) is what a caller sends where the address of the request names the record. `context` states who gives
the command, when, and with which random seed.
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
