"""schemathesis over the whole API, on a ledger whose ids it is given.

Two runs fill one table of operation and status: generated cases (about a hundred an operation:
examples of the document, boundary values, random ones), and a seeded case for every status that
the document names. The table is then held against the document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.openapi import from_asgi
from schemathesis.transport.serialization import serialize_binary
from starlette.testclient import TestClient

from api.acts import ACTS
from api.app import create_app
from domain.ledger import application
from domain.ledger.application import open_ledger
from domain.ledger.schema import upgrade
from tests.api.acts import Api
from tests.api.recipes import STORE_DOCUMENT, Cook, Recipe, Rival
from tests.api.seeds import Seeds
from tests.clock import Clock
from tests.conftest import NOON, ZONE, seeded

CASES = 60
"""How many generated cases an operation is sent at the least; with a body it is two hundred and more."""

CASES_OF_A_ROW = 8
"""And one of the table of further commands: one endpoint serves them all, with bodies of a few fields.

What only their bodies differ in, the validator checks, and `test_http_bad_input` has a table for; a
minute and a half of boundary values would tell no more. So are bytes in and case files out.
"""

# The document asks no ledger; the fixture gives the application one before anything else does.
APP = create_app(None)  # type: ignore[arg-type]
FEWER = [
    *(f"POST {act.path}" for act in ACTS),
    STORE_DOCUMENT,
    *(f"GET {path}" for path in APP.openapi()["paths"] if "/dossier" in path),
]

SETTINGS: dict[str, Any] = {
    "seed": 20260428,
    "generation": {"deterministic": True, "max-examples": 50, "database": "none"},
    # The boundary values of a body alone are a hundred and more.
    "operations": [
        {
            "include-name": FEWER,
            "generation": {"max-examples": CASES_OF_A_ROW},
            "phases": {"coverage": {"enabled": False}},
        },
        {"include-method": "POST", "generation": {"max-examples": 25}},
    ],
    # Nothing is switched off. A body that fits its schema can still not fit the record: a dose
    # in the future, a day before the first edition, a stale If-Match.
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "403", "404", "409", "412", "422"]},
        "negative_data_rejection": {"expected-statuses": ["400", "403", "404", "409", "412", "415", "422"]},
    },
}


@schemathesis.serializer("application/pdf", "image/tiff")
def as_the_bytes_they_are(_context: object, value: Any) -> bytes:
    return serialize_binary(value)


SCHEMA = from_asgi("/openapi.json", APP, config=SchemathesisConfig.from_dict(SETTINGS))
DOCUMENTED = {
    (f"{method.upper()} {path}", int(status))
    for path, methods in SCHEMA.raw_schema["paths"].items()
    for method, operation in methods.items()
    for status in operation["responses"]
    if int(status) < 500
}
TABLE: Counter[tuple[str, int]] = Counter()
GENERATED: Counter[str] = Counter()


class World:
    """One ledger for the module, with records whose ids are known."""

    def __init__(self, url: str, opened: ExitStack) -> None:
        rival = Rival(seeded(1))
        ledger = opened.enter_context(open_ledger(url, clock=Clock(NOON), entropy=rival))
        other = opened.enter_context(open_ledger(url, clock=Clock(NOON), entropy=seeded(2)))
        APP.state.ledger = ledger
        api = Api(opened.enter_context(TestClient(APP)), ledger)
        self.cook = Cook(api, rival, other)
        self.seeds = Seeds(api)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    url = f"sqlite:///{tmp_path_factory.mktemp('fuzzed') / 'ledger.sqlite'}"
    upgrade(url, zone=ZONE, entropy=seeded(0))
    with ExitStack() as opened, pytest.MonkeyPatch.context() as patched:
        # A rival who is always first need not be so a hundred times.
        patched.setattr(application, "ATTEMPTS", 3)
        yield World(url, opened)


def at_least(label: str) -> int:
    """How many cases are generated for an operation."""
    return CASES_OF_A_ROW if label in FEWER else CASES


def sent(case: Case[Any], **more: Any) -> int:
    """The status of the answer, once every check of schemathesis has looked at it; counted in the table."""
    response = case.call(**more)
    TABLE[case.operation.label, response.status_code] += 1
    case.validate_response(response)
    return int(response.status_code)


@SCHEMA.parametrize()
def test_generated_cases(case: Case[Any], world: World) -> None:
    GENERATED[case.operation.label] += 1
    world.seeds.fit(case)
    sent(case)


def as_case(label: str, recipe: Recipe) -> tuple[Case[Any], dict[str, Any]]:
    method, path = label.split()
    body = {} if recipe.body is None else {"body": recipe.body, "media_type": "application/json"}
    case = SCHEMA[path][method].Case(path_parameters=recipe.path, query=recipe.query, headers=recipe.headers, **body)
    if recipe.raw is None:
        return case, {}
    return case, {"data": recipe.raw, "headers": {"Content-Type": "application/json"} | recipe.headers}


@pytest.mark.parametrize(("label", "status"), sorted(DOCUMENTED))
def test_a_documented_status_is_reached(world: World, label: str, status: int) -> None:
    case, more = as_case(label, world.cook.recipe(label, status))
    assert sent(case, **more) == status


def test_the_table_is_the_documents() -> None:
    """A status that is newly documented fails here until a case reaches it, and so does one that is not documented."""
    if not GENERATED or not TABLE:
        pytest.skip("this test is about a whole run of this file in one process")
    reached = {key for key, count in TABLE.items() if count}
    assert not DOCUMENTED - reached
    # 405 belongs to no operation: it answers the methods that a path doesn't have.
    assert not {(label, status) for label, status in reached if status != 405} - DOCUMENTED
    operations = {label for label, _ in DOCUMENTED}
    assert operations == {label for label, status in reached if status < 300}
    assert {label for label in operations if GENERATED[label] < at_least(label) and "health" not in label} == set()


def test_generated_cases_met_records_that_are_there(world: World) -> None:
    if not GENERATED:
        pytest.skip("the generated cases were not run")
    enough = {label: at_least(label) // 4 for label, _ in DOCUMENTED if "{" in label}
    assert {label for label, count in world.seeds.used.items() if count >= enough[label]} == set(enough)
