"""Claims as they are sent: replaced, voided, denied, and lines of several infusion days (R22, R25, R30)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.errors import AlreadyRecorded, Conflict, InvalidCommand, NotPermitted, OriginalNotOnRecord
from domain.events.treatment import (
    ClaimLineRecorded,
    ClaimReplaced,
    ClaimVoided,
    CourseCompleted,
    CourseReopened,
    DoseAdministered,
    DoseDaysStated,
    VoidedClaimSettled,
)
from domain.treatment.possible_treatment import Range, possible_treatments
from projections.eligibility import eligibility
from tests.story import (
    CLAIMS,
    MEETS_A,
    MEETS_B,
    OFFICE,
    Step,
    attributed,
    claim_line,
    claim_settled,
    confirmed_duplicate,
    days_stated,
    dismissed_duplicate,
    dose,
    dose_corrected,
    doses,
    given,
    reported,
    submitted,
    voided,
)


def claim(on: str, reference: str | None = None, mg: float = 12, **values: Any) -> Step:
    return dose(on, source="claim", source_reference=reference or f"C-{on}", mg=mg, **values)


def claims(first: int, last: int) -> list[Step]:
    return [claim(f"2026-03-{day:02}") for day in range(first, last + 1)]


def replacement(on: str, of: str | None, mg: float = 12, **values: Any) -> Step:
    return claim_line("replacement", on, mg, original_reference=of, **values)


def void(on: str | None, of: str | None, **values: Any) -> Step:
    return claim_line("void", on, original_reference=of, **values)


DOSING = {"mg_per_day": 12, "consecutive_days": 3, "route": "intravenous"}

# -- replacements ------------------------------------------------------------------------------------


def test_a_replacement_counts_once_with_its_original() -> None:
    scenario = given(claim("2026-03-02", mg=6)).when(replacement("2026-03-02", "C-2026-03-02"))
    scenario.then(ClaimReplaced, found_by="original_reference", fields=("mg", "source_reference"))
    scenario.then_courses("open 1").then_variances(
        1, "no_approval_in_force", seen=("no_approval_in_force", "not_12_mg")
    )
    entry = scenario.known.doses[0]
    assert (entry.mg, entry.corrected, entry.facts.references) == (
        12, True, ("C-2026-03-02", "LINE-replacement-2026-03-02")
    )  # fmt: skip
    assert [(one.line, one.dose_id) for one in scenario.known.claim_lines] == [("replacement", entry.dose_id)]


def test_it_takes_the_day_of_the_replacement_and_what_waited_takes_its_place() -> None:
    scenario = given(claim("2026-03-02"), claim("2026-03-02", "C-2")).then_courses("open 1")
    scenario.when(replacement("2026-03-03", "C-2026-03-02")).then(ClaimReplaced).then_courses("open 2")


def test_a_later_replacement_names_either_reference() -> None:
    twice = given(claim("2026-03-02"), replacement("2026-03-02", "C-2026-03-02", 11, source_reference="R1"))
    twice.when(replacement("2026-03-02", "R1", 10, source_reference="R2")).then(ClaimReplaced)
    twice.when(replacement("2026-03-02", "C-2026-03-02", 9, source_reference="R2")).then(ClaimReplaced)
    twice.then_courses("open 1")
    assert twice.known.doses[0].mg == 9


def test_it_may_carry_the_reference_of_its_original() -> None:
    scenario = given(claim("2026-03-02", "C1")).when(replacement("2026-03-02", None, 6, source_reference="C1"))
    scenario.then(ClaimReplaced, found_by="source_reference").then_courses("open 1")


def test_without_a_reference_it_is_of_the_one_entry_of_its_source_and_day() -> None:
    scenario = given(claim("2026-03-02"), dose("2026-03-02")).when(replacement("2026-03-02", None, 6))
    scenario.then(ClaimReplaced, found_by="day")
    assert scenario.known.doses[0].mg == 6


@pytest.mark.parametrize(
    ("of", "recorded"),
    [("C-9", [claim("2026-03-02")]), (None, []), (None, [claim("2026-03-02"), claim("2026-03-02", "C-2")])],
    ids=["another reference", "nothing on that day", "two on that day"],
)
def test_a_replacement_without_its_original_is_refused_as_such(of: str | None, recorded: list[Step]) -> None:
    scenario = given(*recorded).when(replacement("2026-03-02", of))
    scenario.then_refused(OriginalNotOnRecord, field="original_reference")


def test_a_reference_of_a_replacement_is_recorded_as_well() -> None:
    scenario = given(claim("2026-03-02"), replacement("2026-03-02", "C-2026-03-02", source_reference="R1"))
    scenario.when(claim("2026-03-05", "R1")).then_refused(AlreadyRecorded, field="source_reference")
    scenario.when(claim("2026-03-05", "C-2026-03-02")).then_refused(AlreadyRecorded)


def test_the_same_line_sent_again_is_already_recorded() -> None:
    for line in (
        replacement("2026-03-02", "C-2026-03-02"),
        void("2026-03-02", "C-9"),
        claim_line("denied", "2026-03-02"),
    ):
        given(claim("2026-03-02"), line).when(line).then_refused(AlreadyRecorded, field="source_reference")


def test_what_a_person_voided_as_a_mistake_is_not_replaced() -> None:
    scenario = given(claim("2026-03-02"), voided(1)).when(replacement("2026-03-02", "C-2026-03-02"))
    scenario.then_refused(Conflict, field="original_reference")


# -- voids -------------------------------------------------------------------------------------------


def test_a_void_withdraws_the_claim_and_the_number_is_a_range() -> None:
    scenario = given(*claims(2, 6)).when(void("2026-03-06", "C-2026-03-06"))
    scenario.then(ClaimVoided, CourseReopened, found_by="original_reference").then_courses("unknown 4 to 5")
    assert scenario.courses()[0].given_range == (4, 5)
    asked = scenario.and_given(submitted(MEETS_A | {"requested_dosing": DOSING}))
    assert asked.judged().assessment.path is None
    assert asked.judged().assessment.recommendation == "pend"


def test_not_given_it_is_no_dose_and_billed_elsewhere_it_is_one() -> None:
    scenario = given(*claims(2, 6), void("2026-03-06", "C-2026-03-06"))
    scenario.when(claim_settled(5, "billed_elsewhere")).then(VoidedClaimSettled, CourseCompleted)
    scenario.then_courses("completed 5").when(claim_settled(5, "billed_elsewhere")).then_refused(
        InvalidCommand, field="finding"
    )
    scenario.when(claim_settled(5, "not_given")).then(VoidedClaimSettled, CourseReopened).then_courses("open 4")


def test_its_milligrams_are_those_of_a_dose_that_may_have_been_given() -> None:
    begun = given(claim("2026-03-02"), claim("2026-03-03"), claim("2026-03-04"), void(None, "C-2026-03-04"))
    begun.and_given(submitted(MEETS_A | {"requested_dosing": DOSING | {"consecutive_days": 2}}))
    begun.then_recommended("approve", scope="A")
    more = given(claim("2026-03-02"), claim("2026-03-03", mg=20), void(None, "C-2026-03-03"))
    more.and_given(submitted(MEETS_A | {"requested_dosing": DOSING}))
    more.then_recommended("refer", "milligrams_over_day", scope="A")


def test_with_another_entry_of_the_day_the_dose_stays() -> None:
    scenario = given(*claims(2, 5), claim("2026-03-06"), dose("2026-03-06"))
    scenario.then_courses("completed 5").when(void("2026-03-06", "C-2026-03-06")).then(ClaimVoided)
    scenario.then_courses("completed 5").when(claim_settled(5, "not_given")).then_refused(Conflict, field="dose_id")
    confirmed = given(claim("2026-03-06"), dose("2026-03-06"), confirmed_duplicate(2), void(None, "C-2026-03-06"))
    confirmed.then_courses("open 1")


def test_a_separate_dose_of_the_day_is_no_evidence_of_it() -> None:
    scenario = given(claim("2026-03-06"), dose("2026-03-06"), dismissed_duplicate(2), void(None, "C-2026-03-06"))
    assert scenario.courses()[0].given_range == (1, 2)


def test_with_a_report_of_that_day_the_dose_stays() -> None:
    told = reported({"doses_given": 5, "first_dose_on": "2026-03-02", "last_dose_on": "2026-03-06", "completed": True})
    story = given(told, claim("2026-03-06"), void(None, "C-2026-03-06"), submitted(MEETS_A))
    assert story.facts().prior_treatment.completed_course is True
    assert not story.facts().prior_treatment.possible


def test_an_earlier_course_that_may_lack_a_dose_is_short() -> None:
    first = [claim(f"2024-03-0{day}") for day in range(4, 9)]
    story = given(
        *first, *doses("2025-04-07", 2), void(None, "C-2024-03-08"), submitted(MEETS_B | {"requested_dosing": DOSING})
    )
    assert [one.status for one in story.courses()] == ["unknown", "open"]
    assert "course_short" in [one.code for one in story.judged(as_of="2026-04-28").assessment.reasons]
    story.and_given(claim_settled(5, "not_given"))
    assert [one.status for one in story.courses()] == ["short", "open"]
    story.and_given(claim_settled(5, "billed_elsewhere")).then_courses("completed 5", "open 2")


def test_a_void_that_comes_first_waits_for_its_claim() -> None:
    scenario = given().when(void("2026-03-06", "C-2026-03-06"))
    scenario.then(ClaimLineRecorded, line="void").then_courses()
    assert [one.waits for one in scenario.known.claim_lines] == [True]
    scenario.when(claim("2026-03-06")).then(DoseAdministered, ClaimVoided)
    assert [one.waits for one in scenario.known.claim_lines] == [False]
    assert scenario.courses()[0].given_range == (0, 1)
    scenario.when(void("2026-03-06", "C-2026-03-06")).then_refused(AlreadyRecorded)


def test_a_void_waits_for_a_replacement_too() -> None:
    scenario = given(void("2026-03-06", "R1"), claim("2026-03-06"))
    scenario.when(replacement("2026-03-06", "C-2026-03-06", 6, source_reference="R1")).then(ClaimReplaced, ClaimVoided)
    assert scenario.courses()[0].given_range == (0, 1)


def test_a_void_without_a_reference_says_how_its_claim_was_found() -> None:
    scenario = given(claim("2026-03-06")).when(void("2026-03-06", None)).then(ClaimVoided, found_by="day")
    assert scenario.known.claim_lines[0].found_by == "day"
    given(claim("2026-03-06"), claim("2026-03-06", "C-2")).when(void("2026-03-06", None)).then(ClaimLineRecorded)


def test_a_replacement_after_the_void_is_evidence_of_its_own() -> None:
    scenario = given(claim("2026-03-06"), void("2026-03-06", "C-2026-03-06"))
    scenario.and_given(replacement("2026-03-06", "C-2026-03-06")).then_courses("open 1")


def test_a_voided_claim_is_voided_once() -> None:
    scenario = given(claim("2026-03-06"), void("2026-03-06", "C-2026-03-06"))
    scenario.when(void(None, "C-2026-03-06", source_reference="V2")).then_refused(AlreadyRecorded)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (claim_line("void", None), "on"),
        (claim_line("denied", None, original_reference="C1"), "on"),
        (claim_line("replacement", "2026-03-02", None, original_reference="C-2026-03-02"), "mg"),
        (claim_line("void", "2026-12-02").recorded_on("2026-03-02"), "on"),
    ],
    ids=["a void of nothing", "denied without a day", "a replacement without units", "in the future"],
)
def test_a_line_without_what_it_needs_is_refused(line: Step, field: str) -> None:
    given(claim("2026-03-02")).when(line).then_refused(InvalidCommand, field=field)


# -- denied lines, and who may -----------------------------------------------------------------------


def test_a_denied_line_counts_nothing_and_voids_nothing() -> None:
    scenario = given(claim("2026-03-02")).when(claim_line("denied", "2026-03-02", source_reference="C-2026-03-02"))
    scenario.then(ClaimLineRecorded, line="denied").then_courses("open 1")
    paid = given(claim_line("denied", "2026-03-02", source_reference="C1")).when(claim("2026-03-02", "C1"))
    paid.then(DoseAdministered, possible_duplicate_of=None).then_courses("open 1")


def test_a_service_replaces_and_voids_what_it_reported() -> None:
    own = given(claim("2026-03-02").by(CLAIMS))
    own.when(replacement("2026-03-02", "C-2026-03-02").by(CLAIMS)).then(ClaimReplaced)
    own.when(void("2026-03-02", "C-2026-03-02").by(CLAIMS)).then(ClaimVoided)
    of_the_plan = given(claim("2026-03-02"))
    of_the_plan.when(void("2026-03-02", "C-2026-03-02").by(CLAIMS)).then_refused(NotPermitted, field="actor.id")
    of_the_plan.when(replacement("2026-03-02", None).by(CLAIMS)).then_refused(NotPermitted, field="actor.id")
    of_the_plan.when(claim_line("denied", "2026-03-02").by(OFFICE)).then_refused(NotPermitted)


def test_the_void_of_a_service_waits_for_a_claim_of_that_service() -> None:
    other = CLAIMS.model_copy(update={"id": "claims.other"})
    scenario = given(void("2026-03-02", "C-2026-03-02").by(CLAIMS))
    scenario.when(claim("2026-03-02").by(other)).then(DoseAdministered)
    own = given(void("2026-03-02", "C-2026-03-02").by(CLAIMS)).when(claim("2026-03-02").by(CLAIMS))
    own.then(DoseAdministered, ClaimVoided)


# -- lines of several infusion days ------------------------------------------------------------------


def test_a_line_of_60_units_is_one_to_five_dose_days() -> None:
    story = given(
        claim("2026-03-02", mg=60), submitted(MEETS_A | {"requested_dosing": DOSING | {"consecutive_days": 4}})
    )
    assert story.courses()[0].given_range == (1, 5)
    assert story.judged().assessment.path is None
    assert story.judged().assessment.recommendation == "pend"


@pytest.mark.parametrize(("mg", "given_range"), [(12, (1, 1)), (23, (1, 1)), (24, (1, 2)), (35, (1, 2)), (36, (1, 3))])
def test_the_most_days_are_a_day_for_each_12_units(mg: int, given_range: tuple[int, int]) -> None:
    assert given(claim("2026-03-02", mg=mg)).courses()[0].given_range == given_range
    assert given(dose("2026-03-02", mg=mg)).courses()[0].given_range == (1, 1)


def test_a_person_says_how_many() -> None:
    scenario = given(claim("2026-03-02", mg=60).recorded_on("2026-04-01"))
    scenario.when(days_stated(1, 5, first_on="2026-03-02", last_on="2026-03-06")).then(DoseDaysStated, CourseCompleted)
    scenario.then_courses("completed 5").then_variances(1, "no_approval_in_force")
    story = scenario.and_given(submitted(MEETS_A))
    assert str(story.facts().prior_treatment.last_dose_on) == "2026-03-06"
    scenario.when(days_stated(1, 5, first_on="2026-03-02", last_on="2026-03-06")).then_refused(
        InvalidCommand, field="days"
    )
    scenario.when(days_stated(1, 6)).then_refused(InvalidCommand, field="days")
    scenario.when(days_stated(1, 2)).then(DoseDaysStated, CourseReopened).then_courses("open 2")
    scenario.then_variances(1, "no_approval_in_force", "not_12_mg")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"days": 2, "first_on": "2026-03-03"}, "first_on"),
        ({"days": 2, "last_on": "2026-03-01"}, "last_on"),
        ({"days": 2, "last_on": "2027-03-01"}, "last_on"),
        ({"days": 2, "first_on": "2026-03-01", "last_on": "2026-03-03"}, "days"),
        ({"days": 4, "first_on": "2026-03-02", "last_on": "2026-03-04"}, "days"),
    ],
)
def test_the_days_stated_hold_the_day_of_the_line_and_their_number(values: dict[str, Any], field: str) -> None:
    given(claim("2026-03-02", mg=60)).when(days_stated(1, **values)).then_refused(InvalidCommand, field=field)


def test_of_a_line_without_further_days_nothing_is_stated() -> None:
    given(claim("2026-03-02")).when(days_stated(1, 1)).then_refused(Conflict, field="dose_id")
    given(dose("2026-03-02", mg=24)).when(days_stated(1, 2)).then_refused(Conflict, field="dose_id")


def test_the_further_days_are_near_on_either_side() -> None:
    story = given(claim("2026-03-02", mg=60).recorded_on("2026-05-01"), days_stated(1, 5), submitted(MEETS_A))
    last = story.facts().prior_treatment.possible[0].last_dose
    assert last is not None
    assert (str(last.earliest), str(last.latest)) == ("2026-03-02", "2026-04-01")


def test_until_it_is_said_an_approval_is_referred_since_one_day_may_have_had_too_much() -> None:
    story = given(claim("2026-03-02", mg=24), submitted(MEETS_A | {"requested_dosing": DOSING}))
    story.then_recommended("refer", "lines_without_days", scope="A")
    story.and_given(days_stated(1, 2)).then_recommended("approve", scope="A")
    story.and_given(days_stated(1, 1)).then_recommended("refer", "milligrams_over_day", scope="A")


def test_the_milligrams_of_a_course_are_those_of_the_lines() -> None:
    story = given(claim("2026-03-02", mg=36), days_stated(1, 2), submitted(MEETS_A | {"requested_dosing": DOSING}))
    story.then_recommended("refer", "milligrams_over_day", "milligrams_over_course", scope="A")


def test_a_replacement_with_other_units_asks_again() -> None:
    scenario = given(claim("2026-03-02", mg=60), days_stated(1, 5), replacement("2026-03-02", "C-2026-03-02", 24))
    assert scenario.courses()[0].given_range == (1, 2)


def test_a_voided_line_of_several_days_is_none_to_all_of_them() -> None:
    scenario = given(claim("2026-03-02", mg=24), void(None, "C-2026-03-02"))
    assert scenario.courses()[0].given_range == (0, 2)
    scenario.and_given(claim_settled(1, "billed_elsewhere"), days_stated(1, 2)).then_courses("open 2")


def test_a_report_of_our_doses_does_not_add_to_a_line_but_tells_how_many_days_it_has() -> None:
    told = reported({"doses_given": 2, "first_dose_on": "2026-03-02", "last_dose_on": "2026-03-03"})
    story = given(claim("2026-03-02", mg=24), told.recorded_on("2026-03-10"), attributed(1, "our_doses"))
    found = possible_treatments(story.known, story.today)
    assert [one.given for one in found] == [Range(2, 2)]


def test_a_corrected_day_takes_the_line_with_it() -> None:
    scenario = given(claim("2026-03-02", mg=24), days_stated(1, 2, last_on="2026-03-03").recorded_on("2026-03-05"))
    scenario.and_given(dose_corrected(1, on="2026-03-04"))
    assert scenario.courses()[0].given_range == (1, 2)


def test_more_lines_than_can_be_followed_leave_everything_open_but_what_is_certain() -> None:
    three = [claim(f"2026-03-{day:02}", mg=60) for day in (2, 9, 16)]
    found = possible_treatments(given(*three).known, date(2026, 4, 28))
    assert {one.is_completed for one in found} == {True, False}
    assert min(one.given.least for one in found) == 1
    five = [claim(f"2026-03-{day:02}", mg=60) for day in (2, 9, 16, 23, 30)]
    assert {one.is_completed for one in possible_treatments(given(*five).known, date(2026, 4, 28))} == {True}


def test_beside_an_exact_report_a_voided_claim_is_still_no_dose_for_certain() -> None:
    """A report of the course before it does not turn the voided claim into a dose (R30)."""
    course = {"doses_given": 5, "first_dose_on": "2025-03-03", "last_dose_on": "2025-03-07", "completed": True}
    story = given(*(claim(f"2025-03-0{day}") for day in range(3, 8)), claim("2025-03-31"), void(None, "C-2025-03-31"))
    story.and_given(reported(course))
    answer = eligibility(story.known, date(2026, 3, 10))
    assert (answer.last_dose_earliest, answer.last_dose_latest) == (date(2025, 3, 7), date(2025, 3, 31))
    assert (answer.next_course_from, answer.interval_satisfied) == (None, None)
    assert [one.field for one in answer.settled_by] == ["finding"]
