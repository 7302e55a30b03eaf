"""When requests and appeals are due: just below, at and just above, for every row of the terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, get_args
from zoneinfo import ZoneInfo

import pytest

from domain.deadline_terms.table import terms_for
from domain.deadline_terms.terms import Days, DeadlineTerms, Either, Hours, TermsLine, Urgency
from domain.deadlines.due_dates import (
    DeadlineExtension,
    DeadlineStatus,
    DecisionDeadline,
    DecisionTimes,
    InformationRequest,
    decision_deadline,
    end_of_day,
    reason_against_extension,
)

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


def clock(terms: DeadlineTerms, times: DecisionTimes) -> DecisionDeadline:
    return decision_deadline(terms, times, HERE)


def question(
    asked_at: datetime, *, limit: timedelta = WEEKS, answered_after: timedelta | None = None
) -> InformationRequest:
    return InformationRequest(asked_at, asked_at + limit, None if answered_after is None else asked_at + answered_after)


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


@pytest.mark.parametrize("terms", [MEDICARE, MEDICAID, FEDERAL], ids=lambda terms: terms.line)
@pytest.mark.parametrize("urgency", get_args(Urgency))
def test_asking_never_stops_the_other_clocks(terms: DeadlineTerms, urgency: Urgency) -> None:
    asked = DecisionTimes(NOON, urgency, information_requests=(question(NOON + hours(1)),))
    told = clock(terms, asked)
    assert told == clock(terms, DecisionTimes(NOON, urgency))
    assert told.paused_at(NOON + hours(2)) is None


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
    asked: tuple[InformationRequest, ...], due_at: datetime
) -> None:
    told = clock(COMMERCIAL, DecisionTimes(NOON, "urgent", information_requests=asked))
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
    told = clock(COMMERCIAL, DecisionTimes(NOON, expedited_at=NOON + days(3), information_requests=(pause,)))
    assert told.due_at == NOON + days(6)
    assert told.paused_at(NOON + days(4)) is None
    again = question(NOON + days(3.5), limit=hours(48))
    told = clock(COMMERCIAL, DecisionTimes(NOON, expedited_at=NOON + days(3), information_requests=(pause, again)))
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
    ("times", "at", "reason"),
    [
        (DecisionTimes(NOON), midnight_after(6, 16) - TICK, None),
        (DecisionTimes(NOON), midnight_after(6, 16), "the deadline has passed"),
        (DecisionTimes(NOON, information_requests=(question(NOON + days(10)),)), midnight_after(6, 16), "has passed"),
        (DecisionTimes(NOON, "urgent"), NOON + hours(1), "urgent"),
        (DecisionTimes(NOON, expedited_at=NOON + hours(1)), NOON + hours(2), "urgent"),
        (DecisionTimes(NOON, extensions=(DeadlineExtension(NOON, Days(1)),)), NOON + hours(2), "only one extension"),
        (DecisionTimes(NOON, decided_at=NOON + hours(1)), NOON + hours(1), "closed"),
    ],
)
def test_why_a_commercial_request_cannot_be_extended(times: DecisionTimes, at: datetime, reason: str | None) -> None:
    said = reason_against_extension(COMMERCIAL, times, at, HERE)
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
    waiting = clock(
        COMMERCIAL,
        DecisionTimes(
            NOON,
            information_requests=(question(NOON),),
            extensions=(DeadlineExtension(NOON, Days(15), True),),
            decided_at=NOON + days(2),
        ),
    )
    assert [waiting.paused_at(NOON + days(1)) is None, waiting.paused_at(NOON + days(2)) is None] == [False, True]


# -- of two rows that may apply, one in days and one in hours -----------------------------------


@pytest.mark.parametrize(
    ("count", "received", "due_at"),
    [
        # In summer, three days end from 72 to 96 hours after the receipt.
        (72, "2026-06-01T00:00-04:00", "2026-06-04T00:00-04:00"),
        (72, "2026-06-01T23:59-04:00", "2026-06-04T23:59-04:00"),
        (80, "2026-06-01T15:59-04:00", "2026-06-04T23:59-04:00"),
        (80, "2026-06-01T16:01-04:00", "2026-06-05T00:00-04:00"),
        (96, "2026-06-01T00:00-04:00", "2026-06-05T00:00-04:00"),
        # The night of March 8 has no hour from 2 to 3, so the three days can end after 71 hours.
        (72, "2026-03-05T23:30-05:00", "2026-03-09T00:00-04:00"),
        (72, "2026-03-05T22:30-05:00", "2026-03-08T23:30-04:00"),
        (72, "2026-03-05T09:00-05:00", "2026-03-08T10:00-04:00"),
        # The night of November 1 has one hour twice.
        (96, "2026-10-29T00:30-04:00", "2026-11-01T23:30-05:00"),
        (97, "2026-10-29T00:30-04:00", "2026-11-02T00:00-05:00"),
    ],
)
def test_the_row_applies_whose_time_ends_first_for_this_request(count: int, received: str, due_at: str) -> None:
    terms = replace(COMMERCIAL, standard=Either(Days(3), Hours(count), "first"))
    times = DecisionTimes(datetime.fromisoformat(received))
    due = clock(terms, times)
    assert due.due_at == datetime.fromisoformat(due_at)
    assert f"{count} hours or 3 days, whichever ends first" in due.rule
    assert due.due_at == min(clock(replace(COMMERCIAL, standard=one), times).due_at for one in (Days(3), Hours(count)))


@pytest.mark.parametrize("answered", [None, 2, 2.4, 2.5, 3, 40])
@pytest.mark.parametrize("received_hour", [0, 5.5, 11.9, 13, 20])
def test_the_earlier_end_counts_with_an_extension_and_a_pause_too(answered: float | None, received_hour: float) -> None:
    start = NOON + hours(received_hour)
    asked = question(start + days(1), answered_after=None if answered is None else days(answered))
    times = DecisionTimes(
        start, information_requests=(asked,), extensions=(DeadlineExtension(start + days(1.5), Days(7), True),)
    )
    terms = replace(COMMERCIAL, standard=Either(Days(3), Hours(80), "first"))
    found = [clock(replace(COMMERCIAL, standard=one), times).due_at for one in (Days(3), Hours(80))]
    assert clock(terms, times).due_at == min(found)
