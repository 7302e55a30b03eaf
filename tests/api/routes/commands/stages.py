"""Histories on which the further commands, rows of `api.routes.commands`, would each be accepted next.

One kind serves many.

A kind is made by the API in a few commands, and says for each row that it serves what would be sent.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from api.routes.commands import COMMAND_ROUTES
from domain.commands.requests import SubmitRequest
from domain.events.base import ImportedFrom
from tests.api.routes.commands.acts import (
    ALMA,
    APPEALS,
    CLAIMS,
    FAILS,
    MEETS_A,
    MRI,
    NURSE,
    OFFICE,
    PENDS,
    PHYSICIAN,
    REASON,
    RECEIVED,
    Api,
    Json,
    claim,
    dose,
    request,
)
from tests.api.routes.commands.stage import Stage
from tests.story import NURSE as IMPORTER

ACT_OF = {act.name: act for act in COMMAND_ROUTES}
NOW = "2026-04-28T15:30:00Z"
Bodies = dict[str, Json]


def person(api: Api, member_id: str) -> tuple[Json, Bodies]:
    """A patient with a second member id, a report of treatment elsewhere, a dose, and a namesake."""
    patient, namesake = api.opened(member_id), api.opened(f"{member_id}-namesake")
    second = {"issuer": "plan", "member_id": f"{member_id}-second"}
    api.did_to(patient, "identifiers", member=second)
    report = api.reported(patient, {"doses_given": 5, "last_dose_on": "2024-03", "completed": True})["made"][0]
    dose = api.dosed(patient, "2026-04-20")[0]["dose_id"]
    third = second | {"member_id": f"{member_id}-third"}
    agent = {"actor": NURSE, "product": "Ocrevus", "on": "2026-03", "source": "Claim of another drug."}
    return {"patient_id": patient, "report_id": report, "dose_id": dose}, {
        "correct_demographics": REASON | {"birth_date": "1988-05-18", "name": "Alma Example"},
        "add_member_identifier": {"actor": NURSE, "member": third},
        "retire_member_identifier": REASON | {"member": second},
        "link_histories": REASON | {"other_patient_id": namesake},
        "change_line_of_business": {"actor": CLAIMS, "on": "2026-04-01", "line_of_business": "medicaid"},
        "name_representative": {"actor": NURSE, "name": "Berta Synthetic", "relationship": "appointed"},
        "record_death": {"actor": NURSE, "on": "2026-04", "source": "Letter of the family."},
        "record_agent_started": agent,
        "record_agent_stopped": agent,
        "correct_prior_treatment": REASON | {"courses": [{"doses_given": 4, "completed": False}]},
        "attribute_report": REASON | {"tells_of": "other_doses"},
        "void_prior_treatment": REASON,
        "correct_dose": REASON | {"on": "2026-04-19"},
    }


def mistaken(api: Api, member_id: str) -> tuple[Json, Bodies]:
    """Two histories are linked; a death, a dose after it, and the start of another agent are on record."""
    patient, namesake = api.opened(member_id), api.opened(f"{member_id}-namesake")
    api.did_to(patient, "link", **REASON | {"other_patient_id": namesake})
    api.did_to(patient, "death", on="2026-04", source="Letter of the family.")
    dose = api.dosed(patient, "2026-04-20")[0]["dose_id"]
    api.did_to(patient, "agents/started", product="Ocrevus", on="2026-03", source="Claim of another drug.")
    return {"patient_id": patient, "dose_id": dose, "agent_entry_id": f"{patient}.g1"}, {
        "review_dose": REASON,
        "unlink_histories": REASON | {"other_patient_id": namesake},
        "void_death_record": REASON,
        "void_agent_entry": REASON,
    }


def claimed(api: Api, member_id: str) -> tuple[Json, Bodies]:
    """A claim line of two doses, of which the days are not stated."""
    patient = api.opened(member_id)
    entry = api.did(f"/patients/{patient}/doses", dose("2026-04-20", "CLM-1", source="claim", mg=24))["dose_id"]
    return {"patient_id": patient, "dose_id": entry}, {
        "state_dose_days": REASON | {"days": 2},
    }


def claimed_twice(api: Api, member_id: str) -> tuple[Json, Bodies]:
    """A second entry of a day waits for a person."""
    patient = api.opened(member_id)
    api.dosed(patient, "2026-04-20")
    entry = api.did(f"/patients/{patient}/doses", dose("2026-04-20", "CLM-1", source="claim"))["dose_id"]
    return {"patient_id": patient, "dose_id": entry}, {"confirm_part_of_dose": REASON}


def claim_voided(api: Api, member_id: str) -> tuple[Json, Bodies]:
    """The only claim of a dose is voided."""
    patient = api.opened(member_id)
    entry = api.did(f"/patients/{patient}/doses", dose("2026-04-20", "CLM-1", source="claim"))["dose_id"]
    api.did(f"/patients/{patient}/claims", claim("CLM-1", claim_status="void"))
    return {"patient_id": patient, "dose_id": entry}, {"settle_voided_claim": REASON | {"finding": "not_given"}}


def pending(api: Api, member_id: str) -> tuple[Json, Bodies]:
    """A request that waits for a document, which nobody has asked for yet; its bytes are stored."""
    patient = api.opened(member_id)
    seen = api.submitted(patient, PENDS)
    document = api.stored(patient)
    received_at = seen["request"]["received_at"]
    expediting = {"actor": NURSE, "asked_at": received_at, "reason": "Rapid worsening."}
    extension = {"reason": "The notes are not complete.", "notice": "We need until 2026-05-20 for the notes."}
    return {"patient_id": patient, "request_id": seen["request"]["request_id"]}, {
        "request_information": {"actor": NURSE, "assessment_digest": seen["assessment_digest"]},
        "supply_information": {"actor": OFFICE, "received_at": received_at, "documents": [document]},
        "correct_statement": REASON | {"statement": MEETS_A},
        "correct_receipt": REASON | {"received_at": "2026-04-17T20:40:00Z", "receipt_source": "fax"},
        "change_planned_infusion": {
            "actor": OFFICE, "planned_first_infusion_on": "2026-05-11", "planned_site": "Infusion Centre West",
        },
        "change_prescriber": {"actor": OFFICE, "prescriber": {"name": "Nils Neuro", "specialty": "neurology"}},
        "assign_request": {"actor": NURSE, "to": PHYSICIAN},
        "withdraw_request": {"actor": OFFICE, "by": "Nora Neuro", "reason": "The infusions are put off."},
        "dismiss_request": REASON | {"ground": "improperly_filed"},
        "offer_peer_to_peer": {"actor": NURSE, "until": "2026-05-04"},
        "hold_peer_to_peer": {"actor": PHYSICIAN, "with_whom": "Nora Neuro", "outcome": "A report will come."},
        "expedite_request": expediting,
        "refuse_expediting": expediting,
        "extend_clock": {"actor": NURSE} | extension,
    }  # fmt: skip


def answered(api: Api, member_id: str) -> tuple[Json, Bodies]:
    """Information was asked for, and a notice told of it; a document came, and somebody has the request."""
    ids, bodies = pending(api, member_id)
    request_id = ids["request_id"]
    api.did_to(request_id, "request-information", assessment_digest=bodies["request_information"]["assessment_digest"])
    notice = {"kind": "information_needed", "channel": "fax", "addressee": "Nora Neuro", "issued_at": NOW}
    told = api.did_to(request_id, "notices", **notice)["made"][0]
    # It is meant for another clause, so what was asked for is still not answered.
    brought = bodies["supply_information"]["documents"][0] | {"clause": "1.A.iii.d(1)"}
    at = bodies["supply_information"]["received_at"]
    document = api.did_to(request_id, "supply-information", OFFICE, received_at=at, documents=[brought])["made"][0]
    api.did_to(request_id, "assign", to=NURSE)
    return ids | {"document_id": document, "notice_id": told}, {
        "send_reminder": {"actor": NURSE, "channel": "fax"},
        "release_request": {"actor": NURSE},
        "issue_notice": {"actor": NURSE} | notice,
        "record_delivery": {"actor": NURSE, "delivered_at": NOW},
        "review_document": {"actor": NURSE, "clause": MRI, "supports": True},
        "correct_document": REASON | {"kind": "chart_note", "clause": MRI},
        "void_document": REASON,
    }


def approved(api: Api, member_id: str) -> tuple[Json, Bodies]:
    """A first course is approved, and nothing of it is given."""
    patient = api.opened(member_id)
    seen = api.submitted(patient)
    assert api.decided("approve", seen).status_code == 200
    return {"patient_id": patient, "request_id": seen["request"]["request_id"]}, {
        "extend_approval": {"actor": NURSE, "assessment_digest": seen["assessment_digest"]},
        "rescind_approval": REASON | {"actor": PHYSICIAN, "ground": "safety"},
    }


def questioned(api: Api, member_id: str) -> tuple[Json, Bodies]:
    """A first course is approved, and a completed course was reported since."""
    ids, _ = approved(api, member_id)
    api.reported(ids["patient_id"], {"doses_given": 5, "last_dose_on": "2024-03", "completed": True})
    return ids, {"confirm_approval": REASON | {"actor": PHYSICIAN}}


def imported(api: Api, member_id: str) -> tuple[Json, Bodies]:
    """A request that came by an import: over HTTP none is received as such."""
    patient = api.opened(member_id)
    command = SubmitRequest.model_validate(
        {name: value for name, value in request(received_at=RECEIVED).items() if name != "actor"}
    )
    came_from = ImportedFrom(source="old", reference="R-1")
    outcome = api.ledger.execute(UUID(patient), command, IMPORTER, imported_from=came_from)
    return {"patient_id": patient, "request_id": outcome.history.requests[0].request_id}, {
        "import_past_determination": {
            "actor": NURSE, "outcome": "denied", "decided_on": "2026-04-21", "citing": ["1.A.iii"],
        },
    }  # fmt: skip


def denied(api: Api, member_id: str) -> tuple[Json, Bodies]:
    patient = api.opened(member_id)
    return {"patient_id": patient, "request_id": api.denied(patient, FAILS)}, {
        "reopen_request": REASON | {"actor": PHYSICIAN},
        "file_appeal": {"actor": OFFICE, "received_at": NOW, "grounds": "Two agents failed before.", "filer": ALMA},
    }


def appealed(api: Api, member_id: str) -> tuple[Json, Bodies]:
    """An appeal is open, and the assessment for its decision was shown."""
    ids, bodies = denied(api, member_id)
    appeal = api.did(f"/requests/{ids['request_id']}/appeals", bodies["file_appeal"])["made"][0]
    deciding = {"actor": APPEALS, "assessment_digest": api.digest(ids["request_id"]), "rationale": "No agent failed."}
    received_at = api.ledger.history(UUID(ids["patient_id"])).requests[-1].received_at.isoformat()
    evidence = {"actor": OFFICE, "received_at": received_at, "statement": {"agents": MEETS_A["agents"]}}
    return ids | {"appeal_id": appeal}, {
        "add_appeal_evidence": evidence,
        "assign_appeal": {"actor": NURSE, "to": APPEALS},
        "decide_appeal": deciding | {"outcome": "upheld", "citing": ["1.A.iii"]},
        "withdraw_appeal": {"actor": OFFICE, "by": "Alma Synthetic", "reason": "Another treatment was begun."},
        "dismiss_appeal": REASON | {"ground": "improperly_filed"},
    }


def upheld(api: Api, member_id: str) -> tuple[Json, Bodies]:
    ids, bodies = appealed(api, member_id)
    api.did(f"/appeals/{ids['appeal_id']}/decide", bodies["decide_appeal"])
    return ids, {"hand_on_appeal": {"actor": NURSE, "organisation": "Independent Review East"}}


def handed_on(api: Api, member_id: str) -> tuple[Json, Bodies]:
    ids, bodies = upheld(api, member_id)
    api.did(f"/appeals/{ids['appeal_id']}/hand-on", bodies["hand_on_appeal"])
    answer = {"received_on": "2026-04-28", "outcome": "overturned", "rationale": "The criterion is met."}
    return ids, {
        "record_external_answer": {"actor": APPEALS, "assessment_digest": api.digest(ids["request_id"])} | answer,
    }


Kind = Callable[[Api, str], tuple[Json, Bodies]]
SERVES: dict[Kind, tuple[str, ...]] = {
    person: (
        "correct_demographics", "add_member_identifier", "retire_member_identifier", "link_histories",
        "change_line_of_business", "name_representative", "record_death", "record_agent_started",
        "record_agent_stopped", "correct_prior_treatment", "void_prior_treatment", "attribute_report",
        "correct_dose",
    ),
    mistaken: ("unlink_histories", "void_death_record", "review_dose", "void_agent_entry"),
    claimed: ("state_dose_days",),
    claimed_twice: ("confirm_part_of_dose",),
    claim_voided: ("settle_voided_claim",),
    questioned: ("confirm_approval",),
    pending: (
        "request_information", "supply_information", "correct_statement", "correct_receipt", "change_planned_infusion",
        "change_prescriber", "assign_request", "withdraw_request", "dismiss_request", "offer_peer_to_peer",
        "hold_peer_to_peer", "expedite_request", "refuse_expediting", "extend_clock",
    ),
    answered: (
        "send_reminder", "release_request", "issue_notice", "record_delivery", "review_document", "correct_document",
        "void_document",
    ),
    approved: ("extend_approval", "rescind_approval"),
    imported: ("import_past_determination",),
    denied: ("reopen_request", "file_appeal"),
    appealed: ("add_appeal_evidence", "assign_appeal", "decide_appeal", "withdraw_appeal", "dismiss_appeal"),
    upheld: ("hand_on_appeal",),
    handed_on: ("record_external_answer",),
}  # fmt: skip
KIND_OF: dict[str, Kind] = {name: kind for kind, names in SERVES.items() for name in names}
assert set(KIND_OF) == set(ACT_OF), "every row of the table has a history on which it is accepted"
KINDS = tuple(SERVES)


def staged(api: Api, kind: Kind, member_id: str) -> Stage:
    ids, bodies = kind(api, member_id)
    paths = {name: ACT_OF[name].path.format(**ids) for name in bodies}
    return Stage(api, ids["patient_id"], paths, bodies, ids)
