"""The clock of a request, from its history: what stops it, what sets it going, and what it was known to be then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest

from domain.deadline_terms.table import DeadlineTable, terms_for
from domain.deadline_terms.terms import Days
from domain.deadlines.due_dates import DecisionDeadline
from domain.deadlines.requests import deadline_of
from domain.errors import AlreadyDecided, Conflict, InvalidCommand
from domain.events.determinations import CourseApproved
from domain.events.requests import ClockExtended, ExpeditingRefused, InformationRequested, RequestExpedited
from domain.history import evolve
from tests.story import (
    MEETS_A,
    OFFICE,
    ZONE,
    Scenario,
    Step,
    approved,
    clock_extended,
    delivered,
    denied,
    dismissed,
    dose,
    expedited,
    expediting_refused,
    given,
    information_requested,
    line_changed,
    noticed,
    past_determination,
    referred,
    reminded,
    reopened,
    statement_corrected,
    submitted,
    supplied,
    withdrawn,
)

OPEN_HIV = MEETS_A | {"hiv_infection": None}
NO_HIV = {"hiv_infection": False}
HIV = MEETS_A | {"hiv_infection": True}


def on(day: str, *steps: Step) -> list[Step]:
    return [one.recorded_on(day) for one in steps]


def clock(scenario: Scenario) -> DecisionDeadline:
    return deadline_of(scenario.known, scenario.known.requests[-1], ZONE, scenario.table)


def due(scenario: Scenario) -> str:
    """The last day of a day clock, in the plan's zone; the instant of an hour clock, in UTC."""
    at = clock(scenario).due_at
    local = at.astimezone(ZONE)
    return str(local.date()) if (local.hour, local.minute) == (0, 0) else at.strftime("%Y-%m-%dT%H:%MZ")


def standing(scenario: Scenario, at: str) -> str:
    return clock(scenario).standing(datetime.fromisoformat(at).replace(tzinfo=UTC))


def received(line: str = "commercial", urgency: str = "standard", *steps: Step) -> Scenario:
    """On 28 April at ten in the morning in New York, fourteen o'clock UTC."""
    request = submitted(OPEN_HIV, line_of_business=line, urgency=urgency)
    return given(request.by(OFFICE), *steps)


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


# -- stopped by an extension for missing information, and going again ---------------------------

EXTEND = {"notice": "We need more time, because information is missing."}


def test_asking_alone_does_not_stop_it() -> None:
    scenario = received().and_given(*on("2026-05-04", information_requested()))
    assert standing(scenario, "2026-05-05T12:00") == "running"
    assert due(scenario) == "2026-05-14"


def test_an_extension_in_the_same_act_stops_it_until_the_full_answer() -> None:
    scenario = received().on("2026-05-04").when(information_requested(extend=EXTEND))
    scenario.then(InformationRequested, ClockExtended)
    assert isinstance(scenario.last[1], ClockExtended)
    assert (scenario.last[1].days, scenario.last[1].for_information) == (15, True)
    assert standing(scenario, "2026-05-05T12:00") == "paused"
    # Thirty days, and forty-five without an answer.
    assert due(scenario) == "2026-07-13"
    scenario.and_given(*on("2026-05-06", reminded(), supplied({"rems_enrolled": True}, on="2026-05-06")))
    assert due(scenario) == "2026-07-13"
    scenario.and_given(*on("2026-05-08", supplied(NO_HIV, on="2026-05-07")))
    assert due(scenario) == "2026-06-01"
    assert standing(scenario, "2026-05-08T12:00") == "running"


def test_the_time_to_answer_counts_from_the_receipt_of_the_notice() -> None:
    scenario = received().and_given(*on("2026-05-04", information_requested(extend=EXTEND)))
    scenario.and_given(*on("2026-05-05", noticed("clock_extended", "2026-05-05T09:00:00-04:00")))
    assert due(scenario) == "2026-07-13"
    scenario.and_given(*on("2026-05-10", delivered("2026-05-09T09:00:00-04:00")))
    # Received five days after the notice was given.
    assert due(scenario) == "2026-07-18"
    assert clock(scenario).stops[0][1] == datetime(2026, 6, 24, 4, tzinfo=UTC)


def test_the_receipt_of_another_notice_does_not_count() -> None:
    scenario = received().and_given(*on("2026-05-04", information_requested(extend=EXTEND)))
    other = [noticed("information_needed", "2026-05-05T09:00:00-04:00"), delivered("2026-05-05T10:00:00-04:00")]
    assert due(scenario.and_given(*on("2026-05-06", *other))) == "2026-07-13"


def test_an_extension_after_the_question_stops_it_from_its_own_notice() -> None:
    scenario = received().and_given(*on("2026-05-04", information_requested()))
    scenario.on("2026-05-10").when(clock_extended(for_information=True)).then(ClockExtended, for_information=True)
    scenario.and_given(*on("2026-05-15", supplied(NO_HIV, on="2026-05-14")))
    # Thirty days, and the four from 10 to 14 May.
    assert due(scenario) == "2026-06-02"


def test_an_extension_for_missing_information_needs_a_question_that_is_out() -> None:
    received().when(clock_extended(for_information=True)).then_refused(InvalidCommand, field="for_information")


@pytest.mark.parametrize(
    ("line", "urgency"), [("medicaid", "standard"), ("medicare_advantage", "standard"), ("commercial", "urgent")]
)
def test_where_the_table_allows_no_extension_asking_offers_none(line: str, urgency: str) -> None:
    scenario = received(line, urgency).when(information_requested(extend=EXTEND))
    scenario.then_refused(Conflict, field="request_id")
    assert scenario.known.requests[0].askings == ()


def test_it_is_extended_by_no_more_than_is_allowed_and_only_once() -> None:
    received().when(information_requested(extend=EXTEND | {"days": 16})).then_refused(
        InvalidCommand, field="extend.days"
    )
    scenario = received().and_given(clock_extended()).when(information_requested(extend=EXTEND))
    scenario.then_refused(Conflict, field="request_id")


# -- doses that were given before ---------------------------------------------------------------


def afterwards(**values: Any) -> Scenario:
    """Two doses that were given, and asked for on 28 April."""
    scenario = given(dose("2026-04-20"), dose("2026-04-21"))
    listed = [one.dose_id for one in scenario.known.doses]
    asked = OPEN_HIV | {"requested_dosing": OPEN_HIV["requested_dosing"] | {"consecutive_days": 2}}
    return scenario.and_given(submitted(asked, retrospective_for=listed, **values).by(OFFICE))


def test_asked_for_afterwards_there_are_30_days_and_15_more() -> None:
    assert due(afterwards()) == "2026-05-29"
    scenario = afterwards().on("2026-05-20").when(clock_extended(days=15)).then(ClockExtended)
    assert due(scenario) == "2026-06-13"


def test_asked_for_afterwards_with_further_days_or_as_urgent_the_shorter_times_apply() -> None:
    further = afterwards().and_given(statement_corrected(OPEN_HIV))
    assert due(further) == "2026-05-14"
    assert due(afterwards(urgency="urgent")) == "2026-05-01T14:00Z"
    assert due(afterwards(line_of_business="medicaid")) == "2026-04-29T14:00Z"


# -- rows of the plan ---------------------------------------------------------------------------

STATE_LAW = DeadlineTable(
    own=(replace(terms_for("commercial", date(2026, 4, 28)), state="CA", funding="insured", standard=Days(5)),)
)


@pytest.mark.parametrize(
    ("coverage", "expected", "note"),
    [
        ({}, "2026-05-04", "state and funding of the coverage not on record"),
        ({"funding": "insured"}, "2026-05-04", "state of the coverage not on record"),
        ({"state": "CA"}, "2026-05-04", "funding of the coverage not on record"),
        ({"state": "CA", "funding": "insured"}, "2026-05-04", ""),
        ({"state": "NY", "funding": "insured"}, "2026-05-14", ""),
        ({"state": "CA", "funding": "self_funded"}, "2026-05-14", ""),
        ({"funding": "self_funded"}, "2026-05-14", ""),
    ],
)
def test_the_state_and_the_funding_of_the_coverage_choose_the_row(
    coverage: dict[str, str], expected: str, note: str
) -> None:
    scenario = received().under(STATE_LAW)
    scenario.and_given(line_changed("2026-01-01", "commercial", **coverage))
    assert due(scenario) == expected
    assert note in clock(scenario).rule
    assert ("so the shortest row applies" in clock(scenario).rule) == bool(note)


def test_the_coverage_of_the_day_of_receipt_counts_and_of_the_same_line() -> None:
    scenario = received().under(STATE_LAW)
    scenario.and_given(line_changed("2026-01-01", "commercial", state="NY", funding="insured"))
    scenario.and_given(line_changed("2026-05-01", "commercial", state="CA", funding="insured"))
    assert due(scenario) == "2026-05-14"
    scenario.and_given(line_changed("2026-02-01", "medicaid", state="NY"))
    assert due(scenario) == "2026-05-04"


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
