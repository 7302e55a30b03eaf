"""The clock of a request is stopped by an extension for missing information, and goes again with the answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import Conflict, InvalidCommand
from domain.events.requests import ClockExtended, InformationRequested
from tests.domain.deadlines.request_clock import NO_HIV, clock, due, on, received, standing
from tests.story import (
    clock_extended,
    delivered,
    information_requested,
    noticed,
    reminded,
    supplied,
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
    # Received four days after the notice was sent.
    assert due(scenario) == "2026-07-17"
    assert clock(scenario).stops == ((datetime(2026, 5, 5, 13, tzinfo=UTC), datetime(2026, 6, 24, 4, tzinfo=UTC)),)


def test_the_pause_starts_when_the_notice_is_sent() -> None:
    scenario = received().and_given(*on("2026-05-04", information_requested(extend=EXTEND)))
    scenario.and_given(*on("2026-05-08", supplied(NO_HIV, on="2026-05-08")))
    assert due(scenario) == "2026-06-02"
    # Sent two days after the extension was recorded: two of the four days ran (29 CFR 2560.503-1(f)(4)).
    scenario.and_given(*on("2026-05-08", noticed("clock_extended", "2026-05-06T09:00:00-04:00")))
    assert due(scenario) == "2026-05-31"


def test_an_extension_whose_notice_was_sent_after_the_first_days_does_not_count() -> None:
    scenario = received().and_given(*on("2026-05-13", information_requested(extend=EXTEND)))
    assert due(scenario) == "2026-07-13"
    on_the_last_day, a_day_later = "2026-05-13T23:00:00-04:00", "2026-05-14T09:00:00-04:00"
    late = received().and_given(*on("2026-05-13", information_requested(extend=EXTEND)))
    scenario.and_given(*on("2026-05-15", noticed("clock_extended", on_the_last_day)))
    assert due(scenario) == "2026-07-13"
    assert due(late.and_given(*on("2026-05-15", noticed("clock_extended", a_day_later)))) == "2026-05-14"


def test_an_answer_at_midnight_is_of_the_day_that_it_starts() -> None:
    scenario = received().and_given(*on("2026-05-04", information_requested(extend=EXTEND)))
    answer = supplied(NO_HIV, received_at="2026-05-08T00:00:00-04:00")
    assert due(scenario.and_given(*on("2026-05-08", answer))) == "2026-06-02"


@pytest.mark.parametrize(
    "unrelated", [{"rems_enrolled": True}, {"active_infection": False}, {"ms_form": "active_secondary_progressive"}]
)
def test_what_nobody_asked_for_is_no_part_of_the_answer(unrelated: dict[str, Any]) -> None:
    """The answer came on 6 May, an unrelated fact on 8 May; the answer was recorded last."""
    scenario = received().and_given(*on("2026-05-04", information_requested(extend=EXTEND)))
    scenario.and_given(*on("2026-05-08", supplied(unrelated, on="2026-05-08")))
    scenario.and_given(*on("2026-05-09", supplied(NO_HIV, on="2026-05-06")))
    assert due(scenario) == "2026-05-31"


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


def test_an_urgent_request_can_not_be_made_to_wait_for_weeks() -> None:
    """29 CFR 2560.503-1(f)(2)(i): at least 48 hours to answer; here, at most 48 hours more."""
    last = "2026-05-02T12:00:00-04:00"
    for late in ("2026-05-02T12:00:01-04:00", "2026-06-27T12:00:00-04:00"):
        scenario = received(urgency="urgent").when(information_requested(answer_by=late))
        scenario.then_refused(InvalidCommand, field="answer_by")
        assert scenario.error is not None
        assert scenario.error.remedy.startswith("send a time from 2026-04-30T16:00:00")
    scenario = received(urgency="urgent").when(information_requested(answer_by=last)).then(InformationRequested)
    assert due(scenario) == "2026-05-04T16:00Z"
