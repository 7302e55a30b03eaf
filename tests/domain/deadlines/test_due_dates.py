"""When requests and appeals are due: just below, at and just above, for every row of the terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, get_args
from zoneinfo import ZoneInfo

import pytest

from domain.deadlines.due_dates import (
    DeadlineExtension,
    DeadlineStatus,
    DecisionDeadline,
    DecisionTimes,
    Pause,
    answer_limit,
    appeal_due_at,
    appeal_filing_deadline,
    decision_deadline,
    end_of_day,
    reason_against_extension,
)
from domain.deadlines.terms import Days, DeadlineTerms, Hours, TermsLine, Urgency, terms_for

HERE: Final = ZoneInfo("America/New_York")
DAY: Final = date(2026, 6, 1)
NOON: Final = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)
TICK: Final = timedelta.resolution
WEEKS: Final = timedelta(days=45)
COMMERCIAL, MEDICARE, MEDICAID, FEDERAL = (terms_for(line, DAY) for line in get_args(TermsLine))


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def days(count: float) -> timedelta:
    return timedelta(days=count)


def midnight_after(month: int, day: int) -> datetime:
    """Of June and the months around it, when New York is four hours behind."""
    return datetime(2026, month, day, 4, 0, tzinfo=UTC) + days(1)


def clock(terms: DeadlineTerms, moments: DecisionTimes) -> DecisionDeadline:
    return decision_deadline(terms, moments, HERE)


def question(asked_at: datetime, *, limit: timedelta = WEEKS, answered_after: timedelta | None = None) -> Pause:
    return Pause(asked_at, asked_at + limit, None if answered_after is None else asked_at + answered_after)


# -- when a request is due --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "urgency", "due_at"),
    [
        (COMMERCIAL, "standard", midnight_after(6, 16)),
        (COMMERCIAL, "urgent", NOON + hours(72)),
        (MEDICARE, "standard", NOON + hours(72)),
        (MEDICARE, "urgent", NOON + hours(24)),
        (MEDICAID, "standard", NOON + hours(24)),
        (MEDICAID, "urgent", NOON + hours(24)),
        (FEDERAL, "standard", midnight_after(6, 8)),
        (FEDERAL, "urgent", NOON + hours(72)),
    ],
)
def test_a_request_is_due_just_below_at_and_just_above(
    terms: DeadlineTerms, urgency: Urgency, due_at: datetime
) -> None:
    told = clock(terms, DecisionTimes(NOON, urgency))
    assert (told.due_at, told.urgency_applied, told.starts_at) == (due_at, urgency, NOON)
    assert told.at_risk_from == due_at - (due_at - NOON) / 4
    assert told.rule.startswith(f"{terms.line}, {urgency}: ")
    assert told.source == terms.source_of(urgency)
    assert standings(told, told.at_risk_from) == ["running", "at_risk", "at_risk"]
    assert standings(told, due_at) == ["at_risk", "at_risk", "overdue"]


def standings(told: DecisionDeadline, at: datetime) -> list[DeadlineStatus]:
    """Just before, at, and just after."""
    return [told.standing(at - TICK), told.standing(at), told.standing(at + TICK)]


@pytest.mark.parametrize(
    ("received_at", "due_at"),
    [
        ("2026-06-02T03:59:59Z", "2026-06-17T04:00:00Z"),  # a second before midnight in New York: 1 June
        ("2026-06-02T04:00:00Z", "2026-06-18T04:00:00Z"),  # midnight: 2 June
        ("2026-03-01T17:00:00Z", "2026-03-17T04:00:00Z"),  # clocks go forward on 8 March
        ("2026-02-20T17:00:00Z", "2026-03-08T05:00:00Z"),  # the midnight before they do
        ("2026-02-21T17:00:00Z", "2026-03-09T04:00:00Z"),  # the midnight after
        ("2026-10-20T16:00:00Z", "2026-11-05T05:00:00Z"),  # clocks go back on 1 November
        ("2024-02-14T17:00:00Z", "2024-03-01T05:00:00Z"),  # to the end of 29 February
        ("2026-02-14T17:00:00Z", "2026-03-02T05:00:00Z"),
        ("2024-02-29T17:00:00Z", "2024-03-16T04:00:00Z"),
        ("2025-12-20T17:00:00Z", "2026-01-05T05:00:00Z"),
    ],
)
def test_day_clocks_end_at_midnight_of_the_plans_zone(received_at: str, due_at: str) -> None:
    told = clock(COMMERCIAL, DecisionTimes(datetime.fromisoformat(received_at)))
    assert told.due_at == datetime.fromisoformat(due_at)


@pytest.mark.parametrize("received_at", ["2026-03-07T17:00:00Z", "2026-10-31T16:00:00Z", "2024-02-28T17:00:00Z"])
def test_hour_clocks_know_no_daylight_saving_and_no_calendar(received_at: str) -> None:
    at = datetime.fromisoformat(received_at)
    assert clock(MEDICARE, DecisionTimes(at.astimezone(HERE))).due_at == at + hours(72)


def test_a_midnight_that_does_not_exist_is_the_first_instant_of_the_next_day() -> None:
    """In Cairo clocks went from 00:00 to 01:00 on 26 April 2024."""
    assert end_of_day(date(2024, 4, 25), ZoneInfo("Africa/Cairo")) == datetime(2024, 4, 25, 22, 0, tzinfo=UTC)


def test_an_instant_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        clock(COMMERCIAL, DecisionTimes(NOON.replace(tzinfo=None)))


# -- questions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "urgency", "limit"),
    [
        (COMMERCIAL, "standard", midnight_after(7, 16)),
        (COMMERCIAL, "urgent", NOON + hours(48)),
        (MEDICARE, "standard", midnight_after(6, 15)),
        (MEDICAID, "urgent", midnight_after(6, 15)),
    ],
)
def test_a_provider_gets_at_least_so_long_to_answer(terms: DeadlineTerms, urgency: Urgency, limit: datetime) -> None:
    assert answer_limit(terms, urgency, NOON, HERE) == limit


@pytest.mark.parametrize(
    ("answered_at", "last_day"),
    [
        (None, (7, 16)),  # at the limit: thirty days
        ("2026-07-07T04:00:00Z", (7, 16)),
        ("2026-07-07T03:59:59Z", (7, 16)),  # on the last day
        ("2026-07-06T04:00:00Z", (7, 15)),  # at the midnight before it
        ("2026-09-01T12:00:00Z", (7, 16)),  # after the limit the clock runs again
        ("2026-06-08T12:00:00Z", (6, 18)),
        ("2026-06-07T04:00:01Z", (6, 17)),  # just past midnight in New York
        ("2026-06-07T03:00:00Z", (6, 16)),  # on the day it was asked
    ],
)
def test_a_commercial_clock_stands_still_until_the_answer_or_its_limit(
    answered_at: str | None, last_day: tuple[int, int]
) -> None:
    """Received on 1 June, asked on 6 June, to be answered by the end of 6 July."""
    answered = None if answered_at is None else datetime.fromisoformat(answered_at)
    pause = Pause(NOON + days(5), end_of_day(date(2026, 7, 6), HERE), answered)
    told = clock(COMMERCIAL, DecisionTimes(NOON, pauses=(pause,)))
    assert told.due_at == midnight_after(*last_day)
    assert told.rule.endswith("excluding the time while requested information was pending")


def test_a_clock_says_since_when_it_stands_still_and_until_when_at_the_latest() -> None:
    asked_at, limit = NOON + days(5), end_of_day(date(2026, 7, 6), HERE)
    told = clock(COMMERCIAL, DecisionTimes(NOON, pauses=(Pause(asked_at, limit),)))
    assert told.paused_at(asked_at - TICK) is None
    assert told.paused_at(asked_at) == told.paused_at(limit - TICK) == (asked_at, limit)
    assert told.paused_at(limit) is None
    assert standings(told, asked_at) == ["running", "paused", "paused"]
    assert standings(told, limit) == ["paused", "running", "running"]
    assert standings(told, midnight_after(7, 16)) == ["at_risk", "at_risk", "overdue"]


@pytest.mark.parametrize("terms", [MEDICARE, MEDICAID, FEDERAL], ids=lambda terms: terms.line)
@pytest.mark.parametrize("urgency", get_args(Urgency))
def test_asking_never_stops_the_other_clocks(terms: DeadlineTerms, urgency: Urgency) -> None:
    asked = DecisionTimes(NOON, urgency, pauses=(question(NOON + hours(1)),))
    told = clock(terms, asked)
    assert told == clock(terms, DecisionTimes(NOON, urgency))
    assert told.paused_at(NOON + hours(2)) is None


def test_a_question_after_the_time_to_decide_stops_nothing() -> None:
    due_at = midnight_after(6, 16)
    for asked_at in (due_at, due_at + TICK):
        assert clock(COMMERCIAL, DecisionTimes(NOON, pauses=(question(asked_at),))).due_at == due_at
    assert clock(COMMERCIAL, DecisionTimes(NOON, pauses=(question(due_at - TICK),))).due_at == due_at + days(45)


def test_overlapping_questions_count_once() -> None:
    first = question(NOON + days(2), answered_after=days(6))
    second = question(NOON + days(4), answered_after=days(6))
    inside = question(NOON + days(3), answered_after=days(1))
    apart = question(NOON + days(12), answered_after=days(2))
    told = clock(COMMERCIAL, DecisionTimes(NOON, pauses=(apart, second, inside, first)))
    assert told.due_at == midnight_after(6, 16 + 8 + 2)
    assert told.stops == ((NOON + days(2), NOON + days(10)), (NOON + days(12), NOON + days(14)))


@pytest.mark.parametrize(
    ("first", "second", "stops"),
    [
        (question(NOON, answered_after=days(6)), question(NOON + days(1), answered_after=days(1)), [(0, 6)]),
        (question(NOON, answered_after=days(2)), question(NOON + days(2), answered_after=days(1)), [(0, 3)]),
        (question(NOON, answered_after=days(2)), question(NOON + days(3), answered_after=days(1)), [(0, 2), (3, 4)]),
        (question(NOON - days(2), answered_after=days(3)), question(NOON, answered_after=hours(1)), [(0, 1)]),
        (question(NOON, answered_after=-days(3)), question(NOON, answered_after=days(1)), [(0, 1)]),
    ],
    ids=["inside", "touching", "apart", "from before receipt", "answered before it was asked"],
)
def test_time_stands_still_once(first: Pause, second: Pause, stops: list[tuple[int, int]]) -> None:
    told = clock(COMMERCIAL, DecisionTimes(NOON, pauses=(first, second)))
    assert told.stops == tuple((NOON + days(since), NOON + days(until)) for since, until in stops)
    assert told.due_at == midnight_after(6, 16) + sum((days(until - since) for since, until in stops), timedelta())


def test_a_question_answered_at_once_stops_nothing_even_at_midnight() -> None:
    at_once = question(midnight_after(6, 5), answered_after=timedelta())
    assert clock(COMMERCIAL, DecisionTimes(NOON, pauses=(at_once,))).due_at == midnight_after(6, 16)


def test_the_part_at_risk_is_counted_back_over_the_time_in_which_the_clock_stood_still() -> None:
    """Four days of a clock are at risk; here two are left after the answer, so two lie before the question."""
    sixteen = replace(COMMERCIAL, standard=Hours(16 * 24))
    asked = DecisionTimes(NOON, pauses=(question(NOON + days(14), answered_after=days(10)),))
    assert clock(sixteen, asked).due_at == NOON + days(26)
    assert clock(sixteen, asked).at_risk_from == NOON + days(12)
    early = DecisionTimes(NOON, pauses=(question(NOON + days(5), answered_after=days(10)),))
    assert clock(sixteen, early).at_risk_from == NOON + days(22)
    just = DecisionTimes(NOON, pauses=(question(NOON + days(12), answered_after=days(10)),))
    assert clock(sixteen, just).at_risk_from == NOON + days(22)
    half = replace(sixteen, at_risk_percent=50)
    assert clock(half, DecisionTimes(NOON)).at_risk_from == NOON + days(8)


@pytest.mark.parametrize(
    ("asked", "due_at"),
    [
        ((question(NOON + hours(24), limit=hours(48)),), NOON + hours(24 + 48 + 48)),
        ((question(NOON + hours(24), limit=hours(48), answered_after=hours(5)),), NOON + hours(24 + 5 + 48)),
        ((question(NOON + hours(1), limit=hours(48), answered_after=hours(1)),), NOON + hours(50)),
        ((question(NOON + hours(1), limit=hours(60)),), NOON + hours(1 + 60 + 48)),
        ((question(NOON + hours(24) + TICK, limit=hours(48)),), NOON + hours(72)),  # asked too late
        ((question(NOON + hours(3), answered_after=-hours(1)),), NOON + hours(3 + 48)),  # answered before it was asked
        (
            (
                question(NOON + hours(1), limit=hours(48), answered_after=hours(2)),
                question(NOON + hours(4), limit=hours(48), answered_after=hours(9)),
            ),
            NOON + hours(4 + 9 + 48),
        ),
    ],
)
def test_an_urgent_commercial_request_is_due_48_hours_after_the_answer_or_the_time_for_it(
    asked: tuple[Pause, ...], due_at: datetime
) -> None:
    told = clock(COMMERCIAL, DecisionTimes(NOON, "urgent", pauses=asked))
    assert (told.due_at, told.source) == (due_at, "29 CFR 2560.503-1(f)(2)(i)")
    assert ("48 hours from the receipt" in told.rule) == bool(told.stops)


# -- expedited, extended, decided -------------------------------------------------------------


def test_expediting_starts_the_urgent_clock_at_its_own_receipt() -> None:
    told = clock(COMMERCIAL, DecisionTimes(NOON, expedited_at=NOON + days(3)))
    assert (told.due_at, told.urgency_applied) == (NOON + days(6), "urgent")
    assert told.rule == "commercial, urgent: 72 hours from being expedited"


def test_expediting_never_gives_more_time_than_the_standard_clock_had_left() -> None:
    told = clock(COMMERCIAL, DecisionTimes(NOON, expedited_at=NOON + days(14)))
    assert (told.due_at, told.urgency_applied) == (midnight_after(6, 16), "standard")


def test_where_both_clocks_end_together_the_urgent_one_applies() -> None:
    told = clock(MEDICAID, DecisionTimes(NOON, expedited_at=NOON))
    assert (told.due_at, told.urgency_applied) == (NOON + hours(24), "urgent")


def test_a_standard_question_that_is_out_does_not_hold_up_an_expedited_request() -> None:
    pause = question(NOON + days(2))
    told = clock(COMMERCIAL, DecisionTimes(NOON, expedited_at=NOON + days(3), pauses=(pause,)))
    assert told.due_at == NOON + days(6)
    assert told.paused_at(NOON + days(4)) is None
    again = question(NOON + days(3.5), limit=hours(48))
    told = clock(COMMERCIAL, DecisionTimes(NOON, expedited_at=NOON + days(3), pauses=(pause, again)))
    assert told.due_at == NOON + days(3.5) + hours(96)


@pytest.mark.parametrize(
    ("terms", "granted", "last_day"),
    [
        (COMMERCIAL, (Days(15),), (7, 1)),
        (COMMERCIAL, (Days(40),), (7, 1)),  # more than the table allows
        (COMMERCIAL, (Days(3), Days(15)), (6, 19)),  # once
        (FEDERAL, (Days(14),), (6, 22)),
        (FEDERAL, (Days(5),), (6, 13)),
    ],
)
def test_an_extension_counts_as_what_the_table_allows(
    terms: DeadlineTerms, granted: tuple[Days, ...], last_day: tuple[int, int]
) -> None:
    extensions = tuple(DeadlineExtension(NOON + days(1 + number), one) for number, one in enumerate(granted))
    told = clock(terms, DecisionTimes(NOON, extensions=extensions))
    assert told.due_at == midnight_after(*last_day)
    assert f"extended by {min(granted[0].count, 15)} days" in told.rule


@pytest.mark.parametrize("terms", [MEDICARE, MEDICAID], ids=lambda terms: terms.line)
def test_medicare_and_medicaid_allow_no_extension(terms: DeadlineTerms) -> None:
    extended = DecisionTimes(NOON, extensions=(DeadlineExtension(NOON + hours(1), Days(15)),))
    assert clock(terms, extended) == clock(terms, DecisionTimes(NOON))
    reason = reason_against_extension(terms, DecisionTimes(NOON), NOON, HERE)
    assert reason == f"{terms.line} allows no extension ({terms.source})"


@pytest.mark.parametrize(
    ("moments", "at", "reason"),
    [
        (DecisionTimes(NOON), midnight_after(6, 16) - TICK, None),
        (DecisionTimes(NOON), midnight_after(6, 16), "the deadline has passed"),
        (DecisionTimes(NOON, pauses=(question(NOON + days(10)),)), midnight_after(6, 16), None),
        (DecisionTimes(NOON, "urgent"), NOON + hours(1), "urgent"),
        (DecisionTimes(NOON, expedited_at=NOON + hours(1)), NOON + hours(2), "urgent"),
        (DecisionTimes(NOON, extensions=(DeadlineExtension(NOON, Days(1)),)), NOON + hours(2), "only one extension"),
        (DecisionTimes(NOON, decided_at=NOON + hours(1)), NOON + hours(1), "closed"),
    ],
)
def test_why_a_commercial_request_cannot_be_extended(moments: DecisionTimes, at: datetime, reason: str | None) -> None:
    said = reason_against_extension(COMMERCIAL, moments, at, HERE)
    assert said is None if reason is None else said is not None and reason in said


def test_an_extension_after_the_time_or_after_expediting_moves_nothing() -> None:
    late = DecisionTimes(NOON, extensions=(DeadlineExtension(midnight_after(6, 16), Days(15)),))
    assert clock(COMMERCIAL, late).due_at == midnight_after(6, 16)
    expedited = DecisionTimes(
        NOON, expedited_at=NOON + days(14), extensions=(DeadlineExtension(NOON + days(14), Days(15)),)
    )
    assert clock(COMMERCIAL, expedited).due_at == midnight_after(6, 16)


def test_a_decided_request_has_stopped_and_still_says_whether_it_was_in_time() -> None:
    told = clock(COMMERCIAL, DecisionTimes(NOON, decided_at=NOON + days(20)))
    assert (told.stopped_at, told.due_at) == (NOON + days(20), midnight_after(6, 16))
    assert standings(told, NOON + days(20)) == ["overdue", "stopped", "stopped"]
    waiting = clock(COMMERCIAL, DecisionTimes(NOON, pauses=(question(NOON),), decided_at=NOON + days(2)))
    assert [waiting.paused_at(NOON + days(1)) is None, waiting.paused_at(NOON + days(2)) is None] == [False, True]


# -- appeals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "last_day"),
    [(COMMERCIAL, "2026-11-28"), (MEDICARE, "2026-08-05"), (MEDICAID, "2026-07-31"), (FEDERAL, "2026-08-05")],
)
def test_an_appeal_is_filed_by_the_last_day_counted_from_the_notice(terms: DeadlineTerms, last_day: str) -> None:
    early, later = date(2026, 1, 1), date(2026, 2, 1)
    told = [
        appeal_filing_deadline(terms, determined_on=DAY),
        appeal_filing_deadline(terms, determined_on=early, issued_on=DAY),
        appeal_filing_deadline(terms, determined_on=early, issued_on=later, delivered_on=DAY),
        appeal_filing_deadline(terms, determined_on=early, delivered_on=DAY),
    ]
    assert told == [date.fromisoformat(last_day)] * 4


@pytest.mark.parametrize(
    ("terms", "urgency", "due_at"),
    [
        (COMMERCIAL, "standard", midnight_after(7, 1)),
        (COMMERCIAL, "urgent", NOON + hours(72)),
        (MEDICARE, "standard", midnight_after(6, 8)),
        (MEDICARE, "urgent", NOON + hours(72)),
        (MEDICAID, "standard", midnight_after(7, 1)),
        (MEDICAID, "urgent", NOON + hours(72)),
        (FEDERAL, "standard", midnight_after(7, 1)),
        (FEDERAL, "urgent", NOON + hours(72)),
    ],
)
def test_an_appeal_is_due_by_its_urgency(terms: DeadlineTerms, urgency: Urgency, due_at: datetime) -> None:
    assert appeal_due_at(terms, urgency, NOON, HERE) == due_at


def test_an_expedited_appeal_is_due_by_whichever_clock_ends_first() -> None:
    assert appeal_due_at(COMMERCIAL, "standard", NOON, HERE, NOON + days(2)) == NOON + days(5)
    assert appeal_due_at(COMMERCIAL, "standard", NOON, HERE, NOON + days(29)) == midnight_after(7, 1)
