"""What can be done about a request on its page: each act with its form's name, and why this person can't do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from api.pages.form_commands import why_not
from api.routes.dependencies import Commanding
from domain.commands import Command, determinations, requests
from domain.errors import Conflict, EditionUnknown, LedgerError
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.review.assess_request import Judgement

_SAID: Final = "as it will be said"


@dataclass(frozen=True, slots=True)
class Trying:
    """What a command is tried with, to hear whether this person may: what is beside the question is made up."""

    request: PriorAuthorization
    judgement: Judgement | None
    commanding: Commanding
    now: datetime

    @property
    def digest(self) -> str:
        return self.judgement.digest if self.judgement is not None else "0" * 64

    @property
    def citing(self) -> tuple[str, ...]:
        """A clause that a denial may cite, where there is one."""
        if self.judgement is None:
            return ("1",)
        against = [one.citation for one in self.judgement.assessment.findings if one.answer.value == "not_met"]
        return (against[0],) if against else ("1",)


@dataclass(frozen=True, slots=True)
class RequestAct:
    """`terms` make the command tried; `decides`: it needs the assessment that was looked at."""

    name: str
    label: str
    command: type[BaseModel]
    terms: Callable[[Trying], Mapping[str, Any]]
    tone: str = ""
    decides: bool = False


def _because(_: Trying) -> Mapping[str, Any]:
    return {"reason": _SAID}


def _asked_now(trying: Trying) -> Mapping[str, Any]:
    return {"asked_at": trying.request.received_at, "reason": _SAID}


def _corrected(trying: Trying) -> Mapping[str, Any]:
    statement = trying.request.statement
    changed = statement.model_copy(update={"rems_enrolled": not statement.rems_enrolled})
    return {"statement": changed, "reason": _SAID}


FIRST: Final = (
    RequestAct(
        "approve", "Approve", determinations.ApproveCourse, lambda one: {"assessment_digest": one.digest}, "", True
    ),
    RequestAct(
        "request-information",
        "Ask for information",
        requests.RequestInformation,
        lambda one: {"assessment_digest": one.digest},
        "",
        True,
    ),
    RequestAct(
        "refer",
        "Refer to a clinician",
        determinations.ReferRequest,
        lambda one: {"assessment_digest": one.digest},
        "",
        True,
    ),
    RequestAct(
        "deny",
        "Deny",
        determinations.DenyRequest,
        lambda one: {"assessment_digest": one.digest, "citing": one.citing, "rationale": _SAID},
        "grave",
        True,
    ),
    RequestAct("withdraw", "Withdraw", requests.WithdrawRequest, lambda _: {"by": _SAID, "reason": _SAID}),
)
"""What the page shows at once."""

MORE: Final = (
    RequestAct(
        "supply-information",
        "Add facts or a document",
        requests.SupplyInformation,
        lambda one: {"received_at": one.now, "statement": {"rems_enrolled": True}},
    ),
    RequestAct("correct", "Correct what was stated", requests.CorrectStatement, _corrected),
    RequestAct(
        "prescriber", "Another prescriber", requests.ChangePrescriber, lambda _: {"prescriber": {"name": _SAID}}
    ),
    RequestAct(
        "planned-infusion",
        "Planned infusion",
        requests.ChangePlannedInfusion,
        lambda _: {"planned_first_infusion_on": None, "planned_site": _SAID},
    ),
    RequestAct("remind", "Record a reminder", requests.SendReminder, lambda _: {"channel": "fax"}),
    RequestAct("expedite", "Grant expediting", requests.ExpediteRequest, _asked_now),
    RequestAct("refuse-expediting", "Refuse expediting", requests.RefuseExpediting, _asked_now),
    RequestAct("extend-clock", "Extend the clock", requests.ExtendClock, lambda _: {"reason": _SAID, "notice": _SAID}),
    RequestAct("offer-peer-to-peer", "Offer a peer-to-peer talk", requests.OfferPeerToPeer, lambda _: {}),
    RequestAct(
        "hold-peer-to-peer",
        "Record the peer-to-peer talk",
        requests.HoldPeerToPeer,
        lambda _: {"with_whom": _SAID, "outcome": _SAID},
    ),
    RequestAct(
        "dismiss", "Dismiss", requests.DismissRequest, lambda _: {"ground": "improperly_filed", "reason": _SAID}
    ),
    RequestAct("reopen", "Reopen", requests.ReopenRequest, _because),
    RequestAct(
        "rescind-approval",
        "Take the approval back",
        determinations.RescindApproval,
        lambda _: {"ground": "safety", "reason": _SAID},
        "grave",
    ),
)  # fmt: skip

ACTS: Final = {one.name: one for one in (*FIRST, *MORE)}


def refusals(
    commanding: Commanding,
    history: PatientHistory,
    request: PriorAuthorization,
    judgement: Judgement | None,
    now: datetime,
) -> dict[str, LedgerError | None]:
    """By act, why this person can't do it as things stand: the domain's own words, from trying it without recording."""
    trying = Trying(request, judgement, commanding, now)
    found: dict[str, LedgerError | None] = {}
    for one in ACTS.values():
        if one.decides and judgement is None:
            found[one.name] = EditionUnknown(
                "no edition of the policy is known for the day of receipt", remedy="import what was decided elsewhere"
            )
            continue
        command: Command = one.command(request_id=request.request_id, **one.terms(trying))  # type: ignore[assignment]
        found[one.name] = why_not(commanding, history, command)
    if judgement is not None and not judgement.assessment.needed and found["request-information"] is None:
        found["request-information"] = Conflict("nothing is undetermined", remedy="decide the request")
    return found
