"""The pages of notices, in each state that looks different."""

from __future__ import annotations

from tests import story
from tests.api.pages.states.every import PageState
from tests.api.pages.test_notice_pages import approved, asked, denied
from tests.api.routes.commands.acts import NURSE, Api
from tests.story import AUDITOR

LETTER, NOTICE = "/pages/requests/{request_id}/notice/{kind}", "/pages/notices/{notice_id}"


def issued(api: Api, kind: str = "denial", **delivered: str) -> str:
    body = {
        "actor": NURSE,
        "kind": kind,
        "channel": "mail",
        "addressee": "The patient and the prescriber",
        "issued_at": "2026-04-28T12:00:00-04:00",
    }
    notice_id = api.did(f"/requests/{denied(api)}/notices", body)["made"][0]
    if delivered:
        api.did(f"/notices/{notice_id}/delivered", {"actor": NURSE, **delivered})
    return f"/pages/notices/{notice_id}"


STATES = [
    PageState("a denial", LETTER, story.NURSE, lambda api: f"/pages/requests/{denied(api)}/notice/denial"),
    PageState("an approval", LETTER, story.OFFICE, lambda api: f"/pages/requests/{approved(api)}/notice/approval"),
    PageState(
        "information needed", LETTER, AUDITOR, lambda api: f"/pages/requests/{asked(api)}/notice/information_needed"
    ),
    PageState("a letter of nothing", LETTER, story.NURSE, lambda api: f"/pages/requests/{denied(api)}/notice/approval"),
    PageState("issued", NOTICE, story.NURSE, issued),
    PageState("delivered", NOTICE, story.NURSE, lambda api: issued(api, delivered_at="2026-04-28T12:00:00-04:00")),
]
