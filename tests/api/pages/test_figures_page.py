"""Figures: the numbers by hand, fresh at once, as plots with their tables and as CSV, naming nobody."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk
from tests.api.pages.test_notice_pages import HOSTILE, asked, denied
from tests.api.routes.commands.acts import Api

Desks = Callable[[Actor], Desk]


def table(desk: Desk, name: str, **query: str) -> list[list[str]]:
    answer = desk.browser.get(f"/pages/figures/{name}.csv", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.reader(io.StringIO(answer.text)))


def test_an_empty_ledger_has_figures_too(desk: Desks) -> None:
    shown = desk(story.NURSE).opens("/pages/figures")
    assert shown.status == 200
    assert "Nothing is overdue now" in shown.text


def test_what_was_decided_is_counted_by_line_clause_and_time(api: Api, desk: Desks) -> None:
    denied(api)
    patient = api.opened("M-2")
    seen = api.submitted(patient)
    reviewer = desk(story.NURSE)
    assert table(reviewer, "rates")[1] == ["commercial", "0", "2", "1", "0", "1"], "it is fresh at once"
    api.did(
        f"/requests/{seen['request']['request_id']}/approve",
        {"actor": story.NURSE.model_dump(mode="json"), "assessment_digest": seen["assessment_digest"]},
    )
    api.dosed(patient, "2026-04-28")
    assert table(reviewer, "rates")[1] == ["commercial", "50", "2", "2", "1", "1"]
    assert table(reviewer, "denials")[1] == ["1.A.iii", "1", "50"]
    # Received 2026-04-20 09:00 in Chicago, decided 2026-04-28 12:00 in New York.
    assert table(reviewer, "time-to-determination")[1] == ["commercial, standard", "194", "194", "2"]
    assert ["2026-04", "2", "1", "1"] in table(reviewer, "over-time")
    assert table(reviewer, "doses")[1] == ["none", "1"]
    assert table(reviewer, "rates", line_of_business="medicaid")[1][2] == "0"
    assert table(reviewer, "rates", **{"from": "2025-01-01", "to": "2025-12-31"})[1][2] == "0"


def test_what_was_asked_for_is_counted_and_nobody_is_named(api: Api, desk: Desks) -> None:
    asked(api)
    reviewer = desk(story.NURSE)
    assert table(reviewer, "information")[1] == ["1.A.iii.d(3)", "1"]
    page = reviewer.opens("/pages/figures")
    assert "<svg" in page.html
    assert HOSTILE not in page.text
    assert "M-1" not in page.text


def test_what_can_not_be_asked_is_told(desk: Desks) -> None:
    reviewer = desk(story.NURSE)
    for query in ({"from": "yesterday"}, {"from": "2026-05-01", "to": "2026-04-01"}, {"from": "1900-01-01"}):
        assert reviewer.opens("/pages/figures", **query).status == 422
    assert reviewer.opens("/pages/figures/nothing.csv").status == 404
    assert desk(story.OFFICE).opens("/pages/figures").status == 403
