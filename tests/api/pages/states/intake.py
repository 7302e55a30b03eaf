"""Finding a patient and submitting a request, in each state that looks different."""

from __future__ import annotations

from tests import story
from tests.api.pages.states.every import PageState
from tests.api.routes.commands.acts import Api
from tests.story import AUDITOR

PATIENTS, NEW = "/pages/patients", "/pages/patients/{patient_id}/requests/new"


def new(api: Api) -> str:
    return f"/pages/patients/{api.opened()}/requests/new"


def with_doses(api: Api) -> str:
    patient = api.opened()
    api.dosed(patient, "2026-04-20", "2026-04-21")
    return f"/pages/patients/{patient}/requests/new"


STATES = [
    PageState("of a reviewer", PATIENTS, story.NURSE, lambda _: PATIENTS),
    PageState("of an office", PATIENTS, story.OFFICE, lambda _: PATIENTS),
    PageState("of an auditor", PATIENTS, AUDITOR, lambda _: PATIENTS),
    PageState("of a reviewer", NEW, story.NURSE, new),
    PageState("of an office", NEW, story.OFFICE, new),
    PageState("with doses that were given", NEW, story.NURSE, with_doses),
    PageState("of an auditor, who may not", NEW, AUDITOR, new),
]
