"""The case file as JSON, and the JSON Schema that it is published with."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from pydantic_core import to_json

from projections.dossier.case_file import AppealDossier

SCHEMA_FILE: Final = "dossier.schema.json"


def as_json(told: AppealDossier) -> bytes:
    return told.model_dump_json(indent=1).encode() + b"\n"


def published_schema() -> bytes:
    """As it is committed: whoever reads a case file may rely on it."""
    return (files("api.dossier") / SCHEMA_FILE).read_bytes()


def present_schema() -> bytes:
    """From the value's own types; a test holds the published one against it."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:lemtrada-ledger:appeal-dossier:1",
        **AppealDossier.model_json_schema(mode="serialization"),
    }
    return to_json(schema, indent=1) + b"\n"
