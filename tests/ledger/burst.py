"""A process that commands without pause and says what was acknowledged, to be killed in the middle.

    python -m tests.ledger.burst

reads `<url> <name>` lines, forks for each one a child that opens histories and gives each of
them a first course, dose by dose, until somebody kills it, and prints

    pid <pid>                 once, then from the child
    acknowledged <json>       after each command
    dead                      when the child is

Every command has an idempotency key; the fifth dose is stored with the course's completion.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import count
from uuid import UUID

from domain.ledger.application import Ledger, Outcome, open_ledger
from tests.clock import Clock
from tests.conftest import NOON
from tests.ledger.acts import NURSE, dose, opening

DOSES = 5


def burst(ledger: Ledger, name: str) -> None:
    for number in count():
        key = f"{name}-{number}"
        outcome = ledger.open_history(opening(f"M-{key}"), NURSE, key=key)
        acknowledge(key, outcome)
        patient_id: UUID = outcome.patient_id
        for day in range(DOSES):
            acknowledge(f"{key}-{day}", ledger.execute(patient_id, dose(day), NURSE, key=f"{key}-{day}"))


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
