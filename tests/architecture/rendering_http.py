"""The HTTP contract as JSON: operations, schemas, URLs and problem types."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import redirect_stderr
from functools import cache
from io import StringIO
from typing import Any

from eventsourcing.persistence import PersistenceError
from fastapi import FastAPI, Request
from starlette.routing import Match
from starlette.testclient import TestClient

from tests.api.callers import application
from tests.architecture.program import (
    BodyTooLarge,
    DocumentDamaged,
    KnownHostsOnly,
    LedgerError,
    NoRole,
    NotKnown,
    ProviderUnreachable,
    StoreError,
    UnreadableBody,
    WrongContentType,
    answer_to,
    cross_site,
    install,
    missing_csrf,
    refused_header,
    subclasses,
    unknown_purpose,
)
from tests.architecture.schemas import without_texts

Json = dict[str, Any]


@cache
def _document() -> Json:
    return without_texts(application().openapi())  # type: ignore[no-any-return]


def operations() -> Json:
    """Every operation of the OpenAPI document: operationId, parameters, body, responses, security."""
    return {
        f"{method.upper()} {path}": operation
        | {"parameters": {f"{one['in']} {one['name']}": one for one in operation.get("parameters", [])}}
        for path, methods in _document()["paths"].items()
        for method, operation in methods.items()
    }


def components() -> Json:
    """Every schema and security scheme of the OpenAPI document, by name."""
    return {kind: dict(named) for kind, named in _document()["components"].items()}


def addresses() -> Json:
    """Every URL, pages included, and the path template that answers a request sent to it.

    Where several routes share an address, the first one answers; it is pinned by the name of its function.
    """
    routes: list[Any] = list(application().routes)
    # The application answers HEAD as GET.
    every = [(method, route) for route in routes for method in route.methods | {"HEAD"} if accepts(route, method)]
    number = Counter((method, route.path) for method, route in every)
    found: Json = {}
    for method, route in every:
        path = route.path.replace("{", "").replace("}", "")
        scope = {"type": "http", "method": "GET" if method == "HEAD" else method, "path": path, "headers": []}
        answering = next(one for one in routes if one.matches(scope)[0] is Match.FULL)
        is_shared = number[method, route.path] > 1
        found[f"{method} {route.path}"] = f"{answering.path} by {answering.name}" if is_shared else answering.path
    return found


def accepts(route: Any, method: str) -> bool:
    return method in route.methods or (method == "HEAD" and "GET" in route.methods)


def problems() -> Json:
    """Every problem type with its status, by the name of the error or the cause."""
    kinds = {name: kind for name, kind in subclasses(LedgerError).items() if kind is not LedgerError}
    errors = {name: kind("a cause", remedy="a remedy") for name, kind in kinds.items()}
    failures: dict[str, Exception] = {
        **errors,
        "UnreadableBody": UnreadableBody("a cause"),
        "WrongContentType": WrongContentType(),
        "BodyTooLarge": BodyTooLarge(1),
        "StoreError": StoreError("a cause", "a remedy"),
        "DocumentDamaged": DocumentDamaged(),
        "PersistenceError": PersistenceError(),
        "any other exception": RuntimeError(),
    }
    app = FastAPI(openapi_url=None)
    install(app)

    @app.get("/raised/{name}")
    def raised(name: str) -> None:
        raise failures[name]

    @app.get("/number/{number}")
    def number(number: int) -> int:
        return number

    with TestClient(app, raise_server_exceptions=False) as client:
        found = {name: _problem(client.get(f"/raised/{name}")) for name in failures}
        found["a field that is invalid"] = _problem(client.get("/number/none"))
        found["a path that does not exist"] = _problem(client.get("/nothing"))
        found["a method that is not allowed"] = _problem(client.post("/number/1"))
    # The security log writes a line about each of the next two.
    with redirect_stderr(StringIO()):
        with TestClient(KnownHostsOnly(app), base_url="http://elsewhere.example") as client:
            found["a host that is not served"] = _problem(client.get("/number/1"))
        with TestClient(KnownHostsOnly(app), base_url="http://127.0.0.1") as client:
            answer = client.get("/number/1", headers={"Origin": "https://elsewhere.example"})
            found["an origin that is not served"] = _problem(answer)
    of_a_command = Request({"type": "http", "method": "POST", "path": "/", "headers": []})
    refusals = {
        "NotKnown": answer_to(NotKnown("a cause")),
        "NoRole": answer_to(NoRole("a cause")),
        "ProviderUnreachable": answer_to(ProviderUnreachable()),
        "a store that fails during authentication": answer_to(StoreError("a cause", "a remedy")),
        "a purpose that is unknown": unknown_purpose(),
        "a header that is sent twice": refused_header(of_a_command, "If-Match"),
        "a request from another site": cross_site(),
        "a session without its CSRF token": missing_csrf(),
    }
    return found | {name: _problem(answer) for name, answer in refusals.items()}


def _problem(answer: Any) -> Json:
    body = json.loads(answer.body if hasattr(answer, "body") else answer.content)
    named = ("content-type", "retry-after", "connection", "www-authenticate", "allow")
    headers = {name: answer.headers[name] for name in named if name in answer.headers}
    return {"type": body["type"], "status": answer.status_code, "headers": headers, "members": sorted(body)}
