"""What waits of dose entries and claims, as eligibility, courses, and the worklist show it (R25, R30)."""

from __future__ import annotations

from datetime import date
from typing import Any

from projections.courses import claim_line_in_words, course_list, entry_marks
from projections.eligibility import Eligibility, eligibility
from projections.timeline import timeline
from projections.worklist.rows import worklist_rows
from projections.worklist.text import waits_for
from tests.story import (
    MEETS_A,
    PATIENT,
    ZONE,
    Scenario,
    Step,
    claim_line,
    claim_settled,
    confirmed_duplicate,
    days_stated,
    dose,
    first_course,
    given,
    part_of_dose,
    submitted,
)

ONE_DAY = MEETS_A | {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 1, "route": "intravenous"}}


def claim(on: str, reference: str, **values: Any) -> Step:
    return dose(on, source="claim", source_reference=reference, **values)


def answer(story: Scenario) -> Eligibility:
    return eligibility(story.known, story.today)


def named(found: Eligibility) -> list[str]:
    return [f"{(one.dose_id or one.report_id or '').rpartition('.')[2]} {one.field}" for one in found.settled_by]


def items(story: Scenario) -> list[str]:
    rows = worklist_rows(story.known, story.today, ZONE)
    return [f"{one.state} {one.subject_id.rpartition('.')[2]}" for one in rows if one.kind in ("dose", "claim")]


def marks(story: Scenario) -> list[list[str]]:
    found = course_list(story.known, story.today)
    entries = [dose for course in found.courses for dose in course.doses]
    return [entry_marks(one) for one in sorted((*entries, *found.other_entries), key=lambda one: one.dose_id)]


# -- field report F1: each claim is sent again under an adjusted reference ------------------------


def adjusted() -> Scenario:
    days = ("2026-04-06", "2026-04-07", "2026-04-08")
    first = [claim(day, f"C1-{number}") for number, day in enumerate(days)]
    again = [claim(day, f"C1-{number}-ADJ", recorded_on="2026-04-20") for number, day in enumerate(days)]
    return given(*first, *again, submitted(ONE_DAY))


def test_three_infusions_that_are_sent_again_are_three_and_three_wait() -> None:
    found = answer(adjusted())
    assert (found.path, found.course_number, found.doses_given, found.courses_completed) == ("A", 1, 3, 0)
    assert named(found) == ["d4 duplicate", "d5 duplicate", "d6 duplicate"]
    assert items(adjusted()) == ["entry_to_settle d4", "entry_to_settle d5", "entry_to_settle d6"]
    assert found.approvable is not None
    assert found.approvable.recommendation == "refer"
    assert [one.code for one in found.approvable.reasons] == ["entries_waiting"]


def test_answered_they_wait_no_longer() -> None:
    story = adjusted().and_given(*map(confirmed_duplicate, (4, 5, 6)))
    assert (named(answer(story)), items(story)) == ([], [])
    assert answer(story).approvable is not None
    assert marks(story)[3:] == [["confirmed duplicate"]] * 3


# -- one entry of each kind -------------------------------------------------------------------


def test_a_line_of_several_infusions_is_a_range_until_a_person_says_how_many() -> None:
    story = given(claim("2026-04-20", "C1", mg=60), submitted(ONE_DAY))
    found = answer(story)
    assert (found.path, found.doses_given, found.doses_given_at_least, found.doses_given_at_most) == (None, None, 1, 5)
    assert named(found) == ["d1 days", "d1 first_on", "d1 last_on"]
    assert items(story) == ["entry_to_settle d1"]
    assert marks(story) == [["1 to 5 dose days"]]
    story.and_given(days_stated(1, 2, first_on="2026-04-20", last_on="2026-04-21"))
    assert (answer(story).doses_given, str(answer(story).last_dose_on), named(answer(story))) == (2, "2026-04-21", [])
    assert (items(story), marks(story)) == ([], [["2 dose days"]])


def test_a_voided_claim_is_a_range_until_a_person_says_whether_it_was_given() -> None:
    story = given(
        *first_course("2026-04-06", 3),
        claim("2026-04-09", "C1"),
        claim_line("void", None, None, original_reference="C1"),
    )
    found = answer(story.and_given(submitted(ONE_DAY)))
    assert (found.doses_given, found.doses_given_at_least, found.doses_given_at_most) == (None, 3, 4)
    assert (found.last_dose_earliest, found.last_dose_latest) == (date(2026, 4, 8), date(2026, 4, 9))
    assert (named(found), items(story)) == (["d4 finding"], ["entry_to_settle d4"])
    assert marks(story)[3] == ["claim voided, not known whether it was given"]
    story.and_given(claim_settled(4, "not_given"))
    assert (answer(story).doses_given, items(story), marks(story)[3]) == (3, [], ["voided", "claim voided"])
    story.and_given(claim_settled(4, "billed_elsewhere"))
    assert (answer(story).doses_given, marks(story)[3]) == (4, ["claim voided"])


def test_part_of_a_dose_is_shown_with_its_milligrams() -> None:
    story = given(claim("2026-04-20", "C1", mg=8), claim("2026-04-20", "C2", mg=4), part_of_dose(2))
    assert marks(story) == [["4 mg more from another entry"], ["part of the same dose"]]


def test_who_must_act_is_a_reviewer() -> None:
    (row,) = [one for one in worklist_rows(adjusted().known, adjusted().today, ZONE) if one.subject_id.endswith(".d4")]
    assert waits_for(row) == "a reviewer, to say what the dose entry is"


# -- lines without a dose ---------------------------------------------------------------------


def test_denied_lines_and_voids_that_wait_are_listed_for_the_plan_only() -> None:
    story = given(
        claim_line("denied", "2026-04-20", source_reference="D1"),
        claim_line("void", "2026-04-21", None, source_reference="V1", original_reference="C9"),
        claim("2026-04-22", "C1"),
        claim_line("void", "2026-04-22", source_reference="V2"),
    )
    lines = course_list(story.known, story.today).claim_lines
    assert [claim_line_in_words(one) for one in lines] == [
        "2026-04-20, denied line, billed and not paid D1, 12 mg",
        "2026-04-21, void V1, waits for claim C9",
        "2026-04-22, void V2, 12 mg, of entry d1, found by its source and day",
    ]
    assert course_list(story.known, story.today, office="office East").claim_lines == ()
    again = course_list(story.and_given(claim("2026-04-22", "C2")).known, story.today).claim_lines
    waiting = "2026-04-22, void V2, 12 mg, waits for claim V2, or for the only claim of its source and day"
    assert claim_line_in_words(again[2]) == waiting


def test_a_void_that_waits_is_listed_until_its_claim_is_known() -> None:
    void = claim_line("void", "2026-04-21", None, source_reference="V1", original_reference="C9")
    story = given(claim("2026-04-21", "C1"), void)
    assert items(story) == ["void_waiting v3"]
    assert named(answer(story)) == [" original_reference"]
    assert [one.void_reference for one in answer(story).settled_by] == ["V1"]
    assert eligibility(story.known, story.today, office="office East").settled_by == ()
    (row,) = worklist_rows(story.known, story.today, ZONE)
    words = "the sender of the void, to send its claim, or the void again with the reference of its claim"
    assert (waits_for(row), row.received_on, row.recommendation) == (words, date(2026, 4, 21), None)
    story.and_given(claim("2026-04-22", "C9"))
    assert items(story) == ["entry_to_settle d2"]


def test_a_void_of_one_of_two_claims_of_a_day_is_listed_whenever_it_came() -> None:
    void = claim_line("void", "2026-04-21", source_reference="V1")
    story = given(void, claim("2026-04-21", "C1"), claim("2026-04-21", "C2"))
    assert items(story) == ["entry_to_settle d2", "void_waiting v2"]
    story.and_given(claim_line("void", "2026-04-21", original_reference="C2", source_reference="V1"))
    assert (items(story), named(answer(story))) == ([], [])


def test_a_claim_that_was_voided_and_then_replaced_is_marked() -> None:
    story = given(
        claim("2026-04-20", "C1"),
        claim_line("void", None, None, original_reference="C1", source_reference="V1"),
        claim_line("replacement", "2026-04-20", 12, original_reference="C1", source_reference="R1"),
    )
    assert (marks(story), items(story)) == ([["corrected", "claim voided, then replaced"]], [])
    assert course_list(story.known, story.today).courses[0].doses[0].replaced_after_void
    story.and_given(claim_line("void", None, None, original_reference="R1", source_reference="V2"))
    assert marks(story)[0][:2] == ["corrected", "claim voided, not known whether it was given"]


def test_every_line_is_in_the_timeline_in_words() -> None:
    story = given(
        claim("2026-04-20", "C1"),
        claim_line("replacement", "2026-04-20", 24, source_reference="R1"),
        days_stated(1, 2),
        claim_line("void", None, None, original_reference="R1", source_reference="V1"),
        claim_settled(1, "not_given"),
        claim_line("denied", "2026-04-20", source_reference="D1"),
        claim_line("void", "2026-04-21", None, source_reference="V2"),
    )
    said = [one.sentence for one in timeline(story.events, ZONE)[2:]]
    assert said == [
        "d1: 24 mg, course 1; variances: no approval in force; changed: mg, source reference"
        "; found by its source and day, without a reference of the original",
        "d1: 2 infusion days. The infusion center confirmed it.",
        "d1: void V1. A dose may have been given",
        "d1: no infusion was given. The infusion center confirmed it.",
        "D1: billed, not paid",
        "V2: waits for claim V2",
    ]
    assert f"{PATIENT}.d1" == story.known.doses[0].dose_id


# -- a claim that is billed again as lines of several days --------------------------------------------


def test_a_further_replacement_waits_on_every_list() -> None:
    lines = [
        claim_line("replacement", f"2026-04-0{day}", original_reference="C-1", source_reference=f"R-{day}")
        for day in (6, 7)
    ]
    story = given(claim("2026-04-06", "C-1", mg=24), *lines, submitted(MEETS_A))
    assert named(answer(story)) == ["d2 duplicate"]
    assert items(story) == ["entry_to_settle d2"]
    assert marks(story)[1] == ["may be the same dose as an entry of another day"]
    story.and_given(confirmed_duplicate(2))
    assert (named(answer(story)), items(story)) == ([], [])
    assert marks(story)[0] == ["corrected", "confirmed duplicate"]
