"""Strategies of lives and of how they are told. They shrink to few infusions, told at once and by us."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import strategies as st

from tests.properties.lives import FIRST, Life, TrueCourse, Use, courses_of, open_course
from tests.properties.tellings import Entry, Mistake, Report, Telling, Told, ToldUse

BEGIN = date(2024, 3, 4)
FIRST_REQUEST = date(2023, 11, 15)
"""No edition of the policy is known before."""

gaps = st.one_of(
    st.just(1),
    st.integers(1, 4),
    st.integers(5, 40),
    st.sampled_from([29, 30, 31, 32, 364, 365, 366, 367]),
    st.integers(300, 800),
)
"""The days from the last infusion of a run to the first of the next."""
delays = st.one_of(st.just(0), st.just(0), st.sampled_from([1, 2, 10, 31, 200, 366]), st.integers(0, 500))
known = st.sampled_from(["day", "month", "year", None])
exactness = st.sampled_from(["day", "day", "month", "year"])


@dataclass(frozen=True)
class Run:
    """Infusions on consecutive days, by one of us or elsewhere, `gap` days after the run before."""

    gap: int
    number: int
    is_ours: bool


runs = st.lists(st.builds(Run, gaps, st.sampled_from([1, 2, 3, 5, 4]), st.booleans()), max_size=5)


def days_of(drawn: list[Run], begin: date) -> dict[date, bool]:
    """Every infusion, and whether it is ours."""
    found: dict[date, bool] = {}
    day = begin
    for place, run in enumerate(drawn):
        day += timedelta(days=run.gap if place else 0)
        for number in range(run.number):
            day += timedelta(days=1 if number else 0)
            found[day] = run.is_ours
    return found


# -- what a report says of a part of a course -------------------------------------------------


def words(course: TrueCourse, days: tuple[date, ...]) -> list[bool | None]:
    """What may truthfully be said of completion, of a course of which these days are told (R27)."""
    found: list[bool | None] = []
    if course.completed_on is not None and set(course.days[: course.regimen]) <= set(days):
        found.append(True)
    if len(days) < course.regimen:
        found.append(False)
    return [*found, None] if len(days) <= course.regimen else found


@st.composite
def told_course(draw: st.DrawFn, course: TrueCourse, days: tuple[date, ...], exact: bool) -> Told:
    completed = draw(st.sampled_from([one for one in words(course, days) if not (exact and one is None)]))
    with_excess = len(days) > course.regimen
    if exact:
        return Told(course.number, days, True, "day", "day", completed)
    counted = with_excess or draw(st.booleans())
    return Told(course.number, days, counted, draw(known), draw(known), completed)


def consecutive(days: Iterable[date]) -> list[tuple[date, ...]]:
    found: list[tuple[date, ...]] = []
    for day in days:
        if found and day - found[-1][-1] == timedelta(days=1):
            found[-1] = (*found[-1], day)
        else:
            found.append((day,))
    return found


def at_most_a_regimen(course: TrueCourse, days: tuple[date, ...]) -> list[tuple[date, ...]]:
    """The days in parts that can be told: the whole regimen, or less than that; doses beyond it are told apart."""
    if len(days) < course.regimen:
        return [days]
    whole = course.regimen if days[: course.regimen] == course.days[: course.regimen] else course.regimen - 1
    return [days[:whole], *at_most_a_regimen(course, days[whole:])]


@st.composite
def parts(draw: st.DrawFn, course: TrueCourse, ours: frozenset[date], exact: bool) -> list[tuple[date, ...]]:
    """The infusions elsewhere in one, two or three parts, and perhaps some told again, ours among them."""
    elsewhere = tuple(day for day in course.days if day not in ours)
    cuts = sorted(draw(st.lists(st.integers(0, len(elsewhere)), max_size=2)))
    bounds = [0, *cuts, len(elsewhere)]
    found = [elsewhere[begin:end] for begin, end in pairwise(bounds)]
    for begin, size in draw(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), max_size=1)):
        found.append(course.days[begin : begin + size])
    if exact:
        found = [run for part in found for run in consecutive(part)]
    tellable: list[tuple[date, ...]] = []
    for part in found:
        whole = part[: course.regimen] == course.days[: course.regimen]
        if whole and course.number > 1 and len(part) in (4, 5) and draw(st.booleans()):
            tellable.append(part)
        else:
            tellable += at_most_a_regimen(course, part)
    return [part for part in tellable if part]


# -- reports ----------------------------------------------------------------------------------


def may_follow(before: Told, after: Told, courses: list[TrueCourse]) -> bool:
    """Whether one report may list the two: in order of time, and different courses unless the first is not complete."""
    if before.days[-1] >= after.days[0]:
        return False
    if before.completed is False:
        return True
    return before.course < after.course and courses[before.course - 1].completed_on is not None


@st.composite
def reports(draw: st.DrawFn, told_parts: list[Told], courses: list[TrueCourse], exact: bool) -> tuple[Report, ...]:
    lists: list[list[Told]] = []
    for one in sorted(told_parts, key=lambda part: (part.days[0], part.days[-1])):
        before = lists[-1][-1] if lists else None
        # Whether a course listed after one that is not complete is another is not known (R27).
        is_listed = before is not None and may_follow(before, one, courses) and not (exact and not before.completed)
        if is_listed and draw(st.booleans()):
            lists[-1].append(one)
        else:
            lists.append([one])
    found = []
    for listed in lists:
        told_on = max(one.days[-1] for one in listed) + timedelta(days=draw(delays))
        source = draw(st.sampled_from(["other_plan", "attested", "trial"]))
        found.append(Report(tuple(listed), told_on, told_on + timedelta(days=draw(delays)), source))
    return tuple(found)


@st.composite
def entries(draw: st.DrawFn, ours: list[date], courses: list[TrueCourse], exact: bool) -> tuple[Entry, ...]:
    found = []
    for days in draw(lines(ours, courses)) if not exact else [(day,) for day in ours]:
        on = draw(st.sampled_from(days))
        recorded_on = (days[-1] if len(days) > 1 else on) + timedelta(days=draw(delays))
        is_line = len(days) > 1
        found.append(Entry(on, recorded_on, days=days if is_line else (), is_claim=is_line))
    if found and draw(st.integers(0, 7)) == 7:
        first = draw(st.sampled_from(found))
        misread = first.on - timedelta(days=draw(st.sampled_from([1, 7, 30, 31, 365])))
        if misread not in ours:
            corrected_on = first.recorded_on + timedelta(days=draw(delays))
            # A replacement of a claim has other units, and perhaps another day.
            is_replaced = draw(st.booleans())
            changes = {"is_claim": first.is_claim or is_replaced, "is_replaced": is_replaced}
            is_misread = not is_replaced or draw(st.booleans())
            found[found.index(first)] = replace(
                first, misread=misread if is_misread else None, corrected_on=corrected_on, **changes
            )
    if not exact:
        found += draw(further_entries(found, ours))
    return tuple(found)


@st.composite
def lines(draw: st.DrawFn, ours: list[date], courses: list[TrueCourse]) -> list[tuple[date, ...]]:
    """Our infusions, most of them by themselves, and some on one claim line with others of their course near them."""
    if draw(st.integers(0, 4)) < 4:
        return [(day,) for day in ours]
    course_of = {day: course.number for course in courses for day in course.days}
    found: list[tuple[date, ...]] = []
    for day in ours:
        before = found[-1] if found else ()
        near = bool(before) and (day - before[0]).days <= 20 and course_of[day] == course_of[before[-1]]
        if near and len(before) < 5 and draw(st.booleans()):
            found[-1] = (*before, day)
        else:
            found.append((day,))
    return found


@st.composite
def further_entries(draw: st.DrawFn, found: list[Entry], ours: list[date]) -> list[Entry]:
    """Seldom, a second entry of a day; and seldom, a claim that is voided, of an infusion that was given or not."""
    added: list[Entry] = []
    if found and draw(st.integers(0, 6)) == 6:
        first = draw(st.sampled_from(found))
        if first.misread is None:
            recorded_on = first.recorded_on + timedelta(days=draw(delays))
            added.append(Entry(first.on, recorded_on, second=True, is_claim=draw(st.booleans())))
    if found and draw(st.integers(0, 5)) == 5:
        first = draw(st.sampled_from(found))
        voided_on = max(first.recorded_on, first.corrected_on) + timedelta(days=draw(delays))
        if draw(st.booleans()):
            if not first.is_replaced and first.misread is None and not any(one.on == first.on for one in added):
                found[found.index(first)] = replace(first, is_claim=True, voided_on=voided_on)
        else:
            on = first.on + timedelta(days=draw(st.sampled_from([1, 2, 10, 40, 400])))
            if on not in ours:
                false = Entry(on, max(on, first.recorded_on), is_claim=True, was_given=False)
                added.append(replace(false, voided_on=max(on, voided_on)))
    return added


# -- agents -----------------------------------------------------------------------------------


@st.composite
def uses(draw: st.DrawFn, requested_on: date, exact: bool = False) -> tuple[ToldUse, ...]:
    """Uses of other agents that began by the day of the request; those of one agent do not overlap."""
    found: list[ToldUse] = []
    for product in draw(st.lists(st.sampled_from(["Kesimpta", "Ocrevus"]), min_size=1, max_size=3)):
        start = requested_on - timedelta(days=draw(st.one_of(st.integers(0, 40), st.integers(0, 900))))
        length = draw(st.one_of(st.none(), st.integers(0, 60), st.integers(0, 900)))
        use = Use(product, start, start + timedelta(days=length) if length is not None else None)
        if any(one.use.product == product and overlap(one.use, use) for one in found):
            continue
        found.append(
            ToldUse(
                use,
                # An agent that is only on record is on the prescriber's complete list too: Ocrevus is, in any case.
                stated=(exact and product != "Ocrevus") or draw(st.booleans()),
                says_taken=exact or draw(st.booleans()),
                start_known="day" if exact else draw(exactness),
                stop_known="day" if exact else draw(exactness),
                start_recorded_on=start + timedelta(days=draw(delays)),
                stop_recorded_on=(use.stopped or start) + timedelta(days=draw(delays)),
            )
        )
    return tuple(found)


@st.composite
def agent_tellings(draw: st.DrawFn, exact: bool = False) -> Telling:
    """A request of somebody who never had Lemtrada, and took other agents."""
    requested_on = BEGIN + timedelta(days=draw(st.integers(0, 400)))
    told_uses = draw(uses(requested_on, exact))
    planned = draw(st.integers(0, 40)) if exact else draw(st.one_of(st.none(), st.integers(0, 40)))
    return Telling(
        Life((), tuple(one.use for one in told_uses)),
        requested_on=requested_on,
        planned_on=requested_on + timedelta(days=planned) if planned is not None else None,
        agents=told_uses,
    )


def overlap(one: Use, other: Use) -> bool:
    first, second = sorted((one, other), key=lambda use: use.started)
    return first.stopped is None or second.started <= first.stopped


# -- whole tellings ---------------------------------------------------------------------------


def courses_that_tell_of_a_first(courses: list[TrueCourse], ours: frozenset[date]) -> list[TrueCourse]:
    """The later courses that give notice of a first one of which no report tells (R27).

    They have three or four doses, none of them ours, and the doses that are on record before them are no whole course.
    """
    if len(courses) < 2 or courses[0].completed_on is None:
        return []
    known, found = len(ours & {*courses[0].days}), []
    for one in courses[1:]:
        if known < FIRST and len(one.days) in (3, 4) and not ours & {*one.days}:
            found.append(one)
        known += len(one.days)
    return found


@st.composite
def never_before(draw: st.DrawFn, first: date) -> tuple[Report, ...]:
    """Seldom, a report that Lemtrada was never received, made before it was."""
    if draw(st.integers(0, 7)) < 7:
        return ()
    told_on = first - timedelta(days=1 + draw(delays))
    return (Report((), told_on, told_on, "attested"),)


@st.composite
def mistakes(draw: st.DrawFn, days: list[date]) -> tuple[Mistake, ...]:
    """Seldom, a report of another patient, which is voided."""
    if draw(st.integers(0, 7)) < 7:
        return ()
    recorded_on = max(draw(st.sampled_from(days)), FIRST_REQUEST)
    courses = draw(st.sampled_from([(), *((one,) for one in COURSES)]))
    return (Mistake(courses, recorded_on, recorded_on + timedelta(days=draw(delays))),)


COURSES = [
    {"doses_given": 5, "last_dose_on": "2022-06-10", "completed": True},
    {"last_dose_on": "2023", "completed": True},
    {"doses_given": 2, "last_dose_on": "2023-09", "completed": False},
    {"last_dose_on": "2023-11-01"},
    {"completed": True},
]


@st.composite
def days_closed(draw: st.DrawFn, infusions: tuple[date, ...]) -> date | None:
    """Seldom, a day without an infusion on which a clinician closes the course that is open."""
    if draw(st.integers(0, 5)) < 5 or not infusions:
        return None
    day = draw(st.sampled_from(infusions)) + timedelta(days=draw(st.integers(1, 60)))
    return day if day not in infusions and open_course(Life(infusions), day) is not None else None


@st.composite
def tellings(draw: st.DrawFn, exact: bool = False, agents: bool = True) -> Telling:
    drawn = days_of(draw(runs), BEGIN + timedelta(days=draw(st.integers(0, 400))))
    ours = frozenset(day for day, is_ours in drawn.items() if is_ours)
    closed_on = draw(days_closed(tuple(drawn)))
    courses = courses_of(tuple(drawn), closed_on)
    notices = courses_that_tell_of_a_first(courses, ours) if not exact and closed_on is None else []
    notice = draw(st.sampled_from(notices)) if notices and draw(st.booleans()) else None
    told_parts: list[Told] = []
    for course in courses:
        if notice is not None and course.number == 1:
            continue
        if notice is not None and course.number == notice.number:
            told_parts.append(Told(course.number, course.days, True, draw(known), draw(known), True))
            continue
        told_parts += [draw(told_course(course, part, exact)) for part in draw(parts(course, ours, exact))]
    told = (*draw(never_before(min(drawn, default=BEGIN))), *draw(reports(told_parts, courses, exact)))
    telling = Telling(Life(tuple(drawn), closed_on=closed_on), draw(entries(sorted(ours), courses, exact)), told)
    days = [day for day in telling.days_that_matter() if day >= FIRST_REQUEST]
    requested_on = draw(st.sampled_from(days))
    told_uses = draw(uses(requested_on)) if agents and draw(st.integers(0, 3)) == 3 else ()
    planned = draw(st.one_of(st.none(), st.integers(0, 40))) if told_uses else None
    return Telling(
        Life(telling.life.infusions, tuple(one.use for one in told_uses), closed_on=closed_on),
        telling.entries,
        telling.reports,
        requested_on,
        requested_on + timedelta(days=planned) if planned is not None else None,
        exact or draw(st.booleans()),
        told_uses,
        draw(mistakes(days)) if closed_on is None else (),
    )
