"""Who saw my record between two dates: one question, answered along an index, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from domain.errors import InvalidCommand
from domain.ledger.access_log.report import AccessQuery, accesses, all_accesses, statement_for
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger
from domain.ledger.stores.postgres_datastore import LedgerPostgresDatastore
from domain.ledger.stores.sql import for_postgres, for_sqlite
from tests.clock import Clock
from tests.ledger.access_log.stored import PATIENT, look
from tests.story import CLAIMS, NURSE

OTHER = UUID("99999999-2222-4333-8444-555555555555")
MIDNIGHT = datetime(2026, 4, 28, 4, tzinfo=UTC)
"""In New York, where the plan counts its days."""


@pytest.fixture
def log(ledger: Ledger) -> Iterator[AccessLog]:
    opened_log = AccessLog(ledger)
    yield opened_log
    opened_log.close()


def told(ledger: Ledger, question: AccessQuery) -> list[str | None]:
    return [one.subject for one in accesses(ledger, question).items]


def test_the_access_log_of_a_patient_has_only_accesses_to_that_patient_newest_first(
    ledger: Ledger, log: AccessLog, clock: Clock
) -> None:
    for number in range(6):
        clock.advance(timedelta(minutes=1))
        log.record([look(number, patient_id=OTHER if number % 2 else PATIENT)], durable=True)
    log.record([look(7, patient_id=None)], durable=True)
    assert told(ledger, AccessQuery(patient_id=PATIENT)) == ["look-4", "look-2", "look-0"]
    assert told(ledger, AccessQuery(patient_id=OTHER)) == ["look-5", "look-3", "look-1"]
    assert told(ledger, AccessQuery(patient_id=UUID(int=1))) == []


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (None, None, [0, 1, 2, 3, 4, 5]),
        (date(2026, 4, 28), date(2026, 4, 28), [2, 3]),
        (date(2026, 4, 28), None, [2, 3, 4, 5]),
        (None, date(2026, 4, 27), [0, 1]),
        (date(2026, 4, 29), date(2026, 4, 30), [4, 5]),
        (date(2026, 4, 29), date(2026, 4, 27), []),
    ],
)
def test_both_dates_are_whole_days_where_the_plan_is(
    ledger: Ledger, log: AccessLog, clock: Clock, since: date | None, until: date | None, found: list[int]
) -> None:
    tick, day = timedelta(microseconds=1), timedelta(days=1)
    moments = MIDNIGHT - day, MIDNIGHT - tick, MIDNIGHT, MIDNIGHT + day - tick, MIDNIGHT + day, MIDNIGHT + 2 * day
    for number, moment in enumerate(moments):
        clock.at = moment
        log.record([look(number)], durable=True)
    expected = [f"look-{number}" for number in reversed(found)]
    for question in (AccessQuery(since=since, until=until), AccessQuery(PATIENT, since=since, until=until)):
        assert told(ledger, question) == expected


def test_by_a_person_of_a_patient_and_by_time_alone(ledger: Ledger, log: AccessLog, clock: Clock) -> None:
    for number, (actor, patient) in enumerate([(NURSE, PATIENT), (CLAIMS, PATIENT), (NURSE, OTHER)]):
        clock.advance(timedelta(seconds=1))
        log.record([look(number, actor=actor, patient_id=patient)], durable=True)
    assert told(ledger, AccessQuery(actor_id=NURSE.id)) == ["look-2", "look-0"]
    assert told(ledger, AccessQuery(patient_id=PATIENT, actor_id=NURSE.id)) == ["look-0"]
    assert told(ledger, AccessQuery()) == ["look-2", "look-1", "look-0"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_each_page_begins_where_the_one_before_ended_though_many_are_of_one_instant(
    ledger: Ledger, log: AccessLog, limit: int
) -> None:
    other = AccessLog(ledger)
    log.record([look(number) for number in range(4)], durable=True)
    other.record([look(number) for number in range(4, 7)], durable=True)
    question = AccessQuery(patient_id=PATIENT, limit=limit)
    found = [one.subject for one in all_accesses(ledger, question)]
    assert sorted(map(str, found)) == [f"look-{number}" for number in range(7)]
    first = accesses(ledger, question)
    log.record([look(8)], durable=True)
    assert len(first.items) == min(limit, 7)
    assert (first.next_after is None) == (limit >= 7)


@pytest.mark.parametrize("after", ["x", "%%", "bnVsbA", "WzEsMiwzXQ", "WyIyMDI2LTA0LTI4IiwiMCIsMV0"])
def test_a_place_that_is_none_is_refused(ledger: Ledger, after: str) -> None:
    with pytest.raises(InvalidCommand, match="after"):
        accesses(ledger, AccessQuery(after=after))


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (AccessQuery(patient_id=PATIENT), "accesses_of_patient"),
        (AccessQuery(patient_id=PATIENT, since=date(2026, 4, 28), until=date(2026, 4, 30)), "accesses_of_patient"),
        (AccessQuery(actor_id=NURSE.id), "accesses_by_actor"),
        (AccessQuery(), "accesses_at"),
    ],
)
def test_each_question_is_read_along_its_index_without_sorting(
    ledger: Ledger, log: AccessLog, clock: Clock, question: AccessQuery, index: str
) -> None:
    everybody = [(NURSE, PATIENT), *((NURSE.model_copy(update={"id": f"n.{n}"}), UUID(int=n)) for n in range(40))]
    for number in range(40):
        clock.advance(timedelta(minutes=15))
        log.record([look(number, actor=actor, patient_id=patient) for actor, patient in everybody], durable=True)
    page = accesses(ledger, AccessQuery(limit=20))
    statement, values = statement_for(
        AccessQuery(question.patient_id, question.actor_id, question.since, question.until, page.next_after),
        ledger.zone,
    )
    datastore = ledger.recorder.datastore
    with datastore.transaction(commit=False) as cursor:
        if isinstance(datastore, LedgerPostgresDatastore):
            cursor.execute("ANALYZE accesses")
            cursor.execute(b"SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off", prepare=False)
            cursor.execute(b"EXPLAIN " + for_postgres(statement), values)
        else:
            plain = {name: str(value) for name, value in values.items()}
            cursor.execute(f"EXPLAIN QUERY PLAN {for_sqlite(statement)}", plain)
        plan = " ".join(str(tuple(dict(one).values())) for one in cursor.fetchall())
    assert index in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
