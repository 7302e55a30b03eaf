"""Where a ledger may be, and that no text made of a URL shows its password."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from domain.ledger.application import open_ledger
from domain.ledger.errors import StoreError
from domain.ledger.start_check import check_before_opening, check_every_page
from domain.ledger.stores.postgres_datastore import connection_parameters
from domain.ledger.stores.urls import PostgresAddress, SQLiteAddress, address_of
from tests.conftest import ZONE
from tests.ledger.acts import opened


def test_sqlite_paths() -> None:
    assert address_of("sqlite:////var/ledger.db") == SQLiteAddress(Path("/var/ledger.db"))
    assert address_of("sqlite:///ledger.db") == SQLiteAddress(Path.cwd() / "ledger.db")
    for name in ("a folder/100%.db", "#1.db", "a#b?c%20d.db", "what?.db", "a=b.db", "ü.db"):
        address = address_of(f"sqlite:///{name}")
        assert address == SQLiteAddress(Path.cwd() / name)
        assert str(address) == f"sqlite:///{Path.cwd() / name}"


@pytest.mark.parametrize("name", ["#1.sqlite", "a#b?c%20d e.sqlite", "100%.sqlite", "?x.sqlite"])
def test_a_ledger_is_in_the_file_of_exactly_this_name(tmp_path: Path, name: str) -> None:
    url = f"sqlite:///{tmp_path / name}"
    with open_ledger(url, zone=ZONE) as ledger:
        patient_id = opened(ledger)
    assert {one.name for one in tmp_path.iterdir()} >= {name}
    assert {one.name for one in tmp_path.iterdir()} <= {name, f"{name}-documents", f"{name}-wal", f"{name}-shm"}
    check_before_opening(url)
    with open_ledger(url) as ledger:
        check_every_page(ledger.address)
        assert ledger.history(patient_id).version == 1


def test_a_relative_path_stays_where_it_was_when_the_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = address_of("sqlite:///ledger.db")
    monkeypatch.chdir(tmp_path)
    assert isinstance(here, SQLiteAddress)
    assert here.path.parent != Path(os.getcwd())


def test_every_parameter_of_a_postgresql_url_is_passed_on() -> None:
    url = "postgresql://me:p%40ss@h1:5432,h2:5433/ledger?sslmode=require&target_session_attrs=read-write&connect_timeout=3"
    address = address_of(url)
    assert isinstance(address, PostgresAddress)
    assert connection_parameters(address) == {
        "user": "me",
        "password": "p@ss",
        "host": "h1,h2",
        "port": "5432,5433",
        "dbname": "ledger",
        "sslmode": "require",
        "target_session_attrs": "read-write",
        "connect_timeout": "3",
        "application_name": "lemtrada-ledger",
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": "25000",
    }
    assert str(address) == "postgresql://h1,h2:5432,5433/ledger"


@pytest.mark.parametrize(
    ("url", "attributes", "seconds"),
    [
        ("postgresql://me@h1/ledger", None, "10"),
        ("postgresql://me@h1:5432,h2:5433/ledger", "read-write", "3"),
        ("postgresql:///ledger?hostaddr=127.0.0.1,127.0.0.2", "read-write", "3"),
        ("postgresql://me@h1,h2/ledger?target_session_attrs=primary&connect_timeout=7", "primary", "7"),
    ],
)
def test_of_several_hosts_the_one_that_takes_writes_is_meant(url: str, attributes: str | None, seconds: str) -> None:
    address = address_of(url)
    assert isinstance(address, PostgresAddress)
    parameters = connection_parameters(address)
    assert (parameters.get("target_session_attrs"), parameters["connect_timeout"]) == (attributes, seconds)


def test_a_password_may_be_absent_and_is_not_made_empty() -> None:
    address = address_of("postgresql://me@h/ledger")
    assert isinstance(address, PostgresAddress)
    assert "password" not in connection_parameters(address)


@pytest.mark.parametrize(
    ("written", "password"),
    [("p#ss", "p#ss"), ("p%23%25%3F%20%40%2F", "p#%? @/"), ("p?s", "p?s"), ("p s", "p s")],
)
def test_a_password_and_a_database_may_have_any_character(written: str, password: str) -> None:
    for scheme in ("postgresql", "postgres"):
        address = address_of(f"{scheme}://me:{written}@h/plan%20%23%3F?application_name=a#b")
        assert isinstance(address, PostgresAddress)
        assert address.parameters == {
            "user": "me",
            "password": password,
            "host": "h",
            "dbname": "plan #?",
            "application_name": "a#b",
        }
        assert str(address) == "postgresql://h/plan #?"


def test_an_at_sign_in_a_parameter_is_not_of_the_password() -> None:
    address = address_of("postgresql://h/ledger?user=me@plan.example")
    assert isinstance(address, PostgresAddress)
    assert address.parameters["user"] == "me@plan.example"


@pytest.mark.parametrize("url", ["postgresql://me:hunter2%@h/ledger", "postgresql://me:hun/ter2@h/ledger"])
def test_the_error_says_how_such_a_character_is_written(url: str) -> None:
    with pytest.raises(StoreError, match="write % as %25") as caught:
        address_of(url)
    assert "/ as %2F" in caught.value.remedy


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ledger.db",
        "sqlite:",
        "sqlite://ledger.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///ledger.db?mode=ro",
        "sqlite:///file:ledger.db",
        "mysql://me:hunter2@h/ledger",
        "sqlite:///ledger.db?mode=ro&cache=shared",
        "sqlite:///led\x00ger.db",
        "postgresql://me:1/hunter2@h/ledger",
        "postgresql://me:hun/ter2@h/ledger",
        "postgresql://me:a@hunter2@h/ledger",
        "postgresql://me:hunter2%@h/ledger",
        "postgresql+psycopg://me:hunter2@h/ledger",
        "postgresql://me:hunter2@[::1/ledger",
        "postgresql://me:hunter2@h/ledger?colour=hunter2",
        "postgresql://me:hunter2@h/led%zzger",
    ],
)
def test_anything_else_is_one_clear_error_without_the_password(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        address_of(url)
    assert "sqlite:////absolute/file or postgresql://" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


def test_no_address_shows_its_password() -> None:
    address = address_of("postgresql://me:hunter2@h/ledger?password=hunter2")
    assert "hunter2" not in repr(address) + str(address)
