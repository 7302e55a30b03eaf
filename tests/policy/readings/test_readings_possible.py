"""R27: where several treatments fit the record, a clause has an answer only if it has it in every one of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.policy.editions import edition_named
from domain.policy.shortest_paths import what_if
from tests.policy.cases import MET, NEWEST, NOT_MET, UNDETERMINED, answer, initial, judge, later


def first_open(given: int, last: str = "2026-04-01") -> dict[str, Any]:
    days = {"earliest": last, "latest": last}
    return {"completed_course": False, "open_course": {"number": 1, "doses_given": given, "last_dose": days}}


def completed(earliest: str, latest: str) -> dict[str, Any]:
    return {"completed_course": True, "last_dose": {"earliest": earliest, "latest": latest}}


def second_open(given: int, last: str, before: str = "2024-06-01") -> dict[str, Any]:
    days = {"earliest": last, "latest": last}
    return completed(before, before) | {"open_course": {"number": 2, "doses_given": given, "last_dose": days}}


def days(number: int) -> dict[str, Any]:
    return {"mg_per_day": 12, "consecutive_days": number, "route": "intravenous"}


def treatments(*possible: dict[str, Any], **agreed: Any) -> dict[str, Any]:
    return {"received_lemtrada": True, "possible": list(possible)} | agreed


def test_R27_the_path_is_known_only_if_all_treatments_agree_on_it() -> None:
    mixed = treatments(first_open(4), completed("2026-04-02", "2026-04-02"))
    judged = judge(initial(prior_treatment=mixed, requested_dosing=days(1)))
    assert (judged.recommendation, judged.scope, judged.needed[:1]) == ("pend", None, ("1.A",))
    agreed = treatments(first_open(3), first_open(4), completed_course=False)
    assert judge(initial(prior_treatment=agreed, requested_dosing=days(1))).scope == "A"


@pytest.mark.parametrize(("requested", "expected"), [(1, MET), (2, UNDETERMINED), (3, NOT_MET)])
def test_R7_R27_the_dosing_is_judged_for_every_number_of_given_doses(requested: int, expected: str) -> None:
    three_or_four = treatments(first_open(3), first_open(4), completed_course=False)
    known = initial(prior_treatment=three_or_four, requested_dosing=days(requested))
    assert answer("Dosing.A", known) == expected
    assert judge(known).recommendation == {MET: "approve", UNDETERMINED: "pend", NOT_MET: "refer"}[expected]


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [("2026-03-02", NOT_MET), ("2026-03-03", UNDETERMINED), ("2026-11-14", UNDETERMINED), ("2026-11-15", MET)],
)
def test_R3_R27_twelve_months_count_from_a_range_of_days(as_of: str, expected: str) -> None:
    ranged = treatments(completed("2025-03-03", "2025-11-15"), completed_course=True)
    assert answer("1.B.iv", later(prior_treatment=ranged), date.fromisoformat(as_of)) == expected


def test_R8_R27_a_later_course_that_may_be_complete_is_judged_both_ways() -> None:
    """Open: the course before it counts, which is long over. Complete: its own last dose counts, which is recent."""
    both = treatments(second_open(2, "2026-02-02"), completed("2026-02-02", "2026-02-02"), completed_course=True)
    judged = judge(later(prior_treatment=both, requested_dosing=days(1)))
    assert (judged.recommendation, judged.scope) == ("pend", "B")
    assert judged.finding("1.B.iv").answer.value == UNDETERMINED


def test_R27_the_search_offers_the_facts_that_decide_between_the_treatments() -> None:
    mixed = treatments(first_open(3), first_open(4), completed("2026-04-02", "2026-04-02"))
    judged = judge(initial(prior_treatment=mixed, requested_dosing=days(2)))
    supplied = {supply.field for way in what_if(judged, NEWEST) for supply in way.supplies}
    assert supplied == {"prior_treatment.completed_course", "prior_treatment.open_course"}


def test_R27_a_single_treatment_with_ranges_is_judged_under_both_revisions() -> None:
    """Facts of revision 1 name no possible treatments, and its rules are judged as they were."""
    known = later(prior_treatment={"received_lemtrada": True, "completed_course": True, "last_dose_on": "2025-03"})
    for revision in (1, 2):
        assert judge(known, edition=edition_named(NEWEST.key, revision)).finding("1.B.iv").answer.value == MET
