"""Notices: what a letter says, that its paper says the same, and that issuing and delivery are recorded."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import cast

import pytest
from pypdf import PdfReader

from api.record_access.patient_access import patient_of
from domain.events.requests import NoticeDelivered, NoticeIssued
from domain.ledger.sealing.sealing import Sealing
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk
from tests.api.routes.commands.acts import FAILS, MEETS_A, NURSE, PENDS, PHYSICIAN, Api
from tests.story import AUDITOR, OTHER_OFFICE

Desks = Callable[[Actor], Desk]
HOSTILE = "<script>alert('x')</script> O'Neil & Søn"
REASON = "No agent was tried before, and nothing shows aggressive disease."


def submitted(api: Api, statement: dict[str, object], name: str = HOSTILE) -> tuple[str, str]:
    """The request, and the digest of what was looked at."""
    seen = api.submitted(api.opened(name=name), statement)
    return seen["request"]["request_id"], seen["assessment_digest"]


def denied(api: Api) -> str:
    request_id, digest = submitted(api, FAILS)
    api.did(
        f"/requests/{request_id}/deny",
        {"actor": PHYSICIAN, "assessment_digest": digest, "citing": ["1.A.iii"], "rationale": REASON},
    )
    return request_id


def approved(api: Api) -> str:
    request_id, digest = submitted(api, MEETS_A)
    api.did(f"/requests/{request_id}/approve", {"actor": NURSE, "assessment_digest": digest})
    return request_id


def asked(api: Api) -> str:
    request_id, digest = submitted(api, PENDS)
    api.did(f"/requests/{request_id}/request-information", {"actor": NURSE, "assessment_digest": digest})
    return request_id


def paper_of(desk: Desk, path: str) -> str:
    answer = desk.browser.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
    assert "Neil" not in answer.headers["content-disposition"]
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split())


def test_a_denial_says_why_by_whom_and_how_to_appeal(api: Api, desk: Desks) -> None:
    request_id = denied(api)
    cast("Sealing", api.client.app.state.sealing).seal_now()  # type: ignore[attr-defined]
    reviewer = desk(story.NURSE)
    shown = reviewer.opens(f"/pages/requests/{request_id}/notice/denial")
    paper = paper_of(reviewer, f"/pages/requests/{request_id}/notice/denial/paper")
    assert shown.status == 200
    for said in (
        "Your request is not approved",
        REASON,
        "1.A.iii",
        "One of a to d.",
        "180 days",
        "30 days",
        "72 hours",
        "physician, neurology" if story.PHYSICIAN.specialty else "physician",
        "2025-07-23, revision 2",
        "free of charge",
        "Checkpoint",
        HOSTILE,
    ):
        assert said in shown.text, said
        assert said in paper, said
    assert HOSTILE not in shown.html
    assert "Draft" not in shown.text


def test_an_approval_says_its_doses_and_its_thirty_days(api: Api, desk: Desks) -> None:
    shown = desk(story.NURSE).opens(f"/pages/requests/{approved(api)}/notice/approval")
    assert "5, of the first course" in shown.text
    assert "from 2026-04-28 through 2026-05-27, both days included" in shown.text
    assert "How to appeal" not in shown.text
    assert "Leaf" not in shown.text
    assert "not yet: within a minute" in shown.text


def test_what_is_asked_for_is_exactly_what_is_undetermined(api: Api, desk: Desks) -> None:
    shown = desk(story.NURSE).opens(f"/pages/requests/{asked(api)}/notice/information_needed")
    assert "1.A.iii.d(3)" in shown.text
    assert "1.A.i " not in shown.text.partition("What we need")[2].partition("Until when")[0]
    assert "Nothing is decided yet" in shown.text


def test_a_letter_is_issued_and_delivered_once_whatever_is_pressed_twice(api: Api, desk: Desks) -> None:
    request_id = denied(api)
    reviewer = desk(story.NURSE)
    page = reviewer.opens(f"/pages/requests/{request_id}/notice/denial")
    issued = reviewer.sends(page, "issue", issued_at="2026-04-28T12:00")
    again = reviewer.sends(page, "issue", issued_at="2026-04-28T12:00")
    assert issued.path == again.path == f"/pages/notices/{patient_of(request_id)}.n1"
    assert "Recorded: notice sent" in issued.text
    assert "Delivery is not recorded" in issued.text
    arrived = reviewer.sends(issued, "deliver", delivered_at="2026-04-28T12:00")
    assert "Delivered 2026-04-28 12:00 EDT" in arrived.text
    assert not arrived.has_form("deliver")
    events = api.ledger.events(patient_of(request_id))
    assert [type(one) for one in events if isinstance(one, NoticeIssued | NoticeDelivered)] == [
        NoticeIssued,
        NoticeDelivered,
    ]


def test_what_can_not_be_meant_is_refused_and_stays_in_the_form(api: Api, desk: Desks) -> None:
    reviewer = desk(story.NURSE)
    page = reviewer.opens(f"/pages/requests/{denied(api)}/notice/denial")
    refused = reviewer.sends(page, "issue", issued_at="2027-01-01T12:00", addressee="The practice, by hand")
    assert refused.status == 422
    assert "Nothing was recorded" in refused.text
    assert 'value="The practice, by hand"' in refused.html
    assert 'value="2027-01-01T12:00"' in refused.html


def test_the_letter_as_it_left_stays_as_it_was(api: Api, desk: Desks) -> None:
    request_id = denied(api)
    reviewer = desk(story.NURSE)
    issued = reviewer.sends(
        reviewer.opens(f"/pages/requests/{request_id}/notice/denial"), "issue", issued_at="2026-04-28T12:00"
    )
    api.did(
        f"/patients/{patient_of(request_id)}/correct-demographics",
        {"actor": NURSE, "name": "Berta Later", "reason": "Married."},
    )
    assert HOSTILE in reviewer.opens(issued.path).text
    assert "Berta Later" in reviewer.opens(f"/pages/requests/{request_id}/notice/denial").text


def test_a_denial_is_previewed_before_it_is_decided_and_nothing_is_recorded(api: Api, desk: Desks) -> None:
    request_id, _ = submitted(api, FAILS)
    director = desk(story.PHYSICIAN)
    before = api.events_stored()
    token = director.browser.get("/me").json()["csrf_token"]
    answer = director.browser.post(
        f"/pages/requests/{request_id}/notice/denial/preview",
        data={"csrf_token": token, "citing": ["1.A.iii"], "rationale": "<b>Not yet</b>"},
    )
    assert answer.status_code == 200
    assert "Nothing is decided, and this was not sent" in answer.text
    assert "&lt;b&gt;Not yet&lt;/b&gt;" in answer.text
    assert api.events_stored() == before
    nothing = director.browser.post(
        f"/pages/requests/{request_id}/notice/denial/preview", data={"csrf_token": token, "citing": ["1.A.iii"]}
    )
    assert nothing.status_code == 422


@pytest.mark.parametrize("kind", ["approval", "information_needed", "appeal_decision"])
def test_what_is_not_on_record_has_no_letter(api: Api, desk: Desks, kind: str) -> None:
    shown = desk(story.NURSE).opens(f"/pages/requests/{denied(api)}/notice/{kind}")
    assert shown.status == 404


def test_an_office_reads_its_own_letters_and_an_auditor_records_nothing(api: Api, desk: Desks) -> None:
    request_id = denied(api)
    path = f"/pages/requests/{request_id}/notice/denial"
    assert desk(story.OFFICE).opens(path).status == 200
    assert desk(OTHER_OFFICE).opens(path).status == 404
    shown = desk(AUDITOR).opens(path)
    assert shown.status == 200
    assert not shown.has_form("issue")
