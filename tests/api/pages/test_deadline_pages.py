"""The deadlines on the pages: extended while asking, the coverage, the last day, and what the plan forwards itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from api.record_access.patient_access import patient_of
from domain.deadline_terms.table import DeadlineTable, terms_for
from domain.deadline_terms.terms import Days
from domain.events.requests import ClockExtended, InformationRequested
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk
from tests.api.routes.commands.acts import FAILS, PENDS, Api
from tests.api.routes.commands.stages import NOW
from tests.story import NEUROLOGIST

Desks = Callable[[Actor], Desk]


def waiting(api: Api, **values: Any) -> str:
    return str(api.submitted(api.opened(), PENDS, **values)["request"]["request_id"])


def test_asking_offers_to_extend_for_it_in_the_same_act(api: Api, desk: Desks) -> None:
    request_id, reviewer = waiting(api), desk(story.NURSE)
    path = f"/pages/requests/{request_id}"
    sent = {"extend.notice": "We need more time.", "extend.days": "20"}
    refused = reviewer.sends(reviewer.opens(path), "request-information", **sent)
    assert "20 days exceed the 15 days" in refused.text
    shown = reviewer.sends(refused, "request-information", **sent | {"extend.days": ""})
    assert "Recorded: information requested" in shown.text, shown.text[:400]
    events = [type(one) for one in api.ledger.events(patient_of(request_id))][-2:]
    assert events == [InformationRequested, ClockExtended]
    assert "excluding the time while requested information was pending" in shown.text


def test_where_no_extension_is_possible_asking_offers_none(api: Api, desk: Desks) -> None:
    request_id = waiting(api, line_of_business="medicare_advantage", received_at="2026-04-28T09:00:00-04:00")
    assert 'name="extend.notice"' not in desk(story.NURSE).opens(f"/pages/requests/{request_id}").html


def test_the_coverage_has_a_state_and_a_funding(api: Api, desk: Desks) -> None:
    patient, reviewer = api.opened(), desk(story.NURSE)
    page = reviewer.opens(f"/pages/patients/{patient}")
    sent = {"on": "2026-04-01", "line_of_business": "commercial", "state": "CA", "funding": "self_funded"}
    shown = reviewer.sends(page, "line-of-business", **sent)
    assert "commercial, CA, self funded" in shown.text


def test_an_appeal_without_a_notice_is_never_late(api: Api, desk: Desks) -> None:
    appeal = api.appealed(api.denied(api.opened()), NOW)
    assert (
        "never late: no notice, or no receipt of it, is on record"
        in desk(NEUROLOGIST).opens(f"/pages/appeals/{appeal}").text
    )


def test_what_the_plan_forwards_itself_is_shown_with_its_due_date_until_it_is_forwarded(api: Api, desk: Desks) -> None:
    request_id = api.denied(api.opened(), FAILS, line_of_business="medicare_advantage")
    appeal = api.appealed(request_id, NOW)
    director = desk(NEUROLOGIST)
    page = director.sends(
        director.opens(f"/pages/appeals/{appeal}"),
        "decide",
        outcome="upheld",
        citing=["1.A.iii"],
        rationale="No agent was tried.",
    )
    assert "Forward to external review (IRE) by" in page.text
    assert "forward the appeal to external review" in desk(story.NURSE).opens("/pages/worklist").text.lower()
    page = director.sends(page, "hand-on", organisation="Independent Review (made up)")
    assert "Forward to external review (IRE) by" not in page.text


@pytest.mark.parametrize("has_rows", [False, True])
def test_the_page_of_the_deadlines_shows_every_row_with_its_source(
    api: Api, desk: Desks, monkeypatch: pytest.MonkeyPatch, has_rows: bool
) -> None:
    row = replace(terms_for("commercial", api.ledger.today()), state="CA", funding="insured", standard=Days(5))
    if has_rows:
        monkeypatch.setattr(cast("Any", api.client.app).state.ledger, "deadlines", DeadlineTable(own=(row,)))
    text = desk(story.OFFICE).opens("/pages/deadlines").text
    assert ("coverage of CA, insured" in text) is has_rows
    assert ("supplied no rows of its own" in text) is not has_rows
    assert "A standard request is decided within 72 hours (42 CFR 422.568, 422.572 (Part B drugs))" in text
    assert "decided within 24 hours (SSA 1927(d)(5); not confirmed)" in text
