"""What routes share: the ledger, ids from paths, and running a command."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response

from api import examples
from api.versions import expected_version, tag_of
from domain.calendar import Day, Instant
from domain.commands import Command
from domain.errors import EditionUnknown
from domain.events import AppealId, DocumentId, DoseId, NoticeId, ReportId, RequestId
from domain.history import PatientHistory
from domain.history import Request as PriorAuthorization
from domain.judging import Judgement, judge
from domain.ledger.application import Ledger, Outcome
from domain.people import Actor
from domain.policy.edition import Edition
from domain.policy.editions import edition_named
from projections.request_life import clocks_at


def _ledger(request: Request) -> Ledger:
    return cast("Ledger", request.app.state.ledger)


LedgerOfApp = Annotated[Ledger, Depends(_ledger)]
PatientIdInPath = Annotated[
    UUID, Path(description="The random id of the patient, from /patients/find.", examples=[examples.PATIENT])
]
RequestIdInPath = Annotated[
    RequestId,
    Path(description="The patient's id and `.r` with the request's number.", examples=[f"{examples.PATIENT}.r1"]),
]
CourseInPath = Annotated[
    int, Path(ge=1, le=1_000, description="The number of the course, from the patient's courses.", examples=[1])
]
DoseIdInPath = Annotated[
    DoseId,
    Path(description="The patient's id and `.d` with the dose entry's number.", examples=[f"{examples.PATIENT}.d1"]),
]
ReportIdInPath = Annotated[
    ReportId,
    Path(description="The patient's id and `.t` with the report's number.", examples=[f"{examples.PATIENT}.t1"]),
]
DocumentIdInPath = Annotated[
    DocumentId,
    Path(description="The patient's id and `.f` with the document's number.", examples=[f"{examples.PATIENT}.f1"]),
]
NoticeIdInPath = Annotated[
    NoticeId,
    Path(description="The patient's id and `.n` with the notice's number.", examples=[f"{examples.PATIENT}.n1"]),
]
AppealIdInPath = Annotated[
    AppealId,
    Path(description="The patient's id and `.a` with the appeal's number.", examples=[f"{examples.PATIENT}.a1"]),
]

AsOf = Annotated[
    Day | None, Query(description="Judged on this day; today in the plan's zone if left out.", examples=["2026-04-28"])
]
KnownAt = Annotated[
    Instant | None,
    Query(
        description="Only what was recorded by this instant; now if left out. Not in the future.",
        examples=["2026-04-28T12:00:00Z"],
    ),
]
EditionKey = Annotated[
    Day | None,
    Query(description="The review date of an edition; the one that applies if left out.", examples=["2025-07-23"]),
]
After = Annotated[int, Query(ge=0, le=1_000_000, description="Only what lies after this version.", examples=[0])]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at the most.", examples=[50])]


def patient_of(identifier: str) -> UUID:
    """The patient whose request or dose this is: the id begins with hers."""
    return UUID(identifier.split(".", 1)[0])


def edition_of(key: date | None) -> Edition | None:
    return edition_named(key.isoformat()) if key is not None else None


def moment_of(ledger: Ledger, as_of: date | None, known_at: datetime | None) -> datetime:
    """The instant that clocks are read at: the end of another day than today, else that of `known_at`, or now."""
    return clocks_at(ledger.now(), ledger.zone, as_of, known_at)


def run(
    ledger: Ledger,
    patient_id: UUID,
    command: Command,
    actor: Actor,
    response: Response,
    key: str | None,
    if_match: str | None,
) -> Outcome:
    """Execute a command, and tag the answer with the state of the history that it left."""
    expected = expected_version(if_match, patient_id)
    outcome = ledger.execute(patient_id, command, actor, key=key, expected_version=expected)
    response.headers["ETag"] = tag_of(outcome.history)
    return outcome


def day_recorded(ledger: Ledger, outcome: Outcome) -> date:
    """The plan's day of the command, so that a repeated key renders the same answer."""
    return outcome.events[0].recorded_at.astimezone(ledger.zone).date()


def judged_or_problem(
    history: PatientHistory, request: PriorAuthorization, as_of: date
) -> tuple[Judgement | None, str | None]:
    """The assessment, or why no edition of the policy can be applied to the day of receipt."""
    try:
        return judge(history, request, as_of), None
    except EditionUnknown as unknown:
        return None, str(unknown)
