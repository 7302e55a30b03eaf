"""Determinations of another record: recorded now, made earlier, and never re-evaluated as of the earlier day."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands.requests import ReopenRequest
from domain.errors import AlreadyDecided, Conflict, InvalidCommand, NotFound, NotPermitted
from domain.events.appeals import AppealDecided, AppealFiled
from domain.events.determinations import ApprovalExtended, ApprovalRescinded, CourseApproved, PastDeterminationImported
from tests.story import (
    CLAIMS,
    MEETS_A,
    MEETS_B,
    OFFICE,
    PHYSICIAN,
    Scenario,
    Step,
    appealed,
    approved,
    dose,
    doses,
    extended,
    first_course,
    given,
    overturned,
    past_determination,
    referred,
    reported,
    rescinded,
    submitted,
    submitted_for,
)


def request_of_2024(statement: dict[str, Any] | None = None, received_on: str = "2024-03-01") -> Step:
    return submitted(statement, received_on).imported("request 1")


def told(scenario: Scenario) -> PastDeterminationImported:
    event = scenario.last[0]
    assert isinstance(event, PastDeterminationImported)
    return event


# -- as told ----------------------------------------------------------------------------------


def test_a_denial_stands_as_it_was_told_and_holds_no_assessment() -> None:
    step = past_determination("denied", "2024-03-08", citing=["1.A.iii"], edition="2023-11-15", decided_by="Old Plan")
    scenario = given(request_of_2024()).when(step).then(PastDeterminationImported, outcome="denied", course=None)
    request = scenario.known.requests[0]
    decision = request.decisions[-1]
    assert (request.status, str(request.closed_on), request.determination) == ("denied", "2024-03-08", None)
    assert (decision.kind, str(decision.on), decision.citing, decision.determination) == (
        "imported",
        "2024-03-08",
        ("1.A.iii",),
        None,
    )
    assert decision.past is not None
    assert (decision.past.edition, decision.past.decided_by) == ("2023-11-15", "Old Plan")
    assert told(scenario).recorded_at.date() == scenario.today


def test_what_was_imported_says_so() -> None:
    scenario = given(request_of_2024(), past_determination("approved", "2024-03-08"))
    assert told(scenario).imported_from is not None
    assert scenario.known.approvals[0].imported_from == told(scenario).imported_from


def test_it_can_be_appealed_as_any_other() -> None:
    given(request_of_2024(), past_determination("denied", "2024-03-08")).when(appealed()).then(
        AppealFiled, is_late=False
    )
    in_part = past_determination("partly_approved", "2024-03-08", doses_approved=2, rationale="Three days left out.")
    given(request_of_2024(), in_part).when(appealed()).then(AppealFiled)
    given(request_of_2024(), past_determination("approved", "2024-03-08")).when(appealed()).then_refused(Conflict)


# -- which day, which edition -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "is_fine"),
    [("2024-02-29", False), ("2024-03-01", True), ("2026-04-28", True), ("2026-04-29", False)],
    ids=["before it was received", "that day", "today", "tomorrow"],
)
def test_it_was_decided_between_receipt_and_today(on: str, is_fine: bool) -> None:
    scenario = given(request_of_2024()).when(past_determination("denied", on))
    if is_fine:
        scenario.then(PastDeterminationImported)
    else:
        scenario.then_refused(InvalidCommand, field="decided_on")


@pytest.mark.parametrize(
    ("edition", "is_fine"),
    [
        ("unknown", True),
        ("2023-11-15", True),
        ("2024-10-09", True),
        ("2024-10-16", False),
        ("2019-01-01", False),
        ("the old one", False),
    ],
    ids=["unknown", "known", "reviewed that day", "reviewed later", "no such edition", "no day"],
)
def test_its_edition_is_a_known_one_of_then_or_unknown(edition: str, is_fine: bool) -> None:
    scenario = given(request_of_2024()).when(past_determination("denied", "2024-10-09", edition=edition))
    if is_fine:
        scenario.then(PastDeterminationImported, edition=edition)
    else:
        scenario.then_refused(InvalidCommand, field="edition")


def test_clauses_are_checked_against_a_known_edition_and_kept_as_told_under_an_unknown_one() -> None:
    cited = {"citing": ["Section 4, second paragraph"]}
    scenario = given(request_of_2024()).when(past_determination("denied", "2024-03-08", edition="2023-11-15", **cited))
    scenario.then_refused(InvalidCommand, field="citing")
    scenario.when(past_determination("denied", "2024-03-08", **cited)).then(PastDeterminationImported)


def test_a_request_from_before_the_first_edition_has_one_all_the_same() -> None:
    scenario = given(request_of_2024(received_on="2021-03-01"), *doses("2021-03-15", 5))
    scenario.when(past_determination("approved", "2021-03-08")).then(PastDeterminationImported, edition="unknown")
    scenario.then_variances(1).then_variances(5)


# -- what it approved -------------------------------------------------------------------------


def test_by_default_it_approved_the_policys_quantity_for_thirty_days() -> None:
    scenario = given(request_of_2024()).when(past_determination("approved", "2024-03-08"))
    scenario.then(PastDeterminationImported, course=1, doses_approved=5)
    approval = scenario.known.approvals[0]
    assert (str(approval.valid_from), str(approval.valid_through)) == ("2024-03-08", "2024-04-06")
    scenario.then_usable(5, as_of="2024-04-06").then_usable(None, as_of="2024-04-07").then_usable(None)


def test_else_it_is_as_told() -> None:
    terms = {"doses_approved": 4, "valid_from": "2024-03-20", "valid_through": "2024-06-30"}
    scenario = given(request_of_2024()).when(past_determination("approved", "2024-03-08", **terms))
    event = told(scenario)
    assert (event.doses_approved, str(event.valid_from), str(event.valid_through)) == (4, "2024-03-20", "2024-06-30")


def test_it_ends_after_it_begins_or_that_day() -> None:
    one_day = {"valid_from": "2024-03-20", "valid_through": "2024-03-20"}
    given(request_of_2024()).when(past_determination("approved", "2024-03-08", **one_day)).then(
        PastDeterminationImported
    )
    terms = {"valid_from": "2024-03-20", "valid_through": "2024-03-19"}
    scenario = given(request_of_2024()).when(past_determination("approved", "2024-03-08", **terms))
    scenario.then_refused(InvalidCommand, field="valid_through")


def test_doses_on_record_are_given_under_it_whichever_was_imported_first() -> None:
    approval, given_then = (
        past_determination("approved", "2024-03-08"),
        doses("2024-03-11", 5, recorded_on="2026-04-28"),
    )
    for story in ([approval, *given_then], [*given_then, approval]):
        scenario = given(request_of_2024(), *story).then_courses("completed 5")
        for number in range(1, 6):
            scenario.then_variances(number)


EARLIER = reported({"completed": True, "last_dose_on": "2022"})
NAMED_FIRST = ("2024-03-08", 1, 3)
COURSES: dict[str, tuple[list[Step], str, int, int]] = {
    "nothing before": ([], "2024-03-08", 1, 5),
    "a course before": (first_course("2023-01-09"), "2024-03-08", 2, 3),
    "a course reported from elsewhere": ([reported({"completed": True, "last_dose_on": "2022"})], "2024-03-08", 2, 3),
    "a first course unfinished then": (doses("2023-06-05", 2), "2024-03-08", 1, 5),
    "doses of its own already on record": (doses("2024-03-11", 5), "2024-03-08", 1, 5),
    "a course before and doses of its own": (
        [*first_course("2023-01-09"), *doses("2024-03-11", 3)],
        "2024-03-08",
        2,
        3,
    ),
    "soon after a course that an excess dose was added to": (
        [*first_course("2024-03-04"), dose("2024-03-12")],
        "2024-03-10",
        2,
        3,
    ),
    "the last dose of the course given that day": (doses("2024-03-04", 5), "2024-03-08", 1, 5),
    "a dose of its first day, named before an earlier course was told": ([dose("2024-03-08"), EARLIER], *NAMED_FIRST),
    "a dose of its last day, named so": ([dose("2024-04-06"), EARLIER], *NAMED_FIRST),
    "a dose of the day after, named so": ([dose("2024-04-07"), EARLIER], "2024-03-08", 2, 3),
    "a course that came later, long after it lapsed": (doses("2025-06-02", 2), "2024-03-08", 1, 5),
}


@pytest.mark.parametrize("before", COURSES)
def test_its_course_is_the_one_to_be_given_then(before: str) -> None:
    steps, on, course, quantity = COURSES[before]
    scenario = given(*steps, request_of_2024()).when(past_determination("approved", on))
    scenario.then(PastDeterminationImported, course=course, doses_approved=quantity)


def test_a_part_says_what_was_left_out_and_how_much_was_approved() -> None:
    scenario = given(request_of_2024())
    scenario.when(past_determination("partly_approved", "2024-03-08", doses_approved=2))
    scenario.then_refused(InvalidCommand, field="rationale")
    scenario.when(past_determination("partly_approved", "2024-03-08", rationale="Three days left out."))
    scenario.then_refused(InvalidCommand, field="doses_approved")
    scenario.when(past_determination("partly_approved", "2024-03-08", rationale="Three left out.", doses_approved=2))
    scenario.then(PastDeterminationImported, doses_approved=2)
    assert scenario.known.approvals[0].left_out == "Three left out."


def test_where_more_than_the_policys_quantity_was_asked_a_part_is_that_quantity() -> None:
    eight = MEETS_A | {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 8, "route": "intravenous"}}
    scenario = given(request_of_2024(eight)).when(
        past_determination("partly_approved", "2024-03-08", rationale="Three days left out.")
    )
    scenario.then(PastDeterminationImported, doses_approved=5)


@pytest.mark.parametrize(
    ("field", "value"), [("doses_approved", 2), ("valid_from", "2024-03-08"), ("valid_through", "2024-03-08")]
)
def test_a_denial_approved_nothing(field: str, value: Any) -> None:
    scenario = given(request_of_2024()).when(past_determination("denied", "2024-03-08", **{field: value}))
    scenario.then_refused(InvalidCommand, field=field)


# -- of which requests ------------------------------------------------------------------------


def test_a_request_that_this_ledger_received_is_determined_here() -> None:
    """Else anybody who may import could decide without the assessment."""
    scenario = given(submitted()).when(past_determination("denied", "2026-04-28"))
    scenario.then_refused(Conflict, field="request_id")


def test_once() -> None:
    scenario = given(request_of_2024(), past_determination("approved", "2024-03-08"))
    scenario.when(past_determination("denied", "2024-03-08")).then_refused(AlreadyDecided, field="request_id")


def test_an_imported_request_that_nobody_decided_is_decided_here_or_as_told() -> None:
    given(request_of_2024()).when(approved()).then(CourseApproved)
    given(request_of_2024(), referred()).when(past_determination("denied", "2024-03-08")).then(
        PastDeterminationImported
    )


def test_of_a_request_that_is_on_record_and_by_people_of_the_plan() -> None:
    scenario = given(request_of_2024())
    unknown = scenario.known.requests[0].request_id.replace(".r1", ".r2")
    scenario.when(past_determination("denied", "2024-03-08", request_id=unknown)).then_refused(NotFound)
    for outsider in (OFFICE, CLAIMS):
        scenario.when(past_determination("denied", "2024-03-08").by(outsider)).then_refused(NotPermitted)


def test_of_a_request_that_was_reopened_what_is_decided_is_decided_here() -> None:
    scenario = given(request_of_2024(), past_determination("denied", "2024-03-08"))
    reopened = ReopenRequest(request_id=scenario.known.requests[0].request_id, reason="The chart came.")
    scenario.and_given(Step(lambda _: reopened, PHYSICIAN)).when(past_determination("approved", "2024-03-09"))
    scenario.then_refused(AlreadyDecided, field="request_id").when(approved()).then(CourseApproved)


def test_one_that_is_in_force_is_extended_and_rescinded_as_any_other() -> None:
    imported = [request_of_2024(received_on="2026-04-01"), past_determination("approved", "2026-04-10")]
    given(*imported).when(extended()).then(ApprovalExtended).then_usable(5, as_of="2026-06-08")
    given(*imported).when(rescinded()).then(ApprovalRescinded).then_usable(None)


def test_an_appeal_from_before_the_first_edition_is_recorded_and_decided_without_an_assessment() -> None:
    scenario = given(request_of_2024(received_on="2021-03-01"), past_determination("denied", "2021-03-08"))
    scenario.when(appealed()).then(AppealFiled, is_late=False, file_by=None)
    scenario.when(overturned(assessment_digest="a" * 64)).then_refused(InvalidCommand, field="assessment_digest")
    scenario.when(overturned()).then(AppealDecided, CourseApproved)


def test_doses_that_were_asked_for_afterwards_are_what_it_approved() -> None:
    asked = submitted_for(1, 2, received_on="2024-04-01").imported("request 1")
    scenario = given(*doses("2024-03-04", 2), asked).when(past_determination("approved", "2024-04-10"))
    scenario.then(PastDeterminationImported, course=1, doses_approved=2).then_variances(1).then_variances(2)


def test_a_later_course_is_judged_after_it_as_after_any_other() -> None:
    imported = [request_of_2024(), past_determination("approved", "2024-03-08"), *doses("2024-03-11", 5)]
    given(*imported, submitted(MEETS_B)).then_recommended("approve", scope="B")
