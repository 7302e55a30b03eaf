"""What stops a standard commercial clock: an extension for missing information, from its notice, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from domain.deadline_terms.table import terms_for
from domain.deadline_terms.terms import Days, Hours
from domain.deadlines.answer_limits import answer_limits
from domain.deadlines.due_dates import (
    DeadlineExtension,
    DecisionDeadline,
    DecisionTimes,
    InformationRequest,
    decision_deadline,
    end_of_day,
)

HERE: Final = ZoneInfo("America/New_York")
NOON: Final = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)
TICK: Final = timedelta.resolution
COMMERCIAL: Final = terms_for("commercial", date(2026, 6, 1))
AFTERWARDS: Final = terms_for("commercial", date(2026, 6, 1), is_post_service=True)


def days(count: float) -> timedelta:
    return timedelta(days=count)


def end(month: int, day: int) -> datetime:
    return end_of_day(date(2026, month, day), HERE)


def asked(at: float, answered: float | None = None) -> InformationRequest:
    """Asked and answered on these days after receipt. The limit that was named is weeks away and decides nothing."""
    return InformationRequest(NOON + days(at), NOON + days(200), None if answered is None else NOON + days(answered))


def extended(at: float, received: float | None = None, granted: int = 15) -> DeadlineExtension:
    return DeadlineExtension(
        NOON + days(at),
        Days(granted),
        for_information=True,
        notice_received_at=None if received is None else NOON + days(received),
    )


def clock(*requests: InformationRequest, extensions: tuple[DeadlineExtension, ...] = ()) -> DecisionDeadline:
    return decision_deadline(
        COMMERCIAL, DecisionTimes(NOON, information_requests=requests, extensions=extensions), HERE
    )


def test_asking_alone_stops_nothing() -> None:
    assert clock(asked(2)) == clock()
    assert clock(asked(2, answered=9)).due_at == end(6, 16)


def test_an_extension_for_another_reason_stops_nothing_while_a_question_is_out() -> None:
    told = clock(asked(2), extensions=(DeadlineExtension(NOON + days(3), Days(15)),))
    assert (told.due_at, told.stops) == (end(7, 1), ())


CASES: Final[dict[str, tuple[tuple[InformationRequest, ...], DeadlineExtension, datetime]]] = {
    # 30 days end with 1 July.
    "answered after ten days": ((asked(2, answered=12),), extended(2), end(7, 11)),
    "answered on the day of the notice": ((asked(2, answered=2.1),), extended(2), end(7, 1)),
    "never answered, receipt not on record": ((asked(2),), extended(2), end(7, 1) + days(45)),
    "never answered, received three days later": ((asked(2),), extended(2, received=5), end(7, 1) + days(48)),
    "answered after the limit": ((asked(2, answered=90),), extended(2, received=5), end(7, 1) + days(48)),
    "asked before the notice: only from the notice": ((asked(2, answered=12),), extended(7), end(7, 6)),
    "answered before the notice: nothing was missing": ((asked(2, answered=6),), extended(7), end(7, 1)),
    "asked only after the notice": ((asked(8, answered=12),), extended(7), end(7, 1)),
    "two questions, both answered": ((asked(1, answered=5), asked(2, answered=12)), extended(2), end(7, 11)),
    "two questions, one answered": ((asked(1, answered=5), asked(2)), extended(2), end(7, 1) + days(45)),
    "another question after the notice": ((asked(2, answered=12), asked(3, answered=30)), extended(2), end(7, 11)),
    "fewer days granted": ((asked(2, answered=12),), extended(2, granted=5), end(7, 1)),
    "at the last instant of the first 15 days": (
        (asked(2, answered=16),), replace(extended(2), at=end(6, 16) - TICK), end(7, 2)
    ),
    "after the first 15 days": ((asked(2, answered=16),), replace(extended(2), at=end(6, 16)), end(6, 16)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_due_30_days_after_receipt_and_the_pause(case: str) -> None:
    """29 CFR 2560.503-1(f)(2)(iii)(A) and (f)(4)."""
    requests, extension, due_at = CASES[case]
    assert clock(*requests, extensions=(extension,)).due_at == due_at


def test_it_is_extended_once() -> None:
    first = DeadlineExtension(NOON + days(1), Days(15))
    told = clock(asked(2), extensions=(first, extended(3)))
    assert (told.due_at, told.stops) == (end(7, 1), ())


def test_an_answer_at_the_limit_and_none_are_the_same() -> None:
    limit = end_of_day(date(2026, 7, 18), HERE)
    silent = clock(asked(2), extensions=(extended(2),))
    assert silent.stops == ((NOON + days(2), limit),)
    for answered in (limit - TICK, limit, limit + TICK):
        one = replace(asked(2), answered_at=answered)
        assert clock(one, extensions=(extended(2),)).due_at == silent.due_at


def test_a_clock_says_since_when_it_stands_still_and_until_when_at_the_latest() -> None:
    told = clock(asked(2), extensions=(extended(2, received=5),))
    since, limit = NOON + days(2), end_of_day(date(2026, 7, 21), HERE)
    assert told.paused_at(since - TICK) is None
    assert told.paused_at(since) == told.paused_at(limit - TICK) == (since, limit)
    assert told.paused_at(limit) is None
    assert [told.standing(at) for at in (since - TICK, since, limit - TICK, limit)] == [
        "running", "paused", "paused", "running",
    ]  # fmt: skip
    assert [told.standing(told.due_at + tick) for tick in (-TICK, timedelta(), TICK)] == [
        "at_risk", "at_risk", "overdue",
    ]  # fmt: skip
    assert told.rule.endswith("extended by 15 days, excluding the time while requested information was pending")


@pytest.mark.parametrize(
    ("received", "extended_at", "answered", "due_at"),
    [
        # Clocks go forward on 8 March 2026, a Sunday, and back on 1 November.
        ("2026-02-20T17:00:00Z", "2026-02-21T17:00:00Z", "2026-03-07T17:00:00Z", "2026-04-06T04:00:00Z"),
        ("2026-02-20T17:00:00Z", "2026-03-07T17:00:00Z", "2026-03-08T17:00:00Z", "2026-03-24T04:00:00Z"),
        ("2026-10-17T16:00:00Z", "2026-10-30T16:00:00Z", "2026-11-02T17:00:00Z", "2026-11-20T05:00:00Z"),
        # 11 at night in New York is the day before.
        ("2026-06-02T03:00:00Z", "2026-06-04T03:00:00Z", "2026-06-09T03:00:00Z", "2026-07-07T04:00:00Z"),
    ],
)
def test_days_are_the_plans_across_daylight_saving_and_weekends(
    received: str, extended_at: str, answered: str, due_at: str
) -> None:
    at = datetime.fromisoformat(extended_at)
    times = DecisionTimes(
        datetime.fromisoformat(received),
        information_requests=(InformationRequest(at, at + days(60), datetime.fromisoformat(answered)),),
        extensions=(DeadlineExtension(at, Days(15), for_information=True),),
    )
    assert decision_deadline(COMMERCIAL, times, HERE).due_at == datetime.fromisoformat(due_at)


def test_asked_for_afterwards_it_has_30_days_and_15_more_and_the_pause() -> None:
    """29 CFR 2560.503-1(f)(2)(iii)(B)."""
    assert decision_deadline(AFTERWARDS, DecisionTimes(NOON), HERE).due_at == end(7, 1)
    times = DecisionTimes(NOON, information_requests=(asked(2, answered=12),), extensions=(extended(2),))
    assert decision_deadline(AFTERWARDS, times, HERE).due_at == end(7, 26)
    late = replace(times, extensions=(replace(extended(2), at=end(7, 1)),))
    assert decision_deadline(AFTERWARDS, late, HERE).due_at == end(7, 1)


def test_the_part_at_risk_is_counted_back_over_the_time_in_which_the_clock_stood_still() -> None:
    """Eight days of a clock of 32 are at risk; six are left after the answer, so two lie before the notice."""
    hours = replace(COMMERCIAL, standard=Hours(17 * 24))
    times = DecisionTimes(NOON, information_requests=(asked(3, answered=40),), extensions=(extended(3),))
    told = decision_deadline(hours, times, HERE)
    assert (told.due_at, told.stops) == (NOON + days(32 + 37), ((NOON + days(3), NOON + days(40)),))
    assert told.at_risk_from == told.due_at - days(8)
    near = replace(times, extensions=(extended(16),), information_requests=(asked(3, answered=40),))
    told = decision_deadline(hours, near, HERE)
    assert told.at_risk_from == told.due_at - days(8)
    half = decision_deadline(replace(hours, at_risk_percent=60), near, HERE)
    assert half.at_risk_from == NOON + days(32) - timedelta(hours=32 * 24 * 0.6)


# -- until when a response may be asked for ---------------------------------------------------


def test_without_an_extension_a_response_is_asked_for_before_the_decision_is_due() -> None:
    limits = answer_limits(COMMERCIAL, DecisionTimes(NOON), NOON + days(2), HERE)
    assert (limits.least, limits.latest, limits.default) == (None, end(6, 16), end(6, 16))


def test_with_one_there_are_45_days_and_the_decision_is_due_after_them() -> None:
    at = NOON + days(2)
    limits = answer_limits(COMMERCIAL, DecisionTimes(NOON), at, HERE, DeadlineExtension(at, Days(15), True))
    assert (limits.least, limits.latest) == (end(7, 18), end(7, 1) + days(45))
    assert limits.default == end(7, 18)


@pytest.mark.parametrize(("line", "hours"), [("medicare_advantage", 72), ("medicaid", 24)])
def test_of_other_lines_only_until_the_decision_is_due(line: str, hours: int) -> None:
    """42 CFR 422.568: asking never stops it."""
    terms = terms_for(line, date(2026, 6, 1))  # type: ignore[arg-type]
    limits = answer_limits(terms, DecisionTimes(NOON), NOON + days(0.5), HERE)
    assert (limits.least, limits.latest) == (None, NOON + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("hour", "least", "latest"),
    [(0, 48, 96), (24, 72, 120), (24.001, None, 72), (70, None, 72)],
)
def test_an_urgent_request_gives_48_hours_if_it_was_asked_for_within_24(
    hour: float, least: float | None, latest: float
) -> None:
    """29 CFR 2560.503-1(f)(2)(i). Asked for later, the time runs on. At most 48 hours more than the least."""
    at = NOON + timedelta(hours=hour)
    limits = answer_limits(COMMERCIAL, DecisionTimes(NOON, "urgent"), at, HERE)
    assert limits.least == (None if least is None else NOON + timedelta(hours=least))
    assert limits.latest == NOON + timedelta(hours=latest)
    assert limits.moves_due == (least is not None)


@pytest.mark.parametrize(("day", "least", "latest"), [(1, 48, 96), (12, 48, 84), (14, None, 36)])
def test_an_expedited_request_waits_for_no_response_after_its_standard_time(
    day: int, least: float | None, latest: float
) -> None:
    """Received at noon on June 1, the standard time ends with June 16. The standard time runs on."""
    at = NOON + days(day)
    limits = answer_limits(COMMERCIAL, DecisionTimes(NOON, expedited_at=at), at, HERE)
    assert limits.least == (None if least is None else at + timedelta(hours=least))
    assert limits.latest == at + timedelta(hours=latest)
