"""The deadlines of a case: what was due when, by which rule, and whether it was done on time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from domain.calendar import Instant
from domain.deadlines.appeals import appeal_deadline
from domain.deadlines.due_dates import DecisionDeadline, end_of_day
from domain.deadlines.requests import deadline_of
from domain.deadlines.terms import in_words, terms_for
from domain.facts import FrozenModel
from domain.history.records import Appeal, Request
from domain.history.state import PatientHistory


class StoodStill(FrozenModel):
    """A period in which the deadline was paused."""

    since: Instant
    until: Instant


class Deadline(FrozenModel):
    """One deadline. `ended_at` is when the work was done, null until then. Work done at `due_at` itself is in time."""

    what: str
    rule: str
    source: str
    starts_at: Instant | None
    due_at: Instant
    ended_at: Instant | None
    stood_still: tuple[StoodStill, ...]
    standing: Literal["in time", "late", "running"]


def deadlines(
    versions: Sequence[PatientHistory], appeal: Appeal, decision_version: int, zone: ZoneInfo
) -> tuple[Deadline, ...]:
    """Returns the deadlines of the determination, of filing the appeal, and of deciding the appeal.

    `versions` are the history after each event. The first deadline is as of the determination's event, because an
    overturned appeal closes the request a second time, later.
    """
    at_decision, now = versions[decision_version - 1], versions[-1]
    found = []
    request = at_decision.request(appeal.request_id)
    if request is not None:
        found.append(_deadline("Decide the request", deadline_of(request, zone)))
    found.append(_filing(now, appeal, zone))
    found.append(_deadline("Decide the appeal", appeal_deadline(now, appeal, zone)))
    return tuple(found)


def terms_in_words(request: Request) -> tuple[str, ...]:
    """Returns the turnaround times that apply to the request, one line for each, with its source."""
    return in_words(terms_for(request.line_of_business, request.received_on))


def _deadline(what: str, clock: DecisionDeadline) -> Deadline:
    return Deadline(
        what=what,
        rule=clock.rule,
        source=clock.source,
        starts_at=clock.starts_at,
        due_at=clock.due_at,
        ended_at=clock.stopped_at,
        stood_still=tuple(StoodStill(since=since, until=until) for since, until in clock.stops),
        standing=_standing(clock.due_at, clock.stopped_at),
    )


def _standing(due_at: datetime, ended_at: datetime | None) -> Literal["in time", "late", "running"]:
    return "running" if ended_at is None else "in time" if ended_at <= due_at else "late"


def _filing(history: PatientHistory, appeal: Appeal, zone: ZoneInfo) -> Deadline:
    request = history.request(appeal.request_id)
    assert request is not None
    terms = terms_for(request.line_of_business, request.received_on)
    unconfirmed = " (not confirmed)" if "appeal_file_within" in terms.unconfirmed else ""
    return Deadline(
        what="File the appeal",
        rule=f"{terms.line}: {terms.appeal_file_within} from the notice{unconfirmed}; the last day to file is "
        f"{appeal.file_by}",
        source=terms.source_of("appeal_file_within"),
        starts_at=None,
        due_at=end_of_day(appeal.file_by, zone),
        ended_at=appeal.received_at,
        stood_still=(),
        standing="late" if appeal.is_late else "in time",
    )
