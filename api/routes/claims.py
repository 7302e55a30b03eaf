"""Claim lines of a claims system: the same fields, and the same reading of them, as a claim line of an import."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

from api.files.claim_lines import claim_command
from api.files.claim_results import WAITING, LineResult, result_of
from api.files.import_lines import ClaimFields
from api.http import examples
from api.http.bodies import CheckedJsonRoute
from api.http.etags import IdempotencyKey, IfMatch
from api.http.problems import COMMAND
from api.routes.dependencies import CommandRunnerOfRequest, PatientIdInPath, run
from domain.commands.treatment import RecordClaim
from domain.events.treatment import ClaimReplaced, ClaimVoided, FoundBy
from domain.history.state import PatientHistory
from domain.ledger.application import Outcome
from domain.permissions.commands import check_role
from domain.permissions.views import ShownVersions

router: Final = APIRouter(tags=["doses"], route_class=CheckedJsonRoute)


class ClaimBody(ClaimFields):
    """One line of a claim: an original, a replacement, a void, or a denied line."""


class ClaimAnswer(BaseModel):
    """What a claim line was found to be, and the dose entry that it is about."""

    history_version: int
    result: LineResult | None = Field(description="What the line is. None: an ordinary original.")
    note: str | None = Field(description="A sentence about the result.")
    dose_id: str | None = Field(description="The dose entry of the claim. None: a denied line, or a void that waits.")
    found_by: FoundBy | None = Field(
        description="How the claim of a replacement or a void was found. `day`: the only entry of its source and day."
    )
    waits: bool = Field(description="Whether the line is a void whose claim is not on record yet.")
    counts: bool = Field(description="Whether the entry counts as a dose of a course.")
    recorded: list[str] = Field(description="The events that the line recorded.")


@router.post("/patients/{patient_id}/claims", status_code=201, responses=COMMAND)
def record_claim(
    commanding: CommandRunnerOfRequest,
    response: Response,
    patient_id: PatientIdInPath,
    body: Annotated[ClaimBody, Body(examples=[examples.CLAIM])],
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> ClaimAnswer:
    """Record a claim line. A replacement without its original is refused; a void without its claim waits for it (R30).

    A service replaces or voids only what it reported.
    """
    check_role(commanding.caller.actor, RecordClaim)
    outcome = run(commanding, patient_id, claim_command(body), response, key, if_match)
    return _answer(outcome, commanding.versions(outcome.history))


def _answer(outcome: Outcome, versions: ShownVersions) -> ClaimAnswer:
    result, first = result_of(outcome.history, outcome.events), outcome.events[0]
    dose_id = getattr(first, "dose_id", None)
    return ClaimAnswer(
        history_version=versions.current,
        result=result.kind,
        note=result.note,
        dose_id=dose_id,
        found_by=first.found_by if isinstance(first, ClaimReplaced | ClaimVoided) else None,
        waits=result.kind == WAITING.kind,
        counts=_counts(outcome.history, dose_id),
        recorded=[event.TOPIC for event in outcome.events],
    )


def _counts(history: PatientHistory, dose_id: str | None) -> bool:
    dose = history.dose(dose_id) if dose_id is not None else None
    return dose is not None and dose.counts
