"""The case file as JSON, and its published JSON Schema."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from pydantic_core import to_json

from projections.dossier.case_file import AppealDossier

SCHEMA_FILE: Final = "dossier.schema.json"


def as_json(dossier: AppealDossier) -> bytes:
    return dossier.model_dump_json(indent=1).encode() + b"\n"


def published_schema() -> bytes:
    """Returns the committed schema, on which readers of case files rely."""
    return (files("api.dossier") / SCHEMA_FILE).read_bytes()


def present_schema() -> bytes:
    """Returns the schema computed from the types. A test compares it with the published one."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:lemtrada-ledger:appeal-dossier:1",
        **AppealDossier.model_json_schema(mode="serialization"),
    }
    return to_json(schema, indent=1) + b"\n"
