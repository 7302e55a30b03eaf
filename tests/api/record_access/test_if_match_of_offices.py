"""If-Match of an office: its command is accepted unless something changed that the office may know of."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from domain.ledger.application import Ledger, Outcome
from tests.api.record_access.shared_patients import OTHER, unseen
from tests.api.routes.commands.acts import CLAIMS, NURSE, OFFICE, Api, Json, claim, dose, opening, refused, request
from tests.api.routes.commands.recipes import COMMAND_OF_OPERATION, Recipe
from tests.api.routes.commands.stage import Stage, stage
from tests.api.routes.commands.stages import KINDS, SERVES, Kind, staged
from tests.security.test_roles import DOCUMENT, MAY, OPERATIONS, Asking, asking
from tests.story import OFFICE as PRACTICE
from tests.story import OTHER_OFFICE

pytestmark = pytest.mark.parametrize("store", ["sqlite"])


def takes_if_match(label: str) -> bool:
    method, path = label.split()
    parameters = DOCUMENT["paths"][path][method.lower()].get("parameters", [])
    return any(one["name"] == "If-Match" for one in parameters)


COMMANDS = [one for one in OPERATIONS if MAY[one]["requester"] == "own" and takes_if_match(one)]
assert len(COMMANDS) > 13

SHOWN_TO_EVERY_OFFICE = {
    "report": "Reported courses are listed for every office.",
    "correct_prior_treatment": "As report.",
    "void_prior_treatment": "As report.",
    "attribute_report": "As report.",
    "dose": "Doses are listed for every office.",
    "void": "As dose.",
    "confirm": "As dose.",
    "dismiss": "As dose.",
    "correct_dose": "As dose.",
    "confirm_part_of_dose": "As dose.",
    "state_dose_days": "As dose.",
    "settle_voided_claim": "As dose.",
    "review_dose": "As dose.",
    "close": "Courses are listed for every office.",
    "approve": "The first doses are on record already, and their variances change.",
    "record_agent_started": "Another agent is assessed in the requests of every office (R17).",
    "record_agent_stopped": "As record_agent_started.",
    "void_agent_entry": "As record_agent_started.",
    "correct_demographics": "The name and the birth date are of the patient.",
    "record_death": "A death is a circumstance of every request.",
    "void_death_record": "As record_death.",
    "link_histories": "A link is a circumstance of every request.",
    "unlink_histories": "As link_histories.",
    "add_member_identifier": "The plan's own events about the patient tell nothing of another office.",
    "retire_member_identifier": "As add_member_identifier.",
}
"""Commands of which every office of the patient may know, and why. Of all others, only the office of the request."""


def admitted(api: Api, patient: str) -> None:
    """Admits the other office to a patient."""
    member = api.ledger.history(UUID(patient)).member.model_dump(exclude_none=True)
    name, birth_date = api.ledger.history(UUID(patient)).name, api.ledger.history(UUID(patient)).birth_date
    api.did("/patients", opening(actor=OTHER, member=member, name=name, birth_date=str(birth_date)))


def moved_in(api: Api, patient: str) -> str:
    """Admits the other office to a patient, with a request of its own."""
    admitted(api, patient)
    return str(api.did(f"/patients/{patient}/requests", request(actor=OTHER))["request"]["request_id"])


def tag_of(api: Api, patient: str, actor: Any = PRACTICE) -> str:
    headers = {"Authorization": api.client.header_of(actor)}  # type: ignore[attr-defined]
    return str(api.client.get(f"/patients/{patient}/eligibility", headers=headers).headers["etag"])


def number_in(tag: str) -> int:
    return int(tag.strip('"').split("-")[1])


def patient_of(asked: Asking) -> str:
    return str(next(iter(asked.fine.path.values()))).split(".", maxsplit=1)[0]


def with_tag(asked: Asking, tag: str) -> Recipe:
    return Recipe(asked.fine.path, asked.fine.query, {"If-Match": tag}, asked.fine.body)


@pytest.mark.parametrize("label", COMMANDS)
def test_a_command_is_accepted_after_an_event_of_another_office(api: Api, label: str) -> None:
    asked = asking(api, label)
    patient = patient_of(asked)
    of_other = moved_in(api, patient)
    tag = tag_of(api, patient)
    unseen(api, patient, of_other)
    assert tag_of(api, patient) == tag
    done = asked.by(PRACTICE, with_tag(asked, tag))
    assert done.status_code in (200, 201), done.text
    assert number_in(done.headers["etag"]) > number_in(tag)
    again = asked.by(PRACTICE, with_tag(asked, tag))
    assert refused(again, 412, "If-Match")["details"] == {"version": number_in(done.headers["etag"])}
    assert number_in(tag_of(api, patient)) == number_in(done.headers["etag"])


@pytest.mark.parametrize("label", COMMANDS)
def test_a_command_is_refused_after_a_change_in_the_offices_own_view(api: Api, label: str) -> None:
    asked = asking(api, label)
    patient = patient_of(asked)
    of_other = moved_in(api, patient)
    tag = tag_of(api, patient)
    unseen(api, patient, of_other)
    api.did(f"/patients/{patient}/doses", dose("2026-01-05", "INF-other", source="other", actor=CLAIMS))
    before = api.events_stored()
    problem = refused(asked.by(PRACTICE, with_tag(asked, tag)), 412, "If-Match")
    current = number_in(tag_of(api, patient))
    assert current > number_in(tag)
    assert problem["details"] == {"version": current}
    assert problem["detail"].startswith(f"The record is at version {current}, not {number_in(tag)}.")
    assert str(api.version(patient)) not in problem["detail"]
    for useless in (tag.replace(f"-{number_in(tag)}-", f"-{api.version(patient)}-"), '"garbage"'):
        refused(asked.by(PRACTICE, with_tag(asked, useless)), 412, "If-Match")
    assert api.events_stored() == before
    done = asked.by(PRACTICE, with_tag(asked, tag_of(api, patient)))
    assert done.status_code != 412, done.text


def acts() -> list[tuple[Kind | None, str]]:
    first = [(None, name) for name in COMMAND_OF_OPERATION.values() if name != "open"]
    return [*first, *((kind, name) for kind in KINDS for name in SERVES[kind])]


@pytest.mark.parametrize(("kind", "name"), acts())
def test_only_what_an_office_may_know_of_changes_its_number(api: Api, kind: Kind | None, name: str) -> None:
    """Here the first office acts, or the plan on its requests. The other office is shown the number."""
    on = staged(api, kind, "M-1") if kind is not None else stage(api)
    own = moved_in(api, on.patient)
    before = answers_to_other(api, on.patient, own)
    done(api, on, name)
    after = answers_to_other(api, on.patient, own)
    if name in SHOWN_TO_EVERY_OFFICE:
        assert {tag for _, tag in before}.isdisjoint(tag for _, tag in after)
    else:
        assert after == before


@pytest.mark.parametrize(("kind", "name"), acts())
def test_another_office_that_is_admitted_changes_no_number(api: Api, kind: Kind | None, name: str) -> None:
    """Nor does it show that there were events that the first office was not shown."""
    on = staged(api, kind, "M-1") if kind is not None else stage(api)
    done(api, on, name)
    tag = tag_of(api, on.patient)
    admitted(api, on.patient)
    assert tag_of(api, on.patient) == tag


NOT_SHOWN = {"a denied line": {"claim_status": "denied"}, "a void that waits": {"frequency_code": "8"}}
"""Claim lines without a dose, which no office is shown."""


@pytest.mark.parametrize("line", NOT_SHOWN)
def test_a_claim_line_that_no_office_is_shown_changes_no_number(api: Api, line: str) -> None:
    """A number that counted the line, and then did not, would stand for two states of the record."""
    patient = api.opened()
    tag = tag_of(api, patient)
    api.did(f"/patients/{patient}/claims", claim("C-1", **NOT_SHOWN[line]))
    assert tag_of(api, patient) == tag, "the office is alone"
    admitted(api, patient)
    assert tag_of(api, patient) == tag, "the office is not alone"
    answer = api.post(f"/patients/{patient}/requests", request(), if_match=tag)
    assert answer.status_code == 201, answer.text
    api.did(f"/patients/{patient}/claims", claim("C-2", on="2026-04-21"))
    assert number_in(tag_of(api, patient)) == number_in(answer.headers["etag"]) + 1, "a dose is shown"


def answers_to_other(api: Api, patient: str, request_id: str) -> list[tuple[str, str]]:
    """What the other office is answered about the patient and its own request, with the tags."""
    of_patient = [f"/patients/{patient}/{one}" for one in ("eligibility", "courses", "requests", "appeals")]
    of_request = [f"/requests/{request_id}{one}" for one in ("", "/life", "/assessment")]
    headers = {"Authorization": api.client.header_of(OTHER_OFFICE)}  # type: ignore[attr-defined]
    answers = [api.client.get(path, headers=headers) for path in (*of_patient, *of_request)]
    assert {one.status_code for one in answers} == {200}
    return [(one.text, one.headers["etag"]) for one in answers]


def done(api: Api, on: Stage, name: str) -> None:
    body = on.bodies[name]
    acting = OFFICE if name in ("name_representative", "change_line_of_business") else body.get("actor", NURSE)
    answer = api.post(on.paths[name], body | {"actor": acting})
    assert answer.status_code in (200, 201), answer.text


def test_an_event_of_another_office_during_the_command_is_no_refusal(api: Api) -> None:
    patient = api.opened()
    of_other = moved_in(api, patient)
    tag = tag_of(api, patient)
    answer = with_an_event_between(api, patient, tag, lambda: unseen(api, patient, of_other))
    assert answer.status_code == 201, answer.text


def test_a_change_in_the_offices_own_view_during_the_command_is_a_refusal(api: Api) -> None:
    patient = api.opened()
    moved_in(api, patient)
    tag = tag_of(api, patient)
    seen = dose("2026-01-05", "INF-other", source="other")
    answer = with_an_event_between(api, patient, tag, lambda: api.did(f"/patients/{patient}/doses", seen))
    assert refused(answer, 412, "If-Match")["details"] == {"version": number_in(tag) + 1}


def with_an_event_between(api: Api, patient: str, tag: str, event: Any) -> Any:
    """Submits a request. The event is recorded after the tag was compared, and before the command is decided."""
    execute, waiting = Ledger.execute, [event]

    def executed(self: Ledger, *command: Any, **more: Any) -> Outcome:
        while waiting:
            waiting.pop()()
        return execute(self, *command, **more)

    with patch.object(Ledger, "execute", executed):
        return api.post(f"/patients/{patient}/requests", request(), if_match=tag)


def test_a_repeated_key_gets_the_first_answer_whatever_the_tag_says(api: Api) -> None:
    patient = api.opened()
    of_other = moved_in(api, patient)
    tag = tag_of(api, patient)
    first = api.post(f"/patients/{patient}/requests", request(), key="once", if_match=tag)
    unseen(api, patient, of_other)
    again = api.post(f"/patients/{patient}/requests", request(), key="once", if_match=tag)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["request"] == first.json()["request"]
    assert again.headers["etag"] == first.headers["etag"]


def test_a_page_of_a_list_is_continued_by_the_number_of_the_office(api: Api) -> None:
    patient = api.opened()
    first = api.submitted(patient)["request"]["request_id"]
    of_other = moved_in(api, patient)
    for _ in range(5):
        unseen(api, patient, of_other)
    second = api.submitted(patient)["request"]["request_id"]
    api.submitted(patient)
    headers = {"Authorization": api.client.header_of(PRACTICE)}  # type: ignore[attr-defined]
    listed: list[Json] = [{"next_after": 0}]
    for _ in range(2):
        query = {"limit": 1, "after": listed[-1]["next_after"]}
        listed.append(api.client.get(f"/patients/{patient}/requests", params=query, headers=headers).json())
    assert [one["items"][0]["request_id"] for one in listed[1:]] == [first, second]
    assert [one["next_after"] for one in listed[1:]] == [2, 3]


@pytest.mark.parametrize("count", [0, 3])
def test_an_office_that_is_admitted_is_not_shown_how_many_events_there_are(api: Api, count: int) -> None:
    patient = api.did("/patients", opening(actor=OTHER))["patient_id"]
    for _ in range(count):
        submitted = api.did(f"/patients/{patient}/requests", request(actor=OTHER))
        unseen(api, patient, submitted["request"]["request_id"])
    admitted = api.post("/patients", opening())
    assert admitted.json() == {"patient_id": patient, "history_version": 2}
    assert number_in(admitted.headers["etag"]) == number_in(tag_of(api, patient)) == 2
    found = api.did("/patients/find", {"actor": OFFICE, "member": opening()["member"]})
    assert found == admitted.json()
