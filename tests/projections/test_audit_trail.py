"""Every state change: what happened, who, when it happened, when it was recorded, what it changed."""

from __future__ import annotations

import pytest

from projections.audit_trail import AuditEntry, audit_trail
from tests.story import (
    CLAIMS,
    MEETS_B,
    approved,
    confirmed_duplicate,
    denied,
    dismissed_duplicate,
    dose,
    doses,
    given,
    referred,
    reported,
    submitted,
    voided,
)


def changes(entry: AuditEntry) -> dict[str, tuple[object, object]]:
    return {change.what: (change.before, change.after) for change in entry.changed}


def test_one_entry_an_event_with_both_times_and_the_person() -> None:
    story = given(dose("2026-04-01", recorded_on="2026-04-22").by(CLAIMS))
    opened, given_dose = audit_trail(story.events)
    assert (opened.version, opened.event) == (1, "HistoryOpened")
    assert (given_dose.event, given_dose.happened, given_dose.who.id) == ("DoseAdministered", "2026-04-01", "claims")
    assert given_dose.recorded_at.date().isoformat() == "2026-04-22"
    assert given_dose.details["source_reference"] == "INF-1"


def test_a_decision_changes_the_request_and_makes_an_approval() -> None:
    *_, submission, approval = audit_trail(given(submitted(), approved()).events)
    assert changes(submission) == {"request r1": (None, "open")}
    assert changes(approval) == {
        "request r1": ("open", "approved"),
        "approval of request r1": (None, "5 doses, 2026-04-28 to 2026-05-27"),
    }


def test_completion_is_shown_where_it_was_recorded() -> None:
    *_, fifth, completed = audit_trail(given(*doses("2026-03-04", 5)).events)
    assert changes(fifth)["course 1"] == ("open, doses given: 4", "open, doses given: 5")
    assert changes(completed) == {"course 1": ("open, doses given: 5", "completed, doses given: 5")}
    assert fifth.command_id == completed.command_id


def test_a_voided_dose_stays_and_opens_its_course_again() -> None:
    story = given(*doses("2026-03-04", 5)).and_given(voided(5))
    *_, void, reopened = audit_trail(story.events)
    assert changes(void)["dose d5"] == ("2026-03-08, counts toward course 1", "2026-03-08, voided")
    assert changes(reopened) == {"course 1": ("completed, doses given: 4", "open, doses given: 4")}


def test_an_earlier_course_that_lost_a_dose_is_short() -> None:
    story = given(*doses("2024-03-04", 5), *doses("2025-09-01", 3)).and_given(voided(1))
    last = audit_trail(story.events)[-1]
    assert changes(last)["course 1"] == ("completed, doses given: 5", "short, doses given: 4")


@pytest.mark.parametrize(
    ("step", "after"),
    [
        (confirmed_duplicate(2), "2026-03-04, confirmed duplicate, not counted"),
        (dismissed_duplicate(2), "2026-03-04, counts toward course 1"),
    ],
)
def test_a_possible_duplicate_and_what_became_of_it(step: object, after: str) -> None:
    story = given(dose("2026-03-04"), dose("2026-03-04", source="claim", source_reference="C-1"))
    story.and_given(step)  # type: ignore[arg-type]
    assert changes(audit_trail(story.events)[-1])["dose d2"] == (
        "2026-03-04, possible duplicate, not counted",
        after,
    )


def test_reports_referrals_and_denials() -> None:
    story = given(reported({"completed": True, "last_dose_on": "2026-01"})).and_given(submitted(MEETS_B), referred())
    story.and_given(denied("1.B.iv"))
    report, _, referral, denial = audit_trail(story.events)[1:]
    assert changes(report)["report t1"] == (None, "other_plan, courses: 1")
    assert changes(referral) == {"request r1": ("open", "referred")}
    assert changes(denial) == {"request r1": ("referred", "denied")}
    assert denial.details["citing"] == ["1.B.iv"]
