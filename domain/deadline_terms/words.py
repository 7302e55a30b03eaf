"""The terms of a row in sentences: one line for each figure, with its source."""

from __future__ import annotations

from typing import Final

from domain.deadline_terms.terms import AfterLastLevel, AppealCountedFrom, DeadlineTerms, TermsLine

COUNTED_FROM: Final[dict[AppealCountedFrom, str]] = {
    "receipt": "the receipt of the notice",
    "date_on_notice": "the date on the notice",
}
AFTER_LAST_LEVEL: Final[dict[AfterLastLevel, str]] = {
    "external_review": "an external review",
    "independent_entity": "the independent review entity",
    "state_fair_hearing": "a state fair hearing",
}
"""What follows the last level of appeal that the plan has."""

_SENTENCES: Final[tuple[tuple[str, str], ...]] = (
    ("standard", "a standard request is decided within {}"),
    ("urgent", "an urgent request is decided within {}"),
    ("extension", "a standard request may be extended once, by up to {}, with a notice before its time ends"),
    (
        "answer_standard",
        "the pause of an extension for missing information ends with the answer, or {} after the receipt of its notice",
    ),
    ("urgent_ask_within", "missing information for an urgent request is requested within {}"),
    (
        "urgent_decide_within",
        "the urgent request is then decided within {} of the receipt of the information or of the end of the "
        "time allowed for it, whichever is earlier",
    ),
    (
        "answer_urgent",
        "there are at least {} to respond to a request for information that is missing for an urgent request",
    ),
    ("appeal_file_within", "an appeal must be filed within {}"),
    ("appeal_file_after_receipt", "an appeal is timely also within {} of the actual receipt of the notice"),
    ("appeal_standard", "a standard appeal is decided within {}"),
    (
        "appeal_standard_of_two",
        "where the plan has two levels of appeal, a standard appeal is decided within {} at each",
    ),
    ("appeal_urgent", "an urgent appeal is decided within {}"),
)


def in_words(terms: DeadlineTerms) -> tuple[str, ...]:
    """One line for each figure, with its source. A figure that nobody has confirmed is marked.

    >>> from datetime import date
    >>> from domain.deadline_terms.table import terms_for
    >>> in_words(terms_for("medicaid", date(2026, 3, 2)))[1]
    'a standard request is decided within 24 hours (SSA 1927(d)(5); not confirmed)'
    >>> in_words(terms_for("medicaid", date(2026, 3, 2)))[5]
    'an urgent appeal is decided within 72 hours (42 CFR 438.408)'
    """
    lines = [("effective_on", row_in_words(terms))]
    lines += [
        (figure, sentence.format(getattr(terms, figure)))
        for figure, sentence in _SENTENCES
        if getattr(terms, figure) is not None
    ]
    lines += _flags(terms)
    return tuple(
        f"{sentence} ({terms.source_of(figure)}{'; not confirmed' if figure in terms.unconfirmed else ''})"
        for figure, sentence in lines
    )


LINES_IN_WORDS: Final[dict[TermsLine, str]] = {
    "commercial": "Commercial",
    "medicare_advantage": "Medicare Advantage",
    "medicaid": "Medicaid",
    "cms_0057_f": "CMS-0057-F",
}


def row_in_words(terms: DeadlineTerms) -> str:
    """Which requests a row is for."""
    kind = ", doses that were given before" if terms.is_post_service else ""
    place = f", coverage of {terms.state}" if terms.state is not None else ""
    funding = f", {terms.funding.replace('_', '-')}" if terms.funding is not None else ""
    binding = "" if terms.binds else ", which applies to no line of business today"
    note = f"; {terms.note}" if terms.note else ""
    line = LINES_IN_WORDS[terms.line]
    return f"{line}{kind}{place}{funding}: for requests received from {terms.effective_on} on{binding}{note}"


def _flags(terms: DeadlineTerms) -> list[tuple[str, str]]:
    """The figures that are not a time."""
    lines = [] if terms.extension is not None else [("extension", "no request may be extended")]
    if terms.extends_urgent:
        lines.append(("extends_urgent", "an urgent request may be extended too"))
    stops = (
        "stops only from the notice of an extension for missing information"
        if terms.information_extension_stops
        else "is not stopped by a request for information"
    )
    lines.append(("information_extension_stops", f"the turnaround time of a standard request {stops}"))
    lines.append(("appeal_counted_from", f"the time to appeal counts from {COUNTED_FROM[terms.appeal_counted_from]}"))
    levels = "has one level" if terms.appeal_levels == 1 else "has two levels"
    levels = "may have two levels" if terms.appeal_levels_open else levels
    lines.append(("appeal_levels", f"the plan {levels} of appeal"))
    if terms.forwards_upheld:
        lines.append(
            ("forwards_upheld", "the plan itself forwards a denial that it upheld, within the time of the appeal")
        )
    lines.append(("after_last_level", f"then follows {AFTER_LAST_LEVEL[terms.after_last_level]}"))
    lines.append(
        ("at_risk_percent", f"a request is at risk in the last {terms.at_risk_percent}% of its turnaround time")
    )
    return lines
