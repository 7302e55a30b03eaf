"""Records under a key: what is in them, who can read them, and what becomes of one that was altered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from eventsourcing.compressor import ZlibCompressor
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent

from domain.ledger.encryption.keys import cipher_in, keys_of, written
from domain.ledger.encryption.records import EncryptionKey, EncryptionKeyUnknown, RecordCipher, RecordDamaged, key_id_of
from domain.ledger.errors import StoreError
from domain.ledger.event_store import EventMapper
from tests.ledger.golden import golden_file
from tests.ledger.samples.events import PATIENT, SAMPLES

FIRST = EncryptionKey("first", b"1" * 32)
SECOND = EncryptionKey("second", b"2" * 32)
PLAIN = b'{"name":"Alma Plantedname"}'
EVERY_SAMPLE = pytest.mark.parametrize("name", SAMPLES)


# -- a record ---------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", [b"", b"{", PLAIN, b"\x01" * 100, bytes(range(256)) * 4000])
def test_what_goes_in_comes_out_and_nothing_of_it_shows(plain: bytes) -> None:
    cipher = RecordCipher([FIRST])
    record = cipher.encrypt(plain)
    assert cipher.decrypt(record) == plain
    assert len(record) == len(plain) + cipher.overhead_bytes
    assert len(plain) < 8 or plain[:8] not in record
    assert cipher.encrypt(plain) != record


def test_a_record_has_the_form_that_is_written_down() -> None:
    record = RecordCipher([FIRST], random=lambda size: b"n" * size).encrypt(b"x")
    assert record.startswith(b"\x01\x05first" + b"n" * 12)
    assert len(record) == 1 + 1 + 5 + 12 + 1 + 16
    assert key_id_of(record) == "first"


def test_the_first_key_writes_and_all_of_them_read() -> None:
    before, after = RecordCipher([FIRST]), RecordCipher([SECOND, FIRST])
    old, new = before.encrypt(PLAIN), after.encrypt(PLAIN)
    assert (key_id_of(old), key_id_of(new)) == ("first", "second")
    assert after.decrypt(old) == after.decrypt(new) == PLAIN


@pytest.mark.parametrize("plain", [PLAIN, b"", ZlibCompressor().compress(PLAIN)])
def test_what_was_written_before_there_was_a_key_comes_back_as_it_is(plain: bytes) -> None:
    assert RecordCipher([FIRST]).decrypt(plain) == plain


def test_an_unknown_key_is_named_with_what_to_do() -> None:
    record = RecordCipher([FIRST]).encrypt(PLAIN)
    with pytest.raises(EncryptionKeyUnknown, match="'first', which this program does not have") as caught:
        RecordCipher([SECOND]).decrypt(record)
    assert "LEMTRADA_ENCRYPTION_KEYS" in caught.value.remedy


def test_another_key_under_the_same_id_does_not_open_it() -> None:
    record = RecordCipher([FIRST]).encrypt(PLAIN)
    with pytest.raises(RecordDamaged, match="'first'"):
        RecordCipher([EncryptionKey("first", b"3" * 32)]).decrypt(record)


def test_one_flipped_bit_anywhere_is_found() -> None:
    """In the first byte it makes the record plain bytes of no kind, which no event decodes from (below)."""
    cipher = RecordCipher([FIRST, SECOND])
    record = cipher.encrypt(PLAIN)
    for place in range(1, len(record)):
        for bit in range(8):
            flipped = bytearray(record)
            flipped[place] ^= 1 << bit
            with pytest.raises((RecordDamaged, EncryptionKeyUnknown)):
                cipher.decrypt(bytes(flipped))


def test_a_record_that_was_cut_anywhere_is_found() -> None:
    cipher = RecordCipher([FIRST])
    record = cipher.encrypt(PLAIN)
    for length in range(1, len(record)):
        with pytest.raises((RecordDamaged, EncryptionKeyUnknown)):
            cipher.decrypt(record[:length])


def test_threads_share_a_cipher() -> None:
    cipher = RecordCipher([FIRST])

    def there_and_back(number: int) -> bool:
        plain = b"%d" % number * 50
        return cipher.decrypt(cipher.encrypt(plain)) == plain

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, range(2_000)))


# -- the mapper over it -----------------------------------------------------------------------


@EVERY_SAMPLE
@pytest.mark.parametrize("compressor", [None, ZlibCompressor()], ids=["plain", "compressed"])
def test_every_event_comes_back_and_its_bytes_are_the_mappers_own(name: str, compressor: ZlibCompressor | None) -> None:
    mapper = EventMapper(compressor, RecordCipher([FIRST]))
    stored = mapper.to_stored_event(SAMPLES[name])
    assert key_id_of(stored.state) == "first"
    assert mapper.to_domain_event(stored) == SAMPLES[name]
    assert mapper.plain_state(stored.state) == golden_file(name).read_bytes()


@EVERY_SAMPLE
def test_a_mapper_with_a_key_reads_what_was_written_without(name: str) -> None:
    stored = EventMapper().to_stored_event(SAMPLES[name])
    mapper = EventMapper(cipher=RecordCipher([FIRST]))
    assert mapper.to_domain_event(stored) == SAMPLES[name]
    assert mapper.plain_state(stored.state) == stored.state


@pytest.mark.parametrize("keys", [[], [SECOND]], ids=["no key", "another key"])
def test_without_its_key_an_event_is_neither_read_nor_taken_for_its_record(keys: list[EncryptionKey]) -> None:
    stored = EventMapper(cipher=RecordCipher([FIRST])).to_stored_event(SAMPLES["DoseVoided"])
    mapper = EventMapper(cipher=RecordCipher(keys) if keys else None)
    with pytest.raises(EncryptionKeyUnknown, match="'first'"):
        mapper.to_domain_event(stored)
    with pytest.raises(EncryptionKeyUnknown, match="'first'"):
        mapper.plain_state(stored.state)


def test_a_flipped_bit_in_an_event_is_named_by_its_place_and_never_by_its_content() -> None:
    mapper = EventMapper(cipher=RecordCipher([FIRST]))
    stored = mapper.to_stored_event(SAMPLES["DoseVoided"])
    for place in (0, len(stored.state) - 1):
        state = bytearray(stored.state)
        state[place] ^= 4
        damaged = StoredEvent(PATIENT, 3, stored.topic, bytes(state))
        with pytest.raises(MapperDeserialisationError, match=f"'DoseVoided' at version 3 of {PATIENT}") as caught:
            mapper.to_domain_event(damaged)
        assert caught.value.__context__ is None


# -- where keys are ---------------------------------------------------------------------------


def test_keys_are_named_by_references_to_files_and_variables(tmp_path: Path) -> None:
    (tmp_path / "a.key").write_text(written(FIRST.secret) + "\n")
    environment = {"HELD": written(SECOND.secret)}
    assert keys_of(f"second=env:HELD, first=file:{tmp_path / 'a.key'}", environment) == (SECOND, FIRST)


def test_a_key_is_never_shown() -> None:
    assert "1111" not in repr(FIRST)


@pytest.mark.parametrize("references", [None, "", "  "])
def test_without_references_there_is_no_cipher(references: str | None) -> None:
    assert cipher_in({} if references is None else {"LEMTRADA_ENCRYPTION_KEYS": references}) is None


SECRET = written(bytes(range(100, 132)))


@pytest.mark.parametrize(
    ("references", "cause"),
    [
        (SECRET, "Reference 1 in LEMTRADA_ENCRYPTION_KEYS is malformed"),
        (f"a={SECRET}", "Reference 1 in"),
        (f"a=base64:{SECRET}", "Reference 1 in"),
        ("a=env:HELD,", "Reference 2 in"),
        (f"{SECRET[:40]}=env:HELD", "The id of an encryption key is malformed"),
        ("a=env:NOT_THERE", "The variable of the encryption key 'a' is not set"),
        ("a=file:/not/there", "The file of the encryption key 'a' cannot be read"),
        ("a=file:/", "The file of the encryption key 'a' cannot be read"),
        ("a=env:SHORT", "'a' does not have 32 bytes"),
        ("a=env:NONSENSE", "as 'a' is not a key"),
        ("a=env:HELD,a=env:HELD", "each key needs its own id"),
    ],
)
def test_a_wrong_reference_is_refused_without_repeating_it(references: str, cause: str) -> None:
    environment = {"HELD": SECRET, "SHORT": "AAAA", "NONSENSE": f"{SECRET}é!", "LEMTRADA_ENCRYPTION_KEYS": references}
    with pytest.raises(StoreError) as caught:
        cipher_in(environment)
    assert cause in caught.value.cause
    assert caught.value.remedy
    assert SECRET[:10] not in str(caught.value)
    assert SECRET[:10] not in repr(caught.value.__cause__)
