"""One resource of each kind, as it was told first: `python -m tests.api.fhir.golden` writes what is missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

from api.fhir import audit_events, provenance
from domain.ledger.access_log.rows import NumberedAccess
from domain.permissions.disclosure import Access, Purpose, View
from tests import ROOT
from tests.ledger.samples.events import PATIENT, SAMPLES

FOLDER = ROOT / "tests" / "golden" / "fhir"
LEDGER = UUID("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
REGISTER = UUID("12121212-3434-4656-8787-909090909090")
AT = datetime(2026, 5, 6, 7, 8, 9, 100, tzinfo=UTC)
WITH_SUBJECT = {"request": "r1", "document": "f2", "appeal": "a1", "dossier": "a1"}
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


def row(view: View = "eligibility", **changed: Any) -> NumberedAccess:
    known: dict[str, Any] = {
        "at": AT,
        "actor_id": "au.ditor",
        "actor_name": "Audrey Ditor",
        "role": "auditor",
        "patient_id": PATIENT,
        "view": view,
        "subject": f"{PATIENT}.{WITH_SUBJECT[view]}" if view in WITH_SUBJECT else None,
        "purpose": "HOPERAT",
        "through": "api",
        "origin": "192.0.2.7",
        "salt": "0f" * 16,
    }
    return NumberedAccess(REGISTER, 7, Access(**known | changed))


def resources() -> dict[str, dict[str, Any]]:
    """One of each kind, by name."""
    changes = ("HistoryOpened", "DoseCorrected", "DoseVoided", "CourseApproved", "PastDeterminationImported")
    keeping = ("PersonAdmitted", "LinkUsed", "TokenIssued", "SealingKeyNamed")
    reads = {
        "read": row("request"),
        "read-of-everybody": row("worklist", patient_id=None, purpose=None, origin=""),
        "read-of-the-log": row("accesses"),
        "read-by-command-line": row("history", role=None, through="command line", origin="a-machine", purpose=None),
        "export": row("dossier", role=None, through="export", origin="a-machine"),
    }
    histories = ("HistoryOpened", "DoseVoided", "ApprovalExtended", "RequesterAdmitted", "InformationSupplied")
    return (
        {f"AuditEvent-{name}": audit_events.of_change(SAMPLES[name], LEDGER) for name in changes}
        | {f"AuditEvent-{name}": audit_events.of_system_event(SAMPLES[name], LEDGER) for name in keeping}
        | {f"AuditEvent-{name}": audit_events.of_read(one, LEDGER) for name, one in reads.items()}
        | {f"Provenance-{name}": provenance.of_change(SAMPLES[name], LEDGER) for name in histories}
    )


def written(resource: dict[str, Any]) -> str:
    return json.dumps(resource, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, resource in resources().items():
        path = FOLDER / f"{name}.json"
        if not path.exists():
            path.write_text(written(resource))
            print(path.name)
        elif path.read_text() != written(resource):
            raise SystemExit(f"{path.name} is told otherwise now: see that nobody relies on it, then delete it first")
