"""The time zone of a new ledger: a canonical name, named by a person or by the machine, and never UTC by accident."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from zoneinfo import ZoneInfo, available_timezones

import pytest

from domain.ledger.application import open_ledger
from domain.ledger.clocks.time_zones import zone_of_new_ledger, zones_of_places
from domain.ledger.errors import StoreError
from domain.ledger.schema import read_settings, upgrade
from domain.ledger.stores.urls import address_of
from tests.api.cli.test_questions import refused
from tests.conftest import seeded
from tests.ledger.acts import opened
from tests.postgres_server import PostgresServer

NOT_CANONICAL = (
    *("EST", "EST5EDT", "US/Eastern", "America/Buenos_Aires", "Asia/Calcutta", "Etc/GMT+5", "GMT", "Zulu", "UTC"),
    *("localtime", "Factory", "posixrules", "posix/America/Chicago", "right/America/Chicago", "america/chicago"),
    *("", " ", "Mars/Olympus", "America/Chicago ", "../America/Chicago", "/etc/localtime", "zone.tab", "Chicago"),
)
REMEDY = "give the plan's time zone with --time-zone or LEMTRADA_TIME_ZONE, for example --time-zone America/Chicago or"
PROGRAM = "from api.cli.main import main; main()"


@pytest.mark.parametrize("name", NOT_CANONICAL)
def test_a_new_ledger_takes_no_other_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_ledger(f"sqlite:///{tmp_path / 'new.sqlite'}", zone=name)
    assert str(caught.value).startswith(f"{name!r} is not a canonical time zone name of the IANA database: {REMEDY}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("demo",), ("import", "{lines}"), ("database", "upgrade")])
@pytest.mark.parametrize("name", ["EST", "localtime", "Factory", ""])
def test_every_command_that_makes_a_ledger_says_the_same(tmp_path: Path, words: tuple[str, ...], name: str) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_text("")
    asked = [word.format(lines=lines) for word in words]
    said = refused(*asked, "--time-zone", name, "--database", f"sqlite:///{tmp_path / 'new.sqlite'}")
    assert said.startswith(f"{name!r} is not a canonical time zone name of the IANA database")
    assert REMEDY in said
    assert list(tmp_path.iterdir()) == [lines]


def test_postgresql_makes_nothing_for_such_a_name(postgres: PostgresServer, empty_database: str) -> None:
    with pytest.raises(StoreError, match="'EST' is not a canonical time zone name"):
        upgrade(postgres.url(empty_database), zone="EST", entropy=seeded(1))
    made = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert postgres.execute(made, database=empty_database) == [(0,)]


def test_every_zone_of_the_united_states_and_utc_by_its_name_can_be_taken() -> None:
    for name in (
        *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"),
        *("America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico", "Pacific/Guam", "Pacific/Pago_Pago"),
        *("America/Indiana/Indianapolis", "America/Kentucky/Louisville", "America/Detroit", "America/Boise"),
        *("America/St_Thomas", "Pacific/Saipan", "Etc/UTC"),
    ):
        assert zone_of_new_ledger(name) == ZoneInfo(name)


def test_every_name_of_the_list_is_one_that_python_knows() -> None:
    assert len(zones_of_places()) > 400
    assert zones_of_places() <= available_timezones()
    assert zones_of_places().isdisjoint(NOT_CANONICAL)


@pytest.mark.parametrize("name", ["EST", "UTC", "US/Eastern", "Asia/Calcutta"])
def test_a_ledger_that_exists_keeps_the_name_that_it_has(tmp_path: Path, name: str) -> None:
    url = f"sqlite:///{tmp_path / 'old.sqlite'}"
    with open_ledger(url, zone="America/Chicago") as ledger:
        patient_id = opened(ledger)
    with closing(connect(tmp_path / "old.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE ledger_settings SET value = ? WHERE name = 'time_zone'", (name,))
    for zone in (None, name):
        with open_ledger(url, zone=zone) as ledger:
            assert ledger.zone.key == name
            assert ledger.history(patient_id).version == 1
        assert upgrade(url, zone=zone, entropy=seeded(1)).zone.key == name
    assert read_settings(address_of(url)).zone.key == name


# -- the machine's zone -----------------------------------------------------------------------


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("import", "{lines}")])
@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "Etc/UCT", "GMT", "US/Eastern", "EST5EDT"])
def test_the_machine_gives_no_zone_of_no_place_and_no_alias(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], zone: str
) -> None:
    monkeypatch.setattr("tzlocal.get_localzone_name", lambda: zone)
    lines = tmp_path / "lines.jsonl"
    lines.write_text("")
    asked = [word.format(lines=lines) for word in words]
    said = refused(*asked, "--database", f"sqlite:///{tmp_path / 'new.sqlite'}")
    assert f"A new ledger does not take the time zone of this machine, which is {zone}" in said
    assert REMEDY in said
    assert list(tmp_path.iterdir()) == [lines]


def on_terminal(folder: Path, *typed: str, answers: int) -> tuple[int, str]:
    """Runs `import` of no lines on a terminal, on a machine in UTC. The exit status, and all that was on the screen."""
    (folder / "lines.jsonl").write_text("")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEMTRADA_")}
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "import", "lines.jsonl", "--database", "sqlite:///new.sqlite"],
        cwd=folder,
        env=environment | {"TZ": "UTC", "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        close_fds=True,
    )
    os.close(terminal)
    shown, deadline = "", time.monotonic() + 60
    left = list(typed)
    while time.monotonic() < deadline:
        if left and shown.count("for example America/Chicago: ") > answers - len(left):
            os.write(screen, left.pop(0).encode())
        if select.select([screen], [], [], 0.2)[0]:
            try:
                piece = os.read(screen, 4096)
            except OSError:
                break
            shown += piece.decode()
    os.close(screen)
    return process.wait(timeout=60), shown


def test_on_a_terminal_the_zone_is_asked_for_until_it_is_one(tmp_path: Path) -> None:
    status, shown = on_terminal(tmp_path, "EST\n", "America/Chicago\n", answers=2)
    assert status == 0, shown
    assert "A new ledger does not take the time zone of this machine, which is UTC." in shown
    assert "'EST' is not a canonical time zone name of the IANA database." in shown
    assert read_settings(address_of(f"sqlite:///{tmp_path / 'new.sqlite'}")).zone.key == "America/Chicago"


def test_who_does_not_answer_is_shown_the_option(tmp_path: Path) -> None:
    status, shown = on_terminal(tmp_path, "\x04", answers=1)
    assert status == 2, shown
    assert "--time-zone or LEMTRADA_TIME_ZONE" in shown
    assert sorted(one.name for one in tmp_path.iterdir()) == ["lines.jsonl"]
