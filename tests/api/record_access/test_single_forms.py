"""Forms that are the only one of their kind on a page, and searches: how many accesses a refusal is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from fastapi.routing import APIRoute

from domain.people import Actor
from tests.api.callers import application
from tests.api.record_access.test_every_page import (
    FORMS,
    check_refused,
    flattened,
    issued_without_letter,
    rows,
    seen,
    sends,
    undecided,
    what,
)
from tests.api.routes.commands.acts import APPEALS, PENDS, Api, opening, request
from tests.api.routes.commands.stages import NOW
from tests.story import NEUROLOGIST, NURSE, PHYSICIAN


@dataclass(frozen=True)
class Sent:
    """A form that is refused: where it is sent, its fields, who sends it, and the page that is shown again."""

    path: str
    fields: list[tuple[str, str]]
    page: str
    actor: Actor = NURSE


def _known_member(api: Api) -> Sent:
    api.opened("M-1")
    return Sent("/pages/patients", list(flattened(opening("M-1"))), "/pages/patients")


def _future_request(api: Api) -> Sent:
    page = f"/pages/patients/{api.opened()}/requests/new"
    return Sent(page, list(flattened(request(received_at="2099-01-01T00:00:00Z"))), page)


def _second_appeal(api: Api) -> Sent:
    request_id = api.denied(api.opened())
    api.appealed(request_id)
    body = {"received_at": NOW, "grounds": "Two agents failed before.", "filer": {"name": "A", "relation": "patient"}}
    here = f"/pages/requests/{request_id}/appeals"
    return Sent(here, list(flattened(body)), f"{here}/new")


def _future_notice(api: Api) -> Sent:
    page = f"/pages/requests/{api.denied(api.opened())}/notice/denial"
    fields = {"channel": "mail", "addressee": "Nora Neuro", "issued_at": "2099-01-01T00:00:00Z"}
    return Sent(page, list(fields.items()), page)


def _second_delivery(api: Api) -> Sent:
    page = issued_without_letter(api)
    api.did(f"{page.removeprefix('/pages')}/delivered", {"delivered_at": NOW})
    return Sent(f"{page}/delivered", [("delivered_at", NOW)], page)


def _release_of_what_nobody_has(api: Api) -> Sent:
    return Sent(f"/pages/requests/{undecided(api)}/release-claim", [("held_by", NURSE.id)], "/pages/worklist")


def _claim_of_what_another_has(api: Api) -> Sent:
    appeal = api.appealed(api.denied(api.opened()))
    api.did_to(appeal, "assign", to=APPEALS)
    return Sent(f"/pages/appeals/{appeal}/claim", [], "/pages/worklist", NEUROLOGIST)


OTHER_FORMS: dict[str, Callable[[Api], Sent]] = {
    "/pages/patients": _known_member,
    "/pages/patients/{patient_id}/requests/new": _future_request,
    "/pages/requests/{request_id}/appeals": _second_appeal,
    "/pages/requests/{request_id}/notice/{kind}": _future_notice,
    "/pages/notices/{notice_id}/delivered": _second_delivery,
    "/pages/requests/{request_id}/release-claim": _release_of_what_nobody_has,
    "/pages/appeals/{appeal_id}/claim": _claim_of_what_another_has,
}
"""Forms that are the only one of their kind on a page."""
NO_COMMAND = {
    "/pages/patients/find": "a search, which is tested below",
    "/pages/requests/{request_id}/notice/denial/preview": "a draft of a letter, which is tested below",
    "/pages/people/{act}": "users of the ledger, and no patient",
    "/pages/audit/verify": "the seal, and no patient",
}


def test_every_form_is_refused_once() -> None:
    sent = {route.path for route in application().routes if isinstance(route, APIRoute) and "POST" in route.methods}
    of_forms = {page.rpartition("/")[0] if "{act}" in page else page for page in sent if page.startswith("/pages")}
    single = {f"/pages/requests/{{request_id}}/{name}" for name in ("claim", "release", "extend-approval")}
    assert of_forms - single == FORMS.keys() | OTHER_FORMS.keys() | {page.removesuffix("/{act}") for page in NO_COMMAND}


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("form", OTHER_FORMS)
def test_a_single_form_that_is_refused_is_one_access_and_those_of_its_page(api: Api, form: str) -> None:
    sent = OTHER_FORMS[form](api)
    (patient,) = api.ledger.patients()
    _, of_page = seen(api, sent.page, sent.actor)
    before = rows(api)
    refused = sends(api, sent.path, sent.fields, sent.actor)
    assert refused.status_code in (409, 422), refused.text[-900:]
    check_refused(api, before, of_page, str(patient))


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_search_is_an_access_where_it_finds_a_patient(api: Api) -> None:
    api.opened("M-1")
    for member, status, found in (("M-1", 303, ["find"]), ("M-2", 404, []), ("", 422, [])):
        before = rows(api)
        answer = sends(api, "/pages/patients/find", [("member.issuer", "plan"), ("member.member_id", member)], NURSE)
        assert answer.status_code == status
        assert what(rows(api)[: len(rows(api)) - len(before)]) == found


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize(("received_at", "status"), [("2026-04-20", 200), ("2023-01-02", 200)])
def test_a_draft_of_a_letter_is_an_access_also_where_no_policy_version_applies(
    api: Api, received_at: str, status: int
) -> None:
    seen_before = api.submitted(api.opened(), PENDS, received_at=f"{received_at}T09:00:00-05:00")
    here = f"/pages/requests/{seen_before['request']['request_id']}/notice/denial/preview"
    before = rows(api)
    answer = sends(api, here, [("citing", "1.A.iii"), ("rationale", "No agent was tried.")], PHYSICIAN)
    assert answer.status_code == status, answer.text[-900:]
    assert what(rows(api)[: len(rows(api)) - len(before)]) == ["request"]
    before = rows(api)
    assert sends(api, here, [("citing", "1.A.iii")], PHYSICIAN).status_code == 422
    assert rows(api) == before
