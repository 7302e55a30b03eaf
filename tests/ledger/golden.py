"""The stored bytes of each event class and version, as they were on the day they were first stored.

`python -m tests.ledger.golden` writes those that are missing and refuses to overwrite any.
"""

from __future__ import annotations

from pathlib import Path

from domain.events import Event
from domain.ledger.mapper import EventMapper
from tests.ledger.samples import SAMPLES

FOLDER = Path(__file__).parent.parent / "golden" / "events"


def golden_file(event_class: type[Event], version: int | None = None) -> Path:
    return FOLDER / f"{event_class.TOPIC}.v{version or event_class.class_version}.json"


def write_missing() -> list[Path]:
    written = []
    for sample in SAMPLES.values():
        path = golden_file(type(sample))
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
