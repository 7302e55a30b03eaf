"""Reports: numbers of requests, determinations, turnaround times, information requests, appeals and doses.

`facts_of` extracts a few facts from each history, and the figures are counts and percentiles of these facts. No fact
names a person. A percentile is the nearest rank: of n sorted values, the value at position ceil(n * share).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from domain.events import PatientEvent
from domain.events.appeals import AppealDecided, AppealFiled
from domain.events.determinations import CourseApproved, RequestDenied
from domain.events.patient import LineOfBusiness
from domain.events.receipts import ReceiptCorrected
from domain.events.requests import InformationRequested, RequestExpedited, RequestSubmitted, StatementCorrected
from domain.events.treatment import DoseAdministered, DoseVoided
from domain.facts import FrozenModel, counted

FigureOutcome = Literal["approved", "denied"]
HOUR: Final = timedelta(hours=1)


@dataclass(slots=True)
class RequestFact:
    """One request. `decided_at` is when this ledger recorded its first determination, before any appeal."""

    received_at: datetime
    line: LineOfBusiness
    urgency: str
    outcome: FigureOutcome | None = None
    decided_at: datetime | None = None
    citing: tuple[str, ...] = ()
    asked: list[tuple[datetime, str]] = field(default_factory=list)
    appealed: list[tuple[datetime, str]] = field(default_factory=list)
    """When each appeal of the request was decided, and its outcome."""


@dataclass(slots=True)
class HistoryFacts:
    """The facts of one history."""

    requests: list[RequestFact] = field(default_factory=list)
    doses: list[tuple[date, tuple[str, ...]]] = field(default_factory=list)
    """The day of each dose that is not voided, and the variances found when it was recorded."""


def facts_of(events: Iterable[PatientEvent]) -> HistoryFacts:
    """Returns the facts of one history from all of its events, oldest first."""
    requests: dict[str, RequestFact] = {}
    doses: dict[str, tuple[date, tuple[str, ...]]] = {}
    appeals: dict[str, str] = {}
    for event in events:
        match event:
            case RequestSubmitted():
                requests[event.request_id] = RequestFact(event.received_at, event.line_of_business, event.urgency)
            case ReceiptCorrected():
                requests[event.request_id].received_at = event.received_at
            case StatementCorrected():
                requests[event.request_id].line = event.line_of_business
            case RequestExpedited():
                requests[event.request_id].urgency = "urgent"
            case InformationRequested():
                requests[event.request_id].asked += [(event.at, one.clause) for one in event.asked]
            case CourseApproved() | RequestDenied():
                _set_first_determination(requests[event.request_id], event)
            case AppealFiled():
                appeals[event.appeal_id] = event.request_id
            case AppealDecided():
                requests[appeals[event.appeal_id]].appealed.append((event.at, event.outcome))
            case DoseAdministered():
                doses[event.dose_id] = event.on, tuple(event.variances)
            case DoseVoided():
                doses.pop(event.dose_id, None)
    return HistoryFacts(list(requests.values()), list(doses.values()))


def _set_first_determination(request: RequestFact, event: CourseApproved | RequestDenied) -> None:
    """Sets the first determination. The determination of an appeal is counted with the appeal."""
    if request.decided_at is not None or getattr(event, "appeal_id", None) is not None:
        return
    request.decided_at = event.at
    request.outcome = "approved" if isinstance(event, CourseApproved) else "denied"
    request.citing = event.citing


# -- the figures ------------------------------------------------------------------------------


class FigureRow(FrozenModel):
    """One row of a figure: a label and its numbers. None is a share or percentile of no values."""

    label: str
    values: tuple[float | None, ...]


class Figure(FrozenModel):
    """A table with column heads. `unit` is the unit of its numbers; `plotted` is how many of its columns are drawn."""

    name: str
    title: str
    said: str
    heads: tuple[str, ...]
    rows: tuple[FigureRow, ...]
    unit: str = ""
    plotted: int = 1


class FiguresQuery(FrozenModel):
    """What to report on. A request counts by the day of receipt.

    `since` and `until` are days in the plan's time zone, both included. `line` None includes every line of business.
    """

    since: date
    until: date
    line: LineOfBusiness | None = None


def figures(facts: Sequence[HistoryFacts], query: FiguresQuery, zone: ZoneInfo) -> tuple[Figure, ...]:
    """Returns every figure for the query, from the facts of all histories."""
    requests = [
        one
        for history in facts
        for one in history.requests
        if (query.line is None or one.line == query.line) and query.since <= _day(one.received_at, zone) <= query.until
    ]
    doses = [one for history in facts for one in history.doses if query.since <= one[0] <= query.until]
    return (
        _over_time(requests, query, zone),
        _rates(requests),
        _by_clause("denials", "Denials by clause", "Number of denials that cite each clause.", requests),
        _time_taken(requests),
        _asked_for(requests),
        _appealed(requests),
        _given(doses),
    )


def _over_time(requests: Sequence[RequestFact], query: FiguresQuery, zone: ZoneInfo) -> Figure:
    received = Counter(_month(one.received_at, zone) for one in requests)
    decided: dict[str, Counter[str]] = {"approved": Counter(), "denied": Counter()}
    for one in requests:
        if one.decided_at is not None and one.outcome is not None:
            decided[one.outcome][_month(one.decided_at, zone)] += 1
    months = list(_months(query.since, query.until))
    last = max([*received, *decided["approved"], *decided["denied"], *months[-1:]])
    months = list(_months(query.since, date.fromisoformat(f"{last}-01"))) if last > months[-1] else months
    return Figure(
        name="over-time",
        title="Requests and determinations over time",
        said="Requests by month of receipt, determinations by month of decision.",
        heads=("Month", "Received", "Approved", "Denied"),
        rows=tuple(
            FigureRow(label=one, values=(received[one], decided["approved"][one], decided["denied"][one]))
            for one in months
        ),
        plotted=3,
    )


def _rates(requests: Sequence[RequestFact]) -> Figure:
    rows = []
    for line in ("commercial", "medicare_advantage", "medicaid"):
        received = [one for one in requests if one.line == line]
        decided = [one for one in received if one.outcome is not None]
        approved = sum(one.outcome == "approved" for one in decided)
        share = round(100 * approved / len(decided), 1) if decided else None
        rows.append(
            FigureRow(
                label=line.replace("_", " "),
                values=(share, len(received), len(decided), approved, len(decided) - approved),
            )
        )
    return Figure(
        name="rates",
        title="Approval by line of business",
        said="Approved requests as a percentage of all determinations.",
        heads=("Line of business", "Approved, %", "Received", "Decided", "Approved", "Denied"),
        rows=tuple(rows),
        unit="%",
    )


def _by_clause(name: str, title: str, said: str, requests: Sequence[RequestFact]) -> Figure:
    decided = [one for one in requests if one.outcome is not None]
    cited = Counter(clause for one in decided if one.outcome == "denied" for clause in set(one.citing))
    rows = [
        FigureRow(label=clause, values=(count, round(100 * count / len(decided), 1)))
        for clause, count in sorted(cited.items(), key=lambda one: (-one[1], one[0]))
    ]
    return Figure(
        name=name, title=title, said=said, heads=("Clause", "Denials", "Share of determinations, %"), rows=tuple(rows)
    )


def _time_taken(requests: Sequence[RequestFact]) -> Figure:
    rows = []
    for line in ("commercial", "medicare_advantage", "medicaid"):
        for urgency in ("standard", "urgent"):
            hours = sorted(
                (one.decided_at - one.received_at) / HOUR
                for one in requests
                if one.decided_at is not None and one.line == line and one.urgency == urgency
            )
            label = f"{line.replace('_', ' ')}, {urgency}"
            rows.append(FigureRow(label=label, values=(percentile(hours, 0.5), percentile(hours, 0.9), len(hours))))
    return Figure(
        name="time-to-determination",
        title="Time to determination",
        said="Hours from receipt to the first determination, including time while information was pending.",
        heads=("Line and urgency", "Median", "90th percentile", "Determinations"),
        rows=tuple(rows),
        unit="h",
        plotted=2,
    )


def _asked_for(requests: Sequence[RequestFact]) -> Figure:
    asked = Counter(clause for one in requests for _, clause in one.asked)
    rows = sorted(asked.items(), key=lambda one: (-one[1], one[0]))
    return Figure(
        name="information",
        title="Information requested, by clause",
        said="Number of requests for information about each clause.",
        heads=("Clause", "Requests for information"),
        rows=tuple(FigureRow(label=clause, values=(count,)) for clause, count in rows),
    )


def _appealed(requests: Sequence[RequestFact]) -> Figure:
    decided = [outcome for one in requests for _, outcome in one.appealed]
    rows = [
        FigureRow(label=label, values=(count, round(100 * count / len(decided), 1) if decided else None))
        for label, count in (
            ("upheld", decided.count("upheld")),
            ("overturned in part", decided.count("overturned_in_part")),
            ("overturned", decided.count("overturned")),
        )
    ]
    return Figure(
        name="appeals",
        title="Appeals decided",
        said="Appeals of requests that were received in this period.",
        heads=("Outcome", "Appeals", "Share of determinations, %"),
        rows=tuple(rows),
    )


def _given(doses: Sequence[tuple[date, tuple[str, ...]]]) -> Figure:
    variances = Counter(variance for _, found in doses for variance in found)
    with_variance = sum(bool(found) for _, found in doses)
    rows = [FigureRow(label="none", values=(len(doses) - with_variance,))] if doses else []
    rows += [
        FigureRow(label=name.replace("_", " "), values=(count,))
        for name, count in sorted(variances.items(), key=lambda one: (-one[1], one[0]))
    ]
    return Figure(
        name="doses",
        title="Doses and their variances",
        said=f"{counted(len(doses), 'dose')}, {with_variance} of them with a variance when "
        "recorded. One dose may have several variances.",
        heads=("Variance", "Doses"),
        rows=tuple(rows),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """Returns the nearest-rank percentile of sorted values, rounded to a tenth, or None without values.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5), percentile([1.0, 2.0, 3.0, 4.0], 0.9), percentile([], 0.5)
    (2.0, 4.0, None)
    """
    if not values:
        return None
    return round(values[max(0, math.ceil(len(values) * share) - 1)], 1)


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _month(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%Y-%m")


def _months(since: date, until: date) -> Iterator[str]:
    year, month = since.year, since.month
    while (year, month) <= (until.year, until.month):
        yield f"{year:04}-{month:02}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
