"""Terms that the domain refuses after the record was read, for each command that can be given twice.

Any other command is refused by what the same command has recorded before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from domain.commands import Command
from domain.commands.determinations import ExtendApproval
from domain.commands.patient import (
    NameRepresentative,
    RecordAgentStarted,
    RecordAgentStopped,
    RecordDeath,
    RetireMemberIdentifier,
)
from domain.commands.requests import (
    HoldPeerToPeer,
    IssueNotice,
    OfferPeerToPeer,
    ReviewDocument,
    SendReminder,
    SubmitRequest,
)
from domain.commands.treatment import ReportPriorTreatment
from tests.api.routes.commands.acts import OFFICE, Api, Json

FUTURE: Final = "2099-01-01T00:00:00Z"

Refused = Callable[[Api, Json], Json]
"""From the API and the ids in the path: brings about a state, and returns the terms that are refused in it."""


def _terms(**terms: object) -> Refused:
    return lambda _api, _ids: terms


def _only_member_id(api: Api, ids: Json) -> Json:
    (member,) = api.ledger.history(UUID(ids["patient_id"])).members
    return {"member": member.model_dump()}


def _withdrawn(api: Api, ids: Json) -> Json:
    api.did_to(ids["request_id"], "withdraw", OFFICE, by="Nora Neuro", reason="The infusions are put off.")
    return {}


REFUSED_TERMS: Final[dict[type[Command], Refused]] = {
    SubmitRequest: _terms(received_at=FUTURE),
    ReportPriorTreatment: _terms(courses=[{"doses_given": 5, "completed": False}]),
    RetireMemberIdentifier: _only_member_id,
    NameRepresentative: _terms(on="2026-04-28", through="2026-04-27"),
    RecordDeath: _terms(on="2099"),
    RecordAgentStarted: _terms(on="2099-01"),
    RecordAgentStopped: _terms(product="Lemtrada"),
    SendReminder: _withdrawn,
    OfferPeerToPeer: _terms(until="2026-04-01"),
    HoldPeerToPeer: _terms(on="2099-01-01"),
    IssueNotice: _terms(issued_at=FUTURE),
    ExtendApproval: _terms(assessment_digest="0" * 64),
    ReviewDocument: _terms(clause="9.Z"),
}
