"""Names and published schemas as JSON: stored words, environment variables, FHIR ids."""

from __future__ import annotations

import ast
import json
import re
from typing import Any, get_args

from tests import ROOT
from tests.api.fhir.golden import LEDGER as FHIR_LEDGER
from tests.api.fhir.golden import row as access_row
from tests.architecture.program import (
    CSRF_FIELD,
    CSRF_HEADER,
    OPENID_PREFIX,
    OPTIONAL_COLUMNS,
    PACKAGES,
    REQUIRED_COLUMNS,
    SECURITY_LOGGER,
    Access,
    AssessLine,
    Credential,
    DenialReason,
    OpenIDSettings,
    Purpose,
    Role,
    SecurityEvent,
    Through,
    View,
    answers,
    capabilities,
    code_of,
    cookie_name,
    export_layout,
    is_exported,
    is_of_patient,
    of_change,
    of_event,
    outcome,
    published_schema,
    row_id,
    schema_of_import,
    token_of,
)
from tests.architecture.schemas import inlined, without_texts
from tests.ledger.samples.events import SAMPLES

Json = dict[str, Any]


_VARIABLE = re.compile(r"LEMTRADA_[A-Z_]*[A-Z]")


def names() -> Json:
    """Words that are stored or that others write: views, roles, environment variables, cookies, tokens."""
    return {
        "views": list(get_args(View)),
        "purposes": list(get_args(Purpose)),
        "through": list(get_args(Through)),
        "roles": list(get_args(Role)),
        "credentials": list(get_args(Credential)),
        "security events": list(get_args(SecurityEvent)),
        "security reasons": list(get_args(DenialReason)),
        "security logger": SECURITY_LOGGER,
        "environment variables": sorted(_environment_variables()),
        "cookies": [cookie_name(is_secure=False), cookie_name(is_secure=True)],
        "CSRF": {"field": CSRF_FIELD, "header": CSRF_HEADER},
        "token": token_of("0123456789abcdef", "f" * 64),
        "code of a sign-in link": code_of("0123456789abcdef", "f" * 64),
    }


def _environment_variables() -> set[str]:
    """Every whole string `LEMTRADA_...` in the program, and the settings of OpenID."""
    found = {f"{OPENID_PREFIX}{name.upper()}" for name in OpenIDSettings.model_fields}
    for path in (one for package in PACKAGES for one in (ROOT / package).rglob("*.py")):
        if "LEMTRADA_" in (source := path.read_text(encoding="utf-8")):
            texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
            found |= {one for one in texts if isinstance(one, str) and _VARIABLE.fullmatch(one)}
    return found


def fhir() -> Json:
    """Ids and codes of the FHIR resource of each sample event, of two access rows, and the capabilities."""
    resources: Json = {}
    for name, event in SAMPLES.items():
        if is_exported(event):
            resources[f"AuditEvent of {name}"] = _identified(of_event(event, FHIR_LEDGER))
        if is_of_patient(event):
            resources[f"Provenance of {name}"] = _identified(of_change(event, FHIR_LEDGER))
    statuses = (400, 401, 403, 404, 422, 500, 503)
    return {
        "resources": resources,
        "ids of access rows": {view: row_id(access_row(view)) for view in ("request", "worklist")},
        "issue codes": {str(one): outcome(one, "a text")["issue"][0]["code"] for one in statuses},
        "capabilities": _coded(capabilities("a version", "http://ledger.example/fhir")),
    }


def _identified(resource: Json) -> Json:
    """Return the id, the codes and what the resource is about; `tests/golden/fhir` holds some resources whole."""
    shown = ("resourceType", "id", "type", "subtype", "action", "activity", "target", "entity")
    kept: Json = _coded({key: value for key, value in resource.items() if key in shown})
    return kept


_TEXTS_OF_FHIR = frozenset({"display", "documentation", "description", "name", "text", "software"})


def _coded(resource: Any) -> Any:
    """Return a resource without its texts; the names of search parameters are no texts."""
    if isinstance(resource, list):
        return [_coded(one) for one in resource]
    if not isinstance(resource, dict):
        return resource
    is_parameter = resource.keys() >= {"name", "type", "documentation"}
    return {
        key: _coded(value)
        for key, value in resource.items()
        if key not in _TEXTS_OF_FHIR or (key == "name" and is_parameter)
    }


def schemas() -> Json:
    """Every JSON Schema that is published, and the lines of `assess`, which has none."""
    (answered,) = answers([b'{"case_id": "C-1", "as_of": "2026-04-28"}'], full=True)
    output = getattr(answered, "output", {})
    return {
        "a line of an import": without_texts(schema_of_import()),
        "a case file": without_texts(json.loads(published_schema())),
        "a line of assess": inlined(AssessLine.model_json_schema()),
        "an answer of assess --full": {"keys": list(output), "findings": list(output["findings"])},
        "a row of the access log": inlined(Access.model_json_schema()),
    }


def files() -> Json:
    """The names of the files of an export, a line of its access log, and the columns of claim lines."""
    constants = {
        name: value for name, value in vars(export_layout).items() if name.isupper() and isinstance(value, str)
    }
    return {
        "export": constants,
        "export of one checkpoint": [export_layout.note_file(7), export_layout.consistency_file(7)],
        "export of one proof": export_layout.proof_file(7),
        "export of editions": sorted(
            {name for one in export_layout.all_editions() for name in export_layout.edition_files(one)}
        ),
        "line of the access log": json.loads(export_layout.access_line("a register", 1, '{"a":1}')),
        "claim lines": list(REQUIRED_COLUMNS),
        "claim lines, not required": list(OPTIONAL_COLUMNS),
    }
