"""R31: a request that was received before the first edition has no assessment, and neither has any appeal of it."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import EditionUnknown, InvalidCommand, NotPermitted
from domain.events.appeals import AppealDecided, AppealFiled, ExternalReviewAnswered
from domain.events.determinations import (
    CourseApproved,
    Determination,
    PastDeterminationImported,
    RequestDenied,
    RequestReferred,
)
from domain.events.requests import InformationSupplied
from domain.history.state import requester_key
from projections.eligibility import eligibility
from tests.story import (
    MEETS_A,
    MEETS_B,
    NEUROLOGIST,
    NURSE,
    OFFICE,
    PHARMACIST,
    PHYSICIAN,
    Scenario,
    answered,
    appealed,
    approved,
    denied,
    extended,
    first_course,
    given,
    handed_on,
    information_requested,
    overturned,
    overturned_in_part,
    past_determination,
    receipt_corrected,
    referred,
    reported,
    submitted,
    supplied,
    upheld,
)

BEFORE, FIRST = "2023-11-14", "2023-11-15"
WITHOUT: dict[str, Any] = {"assessment_digest": None}


def early(*steps: Any, today: str = "2023-11-20", **values: Any) -> Scenario:
    return given(submitted(received_on=BEFORE, **values), *steps, today=today)


def made_without_an_assessment(determination: Determination, rationale: str) -> None:
    assert determination.assessment is None
    assert determination.assessment_digest is None
    assert determination.edition == "unknown"
    assert determination.rationale == rationale
    assert determination.departs is False


# -- a request --------------------------------------------------------------------------------


def test_the_day_before_has_no_assessment_and_the_first_day_has() -> None:
    with pytest.raises(EditionUnknown) as refused:
        early().judged()
    assert "before the first policy version on file (2023-11-15)" in str(refused.value)
    assert "clinician" in (refused.value.remedy or "")
    assert given(submitted(received_on=FIRST), today="2023-11-20").judged().assessment.edition == FIRST


def test_whenever_it_is_assessed() -> None:
    with pytest.raises(EditionUnknown):
        early(today="2026-04-28").judged()


def test_a_clinician_approves_it_with_a_rationale() -> None:
    scenario = early().when(approved(**WITHOUT, rationale="It met the policy of 2022.").by(PHYSICIAN))
    scenario.then(CourseApproved, doses_approved=5, course=1)
    (event,) = scenario.last
    assert isinstance(event, CourseApproved)
    made_without_an_assessment(event.determination, "It met the policy of 2022.")
    assert scenario.known.requests[0].status == "approved"


def test_a_pharmacist_may_approve_and_may_not_deny() -> None:
    early().when(approved(**WITHOUT, rationale="It met the policy.").by(PHARMACIST)).then(CourseApproved)
    early().when(denied("Clause 4", **WITHOUT).by(PHARMACIST)).then_refused(NotPermitted, field="actor.credential")


def test_a_physician_denies_it_by_the_clauses_of_its_time() -> None:
    scenario = early().when(denied("Clause 4", **WITHOUT, rationale="No failed agent was named."))
    scenario.then(RequestDenied, citing=("Clause 4",))
    (event,) = scenario.last
    assert isinstance(event, RequestDenied)
    made_without_an_assessment(event.determination, "No failed agent was named.")


def test_the_rationale_is_needed() -> None:
    early().when(approved(**WITHOUT).by(PHYSICIAN)).then_refused(InvalidCommand, field="rationale")
    early().when(referred(**WITHOUT)).then_refused(InvalidCommand, field="rationale")


def test_a_reviewer_refers_it_and_may_not_approve_it() -> None:
    scenario = early().when(approved(**WITHOUT, rationale="It met the policy.").by(NURSE))
    scenario.then_refused(NotPermitted, field="actor.role")
    scenario.when(referred(**WITHOUT, rationale="It is from before the first edition.")).then(RequestReferred)
    scenario.when(approved(**WITHOUT, rationale="It met the policy.").by(PHYSICIAN)).then(CourseApproved)


def test_a_digest_of_no_assessment_is_refused_and_a_missing_one_too() -> None:
    digest = {"assessment_digest": "0" * 64}
    early().when(approved(**digest, rationale="Yes.").by(PHYSICIAN)).then_refused(
        InvalidCommand, field="assessment_digest"
    )
    given(submitted()).when(approved(**WITHOUT, rationale="Yes.").by(PHYSICIAN)).then_refused(
        InvalidCommand, field="assessment_digest"
    )


def test_nothing_is_asked_for_and_nothing_is_extended_without_an_assessment() -> None:
    early().when(information_requested(assessment_digest="0" * 64)).then_refused(EditionUnknown, field="edition")
    scenario = early(approved(**WITHOUT, rationale="It met the policy.").by(PHYSICIAN))
    scenario.when(extended(assessment_digest="0" * 64)).then_refused(EditionUnknown, field="edition")


def test_information_is_recorded_all_the_same() -> None:
    early().when(supplied({"rems_enrolled": True})).then(InformationSupplied)


def test_information_is_recorded_for_a_question_from_before_its_receipt_was_corrected() -> None:
    scenario = given(submitted(MEETS_A | {"hiv_infection": None}, received_on=FIRST), today="2023-11-20")
    scenario.and_given(information_requested(), receipt_corrected(BEFORE))
    scenario.when(supplied({"hiv_infection": False})).then(InformationSupplied)


@pytest.mark.parametrize(("completed", "doses"), [(False, 5), (True, 3)])
def test_the_quantity_is_that_of_the_course_that_the_history_decides(completed: bool, doses: int) -> None:
    statement = MEETS_B if completed else MEETS_A
    before = [reported({"doses_given": 5, "last_dose_on": "2021-03", "completed": True})] if completed else []
    scenario = given(*before, submitted(statement, received_on=BEFORE), today="2023-11-20")
    scenario.when(approved(**WITHOUT, rationale="It met the policy.").by(PHYSICIAN))
    scenario.then(CourseApproved, doses_approved=doses)
    scenario = given(*before, submitted(statement, received_on=BEFORE), today="2023-11-20")
    scenario.when(approved(**WITHOUT, rationale="It met the policy.", path="A" if completed else "B").by(PHYSICIAN))
    scenario.then_refused(InvalidCommand, field="path")


def test_where_the_history_does_not_decide_the_path_the_clinician_states_it() -> None:
    unknown = MEETS_A | {"received_lemtrada": None, "requested_dosing": {}}
    scenario = given(submitted(unknown, received_on=BEFORE), today="2023-11-20")
    scenario.when(approved(**WITHOUT, rationale="Yes.").by(PHYSICIAN)).then_refused(InvalidCommand, field="path")
    scenario.when(approved(**WITHOUT, rationale="Yes.", path="B").by(PHYSICIAN)).then(CourseApproved, doses_approved=3)


def test_fewer_doses_than_requested_are_a_partial_denial() -> None:
    terms = WITHOUT | {"rationale": "Two are enough.", "doses": 2}
    early().when(approved(**terms).by(PHYSICIAN)).then_refused(InvalidCommand, field="left_out")
    early().when(approved(**terms, left_out="Three doses.", citing=["Clause 9"]).by(PHARMACIST)).then_refused(
        NotPermitted
    )
    early().when(approved(**terms, left_out="Three doses.", citing=["Clause 9"]).by(PHYSICIAN)).then(
        CourseApproved, doses_approved=2, citing=("Clause 9",)
    )


# -- an appeal --------------------------------------------------------------------------------


def denied_early(**values: Any) -> Scenario:
    return early(denied("Clause 4", **WITHOUT), **values)


def test_an_appeal_has_none_either_whenever_it_was_received() -> None:
    scenario = denied_early().on("2024-02-01").when(appealed("2024-02-01")).then(AppealFiled)
    with pytest.raises(EditionUnknown):
        scenario.judged()
    scenario.when(upheld("Clause 4", **WITHOUT).by(NEUROLOGIST)).then(AppealDecided, outcome="upheld")
    (event,) = scenario.last
    assert isinstance(event, AppealDecided)
    assert event.determination.edition == "unknown"
    assert event.determination.assessment is None


def test_an_appeal_is_overturned_in_whole_or_in_part() -> None:
    scenario = denied_early().on("2024-02-01").and_given(appealed("2024-02-01"))
    scenario.when(overturned(**WITHOUT).by(NEUROLOGIST)).then(AppealDecided, CourseApproved)
    scenario = denied_early().on("2024-02-01").and_given(appealed("2024-02-01"))
    scenario.when(overturned_in_part(2, **WITHOUT).by(NEUROLOGIST)).then(AppealDecided, CourseApproved)
    assert scenario.known.approvals[-1].doses_approved == 2


def test_an_external_decision_approves_without_an_assessment() -> None:
    scenario = (
        denied_early()
        .on("2024-02-01")
        .and_given(appealed("2024-02-01"), upheld("Clause 4", **WITHOUT).by(NEUROLOGIST), handed_on())
    )
    scenario.when(answered("overturned", **WITHOUT).by(NEUROLOGIST)).then(ExternalReviewAnswered, CourseApproved)


# -- imported ---------------------------------------------------------------------------------


def test_an_imported_request_from_before_is_decided_here_without_an_assessment() -> None:
    scenario = given(submitted(received_on="2022-03-01").imported())
    scenario.when(denied("Clause 4", **WITHOUT)).then(RequestDenied)


def test_an_imported_determination_carries_an_unknown_edition() -> None:
    scenario = given(submitted(received_on=BEFORE).imported())
    scenario.when(past_determination("denied", "2023-11-20", edition=FIRST)).then_refused(
        InvalidCommand, field="edition"
    )
    scenario.when(past_determination("denied", "2023-11-20", edition="unknown")).then(
        PastDeterminationImported, edition="unknown"
    )


def test_an_appeal_of_an_imported_determination_has_no_assessment() -> None:
    scenario = given(submitted(received_on=BEFORE).imported(), past_determination("denied", "2023-11-20"))
    scenario.when(appealed("2024-02-01")).then(AppealFiled)
    scenario.when(overturned(**WITHOUT).by(NEUROLOGIST)).then(AppealDecided, CourseApproved)


# -- the receipt is corrected over the first edition ------------------------------------------------


def test_a_receipt_that_is_corrected_to_before_takes_the_assessment_away_and_back() -> None:
    scenario = given(submitted(received_on=FIRST), receipt_corrected(BEFORE), today="2023-11-20")
    with pytest.raises(EditionUnknown):
        scenario.judged()
    scenario.when(approved(**WITHOUT, rationale="It met the policy.").by(PHYSICIAN)).then(CourseApproved)
    scenario.when(receipt_corrected(FIRST))
    assert scenario.known.requests[0].determination is not None
    assert scenario.known.requests[0].determination.edition == "unknown"
    assert scenario.judged().assessment.edition == FIRST


# -- eligibility ------------------------------------------------------------------------------


def day(text: str) -> Any:
    from datetime import date  # noqa: PLC0415

    return date.fromisoformat(text)


@pytest.mark.parametrize("on", ["2023-11-14", "2020-01-01"])
def test_eligibility_before_the_first_edition_has_the_path_of_the_history(on: str) -> None:
    never = given(reported(reported_on=on), today="2023-11-20")
    answer = eligibility(never.known, day(on))
    assert (answer.path, answer.approvable) == ("A", None)
    assert answer.edition_problem is not None
    completed = given(*first_course("2019-06-03"), today="2023-11-20")
    assert eligibility(completed.known, day(on)).path == "B"
    assert eligibility(given(today="2023-11-20").known, day(on)).path is None


def test_eligibility_takes_the_prescribers_word_that_it_was_never_received() -> None:
    assert eligibility(early().known, day(BEFORE)).path == "A"
    assert eligibility(early().known, day("2023-11-13")).path is None
    office = early(today="2023-11-20")
    assert eligibility(office.known, day(BEFORE), office=requester_key(OFFICE)).path is None
