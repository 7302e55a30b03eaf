"""What changed since an assessment was shown: findings, facts, or time alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from pydantic import JsonValue

from domain.facts import FrozenModel
from domain.history.state import PatientHistory
from domain.policy.assessment import Assessment
from domain.review.assess_request import RequestAssessment, request_assessment


class Change(FrozenModel):
    """One thing that is not as it was: a finding by its citation, or a fact by its name."""

    what: str
    was: JsonValue
    is_now: JsonValue
    because: str
    time_alone: bool = False


def changes_since(
    digest: str,
    versions: Sequence[PatientHistory],
    request_id: str,
    today: date,
    seen_version: int | None = None,
) -> list[Change]:
    """What changed between the assessment with this digest and the assessment of today.

    `versions` are the histories after each event, oldest first. `seen_version` is the version that was shown with the
    digest; without it, or if it is not right, earlier versions are searched. Changed facts are named. Where only days
    passed, the findings that time alone changed are. The list is empty where the digest is of no assessment of this
    request.
    """
    found = _find(digest, versions, request_id, today, seen_version)
    if found is None:
        return []
    history, then = found
    # The record of then, judged today, parts what time changed from what was recorded since.
    by_time = request_assessment(history, history.request(request_id), today).assessment
    now = request_assessment(versions[-1], versions[-1].request(request_id), today).assessment
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


SEARCHED_MAX = 400
"""Assessments made to find the one that was shown. Changes since an earlier one are not listed."""


def _find(
    digest: str, versions: Sequence[PatientHistory], request_id: str, today: date, seen_version: int | None
) -> tuple[PatientHistory, RequestAssessment] | None:
    """The assessment that was shown, and its history: of one version, on a day on which it was current."""
    searched = 0
    for number in _order(len(versions), seen_version):
        history = versions[number - 1]
        request = history.request(request_id)
        if request is None:
            continue
        for day in _days_current(versions, number, today):
            judgement = request_assessment(history, request, day)
            if judgement.digest == digest:
                return history, judgement
            searched += 1
            if searched == SEARCHED_MAX:
                return None
    return None


def _order(count: int, seen_version: int | None) -> Iterator[int]:
    """The version that was shown first, then all of them, the latest first."""
    if seen_version is not None and 1 <= seen_version <= count:
        yield seen_version
    yield from range(count, 0, -1)


def _days_current(versions: Sequence[PatientHistory], number: int, today: date) -> Iterator[date]:
    """The days on which a version was current, the latest first.

    One day more on each side: instants are in UTC, and days in the plan's zone.
    """
    later = versions[number].recorded_at.date() + timedelta(days=1) if number < len(versions) else today
    last, first = min(today, later), versions[number - 1].recorded_at.date() - timedelta(days=1)
    yield from (last - timedelta(days=back) for back in range((last - first).days + 1))
