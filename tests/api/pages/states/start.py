"""The first pages, in each state that looks different."""

from __future__ import annotations

from tests import story
from tests.api.pages.states.every import PageState

STATES = [
    PageState("of a reviewer", "/pages", story.NURSE, lambda _: "/pages"),
    PageState("without a code", "/sign-in", story.NURSE, lambda _: "/sign-in"),
    PageState("with a code", "/sign-in/{code}", story.NURSE, lambda _: f"/sign-in/{'0' * 16}-{'0' * 64}"),
]
