"""The runner: for each patient that changed in the log, it folds the history and replaces the patient's rows.

The runner always folds the whole current history of a patient, so repeating work, or being killed during it, does no
harm. A patient whose history cannot be folded is recorded as failed, shown, and tried again later, without delaying
other patients.
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
from projections.worklist.listing import Filters, Paging, Worklist, cursor_of, page_of, select_rows
from projections.worklist.rows import WorklistRow, worklist_rows
from projections.worklist.shared_members import shared_member_rows
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
from projections.worklist.tables import WORKLIST, entry_of, query_of, renderer, stored_page

VIEWS: Final = (WORKLIST,)
"""The views that are stored in tables."""

EVENTS_AT_ONCE: Final = 250
PATIENTS_AT_ONCE: Final = 250
ROWS_TURNED_AT_ONCE: Final = 2_000
FIRST_RETRY: Final = timedelta(seconds=1)
LAST_RETRY: Final = timedelta(hours=1)
"""The shortest and the longest pause before a failed patient is tried again."""

OnPatientsDone = Callable[[int], None]
"""A callback with the number of patients that are done."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The result of a rebuild. `serves` is false if another rebuild finished first, whose rows are just as new."""

    view: str
    patients: int
    failed: int
    serves: bool


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a view is behind the log. `position` is null if the view was never built.

    `events_behind` is an upper limit, because positions of the log can have gaps. `failed` is the number of patients
    whose rows could not be computed and are tried again.
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
    progress: OnPatientsDone | None = None,
) -> Worklist:
    """Returns a page of the worklist.

    The current worklist is read from the tables, which are brought up to date first. For another day or an earlier
    `known_at`, every patient is folded. Deadlines are evaluated at the end of `as_of` if it is not today, otherwise at
    `known_at` or now. Raises InvalidCommand for an invalid cursor and for a `known_at` in the future.
    """
    cursor_of(paging)
    now, today = ledger.now(), ledger.today()
    if known_at is None and as_of in (None, today):
        return _worklist_now(ledger, filters, paging, progress)
    clocks_at = end_of_day(as_of, ledger.zone) if as_of is not None and as_of != today else known_at or now
    rows = folded_rows(ledger, as_of=as_of, known_at=known_at, progress=progress)
    chosen = select_rows(rows, filters, paging, clocks_at)
    return page_of(chosen, paging, as_of=as_of or today, known_at=known_at, now=clocks_at)


def _worklist_now(ledger: LedgerReader, filters: Filters, paging: Paging, progress: OnPatientsDone | None) -> Worklist:
    """Returns a page at least as new as the log at the time of the call. One read is enough if nothing is behind."""
    views, now, at_least = views_of(ledger.recorder.datastore), ledger.now(), None
    while True:
        today = now.astimezone(ledger.zone).date()
        status, found = views.worklist(
            WORKLIST, renderer(ledger.deadlines), query_of(filters, paging, now), today, at_least
        )
        if found is not None and not _due_for_retry(status, now):
            chosen, stale, failures = stored_page(found, status)
            return page_of(
                chosen, paging, as_of=today, known_at=None, now=status.clocks_at, failures=failures, stale=stale
            )
        at_least = status.log_position if at_least is None else at_least
        catch_up(ledger, progress)


def folded_rows(
    ledger: LedgerReader,
    *,
    as_of: date | None = None,
    known_at: datetime | None = None,
    progress: OnPatientsDone | None = None,
) -> Iterator[WorklistRow]:
    """Yields the rows of every patient, folded from the log."""
    if known_at is not None and known_at > ledger.now() and ledger.is_empty():
        raise InvalidCommand("known_at is in the future", field="known_at", remedy="send a time in the past")
    # The index says who shares a member ID now. It does not say who did at an earlier time.
    groups = ledger.members.shared() if known_at is None else ()
    for number, patient_id in enumerate(ledger.patients()):
        if progress is not None:
            progress(number)
        try:
            history = ledger.history(patient_id, known_at=known_at)
        except NotFound:
            # The patient's history was not open at that time.
            continue
        day = as_of or ledger.today()
        yield from worklist_rows(history, day, ledger.zone, ledger.deadlines)
        yield from shared_member_rows(history, groups, ledger.zone)


# -- the loop ---------------------------------------------------------------------------------


def catch_up(ledger: LedgerReader, progress: OnPatientsDone | None = None) -> Generation:
    """Brings the rows up to date with the log and with today, or builds them if they do not exist.

    Returns the generation in use, which is then current. Only one call at a time runs in a process, because a second
    one would do the same work and discard it.
    """
    views, end, done = views_of(ledger.recorder.datastore), ledger.position(), 0
    with _lock_of(ledger):
        while True:
            # The status is read each time, because another process may have advanced or replaced the generation.
            now = ledger.now()
            today = now.astimezone(ledger.zone).date()
            status = views.status(WORKLIST, renderer(ledger.deadlines), today, now)
            generation = status.generation
            if generation is None:
                rebuild(ledger, progress=progress)
            elif generation.position < end:
                patients, position = ledger.changed_since(generation.position, EVENTS_AT_ONCE)
                done += _stored(ledger, views, generation, position, patients)
            elif status.is_due:
                due = views.due(WORKLIST, generation, today, PATIENTS_AT_ONCE)
                done += _stored(ledger, views, generation, generation.position, due)
            elif status.has_turned:
                views.turn(WORKLIST, generation, now, ROWS_TURNED_AT_ONCE)
            elif retried := _due_for_retry(status, now):
                done += _stored(ledger, views, generation, generation.position, retried)
            else:
                return generation
            if progress is not None:
                progress(done)


def lag(ledger: LedgerReader) -> Lag:
    """Returns how far the rows of the worklist are behind the log."""
    now = ledger.now()
    views = views_of(ledger.recorder.datastore)
    status = views.status(WORKLIST, renderer(ledger.deadlines), now.astimezone(ledger.zone).date(), now)
    position = status.generation.position if status.generation is not None else None
    events_behind = max(0, status.log_position - (position or 0))
    since = max(0.0, (now - status.moved_at).total_seconds()) if status.moved_at is not None else None
    return Lag(WORKLIST, status.log_position, position, events_behind, since, status.failed)


def rebuild(ledger: LedgerReader, *, alone: bool = False, progress: OnPatientsDone | None = None) -> Rebuilt:
    """Folds every patient into a new generation, which then replaces the generation in use.

    With `alone`, the rows of other versions of the program are deleted too. The rows of a rebuild that was killed are
    deleted with the generations before this one.
    """
    views, end = views_of(ledger.recorder.datastore), ledger.position()
    name = renderer(ledger.deadlines)
    generation: Generation | None = views.begin(WORKLIST, name)
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
        # Each patient was folded after `end` was read, so the rows include every event up to `end`.
        generation = views.store(WORKLIST, generation, end, (), ledger.now())
    serves = generation is not None and views.serve(
        WORKLIST, renderer(ledger.deadlines), generation, alone=alone, failed=failed
    )
    views.sweep(WORKLIST)
    return Rebuilt(WORKLIST, done, len(failed), serves)


def _stored(ledger: LedgerReader, views: Views, generation: Generation, position: int, patients: Sequence[UUID]) -> int:
    """Folds the patients and stores their rows. Returns their number.

    A patient whose member ID another patient has, or had, in another spelling is folded together with that patient.

    If another runner advanced the generation meanwhile, nothing is stored, and the caller reads the status again.
    """
    groups = (one for one in ledger.members.once_shared() if not set(one).isdisjoint(patients))
    together = tuple(dict.fromkeys((*patients, *(one for group in groups for one in group))))
    views.store(WORKLIST, generation, position, list(_refolded(ledger, together)), ledger.now())
    return len(patients)


def _refolded(ledger: LedgerReader, patients: Sequence[UUID]) -> Iterator[Refolded]:
    groups = ledger.members.shared()
    for patient_id, history in ledger.histories(patients):
        try:
            yield Refolded(patient_id, _entries(ledger, history, groups))
        except UNAVAILABLE:
            raise
        except Exception as error:
            yield Refolded(patient_id, error=error_location(error))


def _entries(
    ledger: LedgerReader, history: PatientHistory | Exception, groups: Sequence[Sequence[UUID]]
) -> tuple[WorklistEntry, ...]:
    if isinstance(history, Exception):
        raise history
    rows = worklist_rows(history, ledger.today(), ledger.zone, ledger.deadlines)
    return tuple(entry_of(row) for row in (*rows, *shared_member_rows(history, groups, ledger.zone)))


def error_location(error: Exception) -> str:
    """Returns the type of an error and its place in the code, without its text, which may quote patient data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" in {trace.tb_frame.f_globals.get('__name__')}, line {trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__}{place}"


def _due_for_retry(status: ViewStatus, now: datetime) -> list[UUID]:
    """Returns the failed patients who are due for another attempt."""
    return [one.patient_id for one in status.failures if _is_due_for_retry(one, now)][:PATIENTS_AT_ONCE]


def _is_due_for_retry(failure: ViewFailure, now: datetime) -> bool:
    """Returns whether the pause after the failure is over. The pause doubles with each attempt."""
    pause = min(LAST_RETRY, FIRST_RETRY * (1 << min(failure.attempts - 1, 20)))
    return failure.failed_at + pause <= now


def _batches(patients: Iterable[UUID]) -> Iterator[tuple[UUID, ...]]:
    found = iter(patients)
    while batch := tuple(islice(found, PATIENTS_AT_ONCE)):
        yield batch


_LOCKS: Final[WeakKeyDictionary[LedgerReader, RLock]] = WeakKeyDictionary()
_NEW_LOCK: Final = RLock()


def _lock_of(ledger: LedgerReader) -> RLock:
    with _NEW_LOCK:
        return _LOCKS.setdefault(ledger, RLock())
