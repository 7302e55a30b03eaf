"""Where a ledger may be, and that no text made of a URL shows its password."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from domain.ledger.errors import StoreError
from domain.ledger.stores.postgres_datastore import connection_parameters
from domain.ledger.stores.urls import PostgresAddress, SQLiteAddress, address_of


def test_sqlite_paths() -> None:
    assert address_of("sqlite:////var/ledger.db") == SQLiteAddress(Path("/var/ledger.db"))
    assert address_of("sqlite:///ledger.db") == SQLiteAddress(Path.cwd() / "ledger.db")
    assert address_of("sqlite:///a folder/100%.db") == SQLiteAddress(Path.cwd() / "a folder" / "100%.db")


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
        "postgres://me:hunter2@h/ledger",
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
