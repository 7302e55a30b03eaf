"""The pages about people, in each state that looks different."""

from __future__ import annotations

from tests import scenario
from tests.api.callers import ADMINISTRATOR, AUDITOR
from tests.pages.states import PageState

STATES = [
    PageState("kept by an administrator", "/pages/people", ADMINISTRATOR, lambda _: "/pages/people"),
    PageState("read by an auditor", "/pages/people", AUDITOR, lambda _: "/pages/people"),
    PageState("oneself", "/pages/me", scenario.NURSE, lambda _: "/pages/me"),
]
