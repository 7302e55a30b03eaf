"""The pages of appeals and replays, in each state that looks different."""

from __future__ import annotations

from typing import Any

from tests import story
from tests.api.pages.states.every import PageState
from tests.api.pages.test_notice_pages import approved, denied
from tests.api.routes.commands.acts import ALMA, NURSE, Api
from tests.story import AUDITOR, NEUROLOGIST

APPEAL, NEW = "/pages/appeals/{appeal_id}", "/pages/requests/{request_id}/appeals/new"
REPLAY = "/pages/requests/{request_id}/replay"


def filed(api: Api) -> str:
    body = {
        "actor": story.OFFICE.model_dump(mode="json", exclude_none=True),
        "received_at": "2026-04-28T12:00:00Z",
        "grounds": "Two agents were tried years ago.",
        "filer": ALMA,
    }
    made: str = api.did(f"/requests/{denied(api)}/appeals", body)["made"][0]
    return made


def with_evidence(api: Api) -> str:
    appeal_id = filed(api)
    agents: list[dict[str, Any]] = [{"product": one, "outcome": "inadequate_efficacy"} for one in ("Avonex", "Aubagio")]
    body = {"actor": NURSE, "received_at": "2026-04-28T12:00:00Z", "statement": {"agents": agents}}
    api.did(f"/appeals/{appeal_id}/evidence", body)
    return appeal_id


STATES = [
    PageState("just filed", APPEAL, NEUROLOGIST, lambda api: f"/pages/appeals/{filed(api)}"),
    PageState("with evidence", APPEAL, NEUROLOGIST, lambda api: f"/pages/appeals/{with_evidence(api)}"),
    PageState("for who took part", APPEAL, story.PHYSICIAN, lambda api: f"/pages/appeals/{filed(api)}"),
    PageState("its office's own", APPEAL, story.OFFICE, lambda api: f"/pages/appeals/{filed(api)}"),
    PageState("to be filed", NEW, story.OFFICE, lambda api: f"/pages/requests/{denied(api)}/appeals/new"),
    PageState("nothing to appeal", NEW, story.NURSE, lambda api: f"/pages/requests/{approved(api)}/appeals/new"),
    PageState("a denial", REPLAY, AUDITOR, lambda api: f"/pages/requests/{denied(api)}/replay"),
]
