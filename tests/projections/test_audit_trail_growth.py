"""The audit trail is linear in the events, and a page of it costs a page: shown by counting calls."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from api.record_access.patient_access import PatientAccess
from api.record_access.viewer import Viewer
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import open_ledger
from domain.ledger.reader import STEP
from projections.audit_trail import audit_trail
from tests.architecture.calls.counts import Figures, Profile
from tests.benchmarks.long_lives import years_with_a_course
from tests.conftest import ZONE
from tests.story import AUDITOR

YEARS = 6
FOLD = "domain/history/"


def counted(work: Callable[[], object]) -> Figures:
    profile = Profile()
    with profile.installed():
        return profile.of(work)


def compared(figures: Figures) -> int:
    """Calls other than those of the fold, which is made for every event and copies what it does not change."""
    return sum(count for file, count in figures.by_file.items() if not file.startswith(FOLD))


def calls_of(name: str, figures: Figures) -> int:
    return sum(count for function, count in figures.by_function.items() if function.endswith(f" {name}"))


def test_twice_as_many_events_take_twice_as_many_calls() -> None:
    few, many = years_with_a_course(YEARS), years_with_a_course(2 * YEARS)
    for_few, for_many = counted(lambda: audit_trail(few)), counted(lambda: audit_trail(many))
    assert compared(for_many) / len(many) < 1.02 * compared(for_few) / len(few)
    # Each course is derived a few times in the year in which its doses are recorded or corrected, and not again.
    for name in ("recorded_course", "course_status"):
        assert 0 < calls_of(name, for_many) <= 2.1 * calls_of(name, for_few)


def test_a_page_costs_a_page_wherever_it_is_in_the_history(tmp_path: Path) -> None:
    events = years_with_a_course(3 * STEP // 14)
    assert len(events) > 2 * STEP + 100
    patient_id, trail = events[0].patient_id, audit_trail(events)
    with open_ledger(f"sqlite:///{tmp_path / 'long.db'}", zone=ZONE) as ledger, closing(AccessLog(ledger)) as log:
        ledger.recorder.insert_events([ledger.mapper.to_stored_event(event) for event in events])
        access = PatientAccess(ledger, Viewer(AUDITOR, None, "api", "here"), log)

        def page(after: int) -> None:
            with access.trail_between(patient_id, after + 1, after + 10) as (before, shown, newest):
                assert (audit_trail(shown, before), newest) == (trail[after : after + 10], len(events))

        page(0)
        # The whole history was folded once. No page folds more than a step, and the second time only its own events.
        for after in (STEP + 90, len(events) - 30, 0):
            assert calls_of("evolve", counted(partial(page, after))) <= STEP + 10
            again = counted(partial(page, after))
            assert calls_of("evolve", again) == calls_of("StateChanges.next", again) == 10
            # One event of each of the two histories is read, to see whether they are still on record.
            assert calls_of("EventMapper.event_of", again) == 10
            # Once for the version that the page begins after.
            assert calls_of("CourseUpdates.update", again) == 10 + (after > 0)
