"""What moved since an assessment was looked at: findings, facts, or time alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pydantic import JsonValue

from domain.facts import Fact
from domain.history.state import PatientHistory
from domain.policy.assessment import Assessment
from domain.review.assess_request import Judgement, judge


class Change(Fact):
    """One thing that is not as it was: a finding by its citation, or a fact by its name."""

    what: str
    was: JsonValue
    is_now: JsonValue
    because: str
    time_alone: bool = False


def what_moved(looked_at: str, versions: Sequence[PatientHistory], request_id: str, today: date) -> list[Change]:
    """What changed between the assessment with this digest and the one of today.

    `versions` are the histories after each event, oldest first. Facts that moved are named;
    where only days passed, the findings that time alone changed are. Empty: the digest is of
    no assessment of this request.
    """
    found = _find(looked_at, versions, request_id, today)
    if found is None:
        return []
    history, then = found
    # The record of then, judged today, parts what time changed from what was recorded since.
    by_time = judge(history, history.request(request_id), today).assessment
    now = judge(versions[-1], versions[-1].request(request_id), today).assessment
    return [
        *_changes(then.assessment, by_time, time_alone=True),
        *_changes(by_time, now, time_alone=False),
    ]


def _changes(old: Assessment, new: Assessment, *, time_alone: bool) -> list[Change]:
    findings = [
        Change(
            what=is_.citation,
            was=was.answer.value,
            is_now=is_.answer.value,
            because=is_.sentence,
            time_alone=time_alone,
        )
        for was, is_ in zip(old.findings, new.findings, strict=True)
        if was.answer is not is_.answer
    ]
    before = old.facts.model_dump(mode="json") | old.circumstances.model_dump(mode="json")
    after = new.facts.model_dump(mode="json") | new.circumstances.model_dump(mode="json")
    because = "Time alone changed it." if time_alone else "The record changed."
    facts = [
        Change(what=name, was=before[name], is_now=after[name], because=because, time_alone=time_alone)
        for name in after
        if before[name] != after[name]
    ]
    return [*findings, *facts]


LOOKED_BACK_MAX = 400
"""Judgements made to find what somebody looked at; further back, what moved is not told."""


def _find(
    looked_at: str, versions: Sequence[PatientHistory], request_id: str, today: date
) -> tuple[PatientHistory, Judgement] | None:
    """The assessment that somebody looked at, and its history: of some version, on some day on which it was current."""
    last, judged = today, 0
    for history in reversed(versions):
        request = history.request(request_id)
        if request is None:
            return None
        # A day to either side: recorded instants are in UTC, days in the plan's zone.
        first = history.recorded_at.date() - timedelta(days=1)
        for back in range((last - first).days + 1):
            judgement = judge(history, request, last - timedelta(days=back))
            if judgement.digest == looked_at:
                return history, judgement
            judged += 1
            if judged == LOOKED_BACK_MAX:
                return None
        last = min(today, history.recorded_at.date() + timedelta(days=1))
    return None
