"""A dose is a fact, and each departure has a name: those seen when it was recorded, and those of now (R22)."""

from __future__ import annotations

import pytest

from domain.events.treatment import DoseAdministered
from tests.story import (
    MEETS_B,
    PHYSICIAN,
    approved,
    approved_by_clinician,
    dismissed_duplicate,
    dose,
    doses,
    first_course,
    given,
    reported,
    submitted,
    voided,
)

UNAPPROVED = "no_approval_in_force"


# -- of the approval --------------------------------------------------------------------------


def test_doses_under_an_approval_depart_from_nothing() -> None:
    scenario = given(submitted(), approved(), *doses("2026-05-04", 5))
    for number in range(1, 6):
        scenario.then_variances(number, seen=())


def test_without_any_approval() -> None:
    given(dose("2024-03-04")).then_variances(1, UNAPPROVED, seen=(UNAPPROVED,))


@pytest.mark.parametrize(
    ("day", "variances"),
    [
        ("2026-04-27", ("outside_its_thirty_days",)),
        ("2026-04-28", ()),
        ("2026-05-27", ()),
        ("2026-05-28", ("outside_its_thirty_days",)),
    ],
    ids=["the day before", "day 1", "day 30", "day 31"],
)
def test_outside_the_thirty_days_of_the_approval(day: str, variances: tuple[str, ...]) -> None:
    """Approved on 2026-04-28."""
    scenario = given(submitted(), approved()).when(dose(day, "2026-06-01"))
    scenario.then(DoseAdministered, variances=variances).then_variances(1, *variances)


def test_a_dose_that_names_an_approval_of_another_course_has_none() -> None:
    scenario = given(submitted(), approved(), *doses("2026-05-04", 5), today="2026-04-28")
    request = scenario.known.requests[0].request_id
    scenario.when(dose("2027-06-01", request_id=request)).then(
        DoseAdministered, course=2, request_id=request, variances=(UNAPPROVED,)
    )


def test_a_dose_that_names_a_request_nobody_approved_has_none() -> None:
    scenario = given(submitted())
    request = scenario.known.requests[0].request_id
    scenario.when(dose("2026-04-28", request_id=request)).then(DoseAdministered, variances=(UNAPPROVED,))


def test_over_the_approval_from_the_first_dose_that_it_does_not_cover() -> None:
    partial = approved_by_clinician(doses=2, left_out="Three days.")
    scenario = given(submitted(), partial, *doses("2026-05-04", 3))
    scenario.then_variances(2).then_variances(3, "over_the_approval", seen=("over_the_approval",))
    scenario.and_given(voided(1)).then_variances(3)


def test_a_dose_recorded_before_its_day_was_approved_departed_then_and_uses_the_approval_now() -> None:
    partial = approved_by_clinician(doses=1, left_out="Four days.")
    scenario = given(submitted(), dose("2026-04-28"), partial, dose("2026-04-29"))
    scenario.then_variances(1, seen=(UNAPPROVED,)).then_variances(2, "over_the_approval").then_usable(0)


# -- of the regimen ---------------------------------------------------------------------------


def test_over_the_course_from_the_sixth_dose_of_a_first_course() -> None:
    scenario = given(*first_course("2024-03-04", 6))
    scenario.then_variances(5, UNAPPROVED).then_variances(6, UNAPPROVED, "over_the_course")


def test_over_the_course_from_the_fourth_dose_of_a_later_one() -> None:
    scenario = given(*first_course("2023-03-06"), *doses("2024-03-11", 4))
    scenario.then_variances(8, UNAPPROVED).then_variances(9, UNAPPROVED, "over_the_course")


def test_a_dose_recorded_late_pushes_the_last_one_over_the_course() -> None:
    scenario = given(*first_course("2024-03-04"), dose("2024-03-03", "2024-04-01"))
    scenario.then_variances(5, UNAPPROVED, "over_the_course", seen=(UNAPPROVED,)).then_variances(6, UNAPPROVED)


def test_a_beginning_of_unknown_size_is_at_least_one_dose() -> None:
    beginning = reported({"last_dose_on": "2024-03", "completed": False})
    scenario = given(beginning, *doses("2026-04-01", 6))
    scenario.then_variances(4, UNAPPROVED).then_variances(5, UNAPPROVED, "over_the_course")


@pytest.mark.parametrize(("mg", "variances"), [(11.9, ("not_12_mg",)), (12, ()), (12.1, ("not_12_mg",))])
def test_other_than_twelve_milligrams(mg: float, variances: tuple[str, ...]) -> None:
    given(dose("2024-03-04", mg=mg)).then_variances(1, UNAPPROVED, *variances)


def test_not_consecutive_is_the_dose_after_a_gap() -> None:
    scenario = given(*doses("2024-03-04", 2), *doses("2024-03-07", 2))
    for number, gap in ((1, ()), (2, ()), (3, ("not_consecutive",)), (4, ())):
        scenario.then_variances(number, UNAPPROVED, *gap, seen=(UNAPPROVED, *gap))


def test_a_gap_that_a_late_record_closes_was_one_only_then() -> None:
    scenario = given(*doses("2024-03-04", 2), dose("2024-03-07"), dose("2024-03-06", "2024-03-08"))
    scenario.then_variances(3, UNAPPROVED, seen=(UNAPPROVED, "not_consecutive")).then_variances(4, UNAPPROVED)


def test_an_approval_for_the_rest_of_a_course_begins_a_row_of_its_own() -> None:
    scenario = given(*doses("2024-03-04", 2), submitted(), approved_by_clinician(), *doses("2026-05-04", 3))
    scenario.then_variances(3).then_variances(4).then_variances(5)


def test_resumed_without_an_approval_the_gap_is_a_departure() -> None:
    given(*doses("2024-03-04", 2), dose("2026-05-04")).then_variances(3, UNAPPROVED, "not_consecutive")


def test_the_second_dose_of_a_day_is_the_departure_not_the_first() -> None:
    scenario = given(dose("2024-03-04"), dose("2024-03-04"), dismissed_duplicate(2))
    scenario.then_variances(1, UNAPPROVED).then_variances(2, UNAPPROVED, "second_on_one_day")
    scenario.and_given(voided(1)).then_variances(2, UNAPPROVED, seen=())


@pytest.mark.parametrize(
    ("day", "variances"),
    [("2025-03-07", ("before_twelve_months",)), ("2025-03-08", ())],
    ids=["the day before", "the anniversary"],
)
def test_before_the_twelve_months(day: str, variances: tuple[str, ...]) -> None:
    """The last dose of the first course was on 2024-03-08."""
    given(*first_course("2024-03-04"), dose(day)).then_variances(6, UNAPPROVED, *variances)


def test_before_twelve_months_counts_from_a_reported_month_only_where_it_is_certain() -> None:
    scenario = given(reported({"last_dose_on": "2025-03", "completed": True}))
    scenario.and_given(dose("2026-03-15", "2026-04-28")).then_variances(1, UNAPPROVED)
    scenario = given(reported({"last_dose_on": "2025-03", "completed": True}))
    scenario.and_given(dose("2026-02-28", "2026-04-28")).then_variances(1, UNAPPROVED, "before_twelve_months")


def test_departures_add_up() -> None:
    scenario = given(*first_course("2023-03-06"), submitted(MEETS_B), today="2024-03-01")
    scenario.and_given(approved_by_clinician().by(PHYSICIAN), dose("2024-03-04"), dose("2024-03-04", mg=6))
    scenario.and_given(dismissed_duplicate(7))
    scenario.then_variances(6, "before_twelve_months")
    scenario.then_variances(7, "not_12_mg", "second_on_one_day", "before_twelve_months")


def test_a_voided_dose_and_one_that_documents_a_report_depart_from_nothing() -> None:
    given(dose("2024-03-04", mg=6), voided(1)).then_variances(1, seen=(UNAPPROVED, "not_12_mg"))
    told = reported({"first_dose_on": "2024-03-04", "last_dose_on": "2024-03-08", "completed": True})
    given(told, dose("2024-03-06", mg=6)).then_variances(1, seen=())
