"""The routes of most commands, as tables: a path, a command, and an example of the body.

A row defines the whole route. The path names what the command is about, the body has the other fields of the command,
and the answer lists the events that were recorded. Commands whose answers have more (open, submit, decide, record a
dose) have routes of their own.
"""

from __future__ import annotations

from typing import Final

from api.routes.commands import appeals, patients, requests
from api.routes.commands.route_factory import CommandRoute, router_of
from domain.commands import COMMANDS, Command
from domain.commands.determinations import ApproveCourse, DenyRequest, ReferRequest
from domain.commands.patient import OpenHistory
from domain.commands.requests import SubmitRequest
from domain.commands.treatment import (
    CloseCourse,
    ConfirmDuplicate,
    DismissDuplicate,
    RecordClaim,
    RecordDose,
    ReportPriorTreatment,
    VoidDose,
)

COMMAND_ROUTES: tuple[CommandRoute, ...] = (*patients.ACTS, *requests.ACTS, *appeals.ACTS)
WITH_A_ROUTE_OF_THEIR_OWN: Final[frozenset[type[Command]]] = frozenset(
    {
        OpenHistory,
        SubmitRequest,
        ApproveCourse,
        DenyRequest,
        ReferRequest,
        RecordClaim,
        RecordDose,
        VoidDose,
        ConfirmDuplicate,
        DismissDuplicate,
        ReportPriorTreatment,
        CloseCourse,
    }
)
assert {act.command for act in COMMAND_ROUTES} == set(COMMANDS) - WITH_A_ROUTE_OF_THEIR_OWN, (
    "every command has its route"
)

router = router_of(COMMAND_ROUTES)

__all__ = ["COMMAND_ROUTES", "CommandRoute", "router"]
