"""What holds of every history, whatever is commanded and whatever is refused."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import strategies as st

from domain.events.determinations import CourseApproved
from domain.events.treatment import ReportedCourse, TreatmentEvent
from domain.history import evolve, fold
from domain.history.state import PatientHistory
from domain.policy.editions import edition_named
from domain.review.assess_request import request_assessment
from domain.treatment.courses import courses
from domain.treatment.lived_courses import GIVEN_MAX
from domain.treatment.possible_treatment import treatment_facts
from tests.properties.stories import EVERYTHING, Act, at_every_scale, hold, perform, stories
from tests.story import MEETS_B, Scenario, dose, given, reported, submitted, voided

any_story = stories(*EVERYTHING)
without_reports = stories(*(kind for kind in EVERYTHING if kind != "report"))


@at_every_scale
def test_replaying_any_prefix_equals_evolving_step_by_step(scale: str) -> None:
    def law(story: list[Act], cut: int) -> None:
        told = perform(story)
        middle = cut % len(told.events)
        assert fold(told.events[: middle + 1]) == told.versions[middle]
        assert fold(told.events[middle + 1 :], told.versions[middle]) == told.known
        assert [version.version for version in told.versions] == list(range(1, len(told.events) + 1))

    hold(scale, law, any_story, st.integers(0, 200))


@at_every_scale
def test_every_history_has_exactly_one_path_or_says_what_is_missing(scale: str) -> None:
    def law(story: list[Act], later: int) -> None:
        told = perform(story)
        day = told.today + timedelta(days=later)
        said = request_assessment(told.known, told.known.requests[-1] if told.known.requests else None, day).assessment
        if said.scope is None:
            assert {"1.A", "1.B"} <= {one.citation for one in said.findings if one.missing}
            assert said.recommendation in ("pend", "not_recommended")
        else:
            other = "B" if said.scope == "A" else "A"
            assert said.finding(f"1.{other}").answer == "not_met"

    hold(scale, law, any_story, st.integers(0, 500))


@at_every_scale
def test_never_more_than_the_policys_doses_are_approved(scale: str) -> None:
    def law(story: list[Act]) -> None:
        for event in perform(story).events:
            if isinstance(event, CourseApproved):
                said = event.determination.assessment
                paths = {said.scope} if said.scope is not None else {"A", "B"}
                most = max(edition_named(said.edition).path(path).doses for path in paths)  # type: ignore[arg-type]
                assert 1 <= event.doses_approved <= most
                assert (event.valid_through - event.valid_from).days == 29

    requests = stories(
        "request A", "request B", "approve", "approve by clinician", "run", "void", "report", acts_max=10
    )
    hold(scale, law, requests)


@at_every_scale
def test_when_every_dose_is_voided_nothing_was_given(scale: str) -> None:
    """Whatever was completed, reopened, closed or approved before, and in whichever order the doses are voided."""

    def law(story: list[Act], seed: int) -> None:
        told = perform(story)
        standing = [number for number, one in enumerate(told.known.doses, 1) if not one.voided]
        random.Random(seed).shuffle(standing)
        told.and_given(*(voided(number) for number in standing))
        assert courses(told.known) == ()
        treatment = treatment_facts((), never_reported=False, stated=None)
        assert request_assessment(told.known, None, told.today).assessment.facts.prior_treatment == treatment

    hold(scale, law, without_reports, st.integers(0, 1000))


@at_every_scale
def test_no_dose_that_stands_is_ever_lost(scale: str) -> None:
    """Each is in exactly one course, and the latest of all is no later than what the courses say."""

    def law(story: list[Act]) -> None:
        known = perform(story).known
        found = courses(known)
        shown = [dose.dose_id for course in found for dose in course.doses]
        assert sorted(shown) == sorted(dose.dose_id for dose in known.doses if dose.stands)
        for course in found:
            for one in course.doses:
                assert course.last_dose_on is not None
                assert one.on <= course.last_dose_on.latest
        assert [one.number for one in found] == list(range(1, len(found) + 1))

    hold(scale, law, any_story)


@at_every_scale
def test_a_completed_course_is_marked_and_only_a_completed_or_short_one_is(scale: str) -> None:
    """`CourseCompleted` and `CourseReopened` never lag what the doses say (R6, R24).

    But where the last dose is one that a report gives no day for: the event carries the day
    of completion, and the report itself is what completed the course.
    """

    def law(story: list[Act]) -> None:
        told = perform(story)
        ends = {event.command_id: version for event, version in zip(told.events, told.versions, strict=True)}
        for version in ends.values():
            found = courses(version)
            for course in found:
                if course.named is not None and course.is_complete is True and course.completed_on is not None:
                    assert course.marks.completed
                if course.is_complete is True and course.completed_on is None:
                    assert course.reported
                if course.marks.completed and course.is_complete is not True:
                    assert course is not found[-1]

    hold(scale, law, any_story)


@at_every_scale
def test_only_an_event_of_treatment_changes_what_courses_are_made_of(scale: str) -> None:
    """So a decision on a request never looks for a course that it completes."""

    def law(story: list[Act]) -> None:
        told = perform(story)
        for event, (before, after) in zip(told.events[1:], pairwise(told.versions), strict=True):
            if not isinstance(event, TreatmentEvent):
                for name in ("doses", "reports", "marks", "closed_reports"):
                    assert getattr(after, name) is getattr(before, name), (event.TOPIC, name)

    hold(scale, law, any_story)


@at_every_scale
def test_what_is_asked_of_a_past_day_never_depends_on_what_is_recorded_after_it(scale: str) -> None:
    """In histories without voids, late records, duplicates and reports: as then, so now."""

    def law(story: list[Act]) -> None:
        told = perform(story)
        days: dict[object, PatientHistory] = {}
        for event, version in zip(told.events, told.versions, strict=True):
            days[event.recorded_at.date()] = version
        for day, version in days.items():
            assert outline(told.known, day) == outline(version, day)

    hold(scale, law, stories("dose", "run", "run", "close"))


def outline(history: PatientHistory, day: object = None) -> list[tuple[object, ...]]:
    found = courses(history, day)  # type: ignore[arg-type]
    return [(one.number, one.status, one.given, str(one.last_dose_on)) for one in found]


# -- the order of recording -------------------------------------------------------------------


@st.composite
def whole_courses(draw: st.DrawFn) -> list[list[str]]:
    """Days of complete courses, each on up to 25 days and begun more than a year after the one before had ended."""
    day = perform([]).today
    found = []
    for number in range(draw(st.integers(1, 3))):
        size = 5 if number == 0 else 3
        offsets = sorted(draw(st.lists(st.integers(0, 24), min_size=size, max_size=size, unique=True)))
        found.append([(day + timedelta(days=offset)).isoformat() for offset in offsets])
        day += timedelta(days=draw(st.integers(400, 600)))
    if draw(st.booleans()):
        found[-1] = found[-1][: draw(st.integers(1, len(found[-1])))]
    return found


@at_every_scale
def test_the_order_in_which_the_doses_of_a_course_are_recorded_changes_nothing(scale: str) -> None:
    """For courses recorded one after the other, complete but perhaps for the last; within a course in any order.

    Across courses it does matter, and must: the event of a dose names the course that it was
    seen to belong to, and only a correction moves it (R24).
    """

    def law(days: list[list[str]], seed: int) -> None:
        shuffled = [random.Random(seed).sample(course, len(course)) for course in days]
        told, other = (recorded(order) for order in (days, shuffled))
        assert outline(told.known) == outline(other.known)
        assert told.facts().prior_treatment == other.facts().prior_treatment
        assert told.judged().digest == other.judged().digest

    def recorded(order: list[list[str]]) -> Scenario:
        scenario = given(today="2029-01-02")
        for course in order:
            scenario.and_given(*(dose(day, max(course)) for day in course))
        return scenario.and_given(submitted(MEETS_B))

    hold(scale, law, whole_courses(), st.integers(0, 1000))


# -- reports ----------------------------------------------------------------------------------


@at_every_scale
def test_the_same_report_twice_takes_nothing_back(scale: str) -> None:
    """Where it leaves out numbers or days, the second may be about further doses. Told to the day, it adds nothing."""

    def law(story: list[Act]) -> None:
        told = perform(story)
        before = courses(told.known)
        for report in told.known.reports:
            told.and_given(reported(*(course.model_dump(mode="json") for course in report.courses)))
        after = courses(told.known)
        if all(one.given_range[1] == GIVEN_MAX for one in after):
            # Reports that are too vague leave everything open.
            return
        assert len(after) >= len(before)
        for was, now in zip(before, after, strict=False):
            assert now.status in (was.status, "unknown")
            assert now.given_range[0] <= was.given_range[0] <= was.given_range[1] <= now.given_range[1]
        if all(told_to_the_day(course) for report in told.known.reports for course in report.courses):
            assert [(one.status, one.given_range, one.last) for one in after] == [
                (one.status, one.given_range, one.last) for one in before
            ]

    hold(scale, law, stories("report", acts_max=1))


def told_to_the_day(course: ReportedCourse) -> bool:
    first, last, given = course.first_dose_on, course.last_dose_on, course.doses_given
    if first is None or last is None or given is None or course.completed is None:
        return False
    return first.is_whole_day and last.is_whole_day and (last.earliest - first.earliest).days + 1 == given


@at_every_scale
def test_evolve_changes_nothing_that_it_was_given(scale: str) -> None:
    def law(story: list[Act]) -> None:
        told = perform(story)
        for before, event in zip(told.versions, told.events[1:], strict=False):
            copy = replace(before)
            evolve(before, event)
            assert before == copy

    hold(scale, law, any_story)
