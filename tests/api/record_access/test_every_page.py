"""Every page and every form of a page: an access is recorded where something of a patient is shown, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.pages.appeal import page as appeal_page
from api.pages.patient import actions as patient_actions
from api.pages.request import actions as request_actions
from api.pages.request import documents as document_page
from api.routes.commands import COMMAND_ROUTES
from api.routes.requests import DETERMINATIONS
from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.people import Actor
from domain.permissions.disclosure import Access
from tests.api.callers import spoken_for
from tests.api.pages.test_roles_of_pages import FIRST, OF_A_PATIENT
from tests.api.routes.commands.acts import Api, Json
from tests.api.routes.commands.recipes import NOBODY, OPERATION_OF_COMMAND
from tests.security.test_roles import asking
from tests.story import AUDITOR, PHYSICIAN

FORMS = {
    "/pages/requests/{request_id}": request_actions.FORMS,
    "/pages/appeals/{appeal_id}": appeal_page.FORMS,
    "/pages/documents/{document_id}": document_page.FORMS,
    "/pages/patients/{patient_id}": patient_actions.FORMS,
}
OPERATIONS = {act.command: f"POST {act.path}" for act in (*COMMAND_ROUTES, *DETERMINATIONS)}
FIRST_COMMANDS = {"RecordDose": "dose", "ReportPriorTreatment": "report", "CloseCourse": "close"}
ON_A_DOSE = {"VoidDose": "void", "ConfirmDuplicate": "confirm", "DismissDuplicate": "dismiss"}
DONE_TWICE = {
    "remind", "offer-peer-to-peer", "hold-peer-to-peer", "extend-approval", "review", "prior-treatment",
    "agent-started", "agent-stopped", "representative", "death",
}  # fmt: skip
"""Forms that can be sent again and are recorded again."""


def label_of(command: type) -> str:
    known = FIRST_COMMANDS | ON_A_DOSE
    return OPERATIONS[command] if command in OPERATIONS else OPERATION_OF_COMMAND[known[command.__name__]]


def flattened(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """A body of the API as the fields of a form."""
    match value:
        case dict():
            for name, part in value.items():
                yield from flattened(part, f"{place}.{name}" if place else name)
        case list() if all(isinstance(one, dict) for one in value):
            for number, part in enumerate(value):
                yield from flattened(part, f"{place}.{number}")
        case list():
            yield from ((place, str(one)) for one in value)
        case bool():
            yield place, "true" if value else "false"
        case None:
            pass
        case _:
            yield place, str(value)


def sends(api: Api, path: str, fields: list[tuple[str, str]], actor: Actor) -> Response:
    browser = TestClient(api.client.app, follow_redirects=False)  # type: ignore[attr-defined]
    headers = {"Authorization": api.client.header_of(actor)}  # type: ignore[attr-defined]
    form: Json = {}
    for name, text in fields:
        form.setdefault(name, []).append(text)
    return browser.post(path, data=form, headers=headers)


def rows(api: Api) -> list[Access]:
    api.client.app.state.accesses.flush()  # type: ignore[attr-defined]
    return list(all_accesses(api.ledger, AccessQuery()))


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize(("page", "name"), [(page, name) for page, forms in FORMS.items() for name in forms])
def test_a_form_that_is_refused_is_an_access_and_one_that_is_done_is_an_event(api: Api, page: str, name: str) -> None:
    command = FORMS[page][name].terms
    asked = asking(api, label_of(command))
    body, actor = spoken_for(asked.fine.body) if asked.fine.body is not None else ({}, None)
    path = f"{page.format(**{'patient_id': patient_in(asked.fine.path), **asked.fine.path})}/{name}"
    named = [(part, str(value)) for part, value in asked.fine.path.items() if f"{{{part}}}" not in page]
    if "documents" in body:
        # A form sends a document as a file, and not by its digest; here it states a fact instead.
        body = {"received_at": body["received_at"], "statement": {"rems_enrolled": True}}
    fields = [*flattened(body), *(one for one in named if one[0] in command.model_fields)]
    before = rows(api)
    done = sends(api, path, fields, actor or PHYSICIAN)
    assert done.status_code == 303, done.text[-900:]
    assert rows(api) == before
    again = sends(api, path, fields, actor or PHYSICIAN)
    added = rows(api)[: len(rows(api)) - len(before)]
    assert (again.status_code == 303) == (name in DONE_TWICE), again.text[-900:]
    if again.status_code == 303:
        assert added == []
    else:
        # One for the refusal, and those of the page that is shown again.
        assert len(added) >= (1 if (actor or PHYSICIAN).role == "service" else 2)
        assert {one.patient_id for one in added} == {UUID(patient_in(asked.fine.path))}


def patient_in(path: Json) -> str:
    return str(next(iter(path.values()))).split(".", maxsplit=1)[0]


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("page", sorted(OF_A_PATIENT))
def test_a_page_of_nothing_is_no_access(api: Api, page: str) -> None:
    known = FIRST[page].path(api)
    before = rows(api)
    letters = {"request": ".r1", "appeal": ".a1", "document": ".f1", "notice": ".n1", "patient": ""}
    path, query, more = known.partition("?")
    for what, letter in letters.items():
        if f"{{{what}_id}}" in page:
            ids = [part for part in path.split("/") if len(part) >= len(NOBODY) and part[8] == "-"]
            path = path.replace(ids[0], f"{NOBODY}{letter}")
    browser = TestClient(api.client.app, follow_redirects=False)  # type: ignore[attr-defined]
    headers = {"Authorization": api.client.header_of(AUDITOR)}  # type: ignore[attr-defined]
    assert browser.get(f"{path}{query}{more}", headers=headers).status_code in (403, 404)
    assert rows(api) == before
