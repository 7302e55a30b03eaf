"""The terms of the deadlines as data: the figures of one row, each with its source.

A row is for one line of business, for requests that are received from a day on. The rows are in `rows`, and `table`
finds the row of a request. The dates that follow from a row are computed in `due_dates`. A figure that nobody has
checked against a primary source is marked as unconfirmed. Lists show the mark, and a letter leaves the figure out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

from domain.events.patient import Funding

TermsLine = Literal["commercial", "medicare_advantage", "medicaid", "cms_0057_f"]
"""A line of business, or the federal row that applies to the drugs of no line today."""

Urgency = Literal["standard", "urgent"]
AppealCountedFrom = Literal["receipt", "date_on_notice"]
AfterLastLevel = Literal["external_review", "independent_entity", "state_fair_hearing"]


@dataclass(frozen=True, slots=True)
class Days:
    """Calendar days. A term ends at the midnight, in the plan's zone, that ends its last day."""

    count: int

    def __str__(self) -> str:
        return f"{self.count} day{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of 3,600 seconds from an instant. Daylight saving time does not change their length."""

    count: int

    def __str__(self) -> str:
        return f"{self.count} hour{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Either:
    """A time in days and one in hours, of two rows that may apply. Which of them ends first depends on the start."""

    days: Days
    hours: Hours
    ends: Literal["first", "last"]

    def __str__(self) -> str:
        return f"{self.hours} or {self.days}, whichever ends {self.ends}"


Term = Days | Hours | Either


def parts_of(term: Term) -> tuple[Days | Hours, ...]:
    """The times of which a term consists: one, or the two of which one applies."""
    return (term.days, term.hours) if isinstance(term, Either) else (term,)


PLANS_OWN: Final = "the plan's own choice"
"""The source of a figure that no rule sets."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeadlineTerms:
    """The terms of requests that a line of business receives from `effective_on` on, until its next row.

    `is_post_service`: the row is for requests that ask only for doses that were given before. `state` and `funding`
    limit the row to coverage of that state and funding; None is all of them. `source` is the legal text. `sources` has
    the paragraph for single figures, by field. `unconfirmed` holds the fields that nobody has checked against a primary
    source. `binds` is false for a row that applies to no line of business today. `note` says why this row was chosen
    and which rows may apply, if the coverage on record leaves it open. Rows are compared by identity, so that what
    depends on one can be cached.
    """

    line: TermsLine
    effective_on: date
    source: str
    binds: bool = True
    is_post_service: bool = False
    state: str | None = None
    funding: Funding | None = None
    note: str = ""

    standard: Term
    urgent: Term
    extension: Days | None = None
    """The longest extension of a standard request, which is allowed once, by a notice before the standard time ends.
    None: no extension is allowed.
    """

    extends_urgent: bool = False
    """Whether an urgent request can be extended too."""

    information_extension_stops: bool = False
    """Whether the notice of an extension for missing information stops the time of a standard request.

    A request for information without such an extension never stops the time.
    """

    answer_standard: Term | None = None
    """The time to respond to an extension for missing information, from the receipt of its notice. The pause ends with
    it. None: no time is given, and an answer is asked for before the decision is due.
    """

    urgent_ask_within: Hours | None = None
    """How long after receipt a request for information still changes the urgent deadline. None: it never does."""

    urgent_decide_within: Hours | None = None
    """The time from the response or the end of its time, whichever is earlier, in place of the urgent turnaround time.
    """

    answer_urgent: Term | None = None
    """The least time to respond to a request for information that changes the urgent deadline."""

    appeal_file_within: Days
    appeal_counted_from: AppealCountedFrom
    """Where the time to appeal starts: on the day on which the notice was received, or on the date on the notice."""

    appeal_file_after_receipt: Days | None = None
    """The time from the actual receipt, where receipt is only presumed: it counts if it ends later."""

    appeal_levels: Literal[1, 2] = 1
    appeal_levels_open: bool = False
    """Whether only some of the rows that may apply have two levels. A second level is then not refused, and
    `appeal_standard` is the time of the first level, whichever of the rows applies.
    """

    appeal_standard: Term
    appeal_standard_of_two: Term | None = None
    """The time of each of two levels. It is used if the plan has two levels, or if a second level is on record."""

    appeal_urgent: Term
    forwards_upheld: bool = False
    """Whether the plan itself forwards a denial that it upheld, within the time that it has to decide the appeal."""

    after_last_level: AfterLastLevel = "external_review"

    at_risk_percent: int = 25
    """The last part of the turnaround time, in percent, during which a request is at risk."""

    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unconfirmed: frozenset[str] = frozenset({"effective_on"})

    def source_of(self, figure: str) -> str:
        """The source of a figure, by the name of its field."""
        return PLANS_OWN if figure == "at_risk_percent" else self.sources.get(figure, self.source)

    def appeal_figure(self, urgency: Urgency, *, is_second_level: bool = False) -> str:
        """The name of the field that has the time to decide an appeal."""
        if urgency == "urgent":
            return "appeal_urgent"
        is_of_two = is_second_level or (self.appeal_levels == 2 and not self.appeal_levels_open)
        return "appeal_standard_of_two" if is_of_two and self.appeal_standard_of_two is not None else "appeal_standard"

    def term(self, figure: str) -> Term:
        """The figure of this field, which the row must have."""
        value = getattr(self, figure)
        assert isinstance(value, Days | Hours | Either), figure
        return value
