"""A replay in sentences: whether the record agrees, and what would differ now or under another edition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from domain.policy.answers import Answer
from domain.policy.assessment import Assessment, Finding
from domain.policy.reassessment import Rechecked, Rerun
from projections.replay.clauses import ChangedBy, ClauseChange, Columns, RecommendationChange

NO_ASSESSMENT: Final[dict[bool, str]] = {
    True: "This determination was imported and has no assessment, so what was known then can't be re-evaluated.",
    False: "A rescission is based on its ground and not on an assessment, so there is nothing to re-evaluate.",
}
"""Why there is no assessment "as known then", by whether the determination was imported."""

RULE_CORRECTED: Final = " A rule was corrected since then, and the result would now differ (revision "
CHANGES_NAMED_MAX: Final = 3

DECIDED_WITHOUT: Final = (
    "The request was received before the first policy version on file, so this determination was made without an "
    "assessment (R31), and there is nothing to re-evaluate."
)


def no_such_version(version: int | None) -> str:
    return f"the history has no version {version} that contains the request"


def cannot_be_reassessed(reason: str) -> str:
    return f"The determination can't be re-evaluated as known then: {reason.rstrip('.')}."


def agreement(comparison: Rerun, facts: Sequence[str], rechecked: Rechecked, version: int) -> str:
    """Returns whether the record agrees, in words.

    `comparison` compares the record with a new assessment from version `version` of the history. `rechecked` assesses
    only the stored facts.
    """
    edition = f"policy version {comparison.edition} revision {comparison.revision}"
    if comparison.agrees and not facts:
        corrected = ""
        if rechecked.would_now_differ and rechecked.newest is not None:
            corrected = f"{RULE_CORRECTED}{rechecked.newest.revision})."
        return f"The record matches version {version} of the history under {edition}.{corrected}"
    differing = [
        f"{one.citation} recorded {_plain(one.recorded)}, now {_plain(one.now)}" for one in comparison.findings
    ]
    differing += [f"{_plain(one.name)} differs" for one in comparison.conclusions]
    differing += [f"the history at that time gives a different value of {_plain(one)}" for one in facts]
    stored = (
        "The stored facts reproduce the recorded answers"
        if rechecked.holds
        else "The stored facts do not reproduce the recorded answers"
    )
    listed = "; ".join(differing)
    return f"The record does not match version {version} of the history under {edition}: {listed}. {stored}."


def headline(
    status: Literal["agrees", "differs", "not_available"],
    agreed: str,
    columns: Columns,
    changed: Sequence[ClauseChange],
    recommendation: RecommendationChange | None,
) -> str:
    """Returns the replay in a few sentences. `agreed` is the sentence of the agreement."""
    sentences = ["The record reproduces the determination as known then." if status == "agrees" else agreed]
    if status == "agrees" and RULE_CORRECTED in agreed:
        sentences.append(agreed[agreed.index(RULE_CORRECTED) :].strip())
    if columns.now is not None:
        sentences.append(_known_now(columns, changed, recommendation))
    sentences += _under_others(columns)
    return " ".join(sentences)


def _known_now(columns: Columns, changed: Sequence[ClauseChange], recommendation: RecommendationChange | None) -> str:
    now = columns.now
    assert now is not None
    if columns.then is None:
        return f"With what is known now, policy version {now.edition} recommends {_plain(now.recommendation)}."
    from_then, from_now = columns.then.approvable_from, now.approvable_from
    if not changed and recommendation is None:
        date_changed = None not in (from_then, from_now) and from_then != from_now
        later = (
            f", except that the policy is met from {from_now} instead of {from_then} if nothing else changes"
            if date_changed
            else ""
        )
        return f"Information received since changes nothing{later}."
    changes = list(_changes_named(changed))
    if columns.then.scope != now.scope:
        changes.append(_path(columns.then.scope, now.scope, changed))
    causes = {because for _, because in changes if because is not None}
    # If one event caused every change, it is named once.
    once = f" ({causes.pop()})" if len(causes) == 1 and all(because is not None for _, because in changes) else None
    parts = [words if once is not None or because is None else f"{words} ({because})" for words, because in changes]
    if recommendation is not None:
        parts.append(
            f"the recommendation would be {_plain(recommendation.is_now)} instead of {_plain(recommendation.was)}"
        )
    else:
        parts.append(f"the recommendation would stay {_plain(now.recommendation)}")
    return f"With what is known now{once or ''}: {'; '.join(parts)}."


def _changes_named(changed: Sequence[ClauseChange]) -> Iterator[tuple[str, str | None]]:
    """Yields the changed clauses that have their own facts, each with its cause. Only the first few are named."""
    leaves = [one for one in changed if not one.is_group]
    for one in leaves[:CHANGES_NAMED_MAX]:
        words = f"{one.citation} would be {_plain(one.is_now)} instead of {_plain(one.was)}"
        yield words, cause_in_words(one.changed_by[-1])
    if len(leaves) > CHANGES_NAMED_MAX:
        yield f"{len(leaves) - CHANGES_NAMED_MAX} more clauses would have a different answer", None


def _path(was: str | None, is_now: str | None, changed: Sequence[ClauseChange]) -> tuple[str, str | None]:
    change = next((one for one in changed if one.citation in (f"1.{is_now}", f"1.{was}")), None)
    words = f"the path would be {is_now or 'open'} instead of {was or 'open'}"
    return words, cause_in_words(change.changed_by[-1]) if change is not None else None


def cause_in_words(change: ChangedBy) -> str:
    """Returns the event that changed an answer, with when it was recorded and when it happened."""
    if change.by is None:
        return "only because time has passed"
    happened = f", happened {change.by.happened_on}" if change.by.days_late else ""
    return f"{change.by.title[:1].lower()}{change.by.title[1:]}, recorded {change.by.recorded_on}{happened}"


def _under_others(columns: Columns) -> Iterator[str]:
    """Yields the differences under other editions. Editions with the same differences are named together."""
    now = columns.now
    if now is None:
        return
    names_by_difference: dict[str, list[str]] = {}
    for one in columns.others:
        differs = [
            f"{finding.citation} would be {_plain(finding.answer)}"
            for finding in one.findings
            if (same := _found(now, finding.citation)) is not None
            and same.answer is not finding.answer
            and finding.citation not in columns.groups
        ]
        if differs or one.recommendation != now.recommendation:
            other = one.recommendation != now.recommendation
            recommended = f"be {_plain(one.recommendation)}" if other else f"stay {_plain(now.recommendation)}"
            difference = "; ".join([*differs, f"the recommendation would {recommended}"])
            name = one.edition if one.edition != now.edition else f"{one.edition} revision {one.edition_revision}"
            names_by_difference.setdefault(difference, []).append(name)
    for difference, names in names_by_difference.items():
        yield f"Under policy version{'s' if len(names) > 1 else ''} {' and '.join(names)}, {difference}."


def _found(assessment: Assessment, citation: str) -> Finding | None:
    return next((one for one in assessment.findings if one.citation == citation), None)


def _plain(value: Answer | str | None) -> str:
    return "nothing" if value is None else str(value).replace("_", " ")
