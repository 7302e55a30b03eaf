"""Dependencies that the routes share: path and query parameters, the ledger, and functions that run a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response

from api.http import examples
from api.http.etags import NO_VERSION, tag_of, version_in_tag
from api.identity.caller import Caller
from api.record_access.commands import record_refused, record_repeated
from api.record_access.http import access_of
from api.record_access.patient_access import PatientAccess
from api.routes.schemas import HistoryChanged
from domain.calendar import Day, Instant
from domain.commands import Command
from domain.commands.patient import OpenHistory
from domain.errors import Conflict, EditionUnknown, LedgerError, StaleVersion
from domain.events.appeals import AppealEvidenceAdded, AppealFiled
from domain.events.base import AgentEntryId, AppealId, DocumentId, DoseId, Event, NoticeId, ReportId, RequestId
from domain.events.requests import InformationSupplied, NoticeIssued
from domain.events.treatment import PriorTreatmentReported
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.ledger.application import ATTEMPTS, Ledger, Outcome
from domain.permissions.commands import check_may_upload_documents
from domain.permissions.views import (
    ShownVersions,
    Visibility,
    check_concerns_own,
    check_may_know_of,
    office_of,
    shown_versions,
    visibility_of,
)
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
AgentEntryIdInPath = Annotated[
    AgentEntryId,
    Path(
        description="The id of the entry of another agent: the patient id, `.g` and the number of the entry.",
        examples=[f"{examples.PATIENT}.g1"],
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
    """The edition with this review date, or None. Raises EditionUnknown."""
    return edition_named(key.isoformat()) if key is not None else None


@dataclass(frozen=True, slots=True)
class CommandRunner:
    """What a route needs to run a command.

    `access` creates the `PatientAccess`, which is needed only to record a refusal or a repeated key.
    """

    ledger: Ledger
    caller: Caller
    access: Callable[[], PatientAccess]

    @property
    def office(self) -> str | None:
        return office_of(self.caller.actor)

    def versions(self, history: PatientHistory) -> ShownVersions:
        """The versions of this history as the caller is shown them."""
        return shown_versions(self.office, history, self.ledger.events)


def _commanding(request: Request) -> CommandRunner:
    caller = cast("Caller", request.scope["caller"])
    return CommandRunner(_ledger(request), caller, partial(access_of, request, caller))


CommandRunnerOfRequest = Annotated[CommandRunner, Depends(_commanding)]


def run(
    commanding: CommandRunner,
    patient_id: UUID,
    command: Command,
    response: Response,
    key: str | None,
    if_match: str | None,
) -> Outcome:
    """Executes a command, and tags the answer with the version of the history after the command.

    A requester gets NotFound for a patient or a request of another office, as for one that does not exist. The domain
    checks every other permission.
    """
    ledger, caller = commanding.ledger, commanding.caller
    if (history := requester_history(ledger, caller, patient_id)) is not None:
        check_concerns_own(caller.actor, history, command)
    try:
        outcome = _executed(commanding, patient_id, command, key, version_in_tag(if_match, patient_id))
    except LedgerError as refusal:
        record_refused(commanding.access(), patient_id, command, caller.actor, refusal)
        raise
    if outcome.replayed:
        record_repeated(commanding.access(), outcome, command)
    response.headers["ETag"] = tag_of(commanding.versions(outcome.history))
    return outcome


def _executed(
    commanding: CommandRunner, patient_id: UUID, command: Command, key: str | None, shown: int | None
) -> Outcome:
    """Executes a command if `shown` is the version that the caller is shown now, or if it is None.

    An office is shown the same number after an event that it may not know of, so its command is then decided on the
    newer record. If such an event is recorded between the check and the decision, the check is repeated.
    """
    ledger, actor = commanding.ledger, commanding.caller.actor
    if shown is None or commanding.office is None:
        return ledger.execute(patient_id, command, actor, key=key, expected_version=shown)
    for _ in range(ATTEMPTS):
        versions = commanding.versions(ledger.history(patient_id))
        # With no version, the ledger refuses the command, unless the key is repeated.
        expected = versions.version if shown == versions.current else NO_VERSION
        try:
            return ledger.execute(patient_id, command, actor, key=key, expected_version=expected)
        except StaleVersion as stale:
            versions = commanding.versions(ledger.history(patient_id))
            if shown != versions.current:
                raise StaleVersion.at(versions.current, shown) from stale
    raise Conflict("Other users kept changing this record", remedy="send the command again")


def answer_of_command(commanding: CommandRunner, outcome: Outcome, _subject: object = None) -> HistoryChanged:
    """The answer to a command that has no answer of its own."""
    return HistoryChanged(
        patient_id=outcome.patient_id,
        history_version=commanding.versions(outcome.history).current,
        recorded=[event.TOPIC for event in outcome.events],
        made=[one for event in outcome.events for one in _new_ids(event)],
    )


def _new_ids(event: Event) -> Iterator[str]:
    match event:
        case PriorTreatmentReported():
            yield event.report_id
        case InformationSupplied() | AppealEvidenceAdded():
            yield from (one.document_id for one in event.documents)
        case NoticeIssued():
            yield event.notice_id
        case AppealFiled():
            yield event.appeal_id


def opened_history(commanding: CommandRunner, command: OpenHistory, response: Response, key: str | None) -> Outcome:
    """Opens a history, or gives a prescriber's office access to the history that exists."""
    actor = commanding.caller.actor
    try:
        outcome = commanding.ledger.open_history(command, actor, key=key)
    except LedgerError as refusal:
        record_refused(commanding.access(), None, command, actor, refusal)
        raise
    if outcome.replayed:
        record_repeated(commanding.access(), outcome, command)
    response.headers["ETag"] = tag_of(commanding.versions(outcome.history))
    response.headers["Location"] = f"/patients/{outcome.patient_id}/eligibility"
    return outcome


def requester_history(ledger: Ledger, caller: Caller, patient_id: UUID) -> PatientHistory | None:
    """The history against which a requester's command is checked. None for other roles, which need no check.

    Raises NotFound for a patient whom the requester's office does not know.
    """
    if visibility_of(caller.actor) is Visibility.WHOLE:
        return None
    history = ledger.history(patient_id)
    check_may_know_of(caller.actor, history)
    return history


def history_to_change(commanding: CommandRunner, patient_id: UUID) -> PatientHistory:
    """The history on which a command will be decided. Raises NotFound for a patient whom this office does not know."""
    history = commanding.ledger.history(patient_id)
    check_may_know_of(commanding.caller.actor, history)
    return history


def check_may_store_document(ledger: Ledger, caller: Caller, patient_id: UUID) -> None:
    """Raises NotFound or NotPermitted unless the caller may store a document of this patient."""
    check_may_know_of(caller.actor, ledger.history(patient_id))
    check_may_upload_documents(caller.actor)


def day_recorded(ledger: Ledger, outcome: Outcome) -> date:
    """The day of the command in the plan's time zone, so that a repeated key gets the same answer."""
    return (outcome.events[0].clock_at or outcome.events[0].recorded_at).astimezone(ledger.zone).date()


def assessment_or_problem(
    history: PatientHistory, request: PriorAuthorization, as_of: date
) -> tuple[RequestAssessment | None, str | None]:
    """The assessment of a request, or the reason why no edition of the policy applies to the day of receipt."""
    try:
        return request_assessment(history, request, as_of), None
    except EditionUnknown as unknown:
        return None, str(unknown)
