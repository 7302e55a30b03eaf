"""The pages of audit, in each state that looks different."""

from __future__ import annotations

from tests import story
from tests.api.pages.states.every import PageState
from tests.api.pages.test_audit_pages import sealed
from tests.api.pages.test_notice_pages import denied
from tests.story import AUDITOR

SEARCH, EVENTS = "/pages/audit", "/pages/patients/{patient_id}/events"
EVENT, LOOKED = f"{EVENTS}/{{version}}", "/pages/patients/{patient_id}/accesses"
VERIFY = "/pages/audit/verify"

STATES = [
    PageState("nothing asked", SEARCH, AUDITOR, lambda _: "/pages/audit"),
    PageState("found", SEARCH, AUDITOR, lambda api: f"/pages/audit?kind=RequestDenied{sealed(api)[:0]}"),
    PageState("for a reviewer", SEARCH, story.NURSE, lambda _: "/pages/audit"),
    PageState("every change", EVENTS, story.NURSE, lambda api: f"/pages/patients/{sealed(api)}/events"),
    PageState("sealed", EVENT, AUDITOR, lambda api: f"/pages/patients/{sealed(api)}/events/3"),
    PageState(
        "not sealed yet", EVENT, AUDITOR, lambda api: f"/pages/patients/{denied(api).partition('.')[0]}/events/2"
    ),
    PageState("who looked", LOOKED, AUDITOR, lambda api: f"/pages/patients/{sealed(api)}/accesses"),
    PageState("to be verified", VERIFY, AUDITOR, lambda _: "/pages/audit/verify"),
]
