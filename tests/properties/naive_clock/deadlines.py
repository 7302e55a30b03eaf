"""The deadlines of a request, counted day by day from the law, by somebody who never saw the program.

Imports nothing of the program on purpose: the laws compare the two. Days are walked one by one on the plan's calendar
with a counter. Hours are added to instants in UTC. Known from the law (and `../shared/design/readings.md`, the table
"What surrounds the policy"):

- 29 CFR 2560.503-1(f)(2)(i): urgent, 72 hours; information asked for within 24 hours, at least 48 hours to answer,
  then 48 hours from the answer or from the end of the time to answer.
- (f)(2)(iii): 15 days before the service, 30 days after it; once up to 15 days more, by a notice sent within the first
  period. (f)(4): an extension for missing information stops the clock from the day on which its notice is sent until
  the day of the answer, or until 45 days after the notice was received.
- (h)(3)(i), (i)(2): 180 days from receipt of the notice to appeal; 72 hours, 30 days, 60 days after the service; half
  of the days at each of two levels.
- 42 CFR 422.568, .572: 72 hours, expedited 24 hours; nothing stops them. 422.582: 60 days from receipt, which is
  presumed 5 days after the date on the notice. 422.590: 7 days, expedited 72 hours; a denial that is upheld is
  forwarded to the independent entity in the same time.
- SSA 1927(d)(5): 24 hours. 42 CFR 438.402, .408: 60 days from the date on the notice; 30 days, expedited 72 hours.
- Of the plan: rows for a state, a funding, both or neither; what a row does not say, the next more general row says,
  and in the end the law. Where the state or the funding is not known, the plan must be in time under every row that may
  apply, and a second level that one of them gives is not refused. What was decided keeps the rows of its day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tests.properties.naive_clock.days import ONE_DAY, Due, by_days, by_hours, day_of, days_after, end_of


@dataclass(frozen=True)
class Ask:
    """Information was asked for. `answer_by` is the end of the time that the claimant was given."""

    at: datetime
    answer_by: datetime


@dataclass(frozen=True)
class Answer:
    """A part of what was asked for, or all that was left of it (`full`), and when the plan wrote it down."""

    received_at: datetime
    recorded_at: datetime
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
class PlanRow:
    """What the plan has of its own for the coverage of a state and a funding (None: of all). None: not said.

    `post_service`: the row is for what was given already, too.
    """

    state: str | None
    funding: str | None
    days: int | None = None
    hours: int | None = None
    levels: int | None = None
    appeal_days: int | None = None
    appeal_days_of_two: int | None = None
    post_service: bool = False


@dataclass(frozen=True)
class AppealLife:
    """`decided_under`: the rows of the day on which it was decided; None while it is open."""

    filed_at: datetime
    urgent: bool
    second: bool = False
    decided_under: tuple[PlanRow, ...] | None = None


@dataclass(frozen=True)
class RequestLife:
    """What happened to a request, as plain facts. `zone` is the plan's. `state` and `funding` None: not known.

    `post_service`: it asks only for what was given already. `plan_rows` are the rows of today, `decided_under` those of
    the day of the decision.
    """

    zone: str
    line: str
    received_at: datetime
    urgent: bool = False
    post_service: bool = False
    state: str | None = None
    funding: str | None = None
    plan_rows: tuple[PlanRow, ...] = ()
    decided_under: tuple[PlanRow, ...] | None = None
    decided_for: tuple[str, str | None, str | None] | None = None
    """The line, the state and the funding that were on record on the day of the decision."""

    expedited_at: datetime | None = None
    asks: tuple[Ask, ...] = ()
    answers: tuple[Answer, ...] = ()
    extensions: tuple[ExtensionNotice, ...] = ()
    decided_at: datetime | None = None
    notices: tuple[Notice, ...] = ()


# -- the decision --------------------------------------------------------------------------------


def decision_due(life: RequestLife) -> Due:
    """When the decision is due. Expediting starts the urgent time, and never prolongs the time that was running."""
    life = until_decided(life)
    if life.line == "medicaid":
        return by_hours(life.received_at, 24)
    if life.line == "medicare_advantage":
        first = by_hours(life.received_at, 24 if life.urgent else 72)
        return first if life.expedited_at is None else earlier(by_hours(life.expedited_at, 24), first)
    if life.urgent:
        # A physician's word makes a claim urgent, (m)(1)(iii), also one for a service that was given.
        return urgent_due(life, life.received_at)
    if life.expedited_at is None:
        return standard_due(life)
    return earlier(urgent_due(life, life.expedited_at), standard_due(life))


def until_decided(life: RequestLife) -> RequestLife:
    """The life without what came after its decision."""
    end = life.decided_at
    if end is None:
        return life
    line, state, funding = life.decided_for or (life.line, life.state, life.funding)
    return replace(
        life,
        line=line,
        state=state,
        funding=funding,
        expedited_at=not_after(life.expedited_at, end),
        asks=tuple(ask for ask in life.asks if ask.at <= end),
        answers=tuple(answer for answer in life.answers if answer.received_at <= end),
        extensions=tuple(
            replace(one, received_at=not_after(one.received_at, end)) for one in life.extensions if one.sent_at <= end
        ),
    )


def not_after(at: datetime | None, end: datetime) -> datetime | None:
    return None if at is None or at > end else at


def earlier(one: Due, other: Due) -> Due:
    return one if one.at <= other.at else other


def urgent_due(life: RequestLife, start: datetime) -> Due:
    """Seventy-two hours; after information was asked for within 24 hours, 48 hours from the answer or its limit.

    An answer that had come before the question counts from the question, which is never later than the 72 hours.
    """
    ends = [
        max(ask.at, min(answered_at(life, ask) or ask.answer_by, ask.answer_by))
        for ask in life.asks
        if start <= ask.at <= start + timedelta(hours=24)
    ]
    return by_hours(max(ends), 48) if ends else by_hours(start, 72)


def answered_at(life: RequestLife, ask: Ask) -> datetime | None:
    """When the last part of the first full answer that was written down after the question had come."""
    parts = []
    for answer in sorted(life.answers, key=lambda one: one.recorded_at):
        if answer.recorded_at >= ask.at:
            parts.append(answer.received_at)
            if answer.full:
                return max(parts)
    return None


def coverages(life: RequestLife, rows: tuple[PlanRow, ...]) -> list[list[PlanRow]]:
    """For every coverage that is possible, the rows that say something of it, the most specific first."""
    # An urgent claim has the rows of a claim before the service.
    is_post = life.post_service and not life.urgent
    mine = [row for row in rows if life.line == "commercial" and (row.post_service or not is_post)]
    states = {life.state} if life.state else {*(row.state for row in mine if row.state), "elsewhere"}
    fundings = {life.funding} if life.funding else {"insured", "self_funded"}
    found = []
    for state in states:
        for funding in fundings:
            fitting = [row for row in mine if row.state in (None, state) and row.funding in (None, funding)]
            found.append(sorted(fitting, key=lambda row: (row.state is None, row.funding is None)))
    return found


def first_period(life: RequestLife, said: list[PlanRow]) -> Due:
    """The time before an extension, by the first row that says one."""
    for row in said:
        if row.days is not None:
            return by_days(life.received_at, row.days, life.zone)
        if row.hours is not None:
            return by_hours(life.received_at, row.hours)
    return by_days(life.received_at, 30 if life.post_service else 15, life.zone)


def is_over(due: Due, at: datetime, zone: str) -> bool:
    """Whether nothing can be extended any more: the time has ended."""
    return due.is_late(at, zone) if due.last_day is not None else at >= due.at


def standard_due(life: RequestLife) -> Due:
    """The first end of those of all coverages that are possible."""
    rows = life.plan_rows if life.decided_under is None else life.decided_under
    ends = [due_by(life, first_period(life, said)) for said in coverages(life, rows)]
    return min(ends, key=lambda due: (due.at, due.stop is not None))


def due_by(life: RequestLife, first: Due) -> Due:
    extension = extension_in_time(life, first)
    if extension is None:
        return first
    stop = stop_of(life, extension)
    if first.last_day is None:
        more = timedelta(hours=24 * extension.days)
        return Due(first.at + more + length(stopped_time(life, extension)), stop=stop)
    days = extension.days + (first.last_day - day_of(life.received_at, life.zone)).days
    return replace(by_days(life.received_at, days, life.zone, stopped_days(stop)), stop=stop)


def extension_in_time(life: RequestLife, first: Due) -> ExtensionNotice | None:
    """The one extension: the first whose notice was sent within the first period. An urgent claim has none."""
    in_time = [
        one
        for one in life.extensions
        if not is_over(first, one.sent_at, life.zone) and (life.expedited_at is None or one.sent_at < life.expedited_at)
    ]
    return min(in_time, key=lambda one: one.sent_at, default=None)


def stopped_time(life: RequestLife, extension: ExtensionNotice) -> tuple[datetime, datetime] | None:
    """From the notice to the answer or the end of its last day, to the instant: where hours are counted."""
    ends = answers_missing(life, extension)
    if not (extension.for_information and ends):
        return None
    limit = end_of(last_day_to_answer(life, extension), life.zone)
    return extension.sent_at, max(extension.sent_at, min(limit, max(end or limit for end in ends)))


def length(stop: tuple[datetime, datetime] | None) -> timedelta:
    return timedelta() if stop is None else stop[1] - stop[0]


def answers_missing(life: RequestLife, extension: ExtensionNotice) -> list[datetime | None]:
    """When the answers came that were still missing when the notice was sent. None: never."""
    ends = [answered_at(life, ask) for ask in life.asks if ask.at <= extension.sent_at]
    return [end for end in ends if end is None or end > extension.sent_at]


def last_day_to_answer(life: RequestLife, extension: ExtensionNotice) -> date:
    """While the receipt is not on record, the time to answer is counted from the earliest day that it can be."""
    return days_after(day_of(extension.received_at or extension.sent_at, life.zone), 45)


def stop_of(life: RequestLife, extension: ExtensionNotice) -> tuple[date, date] | None:
    """The days from the notice until the answer or its limit.

    The clock stops for what was asked for by the notice, or before it, and had not come before it.
    """
    missing = answers_missing(life, extension)
    if not (extension.for_information and missing):
        return None
    limit = last_day_to_answer(life, extension)
    last = max(limit if end is None else min(day_of(end, life.zone), limit) for end in missing)
    return day_of(extension.sent_at, life.zone), last


def stopped_days(stop: tuple[date, date] | None) -> set[date]:
    """The days that do not count: the day of the notice counts as run, and the day of the answer as stopped."""
    days: set[date] = set()
    if stop is not None:
        day = stop[0]
        while day < stop[1]:
            day += ONE_DAY
            days.add(day)
    return days


def may_extend(life: RequestLife, at: datetime) -> bool:
    """Whether an extension may be given at an instant: once, of a claim that is not urgent, within the first period."""
    if life.line != "commercial" or life.urgent or life.expedited_at is not None or life.extensions:
        return False
    return not is_over(standard_due(life), at, life.zone)


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
    if appeal.urgent:
        return by_hours(appeal.filed_at, 72)
    if life.line == "commercial":
        return by_days(appeal.filed_at, days_of_appeal(life, appeal), life.zone)
    return by_days(appeal.filed_at, 7 if life.line == "medicare_advantage" else 30, life.zone)


def forwarding_due(life: RequestLife, appeal: AppealLife) -> Due | None:
    """When the plan itself must have forwarded a denial that it upheld. None: the plan does not forward."""
    return appeal_due(life, appeal) if life.line == "medicare_advantage" else None


def days_of_appeal(life: RequestLife, appeal: AppealLife) -> int:
    """The fewest days of those of all coverages that are possible: of a second level, of those that have one."""
    rows = life.plan_rows if appeal.decided_under is None else appeal.decided_under
    law = 60 if life.post_service and not life.urgent else 30
    one_level, two_levels = [], []
    for said in coverages(life, rows):
        of_one = next((row.appeal_days for row in said if row.appeal_days is not None), law)
        of_two = next((row.appeal_days_of_two for row in said if row.appeal_days_of_two is not None), law // 2)
        (two_levels if levels_of(said) == 2 else one_level).append((of_one, of_two))
    if appeal.second:
        return min(of_two for _, of_two in two_levels or one_level)
    return min([of_one for of_one, _ in one_level] + [of_two for _, of_two in two_levels])


def levels_of(said: list[PlanRow]) -> int:
    return next((row.levels for row in said if row.levels is not None), 1)


def has_second_level(life: RequestLife) -> bool:
    return life.line == "commercial" and any(levels_of(said) == 2 for said in coverages(life, life.plan_rows))
