"""The published JSON Schema of the file of deadlines, `deadlines.schema.json` in this folder.

A test checks that the file is current.
"""

from __future__ import annotations

from typing import Any

from domain.deadline_terms.plan_rows import PlanDeadlines


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the file that `LEMTRADA_DEADLINES` names."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:lemtrada-ledger:schema:deadlines:1",
        **PlanDeadlines.model_json_schema(),
        "title": "The deadlines of a plan for the Lemtrada authorization ledger",
    }
