"""The tail loop: which patients changed? Refold each, replace its rows, move on; rebuild from nothing.

What is folded is always the whole history of one patient as it is now, so doing the same work
twice, or being killed in the middle of it, does no harm. A patient whose history cannot be
folded is put aside, tried again later and shown; nobody waits for her.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from threading import RLock
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary

from domain.deadlines.due_dates import end_of_day
from domain.errors import InvalidCommand, NotFound
from domain.history.state import PatientHistory
from domain.ledger.reader import LedgerReader
from projections.worklist.listing import Filters, Paging, Worklist, chosen_from, cursor_of, page_of
from projections.worklist.rows import WorklistRow, day_of_folding, worklist_rows
from projections.worklist.storage import (
    UNAVAILABLE,
    Generation,
    Refolded,
    ViewFailure,
    Views,
    ViewStatus,
    WorklistEntry,
    views_of,
)
from projections.worklist.tables import RENDERER, WORKLIST, entry_of, query_of, stored_page

VIEWS: Final = (WORKLIST,)
"""The views that are kept in tables."""

EVENTS_AT_ONCE: Final = 250
PATIENTS_AT_ONCE: Final = 250
ROWS_TURNED_AT_ONCE: Final = 2_000
FIRST_RETRY: Final = timedelta(seconds=1)
LAST_RETRY: Final = timedelta(hours=1)

PatientsDone = Callable[[int], None]
"""Told how many patients are done."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`serves` is false where another rebuild was done first; the rows are then that one's, just as new."""

    view: str
    patients: int
    failed: int
    serves: bool


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a view is behind the log. Its own position is null where it was never built.

    `events_behind` is at the most so many: positions of the log may have holes. `failed` are the
    patients whose rows could not be made and are tried again.
    """

    view: str
    log_position: int
    position: int | None
    events_behind: int
    seconds_since_move: float | None
    failed: int


# -- the questions ----------------------------------------------------------------------------


def worklist(
    ledger: LedgerReader,
    filters: Filters,
    paging: Paging,
    *,
    as_of: date | None = None,
    known_at: datetime | None = None,
    progress: PatientsDone | None = None,
) -> Worklist:
    """A page of the worklist: now from the tables, brought up to date first; else every patient is folded.

    On another day than today, clocks are read at its end; else at `known_at`, or now. Raises
    InvalidCommand for a cursor of another order and a `known_at` in the future.
    """
    cursor_of(paging)
    now, today = ledger.now(), ledger.today()
    if known_at is None and as_of in (None, today):
        return _worklist_now(ledger, filters, paging, progress)
    clocks_at = end_of_day(as_of, ledger.zone) if as_of is not None and as_of != today else known_at or now
    rows = folded_rows(ledger, as_of=as_of, known_at=known_at, progress=progress)
    chosen = chosen_from(rows, filters, paging, clocks_at)
    return page_of(chosen, paging, as_of=as_of or today, known_at=known_at, now=clocks_at)


def _worklist_now(ledger: LedgerReader, filters: Filters, paging: Paging, progress: PatientsDone | None) -> Worklist:
    """As the log was when the question came, or later; where nothing is behind, in one look at the tables."""
    views, now, at_least = views_of(ledger.recorder.datastore), ledger.now(), None
    while True:
        today = now.astimezone(ledger.zone).date()
        standing, found = views.worklist(WORKLIST, RENDERER, query_of(filters, paging, now), today, at_least)
        if found is not None and not _tried_again(standing, now):
            chosen, stale, failures = stored_page(found, standing)
            return page_of(
                chosen, paging, as_of=today, known_at=None, now=standing.clocks_at, failures=failures, stale=stale
            )
        at_least = standing.log_position if at_least is None else at_least
        catch_up(ledger, progress)


def folded_rows(
    ledger: LedgerReader,
    *,
    as_of: date | None = None,
    known_at: datetime | None = None,
    progress: PatientsDone | None = None,
) -> Iterator[WorklistRow]:
    """The rows of every patient, folded from the log."""
    if known_at is not None and known_at > ledger.now() and ledger.is_empty():
        raise InvalidCommand("known_at is in the future", field="known_at", remedy="send a time in the past")
    for number, patient_id in enumerate(ledger.patients()):
        if progress is not None:
            progress(number)
        try:
            history = ledger.history(patient_id, known_at=known_at)
        except NotFound:
            # Her history was not open by then.
            continue
        yield from worklist_rows(history, as_of or day_of_folding(history, ledger.today(), ledger.zone), ledger.zone)


# -- the loop ---------------------------------------------------------------------------------


def catch_up(ledger: LedgerReader, progress: PatientsDone | None = None) -> Generation:
    """Brings the rows to where the log is now, and to today; the first time, that is to build them.

    The generation that serves and has got there. One at a time in a process: a second one would
    do the same work, and throw it away.
    """
    views, end, done = views_of(ledger.recorder.datastore), ledger.position(), 0
    with _turn_of(ledger):
        while True:
            # Looked at anew each time: another may have moved it on, or brought another one to serve.
            now = ledger.now()
            today = now.astimezone(ledger.zone).date()
            standing = views.standing(WORKLIST, RENDERER, today, now)
            generation = standing.generation
            if generation is None:
                rebuild(ledger, progress=progress)
            elif generation.position < end:
                patients, position = ledger.changed_since(generation.position, EVENTS_AT_ONCE)
                done += _stored(ledger, views, generation, position, patients)
            elif standing.is_due:
                due = views.due(WORKLIST, generation, today, PATIENTS_AT_ONCE)
                done += _stored(ledger, views, generation, generation.position, due)
            elif standing.has_turned:
                views.turn(WORKLIST, generation, now, ROWS_TURNED_AT_ONCE)
            elif waiting := _tried_again(standing, now):
                done += _stored(ledger, views, generation, generation.position, waiting)
            else:
                return generation
            if progress is not None:
                progress(done)


def lag(ledger: LedgerReader) -> Lag:
    """How far the worklist's rows are behind the log."""
    now = ledger.now()
    views = views_of(ledger.recorder.datastore)
    standing = views.standing(WORKLIST, RENDERER, now.astimezone(ledger.zone).date(), now)
    position = standing.generation.position if standing.generation is not None else None
    behind = max(0, standing.log_position - (position or 0))
    since = max(0.0, (now - standing.moved_at).total_seconds()) if standing.moved_at is not None else None
    return Lag(WORKLIST, standing.log_position, position, behind, since, standing.failed)


def rebuild(ledger: LedgerReader, *, alone: bool = False, progress: PatientsDone | None = None) -> Rebuilt:
    """Folds every patient into a new generation, which then takes the place of the one that served meanwhile.

    With `alone`, rows that other versions of the program made are thrown away too. What a rebuild
    that was killed has left behind goes with the generations before this one.
    """
    views, end = views_of(ledger.recorder.datastore), ledger.position()
    generation: Generation | None = views.begin(WORKLIST, RENDERER)
    done, failed = 0, list[UUID]()
    for batch in _batches(ledger.patients()):
        assert generation is not None
        refolded = list(_refolded(ledger, batch))
        generation = views.store(WORKLIST, generation, 0, refolded, ledger.now(), are_new=True)
        if generation is None:
            break
        done += len(batch)
        failed += [one.patient_id for one in refolded if one.error is not None]
        if progress is not None:
            progress(done)
    if generation is not None:
        # Each was folded after `end` was read, so all that the log held by then is in the rows.
        generation = views.store(WORKLIST, generation, end, (), ledger.now())
    serves = generation is not None and views.serve(WORKLIST, RENDERER, generation, alone=alone, failed=failed)
    views.sweep(WORKLIST)
    return Rebuilt(WORKLIST, done, len(failed), serves)


def _stored(ledger: LedgerReader, views: Views, generation: Generation, position: int, patients: Sequence[UUID]) -> int:
    """Of how many. Where another runner moved on meanwhile nothing is stored, and the caller looks again."""
    views.store(WORKLIST, generation, position, list(_refolded(ledger, patients)), ledger.now())
    return len(patients)


def _refolded(ledger: LedgerReader, patients: Sequence[UUID]) -> Iterator[Refolded]:
    for patient_id, history in ledger.histories(patients):
        try:
            yield Refolded(patient_id, _entries(ledger, history))
        except UNAVAILABLE:
            raise
        except Exception as error:
            yield Refolded(patient_id, error=place_of(error))


def _entries(ledger: LedgerReader, history: PatientHistory | Exception) -> tuple[WorklistEntry, ...]:
    if isinstance(history, Exception):
        raise history
    day = day_of_folding(history, ledger.today(), ledger.zone)
    return tuple(entry_of(row) for row in worklist_rows(history, day, ledger.zone))


def place_of(error: Exception) -> str:
    """Which error, and where in the program. Its text may quote a patient's data; its place does not."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" in {trace.tb_frame.f_globals.get('__name__')}, line {trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__}{place}"


def _tried_again(standing: ViewStatus, now: datetime) -> list[UUID]:
    """Those whose rows failed and who are due for another attempt."""
    return [one.patient_id for one in standing.failures if _is_tried_again(one, now)][:PATIENTS_AT_ONCE]


def _is_tried_again(failure: ViewFailure, now: datetime) -> bool:
    """After a pause that doubles with each attempt."""
    pause = min(LAST_RETRY, FIRST_RETRY * (1 << min(failure.attempts - 1, 20)))
    return failure.failed_at + pause <= now


def _batches(patients: Iterable[UUID]) -> Iterator[tuple[UUID, ...]]:
    found = iter(patients)
    while batch := tuple(islice(found, PATIENTS_AT_ONCE)):
        yield batch


_TURNS: Final[WeakKeyDictionary[LedgerReader, RLock]] = WeakKeyDictionary()
_ONE_MORE: Final = RLock()


def _turn_of(ledger: LedgerReader) -> RLock:
    with _ONE_MORE:
        return _TURNS.setdefault(ledger, RLock())
