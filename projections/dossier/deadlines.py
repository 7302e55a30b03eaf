"""The deadlines of a case: what was due when, by which rule, and whether it was done on time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from domain.calendar import Instant
from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.deadline_terms.words import COUNTED_FROM, in_words
from domain.deadlines.appeals import appeal_deadline, forwarding_deadline, terms_of_appeal, timeliness
from domain.deadlines.due_dates import DecisionDeadline, end_of_day
from domain.deadlines.requests import deadline_of, terms_in_effect, was_decided_under_revision_1
from domain.facts import FrozenModel
from domain.history.records import Appeal, Request
from domain.history.state import PatientHistory

NO_LAST_DAY: Final = "no last day, because no notice or no receipt of it is on record"
"""Why an appeal is never late."""
REVISION_1: Final = (
    "this request was decided under revision 1 of these rules, by which each request for information stopped the "
    "turnaround time of a standard commercial request"
)
"""What else a case file says of a request that was decided before the rules were corrected."""


class StoodStill(FrozenModel):
    """A period in which the deadline was paused."""

    since: Instant
    until: Instant


class Deadline(FrozenModel):
    """One deadline. `ended_at` is when the work was done, null until then. Work done at `due_at` itself is in time.

    `due_at` is null if the time to appeal had not started.
    """

    what: str
    rule: str
    source: str
    starts_at: Instant | None
    due_at: Instant | None
    ended_at: Instant | None
    stood_still: tuple[StoodStill, ...]
    standing: Literal["in time", "late", "running"]


def deadlines(
    versions: Sequence[PatientHistory],
    appeal: Appeal,
    decision_version: int,
    zone: ZoneInfo,
    table: DeadlineTable = BUILT_IN,
) -> tuple[Deadline, ...]:
    """Returns the deadlines of the determination, of filing the appeal, of deciding it, and of forwarding it.

    `versions` are the history after each event. The first deadline is as of the determination's event, because an
    overturned appeal closes the request a second time, later.
    """
    at_decision, now = versions[decision_version - 1], versions[-1]
    found = []
    request = at_decision.request(appeal.request_id)
    if request is not None:
        found.append(_deadline("Decide the request", deadline_of(at_decision, request, zone, table)))
    found.append(_filing(now, appeal, zone, table))
    found.append(_deadline("Decide the appeal", appeal_deadline(now, appeal, zone, table)))
    if (forwarding := forwarding_deadline(now, appeal, zone, table)) is not None:
        found.append(_deadline("Forward the appeal", forwarding))
    return tuple(found)


def terms_in_words(history: PatientHistory, request: Request, table: DeadlineTable = BUILT_IN) -> tuple[str, ...]:
    """Returns the turnaround times of the request, one line for each, with its source: for a decided one, as then."""
    lines = in_words(terms_in_effect(history, request, table))
    return (*lines, REVISION_1) if was_decided_under_revision_1(request) else lines


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


def _filing(history: PatientHistory, appeal: Appeal, zone: ZoneInfo, table: DeadlineTable) -> Deadline:
    terms, timely = terms_of_appeal(history, appeal, table), timeliness(history, appeal, zone, table)
    unconfirmed = " (not confirmed)" if "appeal_file_within" in terms.unconfirmed else ""
    last_day = f"the last day to file is {timely.file_by}" if timely.file_by is not None else NO_LAST_DAY
    return Deadline(
        what="File the appeal",
        rule=f"{terms.line}: {terms.appeal_file_within} from {COUNTED_FROM[terms.appeal_counted_from]}{unconfirmed}; "
        f"{last_day}",
        source=terms.source_of("appeal_file_within"),
        starts_at=None,
        due_at=end_of_day(timely.file_by, zone) if timely.file_by is not None else None,
        ended_at=appeal.received_at,
        stood_still=(),
        standing="late" if timely.is_late else "in time",
    )
