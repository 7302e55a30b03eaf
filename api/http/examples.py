"""Examples for the OpenAPI document: synthetic people, and ids that exist in no ledger."""

from __future__ import annotations

from typing import Any, Final

PATIENT: Final = "11111111-2222-4333-8444-555555555555"
MEMBER: Final[dict[str, Any]] = {"issuer": "plan", "member_id": "SYN-0001"}
REVIEWER: Final[dict[str, Any]] = {"id": "r.nurse", "name": "Rosa Review", "role": "reviewer", "credential": "nurse"}
DOSING: Final[dict[str, Any]] = {"mg_per_day": 12, "consecutive_days": 5, "route": "intravenous"}
DIGEST: Final = "0" * 64

OPEN_HISTORY: Final[dict[str, Any]] = {
    "member": MEMBER,
    "name": "Alma Synthetic",
    "birth_date": "1988-05-17",
}
REPORT: Final[dict[str, Any]] = {
    "source": "other_plan",
    "reference": "OTHER-77",
    "courses": [{"doses_given": 5, "mg_total": 60, "last_dose_on": "2025-03", "completed": True}],
}
SUBMIT: Final[dict[str, Any]] = {
    "received_at": "2026-04-20T14:05:00Z",
    "line_of_business": "commercial",
    "urgency": "standard",
    "prescriber": {"name": "Nora Neuro", "specialty": "neurology", "credential": "physician"},
    "planned_first_infusion_on": "2026-05-04",
    "statement": {
        "diagnosis": "multiple_sclerosis",
        "diagnosis_codes": ["G35.A"],
        "ms_form": "relapsing_remitting",
        "received_lemtrada": False,
        "agents": [
            {"product": "Ocrevus", "outcome": "inadequate_efficacy", "stopped_on": "2026-01"},
            {"product": "Tecfidera", "outcome": "significant_intolerance", "stopped_on": "2024"},
        ],
        "agents_list_is_complete": True,
        "aggressive_disease": {"mri": {"finding": True, "documentation": "attached"}},
        "hiv_infection": False,
        "requested_dosing": DOSING,
    },
}
APPROVE: Final[dict[str, Any]] = {"assessment_digest": DIGEST, "doses": 5}
DENY: Final[dict[str, Any]] = {
    "assessment_digest": DIGEST,
    "citing": ["1.B.iv"],
    "rationale": "Twelve months have not passed since the last dose of the earlier course.",
}
REFER: Final[dict[str, Any]] = {
    "assessment_digest": DIGEST,
    "rationale": "The requested dosing is outside the regimen.",
}
DOSE: Final[dict[str, Any]] = {
    "on": "2026-05-04",
    "mg": 12,
    "site": "Infusion Center East",
    "source": "infusion_centre",
    "source_reference": "INF-2026-1001",
}
CLAIM: Final[dict[str, Any]] = {
    "reference": "CLM-2026-1001",
    "on": "2026-05-04",
    "hcpcs": "J0202",
    "units": 12,
    "frequency_code": "1",
    "claim_status": "paid",
}
REASON: Final[dict[str, Any]] = {"reason": "Entered for another patient by mistake."}
CLOSE: Final[dict[str, Any]] = {"reason": "Severe infusion reactions. The course will not be continued."}
ASSESS: Final[dict[str, Any]] = {
    "as_of": "2026-04-28",
    "received_on": "2026-04-20",
    "facts": {
        "birth_date": "1988-05-17",
        "diagnosis": "multiple_sclerosis",
        "ms_form": "relapsing_remitting",
        "prior_treatment": {"received_lemtrada": False},
        "agents": {
            "list_is_complete": True,
            "tried": [{"product": "ocrevus", "outcome": "inadequate_efficacy"}],
        },
        "prescriber_specialty": "neurology",
        "hiv_infection": False,
        "other_dmt_continues": False,
        "requested_dosing": DOSING,
    },
}
