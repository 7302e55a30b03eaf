"""R4, R7, R28, R29: what sends a request to a clinician whatever the clauses say, from revision 2 on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.facts import Circumstances, CourseMilligrams, Facts
from domain.policy.editions import KNOWN
from domain.policy.referral import ALWAYS_REFERRED
from tests.policy.cases import NEWEST, NOT_MET, initial, judge, later

OTHER = "22222222-2222-4333-8444-555555555555"
LINKED = Circumstances(histories_linked=True, linked_histories=(OTHER,))
DEAD = Circumstances(death_on_record=True)
REVISION_1 = KNOWN[0][-1]
PENDS = initial(hiv_infection=None)
FAILS = initial(hiv_infection=True)


def codes(facts: Facts, circumstances: Circumstances, **values: Any) -> tuple[str, ...]:
    return tuple(one.code for one in judge(facts, circumstances=circumstances, **values).reasons)


# -- R28, R29 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("circumstances", "code"), [(LINKED, "histories_linked"), (DEAD, "death_on_record")])
@pytest.mark.parametrize("facts", [initial(), PENDS, FAILS, later(), later(prior_treatment__last_dose_on="2025-06")])
def test_R28_and_R29_every_recommendation_is_clinical_review(
    facts: Facts, circumstances: Circumstances, code: str
) -> None:
    assert judge(facts).recommendation in ("approve", "pend", "not_recommended")
    judged = judge(facts, circumstances=circumstances)
    assert (judged.recommendation, judged.needed, judged.approvable_from) == ("refer", (), None)
    assert [one.code for one in judged.reasons] == [code]
    findings = judge(facts).findings
    assert [one.answer for one in judged.findings] == [one.answer for one in findings], "no clause is decided by it"


def test_R28_the_other_history_is_named() -> None:
    (reason,) = judge(initial(), circumstances=LINKED).reasons
    assert OTHER in reason.sentence
    assert reason.readings == ("R28",)


def test_R29_a_death_is_a_reason_of_its_own() -> None:
    (reason,) = judge(FAILS, circumstances=DEAD).reasons
    assert reason.readings == ("R29",)
    assert codes(FAILS, DEAD.model_copy(update={"histories_linked": True})) == ("histories_linked", "death_on_record")
    assert {"histories_linked", "death_on_record", "course_short"} == ALWAYS_REFERRED


@pytest.mark.parametrize(("facts", "expected"), [(initial(), "refer"), (PENDS, "pend"), (FAILS, "not_recommended")])
def test_R28_under_revision_1_a_link_only_kept_a_request_from_being_approved(facts: Facts, expected: str) -> None:
    judged = judge(facts, edition=REVISION_1, circumstances=Circumstances(histories_linked=True))
    assert judged.recommendation == expected
    assert [one.readings for one in judged.reasons] == ([("R1",)] if expected == "refer" else [])


@pytest.mark.parametrize(
    ("circumstances", "code"),
    [
        (Circumstances(entries_waiting=1), "entries_waiting"),
        (Circumstances(entries_waiting=2), "entries_waiting"),
        (Circumstances(lines_without_days=1), "lines_without_days"),
        (Circumstances(lines_without_days=2), "lines_without_days"),
    ],
)
def test_R25_what_waits_in_the_course_refers_an_approval_and_nothing_else(
    circumstances: Circumstances, code: str
) -> None:
    (reason,) = judge(initial(), circumstances=circumstances).reasons
    assert (reason.code, reason.readings) == (code, ("R25",))
    assert judge(initial(), circumstances=circumstances).recommendation == "refer"
    assert [judge(one, circumstances=circumstances).recommendation for one in (PENDS, FAILS)] == [
        "pend",
        "not_recommended",
    ]


# -- R7: milligrams -------------------------------------------------------------------------------


def on_record(total: float, most: float = 12, course: int = 1) -> Circumstances:
    return Circumstances(milligrams=CourseMilligrams(course=course, total_mg=total, most_in_a_day_mg=most))


def open_course(given: int, days: int, mg: float = 12) -> Facts:
    course = {"received_lemtrada": True, "completed_course": False, "open_course": {"number": 1, "doses_given": given}}
    dosing = {"mg_per_day": mg, "consecutive_days": days, "route": "intravenous"}
    return initial(prior_treatment=course, requested_dosing=dosing)


@pytest.mark.parametrize(
    ("circumstances", "days", "expected"),
    [
        (on_record(24), 3, ()),
        (on_record(24.5), 3, ("milligrams_over_course",)),
        (on_record(24.5), 2, ()),
        (on_record(48, most=24), 3, ("milligrams_over_day", "milligrams_over_course")),
        (on_record(24, most=12.5), 3, ("milligrams_over_day",)),
        (on_record(60), 3, ("milligrams_over_course",)),
        (Circumstances(), 3, ()),
    ],
)
def test_R7_milligrams_are_limited_to_twelve_a_day_and_sixty_in_the_course(
    circumstances: Circumstances, days: int, expected: tuple[str, ...]
) -> None:
    facts = open_course(2, days)
    assert codes(facts, circumstances) == expected
    assert judge(facts, circumstances=circumstances).recommendation == ("refer" if expected else "approve")


@pytest.mark.parametrize(("total", "expected"), [(12, ()), (12.5, ("milligrams_over_course",))])
def test_R7_a_later_course_has_thirty_six(total: float, expected: tuple[str, ...]) -> None:
    course = {"number": 2, "doses_given": 1, "last_dose_on": "2026-04-20"}
    facts = later(prior_treatment__open_course=course, requested_dosing__consecutive_days=2)
    assert codes(facts, on_record(total, course=2)) == ("later_course_interrupted", *expected)


def test_R7_dosing_outside_the_regimen_says_enough_and_missing_dosing_says_nothing() -> None:
    assert codes(open_course(2, 4), on_record(24)) == ("dosing_outside_regimen",)
    assert codes(open_course(2, 3, mg=15), on_record(24)) == ("dosing_outside_regimen",)
    without = open_course(2, 3).model_copy(update={"requested_dosing": type(initial().requested_dosing)()})
    assert judge(without, circumstances=on_record(24)).recommendation == "pend"
    assert codes(without, on_record(24, most=13)) == ("milligrams_over_day",)


# -- R4: retrospective ----------------------------------------------------------------------------


def test_R4_what_was_not_met_on_the_day_of_the_first_dose_is_named() -> None:
    found = Circumstances(
        retrospective=True, first_dose_on=date(2026, 1, 5), unmet_on_first_dose=(f"1.B.iv {NOT_MET}",)
    )
    judged = judge(later(), circumstances=found)
    assert judged.recommendation == "refer"
    assert [one.code for one in judged.reasons] == ["retrospective", "unmet_on_first_dose"]
    assert (judged.reasons[1].citation, judged.reasons[1].readings) == ("1.B.iv", ("R4",))
    assert "2026-01-05" in judged.reasons[1].sentence
    assert judge(later(hiv_infection=True), circumstances=found).recommendation == "not_recommended"
    assert NEWEST.facts_revision == 2
