"""The pages about people, in each state that looks different."""

from __future__ import annotations

from tests import story
from tests.api.pages.states.every import PageState
from tests.story import ADMINISTRATOR, AUDITOR

STATES = [
    PageState("kept by an administrator", "/pages/people", ADMINISTRATOR, lambda _: "/pages/people"),
    PageState("read by an auditor", "/pages/people", AUDITOR, lambda _: "/pages/people"),
    PageState("oneself", "/pages/me", story.NURSE, lambda _: "/pages/me"),
]
