"""Prints the results of commands on standard output, and lines for the user on standard error."""

from __future__ import annotations

import sys
from typing import Any

from pydantic_core import to_json


def print_error(line: str) -> None:
    """Prints an error or a note on standard error. Characters that cannot be encoded are escaped."""
    sys.stderr.buffer.write(line.encode(errors="backslashreplace") + b"\n")
    sys.stderr.flush()


def print_failure(cause: str, remedy: str, outcome: str | None) -> None:
    """Prints why a command failed, in one line. `outcome` says what became of its changes, if it writes."""
    said = f"{cause.rstrip('.')}; {outcome}" if outcome is not None else cause
    print_error(f"{said}: {remedy}")


def print_result(value: Any) -> None:
    """Prints a string as it is, and any other value as indented JSON."""
    text = value.encode() if isinstance(value, str) else to_json(value, indent=2)
    sys.stdout.buffer.write(text + b"\n")
