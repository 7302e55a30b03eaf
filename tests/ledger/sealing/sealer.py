"""A sealing process that seals and signs until it is killed.

python -m tests.ledger.sealing.sealer DATABASE FOLDER BATCH LEASE_SECONDS
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from domain.ledger.application import open_ledger
from domain.ledger.sealing import sealing as sealing_module
from domain.ledger.sealing import store
from domain.ledger.sealing.sealing import LeaseHeldElsewhere, Sealing
from domain.ledger.sealing.signer import Signer


def main() -> None:
    url, folder, batch, lease_seconds = sys.argv[1:]
    # Small batches and a short lease, so that there are many moments to be killed in, and little waiting after.
    sealing_module.BATCH = int(batch)  # type: ignore[misc]
    store.LEASE_SECONDS = int(lease_seconds)  # type: ignore[misc]
    with open_ledger(url) as ledger:
        sealing = Sealing(ledger, Signer(Path(folder), os.urandom), Path(folder) / "published")
        print("sealing", flush=True)
        while True:
            try:
                sealing.seal()
                sealing.sign()
            except LeaseHeldElsewhere:
                pass
            ledger.wait_beyond(sealing.position, 0.01)


if __name__ == "__main__":
    main()
