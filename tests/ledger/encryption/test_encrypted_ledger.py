"""A whole ledger under a key, on both stores: commands, questions, views, documents, backups, rotation."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from domain.events.patient import Member
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.backup import back_up
from domain.ledger.documents.content import PIECE_BYTES
from domain.ledger.encryption.keys import ENCRYPTION_KEYS, written
from domain.ledger.encryption.records import EncryptionKey, EncryptionKeyUnknown, RecordCipher, RecordDamaged, key_id_of
from domain.ledger.errors import DocumentDamaged, StoreError
from domain.ledger.stores.urls import SQLiteAddress, address_of
from projections.worklist.runner import catch_up, folded_rows, rebuild
from tests.clock import Clock
from tests.conftest import NOON
from tests.ledger.acts import dose, dosed, opened, opening
from tests.ledger.conftest import OpenDocuments
from tests.ledger.documents.document_storage import Shelf
from tests.ledger.documents.test_references import REPORT, REPORT_SHA256, requested, supplied
from tests.ledger.stores.test_standby import check_views
from tests.story import NURSE

FIRST = EncryptionKey("first", b"1" * 32)
SECOND = EncryptionKey("second", b"2" * 32)
PLANTED = "Plantedname"
LONG = b"%PDF-1.7 " + PLANTED.encode() + bytes(range(256)) * (3 * PIECE_BYTES // 256) + b"\x00\x01the end"


@contextmanager
def under(url: str, *keys: EncryptionKey) -> Iterator[Ledger]:
    with open_ledger(url, clock=Clock(NOON), cipher=RecordCipher(keys) if keys else None) as ledger:
        yield ledger


def states(url: str) -> list[bytes]:
    """What is stored of every event, as the database has it."""
    address = address_of(url)
    if isinstance(address, SQLiteAddress):
        with closing(sqlite3.connect(address.path)) as connection:
            return [row[0] for row in connection.execute("SELECT state FROM stored_events ORDER BY rowid")]
    with psycopg.connect(url) as connection:
        return [bytes(row[0]) for row in connection.execute("SELECT state FROM stored_events ORDER BY notification_id")]


def replace_state(url: str, number: int, state: bytes) -> None:
    """As somebody with the database in hand could: no guard of ours is asked."""
    address = address_of(url)
    if isinstance(address, SQLiteAddress):
        with closing(sqlite3.connect(address.path)) as connection:
            connection.execute("DROP TRIGGER stored_events_refuse_update")
            connection.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (state, number))
            connection.commit()
        return
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE stored_events DISABLE TRIGGER USER")
        connection.execute("UPDATE stored_events SET state = %s WHERE notification_id = %s", (state, number))


def test_a_ledger_under_a_key_does_all_that_another_does(ledger_url: str) -> None:
    with under(ledger_url, FIRST) as ledger:
        patient_id = ledger.open_history(opening("M-1", f"Alma {PLANTED}"), NURSE, key="open").patient_id
        dosed(ledger, patient_id, 0, 1)
        requested(ledger, "M-2")
        again = ledger.open_history(opening("M-1", f"Alma {PLANTED}"), NURSE, key="open")
        assert (again.replayed, again.patient_id) == (True, patient_id)
        check_views(ledger)
    with under(ledger_url, FIRST) as ledger:
        history = ledger.history(patient_id)
        assert (history.version, history.name) == (3, f"Alma {PLANTED}")
        assert ledger.find(Member(member_id="M-1")) == patient_id
        assert [event.patient_id for _, event in ledger.events_since(0) if hasattr(event, "patient_id")]
        assert rebuild(ledger).serves
        assert catch_up(ledger).position == ledger.position()


def test_commands_that_are_recorded_together_are_each_under_the_key(ledger_url: str) -> None:
    with under(ledger_url, FIRST) as ledger:
        patients = [opened(ledger, f"M-{number}") for number in range(8)]
        with ThreadPoolExecutor(8) as pool:
            done = list(
                pool.map(lambda one: ledger.execute(patients[one % 8], dose(one // 8), NURSE, key=f"k{one}"), range(40))
            )
        assert len({one.events for one in done}) == 40
        assert all(ledger.history(one).version == 7 for one in patients), "opened, five doses, a course"
    assert {key_id_of(state) for state in states(ledger_url)} == {"first"}


def test_nothing_of_a_name_is_in_the_bytes_of_the_events(ledger_url: str) -> None:
    planted = (b"Plantedname", b"M-PLANTED", b"Rosa Nurse")
    with under(ledger_url, FIRST) as ledger:
        dosed(ledger, ledger.open_history(opening("M-PLANTED", f"Alma {PLANTED}"), NURSE).patient_id, 0, 1)
    stored = b"".join(states(ledger_url))
    assert [one for one in planted if one in stored] == []
    address = address_of(ledger_url)
    if isinstance(address, SQLiteAddress):
        files = b"".join(one.read_bytes() for one in address.path.parent.glob(f"{address.path.name}*"))
        assert stored[:50] in files, "the search sees what is there"
        assert [one for one in planted if one in files] == []


def test_the_same_search_finds_the_name_where_there_is_no_key(ledger_url: str) -> None:
    with under(ledger_url) as ledger:
        ledger.open_history(opening("M-PLANTED", f"Alma {PLANTED}"), NURSE)
    assert PLANTED.encode() in b"".join(states(ledger_url))


def test_a_key_is_turned_on_over_a_ledger_that_has_events_and_rotated_without_rewriting(ledger_url: str) -> None:
    with under(ledger_url) as ledger:
        patient_id, _ = requested(ledger)
    with under(ledger_url, FIRST) as ledger:
        dosed(ledger, patient_id, 0)
    before = states(ledger_url)
    with under(ledger_url, SECOND, FIRST) as ledger:
        dosed(ledger, patient_id, 1)
        assert ledger.history(patient_id).version == 4
        check_views(ledger)
        assert len(list(folded_rows(ledger))) == 1
    after = states(ledger_url)
    assert after[: len(before)] == before
    assert [key_id_of(one) for one in after] == [None, None, None, "first", "second"]


@pytest.mark.parametrize("keys", [(), (SECOND,)], ids=["no key", "another key"])
def test_without_the_key_a_ledger_does_not_open_and_says_which_is_missing(
    ledger_url: str, keys: tuple[EncryptionKey, ...]
) -> None:
    with under(ledger_url, FIRST) as ledger:
        opened(ledger)
    with pytest.raises(EncryptionKeyUnknown, match=r"'first'.*_ENCRYPTION_KEYS"), under(ledger_url, *keys):
        pass


def test_a_key_that_only_events_in_the_middle_need_is_missed_when_one_is_read(ledger_url: str) -> None:
    with under(ledger_url) as ledger:
        opened(ledger, "M-1")
        opened(ledger, "M-0")
    with under(ledger_url, FIRST) as ledger:
        middle = opened(ledger, "M-2")
    with under(ledger_url, SECOND, FIRST) as ledger:
        opened(ledger, "M-3")
        last = opened(ledger, "M-4")
    with under(ledger_url, SECOND) as ledger:
        assert ledger.history(last).version == 1
        with pytest.raises(EncryptionKeyUnknown, match="'first'"):
            ledger.history(middle)


def test_a_ledger_does_not_open_with_a_wrong_key_under_the_right_id_and_nothing_is_written_with_it(
    ledger_url: str,
) -> None:
    with under(ledger_url, FIRST) as ledger:
        patient_id = opened(ledger)
    before = states(ledger_url)
    wrong = EncryptionKey("first", b"3" * 32)
    with pytest.raises(RecordDamaged, match="can't be decrypted with the key 'first'"), under(ledger_url, wrong):
        pass
    with pytest.raises(RecordDamaged), under(ledger_url, SECOND, wrong):
        pass
    assert states(ledger_url) == before
    with under(ledger_url, FIRST) as ledger:
        assert ledger.history(patient_id).version == 1


def test_one_flipped_bit_in_the_database_is_found_and_named(ledger_url: str) -> None:
    with under(ledger_url, FIRST) as ledger:
        patient_id = opened(ledger)
    state = bytearray(states(ledger_url)[0])
    state[-20] ^= 1
    replace_state(ledger_url, 1, bytes(state))
    with (
        under(ledger_url, FIRST) as ledger,
        pytest.raises(Exception, match=f"'HistoryOpened' at version 1 of {patient_id}"),
    ):
        ledger.history(patient_id)


def test_the_key_comes_from_where_the_environment_says(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ledger.key").write_text(written(FIRST.secret))
    monkeypatch.setenv(ENCRYPTION_KEYS, f"first=file:{tmp_path / 'ledger.key'}")
    with open_ledger(ledger_url) as ledger:
        opened(ledger)
    assert {key_id_of(state) for state in states(ledger_url)} == {"first"}
    monkeypatch.setenv(ENCRYPTION_KEYS, "first=file:/not/there")
    with pytest.raises(StoreError, match="The file of the encryption key 'first' cannot be read"):
        open_ledger(ledger_url)


# -- documents --------------------------------------------------------------------------------


ALMA = UUID(int=1)
SIZES = (1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, len(LONG))


@pytest.mark.parametrize("size", SIZES)
def test_a_document_of_any_length_comes_back_and_nothing_of_it_shows(
    ledger_url: str, size: int, open_documents: OpenDocuments
) -> None:
    content = (LONG if size > 9 else b"x")[:size]
    with under(ledger_url, FIRST) as ledger:
        put = ledger.documents.put(ALMA, [content])
        assert b"".join(ledger.documents.open(ALMA, put.sha256)) == content
        assert ledger.documents.size(ALMA, put.sha256) == size
        assert ledger.documents.renew(ALMA, put.sha256) == put
    (stored,) = Shelf(open_documents(ledger_url), ledger_url).content().values()
    assert stored.startswith(b"\0\x01\x05first")
    assert PLANTED.encode() not in stored
    assert size == 1 or content[:9] not in stored


def test_documents_from_before_the_key_and_of_older_keys_are_read(ledger_url: str) -> None:
    texts = [b"\x01 begins as a record does", LONG, b"%PDF-1.7 third"]
    hashes = []
    for text, keys in zip(texts, [(), (FIRST,), (SECOND, FIRST)], strict=True):
        with under(ledger_url, *keys) as ledger:
            hashes.append(ledger.documents.put(ALMA, [text]).sha256)
            assert ledger.documents.size(ALMA, hashes[-1]) == len(text)
    with under(ledger_url, SECOND, FIRST) as ledger:
        assert [b"".join(ledger.documents.open(ALMA, one)) for one in hashes] == texts
    with under(ledger_url, SECOND) as ledger, pytest.raises(EncryptionKeyUnknown, match="'first'"):
        list(ledger.documents.open(ALMA, hashes[1]))


def test_a_document_whose_stored_bytes_were_altered_is_damaged(ledger_url: str, open_documents: OpenDocuments) -> None:
    shelf = Shelf(open_documents(ledger_url), ledger_url)
    with under(ledger_url, FIRST) as ledger:
        sha256 = ledger.documents.put(ALMA, [b"%PDF-1.7 short"]).sha256
        (stored,) = shelf.content().values()
        for place in range(len(stored)):
            flipped = bytearray(stored)
            flipped[place] ^= 1
            shelf.replace(ALMA, sha256, bytes(flipped))
            with pytest.raises((DocumentDamaged, EncryptionKeyUnknown)):
                list(ledger.documents.open(ALMA, sha256))


def test_pieces_that_changed_places_are_found(sqlite_url: str, open_documents: OpenDocuments) -> None:
    shelf = Shelf(open_documents(sqlite_url), sqlite_url)
    with under(sqlite_url, FIRST) as ledger:
        sha256 = ledger.documents.put(ALMA, [LONG]).sha256
        (stored,) = shelf.content().values()
        length = PIECE_BYTES + 1 + RecordCipher([FIRST]).overhead_bytes
        for other in (stored[length : 2 * length] + stored[:length] + stored[2 * length :], stored[: 2 * length]):
            shelf.replace(ALMA, sha256, other)
            with pytest.raises(DocumentDamaged):
                list(ledger.documents.open(ALMA, sha256))


# -- backups ----------------------------------------------------------------------------------


def test_a_backup_stays_under_the_key(sqlite_url: str, tmp_path: Path) -> None:
    with under(sqlite_url, FIRST) as ledger:
        patient_id, request_id = requested(ledger)
        ledger.documents.put(patient_id, [REPORT])
        ledger.execute(patient_id, supplied(request_id), NURSE)
    with pytest.raises(EncryptionKeyUnknown, match="'first'"):
        back_up(address_of(sqlite_url), tmp_path / "none.tar")
    made = back_up(address_of(sqlite_url), tmp_path / "plan.tar", RecordCipher([SECOND, FIRST]))
    assert (made.documents, made.missing) == (1, ())
    assert b"synthetic" not in made.file.read_bytes()
    assert b"Alma Synthetic" not in made.file.read_bytes()
    (tmp_path / "elsewhere").mkdir()
    subprocess.run(["tar", "-xf", made.file, "-C", tmp_path / "elsewhere"], check=True)
    with under(f"sqlite:///{tmp_path / 'elsewhere' / 'ledger.sqlite'}", FIRST) as restored:
        assert b"".join(restored.documents.open(patient_id, REPORT_SHA256)) == REPORT
        assert restored.history(patient_id).version == 3
