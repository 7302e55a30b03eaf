"""What changed since an assessment was shown: findings and facts, by time alone or by new entries in the record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from pydantic import JsonValue

from domain.errors import EditionUnknown
from domain.facts import FrozenModel
from domain.history.state import PatientHistory
from domain.policy.assessment import Assessment
from domain.review.assess_request import RequestAssessment, request_assessment


class Change(FrozenModel):
    """One change: a finding, named by its citation, a fact, named by its field, or the edition."""

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
    digest. Without it, or if it is wrong, all versions are searched, up to `SEARCHED_MAX` assessments. Changes by time
    alone are listed first, then changes of the record. The list is empty if no assessment with this digest is found.
    """
    found = _assessment_with(digest, versions, request_id, today, seen_version)
    if found is None:
        return []
    history, then = found
    # The earlier history, assessed today, separates changes by time alone from changes of the record.
    by_time = request_assessment(history, history.request(request_id), today).assessment
    try:
        now = request_assessment(versions[-1], versions[-1].request(request_id), today).assessment
    except EditionUnknown as unknown:
        return [Change(what="edition", was=by_time.edition, is_now=None, because=f"{unknown.cause}.")]
    return [
        *_changes(then.assessment, by_time, time_alone=True),
        *_changes(by_time, now, time_alone=False),
    ]


def _changes(old: Assessment, new: Assessment, *, time_alone: bool) -> list[Change]:
    edition = [
        Change(
            what="edition",
            was=old.edition,
            is_now=new.edition,
            because="The receipt was corrected, so another policy version applies (R21).",
            time_alone=time_alone,
        )
    ]
    # A policy version may lack a clause of the other: the clause is then listed with the version that has it.
    answers = {one.citation: one.answer for one in old.findings}
    findings = [
        Change(
            what=now.citation,
            was=was.value if was is not None else None,
            is_now=now.answer.value,
            because=now.sentence,
            time_alone=time_alone,
        )
        for now in new.findings
        if (was := answers.get(now.citation)) is not now.answer
    ]
    before = old.facts.model_dump(mode="json") | old.circumstances.model_dump(mode="json")
    after = new.facts.model_dump(mode="json") | new.circumstances.model_dump(mode="json")
    because = "Time alone changed it." if time_alone else "The record changed."
    facts = [
        Change(what=name, was=before.get(name), is_now=after.get(name), because=because, time_alone=time_alone)
        for name in after | before
        if before.get(name) != after.get(name)
    ]
    return [*(edition if old.edition != new.edition else []), *findings, *facts]


SEARCHED_MAX = 400
"""At most this many assessments are made to find the one that was shown. For an older one, no changes are listed."""


def _assessment_with(
    digest: str, versions: Sequence[PatientHistory], request_id: str, today: date, seen_version: int | None
) -> tuple[PatientHistory, RequestAssessment] | None:
    """The assessment with this digest, of one version on a day on which it was current, and that version."""
    searched = 0
    for number in _versions_to_search(len(versions), seen_version):
        history = versions[number - 1]
        request = history.request(request_id)
        if request is None:
            continue
        for day in _days_current(versions, number, today):
            try:
                assessed = request_assessment(history, request, day)
            except EditionUnknown:
                break
            if assessed.digest == digest:
                return history, assessed
            searched += 1
            if searched == SEARCHED_MAX:
                return None
    return None


def _versions_to_search(count: int, seen_version: int | None) -> Iterator[int]:
    """The numbers of the versions to search: the version that was shown, then all versions, latest first."""
    if seen_version is not None and 1 <= seen_version <= count:
        yield seen_version
    yield from range(count, 0, -1)


def _days_current(versions: Sequence[PatientHistory], number: int, today: date) -> Iterator[date]:
    """The days on which a version was current, latest first.

    The period is one day longer on each side, because instants are in UTC and days in the plan's time zone.
    """
    later = versions[number].at.date() + timedelta(days=1) if number < len(versions) else today
    last, first = min(today, later), versions[number - 1].at.date() - timedelta(days=1)
    yield from (last - timedelta(days=back) for back in range((last - first).days + 1))
