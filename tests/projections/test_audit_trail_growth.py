"""The audit trail is linear in the events, and a page of it compares only what it shows: shown by counting calls."""

from __future__ import annotations

from collections.abc import Sequence

from domain.events import PatientEvent
from projections.audit_trail import audit_trail
from tests.architecture.calls.counts import Figures, Profile
from tests.benchmarks.long_lives import years_with_a_course

YEARS = 6
FOLD = "domain/history/"


def counted(events: Sequence[PatientEvent], **page: int) -> Figures:
    profile = Profile()
    with profile.installed():
        return profile.of(lambda: audit_trail(events, **page))


def compared(figures: Figures) -> int:
    """Calls other than those of the fold, which is made for every event and copies what it does not change."""
    return sum(count for file, count in figures.by_file.items() if not file.startswith(FOLD))


def calls_of(name: str, figures: Figures) -> int:
    return sum(count for function, count in figures.by_function.items() if function.endswith(f" {name}"))


def test_twice_as_many_events_take_twice_as_many_calls() -> None:
    few, many = years_with_a_course(YEARS), years_with_a_course(2 * YEARS)
    for_few, for_many = counted(few), counted(many)
    assert compared(for_many) / len(many) < 1.02 * compared(for_few) / len(few)
    # Each course is derived a few times in the year in which its doses are recorded or corrected, and not again.
    for name in ("recorded_course", "course_status"):
        assert 0 < calls_of(name, for_many) <= 2.1 * calls_of(name, for_few)


def test_a_page_compares_the_events_that_it_shows() -> None:
    events = years_with_a_course(YEARS)
    page = counted(events, after=len(events) - 30, limit=10)
    assert calls_of("evolve", page) == len(events) - 20
    assert calls_of("StateChanges.next", page) == 10
    # Once for the version that the page begins after.
    assert calls_of("CourseUpdates.update", page) == 1 + 10
