"""A URL that names several hosts: the one that takes writes is found, and found again when it is another.

And what a program is told where there is none: one clear error, until there is one again.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from domain.ledger.application import open_ledger
from domain.ledger.errors import StoreError
from domain.ledger.schema import upgrade
from domain.ledger.stores import postgres_datastore
from domain.ledger.stores.postgres_datastore import connection_parameters
from domain.ledger.stores.urls import PostgresAddress, address_of
from projections.worklist.storage import UNAVAILABLE
from tests.clock import Clock
from tests.conftest import NOON, ZONE, seeded
from tests.ledger.acts import dose, dosed, opened
from tests.postgres_server import PostgresServer
from tests.postgres_standby import Pair, primary_and_standby, promote, wait_until
from tests.story import NURSE


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with primary_and_standby("fsync=off") as found:
        upgrade(found.primary.url("postgres"), zone=ZONE, entropy=seeded(0))
        yield found


def at(pair: Pair, *servers: PostgresServer) -> str:
    hosts = ",".join(f"127.0.0.1:{one.port}" for one in servers)
    return pair.primary.url("postgres").replace(f"127.0.0.1:{pair.primary.port}", hosts)


def test_a_standby_that_is_named_first_is_passed_over(pair: Pair) -> None:
    with open_ledger(at(pair, pair.standby, pair.primary), clock=Clock(NOON)) as ledger:
        assert dosed(ledger, opened(ledger, "M-first"), 0)[0].history.version == 2


def test_a_host_where_nobody_listens_is_passed_over(pair: Pair) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = at(pair, replace(pair.standby, port=unused.getsockname()[1]), pair.primary)
        with open_ledger(url, clock=Clock(NOON)) as ledger:
            assert opened(ledger, "M-nobody")


def test_a_standby_alone_answers_questions(pair: Pair) -> None:
    with open_ledger(pair.primary.url("postgres"), clock=Clock(NOON)) as ledger:
        patient_id = opened(ledger, "M-alone")
        dosed(ledger, patient_id, 0)
        end = ledger.position()
    with open_ledger(pair.standby.url("postgres"), clock=Clock(NOON)) as reading:
        wait_until(lambda: reading.position() == end, "the standby has it")
        assert len(reading.history(patient_id).doses) == 1


def test_a_standby_alone_takes_no_command_and_says_so(pair: Pair) -> None:
    with open_ledger(pair.primary.url("postgres"), clock=Clock(NOON)) as ledger:
        patient_id = opened(ledger, "M-refused")
        end = ledger.position()
    with open_ledger(pair.standby.url("postgres"), clock=Clock(NOON)) as reading:
        wait_until(lambda: reading.position() == end, "the standby has it")
        with pytest.raises(UNAVAILABLE, match=r"read-only|recovery"):
            dosed(reading, patient_id, 1)
        assert reading.history(patient_id).version == 1


def test_where_no_host_takes_writes_the_error_says_so(pair: Pair) -> None:
    with pytest.raises(StoreError, match="read-only") as caught:
        open_ledger(at(pair, pair.standby, pair.standby))
    assert pair.standby.password not in str(caught.value)


def test_a_host_that_vanishes_without_a_word_is_noticed_in_half_a_minute(pair: Pair) -> None:
    """Asked of the connection's own socket; nothing else of it can be tried on one machine."""
    address = address_of(pair.url())
    assert isinstance(address, PostgresAddress)
    with (
        psycopg.connect(**connection_parameters(address)) as connection,
        socket.socket(fileno=connection.fileno()) as own,
    ):
        asked = [own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)]
        for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT"):
            asked.append(own.getsockopt(socket.IPPROTO_TCP, getattr(socket, option)))
        own.detach()
    assert asked == [1, 10, 5, 3, 25_000]


# -- while there is none ----------------------------------------------------------------------


def has_a_ledger(url: str) -> bool:
    try:
        open_ledger(url).close()
    except StoreError:
        return False
    return True


def test_until_a_standby_is_promoted_there_is_one_clear_error_and_then_the_same_ledger_works_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres_datastore, "WAIT_SECONDS", 0.1)
    with primary_and_standby("fsync=off") as pair:
        upgrade(pair.primary.url("postgres"), zone=ZONE, entropy=seeded(0))
        with open_ledger(pair.url(), clock=Clock(NOON)) as ledger:
            patient_id = opened(ledger)
            end = ledger.position()
            # Nothing waits for the standby here: what was committed comes to it a moment later.
            wait_until(lambda: has_a_ledger(pair.standby.url("postgres")), "the standby has the ledger")
            with open_ledger(pair.standby.url("postgres")) as reading:
                wait_until(lambda: reading.position() == end, "the standby has it")
            pair.primary.kill()
            for attempt in (lambda: ledger.execute(patient_id, dose(0), NURSE, key="k"), ledger.position):
                with pytest.raises(UNAVAILABLE, match="no connection to postgresql://127") as caught:
                    attempt()
                assert pair.primary.password not in str(caught.value)
            promote(pair.standby)
            outcome = ledger.execute(patient_id, dose(0), NURSE, key="k")
            assert (outcome.replayed, outcome.history.version) == (False, 2)
            assert dosed(ledger, patient_id, 1)[0].history == ledger.history(patient_id)
