"""A process that records accesses and commands in several threads until it is killed, and prints what was answered.

    python -m tests.ledger.access_log.looker <url> <name> <threads>

prints a line each, once it was answered: `durable <subject>` of a person's access, `noted <subject>
<seconds>` of a system's with the clock of all processes, `recorded <patient>` of a command.
"""

from __future__ import annotations

import os
import sys
import time
from itertools import count
from threading import Thread

from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger, open_ledger
from tests.ledger.access_log.stored import look
from tests.ledger.acts import opening
from tests.story import CLAIMS, NURSE


def work(ledger: Ledger, log: AccessLog, name: str) -> None:
    for number in count():
        subject = f"{name}.{number}"
        log.record([look(subject)], durable=True)
        tell(f"durable look-{subject}")
        log.record([look(f"{subject}.s", actor=CLAIMS)], durable=False)
        tell(f"noted look-{subject}.s {time.monotonic()}")
        if number % 3 == 0:
            tell(f"recorded {ledger.open_history(opening(f'M-{subject}'), NURSE, key=subject).patient_id}")
        time.sleep(0.005)


def tell(line: str) -> None:
    # One write of a few dozen bytes reaches the pipe whole or not at all.
    os.write(1, f"{line}\n".encode())


def main(url: str, name: str, threads: int) -> None:
    ledger = open_ledger(url)
    log = AccessLog(ledger)
    workers = [Thread(target=work, args=(ledger, log, f"{name}.{number}"), daemon=True) for number in range(threads)]
    for worker in workers:
        worker.start()
    sys.stdin.read()
    log.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
