"""A process that commands without pause and says what was acknowledged, to be killed in the middle.

    python -m tests.ledger.stores.burst

reads `<url> <name>` lines, forks for each one a child that opens histories, gives each of them
another member id and a first course, dose by dose, and links it to the one before, until
somebody kills it, and prints

    pid <pid>                 once, then from the child
    acknowledged <json>       after each command
    dead                      when the child is

Every command has an idempotency key. A member id is stored with its entry in the index, the fifth
dose with the course's completion, a link in both histories.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import count
from uuid import UUID

from domain.commands import Command
from domain.commands.patient import AddMemberIdentifier, LinkHistories
from domain.events.patient import Member
from domain.ledger.application import Ledger, Outcome, open_ledger
from tests.clock import Clock
from tests.conftest import NOON
from tests.ledger.acts import dose, opening
from tests.story import NURSE

DOSES = 5


def burst(ledger: Ledger, name: str) -> None:
    before: UUID | None = None
    for number in count():
        key = f"{name}-{number}"
        outcome = ledger.open_history(opening(f"M-{key}"), NURSE, key=key)
        acknowledge(key, outcome)
        patient_id = outcome.patient_id
        commands: list[Command] = [AddMemberIdentifier(member=Member(member_id=f"N-{key}")), *map(dose, range(DOSES))]
        if before is not None:
            commands.append(LinkHistories(other_patient_id=before, reason="One person under two numbers."))
        for turn, command in enumerate(commands):
            acknowledge(f"{key}-{turn}", ledger.execute(patient_id, command, NURSE, key=f"{key}-{turn}"))
        before = patient_id


def acknowledge(key: str, outcome: Outcome) -> None:
    told = {
        "key": key,
        "patient_id": str(outcome.patient_id),
        "command_id": str(outcome.events[0].command_id),
        "versions": [event.originator_version for event in outcome.events],
    }
    # One write of a few hundred bytes reaches the pipe whole or not at all.
    os.write(1, f"acknowledged {json.dumps(told)}\n".encode())


def main() -> None:
    for line in sys.stdin:
        url, name = line.split()
        pid = os.fork()
        if pid == 0:
            with open_ledger(url, clock=Clock(NOON)) as ledger:
                burst(ledger, name)
        os.write(1, f"pid {pid}\n".encode())
        os.waitpid(pid, 0)
        os.write(1, b"dead\n")


if __name__ == "__main__":
    main()
