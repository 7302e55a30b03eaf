"""What is given as a database and can't be one: every command says the same, and makes nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
import typer
from psycopg import connect

from api.cli.main import app
from tests.api.cli.test_failures import FAILING, UNKNOWN
from tests.api.cli.test_questions import refused
from tests.ledger.stores.transaction_pooler import pooler
from tests.postgres_server import PostgresServer

ASKED: dict[str, tuple[str, ...]] = {
    **FAILING,
    "demo": (),
    "import": ("{folder}/lines.jsonl", "--time-zone", "America/Chicago"),
    "database upgrade": ("--time-zone", "America/Chicago"),
    "rebuild": (),
    "restore": ("{folder}/plan.tar",),
    "serve": ("--port", "0", "--time-zone", "America/Chicago"),
    **dict.fromkeys(("eligibility", "history", "courses", "person", "requests", "appeals", "accesses"), ("M-1",)),
    "request": (f"{UNKNOWN}.r1",),
    "replay": (f"{UNKNOWN}.r1",),
    "appeal": (f"{UNKNOWN}.a1",),
    **dict.fromkeys(("worklist", "verify", "seal status", "seal key", "token list", "people list"), ()),
    "deadlines check": (),
}
"""How each command with a database is called."""
WITHOUT_DATABASE = {"assess", "explain", "deadlines show", "deadlines schema", "encryption-key new"}
ONLY_SQLITE = {"backup", "restore"}


def with_database() -> set[str]:
    """The commands that have the option --database."""
    found: set[str] = set()
    for name, one in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        below = getattr(one, "commands", {"": one})
        found |= {
            f"{name} {under}".strip()
            for under, command in below.items()
            if any("--database" in parameter.opts for parameter in command.params)
        }
    return found


def test_every_command_with_a_database_is_listed_here() -> None:
    assert with_database() == ASKED.keys() - WITHOUT_DATABASE


def said_by_each(folder: Path, url: str, *left_out: str) -> dict[str, str]:
    """What each command says, one line each."""
    (folder / "lines.jsonl").write_text("")
    (folder / "plan.tar").write_bytes(b"")
    return {
        words: refused(*words.split(), *(one.format(folder=folder) for one in ASKED[words]), "--database", url)
        for words in sorted(with_database() - set(left_out))
    }


@pytest.fixture
def kinds(tmp_path: Path) -> Iterator[dict[str, tuple[Path, str]]]:
    folder, pipe, dangling = tmp_path / "folder", tmp_path / "pipe", tmp_path / "link"
    folder.mkdir()
    os.mkfifo(pipe)
    dangling.symlink_to(tmp_path / "gone.sqlite")
    (tmp_path / "text").write_text("a text")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        yield {
            "folder": (folder, "is a folder, and an SQLite ledger is a file"),
            "device": (Path("/dev/null"), "is a device, and an SQLite ledger is a file"),
            "socket": (tmp_path / "socket", "is a socket, and an SQLite ledger is a file"),
            "pipe": (pipe, "is a pipe, and an SQLite ledger is a file"),
            "link": (dangling, "is a link to a file that does not exist"),
            "in a file": (tmp_path / "text" / "plan.sqlite", "Not a directory"),
            "long": (tmp_path / ("x" * 300), "File name too long"),
        }


@pytest.mark.parametrize("kind", ["folder", "device", "socket", "pipe", "link", "in a file", "long"])
def test_what_is_no_file_is_named_by_every_command(
    kinds: dict[str, tuple[Path, str]], tmp_path: Path, kind: str
) -> None:
    path, cause = kinds[kind]
    before = sorted(tmp_path.iterdir())
    for words, said in said_by_each(tmp_path, f"sqlite:///{path}").items():
        assert f"{path} " in said, words
        assert cause in said, words
        assert "give the path of a file, existing or new, in a folder" in said, words
        assert "--database sqlite:///" in said, words
    assert {*tmp_path.iterdir()} == {*before, tmp_path / "lines.jsonl", tmp_path / "plan.tar"}


@pytest.fixture(scope="module")
def ascii_database(postgres: PostgresServer) -> str:
    name = f"ascii_{uuid4().hex}"
    postgres.execute("CREATE DATABASE {} ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'", name)
    return name


def test_a_database_without_an_encoding_is_refused_before_anything_is_made(
    postgres: PostgresServer, ascii_database: str, tmp_path: Path
) -> None:
    for words, said in said_by_each(tmp_path, postgres.url(ascii_database), *ONLY_SQLITE).items():
        assert "has the encoding SQL_ASCII, and a ledger needs UTF8" in said, words
        assert "CREATE DATABASE plan ENCODING 'UTF8' TEMPLATE template0" in said, words
        assert postgres.password not in said, words
    made = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert postgres.execute(made, database=ascii_database) == [(0,)]


def test_the_remedy_makes_a_database_that_a_ledger_can_have(
    postgres: PostgresServer, ascii_database: str, tmp_path: Path
) -> None:
    url = postgres.url(ascii_database)
    said = refused("database", "upgrade", "--time-zone", "America/Chicago", "--database", url)
    statement = said.rpartition("CREATE DATABASE plan ")[2].strip().rstrip(".")
    name = f"ledger_{uuid4().hex}"
    with closing(connect(postgres.url("postgres"), autocommit=True)) as connection:
        connection.execute(f"CREATE DATABASE {name} {statement}".encode())
    refused_without_zone = refused("database", "upgrade", "--database", postgres.url(name))
    assert "--time-zone" in refused_without_zone


@pytest.mark.parametrize("connections", [1, 2, 5])
def test_a_pooler_in_transaction_mode_is_named_by_every_command(
    postgresql_url: str, tmp_path: Path, connections: int
) -> None:
    with pooler(postgresql_url, "transaction", connections) as port:
        url = f"postgresql://any@127.0.0.1:{port}/plan"
        left_out = ONLY_SQLITE if connections == 1 else with_database() - {"serve", "eligibility", "database upgrade"}
        for words, said in said_by_each(tmp_path, url, *left_out).items():
            assert "there is a connection pooler in transaction mode" in said, words
            assert "PgBouncer: pool_mode = session" in said, words
