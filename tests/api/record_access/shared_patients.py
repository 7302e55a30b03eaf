"""The same acts of one office on two ledgers: alone on one, and on the other with another office on the same patients.

On the second ledger, each act of the office is followed by an event that is about the other office alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast

from httpx2 import Response
from starlette.testclient import TestClient

from api.record_access.patient_access import patient_of
from domain.ledger.application import open_ledger
from domain.ledger.sealing.sealing import Sealing
from domain.people import Actor
from tests.api.callers import client_of
from tests.api.routes.commands.acts import NURSE, PENDS, Api, Json, request, sent_by
from tests.api.routes.commands.recipes import Cook, Recipe, Rival
from tests.api.routes.commands.stage import Stage, stage
from tests.api.routes.commands.stages import Kind, staged
from tests.clock import Clock
from tests.conftest import NOON, ZONE, seeded
from tests.security.test_roles import Asking
from tests.story import OFFICE, OTHER_OFFICE

OTHER = sent_by(OTHER_OFFICE)


@dataclass(frozen=True)
class SharedApi(Api):
    """Acts as `Api`. `neighbors` has the other office's request of each patient, or "" before it has one.

    None: there is no other office.
    """

    clock: Clock
    neighbors: dict[str, str] | None

    def post(self, path: str, body: Any, *headers: Any, **more: Any) -> Response:
        # With a clock that stands still, the events of a history would be a microsecond apart.
        self.clock.advance(timedelta(seconds=1))
        answer = super().post(path, body, *headers, **more)
        if self.neighbors is not None and answer.status_code in (200, 201):
            of_new = path == "/patients"
            patient = str(answer.json()["patient_id"] if of_new else patient_of(path.split("/")[2]))
            self._neighbor_acts(self.neighbors, patient, path, body)
        return answer

    def _neighbor_acts(self, neighbors: dict[str, str], patient: str, path: str, body: Json) -> None:
        """Events about the other office. Its request comes after the first one of this office, whose id it leaves."""
        plain = Api(self.client, self.ledger)
        if patient not in neighbors:
            assert plain.did("/patients", body | {"actor": OTHER})["patient_id"] == patient
            plain.did_to(patient, "line-of-business", OTHER, on="2026-04-01", line_of_business="medicare_advantage")
            neighbors[patient] = ""
        if path.endswith("/requests") and not neighbors[patient]:
            submitted = plain.did(path, request(PENDS, actor=OTHER))
            neighbors[patient] = submitted["request"]["request_id"]
        unseen(plain, patient, neighbors[patient])


def unseen(api: Api, patient: str, request_of_other: str = "") -> None:
    """Events that are about the other office alone."""
    api.did_to(patient, "representatives", OTHER, name="Berta Synthetic", relationship="appointed")
    if request_of_other:
        api.did_to(request_of_other, "offer-peer-to-peer", NURSE, until="2026-05-04")


@dataclass
class World:
    """One of the two ledgers, with what makes the records that a request is about."""

    api: SharedApi
    cook: Cook = field(init=False)
    members: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.cook = Cook(self.api, Rival(seeded(1)), self.api.ledger)

    def recipe(self, label: str) -> Recipe:
        """What the office sends, about records of its own."""
        fine = self.cook.recipe(label, 201)
        self._seal()
        return fine

    def stage(self, kind: Kind | None) -> Stage:
        """Records of the office's own, of this kind."""
        member_id = f"stage-{next(self.members)}"
        on = staged(self.api, kind, member_id) if kind is not None else stage(self.api, member_id)
        self._seal()
        return on

    def _seal(self) -> None:
        cast("Sealing", self.api.client.app.state.sealing).seal_now()  # type: ignore[attr-defined]

    def asked(self, label: str, recipe: Recipe, **headers: str) -> Response:
        """What the office is answered."""
        self.api.clock.advance(timedelta(seconds=1))
        sent = replace(recipe, headers=recipe.headers | headers)
        return Asking(self.api, label, sent, sent).by(OFFICE)

    def shown(self, path: str, form: dict[str, list[str]] | None = None) -> Response:
        """The page, or the answer to a form."""
        self.api.clock.advance(timedelta(seconds=1))
        browser = TestClient(self.api.client.app, follow_redirects=False)  # type: ignore[attr-defined]
        headers = {"Authorization": self.header_of(OFFICE)}
        return browser.get(path, headers=headers) if form is None else browser.post(path, data=form, headers=headers)

    def header_of(self, actor: Actor) -> str:
        return str(self.api.client.header_of(actor))  # type: ignore[attr-defined]


@contextmanager
def two_worlds(folder: Path) -> Iterator[tuple[World, World]]:
    """The ledger on which the office is alone, and the one on which it is not."""
    with ExitStack() as opened:

        def world(name: str, neighbors: dict[str, str] | None) -> World:
            clock = Clock(NOON)
            url = f"sqlite:///{folder / name}.sqlite"
            ledger = opened.enter_context(open_ledger(url, zone=ZONE, clock=clock, entropy=seeded(1)))
            client = opened.enter_context(client_of(ledger))
            return World(SharedApi(client, ledger, clock, neighbors))

        yield world("alone", None), world("shared", {})
