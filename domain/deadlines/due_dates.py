"""When a request or an appeal is due: arithmetic over the moments on record and the terms of its line of business.

Hour clocks run in UTC from the instant of receipt; day clocks end at midnight of the plan's zone:

>>> from domain.deadlines.terms import terms_for
>>> plan = ZoneInfo("America/New_York")
>>> received = DecisionMoments(received_at=datetime(2026, 3, 2, 15, 0, tzinfo=UTC))
>>> print(decision_clock(terms_for("commercial", date(2026, 3, 2)), received, plan).due_at)
2026-03-18 04:00:00+00:00
>>> print(decision_clock(terms_for("medicare_advantage", date(2026, 3, 2)), received, plan).due_at)
2026-03-05 15:00:00+00:00

The caller gives the moments that were on record by the time it asks about, so the same functions answer for
any `known_at`. No deadline depends on the present instant: only `paused_at` and `standing` do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from domain.deadlines.terms import ClockTerms, Days, Hours, Term, Urgency

DeadlineStatus = Literal["running", "at_risk", "overdue", "paused", "stopped"]


# -- moments of a request ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pause:
    """A question to the provider. `answer_due` is its limit; `answered_at` the full response, None while it is out."""

    asked_at: datetime
    answer_due: datetime
    answered_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """With the full response or at its limit, whichever is first; never before it was asked."""
        return max(self.asked_at, min(self.answer_due, self.answered_at or self.answer_due))


@dataclass(frozen=True, slots=True)
class DeadlineExtension:
    """Granted at an instant. More than the table allows counts as what it allows."""

    at: datetime
    granted: Days


@dataclass(frozen=True, slots=True)
class DecisionMoments:
    """What is on record about one request: instants with their offset. The order of the tuples does not matter.

    `urgency` is that of receipt; a request expedited later keeps `standard` and has `expedited_at`.
    `decided_at` is also the moment of withdrawal or dismissal; nothing after it moves the clock.
    """

    received_at: datetime
    urgency: Urgency = "standard"
    expedited_at: datetime | None = None
    extensions: tuple[DeadlineExtension, ...] = ()
    pauses: tuple[Pause, ...] = ()
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecisionClock:
    """When a request is due and why. Instants in UTC; a decision at `due_at` itself is in time."""

    starts_at: datetime
    due_at: datetime
    at_risk_from: datetime
    stops: tuple[tuple[datetime, datetime], ...]
    """When it stood still, disjoint and in order; an open question ends at its limit."""

    stopped_at: datetime | None
    rule: str
    source: str
    urgency_applied: Urgency

    def paused_at(self, now: datetime) -> tuple[datetime, datetime] | None:
        """Since when the clock stands still at `now`, and until when at the latest. None: it runs, or is stopped."""
        if self.stopped_at is not None and self.stopped_at <= now:
            return None
        return next(((since, until) for since, until in self.stops if since <= now < until), None)

    def standing(self, now: datetime) -> DeadlineStatus:
        if self.stopped_at is not None and self.stopped_at <= now:
            return "stopped"
        if self.paused_at(now) is not None:
            return "paused"
        if now > self.due_at:
            return "overdue"
        return "at_risk" if now >= self.at_risk_from else "running"


# -- the arithmetic ---------------------------------------------------------------------------


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The midnight that ends a day of the plan's zone, in UTC.

    >>> print(end_of_day(date(2026, 3, 7), ZoneInfo("America/New_York")))  # the night before daylight saving
    2026-03-08 05:00:00+00:00
    >>> print(end_of_day(date(2026, 3, 8), ZoneInfo("America/New_York")))
    2026-03-09 04:00:00+00:00
    """
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)


def after(start: datetime, term: Term, zone: ZoneInfo) -> datetime:
    """The end of a term that began at `start`: the day of the start is day zero of a day clock."""
    if isinstance(term, Hours):
        return _utc(start) + timedelta(hours=term.count)
    return end_of_day(_utc(start).astimezone(zone).date() + timedelta(days=term.count), zone)


def answer_limit(terms: ClockTerms, urgency: Urgency, asked_at: datetime, zone: ZoneInfo) -> datetime:
    """The least time that a provider gets to answer a question."""
    return after(asked_at, terms.answer_urgent if urgency == "urgent" else terms.answer_standard, zone)


def decision_clock(terms: ClockTerms, moments: DecisionMoments, zone: ZoneInfo) -> DecisionClock:
    """The clock of a request. Expedited: whichever of its standard and its urgent clock ends first."""
    moments = _as_decided(moments)
    if moments.urgency == "urgent":
        return _urgent_clock(terms, moments, moments.received_at, zone)
    standard = _standard_clock(terms, moments, zone)
    if moments.expedited_at is None:
        return standard
    urgent = _urgent_clock(terms, moments, moments.expedited_at, zone)
    return urgent if urgent.due_at <= standard.due_at else standard


def reason_against_extension(terms: ClockTerms, moments: DecisionMoments, at: datetime, zone: ZoneInfo) -> str | None:
    """Why the request can't be extended at `at`, as a sentence. None: it can, by up to `terms.extension`."""
    if terms.extension is None:
        return f"{terms.line} allows no extension ({terms.source_of('extension')})"
    if moments.decided_at is not None and _utc(moments.decided_at) <= _utc(at):
        return "the request is closed, so it has no deadline to extend"
    if moments.urgency == "urgent" or moments.expedited_at is not None:
        return f"an urgent request can't be extended ({terms.source_of('extension')})"
    if moments.extensions:
        return f"the request was already extended, and only one extension is allowed ({terms.source_of('extension')})"
    if _utc(at) >= decision_clock(terms, moments, zone).due_at:
        return (
            "the deadline has passed, and only a deadline that has not passed can be extended "
            f"({terms.source_of('extension')})"
        )
    return None


def _as_decided(moments: DecisionMoments) -> DecisionMoments:
    """The moments in UTC, up to the decision: what came after it does not change whether it was in time."""
    decided_at = None if moments.decided_at is None else _utc(moments.decided_at)

    def until_then(at: datetime | None) -> datetime | None:
        return None if at is None or (decided_at is not None and _utc(at) > decided_at) else _utc(at)

    return DecisionMoments(
        received_at=_utc(moments.received_at),
        urgency=moments.urgency,
        expedited_at=until_then(moments.expedited_at),
        extensions=tuple(
            DeadlineExtension(at, one.granted) for one in moments.extensions if (at := until_then(one.at)) is not None
        ),
        pauses=tuple(
            Pause(at, _utc(one.answer_due), until_then(one.answered_at))
            for one in moments.pauses
            if (at := until_then(one.asked_at)) is not None
        ),
        decided_at=decided_at,
    )


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("the time needs an offset from UTC, for example 2026-04-20T14:05:00Z")
    return at.astimezone(UTC)


def _standard_clock(terms: ClockTerms, moments: DecisionMoments, zone: ZoneInfo) -> DecisionClock:
    start = moments.received_at
    stops: list[tuple[datetime, datetime]] = []
    extended: Days | None = None
    due_at = after(start, terms.standard, zone)
    changes: list[tuple[datetime, Pause | DeadlineExtension]] = [(one.asked_at, one) for one in moments.pauses]
    changes += [(one.at, one) for one in sorted(moments.extensions, key=lambda one: one.granted.count)]
    for at, change in sorted(changes, key=lambda one: one[0]):
        # A clock that has run out can be neither stopped nor extended: what comes later does not mend it.
        if at >= due_at:
            break
        if isinstance(change, Pause):
            if terms.asking_stops_standard:
                stops = _joined([*stops, (max(start, at), max(start, change.ends_at))])
        elif terms.extension is not None and extended is None and not _is_expedited(moments, at):
            extended = min(change.granted, terms.extension, key=lambda days: days.count)
        due_at = _end(start, terms.standard, extended, stops, zone)
    rule = f"{terms.line}, standard: {terms.standard} from receipt"
    if extended is not None:
        rule += f", extended by {extended}"
    if stops:
        rule += ", excluding the time while requested information was pending"
    return _clock(terms, moments, start, due_at, stops, (rule, "standard", "standard"))


def _urgent_clock(terms: ClockTerms, moments: DecisionMoments, start: datetime, zone: ZoneInfo) -> DecisionClock:
    since = "receipt" if moments.expedited_at is None or moments.urgency == "urgent" else "being expedited"
    within, ask_within = terms.urgent_decide_within, terms.urgent_ask_within
    asked: list[Pause] = []
    if within is not None and ask_within is not None:
        # A question from before the request was expedited has the standard limit, weeks away: it moves nothing here.
        asked = [one for one in moments.pauses if start <= one.asked_at <= after(start, ask_within, zone)]
    if within is None or not asked:
        rule = f"{terms.line}, urgent: {terms.urgent} from {since}"
        return _clock(terms, moments, start, after(start, terms.urgent, zone), [], (rule, "urgent", "urgent"))
    due_at = after(max(one.ends_at for one in asked), within, zone)
    stops = _joined([(one.asked_at, one.ends_at) for one in asked])
    rule = (
        f"{terms.line}, urgent: {within} from the receipt of the requested information, or from the end of "
        "the time allowed for it"
    )
    return _clock(terms, moments, start, due_at, stops, (rule, "urgent_decide_within", "urgent"))


def _is_expedited(moments: DecisionMoments, at: datetime) -> bool:
    return moments.expedited_at is not None and moments.expedited_at <= at


def _end(
    start: datetime, term: Term, extended: Days | None, stops: Sequence[tuple[datetime, datetime]], zone: ZoneInfo
) -> datetime:
    """A day clock stands still on the days after the question's, the answer's included; an hour clock to the instant.

    A limit at midnight belongs to the day that it ends, so silence is worth no more than an answer on the last day.
    """
    more = 0 if extended is None else extended.count
    if isinstance(term, Hours):
        return after(start, term, zone) + timedelta(days=more) + _length(stops)
    for since, until in stops:
        last_day = (until - timedelta.resolution).astimezone(zone).date()
        more += max(0, (last_day - since.astimezone(zone).date()).days)
    return after(start, Days(term.count + more), zone)


def _joined(stops: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Overlapping stops as one, so that no time counts twice; in order."""
    joined: list[tuple[datetime, datetime]] = []
    for since, until in sorted(stops):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        else:
            joined.append((since, until))
    return joined


def _length(stops: Sequence[tuple[datetime, datetime]]) -> timedelta:
    return sum((until - since for since, until in stops), timedelta())


def _clock(
    terms: ClockTerms,
    moments: DecisionMoments,
    start: datetime,
    due_at: datetime,
    stops: Sequence[tuple[datetime, datetime]],
    why: tuple[str, str, Urgency],
) -> DecisionClock:
    rule, figure, urgency = why
    # The last part of the running time, counted back from the end over the time in which the clock stood still.
    left = (due_at - start - _length(stops)) * terms.at_risk_percent / 100
    at_risk_by = due_at
    for since, until in reversed(stops):
        if at_risk_by - until >= left:
            break
        left -= at_risk_by - until
        at_risk_by = since
    return DecisionClock(
        starts_at=start,
        due_at=due_at,
        at_risk_from=at_risk_by - left,
        stops=tuple(stops),
        stopped_at=moments.decided_at,
        rule=rule,
        source=terms.source_of(figure),
        urgency_applied=urgency,
    )


# -- appeals ----------------------------------------------------------------------------------


def appeal_filing_deadline(
    terms: ClockTerms, *, determined_on: date, issued_on: date | None = None, delivered_on: date | None = None
) -> date:
    """The last day on which an appeal is in time, counted from when the notice was delivered, else issued, else
    from the determination.

    >>> from domain.deadlines.terms import terms_for
    >>> appeal_filing_deadline(terms_for("commercial", date(2026, 3, 2)), determined_on=date(2026, 3, 10))
    datetime.date(2026, 9, 6)
    """
    return (delivered_on or issued_on or determined_on) + timedelta(days=terms.appeal_file_within.count)


def appeal_due_at(
    terms: ClockTerms, urgency: Urgency, filed_at: datetime, zone: ZoneInfo, expedited_at: datetime | None = None
) -> datetime:
    """When an appeal must be decided, in UTC. `urgency` is that of filing; expedited later, the earlier of the two."""
    if urgency == "urgent":
        return after(filed_at, terms.appeal_urgent, zone)
    standard = after(filed_at, terms.appeal_standard, zone)
    return standard if expedited_at is None else min(standard, after(expedited_at, terms.appeal_urgent, zone))
