"""What commands print: results on standard output, and one-line errors on standard error."""

from __future__ import annotations

import sys
from typing import Any

from pydantic_core import to_json


def complain(line: str) -> None:
    sys.stderr.buffer.write(line.encode(errors="backslashreplace") + b"\n")
    sys.stderr.flush()


def print_result(value: Any) -> None:
    text = value.encode() if isinstance(value, str) else to_json(value, indent=2)
    sys.stdout.buffer.write(text + b"\n")
