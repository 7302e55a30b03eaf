"""A replay in words: a table of clauses, and what changed since the determination."""

from __future__ import annotations

from collections.abc import Iterator

from domain.facts import counted, in_words
from domain.policy.answers import Answer
from projections.replay.clauses import ChangedBy, ClauseRow
from projections.replay.recorded_decisions import Recorded
from projections.replay.replay import Reassessed, Replay
from projections.timeline import TimelineEntry

ANSWERS = {"met": "met", "not_met": "not met", "undetermined": "open"}
RECOMMENDED = {"approve": "approve", "refer": "refer", "pend": "pend", "not_recommended": "not rec."}
"""Recommendations, short enough for a column of the table."""

REBUILT = "reconstructed"


def summary_rows(replay: Replay, zone: str) -> Iterator[tuple[str, str]]:
    """Yields the headline, the determination as recorded, and whether they agree, as labels and sentences."""
    yield "Replay", replay.headline
    yield "Recorded", decision_in_words(replay.recorded)
    if replay.recorded.edition is not None:
        yield "Policy version", edition_in_words(replay.recorded)
    if replay.recorded.rationale is not None:
        yield "Rationale", replay.recorded.rationale
    yield "Agreement", replay.agreement.sentence
    yield "Known now", f"event {replay.history_version}, assessed on {replay.as_of} in {zone}"
    if replay.edition_problem is not None:
        yield "Policy version", replay.edition_problem
    others = [one for one in replay.decisions if not one.is_replayed]
    for one in others:
        yield "Also decided", f"{in_words(one.kind)} on {one.decided_on} by {one.decided_by}: --decision {one.version}"


def decision_in_words(record: Recorded) -> str:
    by = f"{record.decided_by.name} ({record.decided_by.role}, {in_words(record.decided_by.credential)})"
    words = f"{in_words(record.kind).capitalize()} on {record.decided_on} by {by}, event {record.version}"
    if record.imported_from is not None:
        words += f"; imported from {record.imported_from.source}, {record.imported_from.reference}"
        words += f", decided by {record.decided_by_name}" if record.decided_by_name is not None else ""
    if record.recommendation is not None:
        words += f"; recommended: {in_words(record.recommendation)}{', overridden' if record.departs else ''}"
    if record.citing:
        words += f"; citing {', '.join(record.citing)}"
    if record.granted is not None:
        granted = record.granted
        words += (
            f"; {counted(granted.doses_approved, 'dose')} from {granted.valid_from} through {granted.valid_through}"
        )
    return words


def edition_in_words(record: Recorded) -> str:
    if record.edition_digest is None:
        return f"{record.edition}, as stated in the import"
    source = "from the text" if record.edition_provenance == "text" else "reconstructed from the history table"
    return f"{record.edition} revision {record.edition_revision}, {source}, digest {record.edition_digest[:16]}"


def columns(replay: Replay) -> list[str]:
    """Returns the heads of the columns of the table."""
    known_now = replay.as_known_now
    return [
        "clause",
        "recorded",
        "as then",
        f"now {_edition(known_now)}" if known_now is not None else "now",
        *(_edition(one) for one in replay.other_editions),
        "",
        "requirement",
    ]


def _edition(one: Reassessed) -> str:
    revision = one.assessment.edition_revision
    reconstructed = "" if one.assessment.edition_provenance == "text" else f" {REBUILT}"
    return f"{one.assessment.edition}{f' rev. {revision}' if revision > 1 else ''}{reconstructed}"


def cells(row: ClauseRow) -> list[str]:
    """Returns one clause as a row of the table."""
    marks = [name for name, holds in (("changed", row.changed), ("by policy version", row.differs_by_edition)) if holds]
    return [
        f"{'  ' * row.depth}{row.citation}",
        answer(row.recorded),
        answer(row.as_known_then),
        answer(row.as_known_now),
        *(answer(one.answer) for one in row.other_editions),
        ", ".join(marks),
        row.paraphrase,
    ]


def recommendations(replay: Replay) -> list[str]:
    """Returns the recommendations as the last row of the table."""
    assessed = [one.assessment if one is not None else None for one in (replay.as_known_then, replay.as_known_now)]
    shown = [replay.recorded.assessment, *assessed, *(one.assessment for one in replay.other_editions)]
    words = [RECOMMENDED[one.recommendation] if one is not None else "-" for one in shown]
    return ["recommended", *words, "changed" if replay.recommendation_changed is not None else "", ""]


def answer(value: Answer | None) -> str:
    return "-" if value is None else ANSWERS[value.value]


def changes(replay: Replay) -> Iterator[tuple[str, str]]:
    """Yields what changed since: each change of an answer with its event, or that only time has passed."""
    for change in replay.changed:
        if change.is_group:
            continue
        for turn in change.changed_by:
            yield change.citation, f"{_plain(turn.was)} → {_plain(turn.is_now)}: {_cause(turn)}"
        yield "", f"{change.because}{readings(change.readings)}"
    if replay.recommendation_changed is not None:
        for turn in replay.recommendation_changed.changed_by:
            yield "recommended", f"{_plain(turn.was)} → {_plain(turn.is_now)}: {_cause(turn)}"


def readings(numbers: tuple[str, ...]) -> str:
    return f" ({', '.join(numbers)})" if numbers else ""


def _cause(change: ChangedBy) -> str:
    return "only time has passed" if change.by is None else entry_in_words(change.by)


def entry_in_words(one: TimelineEntry) -> str:
    sentence = f": {one.sentence}" if one.sentence else ""
    happened = f", happened {one.happened_on}" if one.days_late else ""
    imported = ", imported" if one.imported_from is not None else ""
    recorded = f"event {one.version}, recorded {one.recorded_on}{happened} by {one.who.name}{imported}"
    return f"{one.title} ({recorded}){sentence}"


def _plain(value: str) -> str:
    return ANSWERS.get(value, in_words(value))


def rows(replay: Replay) -> list[list[str]]:
    """Returns the rows of the table: the clauses, then the recommendations."""
    return [*map(cells, replay.clauses), recommendations(replay)]


def ranks(replay: Replay) -> list[int]:
    """Returns the rank of each column. If the table is too wide, the highest ranks are left out; 1 is always shown."""
    return [1, 1, 2, 1, *(4 for _ in replay.other_editions), 3, 5]
