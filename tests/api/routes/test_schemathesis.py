"""schemathesis over the whole API, on a ledger whose ids it is given.

Two runs fill one table of operation and status: generated cases (about a hundred an operation:
examples of the document, boundary values, random ones), and a seeded case for every status that
the document names. The table is then held against the document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.openapi import from_asgi
from schemathesis.transport.serialization import serialize_binary

from api.app import Application
from api.identity.middleware import AuthenticationMiddleware
from api.routes.commands import COMMAND_ROUTES
from domain.ledger import application
from domain.ledger.application import open_ledger
from domain.ledger.schema import upgrade
from domain.people import Actor, Role
from tests.api import callers
from tests.api.callers import client_of, spoken_for
from tests.api.routes.commands.acts import Api
from tests.api.routes.commands.recipes import OF_PEOPLE, STORE_DOCUMENT, Cook, Recipe, Rival
from tests.api.routes.commands.seeds import Seeds, draw
from tests.clock import Clock
from tests.conftest import NOON, ZONE, seeded
from tests.security.test_roles import AS, MAY
from tests.story import NURSE

CASES = 60
"""How many generated cases an operation is sent at the least; with a body it is two hundred and more."""

CASES_OF_A_ROW = 8
"""And one of the table of further commands: one endpoint serves them all, with bodies of a few fields.

What only their bodies differ in, the validator checks, and `test_http_bad_input` has a table for; a
minute and a half of boundary values would tell no more. So are bytes in and case files out.
"""

ELSEWHERE = r"^/(fhir|seal)|/proof$|/seal$|accesses$"
"""These need a sealed log, or are about all patients: `tests/ledger/sealing` and `tests/api/fhir` have them."""

# Its document asks no ledger; the fixture gives the application one before anything else does.
APP = callers.application()
FEWER = [
    *(f"POST {act.path}" for act in COMMAND_ROUTES),
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
        "negative_data_rejection": {
            "expected-statuses": ["400", "401", "403", "404", "409", "412", "413", "415", "422"]
        },
    },
}


@schemathesis.serializer("application/pdf", "image/tiff")
def as_the_bytes_they_are(_context: object, value: Any) -> bytes:
    return serialize_binary(value)


SCHEMA = from_asgi("/openapi.json", APP, config=SchemathesisConfig.from_dict(SETTINGS)).exclude(path_regex=ELSEWHERE)
DOCUMENTED = {
    (f"{method.upper()} {path}", int(status))
    for path, methods in SCHEMA.raw_schema["paths"].items()
    if re.search(ELSEWHERE, path) is None
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
        fresh = opened.enter_context(client_of(ledger))
        made: Application = fresh.app  # type: ignore[assignment]
        # schemathesis asks the application whose document it read.
        APP.state, APP.authentication, APP.fast_path = (
            made.state,
            AuthenticationMiddleware(APP.answer_authenticated, made.state.identity),
            made.fast_path,
        )
        self.header_of = fresh.header_of
        api = Api(fresh, ledger)
        self.cook = Cook(api, rival, other)
        self.seeds = Seeds(api)

    def speaking(self, actor: Actor) -> dict[str, str]:
        return {"Authorization": self.header_of(actor)}


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


def takes_something(label: str) -> bool:
    """Of an operation that takes no more than an id, fewer cases can be made."""
    method, path = label.split()
    operation = SCHEMA.raw_schema["paths"][path][method.lower()]
    return "requestBody" in operation or any(one["in"] == "query" for one in operation.get("parameters", ()))


def sent(case: Case[Any], **more: Any) -> int:
    """The status of the answer, after every check of schemathesis; counted in the table."""
    response = case.call(**more)
    TABLE[case.operation.label, response.status_code] += 1
    case.validate_response(response)
    return int(response.status_code)


@SCHEMA.parametrize()
def test_generated_cases(case: Case[Any], world: World) -> None:
    GENERATED[case.operation.label] += 1
    # A header that nobody knows is none that a server refuses: a proxy adds what it likes.
    if case.headers.pop("x-schemathesis-unknown-property", None) is not None:
        return
    world.seeds.fit(case)
    made_up = case.headers.pop("Authorization", None)
    if made_up is not None and not str(made_up).startswith("Bearer "):
        # Meant to be none.
        sent(case, headers={"Authorization": str(made_up)})
        return
    sent(case, headers=world.speaking(speaker_of(case)))


def speaker_of(case: Case[Any]) -> Actor:
    """Mostly somebody who may, and sometimes anybody."""
    apart = draw((case.operation.label, case.body, case.path_parameters, case.query))
    may = [role for role, cell in MAY[case.operation.label].items() if cell == "yes" and role in AS]
    chosen = cast("Role", may[apart % len(may)]) if may and apart % 4 else (*AS,)[apart % len(AS)]
    return AS[chosen]


def as_case(world: World, label: str, recipe: Recipe) -> tuple[Case[Any], dict[str, Any]]:
    method, path = label.split()
    said, actor = spoken_for(recipe.body)
    body = {} if said is None else {"body": said, "media_type": "application/json"}
    case = SCHEMA[path][method].Case(path_parameters=recipe.path, query=recipe.query, headers=recipe.headers, **body)
    headers = world.speaking(recipe.speaker or actor or NURSE) | recipe.headers
    if recipe.raw is None:
        return case, {"headers": headers}
    return case, {"data": recipe.raw, "headers": {"Content-Type": "application/json"} | headers}


@pytest.mark.parametrize(("label", "status"), sorted(DOCUMENTED))
def test_a_documented_status_is_reached(world: World, label: str, status: int) -> None:
    case, more = as_case(world, label, world.cook.recipe(label, status))
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
    assert {label for label in operations if GENERATED[label] < at_least(label) and takes_something(label)} == set()


def test_generated_cases_met_records_that_are_there(world: World) -> None:
    if not GENERATED:
        pytest.skip("the generated cases were not run")
    # Of people the seeded cases and `tests/api/identity` ask; here are patients and what is theirs.
    of_patients = {label for label, _ in DOCUMENTED if "{" in label and not label.split()[1].startswith(OF_PEOPLE)}
    enough = {label: at_least(label) // 4 for label in of_patients}
    assert {label for label, count in world.seeds.used.items() if count >= enough[label]} == set(enough)
