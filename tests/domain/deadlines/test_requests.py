"""The clock of a request, from its history: what stops it, what sets it going, and what it was known to be then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from domain.deadlines.requests import deadline_of
from domain.errors import AlreadyDecided, Conflict, InvalidCommand
from domain.events.determinations import CourseApproved
from domain.events.requests import ClockExtended, ExpeditingRefused, InformationRequested, RequestExpedited
from domain.history import evolve
from tests.domain.deadlines.request_clock import HIV, NO_HIV, OPEN_HIV, clock, due, on, received, standing
from tests.story import (
    ZONE,
    Scenario,
    Step,
    approved,
    clock_extended,
    denied,
    dismissed,
    expedited,
    expediting_refused,
    given,
    information_requested,
    line_changed,
    past_determination,
    referred,
    reopened,
    statement_corrected,
    submitted,
    supplied,
    withdrawn,
)

# -- due --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "urgency", "expected"),
    [
        # Fifteen days after 28 April are over at the midnight that ends 13 May.
        ("commercial", "standard", "2026-05-14"),
        ("commercial", "urgent", "2026-05-01T14:00Z"),
        ("medicare_advantage", "standard", "2026-05-01T14:00Z"),
        ("medicare_advantage", "urgent", "2026-04-29T14:00Z"),
        ("medicaid", "standard", "2026-04-29T14:00Z"),
    ],
)
def test_by_line_of_business_and_urgency(line: str, urgency: str, expected: str) -> None:
    assert due(received(line, urgency)) == expected


def test_by_the_line_that_is_corrected_and_only_from_then_on() -> None:
    scenario = received().and_given(statement_corrected(OPEN_HIV, line_of_business="medicaid"))
    assert due(scenario) == "2026-04-29T14:00Z"
    assert deadline_of(scenario.versions[-2], scenario.versions[-2].requests[0], ZONE).due_at == datetime(
        2026, 5, 14, 4, tzinfo=UTC
    )


EXTEND = {"notice": "We need more time, because information is missing."}


# -- decided under revision 1 -------------------------------------------------------------------


def test_what_was_decided_under_revision_1_keeps_its_due_date_and_what_is_open_does_not() -> None:
    """Asked on 4 May, answered on 7 May: revision 1 paused for it, without an extension."""
    steps = [*on("2026-05-04", information_requested()), *on("2026-05-08", supplied(NO_HIV, on="2026-05-07"))]
    scenario = received("commercial", "standard", *steps)
    assert due(scenario) == "2026-05-14"
    scenario.and_given(*on("2026-05-16", approved()))
    assert (due(scenario), standing(scenario, "2026-05-16T12:00")) == ("2026-05-14", "overdue")
    (decided,) = scenario.last
    assert isinstance(decided, CourseApproved)
    assert decided.determination.deadlines_revision == 2
    before = decided.determination.model_copy(update={"deadlines_revision": None})
    assert "deadlines_revision" not in before.model_dump(mode="json")
    scenario.history = evolve(scenario.versions[-2], decided.model_copy(update={"determination": before}))
    assert due(scenario) == "2026-05-17"
    assert clock(scenario).rule.endswith("excluding the time while requested information was pending")


def test_nothing_can_be_asked_for_after_the_decision_is_due() -> None:
    """At the midnight that ends 13 May. The decision does not wait."""
    scenario = received().on("2026-05-14")
    scenario.when(information_requested()).then_refused(Conflict, field="request_id")
    assert scenario.error is not None
    assert "2026-05-14T04:00:00+00:00" in scenario.error.cause
    scenario.on("2026-05-13").when(information_requested()).then(InformationRequested)


def test_a_question_does_not_stop_the_clock_of_part_b_drugs() -> None:
    scenario = received("medicare_advantage").and_given(information_requested())
    assert due(scenario) == "2026-05-01T14:00Z"
    assert standing(scenario, "2026-04-29T12:00") == "running"


def test_each_version_of_the_history_has_the_clock_that_was_known_then() -> None:
    scenario = received()
    known = [(len(scenario.versions), due(scenario))]
    for step in (
        information_requested(extend=EXTEND).recorded_on("2026-05-04"),
        supplied(NO_HIV, on="2026-05-07").recorded_on("2026-05-08"),
        line_changed("2026-05-01", "commercial").recorded_on("2026-05-10"),
        expedited("2026-05-11T15:00:00Z").recorded_on("2026-05-11"),
        approved().recorded_on("2026-05-12"),
    ):
        scenario.and_given(step)
        known.append((len(scenario.versions), due(scenario)))
    assert [one for _, one in known] == [
        "2026-05-14",
        "2026-07-13",
        "2026-06-01",
        "2026-06-01",
        "2026-05-14T15:00Z",
        "2026-05-14T15:00Z",
    ]
    for version, expected in known:
        scenario.history = scenario.versions[version - 1]
        assert due(scenario) == expected
    folded = [deadline_of(one, one.requests[0], ZONE) for one in scenario.versions[1:]]
    assert all(one.stopped_at is None for one in folded[:-1])
    assert folded[-1].stopped_at == scenario.versions[-1].recorded_at
    assert all(earlier.starts_at <= later.starts_at for earlier, later in pairwise(folded))


# -- stopped for good -------------------------------------------------------------------------


@pytest.mark.parametrize("end", [denied("NR.3"), withdrawn(), dismissed()], ids=["denied", "withdrawn", "dismissed"])
def test_what_closes_the_request_stops_its_clock(end: Step) -> None:
    scenario = given(submitted(HIV), *on("2026-05-02", end))
    assert clock(scenario).stopped_at == scenario.known.recorded_at
    assert standing(scenario, "2026-06-30T12:00") == "stopped"
    assert standing(given(submitted(HIV), *on("2026-05-02", referred())), "2026-06-30T12:00") == "overdue"


def test_an_imported_request_stopped_on_the_day_on_which_it_was_decided_then() -> None:
    scenario = given(
        submitted(HIV, received_on="2022-03-01").imported(),
        past_determination("denied", "2022-03-10", edition="unknown"),
    )
    assert clock(scenario).stopped_at == datetime(2022, 3, 11, 5, tzinfo=UTC)
    assert due(scenario) == "2022-03-17"


# -- opened again -----------------------------------------------------------------------------


@pytest.mark.parametrize("end", [denied("NR.3"), withdrawn()], ids=["denied", "withdrawn"])
def test_after_a_denial_or_a_withdrawal_it_has_its_whole_time_again(end: Step) -> None:
    scenario = given(submitted(HIV), *on("2026-05-02", end), *on("2026-06-10", reopened()))
    assert due(scenario) == "2026-06-26"
    assert standing(scenario, "2026-06-11T12:00") == "running"
    assert "from being reopened" in clock(scenario).rule


def test_a_dismissal_that_is_rescinded_costs_the_claimant_nothing() -> None:
    scenario = given(submitted(HIV), *on("2026-05-02", dismissed()), *on("2026-06-10", reopened()))
    assert due(scenario) == "2026-05-14"
    assert standing(scenario, "2026-06-11T12:00") == "overdue"


def test_what_changed_the_first_deadline_does_not_change_the_second_unless_it_continues() -> None:
    scenario = received().and_given(*on("2026-05-04", information_requested(extend=EXTEND)))
    scenario.and_given(*on("2026-05-05", withdrawn()))
    # The question is still out when the request is opened again, and its extension was of the first time.
    early = scenario.and_given(*on("2026-05-10", reopened()))
    assert due(early) == "2026-05-26"
    early.on("2026-05-11").when(clock_extended(for_information=True)).then(ClockExtended)
    assert due(early) == "2026-07-25"
    answered = early.and_given(*on("2026-05-14", supplied(NO_HIV, on="2026-05-14")))
    assert due(answered) == "2026-06-13"
    again = answered.and_given(*on("2026-05-15", withdrawn()), *on("2026-06-10", reopened()))
    assert due(again) == "2026-06-26"
    assert clock(again).stops == ()
    again.on("2026-06-11").when(clock_extended()).then(ClockExtended, days=15)


def test_expedited_before_it_was_closed_it_is_urgent_when_it_is_opened_again() -> None:
    scenario = received().and_given(*on("2026-04-29", expedited("2026-04-29T14:00:00Z"), withdrawn()))
    scenario.and_given(*on("2026-06-10", reopened()))
    assert clock(scenario).urgency_applied == "urgent"
    assert due(scenario) == "2026-06-13T16:00Z"


# -- expedited, and refused as such -----------------------------------------------------------


def test_expedited_the_urgent_clock_runs_from_when_it_was_asked_for() -> None:
    scenario = received().on("2026-04-29").when(expedited("2026-04-28T20:00:00Z")).then(RequestExpedited)
    assert due(scenario) == "2026-05-01T20:00Z"
    scenario.when(expedited("2026-04-28T20:00:00Z")).then_refused(Conflict)
    scenario.when(expediting_refused("2026-04-28T20:00:00Z")).then_refused(Conflict)


def test_refused_the_standard_clock_stays_and_it_may_be_granted_later() -> None:
    scenario = received().on("2026-04-29").when(expediting_refused("2026-04-28T20:00:00Z")).then(ExpeditingRefused)
    assert due(scenario) == "2026-05-14"
    scenario.when(expediting_refused("2026-04-29T14:00:00Z")).then_refused(Conflict)
    scenario.when(expedited("2026-04-29T14:00:00Z")).then(RequestExpedited)


def test_taken_up_again_it_may_be_refused_again() -> None:
    scenario = received().on("2026-04-29").and_given(expediting_refused("2026-04-28T20:00:00Z"), withdrawn())
    scenario.on("2026-05-04").and_given(reopened())
    scenario.when(expediting_refused("2026-05-04T14:00:00Z")).then(ExpeditingRefused)


@pytest.mark.parametrize("step", [expedited, expediting_refused])
@pytest.mark.parametrize("asked_at", ["2026-04-28T13:59:59Z", "2026-04-29T16:00:01Z"], ids=["before it", "to come"])
def test_it_was_asked_for_after_the_request_came_and_not_in_the_future(
    step: Callable[[str], Step], asked_at: str
) -> None:
    received().on("2026-04-29").when(step(asked_at)).then_refused(InvalidCommand, field="asked_at")


def test_only_an_open_standard_request_is_expedited() -> None:
    received("commercial", "urgent").when(expedited("2026-04-28T15:00:00Z")).then_refused(Conflict)
    received().and_given(withdrawn()).when(expedited("2026-04-28T15:00:00Z")).then_refused(Conflict)
    decided = given(submitted(), approved())
    decided.when(expediting_refused("2026-04-28T15:00:00Z")).then_refused(AlreadyDecided)


# -- extended, with its notice ----------------------------------------------------------------


@pytest.mark.parametrize(("days", "taken", "expected"), [(None, 15, "2026-05-29"), (5, 5, "2026-05-19")])
def test_a_standard_commercial_request_is_extended_once(days: int | None, taken: int, expected: str) -> None:
    scenario = received().when(clock_extended(days=days)).then(ClockExtended, days=taken)
    assert due(scenario) == expected
    scenario.when(clock_extended()).then_refused(Conflict)


def test_by_no_more_than_the_table_allows() -> None:
    received().when(clock_extended(days=16)).then_refused(InvalidCommand, field="days")


@pytest.mark.parametrize(
    "stage",
    [
        lambda: received("medicaid"),
        lambda: received("medicare_advantage"),
        lambda: received("commercial", "urgent"),
        lambda: received().on("2026-04-29").and_given(expedited("2026-04-29T14:00:00Z")),
        lambda: received().on("2026-05-14"),
        lambda: received().and_given(withdrawn()),
        lambda: received().and_given(dismissed()),
    ],
    ids=["medicaid", "part b", "urgent", "expedited", "run out", "withdrawn", "dismissed"],
)
def test_and_where_the_table_allows_none_not_at_all(stage: Callable[[], Scenario]) -> None:
    stage().when(clock_extended()).then_refused(Conflict, field="request_id")
