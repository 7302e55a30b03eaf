"""Doses: record an infusion, void an entry, and decide whether a second report is of another infusion."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Body, Response

from api.http import examples
from api.http.bodies import CheckedJsonRoute
from api.http.etags import IdempotencyKey, IfMatch
from api.http.problems import COMMAND
from api.routes.commands.route_factory import CommandRoute, add_routes
from api.routes.dependencies import CommandRunner, CommandRunnerOfRequest, PatientIdInPath, run
from api.routes.schemas import DoseAnswer
from domain.commands import Command
from domain.commands.patient import WithReason
from domain.commands.treatment import ConfirmDuplicate, DismissDuplicate, RecordDose, VoidDose
from domain.events.treatment import DoseAdministered
from domain.ledger.application import Outcome
from projections.courses import request_shown

router = APIRouter(tags=["doses"], route_class=CheckedJsonRoute)


class ReasonBody(WithReason):
    """The reason to void an entry, or to decide whether it is of another infusion."""


@router.post("/patients/{patient_id}/doses", status_code=201, responses=COMMAND)
def record_dose(
    commanding: CommandRunnerOfRequest,
    response: Response,
    patient_id: PatientIdInPath,
    body: Annotated[RecordDose, Body(examples=[examples.DOSE])],
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> DoseAnswer:
    """Record a dose that was given, even if it was not approved. Differences are recorded as variances (R22)."""
    outcome = run(commanding, patient_id, body, response, key, if_match)
    dose = outcome.events[0]
    assert isinstance(dose, DoseAdministered)
    return _dose_answer(commanding, outcome, dose.dose_id)


def _dose_answer(commanding: CommandRunner, outcome: Outcome, dose_id: str) -> DoseAnswer:
    """A dose entry after a command. An office sees only its own request id."""
    dose, versions = outcome.history.dose(dose_id), commanding.versions(outcome.history)
    assert dose is not None
    first, *others = outcome.events
    variances = first.variances if isinstance(first, DoseAdministered) else dose.variances_then
    return DoseAnswer(
        history_version=versions.current,
        dose_id=dose.dose_id,
        counts=dose.counts,
        voided=dose.voided,
        course=dose.course,
        request_id=request_shown(outcome.history, dose, versions.office),
        documents_report=dose.documents_report,
        possible_duplicate_of=dose.duplicate_of,
        waits=dose.waits,
        variances=list(variances),
        also_recorded=[event.TOPIC for event in others],
    )


def _dose_command(action: str, command: type[Command], description: str) -> CommandRoute:
    path = f"/doses/{{dose_id}}/{action}"
    return CommandRoute(
        path, command, description, examples.REASON, body_model=ReasonBody, answer_model=DoseAnswer, answer=_dose_answer
    )


ON_A_DOSE: Final = (
    _dose_command(
        "void",
        VoidDose,
        "Void a dose entry that was made by mistake. The entry stays visible. "
        "A completed course may become open again.",
    ),
    _dose_command(
        "confirm-duplicate",
        ConfirmDuplicate,
        "Confirm that a second report is of the same infusion. The report is not counted (R25).",
    ),
    _dose_command(
        "dismiss-duplicate",
        DismissDuplicate,
        "Record that a second report is of another infusion. The dose is then counted (R25).",
    ),
)
add_routes(router, ON_A_DOSE)
