"""When a request or an appeal is due: computed from the times on record and the terms of its line of business.

A term in hours runs in UTC from the instant of receipt. A term in days ends at midnight of the plan's zone:

>>> from domain.deadlines.terms import terms_for
>>> plan = ZoneInfo("America/New_York")
>>> received = DecisionTimes(received_at=datetime(2026, 3, 2, 15, 0, tzinfo=UTC))
>>> print(decision_deadline(terms_for("commercial", date(2026, 3, 2)), received, plan).due_at)
2026-03-18 04:00:00+00:00
>>> print(decision_deadline(terms_for("medicare_advantage", date(2026, 3, 2)), received, plan).due_at)
2026-03-05 15:00:00+00:00

The caller gives the times that were on record at the instant in question, so the same functions answer for any
`known_at`. No deadline depends on the present instant. Only `paused_at` and `standing` do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from domain.deadlines.terms import Days, DeadlineTerms, Hours, Term, Urgency

DeadlineStatus = Literal["running", "at_risk", "overdue", "paused", "stopped"]


# -- times of a request ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pause:
    """A request for information to the provider, which pauses the turnaround time.

    `answer_due` is the end of the time to respond. `answered_at` is when the full response was received, or None.
    """

    asked_at: datetime
    answer_due: datetime
    answered_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """When the full response was received, or the end of the time to respond, whichever is earlier.

        The result is never before `asked_at`.
        """
        return max(self.asked_at, min(self.answer_due, self.answered_at or self.answer_due))


@dataclass(frozen=True, slots=True)
class DeadlineExtension:
    """An extension, granted at an instant. If it is longer than the terms allow, it counts as long as they allow."""

    at: datetime
    granted: Days


@dataclass(frozen=True, slots=True)
class DecisionTimes:
    """The times on record about one request: instants with an offset. The order of the tuples does not matter.

    `urgency` is the urgency at receipt: a request that is expedited later keeps `standard` and has `expedited_at`.
    `decided_at` is also when the request was withdrawn or dismissed. Nothing after it changes the deadline.
    """

    received_at: datetime
    urgency: Urgency = "standard"
    expedited_at: datetime | None = None
    extensions: tuple[DeadlineExtension, ...] = ()
    pauses: tuple[Pause, ...] = ()
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecisionDeadline:
    """When a request is due, and why. All instants are in UTC. A decision at `due_at` itself is timely."""

    starts_at: datetime
    due_at: datetime
    at_risk_from: datetime
    stops: tuple[tuple[datetime, datetime], ...]
    """The pauses, in order and without overlap.

    If a request for information is open, its pause ends with the time to respond.
    """

    stopped_at: datetime | None
    rule: str
    source: str
    urgency_applied: Urgency

    def paused_at(self, now: datetime) -> tuple[datetime, datetime] | None:
        """The start and the latest end of the pause at `now`; None if the time is running, or the request is closed."""
        if self.stopped_at is not None and self.stopped_at <= now:
            return None
        return next(((since, until) for since, until in self.stops if since <= now < until), None)

    def standing(self, now: datetime) -> DeadlineStatus:
        """The status of the deadline at `now`."""
        if self.stopped_at is not None and self.stopped_at <= now:
            return "stopped"
        if self.paused_at(now) is not None:
            return "paused"
        if now > self.due_at:
            return "overdue"
        return "at_risk" if now >= self.at_risk_from else "running"


# -- the computation ------------------------------------------------------------------------------


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
    """The end of a term that starts at `start`, in UTC. In a term of days, the day of the start is day zero."""
    if isinstance(term, Hours):
        return _utc(start) + timedelta(hours=term.count)
    return end_of_day(_utc(start).astimezone(zone).date() + timedelta(days=term.count), zone)


def answer_limit(terms: DeadlineTerms, urgency: Urgency, asked_at: datetime, zone: ZoneInfo) -> datetime:
    """The end of the least time that a provider has to respond to a request for information, in UTC."""
    return after(asked_at, terms.answer_urgent if urgency == "urgent" else terms.answer_standard, zone)


def decision_deadline(terms: DeadlineTerms, moments: DecisionTimes, zone: ZoneInfo) -> DecisionDeadline:
    """The turnaround time of a request. If it was expedited, the standard or the urgent one, whichever ends first."""
    moments = _as_decided(moments)
    if moments.urgency == "urgent":
        return _urgent_clock(terms, moments, moments.received_at, zone)
    standard = _standard_clock(terms, moments, zone)
    if moments.expedited_at is None:
        return standard
    urgent = _urgent_clock(terms, moments, moments.expedited_at, zone)
    return urgent if urgent.due_at <= standard.due_at else standard


def reason_against_extension(terms: DeadlineTerms, moments: DecisionTimes, at: datetime, zone: ZoneInfo) -> str | None:
    """Why the request can't be extended at `at`, as a sentence; None if it can, by up to `terms.extension`."""
    if terms.extension is None:
        return f"{terms.line} allows no extension ({terms.source_of('extension')})"
    if moments.decided_at is not None and _utc(moments.decided_at) <= _utc(at):
        return "the request is closed, so it has no deadline to extend"
    if moments.urgency == "urgent" or moments.expedited_at is not None:
        return f"an urgent request can't be extended ({terms.source_of('extension')})"
    if moments.extensions:
        return f"the request was already extended, and only one extension is allowed ({terms.source_of('extension')})"
    if _utc(at) >= decision_deadline(terms, moments, zone).due_at:
        return (
            "the deadline has passed, and only a deadline that has not passed can be extended "
            f"({terms.source_of('extension')})"
        )
    return None


def _as_decided(moments: DecisionTimes) -> DecisionTimes:
    """The times in UTC, up to the decision: what happened later does not change whether the decision was timely."""
    decided_at = None if moments.decided_at is None else _utc(moments.decided_at)

    def until_then(at: datetime | None) -> datetime | None:
        return None if at is None or (decided_at is not None and _utc(at) > decided_at) else _utc(at)

    return DecisionTimes(
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


def _standard_clock(terms: DeadlineTerms, moments: DecisionTimes, zone: ZoneInfo) -> DecisionDeadline:
    start = moments.received_at
    stops: list[tuple[datetime, datetime]] = []
    extended: Days | None = None
    due_at = after(start, terms.standard, zone)
    changes: list[tuple[datetime, Pause | DeadlineExtension]] = [(one.asked_at, one) for one in moments.pauses]
    changes += [(one.at, one) for one in sorted(moments.extensions, key=lambda one: one.granted.count)]
    for at, change in sorted(changes, key=lambda one: one[0]):
        # A deadline that has passed can be neither paused nor extended: later events do not change it.
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


def _urgent_clock(terms: DeadlineTerms, moments: DecisionTimes, start: datetime, zone: ZoneInfo) -> DecisionDeadline:
    since = "receipt" if moments.expedited_at is None or moments.urgency == "urgent" else "being expedited"
    within, ask_within = terms.urgent_decide_within, terms.urgent_ask_within
    pauses: list[Pause] = []
    if within is not None and ask_within is not None:
        # A request for information from before the request was expedited has the standard limit, weeks away. It does
        # not change the urgent deadline.
        pauses = [one for one in moments.pauses if start <= one.asked_at <= after(start, ask_within, zone)]
    if within is None or not pauses:
        rule = f"{terms.line}, urgent: {terms.urgent} from {since}"
        return _clock(terms, moments, start, after(start, terms.urgent, zone), [], (rule, "urgent", "urgent"))
    due_at = after(max(one.ends_at for one in pauses), within, zone)
    stops = _joined([(one.asked_at, one.ends_at) for one in pauses])
    rule = (
        f"{terms.line}, urgent: {within} from the receipt of the requested information, or from the end of "
        "the time allowed for it"
    )
    return _clock(terms, moments, start, due_at, stops, (rule, "urgent_decide_within", "urgent"))


def _is_expedited(moments: DecisionTimes, at: datetime) -> bool:
    return moments.expedited_at is not None and moments.expedited_at <= at


def _end(
    start: datetime, term: Term, extended: Days | None, stops: Sequence[tuple[datetime, datetime]], zone: ZoneInfo
) -> datetime:
    """The end of a standard term with its extension and its pauses, in UTC.

    A term in hours is paused to the instant. A term in days is paused on each day after the day of the request for
    information, through the day of the response. A limit at midnight belongs to the day that it ends, so a missing
    response adds no more time than a response on the last day.
    """
    extra_days = 0 if extended is None else extended.count
    if isinstance(term, Hours):
        return after(start, term, zone) + timedelta(days=extra_days) + _length(stops)
    for since, until in stops:
        last_day = (until - timedelta.resolution).astimezone(zone).date()
        extra_days += max(0, (last_day - since.astimezone(zone).date()).days)
    return after(start, Days(term.count + extra_days), zone)


def _joined(stops: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The pauses in order, with overlapping ones joined, so that no time counts twice."""
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
    terms: DeadlineTerms,
    moments: DecisionTimes,
    start: datetime,
    due_at: datetime,
    stops: Sequence[tuple[datetime, datetime]],
    rule_figure_urgency: tuple[str, str, Urgency],
) -> DecisionDeadline:
    rule, figure, urgency = rule_figure_urgency
    # The last part of the turnaround time, counted back from its end without the pauses.
    remaining = (due_at - start - _length(stops)) * terms.at_risk_percent / 100
    at_risk_by = due_at
    for since, until in reversed(stops):
        if at_risk_by - until >= remaining:
            break
        remaining -= at_risk_by - until
        at_risk_by = since
    return DecisionDeadline(
        starts_at=start,
        due_at=due_at,
        at_risk_from=at_risk_by - remaining,
        stops=tuple(stops),
        stopped_at=moments.decided_at,
        rule=rule,
        source=terms.source_of(figure),
        urgency_applied=urgency,
    )


# -- appeals ----------------------------------------------------------------------------------


def appeal_filing_deadline(
    terms: DeadlineTerms, *, determined_on: date, issued_on: date | None = None, delivered_on: date | None = None
) -> date:
    """The last day on which an appeal is timely.

    The period starts on the day of delivery of the notice, or else of its sending, or else of the determination.

    >>> from domain.deadlines.terms import terms_for
    >>> appeal_filing_deadline(terms_for("commercial", date(2026, 3, 2)), determined_on=date(2026, 3, 10))
    datetime.date(2026, 9, 6)
    """
    return (delivered_on or issued_on or determined_on) + timedelta(days=terms.appeal_file_within.count)


def appeal_due_at(
    terms: DeadlineTerms, urgency: Urgency, filed_at: datetime, zone: ZoneInfo, expedited_at: datetime | None = None
) -> datetime:
    """When an appeal must be decided, in UTC.

    `urgency` is the urgency at filing. If the appeal was expedited later, the earlier of the two deadlines counts.
    """
    if urgency == "urgent":
        return after(filed_at, terms.appeal_urgent, zone)
    standard = after(filed_at, terms.appeal_standard, zone)
    return standard if expedited_at is None else min(standard, after(expedited_at, terms.appeal_urgent, zone))
