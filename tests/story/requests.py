"""Steps of a request's life: what is asked and what comes, documents, who has it, its clock, its notices."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from domain.commands import Command
from domain.commands.requests import (
    AssignRequest,
    ChangePlannedInfusion,
    ChangePrescriber,
    CorrectDocument,
    CorrectReceipt,
    CorrectStatement,
    DismissRequest,
    ExpediteRequest,
    ExtendClock,
    HoldPeerToPeer,
    IssueNotice,
    OfferPeerToPeer,
    RecordDelivery,
    RefuseExpediting,
    ReleaseRequest,
    ReopenRequest,
    RequestInformation,
    ReviewDocument,
    SendReminder,
    SupplyInformation,
    VoidDocument,
    WithdrawRequest,
)
from domain.people import Actor
from domain.review.assess_request import request_assessment
from tests.story.people import NURSE, OFFICE, PHYSICIAN
from tests.story.scenario import Scenario, Step

MRI = "1.A.iii.d(3)"


def sent(name: str, clause: str | None = None, **values: Any) -> dict[str, Any]:
    """A document as it is sent; its bytes are those of its name."""
    return {
        "name": name,
        "kind": "mri_report",
        "media_type": "application/pdf",
        "size_bytes": 4821,
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        "clause": clause,
    } | values


def _of_request(kind: type[Any], values: dict[str, Any]) -> Callable[[Scenario], Command]:
    def make(scenario: Scenario) -> Command:
        command: Command = kind.model_validate({"request_id": scenario.known.requests[-1].request_id} | values)
        return command

    return make


# -- what is asked, and what comes ------------------------------------------------------------


def information_requested(**values: Any) -> Step:
    """After viewing the assessment of the day."""

    def make(scenario: Scenario) -> Command:
        digest = request_assessment(scenario.known, scenario.known.requests[-1], scenario.today).digest
        return _of_request(RequestInformation, {"assessment_digest": digest} | values)(scenario)

    return Step(make)


def supplied(
    statement: dict[str, Any] | None = None, *documents: dict[str, Any], on: str | None = None, **values: Any
) -> Step:
    def make(scenario: Scenario) -> Command:
        facts = {
            "received_at": f"{on or scenario.today.isoformat()}T10:30:00-05:00",
            "statement": statement or {},
            "documents": list(documents),
        }
        return _of_request(SupplyInformation, facts | values)(scenario)

    return Step(make, OFFICE)


def statement_corrected(statement: dict[str, Any], **values: Any) -> Step:
    return Step(_of_request(CorrectStatement, {"statement": statement, "reason": "Misread from the fax."} | values))


def receipt_corrected(on: str, **values: Any) -> Step:
    terms = {"received_at": f"{on}T09:00:00-05:00", "receipt_source": "fax", "reason": "It came by fax earlier."}
    return Step(_of_request(CorrectReceipt, terms | values))


def reminded() -> Step:
    return Step(_of_request(SendReminder, {"channel": "fax"}))


# -- documents --------------------------------------------------------------------------------


def _of_document(kind: type[Any], number: int, values: dict[str, Any]) -> Callable[[Scenario], Command]:
    def make(scenario: Scenario) -> Command:
        patient = scenario.known.patient_id
        command: Command = kind.model_validate({"document_id": f"{patient}.f{number}"} | values)
        return command

    return make


def reviewed(number: int, clause: str = MRI, *, supports: bool, by: Actor = NURSE) -> Step:
    return Step(_of_document(ReviewDocument, number, {"clause": clause, "supports": supports}), by)


def document_corrected(number: int, **values: Any) -> Step:
    return Step(_of_document(CorrectDocument, number, {"reason": "Filed under another name."} | values))


def document_voided(number: int) -> Step:
    return Step(_of_document(VoidDocument, number, {"reason": "It is of another patient."}))


# -- what is planned, who has it, how it ends -------------------------------------------------


def planned(on: str | None, site: str | None = None) -> Step:
    return Step(_of_request(ChangePlannedInfusion, {"planned_first_infusion_on": on, "planned_site": site}), OFFICE)


def prescribed_by(prescriber: dict[str, Any], consultation: dict[str, Any] | None = None) -> Step:
    return Step(_of_request(ChangePrescriber, {"prescriber": prescriber, "consultation": consultation}), OFFICE)


def assigned(to: Actor) -> Step:
    return Step(_of_request(AssignRequest, {"to": to}))


def released() -> Step:
    return Step(_of_request(ReleaseRequest, {}))


def withdrawn() -> Step:
    return Step(_of_request(WithdrawRequest, {"by": "Nora Neuro", "reason": "The infusions are put off."}), OFFICE)


def dismissed(ground: str = "improperly_filed", duplicate_of: int | None = None, **values: Any) -> Step:
    def make(scenario: Scenario) -> Command:
        other = f"{scenario.known.patient_id}.r{duplicate_of}" if duplicate_of is not None else None
        terms = {"ground": ground, "duplicate_of": other, "reason": "The fax came twice."}
        return _of_request(DismissRequest, terms | values)(scenario)

    return Step(make)


def reopened(by: Actor = PHYSICIAN) -> Step:
    return Step(_of_request(ReopenRequest, {"reason": "New evidence came."}), by)


def peer_to_peer_offered(**values: Any) -> Step:
    return Step(_of_request(OfferPeerToPeer, values))


def peer_to_peer_held(on: str | None = None) -> Step:
    held = {"on": on, "with_whom": "Nora Neuro", "outcome": "The office will send the report."}
    return Step(_of_request(HoldPeerToPeer, held), PHYSICIAN)


# -- the clock, and notices -------------------------------------------------------------------


def expedited(asked_at: str) -> Step:
    return Step(_of_request(ExpediteRequest, {"asked_at": asked_at, "reason": "Rapid worsening."}))


def expediting_refused(asked_at: str) -> Step:
    return Step(_of_request(RefuseExpediting, {"asked_at": asked_at, "reason": "No harm from the standard time."}))


def clock_extended(**values: Any) -> Step:
    terms = {"reason": "The chart is not complete.", "notice": "We need more time, because the chart is not complete."}
    return Step(_of_request(ExtendClock, terms | values))


def noticed(kind: str, issued_at: str, **values: Any) -> Step:
    terms = {"kind": kind, "channel": "mail", "addressee": "Patient and prescriber", "issued_at": issued_at}
    return Step(_of_request(IssueNotice, terms | values))


def delivered(at: str, number: int = 1) -> Step:
    def make(scenario: Scenario) -> Command:
        return RecordDelivery.model_validate(
            {"notice_id": f"{scenario.known.patient_id}.n{number}", "delivered_at": at}
        )

    return Step(make)
