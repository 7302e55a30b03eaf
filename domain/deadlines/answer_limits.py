"""Between which instants a response to a request for information may be asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.deadline_terms.terms import DeadlineTerms
from domain.deadlines.due_dates import (
    DeadlineExtension,
    DecisionTimes,
    InformationRequest,
    after,
    decision_deadline,
)


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """The instants between which a response may be asked for, both included. None: there is no such limit.

    `latest` is when the decision is due, unless `moves_due`: then the decision is due some time after the response.
    """

    least: datetime | None
    latest: datetime
    moves_due: bool = False

    @property
    def default(self) -> datetime:
        """The end of the time to respond if none is named."""
        return self.least or self.latest


def answer_limits(
    terms: DeadlineTerms, times: DecisionTimes, at: datetime, zone: ZoneInfo, extension: DeadlineExtension | None = None
) -> AnswerLimits:
    """When a response to a request for information at `at` may be asked for. `extension` is one of the same act.

    - If the request changes the urgent deadline: at least `answer_urgent`, because the deadline follows it, and at most
      `urgent_decide_within` more. The law names no latest time, but an urgent request can't wait for weeks. If the
      request was expedited, never later than the standard time, which runs on.
    - With an extension for missing information: at least `answer_standard`, and until the decision is due.
    - Otherwise the time runs on, and only until the decision is due.
    """
    urgent = _urgent_answer_limits(terms, times, at, zone)
    if urgent is not None:
        return urgent
    if extension is None or terms.answer_standard is None:
        return AnswerLimits(None, decision_deadline(terms, times, zone).due_at)
    least = after(at, terms.answer_standard, zone)
    asked = replace(
        times,
        information_requests=(*times.information_requests, InformationRequest(at, least)),
        extensions=(*times.extensions, extension),
    )
    return AnswerLimits(least, decision_deadline(terms, asked, zone).due_at)


def _urgent_answer_limits(
    terms: DeadlineTerms, times: DecisionTimes, at: datetime, zone: ZoneInfo
) -> AnswerLimits | None:
    """The limits if a request for information at `at` changes the urgent deadline; None if it does not."""
    start = times.received_at if times.urgency == "urgent" else times.expedited_at
    ask_within, answer, decide_within = terms.urgent_ask_within, terms.answer_urgent, terms.urgent_decide_within
    if start is None or ask_within is None or answer is None or decide_within is None:
        return None
    if at > after(start, ask_within, zone):
        return None
    least = after(at, answer, zone)
    latest = after(least, decide_within, zone)
    if times.urgency == "urgent":
        return AnswerLimits(least, latest, moves_due=True)
    standard_due_at = decision_deadline(terms, replace(times, expedited_at=None), zone).due_at
    if standard_due_at < least:
        return None
    return AnswerLimits(least, min(latest, standard_due_at), moves_due=True)
