"""Where a definite answer of the program contradicts a life. Nothing said is never a contradiction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from domain.calendar import PartialDate
from domain.history.state import PatientHistory
from domain.review.assess_request import request_assessment
from projections.eligibility import Eligibility, eligibility
from tests.properties.lives import Truth, judged
from tests.properties.tellings import Telling

Contradiction = tuple[str, Any, Any]
"""The field, what was so, and what was answered."""


def contradictions(telling: Telling, history: PatientHistory, as_of: date) -> list[Contradiction]:
    answer, true = eligibility(history, as_of), judged(telling.life, as_of)
    found = [*of_values(answer, true), *of_ranges(answer, true), *of_last_dose(answer, true)]
    if as_of == telling.requested_on:
        found += of_assessment(telling, history, as_of)
    return found


def of_values(answer: Eligibility, true: Truth) -> Iterator[Contradiction]:
    expected = {
        "path": true.path,
        "course_number": true.number,
        "course_status": "open" if true.is_open else "not_begun",
        "course_is": true.course_is,
        "doses_given": true.given,
        "doses_left_in_course": true.left,
        "next_course_from": true.next_from,
        "interval_satisfied": true.twelve_months,
        "courses_completed": true.completed,
    }
    for name, value in expected.items():
        said = getattr(answer, name, None)
        if said is not None and said != value:
            yield name, value, said


def of_ranges(answer: Eligibility, true: Truth) -> Iterator[Contradiction]:
    """The fields that give a range beside the value that is not certain.

    Where the course is not certain, or whether it is begun, they are of the latest course, which may be complete.
    """
    ranges = [
        tuple(getattr(answer, f"{name}_{end}", None) for end in ("at_least", "at_most"))
        for name in ("doses_given", "doses_left")
    ]
    is_certain = answer.course_number is not None and answer.course_status is not None
    senses = [(true.given, true.left)] + ([] if is_certain else [true.latest])
    if not any(all(is_inside(value, ends) for value, ends in zip(sense, ranges, strict=True)) for sense in senses):
        yield "doses given and left", senses, ranges
    if not answer.courses_completed_at_least <= true.completed <= answer.courses_completed_at_most:
        yield "courses_completed", true.completed, (answer.courses_completed_at_least, answer.courses_completed_at_most)
    earliest, latest = getattr(answer, "last_dose_earliest", None), getattr(answer, "last_dose_latest", None)
    if earliest is not None and (true.last_dose is None or true.last_dose < earliest):
        yield "last_dose_earliest", true.last_dose, earliest
    if latest is not None and true.last_dose is not None and true.last_dose > latest:
        yield "last_dose_latest", true.last_dose, latest


def is_inside(value: int, ends: tuple[int | None, ...]) -> bool:
    least, most = ends
    return (least is None or least <= value) and (most is None or value <= most)


def of_last_dose(answer: Eligibility, true: Truth) -> Iterator[Contradiction]:
    said = answer.last_dose_on
    if said is not None and (true.last_dose is None or not said.earliest <= true.last_dose <= said.latest):
        yield "last_dose_on", true.last_dose, str(said)


def of_assessment(telling: Telling, history: PatientHistory, as_of: date) -> Iterator[Contradiction]:
    """The scopes, 1.B.iv, NR.2, and the recommendation for the true rest of the course."""
    true = judged(telling.life, as_of, telling.planned_on)
    said = request_assessment(history, history.requests[-1], as_of).assessment
    for citation, met in (("1.A", true.path == "A"), ("1.B", true.path == "B")):
        # A path is not met for other reasons too; that it is met says which it is.
        if said.finding(citation).answer.value == "met" and not met:
            yield f"finding {citation}", "not met", "met"
    if said.scope not in (None, true.path):
        yield "scope", true.path, said.scope
    clauses = [("NR.2", true.other_agent)]
    clauses += [("1.B.iv", true.twelve_months)] if true.twelve_months is not None else []
    for citation, holds in clauses:
        answer = said.finding(citation).answer.value
        if answer != "undetermined" and (answer == "met") is not holds:
            yield f"finding {citation}", "met" if holds else "not_met", answer
    if said.recommendation in ("pend", true.recommended):
        return
    if said.recommendation == "refer" and telling.waits_for_a_person(as_of):
        return
    reasons = ",".join(one.code for one in said.reasons)
    yield "recommendation", true.recommended, f"{said.recommendation} {reasons}".strip()


def differences(telling: Telling, history: PatientHistory, as_of: date) -> list[Contradiction]:
    """Where the answer to a life that is told exactly is not the definite and right one."""
    answer, true = eligibility(history, as_of), judged(telling.life, as_of)
    last = answer.last_dose_on
    pairs: dict[str, tuple[Any, Any]] = {
        "path": (true.path, answer.path),
        "course_number": (true.number, answer.course_number),
        "courses_completed": (true.completed, answer.courses_completed),
        "doses_given": (true.given, answer.doses_given),
        "doses_left_in_course": (true.left, answer.doses_left_in_course),
        "next_course_from": (true.next_from, answer.next_course_from),
        "last_dose_on": (PartialDate.of(true.last_dose) if true.last_dose is not None else None, last),
    }
    if as_of == telling.requested_on:
        true = judged(telling.life, as_of, telling.planned_on)
        said = request_assessment(history, history.requests[-1], as_of).assessment
        pairs |= {
            "scope": (true.path, said.scope),
            "interval_satisfied": (true.twelve_months, answer.interval_satisfied),
            "finding NR.2": ("met" if true.other_agent else "not_met", said.finding("NR.2").answer.value),
            "recommendation": (true.recommended, said.recommendation),
        }
        if said.recommendation == "refer" != true.recommended:
            pairs["reasons"] = ((), tuple(one.code for one in said.reasons))
    return [(name, value, said) for name, (value, said) in pairs.items() if value != said]


def in_words(telling: Telling, as_of: date, found: list[Contradiction]) -> str:
    lines = [f"  {name}: truly {value}, answered {said}" for name, value, said in found]
    return "\n".join([repr(telling).strip(), f"as of {as_of}:", *lines])
