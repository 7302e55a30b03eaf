"""`assess --full` names an agent that is not recognized, and proposes the nearest names (R12)."""

from __future__ import annotations

from tests.api.cli.test_assess_command import APPROVED, assess_one, line


def test_full_proposes_the_nearest_names_of_an_agent_that_is_not_recognized() -> None:
    tried = {"list_is_complete": True, "tried": [{"product": "Tysabry", "outcome": "inadequate_efficacy"}]}
    no_sign = {"finding": False, "documentation": "not_attached"}
    signs = dict.fromkeys(("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment"), no_sign)
    told = assess_one(line(facts=APPROVED | {"agents": tried, "aggressive_disease": signs}), full=True)
    assert (told["recommendation"], told["needed"]) == ("pend", ["1.A.iii.b"])
    explained = told["explanations"]["1.A.iii.b"]
    assert explained["sentence"].endswith("Tysabry is not recognized, did you mean Tysabri?")
    assert explained["missing"] == ["agents.tried: which product Tysabry was (not recognized, did you mean Tysabri?)"]
    assert "The agent Tysabry: not recognized, did you mean Tysabri? (R12)" in told["advisories"]
