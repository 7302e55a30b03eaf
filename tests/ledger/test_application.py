"""What the ledger promises of one command after the other, on both stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError
from pydantic_core import to_json

from domain import errors
from domain.calendar import PartialDate
from domain.commands.patient import AddMemberIdentifier
from domain.events.base import ImportedFrom
from domain.events.patient import HistoryOpened, Member, MemberIndexed, RequesterAdmitted
from domain.events.treatment import CourseCompleted, DoseAdministered
from domain.history import fold
from domain.history.state import requester_key
from domain.ledger import application, reader
from domain.ledger.application import Ledger
from domain.ledger.member_index import SpellingEntry
from tests.clock import Clock
from tests.conftest import NOON, ZONE, OpenLedger
from tests.ledger.acts import dose, dosed, opened, opening
from tests.story import CLAIMS, NURSE, OFFICE, OTHER_OFFICE


def test_an_office_that_opens_a_history_which_is_there_is_admitted_to_it(ledger: Ledger, open_here: OpenLedger) -> None:
    known = opening("M-1").model_copy(update={"birth_date": PartialDate.of(date(1988, 5, 17))})
    patient_id = ledger.open_history(known, NURSE).patient_id
    admitted = ledger.open_history(known, OFFICE, key="k")
    (event,) = admitted.events
    assert isinstance(event, RequesterAdmitted)
    assert (admitted.patient_id, event.originator_version) == (patient_id, 2)
    again = open_here().open_history(known, OFFICE, key="k")
    assert (again.replayed, again.events) == (True, admitted.events)
    assert ledger.history(patient_id).requesters == (requester_key(OFFICE),)
    with pytest.raises(errors.Conflict):
        ledger.open_history(known.model_copy(update={"name": "Alba Synthetic"}), OTHER_OFFICE)
    assert ledger.history(patient_id).version == 2


def test_a_history_is_opened_and_found_by_its_member(ledger: Ledger) -> None:
    assert ledger.is_empty()
    outcome = ledger.open_history(opening("M-1"), NURSE)
    assert ledger.find(Member(member_id="M-1")) == outcome.patient_id
    assert ledger.find(Member(issuer="other", member_id="M-1")) is None
    assert ledger.find(Member(member_id="M-2")) is None
    assert not ledger.is_empty()
    assert not outcome.replayed

    (event,) = outcome.events
    assert isinstance(event, HistoryOpened)
    assert (event.originator_id, event.originator_version) == (outcome.patient_id, 1)
    assert outcome.patient_id.version == 4
    assert event.command_id.version == 4
    assert event.actor == NURSE
    assert event.recorded_at == NOON
    assert outcome.history == ledger.history(outcome.patient_id) == fold([event])


def test_the_index_and_the_history_are_one_commit_with_salts_of_their_own(ledger: Ledger) -> None:
    patient_id = opened(ledger)
    history, index = ledger.recorder.select_notifications(1, 10)
    assert [history.topic, index.topic] == ["HistoryOpened", "MemberIndexed"]
    opening_event, index_event = map(ledger.mapper.to_domain_event, (history, index))
    assert isinstance(opening_event, HistoryOpened)
    assert isinstance(index_event, MemberIndexed)
    assert index_event.indexed_patient_id == patient_id
    assert index_event.command_id == opening_event.command_id
    assert index_event.salt != opening_event.salt
    assert b"M-1" not in index.state


def test_commands_append_versions_and_a_command_s_events_share_its_id_and_instant(ledger: Ledger, clock: Clock) -> None:
    patient_id = opened(ledger)
    *_, last = dosed(ledger, patient_id, 0, 1, 2, 3, 4)
    assert [type(event) for event in last.events] == [DoseAdministered, CourseCompleted]
    assert len({(event.command_id, event.recorded_at) for event in last.events}) == 1
    assert len({event.salt for event in last.events}) == 2

    events = ledger.events(patient_id)
    assert [event.originator_version for event in events] == list(range(1, 8))
    assert len({event.command_id for event in events}) == 6
    assert last.history == ledger.history(patient_id)
    assert last.history.version == 7


def test_a_second_history_of_the_same_member_is_refused_and_the_error_names_no_patient(ledger: Ledger) -> None:
    opened(ledger, "M-77")
    with pytest.raises(errors.AlreadyRecorded) as caught:
        ledger.open_history(opening("M-77", name="Other Name"), NURSE)
    assert not any(part in repr((str(caught.value), caught.value.details)) for part in ("M-77", "Alma", "Other"))
    assert len(list(ledger.patients())) == 1


def test_who_may_not_open_a_history_does_not_learn_whether_there_is_one(ledger: Ledger) -> None:
    opened(ledger, "M-1")
    for member_id in ("M-1", "M-2"):
        with pytest.raises(errors.NotPermitted):
            ledger.open_history(opening(member_id), CLAIMS)


def test_no_such_patient(ledger: Ledger) -> None:
    opened(ledger)
    index_stream = ledger.recorder.select_notifications(2, 1)[0].originator_id
    assert isinstance(index_stream, UUID)
    for nobody in (uuid4(), index_stream):
        for question in (ledger.events, ledger.history, lambda one: ledger.execute(one, dose(1), NURSE)):
            with pytest.raises(errors.NotFound):
                question(nobody)


def test_patients_come_in_the_order_of_their_opening_over_several_pages(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PAGE", 2)
    ids = [opened(ledger, f"M-{number}") for number in range(5)]
    dosed(ledger, ids[0], 1)
    assert list(ledger.patients()) == ids
    assert list(ledger.patients()) == ids


def test_expected_version(ledger: Ledger) -> None:
    patient_id = opened(ledger)
    ledger.execute(patient_id, dose(0), NURSE, expected_version=1)
    with pytest.raises(errors.StaleVersion) as caught:
        ledger.execute(patient_id, dose(1), NURSE, expected_version=1)
    assert caught.value.details["version"] == 2
    assert ledger.history(patient_id).version == 2


# -- recorded time ----------------------------------------------------------------------------


def test_recorded_time_never_goes_back_though_the_clock_does(ledger: Ledger, clock: Clock) -> None:
    patient_id = opened(ledger)
    for number, at in enumerate([NOON, NOON, NOON - timedelta(days=1), NOON + timedelta(seconds=1), NOON]):
        clock.at = at
        dosed(ledger, patient_id, number)
    instants = [event.recorded_at - NOON for event in ledger.events(patient_id)]
    tick, second = timedelta(microseconds=1), timedelta(seconds=1)
    # The last command stored two events, which share its instant.
    assert instants == [0 * tick, tick, 2 * tick, 3 * tick, second, second + tick, second + tick]


def test_a_clock_in_another_zone_is_kept_in_utc(ledger: Ledger, clock: Clock) -> None:
    clock.at = NOON.astimezone(timezone(timedelta(hours=-5)))
    (event,) = ledger.events(opened(ledger))
    assert event.recorded_at == NOON
    assert event.recorded_at.tzinfo is UTC


def test_known_at_cuts_between_commands_and_never_through_one(ledger: Ledger, clock: Clock) -> None:
    patient_id = opened(ledger)
    dosed(ledger, patient_id, 0, 1, 2, 3, 4)
    whole = ledger.events(patient_id)
    for at in {event.recorded_at for event in whole}:
        known = ledger.events(patient_id, known_at=at)
        assert known == tuple(event for event in whole if event.recorded_at <= at)
        assert ledger.history(patient_id, known_at=at) == fold(known)
    assert ledger.events(patient_id, known_at=whole[-1].recorded_at) == whole
    assert len(ledger.events(patient_id, known_at=whole[-1].recorded_at - timedelta(microseconds=1))) == 5


def test_known_at_before_the_opening_in_the_future_and_without_an_offset(ledger: Ledger, clock: Clock) -> None:
    patient_id = opened(ledger)
    with pytest.raises(errors.NotFound):
        ledger.events(patient_id, known_at=NOON - timedelta(microseconds=1))
    with pytest.raises(errors.InvalidCommand, match="future"):
        ledger.events(patient_id, known_at=NOON + timedelta(microseconds=1))
    with pytest.raises(errors.InvalidCommand, match="offset"):
        ledger.events(patient_id, known_at=datetime(2026, 4, 28))  # noqa: DTZ001
    clock.at = NOON - timedelta(days=1)
    assert ledger.events(patient_id, known_at=NOON) == ledger.events(patient_id)


def test_through_version(ledger: Ledger) -> None:
    patient_id = opened(ledger)
    dosed(ledger, patient_id, 0, 1)
    assert [event.originator_version for event in ledger.events(patient_id, through_version=2)] == [1, 2]
    assert ledger.history(patient_id, through_version=2).version == 2
    for beyond in (0, 4):
        with pytest.raises(errors.NotFound):
            ledger.events(patient_id, through_version=beyond)


# -- all or nothing ---------------------------------------------------------------------------


def test_a_conflict_anywhere_in_a_commit_stores_none_of_it(ledger: Ledger) -> None:
    patient_id = opened(ledger)
    dosed(ledger, patient_id, 0)
    before = ledger.recorder.select_notifications(1, 100)
    dose_event = ledger.events(patient_id)[1]
    index = ledger.mapper.to_domain_event(before[1])
    new = dose_event.model_copy(update={"originator_id": uuid4(), "originator_version": 1})
    for pair in ([new, dose_event], [new, index], [dose_event, new]):
        with pytest.raises(IntegrityError):
            ledger.events.put(pair)
    assert ledger.recorder.select_notifications(1, 100) == before
    # The connection that failed is as good as before.
    assert dosed(ledger, patient_id, 1)[0].history.version == 3


def test_a_history_whose_index_is_taken_leaves_no_history(
    ledger: Ledger, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_here()
    patient_id = opened(other)
    monkeypatch.setattr(ledger.index, "spelling", _blind_once(ledger.index.spelling))
    with pytest.raises(errors.AlreadyRecorded):
        ledger.open_history(opening(), NURSE)
    assert list(ledger.patients()) == [patient_id]


def _blind_once(entry):  # type: ignore[no-untyped-def]
    """Finds nothing the first time, as if the other history were opened right after."""
    looked = []

    def found(member: Member) -> SpellingEntry:
        looked.append(member)
        known: SpellingEntry = entry(member)
        return replace(known, events=()) if len(looked) == 1 else known

    return found


# -- its surroundings -------------------------------------------------------------------------


def test_the_process_s_environment_does_not_reach_the_store(
    ledger_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PERSISTENCE_MODULE": "eventsourcing.popo",
        "COMPRESSOR_TOPIC": "eventsourcing.compressor:ZlibCompressor",
        "CIPHER_KEY": "AAAA",
        "CIPHER_TOPIC": "eventsourcing.cipher:AESCipher",
        "MAPPER_TOPIC": "eventsourcing.persistence:Mapper",
        "APPLICATION_RECORDER_TOPIC": "eventsourcing.popo:POPOApplicationRecorder",
        "TRANSCODER_TOPIC": "nowhere:Nothing",
        "IS_SNAPSHOTTING_ENABLED": "y",
        "SQLITE_DBNAME": ":memory:",
        "POSTGRES_DBNAME": "elsewhere",
        "POSTGRES_ENABLE_DB_FUNCTIONS": "y",
        "ORIGINATOR_ID_TYPE": "text",
        "CREATE_TABLE": "y",
    }.items():
        monkeypatch.setenv(name, value)
    with application.open_ledger(ledger_url, clock=clock) as ledger:
        patient_id = opened(ledger)
        assert ledger.recorder.select_notifications(1, 1)[0].state.startswith(b'{"recorded_at"')
        assert ledger.snapshots is None
    with application.open_ledger(ledger_url, clock=clock) as ledger:
        assert ledger.history(patient_id).version == 1
        assert ledger.zone.key == ZONE


def test_a_compressor_is_used_where_the_ledger_s_own_settings_ask_for_it(ledger_url: str, clock: Clock) -> None:
    settings = {"COMPRESSOR_TOPIC": "eventsourcing.compressor:ZlibCompressor"}
    with application.open_ledger(ledger_url, clock=clock, settings=settings) as ledger:
        patient_id = opened(ledger)
        assert not ledger.recorder.select_notifications(1, 1)[0].state.startswith(b"{")
        assert ledger.history(patient_id).version == 1


def test_a_ledger_opened_without_clock_and_entropy_uses_the_machine_s(ledger_url: str) -> None:
    with application.open_ledger(ledger_url) as ledger:
        first, second = opened(ledger, "M-1"), opened(ledger, "M-2")
        assert first != second
        assert abs(ledger.events(first)[0].recorded_at - datetime.now(UTC)) < timedelta(minutes=1)


# -- the log ----------------------------------------------------------------------------------


def test_the_log_tells_whose_histories_changed_since_a_position(ledger: Ledger) -> None:
    assert ledger.position() == 0
    assert ledger.changed_since(0) == ((), 0)
    first, second = opened(ledger, "M-1"), opened(ledger, "M-2")
    dosed(ledger, first, 0, 1)
    assert ledger.changed_since(0) == ((first, second), ledger.position())
    dosed(ledger, second, 0)
    ledger.execute(first, AddMemberIdentifier(member=Member(member_id="M-3")), NURSE)

    position, seen = 0, []
    while position < ledger.position():
        changed, position = ledger.changed_since(position, limit=2)
        seen.append(changed)
    # An opening and its entry in the index, two doses, a dose and an identifier, the identifier's entry.
    assert seen == [(first,), (second,), (first,), (second, first), ()]
    assert ledger.changed_since(position) == ((), position)


# -- imports ----------------------------------------------------------------------------------

LINE = ImportedFrom(source="old-system.jsonl", reference="LINE-7")


def test_what_was_imported_says_so_in_every_event_of_the_command(ledger: Ledger) -> None:
    outcome = ledger.open_history(opening(), NURSE, imported_from=LINE)
    index = ledger.mapper.to_domain_event(ledger.recorder.select_notifications(2, 1)[0])
    assert outcome.history.imported_from == index.imported_from == LINE
    dosed(ledger, outcome.patient_id, 0, 1, 2, 3)
    last = ledger.execute(outcome.patient_id, dose(4), NURSE, imported_from=LINE)
    assert [event.imported_from for event in last.events] == [LINE, LINE]
    assert [one.imported_from for one in last.history.doses] == [None, None, None, None, LINE]


def test_an_imported_line_is_recorded_once_and_is_not_the_same_as_one_sent_by_hand(ledger: Ledger) -> None:
    patient_id = ledger.open_history(opening(), NURSE, key="open", imported_from=LINE).patient_id
    assert ledger.open_history(opening(), NURSE, key="open", imported_from=LINE).replayed
    ledger.execute(patient_id, dose(0), NURSE, key="k", imported_from=LINE)
    assert ledger.execute(patient_id, dose(0), NURSE, key="k", imported_from=LINE).replayed
    for other in (None, ImportedFrom(source=LINE.source, reference="LINE-8")):
        with pytest.raises(errors.KeyReused):
            ledger.execute(patient_id, dose(0), NURSE, key="k", imported_from=other)


def test_digests_of_what_came_by_hand_are_those_that_earlier_programs_stored(ledger: Ledger) -> None:
    """A key that was used before an upgrade must still be known after it."""
    patient_id = opened(ledger)
    ledger.execute(patient_id, dose(0), NURSE, key="k")
    record = ledger.recorder.find_command(NURSE.id, "k")
    sent = [patient_id, "RecordDose", dose(0).model_dump(mode="json"), NURSE.model_dump(mode="json")]
    assert record is not None
    assert record.request_digest == sha256(ledger._index_namespace.bytes + to_json(sent)).hexdigest()
