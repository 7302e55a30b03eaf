"""Every page and every form of a page: an access is recorded where something of a patient is shown, and only there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi.routing import APIRoute
from httpx2 import Response
from starlette.testclient import TestClient

from api.pages.appeal import page as appeal_page
from api.pages.patient import actions as patient_actions
from api.pages.request import actions as request_actions
from api.pages.request import documents as document_page
from api.routes.commands import COMMAND_ROUTES
from api.routes.requests import DETERMINATIONS
from domain.commands.patient import LinkHistories, RetireMemberIdentifier
from domain.commands.treatment import RecordClaim
from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.people import Actor
from domain.permissions.disclosure import Access
from tests.api.callers import application, spoken_for
from tests.api.pages.states.worklist import busy, start_of_busy
from tests.api.pages.test_roles_of_pages import FIRST
from tests.api.record_access.refused_terms import REFUSED_TERMS
from tests.api.routes.commands.acts import FAILS, PENDS, Api, Json
from tests.api.routes.commands.recipes import NOBODY, OPERATION_OF_COMMAND
from tests.api.routes.commands.stages import NOW
from tests.security.test_roles import asking
from tests.story import ADMINISTRATOR, AUDITOR, NURSE, PHYSICIAN

FORMS = {
    "/pages/requests/{request_id}": request_actions.FORMS,
    "/pages/appeals/{appeal_id}": appeal_page.FORMS,
    "/pages/documents/{document_id}": document_page.FORMS,
    "/pages/patients/{patient_id}": patient_actions.FORMS,
}
OPERATIONS = {act.command: f"POST {act.path}" for act in (*COMMAND_ROUTES, *DETERMINATIONS)}
FIRST_COMMANDS = {
    "RecordDose": "dose",
    "ReportPriorTreatment": "report",
    "CloseCourse": "close",
    "RecordClaim": "claim",
}
ON_A_DOSE = {"VoidDose": "void", "ConfirmDuplicate": "confirm", "DismissDuplicate": "dismiss"}


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


def seen(api: Api, path: str, actor: Actor) -> tuple[int, list[Access]]:
    """The status of a page, and the accesses that it added."""
    browser = TestClient(api.client.app, follow_redirects=False)  # type: ignore[attr-defined]
    before = rows(api)
    answer = browser.get(path, headers={"Authorization": api.client.header_of(actor)})  # type: ignore[attr-defined]
    after = rows(api)
    return answer.status_code, after[: len(after) - len(before)]


def what(accesses: list[Access]) -> list[str]:
    return sorted(one.view for one in accesses)


# -- pages that are shown ---------------------------------------------------------------------


def _of_changed_request(api: Api) -> str:
    seen_before = api.submitted(api.opened(), PENDS)
    request_id = seen_before["request"]["request_id"]
    api.did_to(request_id, "correct", statement=FAILS, reason="It was another request's.")
    return f"/pages/requests/{request_id}/moved?digest={seen_before['assessment_digest']}"


def _worklist_rows(api: Api) -> str:
    busy(api)
    return "/pages/worklist/rows"


def _found_by_search(api: Api) -> str:
    api.denied(api.opened())
    return "/pages/audit?kind=RequestDenied"


PARTS: dict[str, Callable[[Api], str]] = {
    "/pages/worklist/rows": _worklist_rows,
    "/pages/requests/{request_id}/moved": _of_changed_request,
    "/pages/requests/{request_id}/notice/{kind}/paper": lambda api: (
        f"{FIRST['/pages/requests/{request_id}/notice/{kind}'].path(api)}/paper"
    ),
    "/pages/notices/{notice_id}/paper": lambda api: f"{FIRST['/pages/notices/{notice_id}'].path(api)}/paper",
    "/pages/audit/verify/{run}/progress": lambda api: f"{FIRST['/pages/audit/verify/{run}'].path(api)}/progress",
    "/pages/figures/{name}.csv": lambda _: "/pages/figures/denials.csv",
}
"""Parts of pages, and files, that have an address of their own."""
PATHS = {page: state.path for page, state in FIRST.items() if page not in ("/pages", "/pages/worklist")} | PARTS
PATHS |= {"/pages": start_of_busy, "/pages/worklist": lambda api: _worklist_rows(api).removesuffix("/rows")}
PATHS |= {"/pages/audit": _found_by_search}

SHOWN: dict[str, list[str]] = {
    "/pages/patients/{patient_id}": ["courses", "person"],
    "/pages/patients/{patient_id}/accesses": ["accesses"],
    "/pages/patients/{patient_id}/events": ["audit_trail"],
    "/pages/patients/{patient_id}/events/{version}": ["audit_trail", "proof"],
    "/pages/patients/{patient_id}/requests/new": ["person"],
    "/pages/requests/{request_id}": ["request"],
    "/pages/requests/{request_id}/moved": ["request"],
    "/pages/requests/{request_id}/appeals/new": ["request"],
    "/pages/requests/{request_id}/notice/{kind}": ["request"],
    "/pages/requests/{request_id}/notice/{kind}/paper": ["request"],
    "/pages/requests/{request_id}/replay": ["replay"],
    "/pages/notices/{notice_id}": ["request"],
    "/pages/notices/{notice_id}/paper": ["request"],
    "/pages/documents/{document_id}": ["document"],
    "/pages/appeals/{appeal_id}": ["appeal", "replay"],
    "/pages": ["worklist"],
    "/pages/worklist": ["worklist"] * 5,
    "/pages/worklist/rows": ["worklist"] * 5,
    "/pages/audit": ["audit_events"],
}
"""The accesses of each page, as an auditor sees it. Any other page shows no patient."""
SHOWN_TO: dict[str, Actor] = {"/pages": NURSE}
"""To whom a page is shown that shows an auditor no patient: a reviewer has a case of their own."""


def test_every_page_has_its_accesses() -> None:
    pages = {route.path for route in application().routes if isinstance(route, APIRoute) and "GET" in route.methods}
    assert {page for page in pages if page.startswith("/pages")} == PATHS.keys()
    assert SHOWN.keys() <= PATHS.keys()


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("page", sorted(PATHS))
def test_a_page_that_is_shown_is_so_many_accesses(api: Api, page: str) -> None:
    path = PATHS[page](api)
    status, added = seen(api, path, SHOWN_TO.get(page, AUDITOR))
    assert (status, what(added)) == (200, SHOWN.get(page, []))
    assert len({(one.view, one.patient_id) for one in added}) == len(added), "once for each patient"
    status, added = seen(api, path, ADMINISTRATOR)
    assert added == [], status


# -- pages that are refused -------------------------------------------------------------------


REFUSED: dict[str, Callable[[Api], str]] = {
    "/pages/patients/{patient_id}": lambda api: f"/pages/patients/{api.opened()}?known_at=2000-01-01T00:00",
    "/pages/requests/{request_id}/replay": lambda api: f"/pages/requests/{undecided(api)}/replay",
    "/pages/requests/{request_id}/notice/{kind}": lambda api: f"/pages/requests/{undecided(api)}/notice/denial",
    "/pages/requests/{request_id}/notice/{kind}/paper": lambda api: (
        f"/pages/requests/{undecided(api)}/notice/denial/paper"
    ),
    "/pages/notices/{notice_id}/paper": lambda api: f"{issued_without_letter(api)}/paper",
}
"""Pages that are refused because of what the record holds."""
NEVER_REFUSED = {
    "/pages/patients/{patient_id}/accesses": "it has no parameter that is compared with the record",
    "/pages/patients/{patient_id}/events": "it has no parameter that is compared with the record",
    "/pages/patients/{patient_id}/events/{version}": "an event that is not sealed is shown without a proof",
    "/pages/patients/{patient_id}/requests/new": "where no request can be submitted, the page says why",
    "/pages/requests/{request_id}": "each form that is not possible is shown with the reason",
    "/pages/requests/{request_id}/moved": "it shows the changes, or is empty",
    "/pages/requests/{request_id}/appeals/new": "where no appeal can be filed, the page says why",
    "/pages/notices/{notice_id}": "a notice without a letter is shown without it",
    "/pages/documents/{document_id}": "each form that is not possible is shown with the reason",
    "/pages/appeals/{appeal_id}": "where nothing can be replayed, the page says why",
}
"""Pages that are shown for every record that is found and may be seen, and why."""


def undecided(api: Api) -> str:
    return str(api.submitted(api.opened(), PENDS)["request"]["request_id"])


def issued_without_letter(api: Api) -> str:
    request_id = undecided(api)
    terms = {"reason": "The notes are not complete.", "notice": "We need until 2026-05-20 for the notes."}
    api.did_to(request_id, "extend-clock", **terms)
    notice = {"kind": "clock_extended", "channel": "mail", "addressee": "Nora Neuro", "issued_at": NOW}
    return f"/pages/notices/{api.did_to(request_id, 'notices', **notice)['made'][0]}"


def test_every_page_of_a_patient_is_refused_once_or_never() -> None:
    assert REFUSED.keys() | NEVER_REFUSED.keys() == {page for page in PATHS if "_id}" in page}
    assert REFUSED.keys().isdisjoint(NEVER_REFUSED)


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("page", REFUSED)
def test_a_page_that_is_refused_after_the_record_was_read_is_one_access(api: Api, page: str) -> None:
    path = REFUSED[page](api)
    status, (one,) = seen(api, path, AUDITOR)
    assert status in (404, 409, 422)
    assert str(one.patient_id) in path
    assert seen(api, path, ADMINISTRATOR)[1] == []


# -- forms --------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize(("page", "name"), [(page, name) for page, forms in FORMS.items() for name in forms])
def test_a_form_that_is_refused_is_an_access_and_one_that_is_done_is_an_event(api: Api, page: str, name: str) -> None:
    command = FORMS[page][name].terms
    asked = asking(api, label_of(command))
    body, actor = spoken_for(asked.fine.body) if asked.fine.body is not None else ({}, None)
    ids, actor = {"patient_id": patient_in(asked.fine.path), **asked.fine.path}, actor or PHYSICIAN
    actor = NURSE if actor.role == "service" else actor  # A system opens no page.
    here = page.format(**ids)
    named = [(part, str(value)) for part, value in asked.fine.path.items() if f"{{{part}}}" not in page]
    named = [one for one in named if one[0] in command.model_fields]
    if "documents" in body:
        # A form sends a document as a file, and not by its digest; here it states a fact instead.
        body = {"received_at": body["received_at"], "statement": {"rems_enrolled": True}}
    if command is RecordClaim:
        # The API takes a claim line as it was sent, and the form what it is.
        body = {"line": "void", "on": body["on"], "mg": body["units"], "source_reference": body["reference"]}
    if command is LinkHistories:
        # The API names the other patient by id, and the form by a member ID, whose search is an access to that patient.
        body = {"reason": body["reason"], "member": member_of(api, body["other_patient_id"])}
    before = rows(api)
    done = sends(api, f"{here}/{name}", [*flattened(body), *named], actor)
    assert done.status_code == 303, done.text[-900:]
    searched = [one.view for one in rows(api)[: len(rows(api)) - len(before)]]
    assert searched == (["find"] if command is LinkHistories else [])
    if (refused_terms := REFUSED_TERMS.get(command)) is not None:  # type: ignore[call-overload]
        again = sends(api, f"{here}/{name}", [*flattened(body), *named], actor)
        # An ID that was retired is not found again. That shows nothing of the record.
        expected = 404 if command is RetireMemberIdentifier else 303
        assert again.status_code == expected, "a form that is refused the second time needs no other terms"
        body = body | refused_terms(api, ids)
    # A claim is handled by the worklist, which is shown if the claim is refused.
    _, of_page = seen(api, "/pages/worklist" if name == "claim" else here, actor)
    before = rows(api)
    refused = sends(api, f"{here}/{name}", [*flattened(body), *named], actor)
    assert refused.status_code in (409, 422), refused.text[-900:]
    check_refused(api, before, of_page, ids["patient_id"], searched=command is LinkHistories)


def member_of(api: Api, patient_id: str) -> Json:
    found: Json = api.ledger.history(UUID(patient_id)).member.model_dump(mode="json")
    return found


def check_refused(
    api: Api, before: list[Access], of_page: list[Access], patient_id: str, *, searched: bool = False
) -> None:
    """One access for the refusal, and those of the page that is shown again. `searched`: and one for a member ID."""
    added = rows(api)[: len(rows(api)) - len(before)]
    *of_page_again, refusal = (one for one in added if not (searched and one.view == "find"))
    assert what(of_page_again) == what(of_page)
    assert {refusal.patient_id} == {UUID(patient_id)}


def patient_in(path: Json) -> str:
    return str(next(iter(path.values()))).split(".", maxsplit=1)[0]


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("page", sorted(page for page in PATHS if "_id}" in page))
def test_a_page_of_nothing_is_no_access(api: Api, page: str) -> None:
    known = PATHS[page](api)
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
