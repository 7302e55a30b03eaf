"""Ledgers with a story, sealed."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger
from domain.ledger.sealing.sealing import Sealing
from domain.ledger.sealing.signer import Signer
from domain.ledger.verification.check_bytes import Signed, read_signed
from domain.people import Actor
from domain.permissions.disclosure import NewAccess
from domain.seal.notes import VerifyingKey, read_verifying_key
from tests.clock import Clock
from tests.conftest import ZONE
from tests.projections.lively import OnLedger
from tests.story import MEETS_A, Step, approved, denied, doses, opened, submitted

PLANTED = "Zzplanted"
"""Stands wherever the second patient's data has room for it, and nowhere else."""


def on_day(told: OnLedger, clock: Clock, day: str, *steps: Step) -> None:
    """The steps, at noon of a day where the plan is, each a minute after the other."""
    for step in steps:
        clock.at = max(
            datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=ZoneInfo(ZONE)), clock.at + timedelta(minutes=1)
        )
        told.and_given(step)


def opened_as(name: str) -> Step:
    step = opened()
    return Step(lambda scenario: step.make(scenario).model_copy(update={"name": name}))


def tell_two_stories(ledger: Ledger, clock: Clock) -> list[OnLedger]:
    """A first course that is asked for, approved and given; and a request that is denied."""
    clock.at = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
    first, second = OnLedger(ledger, 1), OnLedger(ledger, 2)
    on_day(first, clock, "2026-03-02", opened(), submitted(MEETS_A), approved())
    of_second = {"prescriber": {"name": f"Quentin {PLANTED}", "specialty": "neurology"}}
    on_day(second, clock, "2026-03-03", opened_as(f"Berta {PLANTED}"))
    on_day(second, clock, "2026-03-03", submitted(MEETS_A | {"hiv_infection": True}, **of_second))
    for number, one in enumerate(doses("2026-03-04", 5)):
        on_day(first, clock, f"2026-03-0{4 + number}", one)
    on_day(second, clock, "2026-03-09", denied("NR.3", rationale=f"Told by {PLANTED}."))
    return [first, second]


def look_at(ledger: Ledger, patient_id: UUID, *actors: Actor) -> None:
    """Records that each actor viewed the patient's courses."""
    log = AccessLog(ledger)
    looks = [NewAccess(one, "courses", patient_id, None, "TREAT", "api", "192.0.2.7") for one in actors]
    log.record(looks, durable=True)
    log.close()


class Sealer:
    """Seals a ledger with a signer of its own, in this folder."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.folder = folder
        self.sealing = Sealing(ledger, Signer(folder, os.urandom))

    @property
    def verifying_key(self) -> VerifyingKey:
        return read_verifying_key((self.folder / "vkey").read_text().splitlines()[0])

    def seal(self) -> Signed:
        """All that is on record; the checkpoint as an auditor keeps it."""
        return read_signed(self.sealing.seal_now().note, "kept outside", is_given=True)
