"""The pages of the policy, in each state that looks different."""

from __future__ import annotations

from tests import story
from tests.api.pages.states.every import PageState

STATES = [
    PageState("the outline", "/pages/policy", story.NURSE, lambda _: "/pages/policy"),
    PageState(
        "the outline of an edition rebuilt",
        "/pages/policy",
        story.NURSE,
        lambda _: "/pages/policy?edition=2024-10-09",
    ),
    PageState("the readings", "/pages/policy/readings", story.OFFICE, lambda _: "/pages/policy/readings"),
    PageState("the deadlines", "/pages/deadlines", story.OFFICE, lambda _: "/pages/deadlines"),
    PageState("a leaf", "/pages/policy/{citation}", story.NURSE, lambda _: "/pages/policy/1.B.iv"),
    PageState(
        "a leaf that needs a document",
        "/pages/policy/{citation}",
        story.NURSE,
        lambda _: "/pages/policy/1.A.iii.d(3)",
    ),
    PageState("a group", "/pages/policy/{citation}", story.NURSE, lambda _: "/pages/policy/1.A.iii"),
    PageState("no such clause", "/pages/policy/{citation}", story.NURSE, lambda _: "/pages/policy/7.Z"),
]
