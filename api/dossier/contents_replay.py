"""The replay in a case file: the record, whether it agrees, what changed since, and every clause side by side."""

from __future__ import annotations

from collections.abc import Iterator

from api.dossier.blocks import Block, BlockRow, Cell, Grid, Heading, Pairs, Paragraph, grid, row
from api.dossier.words import (
    NO_ANSWER,
    Words,
    answer,
    answer_words,
    capital,
    listed,
    person,
    plain,
    provenance,
)
from domain.facts import counted
from projections.replay.clauses import ChangedBy, ClauseRow
from projections.replay.recorded_decisions import Recorded
from projections.replay.replay import Reassessed, Replay

RECOMMENDED = {"approve": "approve", "refer": "refer", "pend": "pend", "not_recommended": "not rec."}
"""Recommendations, short enough for a column of the table."""


def replayed(replay: Replay, heading: str, words: Words) -> Iterator[Block]:
    yield Heading(heading)
    yield Paragraph(replay.headline, "lead")
    yield Pairs(tuple(record(replay.recorded, words)))
    yield Paragraph(replay.agreement.sentence, "plain" if replay.agreement.status != "differs" else "warning")
    if replay.edition_problem is not None:
        yield Paragraph(replay.edition_problem, "warning")
    if replay.as_known_then is not None:
        yield Heading("What changed since")
        yield grid(
            ("Clause", "Was", "Is now", "Changed by event", "Because"),
            (13, 12, 10, 35, 30),
            tuple(_changes(replay, words)),
            "No clause has a different answer now.",
        )
    yield Heading("Clause by clause")
    yield side_by_side(replay)
    yield Paragraph(_legend(replay), "muted")


def record(one: Recorded, words: Words) -> Iterator[tuple[str, str]]:
    """Yields the determination as recorded in its event: labels and texts."""
    yield (
        "Recorded as",
        f"{capital(plain(one.kind))} on {one.decided_on}; recorded {words.at(one.recorded_at)}, event {one.version}",
    )
    if one.imported_from is not None:
        yield "Imported from", f"{one.imported_from.source}, {one.imported_from.reference}: recorded now, happened then"
    if one.decided_by_name is not None:
        yield "Decided by", f"{one.decided_by_name}, as the import states"
    yield "Imported by" if one.imported_from is not None else "Decided by", person(one.decided_by)
    if one.edition is not None:
        revision = (
            f" revision {one.edition_revision}, {provenance(one.edition_provenance)}" if one.edition_revision else ""
        )
        yield "Edition", f"{one.edition}{revision}"
    if one.edition_digest is not None:
        yield "Digest", one.edition_digest
    if one.recommendation is not None:
        overridden = "; overridden by the decision maker" if one.departs else ""
        yield "Recommended", f"{plain(one.recommendation)}{overridden}"
    if one.citing:
        yield "Citing", listed(one.citing)
    if one.granted is not None:
        granted = one.granted
        yield (
            "Approved",
            f"{counted(granted.doses_approved, 'dose')} from {granted.valid_from} through {granted.valid_through}",
        )
        if granted.left_out is not None:
            yield "Not approved", granted.left_out
    if one.rationale is not None:
        yield "Rationale", one.rationale
    if one.history_version is not None:
        yield "Viewed", f"version {one.history_version} of the history, assessment {str(one.assessment_digest)[:16]}"


def _changes(replay: Replay, words: Words) -> Iterator[BlockRow]:
    recommendation = replay.recommendation_changed
    if recommendation is not None:
        because = Cell("The recommendation from all clauses.", "muted")
        yield row(
            Cell("overall", "strong"),
            plain(recommendation.was),
            plain(recommendation.is_now),
            _events(recommendation.changed_by, words),
            because,
        )
    for one in replay.changed:
        yield row(
            Cell(one.citation, "plain" if one.is_group else "strong"),
            answer(one.citation, one.was),
            answer(one.citation, one.is_now),
            _events(one.changed_by, words) if not one.is_group else Cell(_short(one.changed_by), "muted"),
            one.because,
        )


def _events(changes: tuple[ChangedBy, ...], words: Words) -> Cell:
    """Returns the events that changed an answer: the last one in full, and earlier ones in brief."""
    last = changes[-1]
    if last.by is None:
        return Cell("Only time has passed.")
    late = f"; happened {words.happened(last.by.happened)}" if last.by.days_late else ""
    imported = "; imported" if last.by.imported_from is not None else ""
    note = f"Event {last.by.version}, recorded {words.at(last.by.recorded_at)} by {last.by.who.name}{late}{imported}"
    before = "".join(f"{_earlier_change(change)}; " for change in changes[:-1])
    sentence = f": {last.by.sentence}" if last.by.sentence else ""
    return Cell(f"{before}{last.by.title}{sentence}", note=note)


def _earlier_change(change: ChangedBy) -> str:
    by = f"event {change.by.version}" if change.by is not None else "time only"
    return f"first {answer_words(change.is_now)} by {by}"


def _short(changes: tuple[ChangedBy, ...]) -> str:
    return listed([f"event {one.by.version}" if one.by is not None else "time only" for one in changes])


# -- side by side -------------------------------------------------------------------------------


def side_by_side(replay: Replay) -> Grid:
    """Returns the table of clauses: three answers for each, and one for each other edition."""
    others = replay.other_editions
    # The columns of other editions are wider, because their heads can contain the word "reconstructed".
    clause, narrow, other = 15, 8, 11
    wide = 100 - clause - 3 * narrow - other * len(others)
    heads = ("Clause", "Requirement (paraphrased)", "Recorded", "As known then", "Known now", *map(_edition, others))
    shares = (clause, wide, *(narrow for _ in range(3)), *(other for _ in others))
    return Grid(heads, shares, (*(_clause(one) for one in replay.clauses), _recommended(replay)))


def _edition(one: Reassessed) -> str:
    revision = one.assessment.edition_revision
    reconstructed = "" if one.assessment.edition_provenance == "text" else " reconstructed"
    return f"Now, {one.assessment.edition}" + (f" rev. {revision}" if revision > 1 else "") + reconstructed


def _clause(one: ClauseRow) -> BlockRow:
    return row(
        Cell(one.citation, "plain" if one.is_group else "strong", indent=one.depth),
        Cell(one.paraphrase, "muted" if one.is_group else "plain"),
        answer(one.citation, one.recorded),
        answer(one.citation, one.as_known_then),
        answer(one.citation, one.as_known_now),
        *(answer(one.citation, other.answer) for other in one.other_editions),
        is_marked=one.changed or one.differs_by_edition,
    )


def _recommended(replay: Replay) -> BlockRow:
    then = replay.as_known_then.assessment if replay.as_known_then is not None else None
    now = replay.as_known_now.assessment if replay.as_known_now is not None else None
    shown = [replay.recorded.assessment, then, now, *(one.assessment for one in replay.other_editions)]
    cells = [Cell(RECOMMENDED[one.recommendation], "strong") if one is not None else NO_ANSWER for one in shown]
    return row(Cell("overall", "strong"), "", *cells)


def _legend(replay: Replay) -> str:
    day = f"Assessed for {replay.as_of}, the day of the determination, with events that had happened by then."
    marked = "Marked rows have a different answer now, or under another policy version."
    reconstructed = [
        one.assessment.edition for one in replay.other_editions if one.assessment.edition_provenance != "text"
    ]
    source = f" Reconstructed from the history table: {listed(reconstructed)}." if reconstructed else ""
    signs = "“Open”: the known facts do not determine the answer. “–”: no such clause, or nothing to show."
    return f"{day} {signs} {marked}{source}"
