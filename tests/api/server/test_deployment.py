"""The deployment in OPERATIONS.md works: its files and its commands, with two real processes on one PostgreSQL."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx2
import psycopg
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from domain.ledger.documents.store import DOCUMENT_BYTES_MAX
from tests import ROOT
from tests.api.server.server import PROGRAM, tokens_at
from tests.docs import between, block
from tests.postgres_server import PostgresServer
from tests.story import NURSE

FOLDER: Final = ROOT / "api" / "server" / "deployment"
UNIT: Final = FOLDER / "lemtrada-ledger@.service"
CADDYFILE: Final = FOLDER / "Caddyfile"
COMMANDS: Final = block(between(ROOT / "api" / "server" / "OPERATIONS.md", "deployment"), "sh").splitlines()
INSTALLED: Final = "/opt/lemtrada-ledger/bin/lemtrada-ledger"
HOST: Final = "ledger.plan.example"
SECONDS_MAX: Final = 60


def unit() -> ConfigParser:
    parser = ConfigParser(strict=True, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT, encoding="utf-8")
    return parser


def settings() -> dict[str, str]:
    lines = (FOLDER / "ledger.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


# -- the database -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Database:
    """The database of the guide under a name of its own, because the tests share one server."""

    owner_url: str
    serving_url: str


@pytest.fixture
def database(postgres: PostgresServer) -> Database:
    """Made by the statements of the guide, and by its command that creates the schema."""
    own = uuid4().hex
    renamed = {"ledger_owner": f"owner_{own}", "ledger": f"ledger_{own}", "plan": f"plan_{own}"}

    def here(text: str) -> str:
        text = re.sub(r"\b(ledger_owner|ledger|plan)\b", lambda found: renamed[found[0]], text)
        return text.replace("127.0.0.1:5432", f"127.0.0.1:{postgres.port}")

    statements = re.sub(r"^--.*$", "", (FOLDER / "database.sql").read_text(encoding="utf-8"), flags=re.MULTILINE)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        for statement in filter(str.strip, statements.split(";")):
            connection.execute(here(statement).encode())
    (upgrade,) = (line for line in COMMANDS if line.startswith(INSTALLED))
    words = shlex.split(upgrade.removeprefix(INSTALLED))
    words[words.index("--database") + 1] = here(words[words.index("--database") + 1])
    words[words.index("--serving-role") + 1] = here(words[words.index("--serving-role") + 1])
    created = CliRunner().invoke(app, words)
    assert created.exit_code == 0, created.output
    owner_url, serving_url = words[words.index("--database") + 1], here(settings()["LEMTRADA_DATABASE"])
    return Database(owner_url, serving_url)


# -- the processes ----------------------------------------------------------------------------


@contextmanager
def processes(database: Database, folder: Path, *ports: int, **more: str) -> Iterator[dict[int, subprocess.Popen[str]]]:
    """The command of the unit, once for each port, with the settings of the guide. Still running ones are killed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEMTRADA_")}
    own = {"LEMTRADA_DATABASE": database.serving_url, "LEMTRADA_SEAL_DIR": str(folder / "seal"), "HOME": str(folder)}
    running: dict[int, subprocess.Popen[str]] = {}
    try:
        for port in ports:
            running[port] = started(port, environment | settings() | own | more)
        yield running
    finally:
        for process in running.values():
            process.kill()
            process.communicate()


def started(port: int, environment: dict[str, str]) -> subprocess.Popen[str]:
    program, *arguments = shlex.split(unit()["Service"]["ExecStart"].replace("%i", str(port)))
    assert program == INSTALLED
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    too_slow = threading.Timer(SECONDS_MAX, process.kill)
    too_slow.start()
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Serving "):
            too_slow.cancel()
            return process
    raise AssertionError(process.communicate()[1])


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in taken]


def through_proxy(port: int, method: str, path: str, **more: object) -> httpx2.Response:
    """What the proxy sends to a process for a client, with the headers that it sets."""
    headers = {"Host": HOST, "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": HOST}
    headers |= more.pop("headers", {})  # type: ignore[arg-type]
    url = f"http://127.0.0.1:{port}{path}"
    return httpx2.request(method, url, headers=headers, timeout=SECONDS_MAX, **more)  # type: ignore[arg-type]


def opening(number: int) -> dict[str, object]:
    return {"member": {"member_id": f"M-{number}"}, "name": "Alma Synthetic"}


def test_two_processes_serve_one_ledger_and_one_is_killed(database: Database, tmp_path: Path) -> None:
    token = {"Authorization": tokens_at(database.owner_url)[NURSE]}
    one, other = free_ports(2)
    with processes(database, tmp_path, one, other) as running:
        for port in (one, other):
            assert through_proxy(port, "GET", "/health/ready").status_code == 200
            # Whoever comes past the proxy is another host, and only health checks are answered for any host.
            assert httpx2.get(f"http://127.0.0.1:{port}/health/ready", headers={"Host": "x.example"}).status_code == 200
            assert httpx2.get(f"http://127.0.0.1:{port}/me", headers={"Host": "x.example"}).status_code == 421
        made = through_proxy(one, "POST", "/patients", headers=token, json=opening(1))
        assert made.status_code == 201, made.text
        path = f"/patients/{made.json()['patient_id']}/eligibility"
        assert through_proxy(other, "GET", path, headers=token).status_code == 200
        running[one].kill()
        running[one].communicate()
        again = through_proxy(other, "POST", "/patients", headers=token, json=opening(2))
        assert again.status_code == 201
        # As systemd does it (Restart=always).
        with processes(database, tmp_path, one):
            path = f"/patients/{again.json()['patient_id']}/eligibility"
            assert through_proxy(one, "GET", path, headers=token).status_code == 200
        running[other].send_signal(getattr(signal, unit()["Service"]["KillSignal"]))
        assert running[other].wait(timeout=float(unit()["Service"]["TimeoutStopSec"])) == 0
    assert unit()["Service"]["Restart"] == "always"


def test_the_serving_role_of_the_guide_cannot_change_the_record(database: Database) -> None:
    with (
        psycopg.connect(database.serving_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("DELETE FROM stored_events")
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("SHOW server_encoding").fetchall() == [("UTF8",)]


# -- the files --------------------------------------------------------------------------------


def test_the_files_are_installed_where_the_unit_looks_for_them(tmp_path: Path) -> None:
    copies = [line for line in COMMANDS if line.startswith("install ")]
    assert len(copies) == 3
    for line in copies:
        subprocess.run(shlex.split(line.replace(" /etc/", f" {tmp_path}/etc/")), cwd=ROOT, check=True)
    found = {f"/{one.relative_to(tmp_path)}": one for one in tmp_path.rglob("*") if one.is_file()}
    environment = found[unit()["Service"]["EnvironmentFile"]]
    assert environment.stat().st_mode & 0o777 == 0o600
    assert found["/etc/systemd/system/lemtrada-ledger@.service"].read_bytes() == UNIT.read_bytes()
    assert len(found) == 3


def test_the_files_and_the_commands_agree() -> None:
    assert {one.name for one in FOLDER.iterdir()} == {UNIT.name, CADDYFILE.name, "ledger.env", "database.sql"}
    ports = re.findall(r"lemtrada-ledger@(\d+)", next(line for line in COMMANDS if "enable --now" in line))
    caddy = CADDYFILE.read_text(encoding="utf-8")
    assert re.findall(r"reverse_proxy (.+) \{", caddy) == [" ".join(f"127.0.0.1:{port}" for port in ports)]
    assert settings()["LEMTRADA_PUBLIC_URL"] == f"https://{HOST}"
    assert caddy.startswith(f"{HOST} {{")
    assert f"Host {HOST}\n" in caddy
    (size,) = re.findall(r"max_size (\d+)MiB", caddy)
    assert int(size) * 1024**2 > DOCUMENT_BYTES_MAX
    user = unit()["Service"]["User"]
    assert next(line for line in COMMANDS if line.startswith("useradd")).endswith(f" {user}")
    state = f"/var/lib/{unit()['Service']['StateDirectory']}"
    assert settings()["LEMTRADA_SEAL_DIR"].startswith(f"{state}/")
    (sync,) = (line for line in COMMANDS if " sync " in line)
    assert INSTALLED.startswith(re.findall(r"UV_PROJECT_ENVIRONMENT=(\S+)", sync)[0] + "/")


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine, so the unit of the guide was read but not verified")
    copy = tmp_path / UNIT.name
    # The program is not installed here. Everything else is as in the guide.
    copy.write_text(UNIT.read_text(encoding="utf-8").replace(INSTALLED, sys.executable), encoding="utf-8")
    wrong = tmp_path / "wrong@.service"
    wrong.write_text(copy.read_text(encoding="utf-8").replace("Restart=always", "Restart=sometimes"), encoding="utf-8")
    for file, is_right in ((copy, True), (wrong, False)):
        named = file.with_name(file.name.replace("@", "@8001"))
        file.rename(named)
        done = subprocess.run([program, "verify", str(named)], capture_output=True, text=True, check=False)
        lines = [line for line in done.stderr.splitlines() if named.name in line]
        assert (lines == []) is is_right, done.stderr


def test_caddy_serves_both_processes_with_the_caddyfile(database: Database, tmp_path: Path) -> None:
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("Caddy is not on this machine, so the Caddyfile of the guide was read but not run")
    one, other, front = free_ports(3)
    url = f"http://127.0.0.1:{front}"
    text = CADDYFILE.read_text(encoding="utf-8").replace(
        "127.0.0.1:8001 127.0.0.1:8002", f"127.0.0.1:{one} 127.0.0.1:{other}"
    )
    # Without a certificate. The Host is that of the address that clients use here.
    text = text.replace(f"{HOST} {{", f"{url} {{", 1).replace(f"Host {HOST}\n", f"Host 127.0.0.1:{front}\n")
    (tmp_path / "Caddyfile").write_text(f"{{\n\tadmin off\n}}\n{text}", encoding="utf-8")
    token = {"Authorization": tokens_at(database.owner_url)[NURSE]}
    with processes(database, tmp_path, one, other, LEMTRADA_PUBLIC_URL=url) as running:
        command = [program, "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
        home = os.environ | {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        with subprocess.Popen(command, cwd=tmp_path, env=home, stderr=subprocess.DEVNULL) as caddy:
            try:
                until_ready(f"{url}/health/ready")
                made = httpx2.post(f"{url}/patients", headers=token, json=opening(1), timeout=SECONDS_MAX)
                assert made.status_code == 201, made.text
                running[one].kill()
                running[one].communicate()
                found = {made.json()["patient_id"]}
                for number in range(2, 8):
                    # Caddy does not repeat what it sent to the killed process. The client does, under the same key.
                    key = {"Idempotency-Key": f"M-{number}"}
                    for _ in range(3):
                        again = httpx2.post(
                            f"{url}/patients", headers=token | key, json=opening(number), timeout=SECONDS_MAX
                        )
                        if again.status_code != 502:
                            break
                    assert again.status_code == 201, again.text
                    found.add(again.json()["patient_id"])
                assert len(found) == 7
            finally:
                caddy.kill()


def until_ready(url: str) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        with suppress(httpx2.HTTPError):
            if httpx2.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.2)
    raise AssertionError(f"{url} was not ready in time")
