"""Every event and every read, as FHIR's own models read it and as IHE's patterns and our tables of codes want it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from fhir.resources.R4B.provenance import Provenance

from api.fhir import audit_events, codes, provenance
from api.fhir.event_mapping import is_of_patient
from domain.events import PATIENT_EVENTS, STORED_EVENTS
from domain.events.base import Event
from domain.people import Role
from domain.permissions.disclosure import VIEWS, View
from tests.api.fhir.golden import FOLDER, LEDGER, PURPOSES, REGISTER, resources, row, written
from tests.api.fhir.tables import (
    ACTIONS,
    ENTITY_ROLES,
    NETWORK_TYPES,
    OUTCOMES,
    RESOURCE_TYPES,
    check_codes,
    check_pattern,
    codes_in,
)
from tests.ledger.samples.events import PATIENT, SAMPLES

OF_PATIENT = {name: one for name, one in SAMPLES.items() if is_of_patient(one)}
OF_KEEPING = {name: one for name, one in SAMPLES.items() if type(one) in audit_events.SYSTEM_EVENTS}


def check_audit_event(resource: dict[str, Any]) -> None:
    assert AuditEvent.model_validate_json(json.dumps(resource)).get_resource_type() == "AuditEvent"
    check_codes(resource)
    assert resource["action"] in ACTIONS
    assert resource["outcome"] in OUTCOMES
    for agent in resource["agent"]:
        assert agent.get("network", {}).get("type", "5") in NETWORK_TYPES
    if "meta" in resource:
        check_pattern(resource)


def check_provenance(resource: dict[str, Any]) -> None:
    assert Provenance.model_validate_json(json.dumps(resource)).get_resource_type() == "Provenance"
    check_codes(resource)
    assert {one["role"] for one in resource.get("entity", ())} <= ENTITY_ROLES


# -- nothing is left out ----------------------------------------------------------------------


def test_every_event_of_a_history_has_a_mapping() -> None:
    assert all(is_of_patient(one) for one in OF_PATIENT.values())
    assert {type(one) for one in OF_PATIENT.values()} == set(PATIENT_EVENTS)


def test_every_stored_event_is_told_of_or_left_out_with_a_reason() -> None:
    kinds = [set(PATIENT_EVENTS), set(audit_events.SYSTEM_EVENTS), set(audit_events.WITHOUT_AUDIT_EVENT)]
    assert set[type[Event]].union(*kinds) == set(STORED_EVENTS)
    assert sum(map(len, kinds)) == len(STORED_EVENTS)


def test_every_view_purpose_and_role_has_a_mapping() -> None:
    assert set(codes.VIEWED) == set(VIEWS)
    assert set(codes.PURPOSES) == set(PURPOSES)
    assert set(codes.ROLES) == set(Role.__args__)  # type: ignore[attr-defined]
    assert {one for one, _ in codes.VIEWED.values()} <= RESOURCE_TYPES


def test_there_is_a_sample_of_each() -> None:
    assert {type(one) for one in OF_PATIENT.values()} == set(PATIENT_EVENTS)
    assert {type(one) for one in OF_KEEPING.values()} == set(audit_events.SYSTEM_EVENTS)


# -- state changes ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_PATIENT)
def test_a_state_change_is_an_audit_event(name: str) -> None:
    event = OF_PATIENT[name]
    told = audit_events.of_change(event, LEDGER)
    check_audit_event(told)
    assert told["recorded"] == event.recorded_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert told["subtype"][1]["code"] == event.TOPIC
    # What was imported says so, and what was not follows a pattern of IHE's.
    assert (told["type"]["code"] == "110107") == (event.imported_from is not None) == ("meta" not in told)
    assert told["agent"][2]["who"]["identifier"]["value"] == event.actor.id
    assert [one["what"]["reference"] for one in told["entity"] if one["role"]["code"] == "1"] == [f"Patient/{PATIENT}"]


@pytest.mark.parametrize("name", OF_PATIENT)
def test_a_state_change_is_a_provenance(name: str) -> None:
    event = OF_PATIENT[name]
    told = provenance.of_change(event, LEDGER)
    check_provenance(told)
    assert told["id"] == audit_events.event_id(event)
    assert told["recorded"].endswith("Z")
    assert {"reference": f"Patient/{PATIENT}", "type": "Patient"} in told["target"]
    author = told["agent"][0]
    assert ("onBehalfOf" in author) == (event.actor.office is not None)
    part = codes_in(author["type"])
    assert part == {"enterer"} if event.imported_from is not None else part <= {"author", "informant"}


@pytest.mark.parametrize("name", OF_PATIENT)
def test_an_audit_event_tells_nothing_of_what_is_in_the_event(name: str) -> None:
    """Each text of the sample that is no code, no id and not of the actor stays where it is."""
    event = OF_PATIENT[name]
    state = json.loads(type(event).__pydantic_serializer__.to_json(event))
    for field in ("recorded_at", "command_id"):
        state.pop(field)
    by_whom = set(_texts(state.pop("actor")))
    # An edition may be unknown as the client's network is.
    by_whom.add("unknown")
    inside = {one for one in _texts(state) if len(one) > 3 and not one.startswith(str(PATIENT))} - by_whom
    assert state["salt"] in inside
    said = set(_texts(audit_events.of_change(event, LEDGER)))
    assert said.isdisjoint(inside)
    said = set(_texts(provenance.of_change(event, LEDGER)))
    happened, source = provenance.happened(event), event.imported_from.source if event.imported_from else None
    assert said.isdisjoint(inside - {happened, happened.replace(".000000", ""), source})


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]


def test_a_voided_record_is_an_update_and_nullified() -> None:
    voiding = {one for one in PATIENT_EVENTS if one.ABOUT.effect == "void"}
    # A void of a claim is no void of the dose entry, which stays on record until a person says what became of it.
    of_claims = {"ClaimVoided", "VoidedClaimSettled"}
    named = {one.__name__ for one in PATIENT_EVENTS if "Void" in one.__name__}
    assert {one.__name__ for one in voiding} == named - of_claims
    event = OF_PATIENT["DoseVoided"]
    assert audit_events.of_change(event, LEDGER)["action"] == "U"
    assert "NULLIFY" in codes_in(provenance.of_change(event, LEDGER)["activity"])


def test_it_happened_on_a_day_or_at_an_instant() -> None:
    assert provenance.of_change(OF_PATIENT["DoseAdministered"], LEDGER)["occurredDateTime"] == "2026-05-04"
    received = provenance.of_change(OF_PATIENT["RequestSubmitted"], LEDGER)["occurredDateTime"]
    assert "T" in received
    assert received.endswith("Z")


# -- reads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_a_read_is_an_audit_event(view: View) -> None:
    told = audit_events.of_read(row(view), LEDGER)
    check_audit_event(told)
    assert told["recorded"] == "2026-05-06T07:08:09.000100Z"
    assert told["id"] == f"a.{REGISTER.hex}.7"
    assert told["subtype"][1] == {"system": "urn:lemtrada-ledger:view", "code": view}
    log_used = view in ("accesses", "audit_events")
    assert told["type"]["code"] == ("110101" if log_used else "110106" if view == "export" else "rest")
    assert [one["what"]["reference"] for one in told["entity"] if one["role"]["code"] == "1"] == [f"Patient/{PATIENT}"]


@pytest.mark.parametrize("purpose", [None, *PURPOSES])
def test_the_purpose_of_an_access_is_given_where_it_was_stated(purpose: Any) -> None:
    told = audit_events.of_read(row(purpose=purpose), LEDGER)
    check_audit_event(told)
    reasons = [one for concept in told.get("purposeOfEvent", ()) for one in codes_in(concept)]
    assert reasons == ([] if purpose is None else [purpose])
    assert told["agent"][2].get("purposeOfUse", []) == told.get("purposeOfEvent", [])


@pytest.mark.parametrize(
    ("origin", "network"),
    [
        ("192.0.2.7", {"address": "192.0.2.7", "type": "2"}),
        ("2001:db8::7", {"address": "2001:db8::7", "type": "2"}),
        ("a-machine", {"address": "a-machine", "type": "1"}),
    ],
)
def test_the_origin_of_an_access_is_its_network_address(origin: str, network: dict[str, str]) -> None:
    assert audit_events.of_read(row(origin=origin), LEDGER)["agent"][0]["network"] == network


def test_an_origin_that_is_not_known_is_said_to_be_absent() -> None:
    told = audit_events.of_read(row(origin=""), LEDGER)
    check_audit_event(told)
    assert told["agent"][0]["network"]["extension"][0]["valueCode"] == "unknown"


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"through": "command line", "role": None}, "110110"),
        ({"through": "export", "role": None}, "110106"),
        ({"through": "page"}, "rest"),
        ({"patient_id": None}, "rest"),
    ],
)
def test_the_channel_of_an_access_gives_its_type(changed: dict[str, Any], kind: str) -> None:
    told = audit_events.of_read(row("eligibility", **changed), LEDGER)
    check_audit_event(told)
    assert told["type"]["code"] == kind
    assert ("meta" in told) == (kind == "rest")


# -- who may sign in, and the seal ------------------------------------------------------------


@pytest.mark.parametrize("name", OF_KEEPING)
def test_a_change_of_who_may_sign_in_is_an_audit_event(name: str) -> None:
    event = OF_KEEPING[name]
    told = audit_events.of_system_event(event, LEDGER)
    check_audit_event(told)
    assert told["action"] == "E"
    assert told["entity"]
    secret = getattr(event, "secret_sha256", None)
    assert secret is None or secret not in json.dumps(told)


# -- as it was told first ---------------------------------------------------------------------


@pytest.mark.parametrize("name", resources())
def test_a_golden_resource_is_told_as_ever(name: str) -> None:
    assert written(resources()[name]) == (FOLDER / f"{name}.json").read_text()


def test_no_golden_resource_is_forgotten() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(resources())
