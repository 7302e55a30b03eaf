"""What is stored of an event, and that it comes back the same for ever."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from eventsourcing.compressor import ZlibCompressor
from eventsourcing.persistence import Cipher, MapperDeserialisationError, StoredEvent
from eventsourcing.utils import get_topic, resolve_topic
from pydantic import StrictInt
from pydantic_core import from_json

from domain.calendar import Day
from domain.events import STORED_EVENTS
from domain.events.base import Event
from domain.ledger.event_store import EventMapper
from tests.ledger.golden import FOLDER, golden_file, write_missing
from tests.ledger.samples.events import CARRIED, PATIENT, SAMPLES
from tests.story import confirmed_duplicate, denied, dose, doses, given, referred, reported, submitted

MAPPER = EventMapper()
EVERY_SAMPLE = pytest.mark.parametrize("name", SAMPLES)


def came_back(event: Event, mapper: EventMapper = MAPPER) -> Event:
    again: Event = mapper.to_domain_event(mapper.to_stored_event(event))
    return again


# -- round trips and golden bytes -------------------------------------------------------------


@EVERY_SAMPLE
def test_every_event_comes_back_as_it_was(name: str) -> None:
    sample = SAMPLES[name]
    again = came_back(sample)
    assert type(again) is type(sample)
    assert again == sample
    assert (again.originator_id, again.originator_version) == (PATIENT, sample.originator_version)


@EVERY_SAMPLE
def test_every_event_has_golden_bytes_and_they_are_the_bytes_stored_today(name: str) -> None:
    assert MAPPER.to_stored_event(SAMPLES[name]).state == golden_file(name).read_bytes()


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.stem)
def test_all_golden_bytes_ever_written_decode(path: Any) -> None:
    name, _, version = path.stem.rpartition(".v")
    sample = SAMPLES[name]
    decoded = MAPPER.to_domain_event(StoredEvent(PATIENT, sample.originator_version, sample.TOPIC, path.read_bytes()))
    if int(version) == type(sample).class_version:
        assert decoded == sample
    else:
        assert isinstance(decoded, type(sample))


def test_the_golden_helper_has_nothing_left_to_write() -> None:
    assert write_missing() == []
    assert {path.name for path in FOLDER.iterdir()} >= {golden_file(name).name for name in SAMPLES}


def test_the_golden_helper_refuses_to_overwrite(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.ledger.golden.FOLDER", tmp_path)
    assert len(write_missing()) == len(SAMPLES)
    (tmp_path / "DoseVoided.v1.json").write_bytes(b"{}")
    with pytest.raises(SystemExit, match=r"DoseVoided\.v1\.json holds other bytes"):
        write_missing()
    assert (tmp_path / "DoseVoided.v1.json").read_bytes() == b"{}"


def test_what_the_decisions_make_comes_back_as_it_was() -> None:
    scenario = given(
        reported({"doses_given": 2, "last_dose_on": "2018"}),
        submitted(),
        referred(),
        denied("1.A", rationale="Not met."),
        submitted(),
        *doses("2026-03-01", 5),
        dose("2026-03-05", source="claim"),
        confirmed_duplicate(6),
    )
    assert len(scenario.events) > 10
    for event in scenario.events:
        assert came_back(event) == event


# -- what is stored ---------------------------------------------------------------------------


@EVERY_SAMPLE
def test_no_part_of_the_key_is_stored_twice(name: str) -> None:
    sample = SAMPLES[name]
    stored = MAPPER.to_stored_event(sample)
    assert stored.topic == sample.TOPIC == get_topic(type(sample))
    assert resolve_topic(stored.topic) is type(sample)
    keys = from_json(stored.state).keys()
    assert keys.isdisjoint({"originator_id", "originator_version", "class_version", "topic", "TOPIC"})


def test_compressor_and_cipher_work_in_the_library_s_order() -> None:
    class Reversing(Cipher):
        def __init__(self, environment: Any = None) -> None:
            pass

        def encrypt(self, plaintext: bytes) -> bytes:
            return plaintext[::-1]

        def decrypt(self, ciphertext: bytes) -> bytes:
            return ciphertext[::-1]

    mapper = EventMapper(ZlibCompressor(), Reversing())
    event = SAMPLES["CourseApproved"]
    state = mapper.to_stored_event(event).state
    assert ZlibCompressor().decompress(state[::-1]) == MAPPER.to_stored_event(event).state
    assert came_back(event, mapper) == event


def test_an_event_that_is_not_listed_cannot_be_stored() -> None:
    class Unlisted(Event):
        TOPIC: ClassVar[str] = "Unlisted"

    with pytest.raises(TypeError, match="STORED_EVENTS"):
        MAPPER.to_stored_event(Unlisted(**CARRIED))


# -- what cannot be read ----------------------------------------------------------------------

SECRET = "Zebedee-Unmistakable"


def stored(topic: str, state: bytes) -> StoredEvent:
    return StoredEvent(PATIENT, 3, topic, state)


GOOD = MAPPER.to_stored_event(SAMPLES["DoseVoided"]).state


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"null",
        b"[]",
        GOOD[:-1],
        GOOD + b"{}",
        GOOD + b"\x00",
        b"\xff" + GOOD,
        GOOD.replace(b'"reason":', b'"raison":'),
        GOOD.replace(b"Entered for another patient.", SECRET.encode() * 300),
        GOOD.replace(b"{", b'{"%s":1,' % SECRET.encode(), 1),
        GOOD.replace(b"{", b'{"class_version":2,', 1),
    ],
)
def test_broken_bytes_are_named_by_topic_id_and_version_and_never_by_their_content(state: bytes) -> None:
    with pytest.raises(MapperDeserialisationError) as caught:
        MAPPER.to_domain_event(stored("DoseVoided", state))
    text = str(caught.value)
    assert "'DoseVoided' at version 3" in text
    assert str(PATIENT) in text
    assert SECRET not in text
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_broken_compression_is_the_same_error() -> None:
    with pytest.raises(MapperDeserialisationError, match="do not decode"):
        EventMapper(ZlibCompressor()).to_domain_event(stored("DoseVoided", GOOD))


@pytest.mark.parametrize("topic", ["Unheard", "antigravity", "os:system", "eventsourcing.domain:Aggregate"])
def test_an_unknown_topic_is_refused_and_never_imported(topic: str) -> None:
    with pytest.raises(MapperDeserialisationError, match=f"'{topic}' at version 3 of {PATIENT}: its topic is unknown"):
        MAPPER.to_domain_event(stored(topic, GOOD))
    assert "antigravity" not in sys.modules


# -- versions of a class ----------------------------------------------------------------------


class FirstDiary(Event):
    TOPIC: ClassVar[str] = "TestDiary"

    weight: StrictInt


class SecondDiary(Event):
    TOPIC: ClassVar[str] = "TestDiary"
    class_version: ClassVar[int] = 2

    weight_kg: StrictInt
    weighed_on: Day | None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["weight_kg"] = state.pop("weight")
        state["weighed_on"] = None


class ThirdDiary(Event):
    TOPIC: ClassVar[str] = "TestDiary"
    class_version: ClassVar[int] = 3

    weight_grams: StrictInt
    weighed_on: Day | None

    upcast_v1_v2 = SecondDiary.upcast_v1_v2

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        state["weight_grams"] = state.pop("weight_kg") * 1000


FIRST, SECOND, THIRD = (EventMapper(event_classes=[one]) for one in (FirstDiary, SecondDiary, ThirdDiary))


def test_old_versions_are_brought_up_step_by_step() -> None:
    one = FIRST.to_stored_event(FirstDiary(**CARRIED, weight=70))
    two = SECOND.to_stored_event(SecondDiary(**CARRIED, weight_kg=71, weighed_on="2026-04-01"))
    assert b"class_version" not in one.state
    assert two.state.startswith(b'{"class_version":2,"recorded_at"')

    assert SECOND.to_domain_event(one) == SecondDiary(**CARRIED, weight_kg=70, weighed_on=None)
    assert SECOND.to_domain_event(two) == SecondDiary(**CARRIED, weight_kg=71, weighed_on="2026-04-01")
    assert THIRD.to_domain_event(one) == ThirdDiary(**CARRIED, weight_grams=70_000, weighed_on=None)
    assert THIRD.to_domain_event(two) == ThirdDiary(**CARRIED, weight_grams=71_000, weighed_on="2026-04-01")
    # Another order of keys is the same event.
    reordered = two.state.replace(b'"class_version":2,', b"")[:-1] + b',"class_version":2}'
    assert SECOND.to_domain_event(replace(two, state=reordered)) == SECOND.to_domain_event(two)


def test_a_version_newer_than_this_program_is_refused() -> None:
    newer = THIRD.to_stored_event(ThirdDiary(**CARRIED, weight_grams=1, weighed_on=None))
    for older in (FIRST, SECOND):
        with pytest.raises(MapperDeserialisationError, match="'TestDiary'"):
            older.to_domain_event(newer)


def test_an_upcast_that_fails_is_the_same_error() -> None:
    broken = replace(FIRST.to_stored_event(FirstDiary(**CARRIED, weight=70)), state=b'{"recorded_at":"x"}')
    with pytest.raises(MapperDeserialisationError, match="KeyError"):
        SECOND.to_domain_event(broken)


@pytest.mark.parametrize("event_class", STORED_EVENTS, ids=lambda one: one.TOPIC)
def test_the_samples_of_a_class_show_all_of_its_fields(event_class: type[Event]) -> None:
    samples = [one for one in SAMPLES.values() if type(one) is event_class]
    shown = {name for one in samples for name in event_class.model_fields if getattr(one, name) not in (None, ())}
    # An event of any class can have this one, and few have: see the sample `PersonAdmitted-after`.
    assert shown | {"clock_at"} == set(event_class.model_fields)


def test_a_sample_shows_the_instant_of_the_checked_clock() -> None:
    assert any(one.clock_at is not None for one in SAMPLES.values())
