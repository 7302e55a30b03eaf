"""A program that goes on commanding while the store fails under it and comes back elsewhere.

    python -m tests.ledger.stores.survivor <url> <name> <threads>

opens the ledger once and commands from several threads, until its standard input ends: histories
are opened, a request is made, a course is given dose by dose. A command that the store did not answer
is sent again under its key until it is answered. Each thread prints, a line each,

    acknowledged <json>     the key, and what was stored, with a digest of its bytes
    unanswered <json>       the key, and how the store said that it does not answer
    failed <json>           anything else, which ends the thread
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag
from uuid import UUID

from domain.commands.requests import SubmitRequest
from domain.events import PatientEvent
from domain.events.requests import Statement
from domain.ledger.application import Ledger, Outcome, open_ledger
from domain.people import Prescriber
from projections.worklist.storage import UNAVAILABLE
from tests.clock import Clock
from tests.conftest import NOON
from tests.ledger.acts import dose, opening
from tests.story import NURSE

DOSES = 5
PAUSE_SECONDS = 0.02
"""Between commands, so that a reader of the log keeps up on a small machine."""

Send = Callable[[Ledger], Outcome]


def commands(name: str) -> Iterator[tuple[str, Callable[[UUID | None], Send]]]:
    """Key by key, without end, what the thread of this name sends about the patient that it opened last."""
    number = 0
    while True:
        for step in range(2 + DOSES):
            key = f"{name}-{number}-{step}"
            yield key, lambda patient_id, key=key: sending(key, patient_id)  # type: ignore[misc]
        number += 1


def sending(key: str, patient_id: UUID | None) -> Send:
    """The command of a key, as often as it is asked for."""
    history, _, step = key.rpartition("-")
    if int(step) == 0:
        return lambda ledger: ledger.open_history(opening(f"M-{history}"), NURSE, key=key)
    assert patient_id is not None
    command = submission() if int(step) == 1 else dose(int(step) - 2)
    return lambda ledger: ledger.execute(patient_id, command, NURSE, key=key)


def submission() -> SubmitRequest:
    return SubmitRequest(
        received_at=NOON,
        line_of_business="commercial",
        prescriber=Prescriber(name="Nora Neuro"),
        statement=Statement(diagnosis="multiple_sclerosis"),
    )


def digest(states: Iterable[bytes]) -> str:
    """Of the stored bytes of a command's events."""
    return hashlib.sha256(b"|".join(states)).hexdigest()


def states(ledger: Ledger, events: Iterable[PatientEvent]) -> list[bytes]:
    return [ledger.mapper.to_stored_event(event).state for event in events]


def work(ledger: Ledger, name: str, stopped: Flag) -> None:
    patient_id: UUID | None = None
    for key, command in commands(name):
        while True:
            try:
                outcome = command(patient_id)(ledger)
            except UNAVAILABLE as error:
                tell("unanswered", key=key, error=type(error).__name__, text=str(error))
                time.sleep(PAUSE_SECONDS)
            except Exception as error:
                tell("failed", key=key, error=type(error).__name__, text=str(error))
                return
            else:
                break
        patient_id = outcome.patient_id
        versions = [event.originator_version for event in outcome.events]
        stored = digest(states(ledger, outcome.events))
        tell("acknowledged", key=key, patient_id=str(patient_id), versions=versions, digest=stored)
        if stopped.wait(PAUSE_SECONDS):
            return


def tell(word: str, **said: object) -> None:
    # One write of a few hundred bytes reaches the pipe whole or not at all.
    os.write(1, f"{word} {json.dumps(said)}\n".encode())


def main(url: str, name: str, threads: int) -> None:
    stopped = Flag()
    with open_ledger(url, clock=Clock(NOON)) as ledger, ThreadPoolExecutor(threads) as pool:
        for number in range(threads):
            pool.submit(work, ledger, f"{name}.{number}", stopped)
        sys.stdin.read()
        stopped.set()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
