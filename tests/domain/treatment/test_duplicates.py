"""Two reports of one dose: not counted until a person confirms that it is separate, or voids it (R25)."""

from __future__ import annotations

from typing import Any

from domain.commands.treatment import VoidDose
from domain.errors import AlreadyRecorded, Conflict, NotFound
from domain.events.treatment import (
    CourseCompleted,
    DoseAdministered,
    DoseVoided,
    PartOfDoseConfirmed,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
)
from tests.story import (
    MEETS_A,
    Step,
    approved,
    confirmed_duplicate,
    dismissed_duplicate,
    dose,
    dose_corrected,
    first_course,
    given,
    part_of_dose,
    reported,
    submitted,
    voided,
)


def claim(on: str, **values: Any) -> Step:
    return dose(on, **({"source": "claim", "source_reference": f"CLM-{on}"} | values))


def test_a_claim_of_a_day_on_which_the_infusion_center_recorded_a_dose_is_not_counted() -> None:
    scenario = given(dose("2024-03-04")).when(claim("2024-03-04"))
    original = scenario.known.doses[0].dose_id
    scenario.then(DoseAdministered, possible_duplicate_of=original, variances=()).then_courses("open 1")


def test_a_claim_of_another_day_is_a_dose() -> None:
    scenario = given(dose("2024-03-04")).when(claim("2024-03-05"))
    scenario.then(DoseAdministered, possible_duplicate_of=None).then_courses("open 2")


def test_a_second_entry_of_the_same_source_waits_too() -> None:
    scenario = given(dose("2024-03-04")).when(dose("2024-03-04"))
    scenario.then(DoseAdministered, possible_duplicate_of=scenario.known.doses[0].dose_id, variances=())
    scenario.then_courses("open 1").and_given(dismissed_duplicate(2)).then_courses("open 2")


def test_confirmed_it_stays_uncounted() -> None:
    scenario = given(dose("2024-03-04"), claim("2024-03-04")).when(confirmed_duplicate(2))
    scenario.then(PossibleDuplicateConfirmed).then_courses("open 1").then_variances(2)


def test_dismissed_it_counts_from_then_on() -> None:
    scenario = given(dose("2024-03-04"), claim("2024-03-04")).when(dismissed_duplicate(2))
    scenario.then(PossibleDuplicateDismissed).then_courses("open 2")
    scenario.then_variances(2, "no_approval_in_force", "second_on_one_day", seen=())


def test_dismissed_as_the_fifth_dose_it_completes_the_course() -> None:
    scenario = given(*first_course("2024-03-04", 4), claim("2024-03-07"))
    scenario.when(dismissed_duplicate(5)).then(PossibleDuplicateDismissed, CourseCompleted)


def test_voided_it_is_gone() -> None:
    scenario = given(dose("2024-03-04"), claim("2024-03-04")).when(voided(2)).then(DoseVoided).then_courses("open 1")
    scenario.when(dismissed_duplicate(2)).then_refused(Conflict, field="dose_id")


def test_when_the_first_entry_is_voided_the_second_takes_its_place() -> None:
    scenario = given(dose("2024-03-04"), claim("2024-03-04"), voided(1)).then_courses("open 1")
    scenario.then_variances(2, "no_approval_in_force").when(dismissed_duplicate(2)).then_refused(Conflict)


def test_of_several_second_entries_one_takes_its_place_and_the_others_wait() -> None:
    scenario = given(dose("2024-03-04"), claim("2024-03-04"), dose("2024-03-04", source="prescriber"), voided(1))
    scenario.then_courses("open 1")
    assert [one.waits for one in scenario.known.doses] == [False, False, True]
    assert scenario.known.doses[2].duplicate_of == scenario.known.doses[1].dose_id


def test_when_the_first_entry_gets_another_day_the_second_takes_its_place() -> None:
    scenario = given(dose("2024-03-04"), claim("2024-03-04"), dose_corrected(1, on="2024-03-05"))
    scenario.then_courses("open 2")


def test_the_place_of_the_first_entry_is_taken_also_beside_a_separate_dose() -> None:
    scenario = given(dose("2024-03-04"), claim("2024-03-04"), dismissed_duplicate(2))
    scenario.and_given(dose("2024-03-04", source="prescriber")).then_courses("open 2")
    scenario.and_given(voided(1)).then_courses("open 2")


def test_a_claim_after_a_voided_entry_of_that_day_is_a_dose() -> None:
    scenario = given(dose("2024-03-04"), voided(1)).when(claim("2024-03-04"))
    scenario.then(DoseAdministered, possible_duplicate_of=None).then_courses("open 1")


def test_a_dose_that_documents_a_report_has_duplicates_too() -> None:
    told = reported({"first_dose_on": "2024-03-04", "last_dose_on": "2024-03-08", "completed": True})
    scenario = given(told, dose("2024-03-05")).when(claim("2024-03-05"))
    scenario.then(DoseAdministered, possible_duplicate_of=scenario.known.doses[0].dose_id, course=None)


def test_only_a_second_report_is_decided_and_the_last_decision_holds() -> None:
    given(dose("2024-03-04")).when(dismissed_duplicate(1)).then_refused(Conflict, field="dose_id")
    decided = given(dose("2024-03-04"), claim("2024-03-04"), confirmed_duplicate(2)).then_courses("open 1")
    decided.when(confirmed_duplicate(2)).then_refused(Conflict, field="dose_id")
    mended = given(dose("2024-03-04"), claim("2024-03-04"), confirmed_duplicate(2), dismissed_duplicate(2))
    mended.then_courses("open 2").and_given(confirmed_duplicate(2)).then_courses("open 1")


def test_no_dose_is_lost_behind_a_confirmation_whose_first_report_was_a_mistake() -> None:
    given(dose("2026-03-04"), claim("2026-03-04"), confirmed_duplicate(2), voided(1)).then_courses("open 1")


def test_a_confirmation_of_an_entry_that_gets_another_day_is_asked_for_again() -> None:
    story = given(dose("2026-03-04"), claim("2026-03-04"), confirmed_duplicate(2), submitted())
    story.and_given(dose_corrected(1, on="2026-03-05"))
    assert story.courses()[0].given_range == (1, 2)
    assert any("not counted and needs a decision" in note for note in story.judged().assessment.advisories)
    again = story.and_given(confirmed_duplicate(2)).then_courses("open 1")
    assert not any("not counted and needs a decision" in note for note in again.judged().assessment.advisories)
    again.and_given(dismissed_duplicate(2)).then_courses("open 2")


def test_part_of_the_same_dose_adds_its_milligrams_to_one_dose_day() -> None:
    scenario = given(claim("2024-03-04", mg=8), claim("2024-03-04", mg=4, source_reference="CLM-2"))
    scenario.then_variances(1, "no_approval_in_force", "not_12_mg").when(part_of_dose(2)).then(PartOfDoseConfirmed)
    scenario.then_courses("open 1").then_variances(1, "no_approval_in_force")
    scenario.when(part_of_dose(2)).then_refused(Conflict, field="dose_id")
    scenario.and_given(voided(1)).then_courses("open 1").then_variances(2, "no_approval_in_force", "not_12_mg")


def test_no_course_completes_by_a_second_entry() -> None:
    scenario = given(*first_course("2024-03-04", 4)).when(dose("2024-03-07")).then(DoseAdministered)
    scenario.then_courses("open 4")


def test_while_one_waits_an_approval_is_referred_and_a_dose_less_is_usable() -> None:
    one_day = MEETS_A | {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 1, "route": "intravenous"}}
    story = given(*first_course("2026-01-05", 4), dose("2026-01-08"), submitted(one_day))
    story.then_recommended("refer", "entries_waiting", scope="A")
    story.and_given(confirmed_duplicate(5)).then_recommended("approve", scope="A")
    begun = given(submitted(), approved(), *first_course("2026-04-29", 2)).then_usable(3, "2026-05-01")
    waiting = begun.and_given(dose("2026-04-30")).then_usable(2, "2026-05-01")
    waiting.and_given(part_of_dose(3)).then_usable(3, "2026-05-01")


def test_the_same_reference_is_recorded_once_per_source_also_after_a_void() -> None:
    scenario = given(dose("2024-03-04", source_reference="INF-1"))
    scenario.when(dose("2024-03-05", source_reference="INF-1")).then_refused(AlreadyRecorded, field="source_reference")
    assert scenario.error is not None
    assert scenario.error.details["dose_id"] == scenario.known.doses[0].dose_id
    voided_one = given(dose("2024-03-04", source_reference="INF-1"), voided(1))
    voided_one.when(dose("2024-03-05", source_reference="INF-1")).then_refused(AlreadyRecorded)
    another_source = given(dose("2024-03-04", source_reference="INF-1"))
    another_source.when(claim("2024-03-05", source_reference="INF-1")).then(DoseAdministered)


def test_a_dose_that_does_not_exist_is_not_found() -> None:
    scenario = given(dose("2024-03-04"))
    unknown = scenario.known.doses[0].dose_id.replace(".d1", ".d9")
    scenario.when(Step(lambda _: VoidDose(dose_id=unknown, reason="Wrong."))).then_refused(NotFound, field="dose_id")
