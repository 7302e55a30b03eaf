"""How facts are derived from the record, for each revision of the derivation that an edition names.

An assessment on record is made again as it was: the edition of the record names its `facts_revision`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from domain.facts import PriorTreatment
from domain.history.dose_entries import as_read_by_revision_1
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.policy.edition import Edition
from domain.treatment import concurrent_agents
from domain.treatment.courses import courses
from domain.treatment.lives import told_doses
from domain.treatment.possible_treatment import NONE, possible_treatments, treatment_facts
from domain.treatment.revision_1 import concurrent_agents as concurrent_agents_revision_1
from domain.treatment.revision_1 import courses as courses_revision_1


class CourseOnRecord(Protocol):
    """What the circumstances use of a course, whichever revision derived it."""

    @property
    def begun_on(self) -> date: ...
    @property
    def status(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Derivation:
    """The derivations that differ between the revisions.

    `record` is the history as the revision reads its dose entries (R25). None: as they are on record.
    `treatment` has the courses by the end of a day and the treatment facts, from whether a report states that there was
    no treatment, from what the prescriber states, and from the day of that statement (R1). `agents_not_recognized`
    names the agents that may still be taken and have a name that is not recognized (R12).
    """

    record: Callable[[PatientHistory], PatientHistory] | None
    treatment: Callable[
        [PatientHistory, date, bool, bool | None, date | None], tuple[Sequence[CourseOnRecord], PriorTreatment]
    ]
    other_agent_continues: Callable[[PatientHistory, Request, date, Edition], bool | None]
    agents_not_recognized: Callable[[PatientHistory, Request, date, Edition], tuple[str, ...]]


def _record_revision_1(history: PatientHistory) -> PatientHistory:
    return history.changed(doses=as_read_by_revision_1(history.doses)) if history.doses else history


def _treatment_revision_1(
    history: PatientHistory, as_of: date, never_reported: bool, stated: bool | None, _: date | None
) -> tuple[Sequence[CourseOnRecord], PriorTreatment]:
    found = courses_revision_1.courses(history, as_of)
    return found, courses_revision_1.prior_treatment(found, never_reported=never_reported, stated=stated)


def _treatment(
    history: PatientHistory, as_of: date, never_reported: bool, stated: bool | None, stated_on: date | None
) -> tuple[Sequence[CourseOnRecord], PriorTreatment]:
    denied_on = [stated_on] if stated is False and stated_on is not None else []
    if history.reports:
        denied_on += [one.reported_on for one in history.reports if not one.courses and not one.voided]
    facts = treatment_facts(
        possible_treatments(history, as_of),
        never_reported=never_reported,
        stated=stated,
        is_denied=any(on >= as_of and not _is_refuted(history, on) for on in denied_on),
    )
    return courses(history, as_of), facts


def _is_refuted(history: PatientHistory, on: date) -> bool:
    """Whether the record has treatment by this day, on which somebody stated that there was none.

    A report of which it is not known whether it is about our doses refutes the statement as well.
    """
    treatments = possible_treatments(history, on)
    return bool(treatments) and (NONE not in treatments or any(one.adds == "perhaps" for one in told_doses(history)))


DERIVATIONS: Final = {
    1: Derivation(
        record=_record_revision_1,
        treatment=_treatment_revision_1,
        other_agent_continues=concurrent_agents_revision_1.other_agent_continues,
        agents_not_recognized=lambda *_: (),
    ),
    2: Derivation(
        record=None,
        treatment=_treatment,
        other_agent_continues=concurrent_agents.other_agent_continues,
        agents_not_recognized=concurrent_agents.agents_not_recognized,
    ),
}
"""How the facts are derived from the record, by the `facts_revision` of the edition."""
