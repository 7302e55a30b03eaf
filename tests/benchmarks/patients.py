"""Histories for the benchmark: one is made by commands to a real ledger, the others are its bytes under other ids.

What a command would store for each of a hundred thousand patients is stored for them directly,
in the ledger's own tables, with the bytes that the ledger's own mapper made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from domain.commands.determinations import ApproveCourse
from domain.commands.patient import OpenHistory
from domain.commands.requests import SubmitRequest
from domain.commands.treatment import RecordDose
from domain.events.base import Event
from domain.events.patient import MemberIndexed
from domain.ledger.application import Ledger, open_ledger
from domain.review.assess_request import request_assessment
from tests.clock import Clock
from tests.story import NURSE

ZONE: Final = "America/New_York"
DOSES: Final = 4
"""Of the five of a course: the fifth would complete it, which is another event."""

STATEMENT: Final[dict[str, Any]] = {
    "diagnosis": "multiple_sclerosis",
    "ms_form": "relapsing_remitting",
    "received_lemtrada": False,
    "agents": [{"product": "Ocrevus", "outcome": "inadequate_efficacy", "stopped_on": "2026-01"}],
    "agents_list_is_complete": True,
    "hiv_infection": False,
    "requested_dosing": {"mg_per_day": 12, "consecutive_days": 5, "route": "intravenous"},
}


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One event as a store keeps it."""

    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes


@dataclass(frozen=True, slots=True)
class Template:
    """A history as it was stored, to be stored again under other ids."""

    patient_id: UUID
    member_id: str
    opened: tuple[StoredRow, ...]
    indexed: StoredRow
    doses: tuple[StoredRow, ...]

    @property
    def member_stream(self) -> UUID:
        return UUID(json.loads(self.indexed.state)["member_stream"])

    def rows(self, patient_id: UUID, namespace: UUID, number: int) -> Iterator[StoredRow]:
        """What one more patient has on record before the benchmark begins: opened, submitted, approved."""
        member_id = f"{number:0{len(self.member_id)}d}"
        # Digits are their own compared form. The event also names the ID as it is written.
        stream, written = uuid5(namespace, f"\0spelling\0plan\0{member_id}"), uuid5(namespace, f"plan\0{member_id}")
        for one in self.opened:
            state = moved(one.state, self.patient_id, patient_id).replace(self.member_id.encode(), member_id.encode())
            yield StoredRow(patient_id, one.originator_version, one.topic, state)
        state = moved(moved(self.indexed.state, self.patient_id, patient_id), self.member_stream, written)
        yield StoredRow(stream, 1, self.indexed.topic, state)

    def dose_rows(self, patient_id: UUID) -> list[StoredRow]:
        """What the commands of the benchmark store for the patient."""
        return as_of_another(self.doses, patient_id)


def as_of_another(rows: Iterable[StoredRow], patient_id: UUID) -> list[StoredRow]:
    """One patient's rows as another's: every id in them begins with the other patient's id."""
    return [
        StoredRow(patient_id, one.originator_version, one.topic, moved(one.state, one.originator_id, patient_id))
        for one in rows
    ]


def moved(state: bytes, before: UUID, after: UUID) -> bytes:
    return state.replace(str(before).encode(), str(after).encode())


def submission(received_at: datetime) -> SubmitRequest:
    return SubmitRequest.model_validate(
        {
            "received_at": received_at,
            "line_of_business": "commercial",
            "prescriber": {"name": "Nora Neuro", "specialty": "neurology"},
            "statement": STATEMENT,
        }
    )


def dose_bodies(today: datetime) -> list[bytes]:
    """The commands of the benchmark as they arrive: a dose on each of the last four days."""
    days = [(today - timedelta(days=DOSES - number)).date() for number in range(DOSES)]
    return [
        json.dumps(
            {
                "on": day.isoformat(),
                "mg": 12,
                "site": "Lakeside Infusion Centre",
                "source": "infusion_centre",
                "source_reference": f"INF-{number}",
            }
        ).encode()
        for number, day in enumerate(days)
    ]


def made_by_commands() -> Template:
    """Opened and approved ten days ago, dosed on the last four days, on a ledger of its own that is thrown away."""
    now = datetime.now(UTC)
    clock = Clock(now - timedelta(days=10))
    member_id = "000000001234567"
    with (
        TemporaryDirectory() as folder,
        open_ledger(f"sqlite:///{Path(folder) / 'template.db'}", zone=ZONE, clock=clock) as ledger,
    ):
        opening = {"member": {"member_id": member_id}, "name": "Alma Synthetic", "birth_date": "1988-05-17"}
        patient_id = ledger.open_history(OpenHistory.model_validate(opening), NURSE).patient_id
        ledger.execute(patient_id, submission(clock() - timedelta(hours=2)), NURSE)
        approve(ledger, patient_id)
        before = ledger.history(patient_id).version
        clock.at = now
        for body in dose_bodies(now):
            ledger.execute(patient_id, RecordDose.model_validate_json(body), NURSE)
        stored = stored_rows(ledger, ledger.events(patient_id))
        (index,) = stored_rows(ledger, [_indexed(ledger)])
    return Template(patient_id, member_id, tuple(stored[:before]), index, tuple(stored[before:]))


def approve(ledger: Ledger, patient_id: UUID) -> None:
    history = ledger.history(patient_id)
    request = history.requests[-1]
    digest = request_assessment(history, request, ledger.today()).digest
    ledger.execute(patient_id, ApproveCourse(request_id=request.request_id, assessment_digest=digest), NURSE)


def _indexed(ledger: Ledger) -> Event:
    notifications = ledger.recorder.select_notifications(None, 10, topics=[MemberIndexed.TOPIC])
    event: Event = ledger.mapper.to_domain_event(notifications[0])
    return event


def stored_rows(ledger: Ledger, events: Iterable[Event]) -> list[StoredRow]:
    """As the ledger's own mapper writes them."""
    rows = []
    for event in events:
        stored = ledger.mapper.to_stored_event(event)
        assert isinstance(stored.originator_id, UUID)
        rows.append(StoredRow(stored.originator_id, stored.originator_version, stored.topic, stored.state))
    return rows


def patient_ids(number: int) -> list[UUID]:
    return [uuid4() for _ in range(number)]


def rows_of(template: Template, namespace: UUID, patients: Sequence[UUID], first_number: int) -> Iterator[StoredRow]:
    for number, patient_id in enumerate(patients, first_number):
        yield from template.rows(patient_id, namespace, number)
