"""Names that others write or store do not change: views, roles, environment variables, FHIR ids, JSON Schemas."""

from __future__ import annotations

from tests.architecture.contract import check


def test_stored_and_configured_names_are_the_published_ones() -> None:
    """Views of the access log, roles, credentials, environment variables, cookies, tokens, security log."""
    check("names")


def test_fhir_ids_and_codes_are_the_published_ones() -> None:
    """Of every sample event. `tests/api/fhir/test_mapping.py` compares whole resources."""
    check("fhir")


def test_the_names_of_exported_and_imported_files_are_the_published_ones() -> None:
    """Of the files of an export and their lines, and of the columns of claim lines."""
    check("files")


def test_the_published_json_schemas_are_the_same() -> None:
    """Of an import line and of a case file, without texts; and the keys of `assess`."""
    check("schemas")
