"""The life of a request, its documents, notices, and what becomes of its approval."""

from __future__ import annotations

from typing import Final

from api.http.examples import DIGEST, PATIENT, REVIEWER
from api.routes.commands.route_factory import Act
from domain.commands import determinations, requests

_DOCUMENT: Final = {
    "name": "MRI of the head, 2026-03-30",
    "kind": "mri_report",
    "media_type": "application/pdf",
    "size_bytes": 48213,
    "sha256": DIGEST,
    "clause": "1.A.iii.d(3)",
}

ACTS: Final[tuple[Act, ...]] = (
    Act(
        "/requests/{request_id}/request-information",
        requests.RequestInformation,
        "Ask for exactly what the assessment that was looked at leaves undetermined.",
        {"assessment_digest": DIGEST, "note": "Please send the report of the last MRI."},
    ),
    Act(
        "/requests/{request_id}/supply-information",
        requests.SupplyInformation,
        "Facts and documents for a request, asked for or not; only what is given changes. Documents are stored first.",
        {
            "received_at": "2026-04-22T15:00:00Z",
            "statement": {"hiv_infection": False},
            "documents": [_DOCUMENT],
        },
    ),
    Act(
        "/requests/{request_id}/correct",
        requests.CorrectStatement,
        "What was submitted was wrong: the facts whole, as they should have been stated (R23).",
        {
            "statement": {"diagnosis": "multiple_sclerosis", "ms_form": "active_secondary_progressive"},
            "reason": "The form of MS was misread from the fax.",
        },
    ),
    Act(
        "/requests/{request_id}/remind",
        requests.SendReminder,
        "A reminder of what is still asked for was sent.",
        {"channel": "fax", "note": "Second reminder."},
    ),
    Act(
        "/requests/{request_id}/planned-infusion",
        requests.ChangePlannedInfusion,
        "The planned first infusion day, or the site, is another now.",
        {"planned_first_infusion_on": "2026-05-11", "planned_site": "Infusion Centre West"},
    ),
    Act(
        "/requests/{request_id}/prescriber",
        requests.ChangePrescriber,
        "Another prescriber asks now, or another specialist was consulted.",
        {"prescriber": {"name": "Nils Neuro", "specialty": "neurology"}},
    ),
    Act(
        "/requests/{request_id}/assign",
        requests.AssignRequest,
        "Somebody of the plan has the request now.",
        {"to": REVIEWER},
    ),
    Act("/requests/{request_id}/release", requests.ReleaseRequest, "Nobody has the request now.", {}),
    Act(
        "/requests/{request_id}/withdraw",
        requests.WithdrawRequest,
        "Whoever asked takes the request back; nothing is decided.",
        {"by": "Nora Neuro", "reason": "The infusions are put off."},
    ),
    Act(
        "/requests/{request_id}/dismiss",
        requests.DismissRequest,
        "Not decided: a duplicate of another request, or improperly filed.",
        {
            "ground": "duplicate",
            "duplicate_of": f"{PATIENT}.r1",
            "reason": "The same fax came twice.",
        },
    ),
    Act(
        "/requests/{request_id}/reopen",
        requests.ReopenRequest,
        "A request that was denied, withdrawn or dismissed is to be decided again; what was decided stays on record.",
        {"reason": "New evidence came with the peer-to-peer conversation."},
    ),
    Act(
        "/requests/{request_id}/offer-peer-to-peer",
        requests.OfferPeerToPeer,
        "A conversation with a clinician of the plan was offered.",
        {"until": "2026-05-04", "note": "By telephone."},
    ),
    Act(
        "/requests/{request_id}/hold-peer-to-peer",
        requests.HoldPeerToPeer,
        "The conversation took place, and what came of it.",
        {"with_whom": "Nora Neuro", "outcome": "The office will send the MRI report."},
    ),
    Act(
        "/requests/{request_id}/expedite",
        requests.ExpediteRequest,
        "Expediting is granted: the urgent clock runs from when it was asked for.",
        {"asked_at": "2026-04-22T15:00:00Z", "reason": "Rapid worsening."},
    ),
    Act(
        "/requests/{request_id}/refuse-expediting",
        requests.RefuseExpediting,
        "Expediting is refused, and why; the standard clock stays.",
        {"asked_at": "2026-04-22T15:00:00Z", "reason": "No harm from the standard time."},
    ),
    Act(
        "/requests/{request_id}/extend-clock",
        requests.ExtendClock,
        "The plan takes the time that the clock's table allows, with what the claimant is told.",
        {
            "reason": "The chart notes are not complete.",
            "notice": "We need until 2026-05-20, because the chart notes are not complete.",
        },
    ),
    Act(
        "/requests/{request_id}/notices",
        requests.IssueNotice,
        "A notice left the plan.",
        {
            "kind": "denial",
            "channel": "mail",
            "addressee": "The patient and the prescriber",
            "issued_at": "2026-04-28T15:00:00Z",
        },
        made=True,
    ),
    Act(
        "/notices/{notice_id}/delivered",
        requests.RecordDelivery,
        "The notice arrived.",
        {"delivered_at": "2026-04-28T15:30:00Z"},
    ),
    Act(
        "/requests/{request_id}/extend-approval",
        determinations.ExtendApproval,
        "Thirty days more for an approval in force, after a fresh assessment that recommends it (R10).",
        {"assessment_digest": DIGEST},
    ),
    Act(
        "/requests/{request_id}/rescind-approval",
        determinations.RescindApproval,
        "A clinician takes the approval back: coverage ended, the drug was stopped, or safety.",
        {"ground": "safety", "reason": "A serious infusion reaction."},
    ),
    Act(
        "/requests/{request_id}/past-determination",
        determinations.ImportPastDetermination,
        "How another record says that this request was determined, before this ledger kept determinations.",
        {"outcome": "denied", "decided_on": "2026-04-21", "citing": ["1.B.iv"]},
    ),
    Act(
        "/documents/{document_id}/review",
        requests.ReviewDocument,
        "A person of the plan read the document: it supports the finding of the clause, or does not (R14).",
        {"clause": "1.A.iii.d(3)", "supports": True},
    ),
    Act(
        "/documents/{document_id}/correct",
        requests.CorrectDocument,
        "What was said of the document was wrong; its bytes never change.",
        {"kind": "chart_note", "reason": "It is a note, not a report."},
    ),
    Act(
        "/documents/{document_id}/void",
        requests.VoidDocument,
        "The document does not belong here, and supports nothing.",
        {"reason": "It is of another patient."},
    ),
)
