"""Whom a member ID means in another spelling, on both stores: also in a ledger that an earlier program wrote.

The stored ledger was written by the program of commit 24a3cc0, which had no compared forms. Its members are SYN-1; the
pair Pair-1 and PAIR-1; 77:1 of the plan, and 77 of the issuer ACME; OLD-1, which passed from one patient (now NEW-1) to
another; GONE-1, which was retired; 9.87E+11; and TWIN-1.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from api.files.import_members import member_of_row
from domain.commands.patient import AddMemberIdentifier, OpenHistory, RetireMemberIdentifier
from domain.errors import AlreadyRecorded, Conflict, InvalidCommand, RecordedAsAnother
from domain.events.patient import Member
from domain.ledger import schema
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.encryption.keys import ENCRYPTION_KEYS, cipher_in, written
from domain.ledger.encryption.records import EncryptionKeyUnknown
from domain.ledger.errors import StoreError
from domain.ledger.index_upgrade import upgrade
from domain.ledger.reader import open_to_read
from domain.ledger.stores.urls import address_of
from projections.worklist.listing import Filters, Paging
from projections.worklist.runner import worklist
from tests import ROOT
from tests.api.cli.test_questions import run
from tests.clock import Clock
from tests.conftest import ZONE, OpenLedger, seeded
from tests.ledger.stores.test_concurrency import at_once
from tests.postgres_server import PostgresServer
from tests.story import NURSE, OFFICE

STORED = ROOT / "tests" / "golden" / "ledgers" / "2026-11-30-members.sqlite.gz"


def member(member_id: str, issuer: str = "plan") -> Member:
    return Member(issuer=issuer, member_id=member_id)


def opening(member_id: str, name: str = "Alma Synthetic", **values: Any) -> OpenHistory:
    return OpenHistory.model_validate({"member": {"member_id": member_id}, "name": name} | values)


def retiring(member_id: str, **values: Any) -> RetireMemberIdentifier:
    stated = {"member": {"member_id": member_id}, "reason": "Passed to another person."}
    return RetireMemberIdentifier.model_validate(stated | values)


def adding(member_id: str, **values: Any) -> AddMemberIdentifier:
    return AddMemberIdentifier.model_validate({"member": {"member_id": member_id}} | values)


# -- a ledger that an earlier program wrote ---------------------------------------------------


@dataclass
class Earlier:
    url: str
    patients: dict[str, UUID]


@pytest.fixture
def earlier(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> Earlier:
    file = tmp_path / "earlier.sqlite"
    file.write_bytes(gzip.decompress(STORED.read_bytes()))
    with closing(sqlite3.connect(file)) as connection:
        events = connection.execute(
            "SELECT originator_id, originator_version, topic, state FROM stored_events ORDER BY rowid"
        ).fetchall()
        settings = connection.execute("SELECT name, value FROM ledger_settings").fetchall()
    opened = [(UUID(one[0]), json.loads(one[3])) for one in events if one[2] == "HistoryOpened"]
    names = {values["name"]: patient_id for patient_id, values in opened}
    url = f"sqlite:///{file}"
    if store == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.url(request.getfixturevalue("empty_database"))
        schema.upgrade(url, zone=ZONE, entropy=seeded(1))
        with psycopg.connect(url) as connection_to_postgres:
            for name, value in settings:
                connection_to_postgres.execute("UPDATE ledger_settings SET value = %s WHERE name = %s", (value, name))
            for one in events:
                connection_to_postgres.execute("INSERT INTO stored_events VALUES (%s, %s, %s, %s)", one)
    return Earlier(url, names)


@pytest.fixture
def encrypted(earlier: Earlier, store: str, monkeypatch: pytest.MonkeyPatch) -> Earlier:
    """The same ledger as the earlier program wrote it under a key, which the environment names."""
    monkeypatch.setenv("THE_KEY", written(bytes(range(32))))
    monkeypatch.setenv(ENCRYPTION_KEYS, "first=env:THE_KEY")
    cipher = cipher_in()
    assert cipher is not None
    if store == "sqlite":
        with closing(sqlite3.connect(earlier.url.removeprefix("sqlite:///"))) as connection:
            (guard,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'stored_events_refuse_update'")
            connection.execute("DROP TRIGGER stored_events_refuse_update")
            for row, state in connection.execute("SELECT rowid, state FROM stored_events").fetchall():
                connection.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (cipher.encrypt(state), row))
            connection.execute(*guard)
            connection.commit()
    else:
        with psycopg.connect(earlier.url) as postgres:
            for row, state in postgres.execute("SELECT notification_id, state FROM stored_events").fetchall():
                change = "UPDATE stored_events SET state = %s WHERE notification_id = %s"
                postgres.execute(change, (cipher.encrypt(bytes(state)), row))
    return earlier


def test_an_encrypted_ledger_is_upgraded_and_stays_encrypted(
    encrypted: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = upgrade(encrypted.url, entropy=seeded(5))
    _, second = upgrade(encrypted.url, entropy=seeded(6))
    assert (first.events, second.events, first.unreadable) == (14 + 1 + 1 + 9, 0, 0)
    with open_ledger(encrypted.url) as ledger:
        assert ledger.find(member(" syn\u200b-1")) == encrypted.patients["Ana Synthetic"]
        stored = [state for _, _, _, _, state in ledger.recorder.log(0, 1_000)]
    assert len(stored) > first.events
    assert not [state for state in stored if b"recorded_at" in bytes(state)], "no event is plain"
    monkeypatch.delenv(ENCRYPTION_KEYS)
    with pytest.raises(EncryptionKeyUnknown, match="first"):
        upgrade(encrypted.url, entropy=seeded(7))


def test_it_is_read_as_it_is_and_exact_ids_find(earlier: Earlier) -> None:
    with open_to_read(earlier.url) as ledger:
        assert ledger.find(member("SYN-1")) == earlier.patients["Ana Synthetic"]
        assert ledger.find(member("OLD-1")) == earlier.patients["Fred Follower"]
        with pytest.raises(StoreError) as caught:
            ledger.find(member("syn-1"))
        assert "database upgrade" in caught.value.remedy
    with open_ledger(earlier.url, completes_index=False) as ledger, pytest.raises(StoreError, match="needs 5"):
        ledger.open_history(opening("syn-1"), NURSE)


def test_the_first_start_completes_it_on_sqlite_and_refuses_on_postgresql(earlier: Earlier, store: str) -> None:
    if store == "postgresql":
        with pytest.raises(StoreError, match="has schema 4, and this program needs 5") as caught:
            open_ledger(earlier.url)
        assert "database upgrade" in caught.value.remedy
        return
    with open_ledger(earlier.url) as ledger:
        assert ledger.find(member("syn-1")) == earlier.patients["Ana Synthetic"]
    assert schema.read_settings(address_of(earlier.url)).compares_members


def test_an_upgrade_finds_every_history_by_every_spelling(earlier: Earlier) -> None:
    patients = earlier.patients
    _, first = upgrade(earlier.url, entropy=seeded(5))
    _, second = upgrade(earlier.url, entropy=seeded(6))
    # 14 events of member IDs, an issuer, a shared form, and the nine names with a year of birth.
    assert (first.events, second.events, first.unreadable) == (14 + 1 + 1 + 9, 0, 0)
    with open_ledger(earlier.url) as ledger:
        for spelling, name in (
            ("SYN-1", "Ana Synthetic"),
            (" syn\u200b-1", "Ana Synthetic"),
            ("Pair-1", "Bea Synthetic"),
            ("PAIR-1", "Otto Other"),
            ("old-1", "Fred Follower"),
            ("new-1", "Emma Former"),
            ("stay-1", "Gina Gone"),
            ("9.87E+11", "Hank Damaged"),
        ):
            assert ledger.find(member(spelling)) == patients[name], spelling
        assert ledger.find(member("77", "acme")) == patients["Dora Acme"]
        assert ledger.find(member("gone-1")) is None
        assert ledger.members.is_retired(member("gone-1"))
        assert not ledger.members.is_retired(member("nobody-1"))
        for text, name in (("acme:77", "Dora Acme"), ("77:1", "Carl Colon"), ("plan:77:1", "Carl Colon")):
            assert ledger.find(ledger.members.named(text)) == patients[name], text


def test_a_pair_is_chosen_by_no_other_spelling_and_is_in_the_worklist(earlier: Earlier) -> None:
    upgrade(earlier.url, entropy=seeded(5))
    pair = {earlier.patients["Bea Synthetic"], earlier.patients["Otto Other"]}
    with open_ledger(earlier.url) as ledger:
        with pytest.raises(Conflict) as caught:
            ledger.find(member("pair-1"))
        assert caught.value.field == "member"
        with pytest.raises(Conflict):
            ledger.open_history(opening("pAIR-1", "Bea Synthetic"), NURSE)
        with pytest.raises(Conflict) as to_an_office:
            ledger.open_history(opening("pAIR-1", "Bea Synthetic", birth_date="1990-01-02"), OFFICE)
        assert "several" not in str(to_an_office.value)
        assert listed(ledger) == pair
        otto = earlier.patients["Otto Other"]
        ledger.execute(otto, adding("OTTO-1"), NURSE)
        ledger.execute(otto, retiring("PAIR-1"), NURSE)
        assert ledger.find(member("pair-1")) == earlier.patients["Bea Synthetic"]
        assert listed(ledger) == set()


def listed(ledger: Ledger) -> set[UUID]:
    page = worklist(ledger, Filters(state=("shared_member_id",)), Paging())
    assert all(one.kind == "member" for one in page.items)
    return {one.patient_id for one in page.items}


def test_a_number_that_passed_on_has_a_first_day_in_an_upgraded_ledger_too(earlier: Earlier) -> None:
    upgrade(earlier.url, entropy=seeded(5))
    with open_ledger(earlier.url) as ledger:
        for spelling in ("OLD-1", "old-1"):
            assert ledger.find(member(spelling), on=date(2026, 4, 6)) == earlier.patients["Fred Follower"]
            with pytest.raises(Conflict) as caught:
                ledger.find(member(spelling), on=date(2026, 4, 5))
            assert (caught.value.field, "2026-04-06" in caught.value.cause) == ("on", True)
        assert ledger.find(member("SYN-1"), on=date(1990, 1, 1)) == earlier.patients["Ana Synthetic"]


def test_two_upgrades_at_once_write_everything_once(earlier: Earlier) -> None:
    results = at_once(lambda: upgrade(earlier.url, entropy=seeded(5)), lambda: upgrade(earlier.url, entropy=seeded(6)))
    assert sum(one[1].events for one in results) == 25  # type: ignore[index]
    with open_to_read(earlier.url) as ledger:
        assert ledger.find(member("syn-1")) == earlier.patients["Ana Synthetic"]
        assert len(ledger.members.shared()) == 1


@pytest.mark.parametrize("store", ["sqlite"])
def test_it_verifies_before_and_after(earlier: Earlier) -> None:
    for _ in range(2):
        report = json.loads(run("verify", "--json", "--database", earlier.url).stdout)
        assert report["holds"]
        run("database", "upgrade", "--database", earlier.url)


# -- a ledger of today ------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["syn-1", "SYN\u200b-1", "\uff33yn-1", " SYN-1"])
def test_another_spelling_is_the_same_member(ledger: Ledger, spelling: str) -> None:
    patient_id = ledger.open_history(opening("SYN-1"), NURSE).patient_id
    other = ledger.open_history(opening("SYN-2"), NURSE).patient_id
    assert ledger.find(member(spelling)) == patient_id
    with pytest.raises(AlreadyRecorded):
        ledger.open_history(opening(spelling), NURSE)
    with pytest.raises(RecordedAsAnother) as caught:
        ledger.open_history(opening(spelling, "Otto Other"), NURSE)
    assert (caught.value.field, "Alma" in str(caught.value)) == ("name", False)
    with pytest.raises(AlreadyRecorded):
        ledger.execute(other, adding(spelling), NURSE)
    # The same patient can have both spellings, so that a wrong one can be replaced.
    ledger.execute(patient_id, adding("Syn-1"), NURSE)
    ledger.execute(patient_id, retiring("SYN-1"), NURSE)
    assert ledger.find(member(spelling)) == ledger.find(member("SYN-1")) == patient_id


def test_of_two_who_open_two_spellings_at_once_one_comes_too_late(ledger: Ledger, open_here: OpenLedger) -> None:
    other = open_here()
    for number in range(5):
        results = at_once(
            lambda: ledger.open_history(opening(f"Both-{number}"), NURSE),  # noqa: B023
            lambda: other.open_history(opening(f"BOTH-{number}"), NURSE),  # noqa: B023
        )
        assert sorted(type(one).__name__ for one in results) == ["AlreadyRecorded", "Outcome"]


def test_an_issuer_is_on_record_from_its_first_member_on(ledger: Ledger) -> None:
    assert ledger.members.named("ACME:1") == member("ACME:1")
    for number in ("1", "2"):
        command = opening(number).model_copy(update={"member": member(number, "ACME")})
        ledger.open_history(command, NURSE)
    assert ledger.members.named("acme:1:2") == member("1:2", "acme")
    assert ledger.members.named("plan:1") == member("1")
    assert ledger.members.named("ACME:1", "plan") == member("ACME:1")
    assert ledger.members.named("1", "ACME") == member("1", "ACME")


def test_an_id_with_a_colon_still_finds_its_patient_when_its_issuer_is_on_record(ledger: Ledger) -> None:
    whole = ledger.open_history(opening("AC:ME:1"), NURSE).patient_id
    ledger.open_history(opening("9").model_copy(update={"member": member("9", "AC")}), NURSE)
    assert ledger.find(ledger.members.named("AC:ME:1")) == whole
    assert member_of_row(ledger.members, "AC:ME:1", "") == {"issuer": "plan", "member_id": "AC:ME:1"}
    assert ledger.members.named("AC:ME:2") == member("ME:2", "AC")

    other = opening("x", "Bea Synthetic").model_copy(update={"member": member("ME:1", "AC")})
    split = ledger.open_history(other, NURSE).patient_id
    for find in (lambda: ledger.members.named("AC:ME:1"), lambda: member_of_row(ledger.members, "AC:ME:1", "")):
        with pytest.raises(Conflict) as caught:
            find()
        assert (caught.value.field, "issuer" in str(caught.value.remedy)) == ("member", True)
    assert ledger.find(ledger.members.named("AC:ME:1", "plan")) == whole
    assert ledger.find(ledger.members.named("ME:1", "AC")) == split


def test_a_name_and_a_birth_date_find_the_other_records_of_a_person(ledger: Ledger) -> None:
    def others(member_id: str, name: str, birth_date: str | None) -> list[UUID]:
        outcome = ledger.open_history(opening(member_id, name, birth_date=birth_date), NURSE)
        return [one.patient_id for one in ledger.members.same_person(outcome.history)]

    assert others("T-1", "Mary-Ann O'Twin", "1985-06-07") == []
    first = ledger.find(member("T-1"))
    assert first is not None
    assert others("T-2", "MARY ANN OTWIN", "1985") == [first]
    assert others("T-3", "Mary-Ann O'Twin", "1985-06-08") == [ledger.find(member("T-2"))]
    assert others("T-4", "Mary-Ann O'Twin", None) == []
    assert others("T-5", "Mary Twin", "1985-06-07") == []
    fifth = ledger.find(member("T-5"))
    assert fifth is not None
    from domain.commands.patient import CorrectDemographics  # noqa: PLC0415

    corrected = ledger.execute(fifth, CorrectDemographics(name="Mary-Ann O'Twin", reason="Misread."), NURSE)
    assert first in [one.patient_id for one in ledger.members.same_person(corrected.history)]
    assert fifth in [one.patient_id for one in ledger.members.same_person(ledger.history(first))]


# -- first and last days ----------------------------------------------------------------------


def test_a_retired_number_has_a_last_day_and_its_next_holder_a_first_day(ledger: Ledger, clock: Clock) -> None:
    first = ledger.open_history(opening("N-1", "Emma Former"), NURSE).patient_id
    ledger.execute(first, adding("E-1"), NURSE)
    outcome = ledger.execute(first, retiring("N-1", last_day="2026-01-31"), NURSE)
    assert [(one.last_day, one.in_error) for one in outcome.history.retired_members] == [(date(2026, 1, 31), False)]
    for command, field in (
        (opening("n-1", "Fred Follower", first_day="2026-01-31"), "first_day"),
        (opening("n-1", "Fred Follower", birth_date="2026-02-03", first_day="2026-02-02"), "first_day"),
    ):
        with pytest.raises(InvalidCommand) as caught:
            ledger.open_history(command, NURSE)
        assert caught.value.field == field
    second = ledger.open_history(opening("n-1", "Fred Follower"), NURSE).patient_id
    assert ledger.find(member("N-1"), on=date(2026, 2, 1)) == second
    with pytest.raises(Conflict):
        ledger.find(member("N-1"), on=date(2026, 1, 31))


@pytest.mark.parametrize(
    ("retired", "added", "first_day"),
    [
        ({}, {}, "2026-04-28"),  # both today: from today on
        ({"last_day": "2026-04-20"}, {}, "2026-04-21"),
        ({"last_day": "2026-04-20"}, {"first_day": "2026-04-25"}, "2026-04-25"),
        ({"in_error": True}, {}, None),
        ({"in_error": True}, {"first_day": "2026-01-01"}, "2026-01-01"),
    ],
)
def test_the_first_day_is_the_stated_one_or_follows_the_last_day(
    ledger: Ledger, retired: dict[str, Any], added: dict[str, Any], first_day: str | None
) -> None:
    first, second = (ledger.open_history(opening(one), NURSE).patient_id for one in ("A-1", "B-1"))
    ledger.execute(first, adding("N-1"), NURSE)
    ledger.execute(first, retiring("N-1", **retired), NURSE)
    ledger.execute(second, adding("N-1", **added), NURSE)
    if first_day is None:
        assert ledger.find(member("N-1"), on=date(1990, 1, 1)) == second
        return
    day = date.fromisoformat(first_day)
    assert ledger.find(member("N-1"), on=day) == second
    with pytest.raises(Conflict):
        ledger.find(member("N-1"), on=date.fromordinal(day.toordinal() - 1))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"last_day": "2026-04-29"}, "last_day"),
        ({"last_day": "2026-04-27", "in_error": True}, "last_day"),
        ({"last_day": "2025-12-31"}, "last_day"),
        ({"last_day": "1987-01-01"}, "last_day"),
    ],
)
def test_a_last_day_that_cannot_be_is_refused(ledger: Ledger, values: dict[str, Any], field: str) -> None:
    patient_id = ledger.open_history(opening("A-1", birth_date="1988"), NURSE).patient_id
    ledger.execute(patient_id, adding("N-1", first_day="2026-01-01"), NURSE)
    with pytest.raises(InvalidCommand) as caught:
        ledger.execute(patient_id, retiring("N-1", **values), NURSE)
    assert caught.value.field == field
    assert caught.value.remedy
