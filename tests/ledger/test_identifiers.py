"""Member ids and links on both stores: what a command writes beside the history is one commit with it.

That a killed process leaves no half of one either, `test_kills` shows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain import errors
from domain.commands import Command
from domain.commands.patient import (
    AddMemberIdentifier,
    LinkHistories,
    OpenHistory,
    RetireMemberIdentifier,
    UnlinkHistories,
)
from domain.events.base import Event
from domain.events.patient import HistoriesLinked, Member, MemberIdentifierAdded, MemberIndexed, MemberUnindexed
from domain.ledger.application import Ledger
from tests.clock import Clock
from tests.conftest import NOON, OpenLedger
from tests.ledger.acts import dose, dosed, opened, opening
from tests.ledger.stores.test_concurrency import at_once, gap_free, kinds
from tests.ledger.test_idempotency import AnswerLost, insert_twice, lose_answer, same, stored
from tests.story import CLAIMS, NURSE


def member(member_id: str) -> Member:
    return Member(member_id=member_id)


def add(member_id: str) -> AddMemberIdentifier:
    return AddMemberIdentifier(member=member(member_id))


def retire(member_id: str) -> RetireMemberIdentifier:
    return RetireMemberIdentifier(member=member(member_id), reason="Given by mistake.")


def link(other: UUID) -> LinkHistories:
    return LinkHistories(other_patient_id=other, reason="One person under two numbers.")


def unlink(other: UUID) -> UnlinkHistories:
    return UnlinkHistories(other_patient_id=other, reason="Two persons of one name.")


def log(ledger: Ledger) -> list[Event]:
    return [ledger.mapper.to_domain_event(one) for one in ledger.recorder.select_notifications(1, 1_000)]


# -- identifiers ------------------------------------------------------------------------------


def test_an_added_identifier_finds_the_patient_and_a_retired_one_nobody(ledger: Ledger) -> None:
    patient_id = opened(ledger, "M-1")
    assert ledger.execute(patient_id, add("M-2"), NURSE).history.members == (member("M-1"), member("M-2"))
    assert ledger.find(member("M-2")) == ledger.find(member("M-1")) == patient_id
    ledger.execute(patient_id, retire("M-1"), NURSE)
    assert ledger.find(member("M-1")) is None
    assert ledger.find(member("M-2")) == patient_id


def test_the_index_is_written_in_the_command_s_commit_with_a_salt_of_its_own(ledger: Ledger) -> None:
    patient_id = opened(ledger, "M-1")
    ledger.execute(patient_id, add("M-2"), NURSE)
    ledger.execute(patient_id, retire("M-2"), NURSE)
    *_, added, indexed, retired, unindexed = log(ledger)
    assert isinstance(added, MemberIdentifierAdded)
    assert isinstance(indexed, MemberIndexed)
    assert isinstance(unindexed, MemberUnindexed)
    assert (indexed.originator_version, unindexed.originator_version) == (1, 2)
    assert indexed.originator_id == unindexed.originator_id != patient_id
    for event, beside in ((added, indexed), (retired, unindexed)):
        assert (event.command_id, event.recorded_at, event.actor) == (
            beside.command_id,
            beside.recorded_at,
            beside.actor,
        )
    assert len({event.salt for event in log(ledger)}) == len(log(ledger))


def test_a_retired_identifier_is_given_to_another_history_and_back(ledger: Ledger) -> None:
    first, second = opened(ledger, "M-1"), opened(ledger, "M-2")
    ledger.execute(first, add("M-3"), NURSE)
    for holder, other in ((first, second), (second, first)):
        with pytest.raises(errors.AlreadyRecorded) as caught:
            ledger.execute(other, add("M-3"), NURSE)
        assert caught.value.field == "member"
        assert "M-3" not in str(caught.value)
        ledger.execute(holder, retire("M-3"), NURSE)
        ledger.execute(other, add("M-3"), NURSE)
        assert ledger.find(member("M-3")) == other
    gap_free(ledger)


def test_a_history_is_opened_under_a_retired_identifier_and_not_under_an_added_one(ledger: Ledger) -> None:
    first = opened(ledger, "M-1")
    ledger.execute(first, add("M-2"), NURSE)
    with pytest.raises(errors.AlreadyRecorded):
        ledger.open_history(opening("M-2"), NURSE)
    ledger.execute(first, retire("M-2"), NURSE)
    second = ledger.open_history(opening("M-2"), NURSE).patient_id
    assert ledger.find(member("M-2")) == second != first
    assert [event.originator_version for event in log(ledger) if isinstance(event, MemberIndexed)] == [1, 1, 3]


def test_who_may_not_add_an_identifier_does_not_learn_whether_it_leads_to_somebody(ledger: Ledger) -> None:
    patient_id, _ = opened(ledger, "M-1"), opened(ledger, "M-2")
    for member_id in ("M-2", "M-3"):
        with pytest.raises(errors.NotPermitted):
            ledger.execute(patient_id, add(member_id), CLAIMS)


def test_a_retired_identifier_is_still_in_what_was_known_before(ledger: Ledger, clock: Clock) -> None:
    patient_id = opened(ledger, "M-1")
    ledger.execute(patient_id, add("M-2"), NURSE)
    before, clock.at = clock.at, NOON + timedelta(days=1)
    ledger.execute(patient_id, retire("M-1"), NURSE)
    known = ledger.history(patient_id, known_at=before + timedelta(seconds=1))
    assert known.members == (member("M-1"), member("M-2"))


# -- links ------------------------------------------------------------------------------------


def test_a_link_is_recorded_in_both_histories_at_one_instant(ledger: Ledger) -> None:
    first, second = opened(ledger, "M-1"), opened(ledger, "M-2")
    dosed(ledger, second, 0, 1)
    outcome = ledger.execute(first, link(second), NURSE, expected_version=1)
    assert outcome.history == ledger.history(first)
    here, there = ledger.events(first)[-1], ledger.events(second)[-1]
    assert isinstance(here, HistoriesLinked)
    assert isinstance(there, HistoriesLinked)
    assert (here.other_patient_id, there.other_patient_id) == (second, first)
    assert (here.originator_version, there.originator_version) == (2, 4)
    assert (here.command_id, here.recorded_at) == (there.command_id, there.recorded_at)
    assert here.salt != there.salt
    assert there.recorded_at > ledger.events(second)[-2].recorded_at

    ledger.execute(second, unlink(first), NURSE)
    assert ledger.history(first).linked == ledger.history(second).linked == ()
    gap_free(ledger)


def test_a_link_to_no_patient_or_to_the_same_patient_is_refused(ledger: Ledger) -> None:
    patient_id = opened(ledger, "M-1")
    index_stream = ledger.recorder.select_notifications(2, 1)[0].originator_id
    assert isinstance(index_stream, UUID)
    for nobody in (uuid4(), index_stream):
        for command in (link(nobody), unlink(nobody)):
            with pytest.raises((errors.NotFound, errors.Conflict)) as caught:
                ledger.execute(patient_id, command, NURSE)
            assert caught.value.field == "other_patient_id"
    with pytest.raises(errors.InvalidCommand):
        ledger.execute(patient_id, link(patient_id), NURSE)
    assert ledger.history(patient_id).version == 1


def test_histories_linked_from_one_side_are_linked_from_the_other(ledger: Ledger) -> None:
    first, second = opened(ledger, "M-1"), opened(ledger, "M-2")
    ledger.execute(first, link(second), NURSE)
    with pytest.raises(errors.AlreadyRecorded):
        ledger.execute(second, link(first), NURSE)


# -- once, whole, or not at all ---------------------------------------------------------------

Beside = Callable[[Ledger], tuple[UUID, Command]]


def an_identifier(ledger: Ledger) -> tuple[UUID, Command]:
    return opened(ledger, "M-1"), add("M-9")


def a_link(ledger: Ledger) -> tuple[UUID, Command]:
    return opened(ledger, "M-1"), link(opened(ledger, "M-2"))


beside = pytest.mark.parametrize("about", [an_identifier, a_link])


@beside
def test_a_repeated_key_gives_the_first_outcome(ledger: Ledger, open_here: OpenLedger, about: Beside) -> None:
    patient_id, command = about(ledger)
    first = ledger.execute(patient_id, command, NURSE, key="k", expected_version=1)
    before = stored(ledger)
    for again in (ledger, open_here()):
        repeated = again.execute(patient_id, command, NURSE, key="k", expected_version=1)
        assert repeated.replayed
        assert same(repeated, first)
    assert stored(ledger) == before


@beside
def test_an_answer_that_was_lost_is_given_again(
    ledger: Ledger, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch, about: Beside
) -> None:
    patient_id, command = about(ledger)
    before = stored(ledger)
    lose_answer(ledger, monkeypatch, AnswerLost())
    with pytest.raises(AnswerLost):
        ledger.execute(patient_id, command, NURSE, key="k")
    assert stored(ledger) == before + 2
    assert open_here().execute(patient_id, command, NURSE, key="k").replayed
    assert stored(ledger) == before + 2


@beside
@pytest.mark.parametrize("key", ["k", None], ids=["with key", "without key"])
def test_a_commit_that_is_sent_twice_is_a_success(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, about: Beside, key: str | None
) -> None:
    patient_id, command = about(ledger)
    before = stored(ledger)
    insert_twice(ledger, monkeypatch)
    assert ledger.execute(patient_id, command, NURSE, key=key).history.version == 2
    assert stored(ledger) == before + 2


@beside
def test_the_second_command_on_the_other_stream_is_decided_again(
    ledger: Ledger, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch, about: Beside
) -> None:
    """The other stream changes between the read and the save."""
    patient_id, command = about(ledger)
    rival, moved = open_here(), []
    random_id = ledger._random_id

    def late() -> UUID:
        if not moved:
            moved.append(True)
            if isinstance(command, LinkHistories):
                rival.execute(command.other_patient_id, dose(0), NURSE)
            else:
                rival.open_history(OpenHistory(member=member("M-9"), name="Other Synthetic"), NURSE)
        return random_id()

    monkeypatch.setattr(ledger, "_random_id", late)
    if isinstance(command, LinkHistories):
        ledger.execute(patient_id, command, NURSE)
        assert [event.TOPIC for event in ledger.events(command.other_patient_id)][1:] == [
            "DoseAdministered",
            "HistoriesLinked",
        ]
    else:
        with pytest.raises(errors.AlreadyRecorded):
            ledger.execute(patient_id, command, NURSE)
        assert ledger.history(patient_id).version == 1
    gap_free(ledger)


def test_of_two_that_add_one_identifier_at_once_one_comes_too_late(ledger: Ledger, open_here: OpenLedger) -> None:
    other = open_here()
    for number in range(5):
        first, second = opened(ledger, f"A-{number}"), opened(ledger, f"B-{number}")
        results = at_once(
            lambda: ledger.execute(first, add(f"C-{number}"), NURSE),  # noqa: B023
            lambda: other.execute(second, add(f"C-{number}"), NURSE),  # noqa: B023
        )
        assert sorted(kind.__name__ for kind in kinds(results)) == ["AlreadyRecorded", "Outcome"]
        holder = ledger.find(member(f"C-{number}"))
        assert [one for one in (first, second) if member(f"C-{number}") in ledger.history(one).members] == [holder]
    gap_free(ledger)


def test_of_two_that_link_two_histories_from_both_sides_at_once_one_comes_too_late(
    ledger: Ledger, open_here: OpenLedger
) -> None:
    other = open_here()
    for number in range(5):
        first, second = opened(ledger, f"A-{number}"), opened(ledger, f"B-{number}")
        results = at_once(
            lambda: ledger.execute(first, link(second), NURSE),  # noqa: B023
            lambda: other.execute(second, link(first), NURSE),  # noqa: B023
        )
        assert sorted(kind.__name__ for kind in kinds(results)) == ["AlreadyRecorded", "Outcome"]
        assert ledger.history(first).linked == (second,)
        assert ledger.history(second).linked == (first,)
    gap_free(ledger)
