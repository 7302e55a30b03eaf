"""The forms of the request page, and why the user may not use each of them."""

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
from domain.errors import LedgerError
from domain.history.state import PatientHistory
from domain.review.assess_request import RequestAssessment

PLAN: Final = tuple(requests.PlannedInfusion.model_fields)
"""The fields of the planned infusion. They are recorded also if they are empty: then nothing is planned."""


@dataclass(frozen=True, slots=True)
class RequestAct:
    """A form of the request page. `decides` is true if the command needs the assessment that the user saw."""

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
"""The forms that the page shows first."""

MORE: Final = (
    RequestAct("supply-information", "Add facts or a document", requests.SupplyInformation),
    RequestAct("correct", "Correct what was stated", requests.CorrectStatement),
    RequestAct("correct-receipt", "Correct the receipt", requests.CorrectReceipt),
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
    RequestAct("confirm-approval", "Confirm the approval", determinations.ConfirmApproval),
    RequestAct("rescind-approval", "Take the approval back", determinations.RescindApproval, "grave"),
)
"""The forms that the page shows in a menu."""

ACTS: Final = (*FIRST, *MORE)


def _to_caller(sent: SentForm, _: UUID) -> Mapping[str, Any]:
    return {"to": sent.commanding.caller.actor}


def _whole_plan(sent: SentForm, _: UUID) -> Mapping[str, Any]:
    return {name: sent.form.text(name) for name in PLAN}


FORMS: Final[dict[str, FormCommand]] = {
    **{act.name: FormCommand(act.command) for act in ACTS},
    "supply-information": FormCommand(requests.SupplyInformation, with_document),
    "planned-infusion": FormCommand(requests.ChangePlannedInfusion, _whole_plan),
    "extend-approval": FormCommand(determinations.ExtendApproval),
    "claim": FormCommand(requests.AssignRequest, _to_caller),
    "release": FormCommand(requests.ReleaseRequest),
}


def refusals(
    history: PatientHistory, occasion: Occasion, request_id: str, assessed: RequestAssessment | None
) -> dict[str, LedgerError | None]:
    """For each form, by name, why the user may not use it now, in the words of its decision. None if the user may.

    The form that confirms an approval is left out if there is no approval.
    """
    return {
        act.name: may(history, occasion, act.command, request_id, assessed if act.decides else None)
        for act in ACTS
        if act.command is not determinations.ConfirmApproval or history.approvals
    }
