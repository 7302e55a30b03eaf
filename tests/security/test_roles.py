"""Every operation as every role and as nobody, against the table in domain/permissions/README.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from httpx2 import Client, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from domain.ledger.sealing.sealing import Sealing
from domain.people import Actor, Role
from tests import ROOT, story
from tests.api.callers import application, spoken_for
from tests.api.routes.commands.acts import MEETS_A, OFFICE, PROBLEM, Api, Json
from tests.api.routes.commands.recipes import NOBODY, Cook, Recipe, Rival
from tests.conftest import seeded
from tests.docs import between
from tests.story import ADMINISTRATOR, AUDITOR, NEUROLOGIST, OTHER_OFFICE

TABLE = between(ROOT / "domain" / "permissions" / "README.md", "roles")
NOBODY_AT_ALL = "nobody"
PLANTED = ("ZQ-4711", "Zenobia Quillfeather")
PHI = ("Alma", "Synthetic", "1988-05", "M-1", "recipe-", "Nora")

AS: dict[Role, Actor] = {
    "requester": story.OFFICE,
    "reviewer": story.NURSE,
    "clinician": story.PHYSICIAN.model_copy(update={"id": "d.second"}),
    "appeals_clinician": NEUROLOGIST,
    "auditor": AUDITOR,
    "service": story.CLAIMS,
    "administrator": ADMINISTRATOR,
}
"""One of each role; the requester is of the office that asked for what the record holds, the clinician decided nothing
of it."""

DOCUMENT: Json = application().openapi()
OPERATIONS = [f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods]


def table() -> dict[str, dict[str, str]]:
    """What each role may do, by operation or page."""
    head, _, *rows = TABLE.strip().splitlines()
    _, *roles = _cells(head)
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        what, *may = _cells(row)
        for label in re.findall(r"`([^`]+)`", what):
            assert label not in found, f"{label} stands in two rows"
            found[label] = dict(zip((one.replace(" ", "_") for one in roles), may, strict=True))
    return found


def _cells(row: str) -> list[str]:
    return [one.strip() for one in row.strip().strip("|").split("|")]


MAY = table()


def pages() -> Iterator[str]:
    """What the application answers beside its operations."""
    for route in application().router.routes:
        is_told = getattr(route, "include_in_schema", False)
        # The pages below these have a table of their own, and test_roles_of_pages.py walks it.
        if isinstance(route, Route) and not is_told and not route.path.startswith(("/pages", "/static")):
            yield from (f"{method} {route.path}" for method in sorted(route.methods or ()) if method != "HEAD")


PAGES = sorted(set(pages()))


def test_the_table_is_of_every_operation_and_every_page() -> None:
    assert set(MAY) == {*OPERATIONS, *PAGES}
    assert {frozenset(may) for may in MAY.values()} == {frozenset({*AS, NOBODY_AT_ALL})}
    assert {cell for may in MAY.values() for cell in may.values()} == {"yes", "no", "own"}
    assert len(OPERATIONS) > 100


@dataclass(frozen=True)
class Asking:
    """One operation on a history of its own, asked as several users; `nonexistent` is the same for no patient."""

    api: Api
    label: str
    fine: Recipe
    nonexistent: Recipe

    def by(self, actor: Actor | None, recipe: Recipe | None = None) -> Response:
        recipe = recipe or self.fine
        method, path = self.label.split()
        client: Client = TestClient(self.api.client.app)  # type: ignore[attr-defined]
        headers = dict(recipe.headers)
        if actor is not None:
            headers["Authorization"] = self.api.client.header_of(actor)  # type: ignore[attr-defined]
        body: dict[str, Any] = {"content": recipe.raw} if recipe.raw is not None else {}
        if recipe.raw is None and recipe.body is not None:
            body = {"json": spoken_for(recipe.body)[0]}
        filled = path.format(**recipe.path)
        return client.request(method, filled, params=recipe.query, headers=headers, follow_redirects=False, **body)


def asking(api: Api, label: str) -> Asking:
    cook = Cook(api, Rival(seeded(1)), api.ledger)
    if label == "POST /requests/{request_id}/approve":
        # What is recommended, so that a reviewer may approve it.
        seen = api.submitted(api.opened(), MEETS_A)
        path = {"request_id": seen["request"]["request_id"]}
        fine = Recipe(path, body={"assessment_digest": seen["assessment_digest"]})
    elif label == "POST /requests/{request_id}/reopen":
        # What was withdrawn, for what was denied only a clinician reopens.
        request_id = api.submitted(api.opened())["request"]["request_id"]
        api.did_to(request_id, "withdraw", OFFICE, by="Nora Neuro", reason="The infusions are put off.")
        fine = Recipe({"request_id": request_id}, body={"reason": "They go on."})
    else:
        fine = cook.recipe(label, 201)
    if label.split()[1].startswith(("/seal", "/patients/{patient_id}/events")):
        cast("Sealing", api.client.app.state.sealing).seal_now()  # type: ignore[attr-defined]
    letters = {"patient_id": "", "request_id": ".r1", "dose_id": ".d1", "report_id": ".t1", "document_id": ".f1"}
    letters |= {"notice_id": ".n1", "appeal_id": ".a1", "agent_entry_id": ".g1"}
    unknown = {name: NOBODY + letters[name] if name in letters else value for name, value in fine.path.items()}
    return Asking(api, label, fine, replace(fine, path=unknown))


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_an_operation_is_done_for_the_roles_of_the_table(api: Api, label: str) -> None:
    asked, may = asking(api, label), MAY[label]
    told = asked.by(None)
    if may[NOBODY_AT_ALL] == "yes":
        assert told.status_code == 200
    else:
        assert told.status_code == 401
        assert not [one for one in PHI if one in told.text]
    before = api.events_stored()
    for role in (role for role in AS if may[role] == "no"):
        refusal = asked.by(AS[role])
        # To a requester, the records of others do not exist, whatever the operation.
        assert refusal.status_code in ((403, 404) if role == "requester" else (403,)), (role, refusal.text)
        assert not [one for one in PHI if one in refusal.text], role
    if may["requester"] == "own":
        others_are_nobodys(asked)
    assert api.events_stored() == before, "who is refused changes nothing"
    allowed = [role for role in AS if may[role] != "no"]
    for number, role in enumerate(allowed):
        done = asked.by(AS[role])
        # What one user has done, the next may find done or gone; a missing permission is reported before that.
        assert done.status_code in (200, 201) or (number and done.status_code in (404, 409, 422)), (role, done.text)


def others_are_nobodys(asked: Asking) -> None:
    """Of a patient of others a requester is told, byte by byte, what is told of none."""
    answer = asked.by(OTHER_OFFICE)
    assert answer.status_code == 404, answer.text
    if asked.label == "POST /patients/find":
        nobody = asked.by(OTHER_OFFICE, Recipe(body={"member": {"issuer": "plan", "member_id": "nobody's"}}))
    else:
        nobody = asked.by(OTHER_OFFICE, asked.nonexistent)
    assert (answer.content, str(answer.headers.raw)) == (nobody.content, str(nobody.headers.raw))
    asked_otherwise = {"as_of": "2020-01-01", "known_at": "2020-01-01T00:00:00Z"}
    for query in ({name: value} for name, value in asked_otherwise.items() if asked.label.startswith("GET")):
        pair = [asked.by(OTHER_OFFICE, replace(one, query=query)) for one in (asked.fine, asked.nonexistent)]
        assert len({(one.status_code, one.content, str(one.headers.raw)) for one in pair}) == 1, query


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("label", PAGES)
def test_a_page_is_shown_to_the_roles_of_the_table(api: Api, label: str) -> None:
    api.submitted(api.opened(PLANTED[0], name=PLANTED[1]))
    recipe = Recipe({"code": "0" * 16 + "-" + "0" * 64} if "{code}" in label else {})
    asked, may = Asking(api, label, recipe, recipe), MAY[label]
    told = asked.by(None)
    assert is_turned_away(told) == (may[NOBODY_AT_ALL] == "no"), told.text
    for role, actor in AS.items():
        shown = asked.by(actor)
        assert is_turned_away(shown) == (may[role] == "no"), (role, shown.status_code)
        assert not [one for one in PLANTED if one in shown.text], role


def is_turned_away(answer: Response) -> bool:
    """Refused by authentication or for the role; a sign-in page that accepts no code sends another kind of answer."""
    return answer.status_code in (401, 403) and answer.headers["content-type"] == PROBLEM
