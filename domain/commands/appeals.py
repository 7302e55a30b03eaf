"""Appeals: file one, add to it, assign it, decide it once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from domain.calendar import Day, Instant
from domain.commands.patient import WithReason
from domain.commands.requests import Assignment, Digest, ShownVersion, Supplement, Withdrawal
from domain.events.appeals import AppealDismissalGround, AppealOutcome, Filer
from domain.events.base import AppealId, RequestId
from domain.events.requests import Urgency
from domain.facts import FrozenModel, Name, Text


class Appealing(FrozenModel):
    """Asks that the latest denial, partial approval or rescission of the request be decided again."""

    received_at: Instant
    urgency: Urgency = "standard"
    grounds: Text
    filer: Filer


class FileAppeal(Appealing):
    request_id: RequestId


class Evidence(Supplement):
    note: Text | None = None


class AddAppealEvidence(Evidence):
    appeal_id: AppealId


class AssignAppeal(Assignment):
    appeal_id: AppealId


class AppealDecision(FrozenModel):
    """Upheld needs `citing`; overturned approves the course, `doses` of it by default the policy's quantity.

    Overturned in part says in `left_out` what is still not approved, and cites why. `path` is
    asked for only where the history does not decide it.
    """

    outcome: AppealOutcome
    assessment_digest: Digest
    history_version: ShownVersion = None
    rationale: Text
    citing: Annotated[tuple[Name, ...], Field(max_length=40)] = ()
    doses: Annotated[StrictInt, Field(ge=1, le=5)] | None = None
    valid_from: Day | None = None
    path: Literal["A", "B"] | None = None
    left_out: Text | None = None


class DecideAppeal(AppealDecision):
    appeal_id: AppealId


class WithdrawAppeal(Withdrawal):
    appeal_id: AppealId


class AppealDismissal(WithReason):
    ground: AppealDismissalGround


class DismissAppeal(AppealDismissal):
    appeal_id: AppealId


class HandingOn(FrozenModel):
    """To the independent organisation that reviews upheld appeals."""

    organisation: Name
    on: Day | None = None


class HandOnAppeal(HandingOn):
    appeal_id: AppealId


class ExternalAnswer(FrozenModel):
    """What the organisation decided; the rest as for a decision of the plan, where it overturned."""

    received_on: Day
    outcome: AppealOutcome
    rationale: Text
    assessment_digest: Digest
    history_version: ShownVersion = None
    doses: Annotated[StrictInt, Field(ge=1, le=5)] | None = None
    valid_from: Day | None = None
    path: Literal["A", "B"] | None = None
    left_out: Text | None = None
    citing: Annotated[tuple[Name, ...], Field(max_length=40)] = ()


class RecordExternalAnswer(ExternalAnswer):
    appeal_id: AppealId


AppealCommand = (
    FileAppeal
    | AddAppealEvidence
    | AssignAppeal
    | DecideAppeal
    | WithdrawAppeal
    | DismissAppeal
    | HandOnAppeal
    | RecordExternalAnswer
)
