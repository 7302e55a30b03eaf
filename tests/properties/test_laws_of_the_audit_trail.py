"""The audit trail, which compares only what an event replaced, against the comparison of complete snapshots."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import strategies as st

from domain.errors import LedgerError
from domain.history import fold
from domain.history.state import PatientHistory
from domain.treatment.courses import courses
from projections.audit_trail import audit_trail
from projections.course_updates import CourseUpdates
from projections.record_values import DETAILS, STATUS, course_status, person_details
from projections.state_changes import StateChanges
from tests.properties.stories import EVERYTHING, Act, acts, at_every_scale, hold, perform
from tests.story import (
    MEETS_A,
    NEUROLOGIST,
    NURSE,
    Scenario,
    Step,
    appeals,
    dose,
    doses,
    given,
    patient,
    reported,
    requests,
    treatment,
    voided,
)
from tests.story.cases import CASES
from tests.story.determinations import extended, rescinded

OTHER_STEPS: dict[str, list[Step]] = {
    "demographics": [patient.demographics_corrected(name="Alma Other", birth_date="1990")],
    "identifiers": [patient.identifier_added("M-2"), patient.identifier_retired("M-2")],
    "links": [patient.linked(), patient.unlinked()],
    "coverage": [patient.line_changed("2024-02-01"), patient.line_changed("2024-02-01", "medicaid")],
    "representatives": [patient.representative(), patient.representative(through="2030-01-01")],
    "death": [patient.died("2024-01-02")],
    "no death": [patient.death_voided()],
    "agents": [patient.agent_started("Rebif", "2020"), patient.agent_stopped("Rebif", "2021")],
    "dose": [treatment.dose_corrected(1, site="Lakeside"), treatment.dose_corrected(1, mg=11)],
    "hold": [requests.assigned(NURSE), requests.planned("2030-01-01", "Lakeside")],
    "release": [requests.released(), requests.withdrawn()],
    "reopen": [requests.reopened()],
    "ask": [requests.information_requested(), requests.reminded(), requests.clock_extended()],
    "supply": [requests.supplied({"hiv_infection": False}, requests.sent("MRI", requests.MRI), requests.sent("Form"))],
    "review": [requests.reviewed(1, supports=True), requests.reviewed(2, supports=False)],
    "documents": [requests.document_corrected(1, name="MRI of 2023"), requests.document_voided(2)],
    "correct statement": [requests.statement_corrected(MEETS_A | {"ms_form": "primary_progressive"})],
    "prescriber": [requests.prescribed_by({"name": "Otto Other", "specialty": "neurology"})],
    "talk": [requests.peer_to_peer_offered(), requests.peer_to_peer_held()],
    "notice": [requests.noticed("denial", "2024-01-02T15:00:00Z"), requests.delivered("2024-01-03T15:00:00Z")],
    "approval": [extended(), rescinded()],
    "appeal": [appeals.appealed(), appeals.appeal_assigned(NEUROLOGIST)],
    "overturn": [appeals.overturned()],
    "uphold": [appeals.upheld("1.A"), appeals.handed_on()],
    "answer": [appeals.answered("overturned")],
}  # fmt: skip

Named = dict[str, Any]
stories_of_everything = st.lists(st.one_of(acts(*EVERYTHING), st.sampled_from(sorted(OTHER_STEPS))), max_size=20)


def told(story: list[Act | str]) -> Scenario:
    scenario = perform([])
    for one in story:
        if isinstance(one, Act):
            perform([one], scenario)
            continue
        for step in OTHER_STEPS[one]:
            # A step that does not suit the history is refused, or finds no request or appeal.
            with suppress(LedgerError, IndexError):
                scenario.and_given(step)
    return scenario


# -- the plain comparison: everything that is on record, before and after ------------------------


def snapshot(history: PatientHistory | None) -> tuple[Named, dict[str, Named]]:
    if history is None:
        return {}, {}
    status: Named = {"history": "opened"}
    details = {"history": person_details(history)}
    for field, read in STATUS.items():
        records = getattr(history, field)
        if not isinstance(records, tuple):
            records = () if records is None else (records,)
        status |= dict(read(place, record) for place, record in enumerate(records))
    for field, facts in DETAILS.items():
        for place, record in enumerate(getattr(history, field)):
            details[STATUS[field](place, record)[0]] = facts(record)
    found = courses(replace(history))
    status |= {f"course {one.number}": course_status(one, found[-1]) for one in found}
    return status, details


def differences(before: Named, after: Named) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys([*after, *before]):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def all_differences(versions: list[PatientHistory]) -> list[list[tuple[str, Any, Any]]]:
    found = []
    (was, details_before) = snapshot(None)
    for version in versions:
        now, details = snapshot(version)
        changes = list(differences(was, now))
        for record, facts in details_before.items():
            changes += [(f"{record}: {name}", *values) for name, *values in differences(facts, details[record])]
        found.append(changes)
        was, details_before = now, details
    return found


def check(scenario: Scenario, after: int, limit: int) -> None:
    trail = audit_trail(scenario.events)
    assert [[(one.what, one.before, one.after) for one in entry.changed] for entry in trail] == all_differences(
        scenario.versions
    )
    page = scenario.events[after : after + limit]
    assert audit_trail(page, fold(scenario.events[:after])) == trail[after : after + limit]


@at_every_scale
def test_every_entry_equals_the_comparison_of_complete_snapshots(scale: str) -> None:
    def law(story: list[Act | str], after: int, limit: int) -> None:
        check(told(story), after, limit)

    hold(scale, law, stories_of_everything, st.integers(0, 30), st.integers(1, 10))


def test_every_kind_of_record_is_compared() -> None:
    approved = [Act("request A"), Act("approve", number=5), "approval"]
    person = ["demographics", "identifiers", "links", "coverage", "representatives", "death", "no death", "agents"]
    treated = [
        Act("report", number=2),
        Act("correct report"),
        Act("run", number=5),
        Act("correct dose"),
        "dose",
        Act("void"),
    ]
    request = [Act("request A"), "hold", "ask", "supply", "review", "documents", "prescriber", "talk"]
    scenarios = [told([*approved, *person, *treated, *request]), *(case() for case in CASES.values())]
    for one in scenarios:
        check(one, 3, 5)
    changed = {change.what for one in scenarios for entry in audit_trail(one.events) for change in entry.changed}
    with_status = "coverage from,representative,death,other agent,report,request,approval,document,notice,appeal,dose"
    for name in (*with_status.split(","), "course"):
        assert any(one.startswith(name) and ": " not in one for one in changed), name
    for name in ("history", "request", "report", "dose", "document"):
        assert any(one.startswith(name) and ": " in one for one in changed), name


LONG_REPORTED = {"doses_given": 4, "first_dose_on": "2023-05", "last_dose_on": "2024-01-20"}
"""A course on so many days that late doses document it."""
COURSES_CHANGE = (
    "dose", "run", "run", "late dose", "void", "confirm", "close", "report", "report", "correct dose", "move dose",
    "correct report", "void report",
)  # fmt: skip


def test_a_short_course_that_becomes_the_latest_again_is_compared() -> None:
    scenario = given(*doses("2024-03-04", 5), dose("2025-09-01")).and_given(voided(1), voided(6))
    check(scenario, 0, 100)
    (shown,) = [one for entry in audit_trail(scenario.events)[-2:] for one in entry.changed if one.what == "course 1"][
        :1
    ]
    assert (shown.before, shown.after) == ("short, doses given: 4", "completed, doses given: 4")


@at_every_scale
def test_updated_courses_equal_the_courses_of_each_version(scale: str) -> None:
    def law(story: list[Act], first: int, elsewhere: dict[str, Any] | None) -> None:
        begun = given(*([] if elsewhere is None else [reported(elsewhere)]), today="2024-02-01")
        versions = perform(story, begun).versions
        updates = CourseUpdates()
        for version in versions[first % len(versions) :]:
            updates.update(version)
            assert tuple(updates.found) == courses(replace(version))

    reports = st.sampled_from([None, LONG_REPORTED, LONG_REPORTED])
    hold(
        scale, law, st.lists(acts(*COURSES_CHANGE), min_size=10, max_size=30), st.integers(0, 30), reports, ordinary=25
    )


@pytest.mark.parametrize("seed", range(2))
def test_the_trail_of_a_long_story_equals_the_comparison_of_complete_snapshots(seed: int) -> None:
    """Long enough for courses in the middle to change, and for those behind them to keep or to change their numbers."""
    chance = random.Random(seed)
    kinds = (*EVERYTHING, *COURSES_CHANGE, *OTHER_STEPS)
    story: list[Act | str] = []
    for kind in chance.choices(kinds, k=120):
        gap = chance.choice((0, 0, 0, 1, 2, 30, 90, 370))
        act = Act(kind, gap, chance.randint(1, 5), chance.randint(0, 20))
        story.append(kind if kind in OTHER_STEPS else act)
    check(told(story), after=60, limit=50)


def test_of_two_records_with_one_name_the_latest_is_compared() -> None:
    history = told([Act("request A"), Act("approve", number=5)]).known
    (first,) = history.approvals
    second = replace(first, version=first.version + 1, valid_through=date(2024, 12, 31))
    twice = history.changed(approvals=(first, second))
    changes = StateChanges(history)
    assert [one.what for one in changes.next(twice)] == ["approval of request r1"]
    rescinded_first = twice.changed(approvals=(replace(first, rescinded_on=date(2024, 2, 1)), second))
    assert changes.next(rescinded_first) == ()
    assert snapshot(rescinded_first) == snapshot(twice)
