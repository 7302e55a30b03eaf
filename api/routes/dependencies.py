"""What routes share: ids from paths, running a command, and the ledger for what is of no patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response

from api.http import examples
from api.http.etags import expected_version, tag_of
from api.identity.caller import Caller
from api.record_access.commands import record_refused, record_repeated
from api.record_access.http import access_of
from api.record_access.patient_access import PatientAccess
from domain.calendar import Day, Instant
from domain.commands import Command
from domain.commands.patient import OpenHistory
from domain.errors import EditionUnknown, LedgerError
from domain.events.base import AppealId, DocumentId, DoseId, NoticeId, ReportId, RequestId
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.ledger.application import Ledger, Outcome
from domain.permissions.commands import check_may_bring_documents
from domain.permissions.views import Sight, check_concerns_own, check_knows_of, shown_version, sight_of
from domain.policy.edition import Edition
from domain.policy.editions import edition_named
from domain.review.assess_request import RequestAssessment, request_assessment


def _ledger(request: Request) -> Ledger:
    return cast("Ledger", request.app.state.ledger)


LedgerOfApp = Annotated[Ledger, Depends(_ledger)]
PatientIdInPath = Annotated[
    UUID, Path(description="The random id of the patient, from `/patients/find`.", examples=[examples.PATIENT])
]
RequestIdInPath = Annotated[
    RequestId,
    Path(
        description="The id of the request: the patient id, `.r` and the number of the request.",
        examples=[f"{examples.PATIENT}.r1"],
    ),
]
CourseInPath = Annotated[
    int, Path(ge=1, le=1_000, description="The number of the course, from the patient's list of courses.", examples=[1])
]
DoseIdInPath = Annotated[
    DoseId,
    Path(
        description="The id of the dose entry: the patient id, `.d` and the number of the entry.",
        examples=[f"{examples.PATIENT}.d1"],
    ),
]
ReportIdInPath = Annotated[
    ReportId,
    Path(
        description="The id of the prior treatment report: the patient id, `.t` and the number of the report.",
        examples=[f"{examples.PATIENT}.t1"],
    ),
]
DocumentIdInPath = Annotated[
    DocumentId,
    Path(
        description="The id of the document: the patient id, `.f` and the number of the document.",
        examples=[f"{examples.PATIENT}.f1"],
    ),
]
NoticeIdInPath = Annotated[
    NoticeId,
    Path(
        description="The id of the notice: the patient id, `.n` and the number of the notice.",
        examples=[f"{examples.PATIENT}.n1"],
    ),
]
AppealIdInPath = Annotated[
    AppealId,
    Path(
        description="The id of the appeal: the patient id, `.a` and the number of the appeal.",
        examples=[f"{examples.PATIENT}.a1"],
    ),
]

AsOf = Annotated[
    Day | None,
    Query(description="The day of the assessment. Default: today in the plan's time zone.", examples=["2026-04-28"]),
]
KnownAt = Annotated[
    Instant | None,
    Query(
        description="Include only events that were recorded by this time. Default: "
        "now. The time must not be in the future.",
        examples=["2026-04-28T12:00:00Z"],
    ),
]
EditionKey = Annotated[
    Day | None,
    Query(
        description="The review date of a policy version. Default: the version that applies.", examples=["2025-07-23"]
    ),
]
After = Annotated[int, Query(ge=0, le=1_000_000, description="Return only entries after this version.", examples=[0])]
Limit = Annotated[int, Query(ge=1, le=200, description="The maximum number of entries.", examples=[50])]


def edition_of(key: date | None) -> Edition | None:
    return edition_named(key.isoformat()) if key is not None else None


@dataclass(frozen=True, slots=True)
class Commanding:
    """What a route needs to run a command: the ledger, the caller, and the access to record a refusal."""

    ledger: Ledger
    caller: Caller
    access: Callable[[], PatientAccess]

    def shown_version(self, history: PatientHistory, version: int) -> int:
        """A version of this history as the caller is shown it."""
        return shown_version(self.caller.actor, history, version, self.ledger.events)


def _commanding(request: Request) -> Commanding:
    caller = cast("Caller", request.scope["caller"])
    return Commanding(_ledger(request), caller, partial(access_of, request, caller))


CommandingOfRequest = Annotated[Commanding, Depends(_commanding)]


def run(
    commanding: Commanding,
    patient_id: UUID,
    command: Command,
    response: Response,
    key: str | None,
    if_match: str | None,
) -> Outcome:
    """Execute a command, and tag the answer with the state of the history that it left.

    A requester is told of a patient or a request of others what is told of none; what else she
    may do is the domain's to say.
    """
    ledger, caller = commanding.ledger, commanding.caller
    if (history := known_to(ledger, caller, patient_id)) is not None:
        check_concerns_own(caller.actor, history, command)
    expected = expected_version(if_match, patient_id)
    try:
        outcome = ledger.execute(patient_id, command, caller.actor, key=key, expected_version=expected)
    except LedgerError as refusal:
        record_refused(commanding.access(), patient_id, command, caller.actor, refusal)
        raise
    if outcome.replayed:
        record_repeated(commanding.access(), outcome, command)
    response.headers["ETag"] = tag_of(outcome.history)
    return outcome


def opened(commanding: Commanding, command: OpenHistory, response: Response, key: str | None) -> Outcome:
    """Opens a history, or admits a prescriber's office to the one that there is."""
    actor = commanding.caller.actor
    try:
        outcome = commanding.ledger.open_history(command, actor, key=key)
    except LedgerError as refusal:
        record_refused(commanding.access(), None, command, actor, refusal)
        raise
    if outcome.replayed:
        record_repeated(commanding.access(), outcome, command)
    response.headers["ETag"] = tag_of(outcome.history)
    response.headers["Location"] = f"/patients/{outcome.patient_id}/eligibility"
    return outcome


def known_to(ledger: Ledger, caller: Caller, patient_id: UUID) -> PatientHistory | None:
    """The history as a requester's command is checked against it; of anybody else None, for nothing is to be checked.

    Raises NotFound for a patient of others.
    """
    if sight_of(caller.actor) is Sight.WHOLE:
        return None
    history = ledger.history(patient_id)
    check_knows_of(caller.actor, history)
    return history


def history_to_change(commanding: Commanding, patient_id: UUID) -> PatientHistory:
    """What a command is about to be decided upon. Raises NotFound for a patient of others."""
    history = commanding.ledger.history(patient_id)
    check_knows_of(commanding.caller.actor, history)
    return history


def bring_document(ledger: Ledger, caller: Caller, patient_id: UUID) -> None:
    """Raise NotFound or NotPermitted unless this caller may hand in the bytes of a document of this patient."""
    check_knows_of(caller.actor, ledger.history(patient_id))
    check_may_bring_documents(caller.actor)


def day_recorded(ledger: Ledger, outcome: Outcome) -> date:
    """The plan's day of the command, so that a repeated key renders the same answer."""
    return outcome.events[0].recorded_at.astimezone(ledger.zone).date()


def assessment_or_problem(
    history: PatientHistory, request: PriorAuthorization, as_of: date
) -> tuple[RequestAssessment | None, str | None]:
    """The assessment, or why no edition of the policy can be applied to the day of receipt."""
    try:
        return request_assessment(history, request, as_of), None
    except EditionUnknown as unknown:
        return None, str(unknown)
