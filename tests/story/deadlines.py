"""The deadlines of a plan that differ from the built-in rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from domain.deadline_terms.rows import TERMS
from domain.deadline_terms.table import DeadlineTable

TWO_LEVELS: Final = DeadlineTable(own=tuple(replace(row, appeal_levels=2) for row in TERMS if row.line == "commercial"))
"""A plan with two levels of appeal for commercial coverage."""
