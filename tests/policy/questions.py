"""A fixed table of questions: the three hundred cases, and the edges of every rule.

It never changes silently, because the fingerprints of the rules are computed over it: a new row needs new
fingerprints, computed with the rules as they are on `main`, in a commit of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from domain.facts import Consultation, Documentation, Facts, MsForm, Specialty
from tests.policy.cases import AS_OF, initial, later, tried

SAMPLE = Path(__file__).parent / "assess-sample.jsonl"

Asked = tuple[Facts, date]


@cache
def sample() -> tuple[dict[str, Any], ...]:
    """The three hundred cases as they were given."""
    return tuple(json.loads(line) for line in SAMPLE.read_text().splitlines())


@cache
def questions() -> tuple[Asked, ...]:
    given = ((Facts.model_validate_json(json.dumps(one["facts"])), day) for one, day in _with_day())
    edges = ((one, AS_OF) for one in _edges())
    return (*given, *edges, *_leap_days())


def _with_day() -> Iterator[tuple[dict[str, Any], date]]:
    for case in sample():
        yield case, date.fromisoformat(case["as_of"])


def _edges() -> Iterator[Facts]:
    yield Facts()
    for born in ("2009-04-27", "2009-04-28", "2009-04-29", "2009-04", "2009-05", "2009", "2008", "2010", "2008-04-28"):
        yield initial(birth_date=born)
    for diagnosis, form in product(("multiple_sclerosis", "other", None), (*get_args(MsForm), None)):
        yield initial(diagnosis=diagnosis, ms_form=form)
    for prescriber, consulted in product((*get_args(Specialty), None), (*get_args(Consultation), None)):
        yield initial(prescriber_specialty=prescriber, consulted_specialty=consulted)
    for finding, document in product((True, False, None), (*get_args(Documentation), None)):
        sign = {"finding": finding, "documentation": document}
        signs = ("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment")
        yield from (initial(**{f"aggressive_disease__{name}": sign}) for name in signs)
    for known in (True, False, None):
        yield later(response={"objective_measure": known})
        yield later(response={"symptom": known})
        yield later(hiv_infection=known, other_dmt_continues=known)
    yield from _agents()
    yield from _treatments()
    yield from _dosings()


def _agents() -> Iterator[Facts]:
    singly = (
        "Avonex", "Extavia", "Ocrevus", "Ocrevus Zunovo", "ocrelizumab", "Tysabri", "Tyruko", "natalizumab-abcd",
        "Kesimpta", "Arzerra", "ofatumumab", "Mavenclad", "Leustatin", "cladribine", "Briumvi", "ublituximab-xiij",
        "Lemtrada", "alemtuzumab", "Campath", "rituximab", "methylprednisolone", "Zinbryta", "something unheard of",
    )  # fmt: skip
    for name, outcome in product(singly, ("inadequate_efficacy", "adequate", "?")):
        yield initial(agents=tried(f"{name}={outcome}"), prior_treatment={})
    for name, outcome in product(singly, ("significant_intolerance", "adequate", "?")):
        yield initial(agents=tried("Rebif=significant_intolerance", f"{name}={outcome}"))
    for pair in (
        ("Copaxone", "Glatopa"),
        ("Gilenya", "Tascenso ODT"),
        ("Tecfidera", "Vumerity"),
        ("Avonex", "Plegridy"),
    ):
        yield initial(agents=tried(*pair))
        yield initial(agents=tried(*pair, complete=False))


_DAYS = (None, "2025-04-27", "2025-04-28", "2025-04-29", "2025-04", "2025-05", "2025", "2024-02-29", "2026-04-01")


def _treatments() -> Iterator[Facts]:
    """What can be told of earlier treatment without contradicting itself."""
    told = [
        {"received_lemtrada": received, "completed_course": completed, "last_dose_on": last}
        for received, completed, last in product((True, False, None), (True, False, None), (None, "2025-04-28"))
    ]
    told += [{"completed_course": True, "last_dose_on": last} for last in _DAYS]
    for number, given, last, before in product((1, 2), (None, 1, 2), _DAYS[:5], (None, "2024")):
        course = {"number": number, "doses_given": given, "last_dose_on": last}
        told.append({"open_course": course, "last_dose_on": before})
    for treatment in told:
        with suppress(ValidationError):
            yield later(prior_treatment=treatment)


def _dosings() -> Iterator[Facts]:
    courses = (None, {"number": 1, "doses_given": 2}, {"number": 2, "doses_given": 1, "last_dose_on": "2026-03-01"})
    asked = [(mg, 3, "intravenous") for mg in (None, 11.5, 12, 24)]
    asked += [(12, days, "intravenous") for days in (None, 1, 2, 3, 4, 5, 6)]
    asked += [(12, 5, route) for route in (None, "IV infusion", "subcutaneous")]
    for course, (mg, days, route) in product(courses, asked):
        dosing = {"mg_per_day": mg, "consecutive_days": days, "route": route}
        yield initial(prior_treatment={"open_course": course}, requested_dosing=dosing)


def _leap_days() -> Iterator[Asked]:
    """From 29 February the anniversary is 1 March (R2)."""
    for day in (date(2025, 2, 28), date(2025, 3, 1)):
        yield later(birth_date="2008-02-29", prior_treatment__last_dose_on="2024-02-29"), day
