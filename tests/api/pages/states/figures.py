"""The figures, in each state that looks different."""

from __future__ import annotations

from tests import story
from tests.api.pages.states.every import PageState
from tests.api.pages.test_notice_pages import asked, denied
from tests.story import AUDITOR

FIGURES = "/pages/figures"

STATES = [
    PageState("of an empty ledger", FIGURES, story.NURSE, lambda _: FIGURES),
    PageState("with a denial", FIGURES, AUDITOR, lambda api: f"{FIGURES}?from=2026-01-01&to={denied(api)[:0]}"),
    PageState("with a question", FIGURES, story.PHYSICIAN, lambda api: FIGURES + asked(api)[:0]),
]
