"""The golden case files: two histories as they are stored, and every byte of the folders that they give.

`python -m tests.api.dossier.golden_dossiers` writes the folders again from the stored histories, and the
published JSON Schema; with `--tell` the histories are told again by the commands of today.
"""

from __future__ import annotations

import shutil
import sys
from functools import cache
from pathlib import Path
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from pydantic_core import from_json, to_json

from api.dossier.json import SCHEMA_FILE, present_schema
from api.dossier.manifest import entries
from domain.events import PatientEvent
from domain.ledger.event_store import EventMapper
from projections.dossier.case_file import AppealDossier, appeal_dossier
from tests import ROOT
from tests.story import PATIENT, ZONE
from tests.story.cases import CASES, bytes_of

FOLDER = ROOT / "tests" / "golden" / "dossiers"
SCHEMA = ROOT / "api" / "dossier" / SCHEMA_FILE
APPEAL = f"{PATIENT}.a1"


def history_file(case: str) -> Path:
    return FOLDER / f"{case}.history.jsonl"


def stored_events(case: str) -> list[PatientEvent]:
    """The history of a case from its stored bytes."""
    found = []
    for line in history_file(case).read_bytes().splitlines():
        kept = from_json(line)
        stored = StoredEvent(UUID(kept["patient"]), kept["version"], kept["topic"], to_json(kept["state"]))
        found.append(EventMapper().to_domain_event(stored))
    return found


@cache
def golden(case: str) -> AppealDossier:
    return appeal_dossier(stored_events(case), APPEAL, ZONE)


def rendered(case: str) -> dict[str, bytes]:
    """Every file of the folder, by its path."""
    return {one.path: b"".join(one.pieces()) for one in entries(golden(case), bytes_of)}


def kept(case: str) -> dict[str, bytes]:
    folder = FOLDER / case
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def tell(case: str) -> None:
    lines = []
    for event in CASES[case]().events:
        stored = EventMapper().to_stored_event(event)
        patient, version = str(stored.originator_id), stored.originator_version
        state = from_json(stored.state)
        lines.append(to_json({"patient": patient, "version": version, "topic": stored.topic, "state": state}))
    history_file(case).write_bytes(b"\n".join(lines) + b"\n")


def write(case: str) -> None:
    shutil.rmtree(FOLDER / case, ignore_errors=True)
    for path, content in rendered(case).items():
        place = FOLDER / case / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


if __name__ == "__main__":
    SCHEMA.write_bytes(present_schema())
    for name in CASES:
        if "--tell" in sys.argv:
            tell(name)
        write(name)
        print(name)
