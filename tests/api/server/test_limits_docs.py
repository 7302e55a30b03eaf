"""The table of limits in OPERATIONS.md states the numbers of the program, and no limit is missing."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Final

import pytest

from api.http import bodies, problems
from api.identity import jwks, limits
from api.server import serve
from api.server.connections import FILES_FOR_THE_LEDGER, FILES_WANTED, Limits, connections_allowed
from domain.ledger.documents.content import DOCUMENT_BYTES_MAX
from tests import ROOT
from tests.docs import between

OPERATIONS: Final = ROOT / "api" / "server" / "OPERATIONS.md"
TABLE: Final = {
    cells[0]: cells[1:]
    for line in between(OPERATIONS, "limits").splitlines()
    if line.startswith("| ") and not line.startswith(("| What |", "| --- |"))
    for cells in [[cell.strip() for cell in line.strip().strip("|").split("|")]]
}
OURS: Final = Limits()


def kib(number: int) -> str:
    assert number % 1024 == 0
    return f"{number // 1024} KiB"


def mib(number: int) -> str:
    assert number % 1024**2 == 0
    return f"{number // 1024**2} MiB"


def seconds(number: float) -> str:
    return f"{number:g} second{'' if number == 1 else 's'}"


STATED: Final[dict[str, tuple[str, ...]]] = {
    "URL and headers of a request": (kib(OURS.head_bytes), f"{OURS.headers} headers"),
    "Time for the URL and the headers": (seconds(OURS.head_seconds),),
    "Connection without a request": (seconds(OURS.head_seconds), seconds(serve.SECONDS_BETWEEN_REQUESTS)),
    "Body": (kib(bodies.BODY_BYTES_MAX),),
    "Values in a body": (f"{bodies.BODY_VALUES_MAX:,}", f"{bodies.NAMES_MAX} names"),
    "Errors in an answer": (f"{problems.ERRORS_SHOWN_MAX}.", f"more than {bodies.ALL_ERRORS_MAX} values"),
    "Document": (mib(DOCUMENT_BYTES_MAX),),
    "Bytes that are read and dropped after a refusal": (mib(bodies.DISCARDED_BYTES_MAX),),
    "Time for the body": (seconds(OURS.body_seconds), f"1 second more for each {kib(OURS.body_bytes_per_second)}"),
    "Time until the client receives the next part of an answer": (seconds(OURS.answer_seconds),),
    "Connections": (f"{OURS.connections:,}", f"{FILES_FOR_THE_LEDGER} fewer", f"{FILES_WANTED:,}"),
    "Stop": (seconds(OURS.seconds_to_stop), seconds(serve.SECONDS_TO_FINISH)),
    "Wrong sign-in codes from one address": (f"{limits.PER_ORIGIN.amount} a minute",),
    "Wrong sign-in codes from all addresses": (
        f"{limits.ALL_ORIGINS.amount} a minute",
        f"{seconds(limits.DELAY_SECONDS)} longer",
        f"at most {limits.DELAYED_MAX} answers",
    ),
    "Keys of the OpenID provider": (
        seconds(jwks.TIMEOUT_SECONDS),
        f"{jwks.TRIES_MAX} in {seconds(jwks.TRIES_SECONDS)}",
        f"at most {seconds(jwks.OTHERS_WAIT_SECONDS)}",
        f"at most {jwks.OTHERS_WAITING_MAX} wait",
    ),
}


def test_the_table_has_a_row_for_each_limit_and_no_other() -> None:
    assert set(TABLE) == set(STATED)
    # A new field of the limits needs a row.
    assert {one.name for one in fields(Limits)} == {
        "head_bytes", "headers", "head_seconds", "body_seconds", "body_bytes_per_second", "answer_seconds",
        "connections", "seconds_to_stop", "linger_seconds",
    }  # fmt: skip


@pytest.mark.parametrize("what", STATED)
def test_a_row_states_the_numbers_of_the_program(what: str) -> None:
    row = " | ".join(TABLE[what])
    for text in STATED[what]:
        assert text in row, (text, row)


def test_a_server_that_is_stopped_has_time_for_the_rest_of_a_body_and_for_its_answer() -> None:
    assert OURS.seconds_to_stop + OURS.linger_seconds < serve.SECONDS_TO_FINISH


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
@pytest.mark.parametrize(
    ("soft", "hard", "raised_to", "connections"),
    [
        (1_024, 1_048_576, 4_096, 1_000),
        (1_024, -1, 4_096, 1_000),
        (1_024, 1_024, None, 824),
        (256, 512, 512, 312),
        (64, 64, None, 1),
        (8_192, 8_192, None, 1_000),
        (-1, -1, None, 1_000),
    ],
)
def test_the_number_of_connections_fits_the_files_that_the_process_may_open(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised_to: int | None, connections: int
) -> None:
    resource = pytest.importorskip("resource")
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, to: raised.append(to))
    assert connections_allowed() == connections
    assert raised == ([] if raised_to is None else [(raised_to, hard)])
