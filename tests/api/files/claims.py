"""Claim lines for the tests, and the results of their imports."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from api.files.import_intake import Intake, LineOutcome
from domain.events.patient import Member
from domain.history.state import PatientHistory
from domain.ledger.application import Ledger

REPORTS: Final = Path(__file__).parent / "field_reports"
PERSON: Final = {"kind": "history", "reference": "H-1", "member": {"member_id": "M-1"}, "name": "Alma Synthetic",
                 "birth_date": "1988-05-17"}  # fmt: skip


def claim(reference: str = "C-1", day: int | None = 4, units: object = 12, **values: Any) -> dict[str, Any]:
    line = {"kind": "claim", "reference": reference, "member": {"member_id": "M-1"}, "hcpcs": "J0202", "units": units}
    return line | ({} if day is None else {"on": f"2024-03-{day:02}"}) | values


def table(*claims: dict[str, Any]) -> list[bytes]:
    """The same lines as CSV, with a column for each field that one of them has."""
    columns = {"member": "member", "on": "date_of_service", "hcpcs": "hcpcs", "units": "units",
               "reference": "claim_reference", "claim_status": "claim_status", "frequency_code": "frequency_code",
               "original_reference": "original_reference"}  # fmt: skip
    rows = [one | {"member": one["member"]["member_id"]} for one in claims]
    cells = [[str(one.get(name, "")) for name in columns] for one in rows]
    return [",".join(row).encode() + b"\n" for row in ([*columns.values()], *cells)]


def imported(intake: Intake, *lines: dict[str, Any]) -> list[LineOutcome]:
    return list(intake.json_lines([json.dumps(one).encode() + b"\n" for one in lines]))


def results(outcomes: Iterable[LineOutcome]) -> list[tuple[str, str | None]]:
    return [(one.fate, one.result) for one in outcomes]


def history(ledger: Ledger, member: str = "M-1") -> PatientHistory:
    patient_id = ledger.find(Member(member_id=member))
    assert patient_id is not None
    return ledger.history(patient_id)
