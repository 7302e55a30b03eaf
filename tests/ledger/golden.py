"""The stored bytes of each event class and version, as they were on the day they were first stored.

`python -m tests.ledger.golden` writes those that are missing and refuses to overwrite any.
"""

from __future__ import annotations

from pathlib import Path

from domain.ledger.event_store import EventMapper
from tests.ledger.samples.events import SAMPLES

FOLDER = Path(__file__).parent.parent / "golden" / "events"


def golden_file(name: str) -> Path:
    return FOLDER / f"{name}.v{SAMPLES[name].class_version}.json"


def write_missing() -> list[Path]:
    written = []
    for name, sample in SAMPLES.items():
        path = golden_file(name)
        state = EventMapper().to_stored_event(sample).state
        if not path.exists():
            path.write_bytes(state)
            written.append(path)
        elif path.read_bytes() != state:
            raise SystemExit(
                f"{path.name} holds other bytes than are stored now, and is never rewritten:"
                " give the class a new class_version with an upcast"
            )
    return written


if __name__ == "__main__":
    for path in write_missing():
        print(path.name)
