"""A wrong clock dates nothing: beyond its bounds nothing is written. A history that is ahead works on the right day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.commands.treatment import RecordDose
from domain.errors import InvalidCommand, NotFound
from domain.events.system import ClockConfirmed
from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.accounts.people import People
from domain.ledger.application import Ledger
from domain.ledger.clocks.clock_check import ClockCheck, ClockNotTrusted
from domain.ledger.verification.ledger_source import LedgerSource
from domain.ledger.verification.verify import verify
from domain.permissions.disclosure import NewAccess
from projections.eligibility import eligibility
from tests.clock import Clock
from tests.conftest import NOON
from tests.ledger.acts import dose, dosed, opened
from tests.story import ADMINISTRATOR, NURSE

AHEAD = timedelta(days=40)
MINUTE = timedelta(minutes=1)


class Standing:
    """The machine's clock of elapsed time, which nobody can set."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def events_in(ledger: Ledger) -> int:
    return ledger.position()


def again(ledger: Ledger, elapsed: Standing | None = None) -> None:
    """As a program that was started now: what it knew of the clock is gone."""
    ledger.clock_check = ClockCheck(ledger.now, elapsed or Standing(), ledger.events, ledger.system_stream("clock"))


@pytest.fixture
def one_event_ahead(ledger: Ledger, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A history whose newest event was recorded while the clock was 40 days ahead, and the clock is right again."""
    monkeypatch.setattr(ledger.recorder, "server_time", lambda: clock.at)
    patient_id = opened(ledger)
    clock.advance(AHEAD)
    dosed(ledger, patient_id, 0)
    clock.at = NOON + MINUTE
    again(ledger)
    return patient_id


def test_nothing_is_written_until_the_clock_is_confirmed(ledger: Ledger, one_event_ahead: Any) -> None:
    before = events_in(ledger)
    for write in (
        lambda: dosed(ledger, one_event_ahead, 1),
        lambda: opened(ledger, "M-2"),
        lambda: People(ledger).admit(NURSE, ADMINISTRATOR),
    ):
        with pytest.raises(ClockNotTrusted, match="39 days behind the newest event"):
            write()
    assert events_in(ledger) == before
    assert ledger.history(one_event_ahead).version == 2, "reading goes on"
    ledger.clock_check.confirm("The time server was corrected.", ADMINISTRATOR)
    dosed(ledger, one_event_ahead, 1)
    opened(ledger, "M-2")


def test_a_confirmation_is_an_event_with_its_reason_and_its_administrator(ledger: Ledger, one_event_ahead: Any) -> None:
    confirmed = ledger.clock_check.confirm("The time server was corrected.", ADMINISTRATOR)
    *_, row = ledger.recorder.log(ledger.position() - 1, 1)
    stored = ledger.events.mapper.event_of(*row[1:])
    assert isinstance(stored, ClockConfirmed)
    assert (stored.reason, stored.actor, stored.at) == (confirmed.reason, ADMINISTRATOR, NOON + MINUTE)


def test_a_history_that_is_ahead_works_on_the_right_day_at_once(
    ledger: Ledger, clock: Clock, one_event_ahead: Any
) -> None:
    ledger.clock_check.confirm("The time server was corrected.", ADMINISTRATOR)
    (outcome,) = dosed(ledger, one_event_ahead, 1)
    recorded = outcome.events[0]
    assert recorded.at == NOON + MINUTE
    assert recorded.recorded_at == NOON + AHEAD + timedelta(microseconds=1), "the order of the history is kept"
    assert ledger.history(one_event_ahead).at == NOON + MINUTE
    with pytest.raises(InvalidCommand, match="future"):
        # The day is that of the clock, not that of the event before.
        ledger.execute(
            one_event_ahead,
            RecordDose(on=date(2026, 5, 20), mg=12.0, source="infusion_centre", source_reference="X"),
            NURSE,
        )
    clock.advance(MINUTE)
    dosed(ledger, one_event_ahead, 2)
    assert eligibility(ledger.history(one_event_ahead), ledger.today()).doses_given == 3


def test_known_at_reaches_what_was_recorded_after_the_event_that_is_ahead(
    ledger: Ledger, clock: Clock, one_event_ahead: Any
) -> None:
    assert ledger.history(one_event_ahead, known_at=NOON + MINUTE).version == 1
    ledger.clock_check.confirm("The time server was corrected.", ADMINISTRATOR)
    dosed(ledger, one_event_ahead, 1)
    clock.advance(MINUTE)
    dosed(ledger, one_event_ahead, 2)
    assert ledger.history(one_event_ahead, known_at=NOON + MINUTE).version == 3
    assert ledger.history(one_event_ahead, known_at=NOON + 2 * MINUTE).version == 4
    with pytest.raises(NotFound):
        ledger.history(one_event_ahead, known_at=NOON - MINUTE)


def test_verification_names_the_histories_that_are_ahead(ledger: Ledger, one_event_ahead: Any) -> None:
    for is_followed in (False, True):
        ledger.clock_check.confirm("The time server was corrected.", ADMINISTRATOR)
        opened(ledger, f"M-{is_followed}")
        if is_followed:
            dosed(ledger, one_event_ahead, 1)
        report = verify(LedgerSource(ledger))
        named = [one for one in report.meaning.remarks if "clock that was ahead" in one]
        assert len(named) == 1
        assert str(one_event_ahead) in named[0]
        assert report.meaning.holds, "it is no failure"


@pytest.mark.parametrize(
    ("behind", "is_written"),
    [(timedelta(seconds=59), True), (timedelta(seconds=60), True), (timedelta(seconds=61), False)],
)
def test_the_clock_may_be_a_minute_behind_the_newest_event(
    ledger: Ledger, clock: Clock, behind: timedelta, is_written: bool
) -> None:
    opened(ledger)
    ledger.recorder.server_time = lambda: clock.at  # type: ignore[method-assign]
    clock.at = NOON - behind
    again(ledger)
    if is_written:
        opened(ledger, "M-2")
        return
    with pytest.raises(ClockNotTrusted, match="61 seconds behind"):
        opened(ledger, "M-2")


@pytest.mark.parametrize(
    ("jump", "is_written"), [(10, True), (-10, True), (11, False), (-11, False), (40 * 1440, False)]
)
def test_the_clock_and_that_of_elapsed_time_are_at_most_ten_minutes_apart(
    ledger: Ledger, clock: Clock, jump: int, is_written: bool
) -> None:
    elapsed = Standing()
    again(ledger, elapsed)
    elapsed.seconds += 3_600
    clock.advance(timedelta(hours=1, minutes=jump))
    ledger.recorder.server_time = lambda: clock.at  # type: ignore[method-assign]
    if is_written:
        opened(ledger)
        return
    with pytest.raises(ClockNotTrusted, match="was set"):
        opened(ledger)
    assert events_in(ledger) == 0
    ledger.clock_check.confirm("The machine was moved.", ADMINISTRATOR)
    opened(ledger)
    clock.advance(timedelta(minutes=11))
    with pytest.raises(ClockNotTrusted, match="set ahead by 11 minutes"):
        opened(ledger, "M-2")


def test_an_earlier_confirmation_confirms_no_later_jump(ledger: Ledger, clock: Clock) -> None:
    ledger.recorder.server_time = lambda: clock.at  # type: ignore[method-assign]
    ledger.clock_check.confirm("The time server was corrected.", ADMINISTRATOR)
    again(ledger)
    opened(ledger)
    clock.advance(AHEAD)
    for _ in range(2):
        with pytest.raises(ClockNotTrusted, match="was set ahead by 40 days"):
            opened(ledger, "M-2")


def test_a_clock_that_is_right_again_needs_no_confirmation_if_nothing_was_written(ledger: Ledger, clock: Clock) -> None:
    elapsed = Standing()
    again(ledger, elapsed)
    ledger.recorder.server_time = lambda: clock.at  # type: ignore[method-assign]
    clock.advance(AHEAD)
    with pytest.raises(ClockNotTrusted):
        opened(ledger)
    clock.at = NOON
    opened(ledger)


@pytest.mark.parametrize(("apart", "is_written"), [(60, True), (-60, True), (62, False), (-62, False)])
def test_the_clock_is_within_a_minute_of_the_database_servers(
    ledger: Ledger, clock: Clock, apart: int, is_written: bool
) -> None:
    ledger.recorder.server_time = lambda: clock.at + timedelta(seconds=apart)  # type: ignore[method-assign]
    again(ledger, Standing())
    if is_written:
        opened(ledger)
        return
    with pytest.raises(ClockNotTrusted, match="62 seconds apart"):
        opened(ledger)
    ledger.clock_check.confirm("The server is in another building.", ADMINISTRATOR)
    opened(ledger)
    ledger.recorder.server_time = lambda: clock.at  # type: ignore[method-assign]
    again(ledger, Standing())
    assert ledger.clock_check.trouble() is None


def test_the_server_of_a_database_tells_its_clock(ledger: Ledger, store: str) -> None:
    told = ledger.recorder.server_time()
    if store == "sqlite":
        assert told is None
    else:
        assert told is not None
        assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)


def test_accesses_are_recorded_by_a_doubtful_clock_and_are_no_measure_of_it(ledger: Ledger, clock: Clock) -> None:
    patient_id = opened(ledger)
    elapsed = Standing()
    again(ledger, elapsed)
    ledger.recorder.server_time = lambda: clock.at  # type: ignore[method-assign]
    clock.advance(AHEAD)
    accesses = AccessLog(ledger)
    access = NewAccess(NURSE, "eligibility", patient_id, None, "TREAT", "api", "127.0.0.1")
    accesses.record([access], durable=True)
    accesses.close()
    assert len(list(all_accesses(ledger, AccessQuery()))) == 1
    clock.at = NOON
    again(ledger, Standing())
    opened(ledger, "M-2")


def test_the_dose_of_the_story_is_of_another_day() -> None:
    """`dose` tells of days before the clock's, so that a day in the future is refused for its own reason."""
    assert dose(2).on < NOON.date()
