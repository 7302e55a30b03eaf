"""The list of changes after which the program does the same, each with the reason: `equivalent.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True, slots=True)
class Equivalent:
    """One change that no test can find, and why. The fields are those of `Change`."""

    module: str
    function: str
    original: str
    changed: str
    reason: str
    occurrence: int = 1

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        return self.module, self.function, self.original, self.changed, self.occurrence


def equivalents(file: Path = FILE) -> list[Equivalent]:
    """The entries of the list. Raises TypeError for an entry with another field or a missing one."""
    listed: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8")).get("equivalent", [])
    return [Equivalent(**one) for one in listed]
