"""The deadlines of a request, counted day by day from the law, by somebody who never saw the program.

Imports nothing of the program on purpose: the laws compare the two. Days are walked one by one on the plan's calendar
with a counter. Hours are added to instants in UTC. Known from the law (and `../shared/design/readings.md`, the table
"What surrounds the policy"):

- 29 CFR 2560.503-1(f)(2)(i): urgent, 72 hours; information asked for within 24 hours, at least 48 hours to answer,
  then 48 hours from the answer or from the end of the time to answer.
- (f)(2)(iii): 15 days before the service, 30 days after it; once up to 15 days more, by a notice sent within the first
  period. (f)(4): an extension for missing information stops the clock from the day its notice is sent until the day of
  the answer, or until 45 days after the notice was received.
- (h)(3)(i), (i)(2): 180 days from receipt of the notice to appeal; 72 hours, 30 days, 60 days after the service; half of
  the days at each of two levels.
- 42 CFR 422.568, .572: 72 hours, expedited 24 hours; nothing stops them. 422.582: 60 days from receipt, presumed 5
  days after the date on the notice. 422.590: 7 days, expedited 72 hours; a denial that is upheld is forwarded to the independent entity in the same time.
- SSA 1927(d)(5): 24 hours. 42 CFR 438.402, .408: 60 days from the date on the notice; 30 days, expedited 72 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
QUARTER_HOUR = timedelta(minutes=15)


@dataclass(frozen=True)
class Ask:
    """Information was asked for. `answer_by` is the end of the time that the claimant was given."""

    at: datetime
    answer_by: datetime


@dataclass(frozen=True)
class Answer:
    """Information came. A full answer answers everything that was asked for before it."""

    at: datetime
    full: bool


@dataclass(frozen=True)
class ExtensionNotice:
    sent_at: datetime
    days: int
    for_information: bool
    received_at: datetime | None


@dataclass(frozen=True)
class Notice:
    """A notice of the decision. `received_at` None: its receipt is not on record."""

    sent_at: datetime
    received_at: datetime | None


@dataclass(frozen=True)
class AppealLife:
    filed_at: datetime
    urgent: bool


@dataclass(frozen=True)
class RequestLife:
    """What happened to a request, as plain facts. `zone` is the plan's."""

    zone: str
    line: str
    received_at: datetime
    urgent: bool = False
    post_service: bool = False
    expedited_at: datetime | None = None
    asks: tuple[Ask, ...] = ()
    answers: tuple[Answer, ...] = ()
    extensions: tuple[ExtensionNotice, ...] = ()
    notices: tuple[Notice, ...] = ()
    two_levels: bool = False


@dataclass(frozen=True)
class Due:
    """When something is due. `last_day` is its last day where days are counted, None where hours are."""

    at: datetime
    last_day: date | None = None

    def is_late(self, at: datetime, zone: str) -> bool:
        return day_of(at, zone) > self.last_day if self.last_day is not None else at > self.at


# -- the calendar --------------------------------------------------------------------------------


def day_of(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def end_of(day: date, zone: str) -> datetime:
    """The first instant after the day, found by walking until the calendar on the wall shows another day."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    while day_of(at, zone) <= day:
        at += QUARTER_HOUR
    return at


def days_after(start: date, days: int, stopped: set[date] | None = None) -> date:
    """The day on which the counter reaches `days`. The first day counted is the day after the start."""
    day, counted = start, 0
    while counted < days:
        day += ONE_DAY
        if stopped is None or day not in stopped:
            counted += 1
    return day


def by_days(start: datetime, days: int, zone: str, stopped: set[date] | None = None) -> Due:
    last = days_after(day_of(start, zone), days, stopped)
    return Due(end_of(last, zone), last)


def by_hours(start: datetime, hours: int) -> Due:
    return Due(start.astimezone(UTC) + timedelta(hours=hours))


# -- the decision --------------------------------------------------------------------------------


def decision_due(life: RequestLife) -> Due:
    """When the decision is due. Expediting starts the urgent time, and never prolongs the time that was running."""
    if life.line == "medicaid":
        return by_hours(life.received_at, 24)
    if life.line == "medicare_advantage":
        first = by_hours(life.received_at, 24 if life.urgent else 72)
        return first if life.expedited_at is None else earlier(first, by_hours(life.expedited_at, 24))
    if life.post_service:
        # A claim for a service that was given already is not urgent, (m)(1).
        return standard_due(life, 30)
    if life.urgent:
        return urgent_due(life, life.received_at)
    if life.expedited_at is None:
        return standard_due(life, 15)
    return earlier(standard_due(life, 15), urgent_due(life, life.expedited_at))


def earlier(one: Due, other: Due) -> Due:
    return one if one.at <= other.at else other


def urgent_due(life: RequestLife, start: datetime) -> Due:
    """Seventy-two hours; after information was asked for within 24 hours, 48 hours from the answer or its limit."""
    in_time = [ask for ask in life.asks if start <= ask.at <= start + timedelta(hours=24)]
    if not in_time:
        return by_hours(start, 72)
    return by_hours(max(min(answered_at(life, ask.at) or ask.answer_by, ask.answer_by) for ask in in_time), 48)


def answered_at(life: RequestLife, asked_at: datetime) -> datetime | None:
    return min((answer.at for answer in life.answers if answer.full and answer.at >= asked_at), default=None)


def standard_due(life: RequestLife, days: int) -> Due:
    extension = extension_in_time(life, days)
    if extension is None:
        return by_days(life.received_at, days, life.zone)
    return by_days(life.received_at, days + extension.days, life.zone, stopped_days(life, extension))


def extension_in_time(life: RequestLife, days: int) -> ExtensionNotice | None:
    """The one extension: the first whose notice was sent within the first period."""
    first = by_days(life.received_at, days, life.zone)
    in_time = [one for one in life.extensions if not first.is_late(one.sent_at, life.zone)]
    return min(in_time, key=lambda one: one.sent_at, default=None)


def stop(life: RequestLife) -> tuple[date, date] | None:
    """The days from the notice of an extension for information until the answer or its limit; None: no such stop."""
    if life.line != "commercial" or (life.urgent and not life.post_service):
        return None
    extension = extension_in_time(life, 30 if life.post_service else 15)
    return None if extension is None else stop_of(life, extension)


def stop_of(life: RequestLife, extension: ExtensionNotice) -> tuple[date, date] | None:
    """The clock stops for what was asked for by the notice, or before it, and not answered before it."""
    missing = [ask.at for ask in life.asks if ask.at <= extension.sent_at]
    ends = [answered_at(life, asked) for asked in missing]
    if not extension.for_information or not any(end is None or end > extension.sent_at for end in ends):
        return None
    # While the receipt is not on record, the time to answer is counted from the earliest day that it can be.
    limit = days_after(day_of(extension.received_at or extension.sent_at, life.zone), 45)
    answered = max((day_of(end, life.zone) for end in ends if end is not None), default=limit)
    last = limit if any(end is None for end in ends) else min(answered, limit)
    return day_of(extension.sent_at, life.zone), last


def stopped_days(life: RequestLife, extension: ExtensionNotice) -> set[date]:
    """The days that do not count: the day of the notice counts as run, and the day of the answer as stopped."""
    found = stop_of(life, extension)
    if found is None:
        return set()
    days, day = set(), found[0]
    while day < found[1]:
        day += ONE_DAY
        days.add(day)
    return days


# -- appeals -------------------------------------------------------------------------------------


def last_day_to_appeal(life: RequestLife) -> date | None:
    """None: no appeal is late. Of several notices of one decision the one with the latest end is counted."""
    if not life.notices:
        return None
    ends = [end_of_notice(life, notice) for notice in life.notices]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def end_of_notice(life: RequestLife, notice: Notice) -> date | None:
    dated = day_of(notice.sent_at, life.zone)
    if life.line == "medicare_advantage":
        # Sixty days after receipt, presumed on the fifth day unless there is evidence of a later one, 422.582(b)(1).
        presumed = days_after(dated, 5)
        received = presumed if notice.received_at is None else day_of(notice.received_at, life.zone)
        return days_after(max(presumed, received), 60)
    if life.line == "medicaid":
        return days_after(dated, 60)
    return None if notice.received_at is None else days_after(day_of(notice.received_at, life.zone), 180)


def appeal_due(life: RequestLife, appeal: AppealLife) -> Due:
    after_service = life.line == "commercial" and life.post_service
    if appeal.urgent and not after_service:
        return by_hours(appeal.filed_at, 72)
    if life.line == "commercial":
        days = 60 if after_service else 30
        return by_days(appeal.filed_at, days // 2 if life.two_levels else days, life.zone)
    return by_days(appeal.filed_at, 7 if life.line == "medicare_advantage" else 30, life.zone)


def forwarding_due(life: RequestLife, appeal: AppealLife) -> Due | None:
    """When the plan itself must have forwarded a denial that it upheld. None: the plan does not forward."""
    return appeal_due(life, appeal) if life.line == "medicare_advantage" else None


def has_second_level(life: RequestLife) -> bool:
    return life.line == "commercial" and life.two_levels
