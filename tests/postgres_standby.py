"""PostgreSQL servers that were made from another by pg_basebackup: a streaming standby, and one restored from a backup.

Everything is real and on loopback: the wheel's programs, streaming replication, an archive of the log.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.postgres_server import PostgresServer, postgres_server, running, server_folder

STANDBY = "standby"
"""What a standby calls itself, for `synchronous_standby_names`, and its slot."""


def wait_until(happened: Callable[[], object], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


# -- a primary and its standby ----------------------------------------------------------------


@dataclass
class Pair:
    """Two servers at ports that stay. At first `primary` streams to `standby`; a failover exchanges their names."""

    primary: PostgresServer
    standby: PostgresServer

    def url(self, database: str = "postgres") -> str:
        """The superuser's, naming both servers, the lower port first whichever is the primary."""
        ports = sorted((self.primary.port, self.standby.port))
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        return self.primary.url(database).replace(f"127.0.0.1:{self.primary.port}", hosts)

    def fail_over(self) -> None:
        """kill -9 the primary; then the standby is promoted, and commits alone until another joins it."""
        self.primary.kill()
        promote(self.standby)
        self.primary, self.standby = self.standby, self.primary

    def rejoin(self) -> None:
        """Rebuilds the killed server as the standby: what only that server may have stored was never acknowledged."""
        shutil.rmtree(self.standby.folder / "data")
        copy(self.primary, self.standby.folder, "--write-recovery-conf", "--create-slot", f"--slot={STANDBY}")
        self.standby.start()
        wait_for_standby(self.primary)

    def replicate_synchronously(self) -> None:
        """From now on nothing is acknowledged before the standby has it on its disk."""
        self.primary.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        self.primary.execute("SELECT pg_reload_conf()")
        wait_until(lambda: self._replication() == ["sync"], "the standby is synchronous")

    def _replication(self) -> list[str]:
        return [state for (state,) in self.primary.execute("SELECT sync_state FROM pg_stat_replication")]


@contextmanager
def primary_and_standby(*settings: str) -> Iterator[Pair]:
    """A primary that streams to a standby, asynchronously until `replicate_synchronously`."""
    with postgres_server(*settings) as primary, server_folder() as folder:
        copy(primary, folder, "--write-recovery-conf", "--create-slot", f"--slot={STANDBY}")
        with running(replace(primary, folder=folder)) as standby:
            pair = Pair(primary, standby)
            wait_for_standby(primary)
            try:
                yield pair
            finally:
                if pair.standby.is_running():
                    # Before its primary, which otherwise waits for it.
                    pair.standby.crash()


def promote(server: PostgresServer) -> None:
    server.run("pg_ctl", "-D", "data", "-w", "-t", "60", "promote")


def wait_for_standby(primary: PostgresServer) -> None:
    streams = f"SELECT 1 FROM pg_stat_replication WHERE application_name = '{STANDBY}' AND state = 'streaming'"
    wait_until(lambda: primary.execute(streams), "the standby streams")


# -- a backup and its restoring ---------------------------------------------------------------


def copy(server: PostgresServer, folder: Path, *options: str) -> None:
    """A base backup in `folder`/data, while the server runs."""
    source = f"{server.url('postgres')}?application_name={STANDBY}"
    server.run(
        "pg_basebackup",
        *("--dbname", source, "--pgdata", str(folder / "data"), "--checkpoint=fast", "--no-sync", *options),
    )


def archiving(archive: Path) -> tuple[str, ...]:
    """The settings by which a server hands its log over to `archive`, file by file."""
    place = shlex.quote(str(archive))
    return "archive_mode=on", f"archive_command=test ! -f {place}/%f && cp %p {place}/%f"


def archive_all(server: PostgresServer) -> None:
    """Comes back when all that is committed is in the archive."""
    ((last,),) = server.execute("SELECT pg_walfile_name(pg_current_wal_lsn())")
    server.execute("SELECT pg_switch_wal()")
    arrived = f"SELECT last_archived_wal >= '{last}' FROM pg_stat_archiver"
    wait_until(lambda: server.execute(arrived) == [(True,)], "the log is archived")


@contextmanager
def restored(backup: Path, server: PostgresServer, archive: Path, until: str | None = None) -> Iterator[PostgresServer]:
    """A new server from a backup of `server` and the archived log, to the moment `until`, or to the archive's end."""
    with server_folder() as folder:
        subprocess.run(["cp", "-a", backup / "data", folder / "data"], check=True)
        (folder / "data" / "recovery.signal").touch()
        kept = tuple(one for one in server.settings if not one.startswith("archive_"))
        settings = (
            *kept,
            f"restore_command=cp {shlex.quote(str(archive))}/%f %p",
            *([f"recovery_target_time={until}", "recovery_target_action=promote"] if until else []),
        )
        with running(replace(server, folder=folder, settings=settings)) as found:
            wait_until(lambda: found.execute("SELECT NOT pg_is_in_recovery()") == [(True,)], "it is restored")
            yield found
