"""`serve` as a real process: it answers, on this machine only, says nothing of patients, and stops cleanly."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfoNotFoundError

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.demo import REVIEWER, SITUATIONS, fill
from api.identity import Identity, headers_for
from api.server import serve, which_ledger
from domain.events.patient import Member
from domain.ledger.application import open_ledger
from domain.policy.editions import EDITIONS

PROGRAM: Final = (
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'lemtrada-ledger'; from api.cli.main import main; main()",
)
SECONDS_MAX: Final = 60
MID_COURSE: Final = "DEMO-0003"


@dataclass
class Served:
    """A running `serve`: its address, what it has printed, and its process."""

    process: subprocess.Popen[str]
    printed: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.printed[-1].split()[1]

    def get(self, path: str, **more: Any) -> httpx2.Response:
        return httpx2.get(f"{self.url}{path}", timeout=SECONDS_MAX, **more)

    def stop(self, by: signal.Signals) -> tuple[int, str]:
        """The exit status, and all that went to standard error."""
        self.process.send_signal(by)
        _, complaints = self.process.communicate(timeout=SECONDS_MAX)
        return self.process.returncode, complaints


@contextmanager
def served(*arguments: str, program: tuple[str, ...] = PROGRAM, **environment: str) -> Iterator[Served]:
    """`serve` on a free port, once it has printed its address; killed at the end if it still runs."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LEMTRADA_")}
    process = subprocess.Popen(
        [*program, "serve", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=inherited | {"PYTHONWARNINGS": "error"} | environment,
    )
    too_slow = threading.Timer(SECONDS_MAX, process.kill)
    too_slow.start()
    try:
        assert process.stdout is not None
        one = Served(process)
        for line in process.stdout:
            one.printed.append(line)
            if line.startswith("Serving "):
                break
        else:
            pytest.fail(f"serve ended without an address: {process.communicate()[1]}")
        yield one
    finally:
        too_slow.cancel()
        process.kill()
        process.communicate()


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["serve", *arguments])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr


def as_curl_does(line: str) -> httpx2.Response:
    """Sends what a printed curl line says: its URL, -H headers and -d body."""
    program, silent, url, *options = shlex.split(line)
    assert (program, silent) == ("curl", "-s")
    pairs = list(zip(options[::2], options[1::2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in pairs if option == "-H")
    body = next((value for option, value in pairs if option == "-d"), None)
    return httpx2.request("GET" if body is None else "POST", url, headers=headers, content=body, timeout=SECONDS_MAX)


def check_head(one: Served) -> None:
    """HEAD is answered as GET, and the connection goes on after it."""
    with httpx2.Client(base_url=one.url, timeout=SECONDS_MAX) as client:
        for path in ("/health/live", "/docs", "/sign-in"):
            head, read = client.head(path), client.get(path)
            assert (head.status_code, head.content) == (200, b"")
            assert {**head.headers, "date": ""} == {**read.headers, "date": ""}


def test_the_demo_is_served_can_be_asked_and_is_gone_afterwards(tmp_path: Path) -> None:
    # The database of the environment is not the demo's, and the demo must not touch it.
    with served("--demo", TMPDIR=str(tmp_path), LEMTRADA_DATABASE=f"sqlite:///{tmp_path}/nobody.sqlite") as one:
        ready = one.get("/health/ready").json()
        assert (ready["status"], ready["plan_time_zone"]) == ("ready", "America/New_York")
        assert ready["editions"][0]["edition"] == EDITIONS[0].key
        assert one.get("/docs").status_code == 200
        check_head(one)

        text = "".join(one.printed)
        assert all(situation.shows in text for situation in SITUATIONS)
        find, eligibility = (line.strip() for line in one.printed if line.strip().startswith("curl"))
        found = as_curl_does(find).json()
        answer = as_curl_does(eligibility).json()
        assert answer["patient_id"] == found["patient_id"]
        assert answer["doses_usable"] == 3
        assert one.get(f"/patients/{found['patient_id']}/history?secret=1").status_code == 401
        headers = {"Authorization": re.findall(r"Bearer \w+", text)[0]}
        assert one.get(f"/patients/{found['patient_id']}/history?secret=1", headers=headers).status_code == 422

        _, *history = shlex.split(next(line for line in one.printed if " history " in line))
        told = CliRunner().invoke(app, history)
        assert told.exit_code == 0, told.output
        assert "CourseApproved" in told.stdout

        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o077 == 0
        # Nothing was logged: neither a path nor a query, nor a member id.
        assert one.stop(signal.SIGTERM) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_a_new_ledger_is_made_and_only_this_machine_is_answered(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    with served("--database", url, TZ="Asia/Tokyo") as one:
        # A new ledger takes the zone of the machine, and says so.
        assert one.printed[0] == f"Ledger: {url} (time zone Asia/Tokyo)\n"
        port = one.url.rpartition(":")[2]
        for host in (f"127.0.0.1:{port}", f"localhost:{port}", "LOCALHOST", f"[::1]:{port}"):
            assert one.get("/health/live", headers={"Host": host}).status_code == 200, host
        for host in ("evil.example", f"127.0.0.1.evil.example:{port}", "192.168.1.5", "[::2]", "[", "localhost@evil"):
            answer = one.get("/me", headers={"Host": host})
            assert (answer.status_code, answer.json()["field"]) == (421, "Host"), host
            assert one.get("/health/live", headers={"Host": host}).status_code == 200, "a health check of this machine"
        assert one.get("/health/live", headers={"Origin": one.url}).status_code == 200
        for origin in ("https://evil.example", "null", "http://localhost.evil.example"):
            answer = one.get("/health/live", headers={"Origin": origin})
            assert (answer.status_code, answer.json()["field"]) == (403, "Origin"), origin
        assert "Address already in use (--port)" in refused("--demo", "--port", port)
        status, said = one.stop(signal.SIGINT)
        refusals = [json.loads(line)["reason"] for line in said.splitlines()]
        assert (status, refusals) == (0, ["wrong_host"] * 6 + ["cross_site"] * 3)
    # The zone is the ledger's from then on.
    line = refused("--database", url, "--port", "0", "--time-zone", "America/Chicago")
    assert "uses the time zone Asia/Tokyo, not America/Chicago" in line


SLOW_TO_START: Final = """
import asyncio, uvicorn
startup = uvicorn.Server.startup
async def slowly(self, sockets=None):
    await asyncio.sleep(6)
    await startup(self, sockets)
uvicorn.Server.startup = slowly
"""


@pytest.mark.parametrize("arguments", [("--demo", "--patients", "1"), ("--database", "sqlite:///{}/new.sqlite")])
def test_the_address_answers_when_it_is_printed(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """The socket listens before; a request that is sent then would wait until the server has started."""
    starts_slowly = (*PROGRAM[:2], f"{SLOW_TO_START}\n{PROGRAM[2]}")
    named = tuple(one.format(tmp_path) for one in arguments)
    with served(*named, program=starts_slowly, TZ="America/New_York") as one:
        started = time.monotonic()
        assert one.get("/health/live").status_code == 200
        assert time.monotonic() - started < 5
        links = [line for line in one.printed if "/sign-in/" in line]
        assert links, "each printed address answers"
        assert all(httpx2.get(line.split()[-1]).status_code == 200 for line in links)


def test_a_postgresql_ledger_is_served(postgresql_url: str) -> None:
    fill(postgresql_url, patients=3)
    with open_ledger(postgresql_url) as ledger:
        headers = headers_for(Identity(ledger), REVIEWER)
    with served(LEMTRADA_DATABASE=postgresql_url) as one:
        assert postgresql_url not in one.printed[0], "the URL carries a password"
        with open_ledger(postgresql_url) as ledger:
            patient_id = ledger.find(Member(member_id=MID_COURSE))
        assert one.get(f"/patients/{patient_id}/eligibility", headers=headers).json()["doses_usable"] == 3
        assert one.stop(signal.SIGTERM) == (0, "")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", "127.0.0.1.evil.example", "", "10.1"])
def test_a_host_beyond_this_machine_needs_the_public_url_and_the_error_says_so(host: str) -> None:
    line = refused("--demo", "--port", "0", "--host", host)
    assert "the server needs a proxy with TLS, and no public address is given (--host)" in line
    assert "add --public-url https://…, or serve only this machine with 127.0.0.1, ::1 or localhost" in line


@pytest.mark.parametrize("host", ["127.0.0.1", "127.5.5.5", "localhost", "LocalHost", "::1"])
def test_every_loopback_host_is_listened_on(host: str) -> None:
    if host == "::1" and not _has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with serve.listening(host, 0) as listener:
        url = serve.url_of(listener)
        assert listener.getsockname()[1] > 0
    expected = {"::1": "http://[::1]:", "127.5.5.5": "http://127.5.5.5:"}.get(host, "http://127.0.0.1:")
    assert url.startswith(expected)


def _has_ipv6() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6)) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_an_answer_is_not_held_back_for_more_to_send() -> None:
    """As asyncio has it: it turns the delay off on sockets that say that they are of TCP."""

    async def asked() -> int:
        reached: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            reached.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with serve.listening("127.0.0.1", 0) as listener:
            async with await asyncio.start_server(answer, sock=listener):
                _, writer = await asyncio.open_connection(*listener.getsockname())
                writer.close()
                return await reached

    assert asyncio.run(asked()) == 1


def test_a_port_in_use_is_one_line_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with serve.listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        line = refused("--port", str(port), "--database", f"sqlite:///{tmp_path / 'new.sqlite'}")
    assert line.startswith(f"port {port} of 127.0.0.1 can't be opened: ")
    assert "--port 0 selects a free port" in line
    assert list(tmp_path.iterdir()) == []


def test_the_demo_takes_no_database(tmp_path: Path) -> None:
    line = refused("--demo", "--port", "0", "--database", f"sqlite:///{tmp_path / 'mine.sqlite'}")
    assert "(--database): use --demo or --database, not both" in line
    assert list(tmp_path.iterdir()) == []


# -- the zone of a new ledger -----------------------------------------------------------------


@pytest.mark.parametrize("named", [None, "", ZoneInfoNotFoundError("two that conflict")])
def test_a_machine_that_does_not_name_its_zone_is_not_guessed_at(
    named: str | Exception | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get_localzone_name() -> str | None:
        if isinstance(named, Exception):
            raise named
        return named

    monkeypatch.setattr("tzlocal.get_localzone_name", get_localzone_name)
    line = refused("--port", "0", "--database", f"sqlite:///{tmp_path / 'new.sqlite'}")
    assert line.startswith("This machine does not name its time zone: give the plan's time zone with --time-zone")
    assert list(tmp_path.iterdir()) == []


def test_the_machines_zone_is_only_for_a_ledger_that_is_not_there_yet(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'plan.sqlite'}"
    assert which_ledger.zone_to_open_with(url, None, lambda: "Europe/Oslo") == "Europe/Oslo"
    assert which_ledger.zone_to_open_with(url, "Asia/Tokyo", lambda: "Europe/Oslo") == "Asia/Tokyo"
    fill(url, zone="Asia/Tokyo", patients=1)
    assert which_ledger.zone_to_open_with(url, None, lambda: "Europe/Oslo") is None
    assert which_ledger.zone_to_open_with("postgresql://127.0.0.1/plan", None, lambda: "Europe/Oslo") is None


def test_what_fails_is_logged_by_its_kind_and_place_alone(caplog: pytest.LogCaptureFixture) -> None:
    """The text of an exception may quote what was sent."""
    logger = logging.getLogger("test-of-the-filter")
    logger.addFilter(serve.WithoutRequestData())
    try:
        int("Alma Synthetic, born 1988-05-17")
    except ValueError:
        logger.exception("Exception in ASGI application")
    assert "ValueError" in caplog.text
    assert "test_serve.py" in caplog.text
    assert "Alma" not in caplog.text
