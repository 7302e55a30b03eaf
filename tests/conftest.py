"""Ledgers for the tests: each on SQLite and on a real PostgreSQL, empty, with a clock that stands still."""

from __future__ import annotations

import atexit
import gc
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.clock import Clock

if TYPE_CHECKING:
    # Imported where a fixture needs them: the tests of the policy and the domain start without a store.
    from domain.ledger.application import Ledger
    from tests.api.routes.commands.acts import Api
    from tests.databases import Databases
    from tests.postgres_server import PostgresServer

# Some machines tell Python to write no bytecode. Each of the processes that the tests start would compile the program.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

ZONE = "America/New_York"
NOON = datetime(2026, 4, 28, 16, 0, tzinfo=UTC)
STORES = ("sqlite", "postgresql")

LONG_FILES = {
    "test_every_page.py",
    "test_schemathesis.py",
    "test_laws_of_lives.py",
    "test_laws_of_the_audit_trail.py",
    "test_laws_of_courses.py",
    "test_laws_of_settling.py",
    "test_tampering.py",
    "test_laws_of_histories.py",
    "test_if_match_of_offices.py",
    "test_worklist_days.py",
    "test_laws_of_preconditions.py",
    "test_recording_order.py",
    "test_roles.py",
    "test_conventions.py",
    "test_kills.py",
    "test_http_crash.py",
    "test_standby.py",
    "test_numbers_of_offices.py",
    "test_sealing_kills.py",
    "test_runners_together.py",
    "test_command_line_accesses.py",
    "test_http_privacy.py",
    "test_logs.py",
    "test_http_accesses.py",
    "test_worklist_kept.py",
    "test_http_failover.py",
    "test_http_large_bodies.py",
    "test_audit_trail_growth.py",
    "test_serve.py",
    "test_head_requests.py",
    "test_content_security.py",
}
"""Files that take more than ten seconds; `--no-loadscope-reorder` keeps them first."""

OpenLedger = Callable[..., "Ledger"]


DATA_FOLDERS = Path(tempfile.mkdtemp(prefix="lemtrada-tests-"))
atexit.register(shutil.rmtree, DATA_FOLDERS, ignore_errors=True)


def pytest_runtest_setup() -> None:
    """The user's data folder is never touched: what a server would store there is one test's alone."""
    # Not a fixture: it is set for thousands of tests of pure code, which need none.
    os.environ["XDG_DATA_HOME"] = str(DATA_FOLDERS / uuid4().hex)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the garbage collector need not visit it after every few tests."""
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-browser", action="store_true", help="Leave out what needs a Chromium; the summary says what was."
    )


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores for the whole suite, as many for chosen folders, and none for chosen files.

    The tests that start servers and kill them wait for a fifth of their time. A few files are done before workers have
    started.
    """
    cores = len(os.sched_getaffinity(0))
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        return cores + 1
    return cores if all(Path(one).is_dir() for one in config.args) else 0


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> None:
    """The plugin of the one file that needs it: its import takes longer than the tests of the policy's laws."""
    if file_path.name == "test_schemathesis.py":
        parent.config.pluginmanager.import_plugin("schemathesis.pytest.plugin")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An id is one test's: several processes share tests out by their ids, and of twins they would run one."""
    for item in items:
        if (label := getattr(item, "operation_label", None)) is not None:
            # This pytest asks a test for the parts of its id, and schemathesis gives it a name alone.
            item._id = item.id.with_params(label)
    # Several processes take file after file; the last ones should be short, so that none waits for another.
    items.sort(key=lambda item: item.path.name not in LONG_FILES)
    twins = [one for one, count in Counter(item.nodeid for item in items).items() if count > 1]
    if twins:
        raise pytest.UsageError(f"{twins[0]} is the id of several tests: give each an id of its own")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server a test process. It starts, or the tests fail."""
    from tests.postgres_server import postgres_server  # noqa: PLC0415

    with postgres_server("fsync=off", "synchronous_commit=off", "full_page_writes=off") as server:
        yield server


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ledger_url(store: str, request: pytest.FixtureRequest) -> str:
    """A fresh empty ledger on each store in turn."""
    url: str = request.getfixturevalue(f"{store}_url")
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    from domain.ledger.schema import upgrade  # noqa: PLC0415

    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    upgrade(url, zone=ZONE, entropy=seeded(0))
    return url


@pytest.fixture(scope="session")
def databases(postgres: PostgresServer) -> Databases:
    from domain.ledger.schema import upgrade  # noqa: PLC0415
    from tests.databases import Databases  # noqa: PLC0415

    postgres.execute("CREATE DATABASE {}", "ledger_template")
    upgrade(postgres.url("ledger_template"), zone=ZONE, entropy=seeded(0))
    return Databases(postgres, "ledger_template")


@pytest.fixture
def postgresql_url(databases: Databases) -> Iterator[str]:
    name = databases.take()
    yield databases.server.url(name)
    databases.give_back(name)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def open_here(ledger_url: str, clock: Clock) -> Iterator[OpenLedger]:
    """Opens the test's ledger once more, each time with randomness of its own, and closes it in the end."""
    from domain.ledger.application import open_ledger  # noqa: PLC0415

    with ExitStack() as opened:
        seeds = iter(range(1, 1_000))

        def one_more() -> Ledger:
            return opened.enter_context(open_ledger(ledger_url, clock=clock, entropy=seeded(next(seeds))))

        yield one_more


@pytest.fixture
def ledger(open_here: OpenLedger) -> Ledger:
    return open_here()


@pytest.fixture
def serving_role(postgres: PostgresServer) -> str:
    """A role without any grant; it goes with the server."""
    name = f"server_{uuid4().hex}"
    postgres.execute("CREATE ROLE {} LOGIN PASSWORD 'serving'", name)
    return name


@pytest.fixture
def api(ledger: Ledger) -> Iterator[Api]:
    """The HTTP API over the test's ledger, on each store in turn."""
    from tests.api.callers import client_of  # noqa: PLC0415
    from tests.api.routes.commands.acts import Api  # noqa: PLC0415

    with client_of(ledger) as client:
        yield Api(client, ledger)


def seeded(seed: int) -> Callable[[int], bytes]:
    """Randomness that repeats from run to run."""
    return random.Random(seed).randbytes
