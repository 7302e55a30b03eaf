"""The list of courses contradicts no life that was told in part, and agrees with eligibility (R27)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from domain.calendar import DateRange
from domain.history.state import PatientHistory
from domain.treatment.courses import Course, courses, current_course
from domain.treatment.lived_courses import GIVEN_MAX
from projections.eligibility import eligibility
from tests.properties.drawn_tellings import tellings
from tests.properties.lives import TrueCourse, courses_of
from tests.properties.stories import at_every_scale, hold
from tests.properties.tellings import Telling
from tests.properties.test_laws_of_lives import chosen_days, days_asked


@at_every_scale
def test_the_list_of_courses_contradicts_no_life_that_is_told_in_part(scale: str) -> None:
    def law(telling: Telling, chosen: list[int]) -> None:
        history = telling.perform().known
        for as_of in days_asked(telling, chosen):
            found = courses(history, as_of)
            wrong = [*contradictions(found, true_courses(telling, as_of)), *disagreements(found, history, as_of)]
            assert not wrong, in_words(telling, as_of, wrong)
            listed = [dose.dose_id for one in found for dose in one.doses]
            assert sorted(listed) == sorted(one.dose_id for one in history.doses if one.stands and one.on <= as_of)

    hold(scale, law, tellings(), chosen_days, ordinary=50)


@at_every_scale
def test_the_list_of_a_life_that_is_told_exactly_has_exactly_its_courses(scale: str) -> None:
    def law(telling: Telling, chosen: list[int]) -> None:
        history = telling.perform().known
        for as_of in days_asked(telling, chosen):
            if not telling.exactly_known_on(as_of):
                continue
            found, true = courses(history, as_of), true_courses(telling, as_of)
            listed = [(one.status, one.given, one.certainly_completed_on, one.last) for one in found]
            expected = [(status(one), len(one.days), one.completed_on, whole_day(one.days[-1])) for one in true]
            assert listed == expected, in_words(telling, as_of, [f"{listed} is not {expected}"])

    hold(scale, law, tellings(exact=True, agents=False), chosen_days, ordinary=50)


def true_courses(telling: Telling, as_of: date) -> list[TrueCourse]:
    closed_on = telling.life.closed_on
    given = tuple(day for day in telling.life.infusions if day <= as_of)
    return courses_of(given, closed_on if closed_on is not None and closed_on <= as_of else None)


def status(course: TrueCourse) -> str:
    return "completed" if course.completed_on is not None else "closed" if course.closed_on is not None else "open"


def whole_day(day: date) -> DateRange:
    return DateRange(day, day)


def contradictions(found: tuple[Course, ...], true: list[TrueCourse]) -> Iterator[str]:
    """Where a row says what was not so. A row that is not certain may be of no course."""
    for row in found:
        course = true[row.number - 1] if row.number <= len(true) else None
        if course is None:
            if row.is_certain or row.status != "unknown" or row.given_at_least:
                yield f"there is no course {row.number}, and it is listed as {row.status} {row.given_range}"
            continue
        if row.status not in ("unknown", status(course)):
            yield f"course {row.number} is {status(course)}, and listed as {row.status}"
        if not row.given_range[0] <= len(course.days) <= row.given_range[1]:
            yield f"course {row.number} has {len(course.days)} doses, and is listed with {row.given_range}"
        ends = ((row.begun, course.days[0]), (row.last, course.days[-1]))
        for days, day in ends:
            if days is not None and not days.earliest <= day <= days.latest:
                yield f"course {row.number} has {day}, and is listed with {days}"
        if row.certainly_completed_on not in (None, course.completed_on):
            yield f"course {row.number} is complete on {course.completed_on}, not on {row.certainly_completed_on}"
        # Of a voided claim, the list says that it is not known whether the infusion was given (R30).
        certain = [one for one in row.doses if one.days[0] and one.dose_id not in row.listed_as_recorded]
        elsewhere = [one.on for one in certain if one.on not in course.days]
        if elsewhere:
            yield f"the doses of {elsewhere} are listed in course {row.number}"
    # Reports that are too vague to follow a life leave open how many courses there are.
    is_vague = all(row.given_range[1] == GIVEN_MAX for row in found)
    if len(true) > len(found) and not is_vague:
        yield f"course {len(true)} is not listed"


def disagreements(found: tuple[Course, ...], history: PatientHistory, as_of: date) -> Iterator[str]:
    """Where the list and eligibility say different things of the next dose."""
    answer = eligibility(history, as_of)
    if answer.course_status == "open" and answer.course_number is not None:
        row = found[answer.course_number - 1]
        if row.status not in ("open", "unknown") or answer.doses_given not in (None, row.given):
            yield f"eligibility has course {row.number} open with {answer.doses_given}, and the list {row.status}"
    current = current_course(found, as_of)
    if current is not None and (answer.course_number, answer.course_status) != (current.number, "open"):
        yield f"the list has course {current.number} open, and eligibility {answer.course_number}"
    ends = (answer.doses_given_at_least, answer.doses_given_at_most)
    if current is not None and ends != current.given_range:
        yield f"the list has {current.given_range} doses of course {current.number}, and eligibility {ends}"


def in_words(telling: Telling, as_of: date, found: list[str]) -> str:
    return "\n".join([repr(telling).strip(), f"as of {as_of}:", *(f"  {one}" for one in found)])
