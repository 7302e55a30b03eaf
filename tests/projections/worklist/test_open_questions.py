"""What waits for a person although no request is open: a questioned approval (R27), and a dose after death (R29)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.errors import Conflict, NotPermitted
from domain.events.determinations import ApprovalConfirmed, ApprovalRescinded
from domain.events.treatment import DoseAdministered, DoseReviewed
from projections.worklist.rows import WorklistRow, worklist_rows
from tests.story import (
    CLAIMS,
    MEETS_B,
    NURSE,
    PATIENT,
    ZONE,
    Scenario,
    Step,
    approval_confirmed,
    approved,
    approved_by_clinician,
    attributed,
    death_voided,
    died,
    dose,
    dose_corrected,
    dose_reviewed,
    doses,
    first_course,
    given,
    report_corrected,
    report_voided,
    reported,
    rescinded,
    submitted,
    voided,
)

COMPLETED: dict[str, Any] = {"doses_given": 5, "last_dose_on": "2025-03-07", "completed": True}
UNFINISHED: dict[str, Any] = {"doses_given": 2, "last_dose_on": "2025-03-07", "completed": False}


def items(scenario: Scenario, on: str | None = None) -> list[str]:
    return [f"{one.state} {one.subject_id.rpartition('.')[2]}" for one in rows(scenario, on)]


def rows(scenario: Scenario, on: str | None = None) -> tuple[WorklistRow, ...]:
    return worklist_rows(scenario.known, date.fromisoformat(on) if on else scenario.today, ZONE)


# -- an approval that a later report questions (row 17) ---------------------------------------


def questioned() -> Scenario:
    return given(submitted(), approved()).on("2026-05-05").and_given(reported(COMPLETED))


@pytest.mark.parametrize(
    ("course", "waits"),
    [
        (COMPLETED, True),
        ({"completed": True}, True),
        ({"doses_given": 5}, True),
        (UNFINISHED, False),
        ({"last_dose_on": "2025"}, True),
    ],
)
def test_a_completed_course_reported_after_an_approval_of_a_first_course_waits(
    course: dict[str, Any], waits: bool
) -> None:
    story = given(submitted(), approved()).on("2026-05-05").and_given(reported(course))
    assert items(story) == (["approval_to_review r1"] if waits else [])


def test_several_reports_may_complete_a_first_course_that_none_of_them_completes_by_itself() -> None:
    """Doses on other days than those of another report, or than ours, add up (R27)."""
    three = {"doses_given": 3, "first_dose_on": "2025-03-03", "last_dose_on": "2025-03-05", "completed": False}
    two = {"doses_given": 2, "first_dose_on": "2025-03-06", "last_dose_on": "2025-03-07", "completed": False}
    story = given(submitted(), approved(), reported(three))
    assert items(story) == []
    assert items(story.and_given(reported(two))) == ["approval_to_review r1"]
    beside_ours = given(*doses("2025-03-03", 3), submitted(), approved_by_clinician())
    assert items(beside_ours) == []
    assert items(beside_ours.and_given(reported(two))) == ["approval_to_review r1"]


def test_a_dose_told_after_an_approval_of_a_later_course_questions_its_twelve_months() -> None:
    story = given(*first_course("2024-03-04"), submitted(MEETS_B), approved())
    old = {"doses_given": 1, "last_dose_on": "2024-03-20"}
    recent = {"doses_given": 1, "first_dose_on": "2025-06-02", "last_dose_on": "2025-06-02", "completed": False}
    assert items(story.and_given(reported(old))) == []
    assert items(story.and_given(reported(recent))) == ["approval_to_review r1"]


def test_the_row_names_the_request_and_has_no_due_date() -> None:
    (row,) = rows(questioned())
    assert (row.kind, row.request_id, row.subject_id) == ("request", f"{PATIENT}.r1", f"{PATIENT}.r1")
    assert (row.due_at, row.held_by, row.line_of_business) == (None, None, "commercial")
    assert row.path == "B", "what the record says now"


def test_a_report_before_the_approval_and_an_approval_of_a_later_course_do_not_wait() -> None:
    b = MEETS_B | {"received_lemtrada": None}
    assert items(given(reported(COMPLETED), submitted(b), approved())) == []
    later = given(*first_course("2024-03-04"), submitted(MEETS_B), approved()).and_given(reported(COMPLETED))
    assert items(later) == []


def test_late_claims_of_a_completed_course_question_an_approval_of_the_first() -> None:
    story = given(submitted(), approved()).and_given(*doses("2020-03-02", 4, recorded_on="2026-04-28", source="claim"))
    assert items(story) == []
    story.and_given(dose("2020-03-06", "2026-04-28", source="claim"))
    assert items(story) == ["approval_to_review r1"]
    assert items(story.and_given(approval_confirmed())) == []


def test_a_late_claim_within_twelve_months_questions_an_approval_of_a_later_course() -> None:
    story = given(*first_course("2024-03-04"), submitted(MEETS_B), approved())
    assert items(story.and_given(*doses("2026-04-28", 3))) == [], "given under the approval"
    story.and_given(dose("2025-06-02", "2026-04-28", source="claim"))
    assert items(story) == ["approval_to_review r1"]


@pytest.mark.parametrize(
    "step", [report_voided(1), report_corrected(1, COMPLETED | {"doses_given": 4, "completed": False})]
)
def test_an_approval_of_a_later_course_loses_the_report_that_it_was_based_on(step: Step) -> None:
    story = given(reported(COMPLETED), submitted(MEETS_B), approved())
    assert items(story) == []
    assert items(story.and_given(step)) == ["approval_to_review r1"]
    assert items(story.and_given(approval_confirmed())) == []
    unrelated = given(*first_course("2023-03-06"), reported(COMPLETED), submitted(MEETS_B), approved())
    assert items(unrelated.and_given(step)) == []


def test_a_report_that_a_correction_makes_a_completed_course_waits_too() -> None:
    story = given(submitted(), approved(), reported(UNFINISHED))
    assert items(story) == []
    assert items(story.and_given(report_corrected(1, COMPLETED))) == ["approval_to_review r1"]
    assert items(story.and_given(report_voided(1))) == []


def test_it_waits_while_the_approval_is_valid_and_no_longer() -> None:
    story = questioned()
    assert items(story, on="2026-05-27") == ["approval_to_review r1"]
    assert items(story, on="2026-05-28") == []
    (row,) = rows(story, on="2026-05-27")
    assert row.changes_on == date(2026, 5, 28)


def test_rescinding_settles_it() -> None:
    story = questioned().when(rescinded("later_information"))
    story.then(ApprovalRescinded, ground="later_information")
    assert items(story) == []


def test_a_stated_reason_settles_it_until_another_report_is_received() -> None:
    story = questioned().when(approval_confirmed())
    story.then(ApprovalConfirmed, approval_version=story.known.approvals[0].version)
    assert items(story) == []
    story.then_usable(0)
    story.when(approval_confirmed()).then_refused(Conflict, field="request_id")
    story.and_given(reported(COMPLETED | {"last_dose_on": "2025-04-07"}))
    assert items(story) == ["approval_to_review r1"]


def test_a_report_of_our_own_doses_questions_nothing() -> None:
    story = given(submitted(), approved(), *doses("2026-04-28", 5)).on("2026-05-05")
    assert items(story.and_given(reported({"completed": True}))) == ["approval_to_review r1"]
    assert items(story.and_given(attributed(1, "our_doses"))) == []


def test_a_report_of_more_than_our_own_doses_questions_the_approval() -> None:
    story = given(submitted(), approved(), dose("2026-04-28")).on("2026-05-05").and_given(reported({"completed": True}))
    assert items(story.and_given(attributed(1, "our_doses"))) == ["approval_to_review r1"]


def test_only_a_clinician_confirms_and_only_what_waits() -> None:
    questioned().when(approval_confirmed().by(NURSE)).then_refused(NotPermitted)
    given(submitted(), approved()).when(approval_confirmed()).then_refused(Conflict, field="request_id")


# -- a dose after death (row 15) --------------------------------------------------------------


def after_death(death: str = "2026-04-20", on: str = "2026-04-22") -> Scenario:
    return given(died(death), dose(on, "2026-04-28"))


def test_a_dose_after_death_is_recorded_with_its_variance_and_waits() -> None:
    story = given(died("2026-04-20")).when(dose("2026-04-22", "2026-04-28"))
    story.then(DoseAdministered, variances=("no_approval_in_force", "after_death"))
    story.then_variances(1, "no_approval_in_force", "after_death")
    (row,) = rows(story)
    assert (row.state, row.kind, row.subject_id) == ("dose_to_review", "dose", f"{PATIENT}.d1")
    assert (row.request_id, row.line_of_business, row.due_at) == (None, None, None)
    assert row.received_on == date(2026, 4, 28)


@pytest.mark.parametrize(
    ("death", "on", "waits", "is_certain"),
    [
        ("2026-04-20", "2026-04-19", False, False),
        ("2026-04-20", "2026-04-20", False, False),
        ("2026-04-20", "2026-04-21", True, True),
        ("2026-04", "2026-04-01", False, False),
        ("2026-04", "2026-04-02", True, False),
        ("2026-03", "2026-04-01", True, True),
        ("2026", "2026-01-02", True, False),
    ],
)
def test_it_waits_from_the_earliest_possible_day_of_death_and_is_a_variance_when_it_is_certain(
    death: str, on: str, waits: bool, is_certain: bool
) -> None:
    story = after_death(death, on)
    assert items(story) == (["dose_to_review d1"] if waits else [])
    expected = ("no_approval_in_force", *(("after_death",) if is_certain else ()))
    story.then_variances(1, *expected)


def test_a_death_that_is_recorded_later_makes_the_dose_wait() -> None:
    story = given(dose("2026-04-22"))
    assert items(story) == []
    assert items(story.and_given(died("2026-04-20"))) == ["dose_to_review d1"]
    story.then_variances(1, "no_approval_in_force", "after_death", seen=("no_approval_in_force",))


def test_a_review_a_void_and_a_correction_settle_it() -> None:
    story = after_death().when(dose_reviewed(1)).then(DoseReviewed)
    assert items(story) == []
    story.then_variances(1, "no_approval_in_force", "after_death")
    story.when(dose_reviewed(1)).then_refused(Conflict, field="dose_id")
    assert items(story.and_given(dose_corrected(1, on="2026-04-23"))) == ["dose_to_review d1"]
    assert items(after_death().and_given(voided(1))) == []
    assert items(after_death().and_given(dose_corrected(1, on="2026-04-19"))) == []
    assert items(after_death().and_given(death_voided())) == []


def test_only_a_dose_after_death_is_reviewed_and_only_by_the_plan() -> None:
    given(dose("2026-04-22")).when(dose_reviewed(1)).then_refused(Conflict, field="dose_id")
    after_death().when(dose_reviewed(1).by(CLAIMS)).then_refused(NotPermitted)


def test_the_day_of_death_changes_the_row_of_a_request() -> None:
    story = given(submitted(received_on="2026-04-10"), died("2026-04-20"))
    (before,), (after,) = rows(story, on="2026-04-15"), rows(story, on="2026-04-20")
    assert (before.recommendation, before.changes_on) == ("approve", date(2026, 4, 20))
    assert after.recommendation == "refer"
