"""The chart of a patient: lanes of requests, approvals, doses, the twelve-month wait, and appeals on one axis of days.

The axis shows the order of days, not their true distance: a period without events is drawn short, so that a week of
infusions and the years between courses are both legible. Each mark has a number, and a table shows the same content
under that number.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from domain.calendar import Day
from domain.facts import FrozenModel, counted, in_words
from domain.history.records import Appeal, ApprovalRecord, Report, Request
from projections.courses import Courses, CourseView, DoseView, entry_marks, given_in_words
from projections.eligibility import Eligibility, twelve_months_passed_by
from projections.event_text import reported_in_words

Lane = Literal["requests", "approvals", "doses", "wait", "appeals"]
ChartTone = Literal["plain", "good", "bad", "open", "quiet"]
Shape = Literal["bar", "dot", "diamond", "cross"]

LANES: Final[tuple[tuple[Lane, str], ...]] = (
    ("requests", "Requests"),
    ("approvals", "Approvals"),
    ("doses", "Doses"),
    ("wait", "Twelve months"),
    ("appeals", "Appeals"),
)
DAY_WIDTH: Final = 12.0
"""The width of a day in the first week of a gap between events, in units of the picture."""

MARGIN: Final = 14.0
WIDTH_MIN: Final = 1_040.0


class Mark(FrozenModel):
    """One mark in the picture, `width` wide from `x`. `until` is its last day; null for a mark of a single day."""

    number: int
    lane: Lane
    shape: Shape
    tone: ChartTone
    on: Day
    until: Day | None
    title: str
    words: str
    href: str | None
    x: float
    width: float


class Tick(FrozenModel):
    """A label on the axis."""

    x: float
    label: str


class Picture(FrozenModel):
    """The chart. `anchors` are positions on the axis and their days, in order; days between them are evenly spaced."""

    width: float
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    anchors: tuple[tuple[float, Day], ...]
    as_of_x: float
    known_x: float
    first: Day
    last: Day

    @property
    def anchors_text(self) -> str:
        """Returns the anchors for the script of the page: `14.0@2024-03-04 38.0@2024-03-06`."""
        return " ".join(f"{place}@{day}" for place, day in self.anchors)


@dataclass(frozen=True, slots=True)
class UnplacedMark:
    """A mark without its position on the axis."""

    lane: Lane
    shape: Shape
    tone: ChartTone
    on: date
    until: date | None
    title: str
    words: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class ChartContent:
    """The content of the chart: the part of the record that the viewer may see."""

    courses: Courses
    eligibility: Eligibility
    requests: Sequence[Request]
    approvals: Sequence[ApprovalRecord]
    appeals: Sequence[Appeal]
    reports: Sequence[Report] = ()


def picture(shown: ChartContent, as_of: date, known_on: date, today: date) -> Picture:
    """Returns the chart. `as_of` and `known_on` are the positions of its two handles."""
    drawn = sorted(_marks(shown, as_of), key=lambda one: (one.on, _lane_order(one.lane)))
    axis = Axis(_days(drawn, as_of, known_on, today))
    marks = tuple(_placed(number, one, axis, as_of) for number, one in enumerate(drawn, 1))
    return Picture(
        width=axis.width,
        marks=marks,
        ticks=tuple(_ticks(axis)),
        anchors=tuple(axis.anchors()),
        as_of_x=axis.x(as_of),
        known_x=axis.x(known_on),
        first=axis.days[0],
        last=axis.days[-1],
    )


# -- what is drawn ----------------------------------------------------------------------------


def _marks(shown: ChartContent, as_of: date) -> Iterator[UnplacedMark]:
    for request in shown.requests:
        yield from _of_request(request, as_of)
    yield from map(_of_approval, shown.approvals)
    for course in shown.courses.courses:
        yield from _of_course(course)
    yield from (_of_dose(one, None) for one in shown.courses.other_entries)
    yield from (_of_report(report) for report in shown.reports if report.reported_on <= as_of)
    yield from _of_wait(shown)
    for appeal in shown.appeals:
        yield _of_appeal(appeal, as_of)


_DECIDED: Final[dict[str, ChartTone]] = {"approved": "good", "denied": "bad", "referred": "open", "imported": "quiet"}


def _of_request(request: Request, as_of: date) -> Iterator[UnplacedMark]:
    name = _number(request.request_id)
    if request.received_on > as_of:
        return
    closed = request.closed_on
    ended = f"{request.status} on {closed}" if closed is not None else f"{request.status}, no determination"
    words = f"Received {request.received_on}; {ended}. Prescriber: {request.prescriber.name}."
    href = f"requests/{request.request_id}"
    last = min(closed, as_of) if closed is not None else as_of
    yield UnplacedMark("requests", "bar", "plain", request.received_on, last, f"Request {name}", words, href)
    for one in request.decisions:
        if one.on <= as_of:
            outcome = one.past.outcome if one.past is not None else one.kind
            citing = f", citing {', '.join(one.citing)}" if one.citing else ""
            sentence = f"{outcome.replace('_', ' ').capitalize()} on {one.on} by {one.by.name}{citing}."
            yield UnplacedMark(
                "requests", "diamond", _DECIDED[one.kind], one.on, None, f"Decision on {name}", sentence, href
            )


def _of_approval(one: ApprovalRecord) -> UnplacedMark:
    ended = f" Rescinded effective {one.rescinded_on}." if one.rescinded_on is not None else ""
    more = f" Extended {counted(one.extensions, 'time')}." if one.extensions else ""
    doses = counted(one.doses_approved, "dose")
    words = f"{doses} of course {one.course}, {one.valid_from} through {one.valid_through}.{more}{ended}"
    tone: ChartTone = "quiet" if one.rescinded_on is not None else "good"
    href = f"requests/{one.request_id}"
    return UnplacedMark("approvals", "bar", tone, one.valid_from, one.valid_through, "Approval", words, href)


def _of_course(course: CourseView) -> Iterator[UnplacedMark]:
    yield from (_of_dose(dose, course) for dose in course.doses)
    if not course.doses and course.last_dose_on is not None:
        given = given_in_words(course)
        told = "Reported by another source" if course.report_id is not None else "Possible, by what is on record"
        words = f"{told}: {given}, last dose {course.last_dose_on}; {course.status.replace('_', ' ')}."
        yield UnplacedMark("doses", "dot", "quiet", course.last_dose_on.latest, None, f"Course {course.number}", words)


def _of_dose(dose: DoseView, course: CourseView | None) -> UnplacedMark:
    name = f"Dose {_number(dose.dose_id)}"
    where = f", course {course.number}" if course is not None else ""
    marks = entry_marks(dose)
    marks += [one.replace("_", " ") for one in dose.variances]
    words = f"{dose.mg:g} mg on {dose.on}{where}{': ' + ', '.join(marks) if marks else ''}."
    if dose.voided:
        return UnplacedMark("doses", "cross", "quiet", dose.on, None, name, words)
    tone: ChartTone = "open" if dose.variances or not dose.counts else "plain"
    return UnplacedMark("doses", "dot", tone, dose.on, None, name, words)


def _of_report(report: Report) -> UnplacedMark:
    """A report on the day on which its source made it: the days of its doses may not be known."""
    words = f"Prior treatment reported by {in_words(report.source)}: {reported_in_words(report.courses)}."
    shape: Shape = "cross" if report.voided else "diamond"
    return UnplacedMark("doses", shape, "quiet", report.reported_on, None, f"Report {_number(report.report_id)}", words)


def _of_wait(shown: ChartContent) -> Iterator[UnplacedMark]:
    until, last = twelve_months_passed_by(shown.eligibility), shown.eligibility.last_dose_on
    if until is None or last is None:
        return
    words = f"From the last dose ({last}) until {until}, when twelve months have certainly passed (1.B.iv)."
    is_over = shown.eligibility.interval_satisfied is True
    yield UnplacedMark("wait", "bar", "good" if is_over else "open", last.latest, until, "Twelve months", words)


def _of_appeal(appeal: Appeal, as_of: date) -> UnplacedMark:
    name = _number(appeal.appeal_id)
    ended = f"{appeal.status.replace('_', ' ')} on {appeal.closed_on}" if appeal.closed_on else "not decided"
    tone: ChartTone = "plain" if appeal.closed_on is None else "good" if "overturned" in appeal.status else "quiet"
    words = f"Received {appeal.received_on}; {ended}."
    last = min(appeal.closed_on or as_of, max(as_of, appeal.received_on))
    return UnplacedMark(
        "appeals", "bar", tone, appeal.received_on, last, f"Appeal {name}", words, f"appeals/{appeal.appeal_id}"
    )


def _number(identifier: str) -> str:
    return identifier.rpartition(".")[2]


def _lane_order(lane: Lane) -> int:
    return [one for one, _ in LANES].index(lane)


# -- the axis ---------------------------------------------------------------------------------


def _days(drawn: Iterable[UnplacedMark], as_of: date, known_on: date, today: date) -> set[date]:
    found = {as_of, known_on, today}
    for one in drawn:
        found |= {one.on} if one.until is None else {one.on, one.until}
    return found


class Axis:
    """The axis: days with events, each with its position. The longer a gap between events, the narrower its days."""

    def __init__(self, days: Iterable[date]) -> None:
        self.days = sorted(days)
        self.places = [MARGIN]
        for before, after in zip(self.days, self.days[1:], strict=False):
            self.places.append(self.places[-1] + _gap_width((after - before).days))
        if self.places[-1] < WIDTH_MIN - MARGIN:
            scale = (WIDTH_MIN - 2 * MARGIN) / max(self.places[-1] - MARGIN, 1.0)
            self.places = [MARGIN + (one - MARGIN) * scale for one in self.places]
        if len(self.days) == 1:
            self.days.append(self.days[0] + timedelta(days=1))
            self.places.append(WIDTH_MIN - MARGIN)

    @property
    def width(self) -> float:
        return round(self.places[-1] + MARGIN, 1)

    def x(self, day: date) -> float:
        after = min(max(bisect_right(self.days, day), 1), len(self.days) - 1)
        start, end = self.days[after - 1], self.days[after]
        share = (day - start).days / (end - start).days
        return round(self.places[after - 1] + share * (self.places[after] - self.places[after - 1]), 1)

    def anchors(self) -> Iterator[tuple[float, date]]:
        return ((round(place, 1), day) for place, day in zip(self.places, self.days, strict=True))


def _gap_width(days: int) -> float:
    """Returns the width of a gap: linear for the first week, and then the same amount for each doubling."""
    return DAY_WIDTH * days if days <= 7 else DAY_WIDTH * 7 + 34.0 * math.log2(days / 7)


def _ticks(axis: Axis) -> Iterator[Tick]:
    """Yields as many labels as fit next to each other; the first day is always labeled."""
    next_free_x = -math.inf
    for place, day in axis.anchors():
        if place >= next_free_x:
            yield Tick(x=place, label=day.isoformat())
            next_free_x = place + 86.0


def _placed(number: int, one: UnplacedMark, axis: Axis, as_of: date) -> Mark:
    x = axis.x(one.on)
    until = one.until
    width = max(axis.x(until) - x, 5.0) if until is not None and until >= one.on else 5.0 if one.shape == "bar" else 0.0
    return Mark(
        number=number,
        lane=one.lane,
        shape=one.shape,
        tone=one.tone if one.on <= as_of else "quiet",
        on=one.on,
        until=until,
        title=one.title,
        words=one.words,
        href=one.href,
        x=x,
        width=round(width, 1),
    )
