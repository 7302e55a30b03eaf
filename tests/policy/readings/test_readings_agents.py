"""R11 to R13, R17 and R18: agents tried before, or still taken. A test's name carries its reading's number."""

from __future__ import annotations

from typing import Any

import pytest

from domain.policy.agents import is_concurrent_agent, listed_agents, recognize
from domain.policy.edition import Edition
from domain.policy.editions import EDITIONS, edition_named
from tests.policy.cases import AS_OF, MET, NEWEST, NOT_MET, UNDETERMINED, answer, initial, judge, tried

ARGUABLE = "arguable"


def two(*products: str, complete: bool | None = True) -> str:
    """The answer of 1.A.iii.a, with `arguable` for a "no" that the text does not state."""
    finding = judge(initial(agents=tried(*products, complete=complete))).finding("1.A.iii.a")
    return ARGUABLE if finding.arguable else finding.answer.value


@pytest.mark.parametrize(
    "brands",
    [
        ("Avonex", "Rebif"),
        ("Copaxone", "Glatopa"),
        ("Tysabri", "Tyruko"),
        ("Ocrevus", "Ocrevus Zunovo"),
        ("Gilenya", "Tascenso"),
        ("Gilenya", "Tascenso ODT"),
        ("Betaseron", "Extavia"),
        ("Tysabri", "natalizumab-abcd"),
    ],
)
def test_R11_brands_of_one_ingredient_count_once_and_apart_are_arguable(brands: tuple[str, str]) -> None:
    first, second = brands
    assert two(*brands) == ARGUABLE
    assert two(*brands, "Mayzent") == MET
    assert two(first, first) == NOT_MET
    assert two(first, f"{second}=adequate") == NOT_MET
    assert two(first, f"{second}=?") == UNDETERMINED  # an outcome that would make it arguable
    assert two(*brands, complete=None) == UNDETERMINED


@pytest.mark.parametrize(
    ("generic", "brand"),
    [
        ("natalizumab", "Tysabri"),
        ("fingolimod", "Gilenya"),
        ("glatiramer acetate", "Copaxone"),
        ("teriflunomide", "Aubagio"),
        ("dimethyl fumarate", "Tecfidera"),
        ("interferon beta-1a", "Rebif"),
        ("ocrelizumab", "Ocrevus"),
        ("natalizumab-sztn", "Tyruko"),
        ("Tascenso", "Tascenso ODT"),
        ("ublituximab-xiiy", "Briumvi"),
        ("ublituximab-xiiv", "Briumvi"),
        ("ublituximab-xiij", "Briumvi"),
    ],
)
def test_R11_a_generic_name_and_its_brand_are_one_agent_and_not_arguable(generic: str, brand: str) -> None:
    assert two(generic, brand) == NOT_MET
    assert two(generic, "Mayzent") == MET


@pytest.mark.parametrize("pair", [("Plegridy", "Avonex"), ("Tecfidera", "Vumerity"), ("Vumerity", "Bafiertam")])
def test_R11_plegridy_and_the_three_fumarates_are_ingredients_of_their_own(pair: tuple[str, str]) -> None:
    assert two(*pair) == MET


@pytest.mark.parametrize("name", ["Lemtrada", "lemtrada", "alemtuzumab"])
def test_R11_lemtrada_never_counts_and_is_not_arguable(name: str) -> None:
    facts = initial(agents=tried("Avonex", name), prior_treatment={"received_lemtrada": True})
    finding = judge(facts).finding("1.A.iii.a")
    assert (finding.answer.value, finding.arguable) == (NOT_MET, False)


def test_R11_what_is_arguable_goes_to_a_clinician_and_never_turns_anybody_away() -> None:
    no_mri: dict[str, Any] = {"aggressive_disease__mri": {"finding": False}}
    judged = judge(initial(agents=tried("Avonex", "Rebif"), **no_mri))
    assert (judged.recommendation, judged.path, judged.doses) == ("refer", "A", None)
    assert [(one.code, one.citation) for one in judged.reasons] == [("arguable", "1.A.iii.a")]
    pending = judge(initial(agents=tried("Avonex", "Rebif"), hiv_infection=None, **no_mri))
    assert (pending.recommendation, pending.needed) == ("pend", ("NR.3",))
    otherwise = judge(initial(agents=tried("Avonex", "Rebif"), birth_date="2015", **no_mri))
    assert otherwise.recommendation == "not_recommended"


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("rituximab", ARGUABLE),
        ("Rituxan", ARGUABLE),
        ("rituximab-abbs", ARGUABLE),
        ("mitoxantrone", ARGUABLE),
        ("a name that nobody knows", UNDETERMINED),
        ("rituximab=?", UNDETERMINED),
        ("a name that nobody knows=?", UNDETERMINED),
        ("rituximab=adequate", NOT_MET),
        ("methylprednisolone", NOT_MET),
        ("Solu-Medrol", NOT_MET),
        ("dalfampridine", NOT_MET),
        ("Campath", NOT_MET),
        ("Extavia", MET),  # a withdrawn brand of a listed ingredient
        ("interferon beta-1b", MET),
    ],
)
def test_R12_an_agent_beside_one_that_counts(other: str, expected: str) -> None:
    assert two("Avonex", other) == expected


def test_R12_two_agents_outside_the_list_are_arguable_too_and_one_alone_is_not() -> None:
    assert two("rituximab", "mitoxantrone") == ARGUABLE
    assert two("rituximab", "Rituxan") == NOT_MET  # a generic name and its brand
    assert two("rituximab") == NOT_MET
    assert two("rituximab", "methylprednisolone") == NOT_MET


def test_R12_an_agent_outside_the_list_is_no_agent_that_suffices() -> None:
    finding = judge(initial(agents=tried("rituximab"))).finding("1.A.iii.b")
    assert (finding.answer.value, finding.arguable) == (NOT_MET, False)


def test_R12_the_appendix_names_only_what_the_table_knows() -> None:
    with pytest.raises(ValueError, match="no ingredient is known for Unheard"):
        listed_agents(["Avonex", "Unheard"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ofatumumab", UNDETERMINED),
        ("cladribine", UNDETERMINED),
        ("Ofatumumab=?", UNDETERMINED),
        ("cladribine=adequate", NOT_MET),
        ("Kesimpta", MET),
        ("subcutaneous ofatumumab", MET),
        ("intravenous ofatumumab", NOT_MET),
        ("Arzerra", NOT_MET),
        ("cladribine tablets", MET),
        ("Leustatin", NOT_MET),
        ("natalizumab", MET),
        ("ocrelizumab", MET),
        ("ocrelizumab and hyaluronidase-ocsq", MET),
        ("ublituximab-xiiy", MET),
        ("ublituximab-xiiv", MET),
        ("ublituximab-xiij", MET),
        ("OCREVUS_ZUNOVO", MET),
    ],
)
def test_R13_which_names_are_agents_that_suffice(name: str, expected: str) -> None:
    assert answer("1.A.iii.b", initial(agents=tried(name))) == expected


@pytest.mark.parametrize(
    ("products", "expected"),
    [
        (("Avonex", "ofatumumab"), UNDETERMINED),  # it may be the second agent
        (("Avonex", "cladribine"), UNDETERMINED),
        (("ofatumumab", "cladribine"), UNDETERMINED),
        (("Avonex", "cladribine=adequate"), NOT_MET),
        (("ofatumumab",), NOT_MET),
        (("Kesimpta", "ofatumumab"), NOT_MET),
        # Whichever product it was, counting the agents outside the list reaches two.
        (("rituximab", "ofatumumab"), ARGUABLE),
        (("rituximab=?", "ofatumumab"), UNDETERMINED),
        (("Avonex", "Mayzent", "cladribine"), MET),
    ],
)
def test_R13_a_bare_name_where_it_could_be_the_second_agent(products: tuple[str, ...], expected: str) -> None:
    assert two(*products) == expected


def test_R13_a_bare_name_says_which_product_is_asked_for() -> None:
    finding = judge(initial(agents=tried("Avonex", "cladribine"))).finding("1.A.iii.a")
    assert finding.missing == ("agents.tried: which product cladribine was",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Avonex", True),
        ("Extavia", True),
        ("rituximab", None),
        ("ofatumumab", None),
        ("unheard of", None),
        ("Lemtrada", False),
        ("Campath", False),
        ("methylprednisolone", False),
    ],
)
def test_R17_which_agents_are_concurrent_use(name: str, expected: bool | None) -> None:
    """Lemtrada is not "other"; what is not on the list neither excludes nor clears (R12)."""
    assert is_concurrent_agent(recognize(name), NEWEST.appendix) is expected


@pytest.mark.parametrize(("continues", "expected"), [(True, MET), (False, NOT_MET), (None, UNDETERMINED)])
def test_R17_concurrent_use_is_asked_and_never_guessed_from_the_agents_tried(
    continues: bool | None, expected: str
) -> None:
    assert answer("NR.2", initial(other_dmt_continues=continues, agents=tried("Avonex=adequate"))) == expected


@pytest.mark.parametrize("received", [None, False])
def test_R18_campath_is_not_lemtrada_received_and_is_shown(received: bool | None) -> None:
    judged = judge(initial(agents=tried("Campath"), prior_treatment={"received_lemtrada": received}), AS_OF)
    assert judged.finding("1.A.iii.c").answer.value == (NOT_MET if received is False else UNDETERMINED)
    assert [one for one in judged.advisories if "Campath" in one] != []
    assert [one for one in judge(initial()).advisories if "Campath" in one] == []


def test_R18_bare_alemtuzumab_does_not_say_which_product() -> None:
    assert answer("1.A.iii.c", initial(agents=tried("alemtuzumab"), prior_treatment={})) == UNDETERMINED


# -- R12: a name that is not recognized -----------------------------------------------------------

NO_OTHER_WAY: dict[str, Any] = {"aggressive_disease__mri": {"finding": False}}


def test_R12_a_name_that_is_not_recognized_pends_and_proposes_the_nearest() -> None:
    judged = judge(initial(agents=tried("Tysabry"), **NO_OTHER_WAY))
    assert (judged.recommendation, judged.needed) == ("pend", ("1.A.iii.b",))
    finding = judged.finding("1.A.iii.b")
    assert "Tysabry is not recognized, did you mean Tysabri?" in finding.sentence
    assert finding.missing == ("agents.tried: which product Tysabry was (not recognized, did you mean Tysabri?)",)
    assert "The agent Tysabry: not recognized, did you mean Tysabri? (R12)" in judged.advisories
    assert judge(initial(agents=tried("Tysabri"), **NO_OTHER_WAY)).recommendation == "approve"


def test_R12_a_name_that_is_not_recognized_stays_arguable_under_revision_1() -> None:
    first = edition_named(NEWEST.key, 1)
    judged = judge(initial(agents=tried("Tysabry"), **NO_OTHER_WAY), edition=first)
    assert (judged.recommendation, judged.advisories) == ("not_recommended", judge(initial()).advisories)
    beside = judge(initial(agents=tried("Avonex", "Tysabry"), **NO_OTHER_WAY), edition=first)
    assert [(one.code, one.citation) for one in beside.reasons] == [("arguable", "1.A.iii.a")]


@pytest.mark.parametrize(
    ("products", "two_failed", "one_suffices"),
    [
        (("Tysabry",), NOT_MET, UNDETERMINED),
        (("Tysabry=?",), NOT_MET, UNDETERMINED),
        (("Tysabry=adequate",), NOT_MET, NOT_MET),
        (("Tysabry", "tysabry 300 mg"), NOT_MET, UNDETERMINED),  # one spelling is one agent
        (("Tysabry", "Rebbif"), UNDETERMINED, UNDETERMINED),
        (("Avonex", "Tysabry"), UNDETERMINED, UNDETERMINED),
        (("Avonex", "Tysabry=?"), UNDETERMINED, UNDETERMINED),
        (("Avonex", "Tysabry=adequate"), NOT_MET, NOT_MET),
        (("Avonex=adequate", "Tysabry"), NOT_MET, UNDETERMINED),
        (("Avonex", "Rebif", "Tysabry=adequate"), ARGUABLE, NOT_MET),
        (("Avonex", "Rebif", "Tysabry"), UNDETERMINED, UNDETERMINED),
        (("rituximab", "Tysabry"), UNDETERMINED, UNDETERMINED),  # it may have been a steroid
        (("rituximab", "mitoxantrone", "Tysabry"), ARGUABLE, UNDETERMINED),
        (("Avonex", "Aubagio", "Tysabry"), MET, UNDETERMINED),
        (("Avonex", "Ocrevus", "Tysabry"), MET, MET),
        (("Avonex and Tysabri",), NOT_MET, UNDETERMINED),
    ],
)
def test_R12_a_name_that_is_not_recognized_may_be_any_other_agent(
    products: tuple[str, ...], two_failed: str, one_suffices: str
) -> None:
    assert two(*products) == two_failed
    assert answer("1.A.iii.b", initial(agents=tried(*products))) == one_suffices
    assert answer("1.A.iii.c", initial(agents=tried(*products))) == NOT_MET


ANY_OTHER_AGENT = (
    "Tysabri",
    "Avonex",
    "Rebif",
    "Copaxone",
    "Kesimpta",
    "Ocrevus",
    "rituximab",
    "Rituxan",
    "prednisone",
)


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.key)
@pytest.mark.parametrize("outcome", ["inadequate_efficacy", "adequate", "?"])
@pytest.mark.parametrize(
    "others", [(), ("Avonex",), ("Avonex=?",), ("rituximab",), ("Avonex", "Rebif"), ("Aubagio", "Avonex")]
)
def test_R12_a_definite_answer_holds_for_whatever_the_name_stands_for(
    others: tuple[str, ...], outcome: str, edition: Edition
) -> None:
    def answers(name: str, how: str) -> dict[str, tuple[str, bool]]:
        judged = judge(initial(agents=tried(*others, f"{name}={how}")), edition=edition)
        found = (judged.finding(citation) for citation in ("1.A.iii.a", "1.A.iii.b"))
        return {one.citation: (one.answer.value, one.arguable) for one in found}

    outcomes = ("inadequate_efficacy", "adequate") if outcome == "?" else (outcome,)
    possible = [answers(name, how) for name in ANY_OTHER_AGENT for how in outcomes]
    for citation, (said, arguable) in answers("Tysabry", outcome).items():
        if said != UNDETERMINED:
            assert {one[citation] for one in possible} == {(said, arguable)}
        elif "?" not in "".join(others):
            assert len({one[citation] for one in possible}) > 1


def test_R11_a_generic_name_in_other_words_and_its_brand_are_one_agent() -> None:
    assert two("natalizumab 300 mg IV", "Tysabri infusion") == NOT_MET
    assert two("ocrelizumab (Ocrevus)", "OCREVUS 600mg") == NOT_MET
    assert two("IFN-β1a", "Avonex 30 mcg IM weekly") == NOT_MET
    assert two("fingolimod HCl", "Aubagio 14 mg") == MET
