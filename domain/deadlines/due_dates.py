"""When a request is due: computed from the times on record and the terms of its line of business.

A term in hours runs in UTC from the instant of receipt. A term in days ends at midnight of the plan's zone:

>>> from domain.deadline_terms.table import terms_for
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
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from domain.deadline_terms.terms import Days, DeadlineTerms, Either, Hours, Term, Urgency, parts_of

DeadlineStatus = Literal["running", "at_risk", "overdue", "paused", "stopped"]


# -- times of a request ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InformationRequest:
    """A request for information to the provider.

    `answer_due` is the end of the time to respond. `answered_at` is when the full response was received, or None. The
    request alone does not stop a standard turnaround time: only an extension for missing information does.
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
    """An extension, whose notice was given at an instant. If the terms allow less, it counts as long as they allow.

    `for_information`: the reason is that requested information is missing, so the time stops from `notice_at` on.
    `notice_received_at` is when the notice was received. None: not on record, and the time to respond counts from
    `notice_at`. `sent_at` is when the notice was sent, or None if that is not on record.
    """

    at: datetime
    granted: Days
    for_information: bool = False
    notice_received_at: datetime | None = None
    sent_at: datetime | None = None

    @property
    def notice_at(self) -> datetime:
        """When the notice was given: `at`, or when it was sent if that is later (29 CFR 2560.503-1(f)(4))."""
        return max(self.at, self.sent_at or self.at)


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
    information_requests: tuple[InformationRequest, ...] = ()
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecisionDeadline:
    """When a request is due, and why. All instants are in UTC. A decision at `due_at` itself is timely."""

    starts_at: datetime
    due_at: datetime
    at_risk_from: datetime
    stops: tuple[tuple[datetime, datetime], ...]
    """The pauses, in order and without overlap. If no response was received, a pause ends with the time to respond."""

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
    if isinstance(term, Either):
        ends = [after(start, one, zone) for one in parts_of(term)]
        return min(ends) if term.ends == "first" else max(ends)
    if isinstance(term, Hours):
        return _utc(start) + timedelta(hours=term.count)
    return end_of_day(_utc(start).astimezone(zone).date() + timedelta(days=term.count), zone)


@lru_cache(maxsize=4096)
def decision_deadline(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo) -> DecisionDeadline:
    """The turnaround time of a request. If it was expedited, the standard or the urgent one, whichever ends first."""
    times = as_decided(times)
    if times.urgency == "urgent":
        return urgent_clock(terms, times, times.received_at, zone)
    standard = _standard_clock(terms, times, zone)
    if times.expedited_at is None:
        return standard
    urgent = urgent_clock(terms, times, times.expedited_at, zone)
    return urgent if urgent.due_at <= standard.due_at else standard


def reason_against_extension(terms: DeadlineTerms, times: DecisionTimes, at: datetime, zone: ZoneInfo) -> str | None:
    """Why the request can't be extended at `at`, as a sentence; None if it can, by up to `terms.extension`."""
    source = terms.source_of("extension")
    if terms.extension is None:
        return f"{terms.line} allows no extension ({source})"
    if times.decided_at is not None and _utc(times.decided_at) <= _utc(at):
        return "the request is closed, so it has no deadline to extend"
    if not terms.extends_urgent and (times.urgency == "urgent" or times.expedited_at is not None):
        return f"an urgent request can't be extended ({source})"
    if times.extensions:
        return f"the request was already extended, and only one extension is allowed ({source})"
    if _utc(at) >= decision_deadline(terms, times, zone).due_at:
        return f"the deadline has passed, and only a deadline that has not passed can be extended ({source})"
    return None


def as_decided(times: DecisionTimes) -> DecisionTimes:
    """The times in UTC, without those after the decision: nothing after it changes the deadline."""
    decided_at = None if times.decided_at is None else _utc(times.decided_at)

    def until_then(at: datetime | None) -> datetime | None:
        return None if at is None or (decided_at is not None and _utc(at) > decided_at) else _utc(at)

    return DecisionTimes(
        received_at=_utc(times.received_at),
        urgency=times.urgency,
        expedited_at=until_then(times.expedited_at),
        extensions=tuple(
            replace(
                one,
                at=at,
                notice_received_at=until_then(one.notice_received_at),
                sent_at=None if one.sent_at is None else _utc(one.sent_at),
            )
            for one in times.extensions
            # A notice that was sent after the decision was not sent by then.
            if until_then(one.notice_at) is not None and (at := until_then(one.at)) is not None
        ),
        information_requests=tuple(
            InformationRequest(at, _utc(one.answer_due), until_then(one.answered_at))
            for one in times.information_requests
            if (at := until_then(one.asked_at)) is not None
        ),
        decided_at=decided_at,
    )


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("the time needs an offset from UTC, for example 2026-04-20T14:05:00Z")
    return at.astimezone(UTC)


def _standard_clock(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo) -> DecisionDeadline:
    start = times.received_at
    extension = _extension(terms, times, after(start, terms.standard, zone))
    rule = f"{terms.line}, standard: {terms.standard} from receipt"
    extended, stops, counted = None, list[tuple[datetime, datetime]](), list[tuple[datetime, datetime]]()
    if extension is not None:
        extended = min(extension.granted, terms.extension or Days(0), key=lambda days: days.count)
        rule += f", extended by {extended}"
        stops, counted = _pause(terms, times, extension, zone)
    if stops:
        rule += ", excluding the time while requested information was pending"
    due_at = min(
        end_of_term(start, one, extended, stops if isinstance(one, Hours) else counted, zone)
        for one in parts_of(terms.standard)
    )
    return deadline(terms, times, start, due_at, stops, (rule, "standard", "standard"))


def _extension(terms: DeadlineTerms, times: DecisionTimes, first_due_at: datetime) -> DeadlineExtension | None:
    """The extension that counts: the first one, if its notice was given before the time ended.

    Of several at one instant, the shortest counts.
    """
    if terms.extension is None:
        return None
    allowed = [one for one in times.extensions if one.notice_at < first_due_at]
    allowed = [one for one in allowed if not is_expedited(times, one.notice_at)]
    return min(allowed, key=lambda one: (one.notice_at, one.granted.count, one.for_information), default=None)


def _pause(
    terms: DeadlineTerms, times: DecisionTimes, extension: DeadlineExtension, zone: ZoneInfo
) -> tuple[list[tuple[datetime, datetime]], list[tuple[datetime, datetime]]]:
    """The pause of an extension for missing information, from its notice to the answer or the end of the time for it.

    The answer is complete when all that was requested by then, and not answered yet, is answered. The second list is
    for a term in days: an answer at midnight is of the day that it starts, and a limit at midnight of the day that it
    ends.
    """
    if not (extension.for_information and terms.information_extension_stops and terms.answer_standard):
        return [], []
    at = extension.notice_at
    awaited = [
        one
        for one in times.information_requests
        if one.asked_at <= at and (one.answered_at is None or one.answered_at > at)
    ]
    if not awaited:
        return [], []
    limit = after(max(at, extension.notice_received_at or at), terms.answer_standard, zone)
    since = max(times.received_at, at)
    until = max(since, min(limit, max(one.answered_at or limit for one in awaited)))
    return [(since, until)], [(since, until if until >= limit else until + timedelta.resolution)]


def urgent_clock(terms: DeadlineTerms, times: DecisionTimes, start: datetime, zone: ZoneInfo) -> DecisionDeadline:
    """The urgent turnaround time from `start`: the receipt, or the request to expedite."""
    since = "receipt" if times.expedited_at is None or times.urgency == "urgent" else "being expedited"
    within, ask_within = terms.urgent_decide_within, terms.urgent_ask_within
    asked: list[InformationRequest] = []
    if within is not None and ask_within is not None:
        # A request for information from before the request was expedited has the standard limit, weeks away. It does
        # not change the urgent deadline.
        asked = [one for one in times.information_requests if start <= one.asked_at <= after(start, ask_within, zone)]
    if within is None or not asked:
        rule, due_at = f"{terms.line}, urgent: {terms.urgent} from {since}", after(start, terms.urgent, zone)
        extended = [one for one in times.extensions if terms.extends_urgent and start <= one.at < due_at]
        if extended and terms.extension is not None:
            first = min(extended, key=lambda one: (one.at, one.granted.count))
            days = min(first.granted, terms.extension, key=lambda one: one.count)
            rule, due_at = f"{rule}, extended by {days}", due_at + timedelta(days=days.count)
        return deadline(terms, times, start, due_at, [], (rule, "urgent", "urgent"))
    due_at = after(max(one.ends_at for one in asked), within, zone)
    stops = joined([(one.asked_at, one.ends_at) for one in asked])
    rule = (
        f"{terms.line}, urgent: {within} from the receipt of the requested information, or from the end of "
        "the time allowed for it"
    )
    return deadline(terms, times, start, due_at, stops, (rule, "urgent_decide_within", "urgent"))


def is_expedited(times: DecisionTimes, at: datetime) -> bool:
    """Whether the request was expedited by this instant."""
    return times.expedited_at is not None and times.expedited_at <= at


def end_of_term(
    start: datetime,
    term: Days | Hours,
    extended: Days | None,
    stops: Sequence[tuple[datetime, datetime]],
    zone: ZoneInfo,
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


def joined(stops: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
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


def deadline(
    terms: DeadlineTerms,
    times: DecisionTimes,
    start: datetime,
    due_at: datetime,
    stops: Sequence[tuple[datetime, datetime]],
    rule_figure_urgency: tuple[str, str, Urgency],
) -> DecisionDeadline:
    """The deadline from its parts. `rule_figure_urgency`: the rule in words, the field of its figure, the urgency."""
    rule, figure, urgency = rule_figure_urgency
    rule += f" ({terms.note})" if terms.note else ""
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
        stopped_at=times.decided_at,
        rule=rule,
        source=terms.source_of(figure),
        urgency_applied=urgency,
    )
