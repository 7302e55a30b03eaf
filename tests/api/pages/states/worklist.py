"""The worklist and the start, in each state that looks different."""

from __future__ import annotations

from domain.people import Actor
from tests import story
from tests.api.pages.states.every import PageState
from tests.api.routes.commands.acts import FAILS, NURSE, PENDS, Api, Json
from tests.story import ADMINISTRATOR, AUDITOR, NEUROLOGIST

WORKLIST, START = "/pages/worklist", "/pages"


def busy(api: Api) -> Json:
    """What is late, urgent, held, asked for and appealed; the late one, as it was submitted."""
    late = api.submitted(api.opened("M-1"), received_at="2026-04-01T09:00:00-04:00")
    api.submitted(api.opened("M-2"), PENDS, received_at="2026-04-28T09:00:00-04:00", urgency="urgent")
    held = api.submitted(api.opened("M-3"), received_at="2026-04-27T09:00:00-04:00", line_of_business="medicaid")
    api.did_to(str(held["request"]["request_id"]), "assign", to=NURSE)
    asked = api.submitted(api.opened("M-4"), PENDS)
    assert api.decided("request-information", asked).status_code == 200
    api.appealed(api.denied(api.opened("M-5"), FAILS))
    return late


def for_review(api: Api) -> str:
    """An approval that a later report questions, and a dose after a death on record."""
    patient = api.opened("M-6")
    assert api.decided("approve", api.submitted(patient)).status_code == 200
    api.reported(patient, {"doses_given": 5, "last_dose_on": "2025-03-07", "completed": True})
    api.dosed(patient, "2026-04-20")
    api.did_to(patient, "death", on="2026-04-19", source="Letter of the family.")
    return WORKLIST


def listed(query: str = "") -> str:
    return f"{WORKLIST}{query}"


def of(name: str, actor: Actor, query: str = "", *, is_busy: bool = True) -> PageState:
    def path(api: Api) -> str:
        if is_busy:
            busy(api)
        return listed(query)

    return PageState(name, WORKLIST, actor, path)


def start_of_busy(api: Api) -> str:
    busy(api)
    return START


STATES = [
    of("empty", story.NURSE, is_busy=False),
    of("busy", story.NURSE),
    PageState("items to review", WORKLIST, story.NURSE, for_review),
    of("busy, of an auditor", AUDITOR),
    of("busy, of an appeals clinician", NEUROLOGIST),
    of("filtered to nothing", story.NURSE, "?held=mine&state=referred"),
    of("sorted and filtered", story.NURSE, "?standing=pressing&sort=received_at&descending=true"),
    of("refused", story.OFFICE, is_busy=False),
    of("asked wrongly", story.NURSE, "?state=nowhere", is_busy=False),
    PageState("of a busy reviewer", START, story.NURSE, start_of_busy),
    PageState("of a busy auditor", START, AUDITOR, start_of_busy),
    PageState("of an administrator, empty", START, ADMINISTRATOR, lambda _: START),
    PageState("of an office", START, story.OFFICE, start_of_busy),
]
