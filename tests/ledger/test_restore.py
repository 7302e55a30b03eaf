"""A ledger that is restored from a backup is the one that was backed up, to the byte, and can be used.

On PostgreSQL to a time between two commands, from a base backup and the archived log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from domain.ledger.application import Ledger, open_ledger
from domain.ledger.schema import upgrade
from projections.worklist.listing import Filters, Paging
from projections.worklist.runner import catch_up, folded_rows, rebuild, worklist
from tests.clock import Clock
from tests.conftest import NOON, ZONE, seeded
from tests.ledger.acts import dose, dosed, opened, opening
from tests.ledger.stores.survivor import submission
from tests.postgres_server import PostgresServer, postgres_server, server_folder
from tests.postgres_standby import archive_all, archiving, copy, restored
from tests.story import NURSE

PDF = b"%PDF-1.7 synthetic"

Row = tuple[int, UUID, int, str, bytes]


def rows(url: str) -> list[Row]:
    """The log as it is stored."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events"
            " ORDER BY notification_id"
        ).fetchall()


def listed(ledger: Ledger) -> set[tuple[str, int]]:
    found = worklist(ledger, Filters(), Paging(limit=200))
    assert (found.next_after, found.failures) == (None, ())
    return {(one.subject_id, one.history_version) for one in found.items}


def folded(ledger: Ledger) -> set[tuple[str, int]]:
    return {(one.subject_id, one.history_version) for one in folded_rows(ledger)}


class BackedUp:
    """A server whose log is archived, with a ledger that was written to before, between and after.

    `early` is the log at the backup, `then` at the moment to return to, `last` at the end.
    """

    def __init__(self, server: PostgresServer, archive: Path, backup: Path) -> None:
        self.server, self.archive, self.backup = server, archive, backup
        self.url = server.url("postgres")
        upgrade(self.url, zone=ZONE, entropy=seeded(0))
        with open_ledger(self.url, clock=Clock(NOON), entropy=seeded(1)) as ledger:
            self.patient_id = opened(ledger, "M-before")
            self.document = ledger.documents.put(self.patient_id, [PDF])
            dosed(ledger, self.patient_id, 0)
            catch_up(ledger)
            self.early = rows(self.url)
            copy(server, backup)
            ledger.execute(self.patient_id, submission(), NURSE, key="asked")
            for number in range(5):
                opened(ledger, f"M-between-{number}")
            self.listed = listed(ledger)
            self.then = rows(self.url)
            ((self.moment,),) = server.execute("SELECT clock_timestamp()::text")
            dosed(ledger, self.patient_id, 1, 2)
            ledger.execute(opened(ledger, "M-after"), submission(), NURSE, key="asked later")
            self.last = rows(self.url)
        archive_all(server)


@pytest.fixture(scope="module")
def backed_up() -> Iterator[BackedUp]:
    with server_folder() as archive, server_folder() as backup, postgres_server(*archiving(archive)) as server:
        found = BackedUp(server, archive, backup)
        # Whatever was not archived by now is gone with its machine.
        server.kill()
        yield found


@contextmanager
def restored_ledger(backed_up: BackedUp, until: str | None = None) -> Iterator[tuple[str, Ledger]]:
    with restored(backed_up.backup, backed_up.server, backed_up.archive, until) as server:
        url = server.url("postgres")
        with open_ledger(url, clock=Clock(NOON), entropy=seeded(2)) as ledger:
            yield url, ledger


def test_a_ledger_is_restored_to_a_moment_between_two_commands(backed_up: BackedUp) -> None:
    assert len(backed_up.early) < len(backed_up.then) < len(backed_up.last)
    with restored_ledger(backed_up, until=backed_up.moment) as (url, ledger):
        assert rows(url) == backed_up.then
        assert ledger.recorder.find_command(NURSE.id, "asked") is not None
        assert ledger.recorder.find_command(NURSE.id, "asked later") is None
        assert b"".join(ledger.documents.open(backed_up.patient_id, backed_up.document.sha256)) == PDF

        # The rows of the views are restored with the log, and a rebuild gives the same rows.
        assert listed(ledger) == backed_up.listed == folded(ledger)
        assert rebuild(ledger).serves
        assert listed(ledger) == backed_up.listed

        check_that_it_goes_on(url, ledger, backed_up.patient_id, backed_up.then)


def test_a_ledger_is_restored_to_the_end_of_the_archive(backed_up: BackedUp) -> None:
    with restored_ledger(backed_up) as (url, ledger):
        assert rows(url) == backed_up.last
        assert ledger.recorder.find_command(NURSE.id, "asked later") is not None
        check_that_it_goes_on(url, ledger, backed_up.patient_id, backed_up.last)


def check_that_it_goes_on(url: str, ledger: Ledger, patient_id: UUID, before: list[Row]) -> None:
    """It takes commands, whose events come after all others; a key that is on record answers what it answered."""
    version = ledger.history(patient_id).version
    assert ledger.execute(patient_id, submission(), NURSE, key="asked").replayed
    assert ledger.execute(patient_id, dose(-1), NURSE).history.version == version + 1
    assert ledger.open_history(opening("M-anew"), NURSE).history.version == 1
    after = rows(url)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 3
    assert min(row[0] for row in after[len(before) :]) > before[-1][0]
    assert listed(ledger) == folded(ledger)
