"""The tail loop: which patients are refolded or skipped, which processes may work together, and what a rebuild does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from eventsourcing.persistence import OperationalError

from domain.history.state import PatientHistory
from domain.ledger.application import Ledger
from projections.worklist import runner
from projections.worklist.listing import Filters, Paging, Worklist
from projections.worklist.runner import Rebuilt, catch_up, folded_rows, rebuild, worklist
from projections.worklist.storage import Views
from tests.clock import Clock
from tests.conftest import OpenLedger
from tests.projections.lively import OnLedger
from tests.story import MEETS_A, PHYSICIAN, Step, assigned, opened, submitted, withdrawn

ALL = Paging(limit=200)
PENDING = MEETS_A | {"hiv_infection": None}


class Folds:
    """Which patients are folded, and who of them cannot be."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folded: list[UUID] = []
        self.broken: set[UUID] = set()
        self.error: Callable[[], Exception] = lambda: ValueError("Alma Synthetic, born 1988-05-17")
        rows = runner.worklist_rows

        def counting(history: PatientHistory, *rest: object) -> object:
            self.folded.append(history.patient_id)
            if history.patient_id in self.broken:
                raise self.error()
            return rows(history, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(runner, "worklist_rows", counting)

    def taken(self) -> list[UUID]:
        """Those since the last time."""
        found, self.folded = self.folded, []
        return found


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> Folds:
    return Folds(monkeypatch)


def patient(ledger: Ledger, number: int = 1, *steps: Step) -> OnLedger:
    told = OnLedger(ledger, number)
    told.and_given(opened(), *(steps or [asked(ledger)]))
    return told


def asked(ledger: Ledger) -> Step:
    return submitted(PENDING, received_at=ledger.now().isoformat())


def asks(ledger: Ledger) -> Worklist:
    return worklist(ledger, Filters(), ALL)


def shown(ledger: Ledger) -> list[str]:
    return sorted(one.subject_id for one in asks(ledger).items)


# -- who is refolded --------------------------------------------------------------------------


def test_only_who_changed_is_refolded_and_each_once(ledger: Ledger, folds: Folds) -> None:
    alma, bea = patient(ledger, 1), patient(ledger, 2)
    assert len(asks(ledger).items) == 2
    folds.taken()
    assert len(asks(ledger).items) == 2
    assert folds.taken() == []
    bea.and_given(assigned(PHYSICIAN), withdrawn())
    assert shown(ledger) == [f"{alma.patient_id}.r1"]
    assert folds.taken() == [bea.patient_id]


def test_an_answer_never_lags_a_command(ledger: Ledger, open_here: OpenLedger) -> None:
    """Nor does that of another process."""
    other = open_here()
    for number in range(3):
        patient(ledger, number)
        assert len(shown(ledger)) == len(shown(other)) == number + 1


def test_at_midnight_only_patients_that_time_changes_are_refolded(ledger: Ledger, clock: Clock, folds: Folds) -> None:
    stops = {"product": "Ocrevus", "outcome": "inadequate_efficacy", "stopped_on": "2026-05"}
    changing = MEETS_A | {"agents": [stops]}
    alma = patient(ledger, 1, submitted(changing, received_at=ledger.now().isoformat()))
    patient(ledger, 2)
    before = {one.subject_id: one for one in asks(ledger).items}
    assert str(before[f"{alma.patient_id}.r1"].changes_on) == "2026-06-01"
    folds.taken()
    for days in (3, 20, 10):
        clock.advance(timedelta(days=days))
        assert ledger.today().isoformat() < "2026-06-01"
        asks(ledger)
        assert folds.taken() == []
    # Midnight of the plan's zone, not of UTC, is when a day begins.
    clock.advance(timedelta(hours=11, minutes=59))
    assert (ledger.today().isoformat(), ledger.now().date().isoformat()) == ("2026-05-31", "2026-06-01")
    asks(ledger)
    assert folds.taken() == []
    clock.advance(timedelta(minutes=1))
    altered = [one for one in asks(ledger).items if one.missing != before[one.subject_id].missing]
    assert [one.patient_id for one in altered] == [alma.patient_id]
    assert folds.taken() == [alma.patient_id]


def test_more_events_than_a_batch_takes_are_caught_up_with_batch_by_batch(
    ledger: Ledger, folds: Folds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "EVENTS_AT_ONCE", 2)
    monkeypatch.setattr(runner, "PATIENTS_AT_ONCE", 2)
    asks(ledger)
    told = [patient(ledger, number) for number in range(5)]
    assert shown(ledger) == sorted(f"{one.patient_id}.r1" for one in told)
    assert set(folds.taken()) == {one.patient_id for one in told}


def test_where_a_clock_is_set_back_clocks_are_read_as_late_as_before(ledger: Ledger, clock: Clock) -> None:
    """What was overdue does not become in time again, and the answer says at which instant clocks were read."""
    patient(ledger)
    clock.advance(timedelta(days=30))
    late = asks(ledger)
    assert [one.standing for one in late.items] == ["overdue"]
    clock.advance(timedelta(days=-30))
    again = asks(ledger)
    assert (again.items, again.clocks_at) == (late.items, late.clocks_at)
    assert worklist(ledger, Filters(overdue=True), ALL).counts["open"] == 1
    clock.advance(timedelta(days=31))
    assert asks(ledger).clocks_at == ledger.now()


# -- who cannot be folded ---------------------------------------------------------------------


def test_a_patient_who_cannot_be_folded_holds_nobody_up(ledger: Ledger, clock: Clock, folds: Folds) -> None:
    """The patient's rows stay as they were and say so; the fold is tried again, later and later, until it succeeds."""
    alma, bea = patient(ledger, 1), patient(ledger, 2)
    asks(ledger)
    folds.broken = {alma.patient_id}
    alma.and_given(assigned(PHYSICIAN))
    bea.and_given(assigned(PHYSICIAN))
    answer = asks(ledger)
    rows = {one.patient_id: one for one in answer.items}
    assert (rows[alma.patient_id].stale, rows[alma.patient_id].held_by) == (True, None)
    assert (rows[bea.patient_id].stale, rows[bea.patient_id].held_by is not None) == (False, True)
    (failed,) = answer.failures
    assert (failed.patient_id, failed.attempts, failed.failed_at) == (alma.patient_id, 1, ledger.now())

    folds.taken()
    for attempts, seconds in ((1, 0.9), (2, 0.2), (2, 1.5), (3, 0.6), (3, 3.0), (4, 1.1)):
        clock.advance(timedelta(seconds=seconds))
        assert [one.attempts for one in asks(ledger).failures] == [attempts]
    assert folds.taken() == [alma.patient_id] * 3

    folds.broken = set()
    clock.advance(timedelta(hours=1))
    answer = asks(ledger)
    assert answer.failures == ()
    assert all(one.held_by is not None and not one.stale for one in answer.items)


def test_a_new_event_of_the_patient_is_a_new_attempt(ledger: Ledger, folds: Folds) -> None:
    alma = patient(ledger)
    folds.broken = {alma.patient_id}
    assert (len(asks(ledger).items), len(asks(ledger).failures)) == (0, 1)
    folds.broken = set()
    alma.and_given(assigned(PHYSICIAN))
    assert (len(asks(ledger).items), asks(ledger).failures) == (1, ())


def test_what_is_told_of_a_failure_is_its_kind_and_place(ledger: Ledger, folds: Folds) -> None:
    """The error's own text may be a patient's data."""
    folds.broken = {patient(ledger).patient_id}
    (failed,) = asks(ledger).failures
    assert failed.error.startswith("ValueError in tests.projections.worklist.test_runner, line ")
    assert not [one for one in ("Alma", "1988") if one in failed.error]


def test_a_store_that_does_not_answer_is_nobodys_failure(ledger: Ledger, folds: Folds) -> None:
    folds.broken = {patient(ledger).patient_id}
    folds.error = lambda: OperationalError("gone")
    with pytest.raises(OperationalError):
        asks(ledger)
    folds.broken = set()
    assert (len(asks(ledger).items), asks(ledger).failures) == (1, ())


# -- several at once --------------------------------------------------------------------------


def test_several_runners_and_writers_at_once_do_no_harm(open_here: OpenLedger) -> None:
    """Each of four keeps its own patients and asks all the while; in the end the rows are those of a fresh fold."""
    ledgers = [open_here() for _ in range(4)]

    def work(number: int) -> None:
        own = ledgers[number]
        for round_ in range(4):
            told = patient(own, 10 * number + round_)
            assert f"{told.patient_id}.r1" in shown(own)
            if round_ % 2:
                told.and_given(assigned(PHYSICIAN), withdrawn())
                assert f"{told.patient_id}.r1" not in shown(own)
            if round_ == 2:
                rebuild(own)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    kept = {one.subject_id: one.history_version for one in asks(ledgers[0]).items}
    assert kept == {one.subject_id: one.history_version for one in folded_rows(ledgers[1])}
    assert len(kept) == 8


def test_what_another_runner_did_meanwhile_stands(
    ledger: Ledger, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow process folds before an event and stores after it: it finds that the position changed, and folds again."""
    other, alma = open_here(), patient(ledger)
    asks(ledger)
    alma.and_given(assigned(PHYSICIAN))
    entry_of, overtaken = runner.entry_of, []

    def slow(row: object) -> object:
        made = entry_of(row)  # type: ignore[arg-type]
        if not overtaken:
            overtaken.append(made)
            alma.and_given(withdrawn())
            assert shown(other) == []
        return made

    monkeypatch.setattr(runner, "entry_of", slow)
    assert shown(ledger) == []
    assert len(overtaken) == 1


# -- rebuilding -------------------------------------------------------------------------------


def test_while_a_rebuild_runs_the_old_rows_serve(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "PATIENTS_AT_ONCE", 1)
    told = [patient(ledger, number) for number in range(3)]
    subjects = sorted(f"{one.patient_id}.r1" for one in told)
    assert shown(ledger) == subjects
    seen: list[int] = []

    def look(done: int) -> None:
        seen.append(done)
        assert shown(ledger) == (subjects if done < 3 else subjects[1:])
        if done == 2:
            # What happens to one who is folded already is caught up with afterwards.
            first = next(one for one in told if f"{one.patient_id}.r1" == subjects[0])
            first.and_given(withdrawn())

    assert rebuild(ledger, progress=look) == Rebuilt("worklist", 3, 0, serves=True)
    assert seen == [1, 2, 3]
    assert shown(ledger) == subjects[1:]


def test_a_rebuild_that_is_killed_leaves_the_old_rows_and_nothing_in_the_way(ledger: Ledger) -> None:
    patient(ledger)
    before = asks(ledger)

    def die(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(ledger, progress=die)
    assert asks(ledger) == before
    assert rebuild(ledger).serves
    assert asks(ledger) == before


def test_a_rebuild_that_is_killed_fixes_no_rows(
    ledger: Ledger, clock: Clock, folds: Folds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed patient's rows are as old as before, so the fold is tried again; a rebuild that is served fixes them."""

    class Killed(BaseException):
        """In place of a signal."""

    def killed(*_: object, **__: object) -> bool:
        raise Killed

    alma, bea = patient(ledger, 1), patient(ledger, 2)
    asks(ledger)
    folds.broken = {alma.patient_id}
    alma.and_given(assigned(PHYSICIAN), withdrawn())
    assert [one.patient_id for one in asks(ledger).failures] == [alma.patient_id]
    folds.broken = set()
    with monkeypatch.context() as while_it_dies:
        while_it_dies.setattr(Views, "serve", killed)
        with pytest.raises(Killed):
            rebuild(ledger)
    assert len(asks(ledger).failures) == 1
    clock.advance(timedelta(seconds=2))
    assert (shown(ledger), asks(ledger).failures) == ([f"{bea.patient_id}.r1"], ())
    folds.broken = {alma.patient_id}
    alma.and_given(asked(ledger))
    assert len(asks(ledger).failures) == 1
    folds.broken = set()
    rebuild(ledger)
    assert (len(shown(ledger)), asks(ledger).failures) == (2, ())


def test_a_rebuild_that_was_overtaken_says_so(ledger: Ledger, open_here: OpenLedger) -> None:
    patient(ledger)
    other, nested = open_here(), []

    def overtake(_: int) -> None:
        nested.append(rebuild(other))

    assert rebuild(ledger, progress=overtake) == Rebuilt("worklist", 1, 0, serves=False)
    assert [one.serves for one in nested] == [True]
    assert len(shown(ledger)) == 1


def test_a_rebuild_counts_who_could_not_be_folded(ledger: Ledger, folds: Folds) -> None:
    alma = patient(ledger, 1)
    patient(ledger, 2)
    folds.broken = {alma.patient_id}
    assert rebuild(ledger) == Rebuilt("worklist", 2, 1, serves=True)
    assert [one.patient_id for one in asks(ledger).failures] == [alma.patient_id]


def test_a_program_whose_rows_are_made_otherwise_builds_its_own(
    ledger: Ledger, folds: Folds, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = patient(ledger)
    asks(ledger)
    folds.taken()
    monkeypatch.setattr(runner, "renderer", lambda _: "newer")
    catch_up(ledger)
    assert folds.taken() == [told.patient_id]
