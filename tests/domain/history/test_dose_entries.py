"""What the entries of a day say together, also of events that an earlier program recorded (R25)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from domain.events.treatment import CourseCompleted, DoseAdministered
from domain.history import fold
from domain.history.dose_entries import as_read_by_revision_1, settled_entries
from domain.history.state import PatientHistory
from domain.policy.edition import Edition
from domain.policy.editions import EDITIONS, edition_named
from domain.review.assess_request import request_assessment
from domain.treatment.courses import courses
from tests.story import Scenario, confirmed_duplicate, dose, first_course, given, submitted, voided


def as_recorded_before(scenario: Scenario) -> PatientHistory:
    """The history from events in which a second entry of the same source names no other entry."""
    events = [
        one.model_copy(update={"possible_duplicate_of": None}) if isinstance(one, DoseAdministered) else one
        for one in scenario.events
    ]
    history = fold(events)
    assert history is not None
    return history


def revision(number: int) -> Edition:
    return edition_named(EDITIONS[0].key, number)


def doses_given(history: PatientHistory, edition: Edition) -> int | None:
    course = request_assessment(history, history.requests[-1], date(2026, 4, 28), edition).assessment.facts
    return course.prior_treatment.open_course.doses_given if course.prior_treatment.open_course is not None else None


def test_two_entries_of_one_source_were_two_doses_and_one_of_them_waits_now() -> None:
    history = as_recorded_before(given(dose("2026-04-20"), dose("2026-04-20"), submitted()))
    assert [one.waits for one in history.doses] == [False, True]
    assert [one.stands for one in as_read_by_revision_1(history.doses)] == [True, True]
    assert [doses_given(history, revision(number)) for number in (1, 2)] == [2, 1]


def test_a_course_that_was_completed_by_a_second_entry_is_open_now() -> None:
    scenario = given(*first_course("2026-01-05", 4), dose("2026-01-08"))
    history = as_recorded_before(scenario)
    completed = scenario.events[-1]
    assert isinstance(completed, DoseAdministered)
    event = CourseCompleted(
        **{name: getattr(completed, name) for name in ("recorded_at", "salt", "command_id", "actor")},
        originator_id=completed.originator_id,
        originator_version=history.version + 1,
        course=1,
        doses_given=5,
        completed_on=date(2026, 1, 8),
    )
    found = courses(fold([event], history) or history)
    assert [(one.status, one.given) for one in found] == [("open", 4)]
    assert found[0].marks.completed


def test_a_second_report_stayed_uncounted_when_the_first_one_was_voided() -> None:
    scenario = given(dose("2026-04-20"), dose("2026-04-20", source="claim"), voided(1), submitted())
    assert [one.stands for one in as_read_by_revision_1(scenario.known.doses)] == [False, False]
    assert [one.stands for one in scenario.known.doses] == [False, True]
    assert [doses_given(scenario.known, revision(number)) for number in (1, 2)] == [None, 1]


def test_derived_again_the_entries_are_the_same() -> None:
    scenario = given(dose("2026-04-20"), dose("2026-04-20", source="claim"), confirmed_duplicate(2), voided(1))
    for version in scenario.versions:
        assert settled_entries(version.doses) == version.doses
        unsettled = tuple(replace(one, duplicate="no", voided=False, keeps_place=True) for one in version.doses)
        assert settled_entries(unsettled) == version.doses
    assert [one.duplicate for one in scenario.known.doses] == ["no", "no"]
    assert [one.keeps_place for one in scenario.known.doses] == [False, True]
