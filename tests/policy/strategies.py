"""Random facts for the laws: any that can be sent, complete ones, and ones near an approval."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from typing import Any, get_args

from hypothesis import strategies as st

from domain.facts import Circumstances, Consultation, Diagnosis, Documentation, Facts, MsForm, Specialty, TrialOutcome
from domain.policy.editions import EDITIONS
from tests.policy.cases import AS_OF, initial, later

maybe = st.sampled_from([True, False, None])
products = st.sampled_from(
    """Avonex Rebif Betaseron Extavia Plegridy Copaxone Glatopa Gilenya Tascenso Tecfidera Vumerity Mayzent
    Tysabri Tyruko natalizumab natalizumab-abcd Ocrevus ocrevus_zunovo Briumvi Kesimpta ofatumumab Mavenclad
    cladribine Lemtrada alemtuzumab Campath rituximab Rituxan mitoxantrone methylprednisolone dalfampridine
    something-unheard-of""".split()  # noqa: SIM905 - a list of names reads best as words
)
editions = st.sampled_from(EDITIONS)
days = st.dates(date(2023, 11, 15), date(2027, 12, 31))


def partial(day: date, grain: int) -> str:
    """The day, its month or its year: 10, 7 or 4 characters of it."""
    return day.isoformat()[:grain]


grains = st.sampled_from([10, 7, 4])
partial_dates = st.builds(partial, st.dates(date(2015, 1, 1), AS_OF), grains)
births = st.builds(partial, st.dates(date(2007, 1, 1), date(2011, 12, 31)) | st.just(date(1980, 2, 29)), grains)


def unknown_or(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def one_of_literal(literal: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(get_args(literal))


@st.composite
def prior_treatments(draw: st.DrawFn) -> dict[str, Any]:
    """Any that the facts accept: no course beside "never received", no open course against `completed_course`."""
    last = draw(unknown_or(partial_dates))
    match draw(st.sampled_from(["never", "unknown", "received", "first open", "later open"])):
        case "never":
            return {"received_lemtrada": False, "completed_course": draw(st.sampled_from([False, None]))}
        case "unknown":
            return {"completed_course": draw(st.sampled_from([False, None])), "last_dose_on": last}
        case "received":
            received = draw(st.sampled_from([True, None]))
            return {"received_lemtrada": received, "completed_course": draw(maybe), "last_dose_on": last}
        case "first open":
            number, completed, given = 1, draw(st.sampled_from([False, None])), draw(unknown_or(st.integers(1, 4)))
        case _:
            number, completed = draw(st.integers(2, 4)), draw(st.sampled_from([True, None]))
            given = draw(unknown_or(st.integers(1, 2)))
    course = {"number": number, "doses_given": given, "last_dose_on": draw(unknown_or(partial_dates))}
    return {"completed_course": completed, "last_dose_on": last, "open_course": course}


signs = st.fixed_dictionaries({"finding": maybe, "documentation": unknown_or(one_of_literal(Documentation))})
trials = st.fixed_dictionaries({"product": products, "outcome": unknown_or(one_of_literal(TrialOutcome))})
dosings = st.fixed_dictionaries(
    {
        "mg_per_day": st.sampled_from([12, 12, 24, None]),
        "consecutive_days": unknown_or(st.integers(1, 6)),
        "route": st.sampled_from(["intravenous", "intravenous", "subcutaneous", None]),
    }
)
SECTIONS: dict[str, st.SearchStrategy[Any]] = {
    "birth_date": unknown_or(births),
    "diagnosis": unknown_or(one_of_literal(Diagnosis)),
    "ms_form": unknown_or(one_of_literal(MsForm)),
    "prior_treatment": prior_treatments(),
    "agents": st.fixed_dictionaries({"list_is_complete": maybe, "tried": st.lists(trials, max_size=4)}),
    "aggressive_disease": st.fixed_dictionaries(
        dict.fromkeys(("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment"), signs)
    ),
    "prescriber_specialty": unknown_or(one_of_literal(Specialty)),
    "consulted_specialty": unknown_or(one_of_literal(Consultation)),
    "response": st.fixed_dictionaries({"objective_measure": maybe, "symptom": maybe}),
    "hiv_infection": maybe,
    "other_dmt_continues": maybe,
    "active_infection": maybe,
    "hypersensitivity": maybe,
    "requested_dosing": dosings,
}

facts: st.SearchStrategy[Facts] = st.fixed_dictionaries(SECTIONS).map(Facts.model_validate)
"""Any facts that can be sent, every section possibly unknown."""


@st.composite
def facts_near_approval(draw: st.DrawFn) -> Facts:
    """Approvable facts with at most two sections drawn again."""
    start = draw(st.sampled_from([initial(), later()])).model_dump(mode="json")
    redrawn = draw(st.sets(st.sampled_from(list(SECTIONS)), max_size=2))
    return Facts.model_validate(start | {name: draw(SECTIONS[name]) for name in sorted(redrawn)})


circumstances = st.builds(
    Circumstances,
    diagnosis_codes=st.lists(st.sampled_from(["G35", "G35.A", "G35.B0", "G35.D"]), max_size=2),
    planned_first_infusion_on=unknown_or(days),
    rems_enrolled=maybe,
    progressive_multifocal_leukoencephalopathy=maybe,
    campath_received=maybe,
    course_closed_unfinished=st.booleans(),
    course_short=st.booleans(),
)


# -- what is known, and what somebody has not yet been told of it ---------------------------------


def _complete(section: str) -> st.SearchStrategy[Any]:
    return SECTIONS[section].filter(lambda value: value is not None)


_complete_sign = st.fixed_dictionaries({"finding": st.booleans(), "documentation": one_of_literal(Documentation)})
_complete_trial = st.fixed_dictionaries(
    {"product": products.filter(lambda one: one != "Lemtrada"), "outcome": one_of_literal(TrialOutcome)}
)


@st.composite
def _complete_treatments(draw: st.DrawFn) -> dict[str, Any]:
    """A later course's last dose comes after the course before it; an open first course is the only one."""
    last = draw(st.dates(date(2024, 1, 1), AS_OF - timedelta(days=60)))
    after = draw(st.dates(last + timedelta(days=30), AS_OF))
    match draw(st.sampled_from(["never", "completed", "first open", "later open"])):
        case "never":
            return {"received_lemtrada": False, "completed_course": False}
        case "completed":
            return {"received_lemtrada": True, "completed_course": True, "last_dose_on": last.isoformat()}
        case "first open":
            course = {"number": 1, "doses_given": draw(st.integers(1, 4)), "last_dose_on": last.isoformat()}
            return {"received_lemtrada": True, "completed_course": False, "open_course": course}
    return {
        "received_lemtrada": True,
        "completed_course": True,
        "last_dose_on": last.isoformat(),
        "open_course": {"number": 2, "doses_given": draw(st.integers(1, 2)), "last_dose_on": after.isoformat()},
    }


COMPLETE: dict[str, st.SearchStrategy[Any]] = {
    name: _complete(name)
    for name in ("diagnosis", "ms_form", "prescriber_specialty", "consulted_specialty", "hiv_infection")
} | {
    "birth_date": st.dates(date(2008, 1, 1), date(2010, 12, 31)).map(date.isoformat),
    "prior_treatment": _complete_treatments(),
    "agents": st.fixed_dictionaries(
        {"list_is_complete": st.just(True), "tried": st.lists(_complete_trial, min_size=1, max_size=4)}
    ),
    "aggressive_disease": st.fixed_dictionaries(
        dict.fromkeys(("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment"), _complete_sign)
    ),
    "response": st.fixed_dictionaries({"objective_measure": st.booleans(), "symptom": st.booleans()}),
    "requested_dosing": st.fixed_dictionaries(
        {
            "mg_per_day": st.sampled_from([12, 24]),
            "consecutive_days": st.integers(1, 6),
            "route": st.sampled_from(["intravenous", "oral"]),
        }
    ),
}


@st.composite
def complete_facts(draw: st.DrawFn) -> dict[str, Any]:
    """Facts with nothing unknown, dated to the day, that one patient's life could have."""
    start = draw(st.sampled_from([initial(), later()])).model_dump(mode="json", exclude_none=True)
    redrawn = {"prior_treatment", *draw(st.sets(st.sampled_from(list(COMPLETE)), max_size=3))}
    return start | {name: draw(COMPLETE[name]) for name in sorted(redrawn)}


@st.composite
def partly_told(draw: st.DrawFn, known: dict[str, Any]) -> dict[str, Any]:
    """The same facts with some not yet told: a value left out, a date coarser, a list not finished."""
    told = deepcopy(known)
    places = list(_places(told))
    for name, owner in draw(
        st.lists(st.sampled_from(places), max_size=6, unique_by=lambda place: (id(place[1]), place[0]))
    ):
        if name == "tried":
            owner |= {"list_is_complete": None, "tried": owner["tried"][:1]}
        elif name in ("birth_date", "last_dose_on"):
            grain = draw(st.sampled_from([7, 4, 0]))
            owner[name] = owner[name][:grain] or None
        else:
            owner[name] = None
    return told


def _places(value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every value that may be unknown, as its key and the object that holds it."""
    for name, held in value.items():
        if isinstance(held, dict):
            yield from _places(held)
        elif isinstance(held, list):
            yield name, value
            for one in held:
                yield from _places(one)
        elif name not in ("number", "product", "list_is_complete"):
            yield name, value
