"""The terms of the clocks: a table by line of business and day of receipt, each figure with its source.

A plan whose contract or state says otherwise changes a row, or adds a later one, and nothing else: the arithmetic
is in `domain.deadlines.due_dates`. What nobody has checked against a primary source carries that mark, and shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

TermsLine = Literal["commercial", "medicare_advantage", "medicaid", "cms_0057_f"]
"""A line of business, or the federal row that binds drugs of no line today."""

Urgency = Literal["standard", "urgent"]


@dataclass(frozen=True, slots=True)
class Days:
    """Calendar days; they end at the midnight of the plan's zone that ends the last of them."""

    count: int

    def __str__(self) -> str:
        return f"{self.count} day{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of 3,600 seconds, from an instant; daylight saving does not stretch them."""

    count: int

    def __str__(self) -> str:
        return f"{self.count} hour{'' if self.count == 1 else 's'}"


Term = Days | Hours

PLANS_OWN: Final = "the plan's own choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTerms:
    """The clocks of requests that a line received from `effective_on` on, until its next row.

    `source` is the legal text; `sources` names the paragraph of single figures, by field.
    `unconfirmed` holds the fields that nobody has checked against a primary source.
    """

    line: TermsLine
    effective_on: date
    source: str
    binds: bool = True

    standard: Term
    urgent: Term
    extension: Days | None = None
    """Standard requests only, once."""

    asking_stops_standard: bool = False
    """Whether a request for information stops the standard clock until the answer or its limit."""

    urgent_ask_within: Hours | None = None
    """Asked later than this after receipt, the question no longer moves the urgent clock. None: it never does."""

    urgent_decide_within: Hours | None = None
    """From the earlier of the answer and its limit, in place of the urgent clock."""

    answer_standard: Term = Days(14)
    answer_urgent: Term = Days(14)

    appeal_file_within: Days
    appeal_standard: Term
    appeal_urgent: Term

    at_risk_percent: int = 25
    """The last part of the running time, in which a request is at risk."""

    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unconfirmed: frozenset[str] = frozenset({"effective_on"})

    def source_of(self, figure: str) -> str:
        return PLANS_OWN if figure == "at_risk_percent" else self.sources.get(figure, self.source)


_ANSWERS_ARE_OURS: Final = {"answer_standard": PLANS_OWN, "answer_urgent": PLANS_OWN}
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
_ANSWERS_UNCONFIRMED: Final = frozenset({"effective_on", *_ANSWERS_ARE_OURS})

TERMS: Final[tuple[ClockTerms, ...]] = (
    ClockTerms(
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
    ClockTerms(
        line="medicare_advantage",
        effective_on=date(2020, 1, 1),
        source="42 CFR 422.568, 422.572 (Part B drugs)",
        standard=Hours(72),
        urgent=Hours(24),
        appeal_file_within=Days(65),
        appeal_standard=Days(7),
        appeal_urgent=Hours(72),
        sources=MappingProxyType(_ANSWERS_ARE_OURS | _MEDICARE_APPEALS),
        unconfirmed=_ANSWERS_UNCONFIRMED | {"appeal_file_within"},
    ),
    ClockTerms(
        line="medicaid",
        effective_on=date(1991, 7, 1),
        source="SSA 1927(d)(5)",
        standard=Hours(24),
        urgent=Hours(24),
        appeal_file_within=Days(60),
        appeal_standard=Days(30),
        appeal_urgent=Hours(72),
        sources=MappingProxyType(_ANSWERS_ARE_OURS | _MEDICAID_APPEALS),
        unconfirmed=_ANSWERS_UNCONFIRMED | {"appeal_file_within", "appeal_standard", "appeal_urgent"},
    ),
    ClockTerms(
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
        sources=MappingProxyType(_ANSWERS_ARE_OURS | _MEDICARE_APPEALS),
        unconfirmed=_ANSWERS_UNCONFIRMED | {"appeal_file_within"},
    ),
)


def terms_for(line: TermsLine, received_on: date, table: Sequence[ClockTerms] = TERMS) -> ClockTerms:
    """The row in force for the line on the day of receipt; before its first row, that first row.

    Years that a plan brings with it may lie before the first row: they get a deadline to compare with
    rather than none, and `in_words` says from which day the row is known to hold.
    """
    rows = sorted((row for row in table if row.line == line), key=lambda row: row.effective_on)
    in_force = [row for row in rows if row.effective_on <= received_on]
    return in_force[-1] if in_force else rows[0]


_WORDS: Final[tuple[tuple[str, str], ...]] = (
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


def in_words(terms: ClockTerms) -> tuple[str, ...]:
    """One line a figure, each with its source; what nobody has confirmed says so.

    >>> in_words(terms_for("medicaid", date(2026, 3, 2)))[1]
    'a standard request is decided within 24 hours (SSA 1927(d)(5))'
    >>> in_words(terms_for("medicaid", date(2026, 3, 2)))[7]
    'an urgent appeal is decided within 72 hours (42 CFR 438.408; not confirmed)'
    """
    binding = "" if terms.binds else ", which applies to no line of business today"
    stops = "stops" if terms.asking_stops_standard else "does not stop"
    said = [("effective_on", f"{terms.line}: for requests received from {terms.effective_on} on{binding}")]
    said += [
        (figure, sentence.format(getattr(terms, figure)))
        for figure, sentence in _WORDS
        if getattr(terms, figure) is not None
    ]
    if terms.extension is None:
        said.append(("extension", "no request may be extended"))
    said.append(
        ("asking_stops_standard", f"a request for information {stops} the turnaround time of a standard request")
    )
    said.append(
        ("at_risk_percent", f"a request is at risk in the last {terms.at_risk_percent}% of its turnaround time")
    )
    return tuple(
        f"{sentence} ({terms.source_of(figure)}{'; not confirmed' if figure in terms.unconfirmed else ''})"
        for figure, sentence in said
    )
