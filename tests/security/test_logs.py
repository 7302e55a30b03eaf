"""A real server, a patient's whole case over HTTP, and every fault on the way: no patient data is written anywhere.

What the process says on standard output and standard error, its URLs, the headers of its answers and
the bodies of its errors are searched for all that was planted: names, numbers, days, free texts, tokens.
"""

from __future__ import annotations

import re
import signal
import socket
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import UUID

import pytest
from httpx2 import Response

from api.identity import Identity, headers_for
from domain.ledger.application import Ledger, open_ledger
from domain.people import Actor
from tests.api.callers import Speaking
from tests.api.routes.commands.acts import APPEALS, FAILS, NURSE, OFFICE, PHYSICIAN, Api, dose, opening, request
from tests.api.server.server import Server, served
from tests.ledger.encryption.test_encrypted_ledger import replace_state, states
from tests.security.test_http_privacy import wrong_bodies

GIVEN, FAMILY, MEMBER_ID, BORN = "Zenobia", "Quillfeather", "SECRET-4711", "1977-07-09"
NAME = f"{GIVEN} {FAMILY}"
DOCTOR, RELATIVE, TEXT, WRITTEN = "Plantdoctor", "Plantrelative", "Planted-free-text", "Planted-in-a-document"
PLANTED = (GIVEN, FAMILY, MEMBER_ID, BORN, "1977-07", DOCTOR, RELATIVE, TEXT, WRITTEN)
FREE = f"{TEXT} about {NAME}, born {BORN}"
MEMBER = {"issuer": "plan", "member_id": MEMBER_ID}
LINK = re.compile(r"""["'=](?:https?:/)?/[^"'\s<>]*""")


WRONG_PATHS = (
    f"/patients/{MEMBER_ID}",
    f"/{NAME}",
    f"/patients/{NAME}/history",
    f"/requests/{{patient}}.r{MEMBER_ID}",
    f"/documents/{FREE}",
    f"/appeals/{{patient}}.a1/{NAME}",
    f"/patients/{{patient}}/{BORN}/{TEXT}",
)
WRONG_HEADERS = (
    ("If-Match", NAME),
    ("If-None-Match", NAME),
    ("X-Purpose-Of-Use", TEXT),
    ("Accept", TEXT),
    ("Idempotency-Key", NAME * 50),
    ("Origin", f"https://{FAMILY}.example"),
    ("Content-Type", f"text/{FAMILY}"),
    ("Host", MEMBER_ID),
    ("Authorization", f"Bearer {TEXT}"),
    ("Authorization", f"Basic {TEXT}"),
    ("Cookie", f"a={TEXT}"),
    ("X-Forwarded-For", FAMILY),
    ("User-Agent", NAME),
    ("Referer", f"https://x/{FAMILY}"),
)


def told_in(text: str, secrets: tuple[str, ...]) -> list[str]:
    """What of it stands in a text, as it is or as a URL writes it."""
    return [one for one in secrets if one in text or quote(one, safe="") in text]


@dataclass
class Journey:
    """The answers, each of them checked when it is received."""

    server: Server
    client: Speaking
    api: Api
    secrets: tuple[str, ...]
    statuses: list[int] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    errors: int = 0

    def looked_at(self, answer: Response) -> None:
        answer.read()
        self.statuses.append(answer.status_code)
        self.paths.add(urlsplit(str(answer.request.url)).path)
        # What was sent stands in the request; the answer's own words are these.
        assert told_in(str(answer.headers), self.secrets) == [], answer.headers
        assert told_in(" ".join(LINK.findall(answer.text)), self.secrets) == []
        tokens = tuple(one for one in self.secrets if one not in PLANTED)
        assert told_in(answer.text, tokens) == []
        if answer.status_code >= 400:
            self.errors += 1
            assert told_in(answer.text, self.secrets) == [], answer.text


@contextmanager
def journey_on(server: Server, ledger: Ledger, tokens: dict[Actor, str]) -> Iterator[Journey]:
    bare = tuple(one.removeprefix("Bearer ") for one in tokens.values())
    with server.client() as client:
        client.header_of = tokens.__getitem__
        journey = Journey(server, client, Api(client, ledger), (*PLANTED, *bare))
        client.event_hooks = {"response": [journey.looked_at]}
        yield journey


# -- what happens on the way ------------------------------------------------------------------


def now() -> str:
    """The server's clock is the machine's."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def live(api: Api) -> dict[str, str]:
    """A patient is found, a request denied, an appeal heard, doses recorded; the ids of all of these."""
    patient = api.opened(MEMBER_ID, name=NAME, birth_date=BORN)
    assert api.did("/patients/find", {"member": MEMBER})["patient_id"] == patient
    prescriber = {"name": f"Dr {DOCTOR}", "specialty": "neurology"}
    seen = api.submitted(patient, FAILS, prescriber=prescriber)
    request_id = seen["request"]["request_id"]
    stored = api.stored(patient, b"%PDF-1.7 " + WRITTEN.encode()) | {"name": f"{TEXT} {NAME}"}
    api.did_to(request_id, "supply-information", OFFICE, received_at=now(), documents=[stored])
    seen = {"request": {"request_id": request_id}, "assessment_digest": api.digest(request_id)}
    assert api.decided("deny", seen, PHYSICIAN, citing=["1.A.iii"], rationale=FREE).status_code == 200
    notice = {"kind": "denial", "channel": "mail", "addressee": NAME, "issued_at": now()}
    api.post(f"/requests/{request_id}/notices", {"actor": NURSE} | notice)
    filer = {"name": f"Mr {RELATIVE}", "relation": "representative"}
    named = {"actor": NURSE, "name": f"Mr {RELATIVE}", "relationship": "appointed"}
    api.post(f"/patients/{patient}/representative", named)
    appeal = api.appealed(request_id, now(), grounds=FREE, filer={"name": NAME, "relation": "patient"})
    api.post(
        f"/requests/{request_id}/appeals", {"actor": OFFICE, "received_at": now(), "grounds": FREE, "filer": filer}
    )
    api.did_to(appeal, "evidence", OFFICE, received_at=now(), note=FREE)
    api.did_to(appeal, "decide", APPEALS, assessment_digest=api.digest(request_id), outcome="upheld",
               citing=["1.A.iii"], rationale=FREE)  # fmt: skip
    second = api.submitted(patient, prescriber=prescriber)
    assert api.decided("approve", second).status_code == 200
    given = api.dosed(patient, "2026-04-27")[0]["dose_id"]
    api.did(f"/doses/{given}/void", {"actor": NURSE, "reason": FREE})
    return {"patient": patient, "request": request_id, "appeal": appeal, "second": second["request"]["request_id"]}


def asked_about(journey: Journey, ids: dict[str, str]) -> None:
    """Every question of the API, by the templates of its own description, with ids that are there."""
    api = journey.api
    document = f"{ids['patient']}.f1"
    values = {"patient_id": ids["patient"], "request_id": ids["request"], "appeal_id": ids["appeal"], "course": "1"}
    values |= {"document_id": document, "event_version": "1"}
    questions = [path for path, does in api.asked("/openapi.json")["paths"].items() if "get" in does]
    assert len(questions) > 15
    for path in questions:
        api.client.get(path.format_map(defaultdict(lambda: ids["patient"], values)))
        api.client.get(
            path.format_map(defaultdict(lambda: ids["patient"], values)), params={"q": NAME, MEMBER_ID: BORN}
        )
    for form in ("", ".html", ".json", ".pdf"):
        assert api.client.get(f"/appeals/{ids['appeal']}/dossier{form}").status_code < 400


def everything_wrong(journey: Journey, ids: dict[str, str]) -> None:
    api, patient = journey.api, ids["patient"]
    born = opening(MEMBER_ID, name=NAME, birth_date=BORN)
    bodies = {"open": ("/patients", born), "submit": (f"/patients/{patient}/requests", request()),
              "dose": (f"/patients/{patient}/doses", dose("2026-04-20", TEXT))}  # fmt: skip
    for command, (path, body) in bodies.items():
        for number, wrong in enumerate(wrong_bodies(body, command)):
            # Each kind of fault comes many times.
            if number % 6 == 0:
                api.post(path, wrong, key=f"{command}-{number}-{NAME}")
    api.post("/patients", born)
    api.post("/patients/find", {"member": MEMBER | {"member_id": f"{MEMBER_ID}-2"}})
    api.post("/patients/find", {"member": NAME})
    for content in (f'{{"name": "{NAME}"'.encode(), b"\xff" + NAME.encode(), NAME.encode() * 15_000):
        api.client.post("/patients", content=content, headers={"Content-Type": "application/json"})
        api.client.post(
            f"/patients/{patient}/documents", content=b"\0" + content[:1_000], headers={"Content-Type": NAME}
        )
    for path in WRONG_PATHS:
        for ask in (api.client.get, api.client.post, api.client.delete, api.client.put):
            ask(path.format(patient=patient), params={"name": NAME, "born": BORN, "member": MEMBER_ID})
    for name, value in WRONG_HEADERS:
        api.client.post(f"/patients/{patient}/doses", json=dose("2026-04-20", TEXT), headers={name: value})


def spoken_in_no_http(server: Server) -> None:
    """Bytes that are no request, and requests that end in the middle."""
    address = urlsplit(server.url)
    assert address.hostname is not None
    for raw in (
        f"{NAME}\r\n\r\n",
        f"GET /{MEMBER_ID} {TEXT}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {FAMILY}\r\n{NAME}\r\n\r\n",
        f"POST /patients HTTP/1.1\r\nHost: localhost\r\nContent-Length: x{TEXT}\r\n\r\n",
        f"POST /patients HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{TEXT}\r\n",
        f"POST /patients HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{FREE}",
    ):
        with socket.create_connection((address.hostname, address.port or 80), timeout=5) as line:
            line.sendall(raw.encode())
            line.shutdown(socket.SHUT_WR)
            answered = b""
            while piece := line.recv(65_536):
                answered += piece
        assert told_in(answered.decode("latin-1"), PLANTED) == []


def broken(url: str, ledger: Ledger, journey: Journey, patient: str) -> None:
    """The patient's history is damaged in the store, with the name in the damage: every question is a server error."""
    numbers = [
        number for number, event in ledger.events_since(0) if getattr(event, "patient_id", None) == UUID(patient)
    ]
    before = states(url)[numbers[-1] - 1]
    replace_state(url, numbers[-1], before[:-1] + f', "{NAME}": "{FREE}"}}'.encode())
    for what in ("history", "audit-trail"):
        # On a line of its own: after a fault of its own the server hangs up.
        with journey.server.client() as client:
            client.header_of = journey.client.header_of
            client.event_hooks = {"response": [journey.looked_at]}
            assert client.get(f"/patients/{patient}/{what}").status_code == 500


# -- the tests --------------------------------------------------------------------------------


@pytest.fixture
def tokens(ledger_url: str) -> dict[Actor, str]:
    """Of everybody who speaks on the way, issued before the server starts."""
    with open_ledger(ledger_url) as ledger:
        identity = Identity(ledger)
        actors = [Actor.model_validate(one) for one in (NURSE, OFFICE, PHYSICIAN, APPEALS, dose()["actor"])]
        return {actor: headers_for(identity, actor)["Authorization"] for actor in actors}


def all_that_it_said(server: Server) -> str:
    """After it stopped as a service is stopped."""
    server.process.send_signal(signal.SIGTERM)
    printed, _ = server.process.communicate(timeout=60)
    return printed + server.said.read_text()


def test_a_whole_journey_leaves_nothing_of_a_patient_in_any_log_url_or_error(
    ledger_url: str, tmp_path: Path, tokens: dict[Actor, str]
) -> None:
    with (
        open_ledger(ledger_url) as ledger,
        served(ledger_url, tmp_path / "said") as server,
        journey_on(server, ledger, tokens) as journey,
    ):
        ids = live(journey.api)
        asked_about(journey, ids)
        everything_wrong(journey, ids)
        broken(ledger_url, ledger, journey, ids["patient"])
        spoken_in_no_http(server)
        assert {200, 201, 400, 401, 403, 404, 405, 409, 413, 415, 421, 422, 500} <= set(journey.statuses)
        assert journey.errors > 150
        said = all_that_it_said(server)
    # It was heard: what failed by our own fault, and who was turned away, is said by kind.
    assert "A request failed: " in said
    assert '"event": "access_denied"' in said
    assert told_in(said, (*journey.secrets, ids["patient"])) == []


SAID: tuple[Callable[[str], str], ...] = (
    lambda secret: f"INFO: GET /patients/find?name={secret}",
    lambda secret: f"INFO: GET /patients/{quote(secret, safe='')}",
    lambda secret: f'ValueError: {{"name": "{secret}"}}',
)


@pytest.mark.parametrize("secret", [*PLANTED, "lml_token"])
@pytest.mark.parametrize("said", SAID, ids=["query", "path", "exception"])
def test_the_search_would_find_it(secret: str, said: Callable[[str], str]) -> None:
    assert secret in told_in(f"one line\n{said(secret)}\nanother", (*PLANTED, "lml_token"))
