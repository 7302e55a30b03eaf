"""The record of a period of coverage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from domain.events.patient import Funding, LineOfBusiness


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage from a day on. `state` and `funding` decide which deadlines apply. None: not known."""

    on: date
    line_of_business: LineOfBusiness
    state: str | None = None
    funding: Funding | None = None
