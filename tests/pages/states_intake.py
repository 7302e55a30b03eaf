"""Finding a patient and submitting a request, in each state that looks different."""

from __future__ import annotations

from tests import scenario
from tests.api.acts import Api
from tests.api.callers import AUDITOR
from tests.pages.states import PageState

PATIENTS, NEW = "/pages/patients", "/pages/patients/{patient_id}/requests/new"


def new(api: Api) -> str:
    return f"/pages/patients/{api.opened()}/requests/new"


def with_doses(api: Api) -> str:
    patient = api.opened()
    api.dosed(patient, "2026-04-20", "2026-04-21")
    return f"/pages/patients/{patient}/requests/new"


STATES = [
    PageState("of a reviewer", PATIENTS, scenario.NURSE, lambda _: PATIENTS),
    PageState("of an office", PATIENTS, scenario.OFFICE, lambda _: PATIENTS),
    PageState("of an auditor", PATIENTS, AUDITOR, lambda _: PATIENTS),
    PageState("of a reviewer", NEW, scenario.NURSE, new),
    PageState("of an office", NEW, scenario.OFFICE, new),
    PageState("with doses that were given", NEW, scenario.NURSE, with_doses),
    PageState("of an auditor, who may not", NEW, AUDITOR, new),
]
