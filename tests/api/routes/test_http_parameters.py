"""A question that was not understood is not answered as another one."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from api.http import etags
from domain.policy.editions import EDITIONS
from tests.api.routes.commands.acts import Api, refused


@pytest.mark.parametrize("question", ["eligibility", "courses", "history", "audit-trail", "requests"])
def test_a_misspelt_parameter_is_refused(api: Api, question: str) -> None:
    patient = api.opened()
    answer = api.client.get(f"/patients/{patient}/{question}", params={"asof": "2026-12-01"})
    refused(answer, 422, "query")
    assert "asof" not in answer.text


def test_a_command_takes_no_parameters_either(api: Api) -> None:
    refused(api.client.post("/patients/find?member_id=M-1", json={"member": {"member_id": "M-1"}}), 422, "query")


def test_two_values_for_one_key_are_a_contradiction(api: Api) -> None:
    twice = b'{"as_of": "2026-04-28", "as_of": "2026-04-29"}'
    answer = api.client.post("/assessments", content=twice, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "twice" in answer.json()["detail"]


def test_the_printed_address_leads_to_the_start_page_or_to_sign_in(api: Api) -> None:
    answer = api.client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/pages")
    for headers in ({}, {"Authorization": "Bearer nobody"}):
        answer = TestClient(api.client.app).get("/", headers=headers, follow_redirects=False)  # type: ignore[attr-defined]
        assert (answer.status_code, answer.headers["location"]) == (307, "/sign-in")


def test_a_tag_names_the_revision_of_the_edition(api: Api) -> None:
    """A fixed rule may change the answer of the same day under the same edition."""
    patient = api.opened()
    tag = api.client.get(f"/patients/{patient}/eligibility").headers["ETag"]
    newest = EDITIONS[0]
    assert tag.endswith(f'-{newest.key}.{newest.revision}"')
    assert etags.edition_in_tag(None) == "no-edition"
