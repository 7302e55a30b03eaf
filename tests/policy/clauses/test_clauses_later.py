"""Path B, the exclusions and the dosing, clause by clause: just below, at, just above, unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.cases import AS_OF, MET, NOT_MET, UNDETERMINED, answer, day, initial, judge, later


@pytest.mark.parametrize(("responded", "expected"), [(True, MET), (False, NOT_MET), (None, UNDETERMINED)])
@pytest.mark.parametrize(("citation", "fact"), [("1.B.iii.a", "objective_measure"), ("1.B.iii.b", "symptom")])
def test_1_B_iii_a_and_b_the_response(citation: str, fact: str, responded: bool | None, expected: str) -> None:
    assert answer(citation, later(response={fact: responded})) == expected


@pytest.mark.parametrize(
    ("objective", "symptom", "expected"),
    [
        (True, False, MET),
        (False, True, MET),
        (True, None, MET),
        (False, False, NOT_MET),
        (False, None, UNDETERMINED),
        (None, None, UNDETERMINED),
    ],
)
def test_1_B_iii_one_of_two(objective: bool | None, symptom: bool | None, expected: str) -> None:
    assert answer("1.B.iii", later(response={"objective_measure": objective, "symptom": symptom})) == expected


@pytest.mark.parametrize(
    ("last_dose", "on", "expected"),
    [
        ("2025-04-29", "2026-04-28", NOT_MET),  # the day before the anniversary
        ("2025-04-28", "2026-04-28", MET),  # the anniversary itself
        ("2025-04-27", "2026-04-28", MET),
        (None, "2026-04-28", UNDETERMINED),
        ("2023-04-28", "2024-04-27", NOT_MET),  # 365 days across a leap day are not twelve months
        ("2024-02-29", "2025-02-28", NOT_MET),  # from 29 February the anniversary is 1 March
        ("2024-02-29", "2025-03-01", MET),
        ("2023-02-28", "2024-02-28", MET),  # and into a leap year it stays the 28th
        ("2023-03-01", "2024-02-29", NOT_MET),
        ("2025-04", "2026-03-31", NOT_MET),
        ("2025-04", "2026-04-01", UNDETERMINED),
        ("2025-04", "2026-04-29", UNDETERMINED),
        ("2025-04", "2026-04-30", MET),
        ("2024-02", "2025-02-28", UNDETERMINED),  # its 29th would still be a day short
        ("2024-02", "2025-03-01", MET),
        ("2025", "2025-12-31", NOT_MET),
        ("2025", "2026-01-01", UNDETERMINED),
        ("2025", "2026-12-31", MET),
        ("1999-01-01", "2026-04-28", MET),  # no upper limit
    ],
)
def test_1_B_iv_twelve_months(last_dose: str | None, on: str, expected: str) -> None:
    assert answer("1.B.iv", later(prior_treatment__last_dose_on=last_dose), day(on)) == expected


def test_1_B_iv_without_any_treatment_there_is_no_day_to_count_from() -> None:
    assert answer("1.B.iv", initial()) == UNDETERMINED


def test_1_B_all_of_its_parts() -> None:
    assert answer("1.B", later()) == MET
    nothing = {"objective_measure": False, "symptom": False}
    below: list[dict[str, Any]] = [
        {"birth_date": "2010"},
        {"ms_form": "primary_progressive"},
        {"response": nothing},
        {"prior_treatment__last_dose_on": "2026-01-01"},
        {"prescriber_specialty": "other"},
        {"prior_treatment__completed_course": False},
    ]
    for change in below:
        assert answer("1.B", later(**change)) == NOT_MET, change
    unknown: list[dict[str, Any]] = [
        {"birth_date": None},
        {"response": {}},
        {"prior_treatment__last_dose_on": None},
        {"prescriber_specialty": None},
        {"prior_treatment__completed_course": None},
    ]
    for change in unknown:
        assert answer("1.B", later(**change)) == UNDETERMINED, change


# -- conditions not recommended -------------------------------------------------------------------

FORMS_NR_1_AND_NR_4 = [
    ("clinically_isolated_syndrome", MET, NOT_MET),
    ("primary_progressive", NOT_MET, MET),
    ("non_active_secondary_progressive", NOT_MET, MET),
    ("secondary_progressive_activity_unknown", NOT_MET, UNDETERMINED),
    ("relapsing_remitting", NOT_MET, NOT_MET),
    ("active_secondary_progressive", NOT_MET, NOT_MET),
    (None, UNDETERMINED, UNDETERMINED),
]


@pytest.mark.parametrize(("form", "isolated", "non_relapsing"), FORMS_NR_1_AND_NR_4)
@pytest.mark.parametrize("diagnosis", ["multiple_sclerosis", None])
def test_NR_1_and_NR_4_by_the_form(form: str | None, isolated: str, non_relapsing: str, diagnosis: str | None) -> None:
    facts = initial(ms_form=form, diagnosis=diagnosis)
    assert (answer("NR.1", facts), answer("NR.4", facts)) == (isolated, non_relapsing)


@pytest.mark.parametrize(("form", "isolated", "_"), FORMS_NR_1_AND_NR_4)
def test_NR_1_and_NR_4_under_another_diagnosis(form: str | None, isolated: str, _: str) -> None:
    facts = initial(ms_form=form, diagnosis="other")
    assert answer("NR.1", facts) == (NOT_MET if form is None else isolated)
    assert answer("NR.4", facts) == NOT_MET


@pytest.mark.parametrize(("known", "expected"), [(True, MET), (False, NOT_MET), (None, UNDETERMINED)])
@pytest.mark.parametrize(("citation", "fact"), [("NR.2", "other_dmt_continues"), ("NR.3", "hiv_infection")])
def test_NR_2_and_NR_3_as_stated(citation: str, fact: str, known: bool | None, expected: str) -> None:
    judged = judge(initial(**{fact: known}))
    assert judged.finding(citation).answer.value == expected
    assert judged.exclusions == ((citation,) if known else ())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, NOT_MET),
        ({"diagnosis": "other"}, MET),
        ({"birth_date": "2010"}, MET),
        ({"birth_date": None}, UNDETERMINED),
        ({"diagnosis": None}, UNDETERMINED),
        ({"hiv_infection": True}, NOT_MET),  # an exclusion of its own, not an unlisted circumstance
    ],
)
def test_NR_5_is_criterion_1_turned_round(change: dict[str, Any], expected: str) -> None:
    assert answer("NR.5", initial(**change)) == expected


# -- dosing ---------------------------------------------------------------------------------------

REGIMEN = {"mg_per_day": 12, "route": "intravenous"}


@pytest.mark.parametrize(
    ("citation", "days", "expected"),
    [
        ("Dosing.A", 4, NOT_MET),
        ("Dosing.A", 5, MET),
        ("Dosing.A", 6, NOT_MET),
        ("Dosing.A", None, UNDETERMINED),
        ("Dosing.B", 2, NOT_MET),
        ("Dosing.B", 3, MET),
        ("Dosing.B", 4, NOT_MET),
        ("Dosing.B", None, UNDETERMINED),
    ],
)
@pytest.mark.parametrize("facts", [initial, later])
def test_Dosing_A_and_Dosing_B_days_are_judged_for_any_path(
    citation: str, days: int | None, expected: str, facts: Any
) -> None:
    assert answer(citation, facts(requested_dosing=REGIMEN | {"consecutive_days": days})) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mg_per_day": 11.9}, NOT_MET),
        ({"mg_per_day": 12.0}, MET),
        ({"mg_per_day": 12.1}, NOT_MET),
        ({"mg_per_day": None}, UNDETERMINED),
        ({"route": "subcutaneous"}, NOT_MET),
        ({"route": "IV"}, MET),
        ({"route": "Intravenous infusion"}, MET),
        ({"route": None}, UNDETERMINED),
        ({"route": "subcutaneous", "mg_per_day": None}, NOT_MET),
    ],
)
@pytest.mark.parametrize(("citation", "days"), [("Dosing.A", 5), ("Dosing.B", 3)])
def test_Dosing_A_and_Dosing_B_dose_and_route(citation: str, days: int, change: dict[str, Any], expected: str) -> None:
    facts = initial(requested_dosing=REGIMEN | {"consecutive_days": days} | change)
    assert answer(citation, facts, AS_OF) == expected
