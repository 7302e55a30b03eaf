"""The first pages, in each state that looks different."""

from __future__ import annotations

from tests import scenario
from tests.pages.states import PageState

STATES = [
    PageState("of a reviewer", "/pages", scenario.NURSE, lambda _: "/pages"),
    PageState("without a code", "/sign-in", scenario.NURSE, lambda _: "/sign-in"),
    PageState("with a code", "/sign-in/{code}", scenario.NURSE, lambda _: f"/sign-in/{'0' * 16}-{'0' * 64}"),
]
