"""What may be asked of a patient's history. Who asks, when, and with which randomness is the `Moment`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, StrictInt

from domain.calendar import Day, Instant, PartialDate
from domain.events import (
    DoseId,
    DoseSource,
    Event,
    LineOfBusiness,
    Member,
    ReportedCourse,
    RequestId,
    Statement,
    TreatmentSource,
    Urgency,
)
from domain.facts import Fact, Name, Text
from domain.people import Actor, ConsultationGiven, Prescriber

E = TypeVar("E", bound=Event)
_UNSALTED = "0" * 32

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="Of the assessment that was looked at.")]


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything that pure code may not get by itself.

    `at` is the clock's instant in UTC; `zone` the plan's; `seed` 32 random bytes of this command.
    """

    at: datetime
    zone: ZoneInfo
    actor: Actor
    command_id: UUID
    seed: bytes

    @property
    def today(self) -> date:
        """The calendar day in the plan's zone."""
        return self.at.astimezone(self.zone).date()

    def event(self, kind: type[E], **values: Any) -> E:
        """An event of this moment; `decide` salts it once all events of the command are known."""
        return kind(recorded_at=self.at, salt=_UNSALTED, command_id=self.command_id, actor=self.actor, **values)

    def salts(self) -> Iterator[str]:
        """One salt of 16 bytes an event, in hexadecimal."""
        number = 0
        while True:
            yield hashlib.sha256(self.seed + number.to_bytes(4, "big")).digest()[:16].hex()
            number += 1


class OpenHistory(Fact):
    member: Member
    name: Name
    birth_date: PartialDate | None = None


class ReportPriorTreatment(Fact):
    """Treatment outside this ledger. No courses: a statement that Lemtrada was never received."""

    source: TreatmentSource
    reference: Name | None = None
    courses: Annotated[tuple[ReportedCourse, ...], Field(max_length=20)]


class SubmitRequest(Fact):
    received_at: Instant
    line_of_business: LineOfBusiness
    urgency: Urgency = "standard"
    prescriber: Prescriber
    consultation: ConsultationGiven | None = None
    planned_first_infusion_on: Day | None = None
    statement: Statement


class Approval(Fact):
    """`doses` and `valid_from` default to the policy's quantity and today.

    `path` is asked for only where the history does not decide it; `left_out` and `citing` where
    fewer doses are approved than were asked for, which is adverse in that part.
    """

    assessment_digest: Digest
    doses: Annotated[StrictInt, Field(ge=1, le=5)] | None = None
    valid_from: Day | None = None
    path: Literal["A", "B"] | None = None
    left_out: Text | None = None
    citing: Annotated[tuple[Name, ...], Field(max_length=40)] = ()
    rationale: Text | None = None


class ApproveCourse(Approval):
    request_id: RequestId


class Denial(Fact):
    """`citing` the specific criteria; the rationale says it in plain language."""

    assessment_digest: Digest
    citing: Annotated[tuple[Name, ...], Field(min_length=1, max_length=40)]
    rationale: Text


class DenyRequest(Denial):
    request_id: RequestId


class Referral(Fact):
    assessment_digest: Digest
    rationale: Text | None = None


class ReferRequest(Referral):
    request_id: RequestId


class RecordDose(Fact):
    on: Day
    mg: Annotated[float, Field(strict=True, gt=0, le=1_000)]
    site: Name | None = None
    source: DoseSource
    source_reference: Name
    request_id: RequestId | None = None


class Reason(Fact):
    reason: Text


class ConfirmDuplicate(Reason):
    dose_id: DoseId


class DismissDuplicate(Reason):
    dose_id: DoseId


class VoidDose(Reason):
    dose_id: DoseId


class CloseCourse(Reason):
    course: Annotated[StrictInt, Field(ge=1)]


Command = (
    OpenHistory
    | ReportPriorTreatment
    | SubmitRequest
    | ApproveCourse
    | DenyRequest
    | ReferRequest
    | RecordDose
    | ConfirmDuplicate
    | DismissDuplicate
    | VoidDose
    | CloseCourse
)
