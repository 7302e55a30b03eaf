"""What holds of every story of requests, appeals and reviews, for every user, command and order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from hypothesis import strategies as st

from domain.commands.requests import ReopenRequest
from domain.errors import LedgerError
from domain.events import PatientEvent
from domain.events.appeals import AppealDecided, ExternalReviewAnswered
from domain.events.determinations import CourseApproved
from domain.history import fold
from domain.history.state import PatientHistory
from domain.people import Actor
from tests.properties.stories import at_every_scale, hold
from tests.story import (
    BELOW_THE_DENIER,
    CARDIOLOGIST,
    MEETS_A,
    NEUROLOGIST,
    PHARMACIST_OF_APPEALS,
    PHYSICIAN,
    SECOND_NEUROLOGIST,
    Scenario,
    Step,
    answered,
    appeal_assigned,
    appeal_dismissed,
    appeal_withdrawn,
    appealed,
    approved_by_clinician,
    denied,
    given,
    handed_on,
    overturned,
    overturned_in_part,
    rescinded,
    submitted,
    upheld,
)

CLINICIANS = [
    one.model_copy(update={"role": "clinician"})
    for one in (NEUROLOGIST, SECOND_NEUROLOGIST, PHYSICIAN, BELOW_THE_DENIER, CARDIOLOGIST, PHARMACIST_OF_APPEALS)
]


def _reopened() -> Step:
    return Step(lambda at: ReopenRequest(request_id=at.known.requests[-1].request_id, reason="Looked at again."))


ACTS: dict[str, Callable[[], Step]] = {
    "request": submitted,
    "excluded": lambda: submitted(MEETS_A | {"hiv_infection": True}),
    "deny": lambda: denied("1.A.i", "NR.3"),
    "approve": approved_by_clinician,
    "approve a part": lambda: approved_by_clinician(doses=2, left_out="Three days."),
    "rescind": rescinded,
    "reopen": _reopened,
    "appeal": appealed,
    "uphold": lambda: upheld("1.A.i", "NR.3"),
    "overturn": overturned,
    "overturn a part": lambda: overturned_in_part(3),
    "withdraw": appeal_withdrawn,
    "dismiss": lambda: appeal_dismissed("not_appealable"),
    "hand on": handed_on,
    "answered upheld": lambda: answered("upheld"),
    "answered overturned": lambda: answered("overturned"),
}
USUAL = (
    "uphold",
    "uphold",
    "overturn a part",
    "overturn",
    "appeal",
    "appeal",
    "hand on",
    "answered overturned",
    "rescind",
)


@dataclass(frozen=True)
class Tried:
    what: str
    by: Actor
    after: int


tried = st.builds(
    Tried,
    st.sampled_from([*ACTS, *USUAL, *USUAL, *USUAL]),
    st.sampled_from(CLINICIANS),
    st.sampled_from([0, 0, 1, 9, 40, 200]),
)


def story_of(tries: list[Tried]) -> Scenario:
    scenario = given(submitted(), denied("1.A.i"), appealed(), today="2025-08-01")
    for one in tries:
        scenario.on(str(scenario.today.fromordinal(scenario.today.toordinal() + one.after)))
        with suppress(LedgerError):
            scenario.and_given(ACTS[one.what]().by(one.by))
        if one.what == "appeal":
            with suppress(LedgerError):
                scenario.and_given(appeal_assigned(one.by))
    return scenario


def with_what_was_known(scenario: Scenario) -> list[tuple[PatientHistory, PatientEvent]]:
    return list(zip(scenario.versions, scenario.events[1:], strict=False))


@at_every_scale
def test_who_decides_took_no_part_and_reports_to_nobody_who_did(scale: str) -> None:
    def law(tries: list[Tried]) -> None:
        for known, event in with_what_was_known(story_of(tries)):
            if not isinstance(event, AppealDecided):
                continue
            appeal = known.appeal(event.appeal_id)
            assert appeal is not None
            request = known.request(appeal.request_id)
            assert request is not None
            earlier = [one.decided_by for one in known.appeals if one.request_id == request.request_id]
            took_part = {one.id for one in (*request.took_part, *earlier) if one is not None}
            assert took_part.isdisjoint({event.actor.id, *event.actor.reports_to})
            if event.outcome != "overturned":
                assert event.actor.credential == "physician"

    hold(scale, law, st.lists(tried, max_size=12))


@at_every_scale
def test_what_is_overturned_is_approved_in_the_same_commit_and_for_thirty_days(scale: str) -> None:
    def law(tries: list[Tried]) -> None:
        events = story_of(tries).events
        for event, follows in zip(events, [*events[1:], None], strict=True):
            if isinstance(event, CourseApproved):
                assert (event.valid_through - event.valid_from).days == 29
            if isinstance(event, AppealDecided) and event.outcome != "upheld":
                assert isinstance(follows, CourseApproved)
                assert (follows.appeal_id, follows.command_id) == (event.appeal_id, event.command_id)
                assert (follows.left_out is None) is (event.outcome == "overturned")
            elif isinstance(event, AppealDecided | ExternalReviewAnswered) and event.outcome == "upheld":
                assert follows is None or follows.command_id != event.command_id

    hold(scale, law, st.lists(tried, max_size=12))


@at_every_scale
def test_one_appeal_is_open_at_a_time_and_two_levels_are_decided_of_one_denial(scale: str) -> None:
    def law(tries: list[Tried]) -> None:
        scenario = story_of(tries)
        for known in scenario.versions:
            for request in known.requests:
                mine = [one for one in known.appeals if one.request_id == request.request_id]
                assert sum(one.is_open for one in mine) <= 1
                decided = [one for one in mine if one.status not in ("open", "withdrawn", "dismissed")]
                for version in {one.decision_version for one in decided}:
                    levels = [one.level for one in decided if one.decision_version == version]
                    assert levels in (["first"], ["second"], ["first", "second"])
        assert fold(scenario.events) == scenario.history

    hold(scale, law, st.lists(tried, max_size=12))
