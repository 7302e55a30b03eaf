"""Routes of commands on a request, its documents, its notices, and its approval."""

from __future__ import annotations

from typing import Final

from api.http.examples import DIGEST, PATIENT, REVIEWER
from api.routes.commands.route_factory import CommandRoute
from domain.commands import determinations, requests

_DOCUMENT: Final = {
    "name": "MRI of the head, 2026-03-30",
    "kind": "mri_report",
    "media_type": "application/pdf",
    "size_bytes": 48213,
    "sha256": DIGEST,
    "clause": "1.A.iii.d(3)",
}

ACTS: Final[tuple[CommandRoute, ...]] = (
    CommandRoute(
        "/requests/{request_id}/request-information",
        requests.RequestInformation,
        "Request exactly the information that the viewed assessment needs. With `extend`, the deadline is extended for "
        "it, and paused.",
        {
            "assessment_digest": DIGEST,
            "note": "Please send the report of the last MRI.",
            "extend": {"notice": "We need the report of the last MRI, and until 2026-05-20 to decide."},
        },
    ),
    CommandRoute(
        "/requests/{request_id}/supply-information",
        requests.SupplyInformation,
        "Add facts and documents to a request, requested or not. Only the given facts change. Store documents first.",
        {
            "received_at": "2026-04-22T15:00:00Z",
            "statement": {"hiv_infection": False},
            "documents": [_DOCUMENT],
        },
    ),
    CommandRoute(
        "/requests/{request_id}/correct",
        requests.CorrectStatement,
        "Replace the statement of the request with a complete corrected statement (R23).",
        {
            "statement": {"diagnosis": "multiple_sclerosis", "ms_form": "active_secondary_progressive"},
            "reason": "The form of MS was misread from the fax.",
        },
    ),
    CommandRoute(
        "/requests/{request_id}/correct-receipt",
        requests.CorrectReceipt,
        "Correct when and how the request was received (R23). The policy version and the deadline follow it (R21).",
        {
            "received_at": "2026-04-17T20:40:00Z",
            "receipt_source": "fax",
            "reason": "The fax was received on Friday and entered on Monday.",
        },
    ),
    CommandRoute(
        "/requests/{request_id}/remind",
        requests.SendReminder,
        "Record that a reminder of the requested information was sent.",
        {"channel": "fax", "note": "Second reminder."},
    ),
    CommandRoute(
        "/requests/{request_id}/planned-infusion",
        requests.ChangePlannedInfusion,
        "Change the planned day or the site of the first infusion.",
        {"planned_first_infusion_on": "2026-05-11", "planned_site": "Infusion Center West"},
    ),
    CommandRoute(
        "/requests/{request_id}/prescriber",
        requests.ChangePrescriber,
        "Change the prescriber or the consultation.",
        {"prescriber": {"name": "Nils Neuro", "specialty": "neurology"}},
    ),
    CommandRoute(
        "/requests/{request_id}/assign",
        requests.AssignRequest,
        "Assign the request to a user of the plan.",
        {"to": REVIEWER},
    ),
    CommandRoute(
        "/requests/{request_id}/release", requests.ReleaseRequest, "Remove the assignment of the request.", {}
    ),
    CommandRoute(
        "/requests/{request_id}/withdraw",
        requests.WithdrawRequest,
        "Record that the provider office or the patient withdrew the request. No determination is made.",
        {"by": "Nora Neuro", "reason": "The infusions are put off."},
    ),
    CommandRoute(
        "/requests/{request_id}/dismiss",
        requests.DismissRequest,
        "Dismiss a duplicate or improperly filed request without a determination.",
        {
            "ground": "duplicate",
            "duplicate_of": f"{PATIENT}.r1",
            "reason": "The same fax was received twice.",
        },
    ),
    CommandRoute(
        "/requests/{request_id}/reopen",
        requests.ReopenRequest,
        "Reopen a denied, withdrawn or dismissed request. The earlier determination stays on record.",
        {"reason": "New evidence came with the peer-to-peer conversation."},
    ),
    CommandRoute(
        "/requests/{request_id}/offer-peer-to-peer",
        requests.OfferPeerToPeer,
        "Record that a peer-to-peer conversation with a clinician of the plan was offered.",
        {"until": "2026-05-04", "note": "By telephone."},
    ),
    CommandRoute(
        "/requests/{request_id}/hold-peer-to-peer",
        requests.HoldPeerToPeer,
        "Record a peer-to-peer conversation and its outcome.",
        {"with_whom": "Nora Neuro", "outcome": "The office will send the MRI report."},
    ),
    CommandRoute(
        "/requests/{request_id}/expedite",
        requests.ExpediteRequest,
        "Expedite the request. The urgent deadline is counted from the request to expedite.",
        {"asked_at": "2026-04-22T15:00:00Z", "reason": "Rapid worsening."},
    ),
    CommandRoute(
        "/requests/{request_id}/refuse-expediting",
        requests.RefuseExpediting,
        "Refuse to expedite the request, with the reason. The standard deadline stays in effect.",
        {"asked_at": "2026-04-22T15:00:00Z", "reason": "No harm from the standard time."},
    ),
    CommandRoute(
        "/requests/{request_id}/extend-clock",
        requests.ExtendClock,
        "Extend the deadline within the limits of the rules, with the reason and the text of the notice.",
        {
            "reason": "The chart notes are not complete.",
            "notice": "We need until 2026-05-20, because the chart notes are not complete.",
        },
    ),
    CommandRoute(
        "/requests/{request_id}/notices",
        requests.IssueNotice,
        "Record that a notice was sent.",
        {
            "kind": "denial",
            "channel": "mail",
            "addressee": "The patient and the prescriber",
            "issued_at": "2026-04-28T15:00:00Z",
        },
        creates=True,
    ),
    CommandRoute(
        "/notices/{notice_id}/delivered",
        requests.RecordDelivery,
        "Record that a notice was delivered.",
        {"delivered_at": "2026-04-28T15:30:00Z"},
    ),
    CommandRoute(
        "/requests/{request_id}/extend-approval",
        determinations.ExtendApproval,
        "Extend an approval in effect by 30 days. A new assessment must recommend approval (R10).",
        {"assessment_digest": DIGEST},
    ),
    CommandRoute(
        "/requests/{request_id}/rescind-approval",
        determinations.RescindApproval,
        "Rescind an approval because coverage ended, the drug was stopped, for safety, or by later information.",
        {"ground": "safety", "reason": "A serious infusion reaction."},
    ),
    CommandRoute(
        "/requests/{request_id}/confirm-approval",
        determinations.ConfirmApproval,
        "State why an approval stays, although a later report speaks against its path or its twelve months (R27).",
        {"reason": "The report is of another member with the same name. The office confirmed it by phone."},
    ),
    CommandRoute(
        "/requests/{request_id}/past-determination",
        determinations.ImportPastDetermination,
        "Import an earlier determination of an imported request from another record.",
        {"outcome": "denied", "decided_on": "2026-04-21", "citing": ["1.B.iv"]},
    ),
    CommandRoute(
        "/documents/{document_id}/review",
        requests.ReviewDocument,
        "Record the review of a document: whether it supports the finding of a clause (R14).",
        {"clause": "1.A.iii.d(3)", "supports": True},
    ),
    CommandRoute(
        "/documents/{document_id}/correct",
        requests.CorrectDocument,
        "Correct the name, the kind or the clause of a document. Its content can't be changed.",
        {"kind": "chart_note", "reason": "It is a note, not a report."},
    ),
    CommandRoute(
        "/documents/{document_id}/void",
        requests.VoidDocument,
        "Remove a document that was filed in error. It stays visible and supports no finding.",
        {"reason": "It is of another patient."},
    ),
)
