"""Records that are too vague for every life to be followed: nothing is certain but what our own doses say (R27)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.calendar import DateRange
from domain.treatment import lives
from domain.treatment.possible_treatment import NONE, possible_treatments
from projections.eligibility import Eligibility, eligibility
from tests.story import Scenario, Step, dose, doses, given, reported, submitted, voided

SOURCES = ("attested", "other_plan", "trial")
TODAY = "2026-04-28"


@pytest.fixture
def all_the_steps() -> None:
    """The limit of the program itself."""


@pytest.fixture(autouse=True)
def steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """These records are too vague by far, and it takes less time to find that out with a lower limit."""
    if "all_the_steps" not in request.fixturenames:
        monkeypatch.setattr(lives, "STEPS_MAX", 300)
        monkeypatch.setattr(lives, "STEPS_IN_FULL_MAX", 100)


def vague(*steps: Step) -> Scenario:
    """Three sources say that there was treatment, without any number and any day; the last one on 2024-03-10."""
    told = [reported({}, source=source).recorded_on(f"2024-0{at}-10") for at, source in enumerate(SOURCES, 1)]
    return given(*told, *steps, submitted())


def told(**course: Any) -> Step:
    return reported(course).recorded_on("2024-03-12")


def answered(scenario: Scenario, on: str = TODAY) -> Eligibility:
    return eligibility(scenario.known, date.fromisoformat(on))


def days(scenario: Scenario, on: str = TODAY) -> tuple[str, str]:
    """The earliest and the latest day of the last dose, as an answer shows them."""
    answer = answered(scenario, on)
    return str(answer.last_dose_earliest), str(answer.last_dose_latest)


def test_neither_path_nor_number_is_certain(all_the_steps: None) -> None:
    answer = answered(vague().then_recommended("pend", scope=None, needed=("1.A", "1.B", "1.B.iii.a", "1.B.iii.b")))
    assert (answer.path, answer.course_number, answer.course_is, answer.doses_given) == (None, None, None, None)
    assert (answer.doses_given_at_least, answer.doses_left_at_least, answer.doses_left_at_most) == (1, 0, 4)


def test_the_last_dose_was_on_any_day_from_birth_to_the_last_report() -> None:
    assert days(vague()) == ("1988-05-17", "2024-03-10")


@pytest.mark.parametrize(
    ("steps", "on", "expected"),
    [
        ([dose("2025-06-02")], TODAY, ("2025-06-02", "2025-06-02")),
        ([dose("2025-06-02")], "2025-06-01", ("1988-05-17", "2024-03-10")),
        ([dose("2025-06-02"), voided(1)], TODAY, ("1988-05-17", "2024-03-10")),
        ([dose("2019-06-03")], TODAY, ("2019-06-03", "2024-03-10")),
        ([told(doses_given=2, last_dose_on="2023-05", completed=False)], TODAY, ("2023-05-01", "2024-03-10")),
    ],
    ids=["given last", "not given by then", "voided", "given before the reports", "reported to the month"],
)
def test_a_dose_with_a_day_is_the_earliest_that_the_last_one_can_be(
    steps: list[Step], on: str, expected: tuple[str, str]
) -> None:
    assert days(vague(*steps), on) == expected
    assert answered(vague(*steps), on).path is None


def test_a_reported_course_that_goes_on_is_certain_from_its_first_day() -> None:
    scenario = vague(told(doses_given=5, first_dose_on="2023-05-01", last_dose_on="2023-05-20", completed=True))
    assert days(scenario, "2023-05-10") == ("2023-05-01", "2023-05-10")
    assert answered(scenario, "2023-05-19").path is None
    assert answered(scenario, "2023-05-20").path == "B"


def test_a_course_that_our_doses_complete_is_certain_and_leads_to_b() -> None:
    scenario = vague(*doses("2025-06-02", 5))
    assert answered(scenario, "2025-06-05").path is None
    answer = answered(scenario, "2025-06-06")
    assert (answer.path, answer.course_is, answer.next_course_from) == ("B", "later", None)
    assert days(scenario) == ("2025-06-06", "2025-06-06")


def test_that_nothing_was_given_is_possible_only_before_a_dose_is_certain() -> None:
    scenario = vague(dose("2019-06-03"))
    assert NONE in possible_treatments(scenario.known, date(2019, 6, 2))
    assert NONE not in possible_treatments(scenario.known, date(2019, 6, 3))


def test_a_course_before_the_latest_was_on_any_day_that_can_be_recorded() -> None:
    before = {one.number: one.last_before for one in possible_treatments(vague().known, date(2026, 4, 28))}
    assert before == {1: None, 2: DateRange(date(1900, 1, 1), date(2024, 3, 10))}


LATER_ONE = {"doses_given": 5, "first_dose_on": "2025-03-04", "last_dose_on": "2025-03-08", "completed": True}
EARLIER_ONE = {"doses_given": 3, "first_dose_on": "2024-03-04", "last_dose_on": "2024-03-06", "completed": True}


@pytest.mark.parametrize(
    ("ours", "last"), [([], "2025-03-08"), ([dose("2026-03-05")], "2026-03-05"), ([dose("2023-03-06")], "2025-03-08")]
)
def test_where_no_life_fits_only_the_days_and_a_complete_course_are_certain(ours: list[Step], last: str) -> None:
    """The report lists its courses in the wrong order of time."""
    scenario = given(*ours, reported(LATER_ONE, EARLIER_ONE).recorded_on("2026-04-01"))
    answer = answered(scenario)
    assert (answer.path, answer.course_is, answer.course_number) == ("B", "later", None)
    assert days(scenario) == (last, last)
