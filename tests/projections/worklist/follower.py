"""A process that keeps the worklist up to date, and rebuilds it now and then.

    python -m tests.projections.worklist.follower <url> <rebuilds: yes or no>

prints a line once it has caught up for the first time, and runs until it is killed or its
standard input ends.
"""

from __future__ import annotations

import sys
from threading import Event, Thread

from domain.ledger.application import open_ledger
from projections.worklist import runner
from projections.worklist.runner import catch_up, rebuild
from tests.clock import Clock
from tests.conftest import NOON


def main(url: str, rebuilds: str) -> None:
    stopped = Event()
    Thread(target=lambda: (sys.stdin.read(), stopped.set()), daemon=True).start()
    # So small that a kill finds one in the middle.
    runner.EVENTS_AT_ONCE = runner.PATIENTS_AT_ONCE = 3  # type: ignore[misc]
    with open_ledger(url, clock=Clock(NOON)) as ledger:
        position = catch_up(ledger).position
        print("following", flush=True)
        while not stopped.is_set():
            if rebuilds == "yes":
                rebuild(ledger)
            position = catch_up(ledger).position
            ledger.wait_beyond(position, 0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
