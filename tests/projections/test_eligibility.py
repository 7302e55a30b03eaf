"""Where does the patient stand on this day? The whole answer, over histories that a plan meets."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from api.text.eligibility import eligibility_rows
from domain.policy.editions import edition_named
from projections.eligibility import Eligibility, eligibility
from tests.story import (
    MEETS_A,
    MEETS_B,
    PHYSICIAN,
    Scenario,
    approved,
    approved_by_clinician,
    closed,
    denied,
    doses,
    given,
    reported,
    submitted,
    submitted_for,
    voided,
)


def stands(scenario: Scenario, on: str, **expected: Any) -> Eligibility:
    answer = eligibility(scenario.known, date.fromisoformat(on))
    for name, value in expected.items():
        found = getattr(answer, name)
        assert (str(found) if isinstance(value, str) else found) == value, name
    return answer


def test_nothing_is_known_of_a_new_patient() -> None:
    answer = stands(given(), "2026-04-28", path=None, course_number=None, doses_usable=0, last_dose_on=None)
    assert answer.path_because == "It is not known whether a course of Lemtrada was completed."
    assert answer.approvable is not None
    assert answer.approvable.recommendation == "pend"
    assert {"1", "1.A", "1.B", "NR.3"} <= {one.clause for one in answer.approvable.still_needed}
    assert all(one.missing for one in answer.approvable.still_needed)


def test_an_open_request_waits_for_exactly_what_is_missing() -> None:
    statement = MEETS_A | {"hiv_infection": None}
    answer = stands(given(submitted(statement)), "2026-04-28", path="A", course_number=1, course_status="not_begun")
    assert answer.approvable is not None
    assert answer.approvable.request_is_open
    assert [(one.clause, one.missing) for one in answer.approvable.still_needed] == [("NR.3", ("hiv_infection",))]


def test_before_during_and_after_an_approved_first_course() -> None:
    story = given(submitted(), approved(), today="2026-03-02").and_given(*doses("2026-03-04", 5))
    stands(story, "2026-03-01", approval=None, doses_usable=0)
    stands(story, "2026-03-03", doses_given=0, doses_left_on_approval=5, doses_left_in_course=5, doses_usable=5)
    middle = stands(story, "2026-03-06", path="A", course_status="open", doses_given=3, doses_usable=2)
    assert middle.next_course_from is None
    assert middle.interval_satisfied is None
    stands(
        story, "2026-03-08", path="B", course_number=2, doses_usable=0, courses_completed=1, last_dose_on="2026-03-08"
    )
    stands(story, "2027-03-07", next_course_from="2027-03-08", interval_satisfied=False)
    stands(story, "2027-03-08", next_course_from="2027-03-08", interval_satisfied=True)


@pytest.mark.parametrize(("day", "usable"), [("2026-03-31", 3), ("2026-04-01", 0)])
def test_an_approval_is_in_force_through_its_thirtieth_day(day: str, usable: int) -> None:
    story = given(submitted(), approved(), today="2026-03-02").and_given(*doses("2026-03-04", 2))
    answer = stands(story, day, doses_given=2, doses_left_in_course=3, doses_usable=usable)
    assert (answer.approval is not None) is (usable > 0)


def test_the_course_caps_what_an_approval_for_the_policys_quantity_allows() -> None:
    """An interrupted first course is approved for five doses; two were given before, so three may be used (R7)."""
    statement = MEETS_A | {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 3, "route": "intravenous"}}
    story = given(*doses("2025-09-01", 2)).on("2026-03-02").and_given(submitted(statement), approved())
    stands(story, "2026-03-02", doses_given=2, doses_left_on_approval=5, doses_left_in_course=3, doses_usable=3)


def test_a_decided_request_lends_its_statement_to_the_next_one() -> None:
    story = given(submitted(), approved(), today="2026-03-02").and_given(*doses("2026-03-04", 5)).on("2027-03-08")
    answer = stands(story, "2027-03-08", path="B")
    assert answer.approvable is not None
    assert not answer.approvable.request_is_open
    assert answer.approvable.based_on == story.known.requests[0].request_id
    assert [one.clause for one in answer.approvable.still_needed] == ["1.B.iii.a", "1.B.iii.b"]


def test_a_request_for_doses_given_before_it_lends_its_statement_and_not_that_it_came_late() -> None:
    facts = MEETS_A | {"response": {"symptom": True}}
    story = given(*doses("2024-03-04", 5), submitted_for(1, 2, 3, 4, 5, statement=facts), approved_by_clinician())
    answer = stands(story, "2026-04-28", path="B")
    assert answer.approvable is not None
    assert (answer.approvable.recommendation, answer.approvable.reasons) == ("approve", ())


def test_too_early_a_request_says_from_when_and_against_what() -> None:
    story = given(*doses("2026-01-05", 5)).on("2026-06-01").and_given(submitted(MEETS_B), denied("1.B.iv"))
    answer = stands(story, "2026-06-01", next_course_from="2027-01-09", interval_satisfied=False)
    assert answer.approvable is not None
    assert answer.approvable.recommendation == "not_recommended"
    assert str(answer.approvable.approvable_from) == "2027-01-09"
    assert [one.clause for one in answer.approvable.speaking_against][:1] == ["1.B.iv"]


def test_months_of_another_plan_are_certain_only_at_their_end() -> None:
    story = given(reported({"completed": True, "last_dose_on": "2025-04"}))
    stands(story, "2026-04-15", path="B", course_number=2, next_course_from=None, interval_satisfied=None)
    stands(story, "2026-04-30", interval_satisfied=True)


def test_a_voided_fifth_dose_leads_back_to_the_first_course() -> None:
    story = given(*doses("2026-03-04", 5)).on("2026-03-09").and_given(voided(5))
    stands(
        story, "2026-03-09", path="A", course_number=1, doses_given=4, doses_left_in_course=1, last_dose_on="2026-03-07"
    )


def test_a_closed_course_is_a_prior_course() -> None:
    story = given(*doses("2026-03-04", 2)).on("2026-03-09").and_given(closed(1).by(PHYSICIAN))
    answer = stands(story, "2026-03-09", path="B", course_number=2, courses_completed=0, next_course_from="2027-03-05")
    assert "not completed" in answer.path_because


def test_a_day_before_the_first_edition_keeps_the_record_and_says_why_nothing_is_judged() -> None:
    story = given(*doses("2020-01-06", 2))
    answer = stands(story, "2020-01-08", path="A", doses_given=2, approvable=None)
    assert answer.edition_problem is not None
    assert "2023-11-15" in answer.edition_problem


def test_an_edition_can_be_named() -> None:
    """Ocrevus used without failure counted under the older editions, and no longer does."""
    signs = ("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment")
    statement = MEETS_A | {
        "agents": [{"product": "Ocrevus", "outcome": "adequate", "stopped_on": "2025"}],
        "aggressive_disease": {sign: {"finding": False} for sign in signs},
    }
    story = given(submitted(statement))
    recommended = {}
    for key in ("2023-11-15", "2024-10-09", "2024-10-16", "2025-07-23"):
        answer = eligibility(story.known, date(2026, 4, 28), edition_named(key))
        assert answer.approvable is not None
        assert answer.approvable.edition == key
        recommended[key] = answer.approvable.recommendation
    assert list(recommended.values()) == ["approve", "approve", "not_recommended", "not_recommended"]


def test_today_never_changes_what_an_earlier_day_showed_of_earlier_doses() -> None:
    story = given(submitted(), approved(), today="2026-03-02").and_given(*doses("2026-03-04", 3))
    before = eligibility(story.known, date(2026, 3, 6)).model_dump(exclude={"history_version"})
    story.on("2026-03-08").and_given(*doses("2026-03-07", 2))
    assert eligibility(story.known, date(2026, 3, 6)).model_dump(exclude={"history_version"}) == before


def test_what_speaks_against_leaves_out_what_another_clause_made_needless() -> None:
    answer = stands(given(submitted(MEETS_A | {"hiv_infection": True})), "2026-04-28")
    assert answer.approvable is not None
    assert [one.clause for one in answer.approvable.speaking_against] == ["NR.3"]


def test_a_retrospective_request_leaves_its_doses_out_of_its_own_assessment_only() -> None:
    story = given(*doses("2026-01-05", 5), today="2026-02-02").and_given(submitted_for(1, 2, 3, 4, 5))
    answer = stands(
        story,
        "2026-02-02",
        path="B",
        path_because="A course of Lemtrada was completed.",
        course_number=2,
        course_status="not_begun",
        doses_given=0,
        doses_left_in_course=3,
        next_course_from="2027-01-09",
        interval_satisfied=False,
    )
    assert answer.approvable is not None
    assert (answer.approvable.recommendation, answer.approvable.reasons[0].code) == ("refer", "retrospective")
    assert stands(story, "2027-01-09", path="B").interval_satisfied is True


LEMTRADA = {"product": "Lemtrada", "outcome": "adequate", "stopped_on": "2024-01"}


@pytest.mark.parametrize(
    ("stated", "least"),
    [
        ({"received_lemtrada": True}, 1),
        ({"received_lemtrada": None}, 0),
        ({"received_lemtrada": None, "agents": [LEMTRADA]}, 1),
        ({"received_lemtrada": False, "agents": [LEMTRADA]}, 0),
    ],
    ids=["received", "not stated", "among the agents", "contradictory"],
)
def test_without_a_record_no_number_is_certain_unless_it_is_stated_that_there_was_none(
    stated: dict[str, Any], least: int
) -> None:
    answer = stands(
        given(submitted(MEETS_A | stated)),
        "2026-04-28",
        path=None,
        courses_completed=None,
        course_number=None,
        course_is=None,
        doses_given=None,
        doses_left_in_course=None,
        doses_given_at_least=least,
        doses_left_at_least=0,
        next_course_from=None,
    )
    assert (answer.doses_given_at_most, answer.courses_completed_at_most) == (99, 99)
    assert [(one.report_id, one.dose_id, one.field) for one in answer.settled_by] == [(None, None, "courses")]
    words = dict(eligibility_rows(answer, "UTC"))["Doses"]
    assert words.startswith("at least 1 dose given" if least else "not known how many were given")


def test_stated_never_and_a_history_without_statement() -> None:
    never = stands(given(submitted(MEETS_A)), "2026-04-28", path="A", doses_given=0, doses_left_in_course=5)
    assert never.settled_by == ()
    stands(given(), "2026-04-28", path=None, courses_completed=None, doses_given=None, doses_left_at_least=0)


def test_a_later_course_after_a_closed_one_is_not_after_a_complete_one() -> None:
    story = given(*doses("2025-01-06", 3), today="2025-03-01").and_given(closed(1))
    story.on("2025-04-01").and_given(*doses("2025-04-01", 1))
    stands(
        story,
        "2025-04-02",
        path="B",
        courses_completed=0,
        path_because=(
            "An earlier course of Lemtrada counts as a prior course, although it was not completed in this ledger."
        ),
    )
