"""What can't be meant is refused, names its field, and leaves nothing behind; everything else is a fact."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands.treatment import ReportPriorTreatment
from domain.errors import AlreadyRecorded, InvalidCommand, NotFound, NotPermitted
from domain.events.patient import HistoryOpened
from domain.events.requests import RequestSubmitted
from domain.events.treatment import DoseAdministered, PriorTreatmentReported
from tests.story import (
    CLAIMS,
    MEETS_A,
    OFFICE,
    Scenario,
    Step,
    dose,
    first_course,
    given,
    opened,
    reported,
    submitted,
    voided,
)

# -- doses ------------------------------------------------------------------------------------


def test_a_dose_of_today_is_recorded_and_one_of_tomorrow_is_refused() -> None:
    given().when(dose("2026-04-28", "2026-04-28")).then(DoseAdministered)
    given().when(dose("2026-04-29", "2026-04-28")).then_refused(InvalidCommand, field="on")


def test_today_is_the_plans_day_and_not_the_day_in_utc() -> None:
    """At 23:30 in New York it is the next day in UTC."""
    late = given()
    late.hour = 23
    late.when(dose("2026-04-29", "2026-04-28")).then_refused(InvalidCommand, field="on")


@pytest.mark.parametrize(
    ("born", "on", "refused"),
    [
        ("2000-05-17", "2000-05-16", True),
        ("2000-05-17", "2000-05-17", False),
        ("2000-05", "2000-04-30", True),
        ("2000-05", "2000-05-01", False),
        (None, "1950-01-01", False),
    ],
)
def test_a_dose_certainly_before_birth_is_refused(born: str | None, on: str, refused: bool) -> None:
    scenario = Scenario().and_given(opened(born)).when(dose(on, "2026-04-28"))
    if refused:
        scenario.then_refused(InvalidCommand, field="on")
    else:
        scenario.then(DoseAdministered)


@pytest.mark.parametrize("entry", [dose("2024-05-01", mg=0.5), dose("2024-05-01", mg=120), dose("2024-03-08")])
def test_whatever_was_given_is_recorded(entry: Any) -> None:
    given(*first_course("2024-03-04")).when(entry).then(DoseAdministered)


def test_a_dose_that_names_an_unknown_authorization_is_recorded_without_one() -> None:
    scenario = given(submitted())
    unknown = scenario.known.requests[0].request_id.replace(".r1", ".r7")
    scenario.when(dose("2026-04-28", request_id=unknown)).then(
        DoseAdministered, request_id=unknown, variances=("no_approval_in_force",)
    )


def test_a_source_reference_is_recorded_once_also_after_a_void() -> None:
    scenario = given(dose("2024-03-04", source_reference="INF-77"))
    scenario.when(dose("2024-03-04", source_reference="INF-77")).then_refused(AlreadyRecorded, field="source_reference")
    scenario.and_given(voided(1))
    scenario.when(dose("2024-03-04", source_reference="INF-77")).then_refused(AlreadyRecorded, field="source_reference")
    assert scenario.error is not None
    assert "voided" in scenario.error.cause


def test_a_refused_command_leaves_the_history_as_it_was() -> None:
    scenario = given(*first_course("2024-03-04", 2))
    before = scenario.known
    scenario.when(dose("2026-05-01", "2026-04-28")).then_refused(InvalidCommand)
    assert scenario.known is before


# -- reports of treatment ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("course", "field"),
    [
        ({"first_dose_on": "2026-04-29"}, "courses.0.first_dose_on"),
        ({"last_dose_on": "2026-05"}, "courses.0.last_dose_on"),
        ({"last_dose_on": "2027"}, "courses.0.last_dose_on"),
        ({"first_dose_on": "1988-05-16"}, "courses.0.first_dose_on"),
        ({"last_dose_on": "1988-04"}, "courses.0.last_dose_on"),
        ({"first_dose_on": "2024-03-08", "last_dose_on": "2024-03-04"}, "courses.0.last_dose_on"),
        ({"first_dose_on": "2024-04", "last_dose_on": "2024-03-31"}, "courses.0.last_dose_on"),
        ({"doses_given": 5, "completed": False}, "courses.0.completed"),
        ({"doses_given": 2, "completed": True}, "courses.0.doses_given"),
        ({"doses_given": 1, "completed": True}, "courses.0.doses_given"),
        ({"doses_given": 6}, "courses.0.doses_given"),
        ({"doses_given": 8, "completed": True}, "courses.0.doses_given"),
        ({"doses_given": 5, "first_dose_on": "2024-03-04", "last_dose_on": "2024-03-07"}, "courses.0.last_dose_on"),
        ({"completed": True, "first_dose_on": "2024-03-04", "last_dose_on": "2024-03-05"}, "courses.0.last_dose_on"),
    ],
)
def test_a_report_of_what_cannot_have_been_is_refused(course: dict[str, Any], field: str) -> None:
    """The patient was born on 1988-05-17; today is 2026-04-28."""
    given().when(reported(course)).then_refused(InvalidCommand, field=field)


@pytest.mark.parametrize(
    "course",
    [
        {},
        {"last_dose_on": "2026-04"},
        {"last_dose_on": "2026"},
        {"first_dose_on": "1988"},
        {"first_dose_on": "2024-03", "last_dose_on": "2024-03-04"},
        {"doses_given": 4, "completed": False},
        {"doses_given": 5},
        {"doses_given": 5, "mg_total": 84.0, "completed": True},
        {"doses_given": 3, "completed": True},
        {"doses_given": 5, "first_dose_on": "2024-03-04", "last_dose_on": "2024-03-08"},
        {"completed": True, "first_dose_on": "2024-03-04", "last_dose_on": "2024-03-06"},
        {"first_dose_on": "2024-03-04", "last_dose_on": "2024-03-04"},
    ],
)
def test_a_report_that_can_be_true_is_a_fact(course: dict[str, Any]) -> None:
    given().when(reported(course)).then(PriorTreatmentReported)


def test_the_second_of_two_courses_is_named_by_its_place() -> None:
    courses = ({"last_dose_on": "2022"}, {"last_dose_on": "2030"})
    given().when(reported(*courses)).then_refused(InvalidCommand, field="courses.1.last_dose_on")


# -- requests ---------------------------------------------------------------------------------


def test_a_receipt_in_the_future_is_refused() -> None:
    given().when(submitted(received_at="2026-04-28T12:00:00.000001-04:00")).then_refused(
        InvalidCommand, field="received_at"
    )
    given().when(submitted(received_at="2026-04-28T12:00:00-04:00")).then(RequestSubmitted)


def test_the_day_of_receipt_is_the_plans() -> None:
    scenario = given().when(submitted(received_at="2026-04-28T03:59:00Z")).then(RequestSubmitted)
    assert str(scenario.known.requests[0].received_on) == "2026-04-27"


def test_an_agent_stopped_before_it_was_started_is_refused() -> None:
    agents = [*MEETS_A["agents"], {"product": "Rebif", "started_on": "2020-02", "stopped_on": "2020-01-31"}]
    given().when(submitted(MEETS_A | {"agents": agents})).then_refused(
        InvalidCommand, field="statement.agents.2.stopped_on"
    )
    agents[2] |= {"stopped_on": "2020-02-01"}
    given().when(submitted(MEETS_A | {"agents": agents})).then(RequestSubmitted)


# -- histories --------------------------------------------------------------------------------


def test_a_history_is_opened_once_and_before_anything_else() -> None:
    Scenario().when(opened()).then(HistoryOpened)
    given().when(opened()).then_refused(AlreadyRecorded, field="member")
    reports_never = Step(lambda _: ReportPriorTreatment(source="attested", courses=()))
    Scenario().when(reports_never).then_refused(NotFound, field="patient_id")


def test_nobody_is_born_in_the_future() -> None:
    """The step is taken on 2019-01-02."""
    Scenario().when(opened("2019-01-03")).then_refused(InvalidCommand, field="birth_date")
    Scenario().when(opened("2019-01")).then(HistoryOpened)


def test_a_service_records_doses_and_nothing_else_and_a_requester_voids_none() -> None:
    given().when(dose("2024-03-04").by(CLAIMS)).then(DoseAdministered)
    given().when(submitted().by(CLAIMS)).then_refused(NotPermitted, field="actor.role")
    given(dose("2024-03-04")).when(voided(1).by(OFFICE)).then_refused(NotPermitted, field="actor.role")
