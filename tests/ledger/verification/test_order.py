"""Order: leaves and versions without a gap or a duplicate, and time that never runs back within a history."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.ledger.verification.check_order import OrderCheck
from domain.ledger.verification.report import FAILURES_LISTED, Logged, VerificationPart, recorded_at
from tests.ledger.verification.altering import Owner
from tests.ledger.verification.conftest import Sealed

ONE, OTHER = str(UUID(int=1)), str(UUID(int=2))


def event(leaf: int | None, version: int, second: str = "00", stream: str = ONE) -> Logged:
    state = b'{"recorded_at":"2026-04-28T16:00:%sZ","salt":""}' % second.encode()
    return Logged(leaf, stream, version, "DoseVoided", state)


def said_of(*events: Logged) -> list[str]:
    found = VerificationPart("order")
    order = OrderCheck(found)
    for one in events:
        order.take(one)
    order.finish()
    return [one.what for one in found.failures]


def test_leaves_and_versions_in_turn_are_in_order() -> None:
    assert said_of(event(0, 1), event(1, 1, stream=OTHER), event(2, 2), event(3, 2, stream=OTHER)) == []


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([event(0, 1), event(2, 2)], "leaf 1 is missing"),
        ([event(0, 1), event(0, 2)], "its leaf number appears twice"),
        ([event(0, 2)], "the history does not start with version 1"),
        ([event(0, 1), event(1, 3)], "version 2 of its history is missing"),
        ([event(0, 1), event(1, 5)], "version 2 to 4 of its history is missing"),
        ([event(0, 1), event(1, 1)], "its version appears twice"),
        ([event(0, 1), event(1, 2), event(2, 1)], "it appears after version 2 of its history"),
        (
            [event(0, 1, "01"), event(1, 2, "00.999999")],
            "it was recorded before the previous event of its history",
        ),
    ],
)
def test_what_is_out_of_order_is_told_once_and_where(events: list[Logged], said: str) -> None:
    assert said_of(*events) == [said]


def test_the_events_of_one_command_share_their_instant() -> None:
    assert said_of(event(0, 1, "01.5"), event(1, 2, "01.5")) == []


def test_time_of_one_history_says_nothing_of_another() -> None:
    assert said_of(event(0, 1, "30"), event(1, 1, "10", OTHER)) == []


@pytest.mark.parametrize(
    ("earlier", "later"), [("00", "00.000001"), ("00.000001", "00.1"), ("00.999999", "01"), ("09", "10")]
)
def test_instants_sort_as_their_texts_do(earlier: str, later: str) -> None:
    before, after = recorded_at(event(0, 1, earlier).state), recorded_at(event(0, 1, later).state)
    assert before is not None
    assert after is not None
    assert before < after


def test_an_event_of_a_later_class_version_tells_its_time() -> None:
    assert recorded_at(b'{"class_version":2,"recorded_at":"2026-04-28T16:00:00Z"}') == "2026-04-28T16:00:00"
    assert recorded_at(b'{"salt":"","recorded_at":"2026-04-28T16:00:00Z"}') == "2026-04-28T16:00:00"
    assert recorded_at(b"no event") is None


def test_all_failures_are_counted_and_the_first_are_listed() -> None:
    found = VerificationPart("order")
    order = OrderCheck(found)
    for number in range(0, 400, 2):
        order.take(event(number, number // 2 + 1))
    assert found.failures_total == 199
    assert len(found.failures) == FAILURES_LISTED
    assert any("149 more failures" in line for line in found.lines())


def test_what_is_not_sealed_yet_is_counted_and_is_no_failure(sealed: Sealed) -> None:
    sealed.told[0].ledger.sweep_documents()
    sealed.sealer.sealing.origins.start_new(None, "for the test")
    report = sealed.verified()
    assert report.holds, report.lines()
    assert report.unsealed == 1
    assert any("1 event is not sealed yet" in line for line in report.lines())


def test_an_event_that_was_slipped_in_before_the_seal_is_found(sealed: Sealed) -> None:
    with Owner(sealed.ledger) as owner:
        position = "rowid" if owner.on_sqlite else "notification_id"
        ((stream, state),) = owner.rows(
            f"SELECT originator_id, state FROM stored_events WHERE topic = ? ORDER BY {position} LIMIT 1",
            "HistoryOpened",
        )
        owner.run(
            f"INSERT INTO stored_events ({position}, originator_id, originator_version, topic, state)"
            " VALUES (?, ?, ?, ?, ?)",
            *(-1, stream, 99, "DeathRecorded", state),
        )
    report = sealed.verified()
    assert [one.what for one in report.order.failures][:1] == [
        "the event at position -1 was never sealed, but later events were"
    ]


def test_a_failure_names_the_event_and_nothing_of_the_patient(sealed: Sealed) -> None:
    with Owner(sealed.ledger) as owner:
        owner.drop_guards()
        owner.run(
            "UPDATE stored_events SET state = ? WHERE topic = ?",
            b'{"recorded_at":"2026-03-09T16:00:00Z","name":"Alma Synthetic"}',
            "RequestDenied",
        )
    report = sealed.verified()
    (failure,) = [one for one in report.bytes.failures if one.leaf is not None]
    assert (failure.stream, failure.version) == (str(sealed.told[1].patient_id), 3)
    assert (failure.topic, failure.recorded_at) == ("RequestDenied", "2026-03-09T16:00:00")
    assert "Alma" not in "\n".join(report.lines()) + str(report.to_json_value())
