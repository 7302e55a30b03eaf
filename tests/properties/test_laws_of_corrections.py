"""What holds of every correction: a mistake that is corrected leaves no trace in the answer (R23)."""

from __future__ import annotations

from hypothesis import strategies as st

from domain.history.state import PatientHistory
from tests.properties.stories import COURSES, EVERYTHING, Act, at_every_scale, hold, perform, stories
from tests.properties.test_laws_of_histories import outline
from tests.story import report_corrected, report_voided, reported

any_story = stories(*EVERYTHING)
mistakes = st.lists(st.sampled_from(COURSES), max_size=2)


@at_every_scale
def test_a_report_that_is_voided_leaves_the_courses_as_they_were(scale: str) -> None:
    def law(story: list[Act], told: list[dict[str, object]]) -> None:
        scenario = perform(story)
        before = scenario.known
        if scenario.when(reported(*told)).error is None:
            scenario.and_given(report_voided(len(scenario.known.reports)))
        assert_as_before(before, scenario.known)

    hold(scale, law, any_story, mistakes, ordinary=40)


@at_every_scale
def test_a_report_corrected_to_say_what_it_said_leaves_them_too(scale: str) -> None:
    def law(story: list[Act], told: list[dict[str, object]]) -> None:
        scenario = perform(story)
        if not scenario.known.reports or scenario.known.reports[-1].voided:
            return
        number, report, before = len(scenario.known.reports), scenario.known.reports[-1], scenario.known
        was = [course.model_dump(mode="json") for course in report.courses]
        scenario.when(report_corrected(number, *told), report_corrected(number, *was))
        assert_as_before(before, scenario.known)

    hold(scale, law, any_story, mistakes, ordinary=40)


def assert_as_before(before: PatientHistory, now: PatientHistory) -> None:
    """But a course that was taken for complete in between, and is not the latest, is short for good (R24)."""
    if any(status == "short" for _, status, *_ in outline(now)):
        return
    assert outline(now) == outline(before)
