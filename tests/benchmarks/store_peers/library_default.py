"""eventsourcing as it comes: an application, an aggregate, its own mapper and recorder, no setting but the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg.conninfo import conninfo_to_dict

from tests.benchmarks.measuring import timed, timed_together
from tests.benchmarks.patients import DOSES, Template
from tests.benchmarks.store_peers import payload


class Patient(Aggregate):
    """A patient with what every aggregate has: an id and a version."""

    @event("DoseAdministered")
    def administer(self, dose: dict[str, Any]) -> None:
        self.last = dose


class Patients(Application[UUID]):
    def open(self) -> UUID:
        patient = Patient()
        self.save(patient)
        return patient.id

    def administer(self, patient_id: UUID, dose: dict[str, Any]) -> None:
        patient: Patient = self.repository.get(patient_id)
        patient.administer(dose)
        self.save(patient)


SQLITE: Final = "eventsourcing.sqlite"
POSTGRES: Final = "eventsourcing.postgres"


class LibraryDefault:
    def __init__(self, application: Patients, dose: dict[str, Any]) -> None:
        self.application, self.dose = application, dose

    def seconds(self, streams: int, clients: int) -> float:
        opened = [self.application.open() for _ in range(streams)]

        def work(mine: Sequence[UUID]) -> None:
            for _ in range(DOSES):
                for patient_id in mine:
                    self.application.administer(patient_id, self.dose)

        if clients == 1:
            return timed(lambda: work(opened), streams * DOSES)
        return timed_together(
            [lambda mine=opened[one::clients]: work(mine) for one in range(clients)],  # type: ignore[misc]
            streams * DOSES,
        )


@contextmanager
def opened(url: str, template: Template) -> Iterator[LibraryDefault]:
    application = Patients(_settings(url))
    try:
        yield LibraryDefault(application, payload(template))
    finally:
        application.close()


def _settings(url: str) -> dict[str, str]:
    if url.startswith("sqlite"):
        return {"PERSISTENCE_MODULE": SQLITE, "SQLITE_DBNAME": str(Path(url.removeprefix("sqlite:///")))}
    told = conninfo_to_dict(url)
    names = {"dbname": "DBNAME", "host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    return {"PERSISTENCE_MODULE": POSTGRES} | {f"POSTGRES_{theirs}": str(told[ours]) for ours, theirs in names.items()}
