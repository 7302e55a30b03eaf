"""Late facts: sixty events recorded in random order, asked about at every one of their moments.

At each moment the answer of the whole ledger, `known_at` then, is that of a second ledger which
holds only what had been recorded so far.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.commands import Command
from domain.commands.patient import (
    ChangeLineOfBusiness,
    CorrectDemographics,
    OpenHistory,
    RecordAgentStarted,
    RecordAgentStopped,
)
from domain.commands.requests import CorrectStatement, SubmitRequest, SupplyInformation
from domain.commands.treatment import (
    CorrectDose,
    CorrectPriorTreatment,
    RecordDose,
    ReportPriorTreatment,
    VoidDose,
    VoidPriorTreatment,
)
from domain.events.patient import Member
from domain.history.state import PatientHistory
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.schema import upgrade
from projections.audit_trail import audit_trail
from projections.courses import course_list
from projections.eligibility import eligibility
from projections.person import person
from projections.request_status import request_status
from tests.clock import Clock
from tests.conftest import ZONE, seeded
from tests.story import MEETS_A, MEETS_B, NURSE, PATIENT

START = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
DAYS = (date(2025, 3, 7), date(2026, 4, 28))
Make = Callable[[UUID], Command]


def facts() -> list[list[Make]]:
    """What happened, as threads: the order within one is kept, for nothing can be corrected before it is recorded."""
    return [
        *([_dose(f"2024-03-{day:02}", f"A{day}")] for day in range(4, 9)),
        *([_dose(f"2025-03-{day:02}", f"B{day}")] for day in range(10, 13)),
        *([_dose(f"2022-05-{day:02}", f"E{day}")] for day in range(2, 6)),
        *([_dose(f"2024-03-{day:02}", f"C{day}", source="claim")] for day in range(4, 9)),
        [_dose("2024-03-20", "X1"), lambda at: VoidDose(dose_id=_entry(at, "X1"), reason="Another patient's.")],
        [
            _dose("2025-03-31", "X2"),
            lambda at: CorrectDose(dose_id=_entry(at, "X2"), on=date(2025, 3, 13), reason="Day of billing."),
            lambda at: CorrectDose(dose_id=_entry(at, "X2"), mg=10.0, reason="A part was not given."),
        ],
        [
            _report("2021", doses_given=3, completed=False),
            lambda at: _correct_report(at, 1, doses_given=4, completed=False),
            lambda at: _correct_report(at, 1, doses_given=5, completed=True),
            lambda at: VoidPriorTreatment(report_id=f"{at}.t1", reason="Of another person."),
        ],
        [
            lambda _: _request(MEETS_A),
            lambda at: _supply(at, 1, {"campath_received": False}),
            lambda at: _supply(at, 1, {"hypersensitivity": True}),
            lambda at: _correct(at, 1, MEETS_A | {"ms_form": "primary_progressive"}),
            lambda at: _correct(at, 1, MEETS_A | {"ms_form": "active_secondary_progressive"}),
            lambda _: _request(MEETS_B),
            lambda at: _supply(at, 2, {"active_infection": False}),
            lambda at: _supply(at, 2, {"active_infection": True}),
            lambda at: _correct(at, 2, MEETS_B | {"response": {"symptom": False, "objective_measure": False}}),
        ],
        [
            lambda _: RecordAgentStarted.model_validate({"product": "Ocrevus", "on": "2025-11", "source": "Claim."}),
            lambda _: RecordAgentStopped.model_validate({"product": "Ocrevus", "on": "2025-12-20", "source": "Note."}),
        ],
        [_agent("started", "Rebif", "2019"), _agent("stopped", "Rebif", "2020-06")],
        [_agent("started", "Tysabri", "2023"), _agent("stopped", "Tysabri", "2023-09-30")],
        [lambda _: CorrectDemographics.model_validate({"birth_date": "1988-05-18", "reason": "Misread."})],
        [lambda _: CorrectDemographics.model_validate({"birth_date": "2008-05-18", "reason": "Misread again."})],
        [lambda _: CorrectDemographics.model_validate({"name": "Alma Other", "reason": "Married."})],
        *([_coverage(day)] for day in ("2024-01-01", "2025-01-01", "2026-01-01")),
        *([_dose(f"2023-0{month}-15", f"F{month}", source="patient", mg=3.0)] for month in range(1, 7)),
        *([_dose(f"2020-0{month}-15", f"G{month}", source="other")] for month in range(1, 6)),
    ]


def _dose(on: str, reference: str, **values: Any) -> Make:
    sent = {"on": on, "mg": 12.0, "source": "infusion_centre", "source_reference": reference} | values
    return lambda _: RecordDose.model_validate(sent)


def _entry(patient: UUID, reference: str) -> str:
    return f"{patient}.d{ENTRIES[reference]}"


ENTRIES: dict[str, int] = {}
"""The number of each dose entry by its reference, as the story of a seed has recorded it so far."""


def _report(last: str, **values: Any) -> Make:
    course = {"last_dose_on": last} | values
    return lambda _: ReportPriorTreatment.model_validate({"source": "other_plan", "courses": [course]})


def _correct_report(patient: UUID, number: int, **values: Any) -> Command:
    course = {"last_dose_on": "2021-03"} | values
    return CorrectPriorTreatment.model_validate(
        {"report_id": f"{patient}.t{number}", "courses": [course], "reason": "Counted again."}
    )


def _request(statement: dict[str, Any]) -> Command:
    return SubmitRequest.model_validate(
        {
            "received_at": "2026-01-04T09:00:00-05:00",
            "line_of_business": "commercial",
            "prescriber": {"name": "Nora Neuro", "specialty": "neurology"},
            "statement": statement,
        }
    )


def _supply(patient: UUID, number: int, statement: dict[str, Any]) -> Command:
    return SupplyInformation.model_validate(
        {"request_id": f"{patient}.r{number}", "received_at": "2026-01-05T08:00:00Z", "statement": statement}
    )


def _correct(patient: UUID, number: int, statement: dict[str, Any]) -> Command:
    return CorrectStatement.model_validate(
        {"request_id": f"{patient}.r{number}", "statement": statement, "reason": "Misread from the fax."}
    )


def _agent(what: str, product: str, on: str) -> Make:
    kind = RecordAgentStarted if what == "started" else RecordAgentStopped
    return lambda _: kind.model_validate({"product": product, "on": on, "source": "Chart."})


def _coverage(on: str) -> Make:
    return lambda _: ChangeLineOfBusiness.model_validate({"on": on, "line_of_business": "medicaid"})


def in_random_order(draw: random.Random) -> Iterator[Make]:
    threads = facts()
    waiting = [number for number, thread in enumerate(threads) for _ in thread]
    draw.shuffle(waiting)
    for number in waiting:
        yield threads[number].pop(0)


def answers(ledger: Ledger, history: PatientHistory, now: datetime, known_at: datetime | None) -> Any:
    return (
        [eligibility(history, day) for day in DAYS],
        [course_list(history, day) for day in DAYS],
        [person(history, day) for day in DAYS],
        [request_status(history, request, ledger.zone, now) for request in history.requests],
        audit_trail(ledger.events(history.patient_id, known_at=known_at)),
    )


def opened(ledger: Ledger) -> UUID:
    command = OpenHistory.model_validate(
        {"member": Member(member_id="M-1"), "name": "Alma Synthetic", "birth_date": "1988-05-17"}
    )
    return ledger.open_history(command, NURSE).patient_id


def told(ledger: Ledger, clock: Clock, draw: random.Random) -> Iterator[datetime]:
    """Records the story of this randomness; after each command its instant."""
    ENTRIES.clear()
    patient = opened(ledger)
    yield clock.at
    for make in in_random_order(draw):
        clock.advance(timedelta(minutes=draw.randrange(1, 3_000)))
        command = make(patient)
        if isinstance(command, RecordDose):
            ENTRIES[command.source_reference] = len(ENTRIES) + 1
        ledger.execute(patient, command, NURSE)
        yield clock.at


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in range(1, 12))])
def test_at_every_moment_the_answer_is_that_of_what_was_recorded_so_far(
    ledger_url: str, tmp_path: Path, seed: int
) -> None:
    with ExitStack() as stack:
        clock, other_clock = Clock(START), Clock(START)
        ledger = stack.enter_context(open_ledger(ledger_url, clock=clock, entropy=seeded(seed)))
        moments = list(told(ledger, clock, random.Random(seed)))
        patient = next(ledger.patients())
        assert patient != PATIENT
        assert len(ledger.events(patient)) >= 60
        url = f"sqlite:///{tmp_path / 'so-far.sqlite'}"
        upgrade(url, zone=ZONE, entropy=seeded(0))
        so_far = stack.enter_context(open_ledger(url, clock=other_clock, entropy=seeded(seed)))
        afterwards = [*(moment - timedelta(microseconds=1) for moment in moments[1:]), clock.at]
        growing = told(so_far, other_clock, random.Random(seed))
        for moment, last_moment, recorded_at in zip(moments, afterwards, growing, strict=True):
            assert recorded_at == moment
            known = so_far.history(patient)
            expected = answers(so_far, known, moment, None)
            then = ledger.history(patient, known_at=moment)
            assert answers(ledger, then, moment, moment) == expected
            # Until the next event nothing more is known, to the microsecond.
            assert ledger.history(patient, known_at=last_moment) == then == known
