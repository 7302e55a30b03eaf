"""The figures, in each state that looks different."""

from __future__ import annotations

from tests import scenario
from tests.api.callers import AUDITOR
from tests.pages.states import PageState
from tests.pages.test_notice_pages import asked, denied

FIGURES = "/pages/figures"

STATES = [
    PageState("of an empty ledger", FIGURES, scenario.NURSE, lambda _: FIGURES),
    PageState("with a denial", FIGURES, AUDITOR, lambda api: f"{FIGURES}?from=2026-01-01&to={denied(api)[:0]}"),
    PageState("with a question", FIGURES, scenario.PHYSICIAN, lambda api: FIGURES + asked(api)[:0]),
]
