"""Small examples for each clause, which show where its answer changes: just below, at, just above, and not known.

The page assesses the examples with the policy itself, under the edition that is shown. `answer` of an example is the
answer of the newest edition, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final, NamedTuple

from domain.facts import Facts
from domain.policy.answers import MET, NOT_MET, UNDETERMINED, Answer
from domain.policy.assessment import assess
from domain.policy.edition import Edition

ASSESSED_ON: Final = date(2026, 4, 28)
"""The day for which the examples are assessed."""


class Example(NamedTuple):
    """An example: its description, its facts, and the answer of the clause under the newest edition."""

    case: str
    facts: dict[str, Any]
    answer: Answer


class ExampleShown(NamedTuple):
    """An example with the answer and the sentence of the policy."""

    case: str
    answer: Answer
    sentence: str


_OLD_ENOUGH: Final = (
    Example("born 2009-04-29: 17 tomorrow", {"birth_date": "2009-04-29"}, NOT_MET),
    Example("born 2009-04-28: 17 today", {"birth_date": "2009-04-28"}, MET),
    Example("born in 2009, the day not known", {"birth_date": "2009"}, UNDETERMINED),
    Example("no birth date", {}, UNDETERMINED),
)
_RELAPSING: Final = (
    Example("relapsing remitting", {"ms_form": "relapsing_remitting"}, MET),
    Example("active secondary progressive", {"ms_form": "active_secondary_progressive"}, MET),
    Example("primary progressive", {"ms_form": "primary_progressive"}, NOT_MET),
    Example(
        "secondary progressive, activity not known",
        {"ms_form": "secondary_progressive_activity_unknown"},
        UNDETERMINED,
    ),
)
_SPECIALIST: Final = (
    Example("prescribed by a neurologist", {"prescriber_specialty": "neurology"}, MET),
    Example(
        "prescribed by another, a neurologist consulted",
        {"prescriber_specialty": "other", "consulted_specialty": "neurology"},
        MET,
    ),
    Example(
        "prescribed by another, nobody consulted",
        {"prescriber_specialty": "other", "consulted_specialty": "none"},
        NOT_MET,
    ),
    Example("prescribed by another, nothing said of a consultation", {"prescriber_specialty": "other"}, UNDETERMINED),
)


def _sign(name: str) -> tuple[Example, ...]:
    def case(description: str, answer: Answer, **stated: Any) -> Example:
        return Example(description, {"aggressive_disease": {name: stated}}, answer)

    return (
        case("found, and a document supports it", MET, finding=True, documentation="attached"),
        case("found, no document yet", UNDETERMINED, finding=True, documentation="not_attached"),
        case("found, and there is no document of it", NOT_MET, finding=True, documentation="none_exists"),
        case("not found", NOT_MET, finding=False, documentation="attached"),
        case("nothing said", UNDETERMINED),
    )


def _agents(*trials: tuple[str, str], complete: bool = True) -> dict[str, Any]:
    """The facts of a list of agents, each a product and its outcome."""
    agents = [{"product": product, "outcome": outcome} for product, outcome in trials]
    return {"agents": {"list_is_complete": complete, "tried": agents}}


def _history(**stated: Any) -> dict[str, Any]:
    return {"prior_treatment": stated}


def _dosing(mg: float, days: int, **more: Any) -> dict[str, Any]:
    return {"requested_dosing": {"mg_per_day": mg, "consecutive_days": days, "route": "intravenous"}, **more}


_FAILED: Final = "inadequate_efficacy"
_COMPLETED: Final = {"received_lemtrada": True, "completed_course": True}

EXAMPLES: Final[dict[str, tuple[Example, ...]]] = {
    "1": (
        Example("multiple sclerosis", {"diagnosis": "multiple_sclerosis"}, MET),
        Example("another diagnosis", {"diagnosis": "other"}, NOT_MET),
        Example("no diagnosis stated", {}, UNDETERMINED),
    ),
    "1.A.i": _OLD_ENOUGH,
    "1.A.ii": _RELAPSING,
    "1.A.iii.a": (
        Example("one agent failed", _agents(("Avonex", _FAILED)), NOT_MET),
        Example(
            "two ingredients, one failed and one not tolerated",
            _agents(("Avonex", _FAILED), ("Aubagio", "significant_intolerance")),
            MET,
        ),
        Example("two brands of one ingredient failed", _agents(("Avonex", _FAILED), ("Rebif", _FAILED)), NOT_MET),
        Example(
            "one agent failed, there may be others", _agents(("Avonex", _FAILED), complete=False), UNDETERMINED
        ),
    ),
    "1.A.iii.b": (
        Example("Ocrevus failed", _agents(("Ocrevus", _FAILED)), MET),
        Example("Ocrevus helped", _agents(("Ocrevus", "adequate")), NOT_MET),
        Example("cladribine, not said which product, failed", _agents(("cladribine", _FAILED)), UNDETERMINED),
        Example("a name that is not recognized, failed", _agents(("Tysabry", _FAILED)), UNDETERMINED),
        Example("another agent failed", _agents(("Avonex", _FAILED)), NOT_MET),
    ),
    "1.A.iii.c": (
        Example("received before", _history(received_lemtrada=True), MET),
        Example("never received", _history(received_lemtrada=False), NOT_MET),
        Example("not known", {}, UNDETERMINED),
    ),
    "1.A.iii.d(1)": _sign("rapid_deterioration"),
    "1.A.iii.d(2)": _sign("disabling_relapses"),
    "1.A.iii.d(3)": _sign("mri"),
    "1.A.iii.d(4)": _sign("cognitive_impairment"),
    "1.A.iv": _SPECIALIST,
    "1.B.i": _OLD_ENOUGH,
    "1.B.ii": _RELAPSING,
    "1.B.iii.a": (
        Example("better by an objective measure", {"response": {"objective_measure": True}}, MET),
        Example("not better by any", {"response": {"objective_measure": False}}, NOT_MET),
        Example("not said", {}, UNDETERMINED),
    ),
    "1.B.iii.b": (
        Example("a symptom is stable or better", {"response": {"symptom": True}}, MET),
        Example("none is", {"response": {"symptom": False}}, NOT_MET),
        Example("not said", {}, UNDETERMINED),
    ),
    "1.B.iv": (
        Example("last dose 2025-04-29: a year tomorrow", _history(**_COMPLETED, last_dose_on="2025-04-29"), NOT_MET),
        Example("last dose 2025-04-28: a year today", _history(**_COMPLETED, last_dose_on="2025-04-28"), MET),
        Example("last dose in April 2025", _history(**_COMPLETED, last_dose_on="2025-04"), UNDETERMINED),
        Example("last dose on a day not known", _history(**_COMPLETED), UNDETERMINED),
    ),
    "1.B.v": _SPECIALIST,
    "NR.1": (
        Example("clinically isolated syndrome", {"ms_form": "clinically_isolated_syndrome"}, MET),
        Example("relapsing remitting", {"ms_form": "relapsing_remitting"}, NOT_MET),
        Example("no form stated", {}, UNDETERMINED),
    ),
    "NR.2": (
        Example("another agent goes on", {"other_dmt_continues": True}, MET),
        Example("none goes on", {"other_dmt_continues": False}, NOT_MET),
        Example("not said", {}, UNDETERMINED),
    ),
    "NR.3": (
        Example("HIV infection", {"hiv_infection": True}, MET),
        Example("none", {"hiv_infection": False}, NOT_MET),
        Example("not said", {}, UNDETERMINED),
    ),
    "NR.4": (
        Example(
            "primary progressive", {"diagnosis": "multiple_sclerosis", "ms_form": "primary_progressive"}, MET
        ),
        Example("relapsing remitting", {"ms_form": "relapsing_remitting"}, NOT_MET),
        Example("no form stated", {}, UNDETERMINED),
    ),
    "Dosing.A": (
        Example("12 mg on 5 days", _dosing(12, 5, **_history(received_lemtrada=False)), MET),
        Example("12 mg on 4 days", _dosing(12, 4, **_history(received_lemtrada=False)), NOT_MET),
        Example("24 mg on 5 days", _dosing(24, 5, **_history(received_lemtrada=False)), NOT_MET),
        Example("no dosing asked for", {}, UNDETERMINED),
    ),
    "Dosing.B": (
        Example("12 mg on 3 days", _dosing(12, 3, **_history(**_COMPLETED)), MET),
        Example("12 mg on 5 days", _dosing(12, 5, **_history(**_COMPLETED)), NOT_MET),
        Example("no dosing asked for", {}, UNDETERMINED),
    ),
}  # fmt: skip


def assessed_examples(citation: str, edition: Edition) -> Iterator[ExampleShown]:
    """The examples of a clause, assessed under the edition. A clause that only groups other clauses has none."""
    for example in EXAMPLES.get(citation, ()):
        assessed = assess(Facts.model_validate(example.facts), ASSESSED_ON, edition)
        finding = assessed.finding(citation)
        yield ExampleShown(example.case, finding.answer, finding.sentence)
