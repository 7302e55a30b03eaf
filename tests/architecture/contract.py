"""The published contracts, each with its golden file under `tests/golden/contract`.

Run `python -m tests.architecture.contract` to rewrite the golden files deliberately; it prints what it
wrote. Modules of the program are imported in `program.py` alone, so that a move touches that file only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.architecture import golden, rendering_commands, rendering_http, rendering_names, rendering_records

Json = dict[str, Any]

CONTRACTS: dict[str, Callable[[], Json]] = {
    "openapi-operations": rendering_http.operations,
    "openapi-components": rendering_http.components,
    "addresses": rendering_http.addresses,
    "problems": rendering_http.problems,
    "command-line": rendering_commands.command_line,
    "exit-statuses": rendering_commands.exit_statuses,
    "events": rendering_records.events,
    "commands": rendering_records.commands,
    "policy": rendering_records.policy,
    "rows": rendering_records.rows,
    "sql": rendering_records.sql,
    "names": rendering_names.names,
    "fhir": rendering_names.fhir,
    "schemas": rendering_names.schemas,
    "files": rendering_names.files,
}
"""Each golden file by its name, and the function that renders what the program publishes now."""


def check(name: str) -> None:
    """Fail the test with a list of what changed if a contract differs from its golden file."""
    message = golden.complaint(name, CONTRACTS[name]())
    if message is not None:
        pytest.fail(message, pytrace=False)


def rewrite() -> list[Path]:
    """Write every golden file that differs and delete those of contracts that no longer exist."""
    changed = [path for name, render in CONTRACTS.items() if (path := golden.write(name, render())) is not None]
    for path in sorted(golden.FOLDER.glob("*.json")):
        if path.stem not in CONTRACTS:
            path.unlink()
            changed.append(path)
    return changed


if __name__ == "__main__":
    for one in rewrite():
        print(f"wrote {one.name}" if one.exists() else f"deleted {one.name}")
