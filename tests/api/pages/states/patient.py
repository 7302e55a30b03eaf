"""The patient page, in each state that looks different."""

from __future__ import annotations

from tests import story
from tests.api.pages.states.every import PageState
from tests.api.pages.test_claim_forms import with_what_waits
from tests.api.pages.test_notice_pages import approved, denied
from tests.api.pages.test_patient_page import HOSTILE, at, treated
from tests.api.routes.commands.acts import COMPLETED_ELSEWHERE, FAILS, NURSE, Api
from tests.story import AUDITOR

PATIENT = "/pages/patients/{patient_id}"


def with_everything(api: Api) -> str:
    patient = api.opened(name=HOSTILE)
    api.reported(patient, COMPLETED_ELSEWHERE)
    api.submitted(patient, FAILS)
    api.dosed(patient, "2026-04-20", "2026-04-21")
    return patient


def with_other_agents(api: Api) -> str:
    """An agent that is not recognized, and one whose entry was voided."""
    patient = api.opened(name=HOSTILE)
    for product in ("Tysabry", "Ocrevus"):
        api.did_to(patient, "agents/started", product=product, on="2026-03", source="Claim of another drug.")
    body = {"actor": NURSE, "reason": "Another person's claim."}
    assert api.post(f"/agents/{patient}.g2/void", body).status_code == 200
    return patient


STATES = [
    PageState("of whom nothing is known", PATIENT, story.NURSE, lambda api: at(api.opened(name=HOSTILE))),
    PageState("a course given", PATIENT, story.NURSE, lambda api: at(treated(api))),
    PageState("on another day", PATIENT, story.NURSE, lambda api: f"{at(treated(api))}?as_of=2026-03-03"),
    PageState("approved", PATIENT, story.PHYSICIAN, lambda api: at(approved(api).partition(".")[0])),
    PageState("denied", PATIENT, AUDITOR, lambda api: at(denied(api).partition(".")[0])),
    PageState("an office's own", PATIENT, story.OFFICE, lambda api: at(treated(api))),
    PageState("treated elsewhere and here", PATIENT, story.NURSE, lambda api: at(with_everything(api))),
    PageState("claims that wait", PATIENT, story.NURSE, lambda api: at(with_what_waits(api))),
    PageState("other agents", PATIENT, story.NURSE, lambda api: at(with_other_agents(api))),
]
