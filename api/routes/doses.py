"""Doses in: record an infusion, void an entry, decide whether a second report is another infusion."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response

from api.http import examples
from api.http.bodies import SoundJson
from api.http.etags import IdempotencyKey, IfMatch
from api.http.problems import COMMAND
from api.record_access.http import patient_of
from api.routes.dependencies import Commanding, CommandingOfRequest, DoseIdInPath, PatientIdInPath, run
from api.routes.schemas import DoseAnswer, dose_answer
from domain.commands.patient import Reason
from domain.commands.treatment import ConfirmDuplicate, DismissDuplicate, RecordDose, VoidDose
from domain.events.treatment import DoseAdministered
from domain.permissions.views import office_of

router = APIRouter(tags=["doses"], route_class=SoundJson)


class ReasonBody(Reason):
    """The reason to void an entry, or to count it as another infusion."""


@router.post("/patients/{patient_id}/doses", status_code=201, responses=COMMAND)
def record_dose(
    commanding: CommandingOfRequest,
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
    return dose_answer(outcome, dose.dose_id, office_of(commanding.caller.actor))


@router.post("/doses/{dose_id}/void", responses=COMMAND)
def void_dose(
    commanding: CommandingOfRequest,
    response: Response,
    dose_id: DoseIdInPath,
    body: Annotated[ReasonBody, Body(examples=[examples.REASON])],
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> DoseAnswer:
    """Void a dose entry that was made by mistake. The entry stays visible. A completed course may become open again."""
    command = VoidDose(dose_id=dose_id, reason=body.reason)
    return _about_dose(commanding, response, command, key, if_match)


@router.post("/doses/{dose_id}/confirm-duplicate", responses=COMMAND)
def confirm_duplicate(
    commanding: CommandingOfRequest,
    response: Response,
    dose_id: DoseIdInPath,
    body: Annotated[ReasonBody, Body(examples=[examples.REASON])],
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> DoseAnswer:
    """Confirm that a second report is of the same infusion. The report is not counted (R25)."""
    command = ConfirmDuplicate(dose_id=dose_id, reason=body.reason)
    return _about_dose(commanding, response, command, key, if_match)


@router.post("/doses/{dose_id}/dismiss-duplicate", responses=COMMAND)
def dismiss_duplicate(
    commanding: CommandingOfRequest,
    response: Response,
    dose_id: DoseIdInPath,
    body: Annotated[ReasonBody, Body(examples=[examples.REASON])],
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> DoseAnswer:
    """Record that a second report is of another infusion. The dose is then counted (R25)."""
    command = DismissDuplicate(dose_id=dose_id, reason=body.reason)
    return _about_dose(commanding, response, command, key, if_match)


def _about_dose(
    commanding: Commanding,
    response: Response,
    command: VoidDose | ConfirmDuplicate | DismissDuplicate,
    key: str | None,
    if_match: str | None,
) -> DoseAnswer:
    outcome = run(commanding, patient_of(command.dose_id), command, response, key, if_match)
    return dose_answer(outcome, command.dose_id, office_of(commanding.caller.actor))
