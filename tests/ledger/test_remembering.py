"""A process never answers from cached histories alone: what is in the store decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import errors
from domain.commands.treatment import VoidDose
from domain.history import versions
from domain.history.state import PatientHistory
from domain.ledger import reader
from domain.ledger.application import Ledger
from domain.ledger.reader import HistoryCache
from tests.clock import Clock
from tests.conftest import OpenLedger
from tests.ledger.acts import dose, dosed, opened
from tests.story import NURSE


def test_a_history_is_folded_once_and_shared(ledger: Ledger) -> None:
    patient_id = opened(ledger)
    assert ledger.history(patient_id) is ledger.history(patient_id)


def test_what_another_process_recorded_is_in_the_next_answer(ledger: Ledger, open_here: OpenLedger) -> None:
    other = open_here()
    patient_id = opened(ledger)
    for number in range(5):
        dosed(other, patient_id, number)
        assert len(ledger.history(patient_id).doses) == number + 1
        assert ledger.history(patient_id) == other.history(patient_id)


def test_a_history_that_is_carried_on_is_that_of_a_whole_fold(ledger: Ledger, open_here: OpenLedger) -> None:
    patient_id = opened(ledger)
    for number in range(6):
        outcome = dosed(ledger, patient_id, number)[0]
        assert outcome.history == ledger.history(patient_id) == open_here().history(patient_id)


def test_a_command_on_a_history_that_changed_elsewhere_is_decided_again(ledger: Ledger, open_here: OpenLedger) -> None:
    other = open_here()
    patient_id = opened(ledger)
    for number in range(0, 4, 2):
        dosed(ledger, patient_id, number)
        dosed(other, patient_id, number + 1)
    outcome = dosed(ledger, patient_id, 4)[0]
    # The fifth dose completes the course, which only somebody who knows the other four can tell.
    assert [event.TOPIC for event in outcome.events] == ["DoseAdministered", "CourseCompleted"]


def test_a_refusal_rests_on_what_is_stored_not_on_what_is_cached(ledger: Ledger, open_here: OpenLedger) -> None:
    other = open_here()
    patient_id = opened(ledger)
    entry = dosed(ledger, patient_id, 0)[0].history.doses[0].dose_id
    other.execute(patient_id, VoidDose(dose_id=entry, reason="It was another patient."), NURSE)
    with pytest.raises(errors.LedgerError) as caught:
        ledger.execute(patient_id, VoidDose(dose_id=entry, reason="It was another patient."), NURSE)
    assert "void" in str(caught.value)
    assert ledger.history(patient_id).version == 3


def test_an_expected_version_is_that_of_the_store(ledger: Ledger, open_here: OpenLedger) -> None:
    other = open_here()
    patient_id = opened(ledger)
    dosed(other, patient_id, 0)
    # In the cache of this process, the history is at version 1.
    with pytest.raises(errors.StaleVersion, match="version 2, not 1"):
        ledger.execute(patient_id, dose(1), NURSE, expected_version=1)
    assert ledger.execute(patient_id, dose(1), NURSE, expected_version=2).history.version == 3


def test_a_key_that_another_process_used_is_answered_as_there(ledger: Ledger, open_here: OpenLedger) -> None:
    other = open_here()
    patient_id = opened(ledger)
    first = other.execute(patient_id, dose(0), NURSE, key="k")
    again = ledger.execute(patient_id, dose(0), NURSE, key="k")
    assert again.replayed
    assert (again.events, again.history) == (first.events, first.history)
    with pytest.raises(errors.KeyReused):
        ledger.execute(patient_id, dose(1), NURSE, key="k")
    assert ledger.history(patient_id).version == 2


def test_an_old_version_and_an_old_moment_are_read_from_the_store(ledger: Ledger, clock: Clock) -> None:
    patient_id = opened(ledger)
    then = ledger.now()
    clock.advance(timedelta(hours=1))
    dosed(ledger, patient_id, 0, 1)
    assert ledger.history(patient_id, through_version=2).version == 2
    assert ledger.history(patient_id, known_at=then).version == 1
    assert ledger.history(patient_id).version == 3


def test_every_version_of_a_history_is_that_of_a_whole_fold(
    ledger: Ledger, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "STEP", 3)
    patient_id = opened(ledger)
    for number in range(9):
        dosed(ledger, patient_id, number)
    events = ledger.events(patient_id)
    assert len(events) > 10
    whole = versions(events)
    # The one has recorded every version, and the other reads them from the store.
    for one in (ledger, open_here()):
        for version in (5, len(events), 4, 1, 6, 6, 2):
            assert one.history(patient_id, through_version=version) == whole[version - 1]
        with pytest.raises(errors.NotFound, match=f"has {len(events)} events"):
            one.history(patient_id, through_version=len(events) + 1)
        assert one.history(patient_id) == whole[-1]


def test_earlier_versions_are_forgotten_with_their_history_and_beyond_their_number(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "EARLIER_MAX", 2)
    patient_id = opened(ledger)
    dosed(ledger, patient_id, 0, 1, 2, 3)
    one, two, three, _, _ = versions(ledger.events(patient_id))
    remembered = HistoryCache()
    for earlier in (one, two, three):
        remembered.keep_earlier(earlier, 0)
    assert [remembered.get_by(patient_id, version) for version in (1, 2, 3, 9)] == [None, two, three, three]
    remembered.forget(patient_id)
    assert remembered.get_by(patient_id, 9) is None
    remembered.keep_earlier(two, 0)
    remembered.forget()
    # What was read before everything was forgotten is not kept.
    remembered.keep_earlier(three, 0)
    assert remembered.get_by(patient_id, 9) is None


def test_histories_of_several_are_those_of_each(ledger: Ledger) -> None:
    patients = [opened(ledger, f"M-{number}") for number in range(5)]
    dosed(ledger, patients[3], 0, 1)
    unknown = UUID(int=7)
    found = dict(ledger.histories([*patients, unknown]))
    assert [found[one] for one in patients] == [ledger.history(one) for one in patients]
    assert isinstance(found[unknown], Exception)


# -- the memory itself ------------------------------------------------------------------------


@pytest.fixture
def some(ledger: Ledger) -> list[PatientHistory]:
    return [ledger.history(opened(ledger, f"M-{number}")) for number in range(4)]


def test_the_one_used_longest_ago_is_forgotten_first(some: list[PatientHistory]) -> None:
    remembered = HistoryCache(most=3)
    for one in some[:3]:
        remembered.keep(one)
    assert remembered.get(some[0].patient_id) is some[0]
    remembered.keep(some[3])
    assert len(remembered) == 3
    assert remembered.get(some[1].patient_id) is None
    assert remembered.get(some[0].patient_id) is some[0]


def test_an_older_version_never_takes_the_place_of_a_newer(ledger: Ledger) -> None:
    patient_id = opened(ledger)
    older = ledger.history(patient_id)
    newer = dosed(ledger, patient_id, 0)[0].history
    remembered = HistoryCache()
    remembered.keep(newer)
    remembered.keep(older)
    assert remembered.get(patient_id) is newer


def test_what_is_forgotten_is_gone(some: list[PatientHistory]) -> None:
    remembered = HistoryCache()
    for one in some:
        remembered.keep(one)
    remembered.forget(some[0].patient_id)
    assert remembered.get(some[0].patient_id) is None
    assert len(remembered) == 3
    remembered.forget()
    assert len(remembered) == 0


def test_what_was_read_before_a_connection_was_lost_is_not_cached_after_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a thread that has read it while another one finds that the server is gone, and so is perhaps what it held."""
    patient_id, remembered = opened(ledger), ledger._remembered
    remembered.forget()
    rows_of, insert_events = ledger.recorder.rows_of, ledger.recorder.insert_events

    def read_and_lost(*values: Any, **named: Any) -> Any:
        rows = rows_of(*values, **named)
        remembered.forget()
        return rows

    def stored_and_lost(*values: Any, **named: Any) -> None:
        insert_events(*values, **named)
        remembered.forget()

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(ledger.recorder, "rows_of", read_and_lost)
        assert ledger.history(patient_id).version == 1
    assert remembered.get(patient_id) is None
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(ledger.recorder, "insert_events", stored_and_lost)
        assert dosed(ledger, patient_id, 0)[0].history.version == 2
    assert remembered.get(patient_id) is None
    assert remembered.get(ledger.history(patient_id).patient_id) is ledger.history(patient_id)
