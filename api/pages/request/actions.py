"""What can be done about a request on its page: each act with its form, and why this person can't do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from api.pages.form_commands import FormCommand, SentForm
from api.pages.request.document_upload import with_document
from domain.commands import Command, determinations, requests
from domain.commands.context import Occasion
from domain.decisions.may import may
from domain.errors import EditionUnknown, LedgerError
from domain.history.state import PatientHistory
from domain.review.assess_request import RequestAssessment

PLAN: Final = tuple(requests.PlannedInfusion.model_fields)
"""Left empty, these say that nothing is planned, which is something to record."""


@dataclass(frozen=True, slots=True)
class RequestAct:
    """`decides`: it needs the assessment that was looked at."""

    name: str
    label: str
    command: type[Command]
    tone: str = ""
    decides: bool = False


FIRST: Final = (
    RequestAct("approve", "Approve", determinations.ApproveCourse, decides=True),
    RequestAct("request-information", "Ask for information", requests.RequestInformation, decides=True),
    RequestAct("refer", "Refer to a clinician", determinations.ReferRequest, decides=True),
    RequestAct("deny", "Deny", determinations.DenyRequest, "grave", decides=True),
    RequestAct("withdraw", "Withdraw", requests.WithdrawRequest),
)
"""What the page shows at once."""

MORE: Final = (
    RequestAct("supply-information", "Add facts or a document", requests.SupplyInformation),
    RequestAct("correct", "Correct what was stated", requests.CorrectStatement),
    RequestAct("prescriber", "Another prescriber", requests.ChangePrescriber),
    RequestAct("planned-infusion", "Planned infusion", requests.ChangePlannedInfusion),
    RequestAct("remind", "Record a reminder", requests.SendReminder),
    RequestAct("expedite", "Grant expediting", requests.ExpediteRequest),
    RequestAct("refuse-expediting", "Refuse expediting", requests.RefuseExpediting),
    RequestAct("extend-clock", "Extend the clock", requests.ExtendClock),
    RequestAct("offer-peer-to-peer", "Offer a peer-to-peer talk", requests.OfferPeerToPeer),
    RequestAct("hold-peer-to-peer", "Record the peer-to-peer talk", requests.HoldPeerToPeer),
    RequestAct("dismiss", "Dismiss", requests.DismissRequest),
    RequestAct("reopen", "Reopen", requests.ReopenRequest),
    RequestAct("rescind-approval", "Take the approval back", determinations.RescindApproval, "grave"),
)
ACTS: Final = (*FIRST, *MORE)


def _to_oneself(sent: SentForm, _: UUID) -> Mapping[str, Any]:
    return {"to": sent.commanding.caller.actor}


def _whole_plan(sent: SentForm, _: UUID) -> Mapping[str, Any]:
    return {name: sent.form.text(name) for name in PLAN}


FORMS: Final[dict[str, FormCommand]] = {
    **{one.name: FormCommand(one.command) for one in ACTS},
    "supply-information": FormCommand(requests.SupplyInformation, with_document),
    "planned-infusion": FormCommand(requests.ChangePlannedInfusion, _whole_plan),
    "extend-approval": FormCommand(determinations.ExtendApproval),
    "claim": FormCommand(requests.AssignRequest, _to_oneself),
    "release": FormCommand(requests.ReleaseRequest),
}


def refusals(
    history: PatientHistory, occasion: Occasion, request_id: str, judgement: RequestAssessment | None
) -> dict[str, LedgerError | None]:
    """By act, why this person can't do it as things stand, in the words of its decision."""
    found = {
        one.name: may(history, occasion, one.command, request_id, judgement if one.decides else None) for one in ACTS
    }
    return found | {name: NO_EDITION for name, refusal in found.items() if isinstance(refusal, EditionUnknown)}


NO_EDITION: Final = EditionUnknown(
    "no edition of the policy is known for the day of receipt", remedy="import what was decided elsewhere"
)
"""In the words of this page: an edition can be named to the API, and not here."""
