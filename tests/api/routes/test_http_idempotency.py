"""The same key answers the same, byte for byte, whatever has happened since."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from httpx2 import Response

from api.http.single_headers import SINGLE
from tests.api.callers import client_of, spoken_for
from tests.api.routes.commands.acts import Api, dose, opening, refused
from tests.api.routes.commands.stage import COMMANDS, Stage, of_caller, renamed, stage
from tests.api.routes.commands.stages import KIND_OF, staged
from tests.clock import Clock
from tests.conftest import OpenLedger

NAMED = ("content-type", "etag", "location")


def told(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    """What of an answer must not change: status, every byte of the body, and the headers that matter."""
    return answer.status_code, answer.content, {name: answer.headers[name] for name in NAMED if name in answer.headers}


Told = tuple[int, bytes, dict[str, str]]


def all_sent(api: Api) -> list[tuple[Callable[[Api], Response], Told]]:
    """Every command once, each with its key, on a history where it succeeds."""
    sent: list[tuple[Callable[[Api], Response], Told]] = []
    for name in (*COMMANDS, *KIND_OF):
        on = stage_of(api, name)

        def send(by: Api, path: str = on.paths[name], body: Any = on.bodies[name], key: str = f"k-{name}") -> Response:
            return by.post(path, body, key=key)

        answer = send(api)
        assert answer.status_code in (200, 201), (name, answer.text)
        sent.append((send, told(answer)))
        # The facts move on: another dose, and where the request is still open, a decision of it.
        assert api.post(f"/patients/{on.patient}/doses", dose("2026-04-23", "INF-later")).status_code == 201
        if "refer" in on.paths:
            api.post(on.paths["refer"], on.bodies["refer"])
    return sent


def stage_of(api: Api, name: str) -> Stage:
    """A history on which this command is accepted."""
    return staged(api, KIND_OF[name], f"M-{name}") if name in KIND_OF else stage(api, f"M-{name}")


def test_every_command_answers_the_same_again(api: Api, open_here: OpenLedger, clock: Clock) -> None:
    sent = all_sent(api)
    stored = api.events_stored()
    assert [told(send(api)) for send, _ in sent] == [answer for _, answer in sent]
    clock.advance(timedelta(days=400))
    ledger = open_here()
    with client_of(ledger) as client:
        after_restart = Api(client, ledger)
        assert [told(send(after_restart)) for send, _ in sent] == [answer for _, answer in sent]
    assert api.events_stored() == stored


@pytest.mark.parametrize("name", COMMANDS)
def test_a_key_that_comes_with_another_body_is_refused(api: Api, name: str) -> None:
    on = stage(api)
    path, body = on.paths[name], on.bodies[name]
    assert api.post(path, body, key="k").status_code in (200, 201)
    stored = on.stored()
    problem = refused(api.post(path, renamed(body), key="k"), 422, "Idempotency-Key")
    assert problem["type"].endswith(":key-reused")
    assert on.stored() == stored


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_key_of_a_row_that_comes_with_another_body_is_refused(api: Api) -> None:
    for name in KIND_OF:
        on = stage_of(api, name)
        path, body = on.paths[name], on.bodies[name]
        assert api.post(path, body, key=name).status_code in (200, 201), name
        refused(api.post(path, renamed(body), key=name), 422, "Idempotency-Key")


def test_a_key_is_its_callers_own_and_of_one_path(api: Api) -> None:
    on = stage(api)
    assert api.post(on.paths["dose"], on.bodies["dose"], key="k").status_code == 201
    other = of_caller(dose("2026-04-22", "INF-other"), "somebody.else")
    assert api.post(on.paths["dose"], other, key="k").status_code == 201
    refused(api.post(on.paths["report"], of_caller(on.bodies["report"], "claims"), key="k"), 422, "Idempotency-Key")
    elsewhere = api.opened("M-2")
    refused(api.post(f"/patients/{elsewhere}/doses", on.bodies["dose"], key="k"), 422, "Idempotency-Key")


def test_a_key_that_cannot_be_one_is_refused(api: Api) -> None:
    for key in ("", "two words", "k" * 201, "ümlaut"):
        raw = api.client.post("/patients", json=opening(), headers=[(b"Idempotency-Key", key.encode("latin-1"))])
        refused(raw, 422, "header.Idempotency-Key")
    assert api.ledger.is_empty()
    assert api.post("/patients", opening(), key="~" * 200).status_code == 201


@pytest.mark.parametrize("keys", [("k", "k"), ("k", "other"), ("k", "two words")])
def test_two_keys_are_refused_and_nothing_is_saved(api: Api, keys: tuple[str, str]) -> None:
    headers = [("Idempotency-Key", one) for one in keys]
    problem = refused(api.client.post("/patients", json=opening(), headers=headers), 422, "header.Idempotency-Key")
    assert problem["detail"] == "header.Idempotency-Key: The header is sent more than once. Nothing was saved."
    assert problem["remedy"] == "Send one Idempotency-Key header."
    assert api.ledger.is_empty()
    assert api.post("/patients", opening(), key="k").status_code == 201


def test_two_keys_are_refused_at_every_command(api: Api) -> None:
    on = stage(api)
    stored = on.stored()
    headers = [("Idempotency-Key", "k"), ("Idempotency-Key", "k")]
    for name in COMMANDS:
        answer = api.client.post(on.paths[name], json=on.bodies[name], headers=headers)
        refused(answer, 422, "header.Idempotency-Key")
    assert on.stored() == stored


@pytest.mark.parametrize("name", SINGLE.values())
def test_no_other_header_of_a_command_may_be_sent_twice(api: Api, name: str) -> None:
    """Of two values, the program would use one, and the client may mean the other."""
    values = {"Content-Type": "application/json", "If-Match": "*", "X-Purpose-Of-Use": "TREAT"}
    headers = [("Content-Type", "application/json")] if name != "Content-Type" else []
    headers += [(name, values.get(name, "k"))] * 2
    content = json.dumps(spoken_for(opening())[0])
    refused(api.client.post("/patients", content=content, headers=headers), 422, f"header.{name}")
    assert api.ledger.is_empty()
    assert refused(api.client.get("/patients/x/courses", headers=headers), 422, f"header.{name}")
    page = api.client.get("/pages/worklist", headers=headers)
    assert (page.status_code, page.headers["content-type"]) == (422, "text/html; charset=utf-8")
    assert name in page.text


def test_a_refusal_is_not_kept(api: Api) -> None:
    """A refused command stored nothing, so its key is free for the corrected one."""
    on = stage(api)
    refused(api.post(on.paths["dose"], dose("2026-05-01"), key="k"), 422, "on")
    assert api.post(on.paths["dose"], dose("2026-04-24"), key="k").status_code == 201


def test_a_stale_if_match_does_not_hide_what_the_key_did(api: Api) -> None:
    on = stage(api)
    tag = api.client.get(f"/patients/{on.patient}/history").headers["etag"]
    first = api.post(on.paths["dose"], on.bodies["dose"], key="k", if_match=tag)
    assert first.status_code == 201
    assert told(api.post(on.paths["dose"], on.bodies["dose"], key="k", if_match=tag)) == told(first)


def test_twins_at_once_get_one_answer(api: Api, open_here: OpenLedger) -> None:
    on = stage(api)
    second = open_here()
    with client_of(second) as client:
        other = Api(client, second)
        for number in range(5):
            together = Barrier(2)
            body = dose(f"2026-04-0{number + 1}")

            def send(by: Api, body: Any = body, key: str = f"k{number}", together: Barrier = together) -> Response:
                together.wait()
                return by.post(on.paths["dose"], body, key=key)

            with ThreadPoolExecutor(2) as threads:
                one, twin = threads.map(send, (api, other))
            assert one.status_code == 201
            assert told(one) == told(twin)
    assert api.version(on.patient) == 4 + 5 + 1
