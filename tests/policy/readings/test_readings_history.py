"""R1 to R9: what the history of treatment means. A test's name carries the number of its reading."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.calendar import approval_window
from domain.facts import Circumstances
from domain.policy.edition import Edition
from tests.policy.cases import AS_OF, MET, NEWEST, NOT_MET, UNDETERMINED, answer, day, initial, judge, later


def dosing(days: int | None) -> dict[str, Any]:
    return {"mg_per_day": 12, "consecutive_days": days, "route": "intravenous"}


def open_first(given: int | None, **more: Any) -> dict[str, Any]:
    return {"open_course": {"number": 1, "doses_given": given, **more}}


def open_second(given: int | None, last: str | None, before: str | None = "2024-06-01") -> dict[str, Any]:
    course = {"number": 2, "doses_given": given, "last_dose_on": last}
    return {"received_lemtrada": True, "completed_course": True, "last_dose_on": before, "open_course": course}


# -- R1 -------------------------------------------------------------------------------------------


def test_R1_the_history_decides_the_path_not_the_requested_dosing() -> None:
    """Five days asked for after a completed course stay path B, three days at the start stay path A."""
    judged = judge(later(requested_dosing=dosing(5)))
    assert (judged.recommendation, judged.path) == ("refer", "B")
    judged = judge(initial(requested_dosing=dosing(3)))
    assert (judged.recommendation, judged.path) == ("refer", "A")


def test_R1_a_failed_path_B_never_comes_back_through_having_received_lemtrada() -> None:
    judged = judge(later(response={"objective_measure": False, "symptom": False}))
    assert judged.finding("1.A.iii.c").answer.value == MET
    assert (judged.recommendation, judged.finding("1.A").answer.value) == ("not_recommended", NOT_MET)


def test_R1_an_unknown_history_leaves_both_scopes_open_and_asks_for_them() -> None:
    judged = judge(later(prior_treatment={"last_dose_on": "2025-03-05"}))
    assert judged.scope is None
    assert (judged.recommendation, judged.needed) == ("pend", ("1.A", "1.B"))


def test_R1_a_dose_date_or_lemtrada_among_the_agents_shows_that_it_was_received() -> None:
    assert answer("1.A.iii.c", initial(prior_treatment={"last_dose_on": "2025"})) == MET
    named = {"list_is_complete": True, "tried": [{"product": "LEMTRADA"}]}
    assert answer("1.A.iii.c", initial(prior_treatment={}, agents=named)) == MET


# -- R2, R3 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "expected"), [("2025-02-28", NOT_MET), ("2025-03-01", MET)])
def test_R2_from_29_february_the_anniversary_is_1_march(on: str, expected: str) -> None:
    assert answer("1.B.iv", later(prior_treatment__last_dose_on="2024-02-29"), day(on)) == expected
    assert answer("1.B.i", later(birth_date="2008-02-29"), day(on)) == expected


def test_R2_the_anniversary_itself_counts_and_there_is_no_upper_limit() -> None:
    facts = later(prior_treatment__last_dose_on="2025-03-05")
    expected = {"2026-03-04": NOT_MET, "2026-03-05": MET, "2046-03-05": MET}
    assert {on: answer("1.B.iv", facts, day(on)) for on in expected} == expected


def _between_courses(years: int) -> Edition:
    return replace(NEWEST, parameters=replace(NEWEST.parameters, years_between_courses=years))


def test_R2_the_interval_is_the_editions_parameter() -> None:
    facts = later(prior_treatment__last_dose_on="2025-03-05")
    assert answer("1.B.iv", facts, AS_OF, _between_courses(1)) == MET
    assert answer("1.B.iv", facts, AS_OF, _between_courses(2)) == NOT_MET
    assert judge(facts, AS_OF, _between_courses(2)).approvable_from == day("2027-03-05")


def test_R3_an_open_first_course_counts_from_the_later_of_the_two_dates() -> None:
    facts = later(prior_treatment={"last_dose_on": "2024-01-01"} | open_first(2, last_dose_on="2025-06-01"))
    judged = judge(facts)
    assert judged.finding("1.B.iv").answer.value == NOT_MET
    assert judged.finding("1.B.iv").approvable_from == day("2026-06-01")


@pytest.mark.parametrize("prior", [{"received_lemtrada": False}, {"received_lemtrada": True}, {}])
def test_R3_no_date_or_never_treated_is_undetermined(prior: dict[str, Any]) -> None:
    assert answer("1.B.iv", later(prior_treatment=prior)) == UNDETERMINED


# -- R4 -------------------------------------------------------------------------------------------


def test_R4_the_planned_day_cannot_make_a_clause_met_early_and_is_reported() -> None:
    facts = later(prior_treatment__last_dose_on="2025-05-01", birth_date="2009-05-01")
    judged = judge(facts, circumstances=Circumstances(planned_first_infusion_on=date(2026, 5, 1)))
    assert judged.recommendation == "not_recommended"
    notes = [one for one in judged.advisories if "planned day of the first infusion" in one]
    assert len(notes) == 2
    assert "age 17 is reached" in notes[0]
    assert "1.B.iv are reached" in notes[1]


def test_R4_the_planned_day_says_not_reached_and_not_known() -> None:
    early = Circumstances(planned_first_infusion_on=date(2026, 5, 1))
    facts = later(prior_treatment__last_dose_on="2025-05", birth_date="2010")
    notes = [one for one in judge(facts, circumstances=early).advisories if "planned" in one]
    assert "age 17 is not reached" in notes[0]
    assert "1.B.iv are not known to be reached" in notes[1]


def test_R4_what_holds_on_both_days_is_not_reported() -> None:
    for facts in (initial(), later()):
        judged = judge(facts, circumstances=Circumstances(planned_first_infusion_on=date(2026, 5, 1)))
        assert [one for one in judged.advisories if "planned" in one] == []


def test_R4_on_path_A_there_is_no_interval_to_report() -> None:
    planned = Circumstances(planned_first_infusion_on=date(2026, 5, 1))
    notes = [
        one for one in judge(initial(birth_date="2009-05-01"), circumstances=planned).advisories if "planned" in one
    ]
    assert [("1.B.iv" in one) for one in notes] == [False]


def test_R4_what_time_alone_will_meet_gives_the_day() -> None:
    judged = judge(later(birth_date="2009-07-01", prior_treatment__last_dose_on="2025-05"))
    days = {one.citation: one.approvable_from for one in judged.findings if one.approvable_from is not None}
    assert days == {
        "1.A.i": day("2026-07-01"),
        "1.B.i": day("2026-07-01"),
        "1.B.iv": day("2026-05-31"),  # the whole month must have passed
        "1.B": day("2026-07-01"),
    }
    assert judged.approvable_from == day("2026-07-01")
    assert judge(judged.facts, day("2026-06-30")).recommendation == "not_recommended"
    assert judge(judged.facts, day("2026-07-01")).recommendation == "approve"


def test_R4_what_time_alone_will_not_meet_gives_no_day_for_the_path() -> None:
    judged = judge(later(prior_treatment__last_dose_on="2025-05", prescriber_specialty="other"))
    assert judged.finding("1.B.iv").approvable_from == day("2026-05-31")
    assert (judged.finding("1.B").approvable_from, judged.approvable_from) == (None, None)


# -- R5 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "expected"),
    [("2026-04-30", NOT_MET), ("2026-05-01", UNDETERMINED), ("2026-05-30", UNDETERMINED), ("2026-05-31", MET)],
)
def test_R5_a_month_holds_over_all_none_or_some_of_its_days(on: str, expected: str) -> None:
    assert answer("1.B.iv", later(prior_treatment__last_dose_on="2025-05"), day(on)) == expected
    assert answer("1.A.i", initial(birth_date="2009-05"), day(on)) == expected


def test_R5_two_partial_dates_of_an_open_first_course_are_taken_together() -> None:
    facts = later(prior_treatment={"last_dose_on": "2025-04"} | open_first(1, last_dose_on="2025-04-20"))
    expected = {"2026-04-19": NOT_MET, "2026-04-20": UNDETERMINED, "2026-04-30": MET}
    assert {on: answer("1.B.iv", facts, day(on)) for on in expected} == expected


@pytest.mark.parametrize(
    "text", ["2025-00", "2025-13", "2025-05-00", "2025-02-29", "0000", "25", "2025-5", "2025-05-1"]
)
def test_R5_an_impossible_date_is_refused_not_read_as_a_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|calendar|years"):
        initial(birth_date=text)


# -- R6 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "whole"), [(1, 5), (2, 3), (7, 3)])
def test_R6_a_whole_regimen_is_no_open_course(number: int, whole: int) -> None:
    last_open = later(prior_treatment={"open_course": {"number": number, "doses_given": whole - 1}})
    assert last_open.prior_treatment.open_course is not None
    for given in (0, whole, whole + 1):
        with pytest.raises(ValueError, match="doses_given"):
            later(prior_treatment={"open_course": {"number": number, "doses_given": given}})


def test_R6_elapsed_time_never_completes_a_course() -> None:
    facts = initial(prior_treatment=open_first(4, last_dose_on="2001-01-01"))
    assert judge(facts).scope == "A"


# -- R7 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [1, 2, 3, 4])
def test_R7_an_interrupted_first_course_takes_the_days_that_it_has_left(given: int) -> None:
    for days in range(1, 7):
        judged = judge(initial(prior_treatment=open_first(given), requested_dosing=dosing(days)))
        fits = days <= 5 - given
        assert judged.finding("Dosing.A").answer.value == (MET if fits else NOT_MET), days
        assert judged.recommendation == ("approve" if fits else "refer"), days
        assert judged.doses == (5 if fits else None)


@pytest.mark.parametrize("prior", [open_first(None), {"received_lemtrada": True, "completed_course": False}])
@pytest.mark.parametrize(
    ("days", "expected"), [(1, NOT_MET), (4, NOT_MET), (5, MET), (6, NOT_MET), (None, UNDETERMINED)]
)
def test_R7_with_the_number_given_unknown_five_days_are_the_quantity(
    prior: dict[str, Any], days: int | None, expected: str
) -> None:
    assert answer("Dosing.A", initial(prior_treatment=prior, requested_dosing=dosing(days))) == expected


def test_R7_however_long_ago_it_stays_path_A_for_five_doses() -> None:
    judged = judge(initial(prior_treatment=open_first(2, last_dose_on="2015"), requested_dosing=dosing(3)))
    assert (judged.recommendation, judged.path, judged.doses) == ("approve", "A", 5)


# -- R8 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "current"), [("2025-04-29", True), ("2025-04-28", False), ("2025-04-27", False), ("2026-04-01", True)]
)
def test_R8_until_the_anniversary_of_its_last_dose_a_later_course_is_the_current_one(last: str, current: bool) -> None:
    """On the anniversary it becomes a prior course: the whole regimen, and no clinician for its sake."""
    two_left = judge(later(prior_treatment=open_second(1, last), requested_dosing=dosing(2)))
    whole = judge(later(prior_treatment=open_second(1, last), requested_dosing=dosing(3)))
    assert two_left.finding("1.B.iv").answer.value == whole.finding("1.B.iv").answer.value == MET
    assert two_left.finding("Dosing.B").answer.value == (MET if current else NOT_MET)
    assert whole.finding("Dosing.B").answer.value == (NOT_MET if current else MET)
    assert two_left.recommendation == "refer"
    assert [one.code for one in two_left.reasons] == (
        ["later_course_interrupted"] if current else ["dosing_outside_regimen"]
    )
    assert whole.recommendation == ("refer" if current else "approve")


def test_R8_the_interval_is_judged_on_the_course_before_it() -> None:
    facts = later(prior_treatment=open_second(1, "2026-04-02", before="2025-05-01"), requested_dosing=dosing(2))
    judged = judge(facts)
    assert judged.finding("1.B.iv").answer.value == NOT_MET
    assert judged.finding("1.B.iv").approvable_from == day("2026-05-01")
    assert judge(facts, day("2026-05-01")).recommendation == "refer"


def test_R8_a_later_course_that_has_become_prior_counts_as_the_latest_dose() -> None:
    facts = later(prior_treatment=open_second(1, "2025-04-28", before=None))
    assert (answer("1.B.iv", facts, day("2026-04-27")), answer("1.B.iv", facts)) == (UNDETERMINED, MET)


def test_R8_the_date_of_a_current_course_is_no_date_of_a_prior_one() -> None:
    finding = judge(later(prior_treatment=open_second(1, "2026-04-02", before=None))).finding("1.B.iv")
    assert (finding.answer.value, finding.missing) == (UNDETERMINED, ("prior_treatment.last_dose_on",))
    assert finding.facts["prior_treatment.last_dose_on"] is None


@pytest.mark.parametrize(
    ("given", "answers"),
    [
        (1, {1: MET, 2: MET, 3: NOT_MET}),
        (2, {1: MET, 2: NOT_MET, 3: NOT_MET}),
        (None, {1: MET, 2: UNDETERMINED, 3: NOT_MET, None: UNDETERMINED}),
    ],
)
def test_R8_a_current_later_course_takes_up_to_the_days_left(given: int | None, answers: dict[int, str]) -> None:
    for days, expected in answers.items():
        facts = later(prior_treatment=open_second(given, "2026-04-02"), requested_dosing=dosing(days))
        assert answer("Dosing.B", facts) == expected, days
        assert judge(facts).recommendation == "refer", "a clinician looks whatever the dosing is"


def test_R8_what_is_missing_of_a_current_course_is_named() -> None:
    facts = later(prior_treatment=open_second(None, "2026-04-02"), requested_dosing=dosing(2))
    assert judge(facts).finding("Dosing.B").missing == ("prior_treatment.open_course.doses_given",)


@pytest.mark.parametrize("last", [None, "2025", "2025-04"])
def test_R8_with_its_last_dose_unknown_only_what_holds_either_way_is_said(last: str | None) -> None:
    facts = later(prior_treatment=open_second(1, last))
    judged = judge(facts)
    assert judged.finding("1.B.iv").answer.value == MET  # the course before is long ago, and this one would be too
    assert judged.finding("Dosing.B").answer.value == UNDETERMINED
    assert judged.finding("Dosing.B").missing == ("prior_treatment.open_course.last_dose_on",)
    # Three days would be approved if the course is a prior one by now: so it is asked.
    assert (judged.recommendation, judged.needed) == ("pend", ("Dosing.B",))


@pytest.mark.parametrize(("days", "expected"), [(1, UNDETERMINED), (2, UNDETERMINED), (4, NOT_MET)])
def test_R8_what_a_clinician_must_see_either_way_is_not_asked(days: int, expected: str) -> None:
    judged = judge(later(prior_treatment=open_second(1, None), requested_dosing=dosing(days)))
    assert judged.finding("Dosing.B").answer.value == expected
    assert (judged.recommendation, judged.needed) == ("refer", ())


@pytest.mark.parametrize(
    ("before", "expected"), [("2024-06-01", MET), ("2026-01-01", NOT_MET), ("2025", UNDETERMINED), (None, UNDETERMINED)]
)
def test_R8_the_interval_with_both_dates_in_doubt(before: str | None, expected: str) -> None:
    judged = judge(later(prior_treatment=open_second(1, None, before=before)))
    assert judged.finding("1.B.iv").answer.value == expected
    if expected == UNDETERMINED:
        assert "prior_treatment.open_course.last_dose_on" in judged.finding("1.B.iv").missing[0]


# -- R9 -------------------------------------------------------------------------------------------


def test_R9_thirty_days_both_ends_counted() -> None:
    assert (NEWEST.parameters.approval_valid_days, NEWEST.parameters.start_within_days) == (30, 30)
    assert judge(initial()).valid_days == judge(later()).valid_days == 30
    first, last = approval_window(AS_OF)
    assert (first, (last - first).days) == (AS_OF, NEWEST.parameters.approval_valid_days - 1)
