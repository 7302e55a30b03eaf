"""Long histories: sixty events, as a life of three courses makes them, and any number of years with a course."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from domain.commands.patient import OpenHistory
from domain.events import PatientEvent
from domain.ledger.application import Ledger, open_ledger
from tests.benchmarks.patients import ZONE, StoredRow, stored_rows
from tests.clock import Clock
from tests.story import (
    MEETS_A,
    MEETS_B,
    NURSE,
    Scenario,
    Step,
    approved,
    dose,
    given,
    opened,
    patient,
    requests,
    submitted,
    treatment,
)

EVENTS: Final = 60
YEARS: Final = ("2024-03-04", "2025-04-07", "2026-05-11")


class OnLedger(Scenario):
    """A scenario whose steps are commands to a ledger, at its clock's moment."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        super().__init__()
        self.ledger, self.clock = ledger, clock

    def _do(self, step: Step) -> None:
        self.clock.advance(timedelta(minutes=7))
        self.today = self.ledger.today()
        command = step.make(self)
        if isinstance(command, OpenHistory):
            outcome = self.ledger.open_history(command, step.actor)
        else:
            outcome = self.ledger.execute(self.known.patient_id, command, step.actor)
        self.history = outcome.history


def sixty_events() -> list[StoredRow]:
    """As the ledger's own mapper wrote them."""
    clock = Clock(datetime(2024, 1, 2, 15, tzinfo=UTC))
    with (
        TemporaryDirectory() as folder,
        open_ledger(f"sqlite:///{Path(folder) / 'life.db'}", zone=ZONE, clock=clock) as ledger,
    ):
        life = OnLedger(ledger, clock).and_given(opened())
        for first, statement, count in zip(YEARS, (MEETS_A, MEETS_B, MEETS_B), (5, 3, 3), strict=True):
            clock.at = datetime.fromisoformat(f"{first}T16:00:00+00:00")
            life.and_given(*_asked_and_decided(statement, first))
            for _ in range(count):
                clock.advance(timedelta(days=1) - timedelta(minutes=7))
                life.and_given(dose(ledger.today().isoformat()))
        life.and_given(*_corrected(EVENTS - life.known.version))
        assert life.known.version == EVENTS
        return stored_rows(ledger, ledger.events(life.known.patient_id))


def years_with_a_course(years: int) -> list[PatientEvent]:
    """About fourteen events a year: a request, its course, and corrections of doses of any earlier year."""
    life, corrected = given(today=YEARS[0]), 0
    for year in range(years):
        life.and_given(*_asked_and_decided(MEETS_A if year == 0 else MEETS_B, life.today.isoformat()))
        for _ in range(5 if year == 0 else 3):
            life.today += timedelta(days=1)
            life.and_given(dose(life.today.isoformat()))
        for _ in range(4):
            # Sites that are far from each other in the history: the fold replaces a record in the middle.
            corrected += 7
            number = 1 + corrected % len(life.known.doses)
            life.and_given(treatment.dose_corrected(number, site=f"Infusion Centre {corrected}"))
        life.today += timedelta(days=380)
    return life.events


def _asked_and_decided(statement: dict[str, object], first: str) -> Iterable[Step]:
    unstated = {name: value for name, value in statement.items() if name != "hiv_infection"}
    yield submitted(unstated)
    yield requests.assigned(NURSE)
    yield requests.information_requested()
    yield requests.supplied({"hiv_infection": False})
    yield requests.planned(first, "Lakeside Infusion Centre")
    yield approved()


def _corrected(number: int) -> Iterable[Step]:
    yield patient.demographics_corrected(birth_date="1988-05-18")
    yield patient.representative()
    for one in range(number - 2):
        yield treatment.dose_corrected(1 + one % 11, site=f"Infusion Centre {one}")
