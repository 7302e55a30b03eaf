"""R12: how agents are written in charts, claims and forms, each with the agent that it is. Written by hand."""

from __future__ import annotations

import pytest

from domain.policy.agents import nearest_names, not_recognized, recognize

# As written: the ingredient and route, and the brand if the text names one.
WRITTEN = [
    # Strength and form.
    ("ocrevus 600mg", "ocrelizumab (intravenous)", "ocrevus"),
    ("OCREVUS 300 mg/10 mL", "ocrelizumab (intravenous)", "ocrevus"),
    ("Ocrevus Zunovo 920 mg/23,000 units", "ocrelizumab (subcutaneous)", "ocrevus zunovo"),
    ("Ocrevus Zunovo® (ocrelizumab and hyaluronidase-ocsq)", "ocrelizumab (subcutaneous)", "ocrevus zunovo"),
    ("ocrelizumab-hyaluronidase", "ocrelizumab (subcutaneous)", "ocrevus zunovo"),
    ("Tecfidera 240 mg capsules", "dimethyl fumarate (oral)", "tecfidera"),
    ("dimethyl fumarate DR 240mg", "dimethyl fumarate (oral)", None),
    ("Dimethyl Fumarate Delayed-Release Capsule 120 mg", "dimethyl fumarate (oral)", None),
    ("Vumerity 231mg DR caps", "diroximel fumarate (oral)", "vumerity"),
    ("Bafiertam 95 mg", "monomethyl fumarate (oral)", "bafiertam"),
    ("Aubagio 14 mg tab", "teriflunomide (oral)", "aubagio"),
    ("teriflunomide 7mg tablets", "teriflunomide (oral)", None),
    ("Gilenya 0.5 mg cap", "fingolimod (oral)", "gilenya"),
    ("Tascenso ODT 0.25 mg", "fingolimod (oral)", "tascenso odt"),
    ("Tascenso", "fingolimod (oral)", "tascenso odt"),
    ("Mavenclad 10 mg tablets", "cladribine (oral)", "mavenclad"),
    ("Briumvi 450 mg/18 mL", "ublituximab (intravenous)", "briumvi"),
    ("Zeposia starter kit", "ozanimod (oral)", "zeposia"),
    ("Mayzent starter pack 0.25 mg", "siponimod (oral)", "mayzent"),
    ("Ponvory 20mg", "ponesimod (oral)", "ponvory"),
    # Route, device and frequency.
    ("Avonex 30 mcg IM weekly", "interferon beta-1a (injection)", "avonex"),
    ("Avonex Pen", "interferon beta-1a (injection)", "avonex"),
    ("AVONEX PREFILLED SYRINGE 30 MCG/0.5 ML", "interferon beta-1a (injection)", "avonex"),
    ("Rebif Rebidose 44 mcg", "interferon beta-1a (injection)", "rebif"),
    ("Rebif 44mcg sc tiw", "interferon beta-1a (injection)", "rebif"),
    ("Rebif titration pack", "interferon beta-1a (injection)", "rebif"),
    ("Betaseron 0.25mg QOD", "interferon beta-1b (injection)", "betaseron"),
    ("Extavia every other day", "interferon beta-1b (injection)", "extavia"),
    ("Plegridy 125 mcg every 14 days", "peginterferon beta-1a (injection)", "plegridy"),
    ("Copaxone 40mg three times a week", "glatiramer acetate (injection)", "copaxone"),
    ("Copaxone 20 mg daily", "glatiramer acetate (injection)", "copaxone"),
    ("Glatopa 40 mg/mL SC", "glatiramer acetate (injection)", "glatopa"),
    ("Kesimpta Sensoready", "ofatumumab (subcutaneous)", "kesimpta"),
    ("Kesimpta 20 mg/0.4 mL Sensoready Pen monthly", "ofatumumab (subcutaneous)", "kesimpta"),
    ("Tysabri infusion", "natalizumab (intravenous)", "tysabri"),
    ("Tysabri 300mg IV q28d", "natalizumab (intravenous)", "tysabri"),
    ("Tysabri q6weeks", "natalizumab (intravenous)", "tysabri"),
    ("Tyruko every 4 weeks", "natalizumab (intravenous)", "tyruko"),
    ("Ocrevus infusions every 6 months", "ocrelizumab (intravenous)", "ocrevus"),
    ("glatiramer injection", "glatiramer acetate (injection)", None),
    ("Gilenya once daily", "fingolimod (oral)", "gilenya"),
    ("cladribine PO", "cladribine (oral)", None),
    ("ofatumumab SC", "ofatumumab (subcutaneous)", None),
    ("ofatumumab 20 mg subcut monthly", "ofatumumab (subcutaneous)", None),
    # Salts.
    ("fingolimod HCl", "fingolimod (oral)", None),
    ("fingolimod hydrochloride 0.5 mg", "fingolimod (oral)", None),
    ("ozanimod hydrochloride", "ozanimod (oral)", None),
    ("siponimod fumaric acid", "siponimod (oral)", None),
    ("glatiramer acetate 20mg/mL", "glatiramer acetate (injection)", None),
    # IFN and β.
    ("IFN beta-1a", "interferon beta-1a (injection)", None),
    ("IFN-β-1a", "interferon beta-1a (injection)", None),
    ("IFNβ1b", "interferon beta-1b (injection)", None),
    ("IFN-b1a", "interferon beta-1a (injection)", None),
    ("interferon β 1b", "interferon beta-1b (injection)", None),
    ("Interferon ß-1a", "interferon beta-1a (injection)", None),
    ("interferon-beta 1 a", "interferon beta-1a (injection)", None),
    ("beta interferon 1b", "interferon beta-1b (injection)", None),
    ("peg-IFN β-1a", "peginterferon beta-1a (injection)", None),
    ("pegylated interferon beta-1a", "peginterferon beta-1a (injection)", None),
    ("IFN-β1a (Avonex®) 30 µg", "interferon beta-1a (injection)", "avonex"),
    # Two names of one ingredient.
    ("ocrelizumab (Ocrevus)", "ocrelizumab (intravenous)", "ocrevus"),
    ("Ocrevus (ocrelizumab) 600 mg IV", "ocrelizumab (intravenous)", "ocrevus"),
    ("natalizumab/Tysabri", "natalizumab (intravenous)", "tysabri"),
    ("Kesimpta (ofatumumab)", "ofatumumab (subcutaneous)", "kesimpta"),
    ("Mavenclad [cladribine tablets]", "cladribine (oral)", "mavenclad"),
    ("Tecfidera - dimethyl fumarate", "dimethyl fumarate (oral)", "tecfidera"),
    ("Avonex / Rebif", "interferon beta-1a (injection)", None),
    ("Gilenya or Tascenso ODT", "fingolimod (oral)", None),
    # Biosimilars, separators and signs.
    ("natalizumab-sztn", "natalizumab (intravenous)", "tyruko"),
    ("natalizumab-abcd 300 mg", "natalizumab (intravenous)", "natalizumab abcd"),
    ("ublituximab-xiiy", "ublituximab (intravenous)", "briumvi"),
    ("ocrevus_zunovo", "ocrelizumab (subcutaneous)", "ocrevus zunovo"),
    ("TYSABRI™", "natalizumab (intravenous)", "tysabri"),
    # Outside the appendix.
    ("Rituxan 1000 mg IV x2", "rituximab (intravenous)", "rituxan"),
    ("rituximab-abbs", "rituximab (intravenous)", "rituximab abbs"),
    ("mitoxantrone HCl", "mitoxantrone (intravenous)", None),
    ("azathioprine 50 mg BID", "azathioprine (oral)", None),
]  # fmt: skip


@pytest.mark.parametrize(("written", "agent", "brand"), WRITTEN, ids=[one[0] for one in WRITTEN])
def test_R12_what_is_no_part_of_a_name_is_left_out(written: str, agent: str, brand: str | None) -> None:
    product = recognize(written)
    assert (product.kind, product.agent, product.brand) == ("disease_modifying", agent, brand)


OTHER_KINDS = [
    ("Lemtrada 12 mg IV infusion", "lemtrada"),
    ("alemtuzumab (Lemtrada)", "lemtrada"),
    ("Lemtrada / Campath", "lemtrada"),
    ("alemtuzumab (Campath)", "campath"),
    ("ofatumumab", "ambiguous"),
    ("ofatumumab 20 mg", "ambiguous"),
    ("cladribine injection", "ambiguous"),
    ("cladribine oral or IV", "ambiguous"),
    ("Solu-Medrol 1 g IV daily", "not_disease_modifying"),
    ("IV methylprednisolone 1000mg x 5 days", "not_disease_modifying"),
    ("methylprednisolone (Solu-Medrol)", "not_disease_modifying"),
    ("Ampyra 10 mg ER BID", "not_disease_modifying"),
    ("dalfampridine ER", "not_disease_modifying"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "kind"), OTHER_KINDS, ids=[one[0] for one in OTHER_KINDS])
def test_R12_what_is_no_other_agent_for_ms_or_names_no_product(written: str, kind: str) -> None:
    assert recognize(written).kind == kind


NOT_RECOGNIZED = [
    # Misspelled.
    ("Tysabry", ["Tysabri"]),
    ("Tisabri", ["Tysabri"]),
    ("Ocrevuss 600 mg", ["Ocrevus"]),
    ("Avonexx", ["Avonex"]),
    ("Copaxon", ["Copaxone"]),
    ("Tecfedera", ["Tecfidera"]),
    ("natalizimab", ["natalizumab"]),
    ("fingolomod", ["fingolimod"]),
    ("Kesimta", ["Kesimpta"]),
    ("glatirimer", ["glatiramer"]),
    ("methylprednisalone", ["methylprednisolone"]),
    # Two ingredients.
    ("Avonex and Tysabri", ["Avonex", "Tysabri"]),
    ("Tecfidera/Vumerity", ["Tecfidera", "Vumerity"]),
    ("Ocrevus + methylprednisolone", ["Ocrevus", "methylprednisolone"]),
    # Words that are part of the name and change it, or may.
    ("no Tysabri", ["Tysabri"]),
    ("Tysabri antibodies", ["Tysabri"]),
    ("ocrelizumab trial arm", ["ocrelizumab"]),
    # Ingredients that the name leaves open.
    ("interferon beta", ["interferon beta-1a", "interferon beta-1b", "peginterferon beta-1a"]),
    ("IFN-β", ["interferon beta-1a", "interferon beta-1b", "peginterferon beta-1a"]),
    # Nothing near.
    ("some infusion", []),
    ("tablets 20 mg", []),
    ("???", []),
    ("study drug", []),
]  # fmt: skip


@pytest.mark.parametrize(("written", "proposed"), NOT_RECOGNIZED, ids=[one[0] for one in NOT_RECOGNIZED])
def test_R12_a_name_that_is_not_recognized_is_proposed_the_nearest(written: str, proposed: list[str]) -> None:
    assert recognize(written).kind == "unknown"
    assert sorted(nearest_names(written)) == sorted(proposed)


def test_R12_the_nearest_name_comes_first_and_is_proposed_in_words() -> None:
    assert not_recognized("Tysabry") == "not recognized, did you mean Tysabri?"
    assert not_recognized("Avonex and Tysabri") == "not recognized, did you mean Avonex or Tysabri?"
    assert not_recognized("study drug") == "not recognized"
    assert nearest_names("Plegridi")[0] == "Plegridy"


@pytest.mark.parametrize(("one", "other"), [("Tysabry 300 mg", "tysabry 300MG"), ("Study-drug", "study drug")])
def test_R12_one_spelling_that_is_not_recognized_is_one_agent(one: str, other: str) -> None:
    assert recognize(one) == recognize(other)
    assert recognize(one) != recognize(f"{other} B")
