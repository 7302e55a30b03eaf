"""Path A and the diagnosis, clause by clause: just below, at, just above, unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.cases import AS_OF, MET, NOT_MET, UNDETERMINED, answer, day, initial, judge, later, tried

BOTH_I = pytest.mark.parametrize("citation", ["1.A.i", "1.B.i"])
BOTH_II = pytest.mark.parametrize("citation", ["1.A.ii", "1.B.ii"])
BOTH_SPECIALIST = pytest.mark.parametrize("citation", ["1.A.iv", "1.B.v"])


@pytest.mark.parametrize(
    ("diagnosis", "expected"), [("multiple_sclerosis", MET), ("other", NOT_MET), (None, UNDETERMINED)]
)
def test_1_the_diagnosis(diagnosis: str | None, expected: str) -> None:
    assert answer("1", initial(diagnosis=diagnosis)) == expected


@pytest.mark.parametrize(
    ("received", "completed", "scope_a", "scope_b"),
    [
        (False, False, MET, NOT_MET),
        (False, None, MET, NOT_MET),
        (True, False, MET, NOT_MET),
        (None, False, MET, NOT_MET),
        (True, True, NOT_MET, MET),
        (None, True, NOT_MET, MET),
        (True, None, UNDETERMINED, UNDETERMINED),
        (None, None, UNDETERMINED, UNDETERMINED),
    ],
)
def test_1_A_and_1_B_scope_by_the_history(
    received: bool | None, completed: bool | None, scope_a: str, scope_b: str
) -> None:
    prior = {"received_lemtrada": received, "completed_course": completed, "last_dose_on": None}
    assert answer("1.A", initial(prior_treatment=prior)) == scope_a
    if received is not False:
        prior["last_dose_on"] = "2025-03-05"
    assert answer("1.B", later(prior_treatment=prior)) == scope_b


def test_1_A_and_1_B_scope_by_an_open_course_alone() -> None:
    first = initial(prior_treatment={"open_course": {"number": 1}})
    third = initial(prior_treatment={"open_course": {"number": 3}})
    assert (judge(first).scope, judge(third).scope) == ("A", "B")


@BOTH_I
@pytest.mark.parametrize(
    ("born", "on", "expected"),
    [
        ("2009-04-29", "2026-04-28", NOT_MET),  # the day before the 17th birthday
        ("2009-04-28", "2026-04-28", MET),  # the birthday itself
        ("2009-04-27", "2026-04-28", MET),
        (None, "2026-04-28", UNDETERMINED),
        ("2008-02-29", "2025-02-28", NOT_MET),  # from 29 February the birthday is 1 March
        ("2008-02-29", "2025-03-01", MET),
        ("2009-04", "2026-03-31", NOT_MET),  # no day of that month
        ("2009-04", "2026-04-01", UNDETERMINED),
        ("2009-04", "2026-04-29", UNDETERMINED),
        ("2009-04", "2026-04-30", MET),  # every day of that month
        ("2009", "2025-12-31", NOT_MET),
        ("2009", "2026-01-01", UNDETERMINED),
        ("2009", "2026-12-30", UNDETERMINED),
        ("2009", "2026-12-31", MET),
        ("1931-01-01", "2026-04-28", MET),
    ],
)
def test_1_A_i_and_1_B_i_seventeen_years(citation: str, born: str | None, on: str, expected: str) -> None:
    assert answer(citation, initial(birth_date=born), day(on)) == expected


@BOTH_II
@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("relapsing_remitting", MET),
        ("active_secondary_progressive", MET),
        ("non_active_secondary_progressive", NOT_MET),
        ("primary_progressive", NOT_MET),
        ("clinically_isolated_syndrome", NOT_MET),
        ("secondary_progressive_activity_unknown", UNDETERMINED),
        (None, UNDETERMINED),
    ],
)
@pytest.mark.parametrize("diagnosis", ["multiple_sclerosis", "other", None])
def test_1_A_ii_and_1_B_ii_a_relapsing_form(
    citation: str, form: str | None, expected: str, diagnosis: str | None
) -> None:
    assert answer(citation, initial(ms_form=form, diagnosis=diagnosis)) == expected


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        (tried("avonex"), NOT_MET),  # one is not two
        (tried("avonex", "copaxone"), MET),
        (tried("avonex", "copaxone=significant_intolerance"), MET),
        (tried("avonex", "copaxone", "mayzent"), MET),
        (tried("avonex", "copaxone=adequate"), NOT_MET),
        (tried("avonex", "copaxone=?"), UNDETERMINED),
        (tried("avonex=?", "copaxone=adequate"), NOT_MET),  # whatever became of it, one is not two
        (tried(), NOT_MET),
        (tried(complete=False), UNDETERMINED),
        (tried("avonex", complete=False), UNDETERMINED),
        (tried("avonex", complete=None), UNDETERMINED),
        (tried("avonex", "copaxone", complete=None), MET),
    ],
)
def test_1_A_iii_a_two_agents(agents: dict[str, Any], expected: str) -> None:
    assert answer("1.A.iii.a", initial(agents=agents)) == expected


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        (tried("kesimpta"), MET),
        (tried("tysabri"), MET),
        (tried("tyruko"), MET),
        (tried("natalizumab-abcd"), MET),
        (tried("briumvi"), MET),
        (tried("mavenclad=significant_intolerance"), MET),
        (tried("ocrevus"), MET),
        (tried("ocrevus_zunovo"), MET),
        (tried("ocrevus=adequate"), NOT_MET),
        (tried("ocrevus=?"), UNDETERMINED),
        (tried("avonex", "copaxone"), NOT_MET),
        (tried("lemtrada"), NOT_MET),
        (tried("rituximab"), NOT_MET),
        (tried(), NOT_MET),
        (tried(complete=None), UNDETERMINED),
        (tried("ocrevus", complete=False), MET),
    ],
)
def test_1_A_iii_b_one_agent_that_suffices(agents: dict[str, Any], expected: str) -> None:
    facts = initial(agents=agents, prior_treatment={"received_lemtrada": True, "completed_course": False})
    assert answer("1.A.iii.b", facts) == expected


@pytest.mark.parametrize(
    ("prior", "expected"),
    [
        ({"received_lemtrada": True}, MET),
        ({"received_lemtrada": False}, NOT_MET),
        ({}, UNDETERMINED),
        ({"completed_course": False}, UNDETERMINED),
        ({"completed_course": True}, MET),
        ({"last_dose_on": "2019"}, MET),
        ({"open_course": {"number": 1}}, MET),
    ],
)
def test_1_A_iii_c_lemtrada_received(prior: dict[str, Any], expected: str) -> None:
    assert answer("1.A.iii.c", initial(prior_treatment=prior)) == expected


NONE_MET: dict[str, Any] = {"aggressive_disease__mri": {"finding": False}}


def test_1_A_iii_one_of_four() -> None:
    failed, received = {"agents": tried("ocrevus")}, {"prior_treatment": {"received_lemtrada": True}}
    two = {"agents": tried("avonex", "copaxone")}
    assert answer("1.A.iii", initial(**NONE_MET)) == NOT_MET
    for one in (failed, received, two):
        assert answer("1.A.iii", initial(**(NONE_MET | one))) == MET
    assert answer("1.A.iii", initial()) == MET  # the documented MRI alone
    assert answer("1.A.iii", initial(**NONE_MET, agents=tried(complete=None))) == UNDETERMINED


SIGNS = {
    "1.A.iii.d(1)": "rapid_deterioration",
    "1.A.iii.d(2)": "disabling_relapses",
    "1.A.iii.d(3)": "mri",
    "1.A.iii.d(4)": "cognitive_impairment",
}


@pytest.mark.parametrize(("citation", "sign"), SIGNS.items())
def test_1_A_iii_d_each_sign_alone_carries_the_group(citation: str, sign: str) -> None:
    supported = {"finding": True, "documentation": "attached"}
    facts = initial(aggressive_disease={name: {"finding": False} for name in SIGNS.values()} | {sign: supported})
    judged = judge(facts)
    assert {one: judged.finding(one).answer.value for one in SIGNS} == dict.fromkeys(SIGNS, NOT_MET) | {citation: MET}
    assert judged.finding("1.A.iii.d").answer.value == MET


def test_1_A_iii_d_is_open_while_one_sign_is() -> None:
    none = {name: {"finding": False} for name in SIGNS.values()}
    assert answer("1.A.iii.d", initial(aggressive_disease=none)) == NOT_MET
    assert answer("1.A.iii.d", initial(aggressive_disease=none | {"mri": {}})) == UNDETERMINED


SPECIALTIES = ["neurology", "ms_specialist"]


@BOTH_SPECIALIST
@pytest.mark.parametrize(
    ("prescriber", "consulted", "expected"),
    [
        *[(one, None, MET) for one in SPECIALTIES],
        *[("other", one, MET) for one in SPECIALTIES],
        *[(None, one, MET) for one in SPECIALTIES],
        ("other", "other", NOT_MET),
        ("other", "none", NOT_MET),
        ("other", None, UNDETERMINED),
        (None, "none", UNDETERMINED),
        (None, None, UNDETERMINED),
    ],
)
def test_1_A_iv_and_1_B_v_a_specialist(
    citation: str, prescriber: str | None, consulted: str | None, expected: str
) -> None:
    assert answer(citation, initial(prescriber_specialty=prescriber, consulted_specialty=consulted)) == expected


def test_1_A_all_of_its_parts() -> None:
    assert answer("1.A", initial()) == MET
    below = [
        {"birth_date": "2010"},
        {"ms_form": "primary_progressive"},
        NONE_MET,
        {"prescriber_specialty": "other"},
        {"prior_treatment": {"completed_course": True}},
    ]
    for change in below:
        assert answer("1.A", initial(**change)) == NOT_MET, change
    unknown = [{"birth_date": None}, {"ms_form": None}, {"prescriber_specialty": None}, {"prior_treatment": {}}]
    for change in unknown:
        assert answer("1.A", initial(**change)) == UNDETERMINED, change
    assert judge(initial(), AS_OF).recommendation == "approve"
