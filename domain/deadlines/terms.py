"""The terms of the deadlines: a table by line of business and day of receipt, each figure with its source.

A plan whose contract or state has other terms changes a row or adds a later one, and nothing else: the computation is
in `domain.deadlines.due_dates`. A figure that nobody has checked against a primary source is marked as unconfirmed, and
displayed as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

TermsLine = Literal["commercial", "medicare_advantage", "medicaid", "cms_0057_f"]
"""A line of business, or the federal row that applies to the drugs of no line today."""

Urgency = Literal["standard", "urgent"]


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


Term = Days | Hours

PLANS_OWN: Final = "the plan's own choice"
"""The source of a figure that no rule sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineTerms:
    """The terms of requests that a line of business receives from `effective_on` on, until its next row.

    `source` is the legal text. `sources` has the paragraph for single figures, by field. `unconfirmed` holds the fields
    that nobody has checked against a primary source. `binds` is false for a row that applies to no line of business
    today.
    """

    line: TermsLine
    effective_on: date
    source: str
    binds: bool = True

    standard: Term
    urgent: Term
    extension: Days | None = None
    """The longest extension of a standard request, which is allowed once. None: no extension is allowed."""

    asking_stops_standard: bool = False
    """Whether a request for information pauses a standard turnaround time until the response or the end of its time."""

    urgent_ask_within: Hours | None = None
    """How long after receipt a request for information still changes the urgent deadline. None: it never does."""

    urgent_decide_within: Hours | None = None
    """The time from the response or the end of its time, whichever is earlier, in place of the urgent turnaround time.
    """

    answer_standard: Term = Days(14)
    answer_urgent: Term = Days(14)

    appeal_file_within: Days
    appeal_standard: Term
    appeal_urgent: Term

    at_risk_percent: int = 25
    """The last part of the turnaround time, in percent, during which a request is at risk."""

    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unconfirmed: frozenset[str] = frozenset({"effective_on"})

    def source_of(self, figure: str) -> str:
        """The source of a figure, by the name of its field."""
        return PLANS_OWN if figure == "at_risk_percent" else self.sources.get(figure, self.source)


_ANSWERS_BY_THE_PLAN: Final = {"answer_standard": PLANS_OWN, "answer_urgent": PLANS_OWN}
_MEDICARE_APPEALS: Final = {
    "appeal_file_within": "42 CFR 422.582",
    "appeal_standard": "42 CFR 422.590",
    "appeal_urgent": "42 CFR 422.590",
}
_MEDICAID_APPEALS: Final = {
    "appeal_file_within": "42 CFR 438.402",
    "appeal_standard": "42 CFR 438.408",
    "appeal_urgent": "42 CFR 438.408",
}
_ANSWERS_UNCONFIRMED: Final = frozenset({"effective_on", *_ANSWERS_BY_THE_PLAN})

TERMS: Final[tuple[DeadlineTerms, ...]] = (
    DeadlineTerms(
        line="commercial",
        effective_on=date(2003, 1, 1),
        source="29 CFR 2560.503-1",
        standard=Days(15),
        urgent=Hours(72),
        extension=Days(15),
        asking_stops_standard=True,
        urgent_ask_within=Hours(24),
        urgent_decide_within=Hours(48),
        answer_standard=Days(45),
        answer_urgent=Hours(48),
        appeal_file_within=Days(180),
        appeal_standard=Days(30),
        appeal_urgent=Hours(72),
        sources=MappingProxyType(
            {
                **dict.fromkeys(("standard", "extension", "answer_standard"), "29 CFR 2560.503-1(f)(2)(iii)(A)"),
                **dict.fromkeys(
                    ("urgent", "urgent_ask_within", "urgent_decide_within", "answer_urgent"),
                    "29 CFR 2560.503-1(f)(2)(i)",
                ),
                "asking_stops_standard": "29 CFR 2560.503-1(f)(4)",
                "appeal_file_within": "29 CFR 2560.503-1(h)(3)(i)",
                "appeal_standard": "29 CFR 2560.503-1(i)(2)(ii)(A)",
                "appeal_urgent": "29 CFR 2560.503-1(i)(2)(i)",
            }
        ),
    ),
    DeadlineTerms(
        line="medicare_advantage",
        effective_on=date(2020, 1, 1),
        source="42 CFR 422.568, 422.572 (Part B drugs)",
        standard=Hours(72),
        urgent=Hours(24),
        appeal_file_within=Days(65),
        appeal_standard=Days(7),
        appeal_urgent=Hours(72),
        sources=MappingProxyType(_ANSWERS_BY_THE_PLAN | _MEDICARE_APPEALS),
        unconfirmed=_ANSWERS_UNCONFIRMED | {"appeal_file_within"},
    ),
    DeadlineTerms(
        line="medicaid",
        effective_on=date(1991, 7, 1),
        source="SSA 1927(d)(5)",
        standard=Hours(24),
        urgent=Hours(24),
        appeal_file_within=Days(60),
        appeal_standard=Days(30),
        appeal_urgent=Hours(72),
        sources=MappingProxyType(_ANSWERS_BY_THE_PLAN | _MEDICAID_APPEALS),
        unconfirmed=_ANSWERS_UNCONFIRMED | {"appeal_file_within", "appeal_standard", "appeal_urgent"},
    ),
    DeadlineTerms(
        line="cms_0057_f",
        effective_on=date(2026, 1, 1),
        source="CMS-0057-F",
        binds=False,
        standard=Days(7),
        urgent=Hours(72),
        extension=Days(14),
        appeal_file_within=Days(65),
        appeal_standard=Days(30),
        appeal_urgent=Hours(72),
        sources=MappingProxyType(_ANSWERS_BY_THE_PLAN | _MEDICARE_APPEALS),
        unconfirmed=_ANSWERS_UNCONFIRMED | {"appeal_file_within"},
    ),
)


def terms_for(line: TermsLine, received_on: date, table: Sequence[DeadlineTerms] = TERMS) -> DeadlineTerms:
    """The row in effect for the line of business on the day of receipt. Before the first row, the first row applies.

    A plan may import requests of years before the first row. They get a deadline for comparison rather than none, and
    `in_words` states from which day the row is known to be in effect.
    """
    rows = sorted((row for row in table if row.line == line), key=lambda row: row.effective_on)
    in_force = [row for row in rows if row.effective_on <= received_on]
    return in_force[-1] if in_force else rows[0]


_SENTENCES: Final[tuple[tuple[str, str], ...]] = (
    ("standard", "a standard request is decided within {}"),
    ("urgent", "an urgent request is decided within {}"),
    ("extension", "a standard request may be extended once, by up to {}"),
    ("urgent_ask_within", "missing information for an urgent request is requested within {}"),
    (
        "urgent_decide_within",
        "the urgent request is then decided within {} of the receipt of the information or of the end of the "
        "time allowed for it, whichever is earlier",
    ),
    (
        "answer_standard",
        "the office or person that is asked for information about a standard request has at least {} to respond",
    ),
    (
        "answer_urgent",
        "the office or person that is asked for information about an urgent request has at least {} to respond",
    ),
    ("appeal_file_within", "an appeal must be filed within {} of the notice"),
    ("appeal_standard", "a standard appeal is decided within {}"),
    ("appeal_urgent", "an urgent appeal is decided within {}"),
)


def in_words(terms: DeadlineTerms) -> tuple[str, ...]:
    """One line for each figure, with its source. A figure that nobody has confirmed is marked.

    >>> in_words(terms_for("medicaid", date(2026, 3, 2)))[1]
    'a standard request is decided within 24 hours (SSA 1927(d)(5))'
    >>> in_words(terms_for("medicaid", date(2026, 3, 2)))[7]
    'an urgent appeal is decided within 72 hours (42 CFR 438.408; not confirmed)'
    """
    binding = "" if terms.binds else ", which applies to no line of business today"
    stops = "stops" if terms.asking_stops_standard else "does not stop"
    lines = [("effective_on", f"{terms.line}: for requests received from {terms.effective_on} on{binding}")]
    lines += [
        (figure, sentence.format(getattr(terms, figure)))
        for figure, sentence in _SENTENCES
        if getattr(terms, figure) is not None
    ]
    if terms.extension is None:
        lines.append(("extension", "no request may be extended"))
    lines.append(
        ("asking_stops_standard", f"a request for information {stops} the turnaround time of a standard request")
    )
    lines.append(
        ("at_risk_percent", f"a request is at risk in the last {terms.at_risk_percent}% of its turnaround time")
    )
    return tuple(
        f"{sentence} ({terms.source_of(figure)}{'; not confirmed' if figure in terms.unconfirmed else ''})"
        for figure, sentence in lines
    )
