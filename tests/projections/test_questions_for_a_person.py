"""Death, links, reports and reviews as eligibility and the audit trail show them (R27 to R29)."""

from __future__ import annotations

from datetime import date

import pytest

from projections.audit_trail import audit_trail
from projections.eligibility import Eligibility, eligibility
from tests.story import (
    MEETS_A,
    TWIN,
    Scenario,
    approval_confirmed,
    approved,
    attributed,
    claim_line,
    died,
    dose,
    dose_reviewed,
    doses,
    given,
    linked,
    report_corrected,
    reported,
    submitted,
)

COMPLETED = {"doses_given": 5, "last_dose_on": "2025-03-07", "completed": True}


def answer(story: Scenario, on: str | None = None, office: str | None = None) -> Eligibility:
    return eligibility(story.known, date.fromisoformat(on) if on else story.today, None, office)


def codes(found: Eligibility) -> list[str]:
    assert found.approvable is not None
    return [one.code for one in found.approvable.reasons]


def changed(story: Scenario) -> dict[str, tuple[object, object]]:
    """What the last event changed."""
    return {one.what: (one.before, one.after) for one in audit_trail(story.events)[-1].changed}


# -- eligibility ------------------------------------------------------------------------------


def test_after_a_death_nothing_is_usable_and_a_clinician_decides() -> None:
    story = given(submitted(), approved(), *doses("2026-04-29", 2)).on("2026-05-04").and_given(died("2026-05-02"))
    before, after = answer(story, "2026-05-01"), answer(story, "2026-05-02")
    assert (before.doses_usable, after.doses_usable) == (3, 0)
    assert after.doses_left_on_approval == 3
    assert after.approvable is not None
    assert (after.approvable.recommendation, codes(after)) == ("refer", ["death_on_record"])


@pytest.mark.parametrize("statement", [MEETS_A, MEETS_A | {"hiv_infection": True}, MEETS_A | {"hiv_infection": None}])
def test_a_linked_history_is_named_and_every_answer_is_clinical_review(statement: dict[str, object]) -> None:
    story = given(submitted(statement), linked())
    found = answer(story)
    assert found.approvable is not None
    assert (found.approvable.recommendation, codes(found)) == ("refer", ["histories_linked"])
    assert found.linked_histories == (TWIN,)
    assert str(TWIN) in found.approvable.reasons[0].sentence
    assert (found.approvable.still_needed, found.approvable.speaking_against) == ((), ())
    for way in found.approvable.ways:
        assert (way.leads_to, way.size) == ("refer", 0)
    shown = answer(story, office="another office")
    assert shown.linked_histories == ()
    assert str(TWIN) not in shown.model_dump_json()


def test_a_link_without_any_request_is_named_too() -> None:
    found = answer(given(linked()))
    assert found.linked_histories == (TWIN,)
    assert codes(found) == ["histories_linked"]


# -- the audit trail --------------------------------------------------------------------------


def test_the_trail_says_what_changed() -> None:
    story = given(*doses("2026-03-02", 2), reported(COMPLETED, reported_on="2026-04-01"))
    story.and_given(attributed(1, "other_doses"))
    assert changed(story) == {"report t1: is about": (None, "other doses")}
    story.and_given(report_corrected(1, COMPLETED, reported_on="2026-04-02"))
    assert changed(story)["report t1: reported on"] == ("2026-04-01", "2026-04-02")
    entry = audit_trail(story.events)[-2]
    assert entry.event == "ReportAttributed"


def test_the_trail_says_that_a_dose_was_reviewed_and_an_approval_confirmed() -> None:
    story = given(died("2026-04-20"), dose("2026-04-22", "2026-04-28"), dose_reviewed(1))
    assert changed(story) == {"dose d1: reviewed after death": (False, True)}
    story = given(submitted(), approved(), reported(COMPLETED), approval_confirmed())
    ((before, after),) = changed(story).values()
    assert after == f"{before}, confirmed after a later report"


# -- what settles a treatment that reports leave open -----------------------------------------

TWO = {"doses_given": 2, "first_dose_on": "2026-01-05", "last_dose_on": "2026-01-06", "completed": False}
LATER = {"doses_given": 3, "first_dose_on": "2025-09-01", "last_dose_on": "2025-09-03", "completed": True}


def named(story: Scenario, on: str | None = None) -> list[str]:
    return [one.field for one in eligibility(story.known, date.fromisoformat(on or "2026-04-28")).settled_by]


def test_a_report_of_others_tells_of_the_same_doses_on_days_of_ours() -> None:
    story = given(reported(TWO, reported_on="2026-01-20"), dose("2026-01-12"), attributed(1, "other_doses"))
    story.and_given(*doses("2026-01-05", 2, recorded_on="2026-02-01", source="claim"))
    found = answer(story)
    assert (found.path, found.doses_given, found.settled_by) == ("A", 3, ())


def test_a_report_of_others_whose_days_are_all_of_ours_is_asked_about_again() -> None:
    three = TWO | {"doses_given": 3, "last_dose_on": "2026-01-09"}
    story = given(*doses("2026-01-05", 5), reported(three, reported_on="2026-01-20"), attributed(1, "other_doses"))
    found = answer(story)
    assert (found.path, found.courses_completed) == ("B", 1)
    assert "tells_of" in named(story)


def test_whether_the_courses_of_a_report_are_complete_is_asked_where_they_may_be_one() -> None:
    first, second = {"doses_given": 3, "last_dose_on": "2025-01-08"}, TWO | {"completed": None}
    story = given(reported(first, second))
    assert named(story) == ["courses.0.first_dose_on", "courses.0.completed", "courses"]


def test_the_untold_first_course_is_asked_for_while_the_later_one_is_open() -> None:
    story = given(reported(LATER, reported_on="2025-09-03"), submitted())
    assert named(story, "2025-09-02") == ["courses"]


def test_a_voided_claim_of_a_course_before_the_open_one_is_asked_about() -> None:
    story = given(*doses("2024-03-04", 5, source="claim"), dose("2025-06-02"))
    story.and_given(claim_line("void", None, None, source_reference="V1", original_reference="INF-3"))
    assert named(story) == ["finding"]


def test_which_days_between_the_ends_are_ours_is_asked() -> None:
    three = TWO | {"doses_given": 3, "last_dose_on": "2026-01-09"}
    story = given(*doses("2026-01-07", 2), reported(three, reported_on="2026-01-20"))
    assert named(story) == ["courses", "tells_of"]
