"""Commands about appeals: file an appeal, add information, assign it, decide it, and end it in other ways."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from domain.calendar import Day, Instant
from domain.commands.patient import WithReason
from domain.commands.requests import Assignment, ShownVersion, Supplement, ViewedDigest, Withdrawal
from domain.events.appeals import AppealDismissalGround, AppealOutcome, Filer
from domain.events.base import AppealId, RequestId
from domain.events.requests import Urgency
from domain.facts import FrozenModel, Name, Text


class Appealing(FrozenModel):
    """Asks for a new decision about the latest denial, partial approval or rescission of the request."""

    received_at: Instant
    urgency: Urgency = "standard"
    grounds: Text
    filer: Filer


class FileAppeal(Appealing):
    request_id: RequestId


class Evidence(Supplement):
    """Facts and documents for an appeal, with a note."""

    note: Text | None = None


class AddAppealEvidence(Evidence):
    appeal_id: AppealId


class AssignAppeal(Assignment):
    appeal_id: AppealId


class AppealDecision(FrozenModel):
    """The decision of an appeal.

    `upheld` needs `citing`. `overturned` approves the course: `doses` of it, by default the quantity of the policy.
    `overturned_in_part` also needs `left_out`, which states what is still not approved, and `citing`. `path` is needed
    only if the history does not determine it.
    """

    outcome: AppealOutcome
    assessment_digest: ViewedDigest = None
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
    """Forwards an appeal to the independent organization that reviews upheld appeals. `on` defaults to today."""

    organisation: Name
    on: Day | None = None


class HandOnAppeal(HandingOn):
    appeal_id: AppealId


class ExternalAnswer(FrozenModel):
    """The decision of the independent organization. If it overturned, the other fields are as in `AppealDecision`."""

    received_on: Day
    outcome: AppealOutcome
    rationale: Text
    assessment_digest: ViewedDigest = None
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
