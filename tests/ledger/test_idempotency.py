"""The same key: the same outcome, stored once, whatever happened to the first answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from eventsourcing.persistence import OperationalError

from domain import errors
from domain.ledger.application import Ledger, Outcome
from tests.conftest import OpenLedger
from tests.ledger.acts import dose, dosed, opened, opening
from tests.story import CLAIMS, NURSE


def same(one: Outcome, other: Outcome) -> bool:
    return (one.patient_id, one.events, one.history) == (other.patient_id, other.events, other.history)


def stored(ledger: Ledger) -> int:
    return ledger.recorder.max_notification_id() or 0


def test_a_repeated_command_gives_the_first_outcome_whatever_came_after(ledger: Ledger, open_here: OpenLedger) -> None:
    opening_outcome = ledger.open_history(opening(), NURSE, key="open")
    patient_id = opening_outcome.patient_id
    dosed(ledger, patient_id, 0, 1, 2, 3)
    last = ledger.execute(patient_id, dose(4), NURSE, key="last", expected_version=5)
    assert len(last.events) == 2
    dosed(ledger, patient_id, 5)
    before = stored(ledger)

    for again in (ledger, open_here()):
        repeated = again.execute(patient_id, dose(4), NURSE, key="last", expected_version=5)
        assert repeated.replayed
        assert same(repeated, last)
        assert repeated.history.version == 7
        reopened = again.open_history(opening(), NURSE, key="open")
        assert reopened.replayed
        assert same(reopened, opening_outcome)
    assert stored(ledger) == before


def test_the_same_key_with_another_command_is_refused(ledger: Ledger) -> None:
    patient_id, other = opened(ledger, "M-1"), opened(ledger, "M-2")
    ledger.execute(patient_id, dose(0), NURSE, key="k")
    renamed = NURSE.model_copy(update={"role": "clinician"})
    for attempt in (
        lambda: ledger.execute(patient_id, dose(1), NURSE, key="k"),
        lambda: ledger.execute(other, dose(0), NURSE, key="k"),
        lambda: ledger.execute(patient_id, dose(0), renamed, key="k"),
        lambda: ledger.open_history(opening("M-3"), NURSE, key="k"),
    ):
        with pytest.raises(errors.KeyReused) as caught:
            attempt()
        assert caught.value.field == "Idempotency-Key"
    assert ledger.history(patient_id).version == 2
    assert len(list(ledger.patients())) == 2


def test_a_key_belongs_to_its_caller(ledger: Ledger) -> None:
    patient_id = opened(ledger)
    ledger.execute(patient_id, dose(0), NURSE, key="k")
    outcome = ledger.execute(patient_id, dose(1), CLAIMS, key="k")
    assert not outcome.replayed
    assert outcome.history.version == 3


def test_a_refused_command_leaves_its_key_free(ledger: Ledger) -> None:
    patient_id = opened(ledger)
    with pytest.raises(errors.InvalidCommand):
        ledger.execute(patient_id, dose(300), NURSE, key="k")
    with pytest.raises(errors.StaleVersion):
        ledger.execute(patient_id, dose(0), NURSE, key="k", expected_version=9)
    assert not ledger.execute(patient_id, dose(1), NURSE, key="k").replayed


@pytest.mark.parametrize("key", ["", "k" * 201, "a\x00b", "a\nb"])
def test_a_key_that_cannot_be_kept_is_refused(ledger: Ledger, key: str) -> None:
    patient_id = opened(ledger)
    with pytest.raises(errors.InvalidCommand, match="printable"):
        ledger.execute(patient_id, dose(0), NURSE, key=key)
    assert ledger.history(patient_id).version == 1


def test_what_is_kept_of_a_request_tells_nothing_of_it(ledger: Ledger) -> None:
    ledger.open_history(opening(), NURSE, key="k")
    record = ledger.recorder.find_command(NURSE.id, "k")
    assert record is not None
    assert (record.first_version, record.last_version) == (1, 1)
    assert len(record.request_digest) == 64
    assert ledger.recorder.find_command(NURSE.id, "other") is None


# -- when the answer was lost -----------------------------------------------------------------


class AnswerLost(BaseException):
    """The process ends between the commit and the answer."""


def lose_answer(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, error: BaseException, times: int = 1) -> None:
    """The next insert commits, and then its answer is lost."""
    insert = ledger.recorder.insert_events
    left = [times]

    def insert_and_fail(*arguments: Any, **keywords: Any) -> Any:
        result = insert(*arguments, **keywords)
        if left[0]:
            left[0] -= 1
            raise error
        return result

    monkeypatch.setattr(ledger.recorder, "insert_events", insert_and_fail)


@pytest.mark.parametrize("error", [AnswerLost(), OperationalError("lost")], ids=["crash", "lost connection"])
def test_a_crash_after_the_commit_and_before_the_answer(
    ledger: Ledger, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    patient_id = opened(ledger)
    dosed(ledger, patient_id, 0, 1, 2, 3)
    lose_answer(ledger, monkeypatch, error)
    with pytest.raises(type(error)):
        ledger.execute(patient_id, dose(4), NURSE, key="k")

    outcome = open_here().execute(patient_id, dose(4), NURSE, key="k")
    assert outcome.replayed
    assert outcome.history.version == 7
    assert [event.originator_version for event in outcome.events] == [6, 7]


def test_a_crash_after_a_history_was_opened(
    ledger: Ledger, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_answer(ledger, monkeypatch, AnswerLost())
    with pytest.raises(AnswerLost):
        ledger.open_history(opening(), NURSE, key="k")
    outcome = open_here().open_history(opening(), NURSE, key="k")
    assert outcome.replayed
    assert list(ledger.patients()) == [outcome.patient_id]


def insert_twice(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every insert is sent again after its commit, as the library does after a lost connection."""
    insert = ledger.recorder.insert_events

    def insert_and_retry(*arguments: Any, **keywords: Any) -> Any:
        insert(*arguments, **keywords)
        return insert(*arguments, **keywords)

    monkeypatch.setattr(ledger.recorder, "insert_events", insert_and_retry)


@pytest.mark.parametrize("keyed", [True, False], ids=["with key", "without key"])
def test_a_commit_that_the_library_retries_is_a_success(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, keyed: bool
) -> None:
    insert_twice(ledger, monkeypatch)
    key = iter(["a", "b", "c", "d", "e", "f"] if keyed else [None] * 6)
    patient_id = ledger.open_history(opening(), NURSE, key=next(key)).patient_id
    for number in range(5):
        outcome = ledger.execute(patient_id, dose(number), NURSE, key=next(key), expected_version=number + 1)
    assert [event.originator_version for event in outcome.events] == [6, 7]
    assert outcome.history == ledger.history(patient_id)
    assert len(list(ledger.patients())) == 1


def test_twins_at_once_store_one_command(ledger: Ledger, open_here: OpenLedger) -> None:
    patient_id = opened(ledger)
    ledgers = [ledger, open_here(), open_here(), open_here()]
    for number in range(5):
        together = Barrier(len(ledgers))

        def send(one: Ledger, number: int = number, together: Barrier = together) -> Outcome:
            together.wait()
            return one.execute(patient_id, dose(number), NURSE, key=f"k{number}")

        with ThreadPoolExecutor(len(ledgers)) as threads:
            outcomes = list(threads.map(send, ledgers))
        assert sorted(outcome.replayed for outcome in outcomes) == [False, True, True, True]
        assert all(same(outcome, outcomes[0]) for outcome in outcomes)
    assert ledger.history(patient_id).version == 7


def test_twins_that_open_a_history_at_once_open_one(ledger: Ledger, open_here: OpenLedger) -> None:
    ledgers = [ledger, open_here(), open_here(), open_here()]
    for number in range(5):
        together = Barrier(len(ledgers))

        def send(one: Ledger, number: int = number, together: Barrier = together) -> Outcome:
            together.wait()
            return one.open_history(opening(f"M-{number}"), NURSE, key=f"k{number}")

        with ThreadPoolExecutor(len(ledgers)) as threads:
            outcomes = list(threads.map(send, ledgers))
        assert sorted(outcome.replayed for outcome in outcomes) == [False, True, True, True]
    assert len(list(ledger.patients())) == 5


def test_the_row_and_the_events_are_one_commit(ledger: Ledger) -> None:
    patient_id = opened(ledger)
    ledger.execute(patient_id, dose(0), NURSE, key="k")
    record = ledger.recorder.find_command(NURSE.id, "k")
    assert record is not None
    event = ledger.events(patient_id)[1].model_copy(update={"originator_version": 3, "originator_id": patient_id})
    # The key is taken: the event is not stored, though its place is free.
    with pytest.raises(Exception, match=r"(?i)commands|key"):
        ledger.events.put([event], idempotency=record)
    assert ledger.history(patient_id).version == 2
