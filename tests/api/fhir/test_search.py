"""The searches of an auditor: by patient, by date, page by page, and what is refused."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome

from api.http.problems import STATUS
from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.ledger.application import Ledger
from tests import story
from tests.api.fhir.asking import Auditor, audited, rows_of, texts, told_of_changes
from tests.api.fhir.test_mapping import check_audit_event, check_provenance
from tests.api.routes.commands.acts import REASON, Api, opening
from tests.clock import Clock


@pytest.fixture
def patients(api: Api, clock: Clock) -> tuple[UUID, UUID]:
    """Two patients with doses and requests, both viewed by a user."""
    found = []
    for number in (1, 2):
        patient = api.did("/patients", opening(f"M-{number}"))["patient_id"]
        clock.at += timedelta(hours=7)
        doses = api.dosed(patient, "2026-04-20", "2026-04-21")
        api.did(f"/doses/{doses[1]['dose_id']}/void", REASON)
        clock.at += timedelta(hours=20, microseconds=7)
        api.submitted(patient, story.MEETS_A)
        assert api.client.get(f"/patients/{patient}/eligibility").status_code == 200
        assert api.client.get(f"/patients/{patient}/courses").status_code == 200
        clock.at += timedelta(hours=1)
        found.append(UUID(str(patient)))
    return found[0], found[1]


def by_id(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    assert len({one["id"] for one in found}) == len(found), "nothing is told twice"
    return {one["id"]: one for one in found}


# -- what is found ----------------------------------------------------------------------------


def test_of_one_patient_every_change_and_every_read_is_found(
    auditor: Auditor, ledger: Ledger, patients: tuple[UUID, UUID], clock: Clock
) -> None:
    expected = audited(ledger, patients[0])
    assert {one["action"] for one in expected.values()} == {"C", "U", "R"}
    found = auditor.found(f"/fhir/AuditEvent?patient=Patient/{patients[0]}")
    assert by_id(found) == expected
    assert [one["recorded"] for one in found] == sorted(one["recorded"] for one in found)
    for one in found:
        check_audit_event(one)


def test_of_everybody_all_is_found_and_who_was_admitted_too(
    auditor: Auditor, ledger: Ledger, patients: tuple[UUID, UUID]
) -> None:
    expected = audited(ledger)
    assert {"110113", "rest"} <= {one["type"]["code"] for one in expected.values()}
    assert by_id(auditor.found("/fhir/AuditEvent")) == expected


def test_every_change_has_its_provenance(auditor: Auditor, ledger: Ledger, patients: tuple[UUID, UUID]) -> None:
    found = auditor.found(f"/fhir/Provenance?patient={patients[1]}")
    assert by_id(found) == told_of_changes(ledger, patients[1])
    assert by_id(auditor.found("/fhir/Provenance")) == told_of_changes(ledger)
    assert by_id(auditor.found(f"/fhir/Provenance?target=Patient/{patients[1]}")) == by_id(found)
    for one in found:
        check_provenance(one)


def test_a_thing_is_found_by_its_id(auditor: Auditor, ledger: Ledger, patients: tuple[UUID, UUID]) -> None:
    request = f"{patients[0]}.r1"
    expected = {
        number: one
        for number, one in told_of_changes(ledger, patients[0]).items()
        if any(target.get("identifier", {}).get("value") == request for target in one["target"])
    }
    assert expected
    with_system = f"target:identifier=urn:lemtrada-ledger:request|{request}"
    assert by_id(auditor.found(f"/fhir/Provenance?{with_system}")) == expected
    assert by_id(auditor.found(f"/fhir/Provenance?target:identifier={request}&patient={patients[0]}")) == expected
    assert auditor.found(f"/fhir/Provenance?target:identifier=urn:lemtrada-ledger:dose|{request}") == []
    assert auditor.found(f"/fhir/Provenance?{with_system}&patient={patients[1]}") == []


@pytest.mark.parametrize("count", [1, 2, 7, 50])
def test_pages_of_any_size_are_the_whole(
    auditor: Auditor, ledger: Ledger, patients: tuple[UUID, UUID], count: int, clock: Clock
) -> None:
    """The reads that paging itself adds are after the moment at which it began."""
    for path in (f"/fhir/AuditEvent?patient={patients[0]}&", "/fhir/AuditEvent?", "/fhir/Provenance?"):
        clock.at += timedelta(seconds=1)
        expected = [one["id"] for one in auditor.found(f"{path}_count=200")]
        clock.at += timedelta(seconds=1)
        before = datetime.max.replace(tzinfo=UTC) if "Provenance" in path else clock.at - timedelta(seconds=1)
        dated = "" if "Provenance" in path else f"&date=lt{before.isoformat().replace('+00:00', 'Z')}"
        pages = auditor.pages(f"{path}_count={count}{dated}")
        assert [one["id"] for page in pages for one in page] == expected
        assert {len(page) for page in pages[:-1]} <= {count}


def test_one_by_one_they_are_what_the_search_said(auditor: Auditor, patients: tuple[UUID, UUID]) -> None:
    for one in auditor.found("/fhir/AuditEvent?_count=200"):
        assert auditor.get(f"/fhir/AuditEvent/{one['id']}").json() == one
    for one in auditor.found("/fhir/Provenance?_count=200"):
        assert auditor.get(f"/fhir/Provenance/{one['id']}").json() == one


def test_a_search_by_date_finds_what_is_in_the_period(
    auditor: Auditor, ledger: Ledger, patients: tuple[UUID, UUID]
) -> None:
    everything = audited(ledger)
    moments = sorted({one["recorded"] for one in everything.values()})
    start, end = moments[len(moments) // 5], moments[4 * len(moments) // 5]
    expected = {number: one for number, one in everything.items() if start <= one["recorded"] < end}
    assert 0 < len(expected) < len(everything)
    assert by_id(auditor.found(f"/fhir/AuditEvent?date=ge{start}&date=lt{end}&_count=3")) == expected
    of_one = audited(ledger, patients[1])
    expected = {number: one for number, one in of_one.items() if start <= one["recorded"] < end}
    assert expected
    path = f"/fhir/AuditEvent?patient={patients[1]}&date=ge{start}&date=lt{end}&_count=3"
    assert by_id(auditor.found(path)) == expected


def test_a_day_is_a_day_of_the_plans_zone(auditor: Auditor, ledger: Ledger, patients: tuple[UUID, UUID]) -> None:
    everything = audited(ledger)
    day = min(everything.values(), key=lambda one: one["recorded"])["recorded"]
    plan_day = datetime.fromisoformat(day).astimezone(ledger.zone).date()
    expected = {
        number
        for number, one in everything.items()
        if datetime.fromisoformat(one["recorded"]).astimezone(ledger.zone).date() == plan_day
    }
    assert set(by_id(auditor.found(f"/fhir/AuditEvent?date={plan_day}"))) == expected


def test_nobody_and_nothing_are_an_empty_bundle(auditor: Auditor, patients: tuple[UUID, UUID]) -> None:
    for path in (
        f"/fhir/AuditEvent?patient={uuid4()}",
        "/fhir/AuditEvent?date=lt1990",
        "/fhir/AuditEvent?date=ge2020&date=lt2020",
        f"/fhir/Provenance?patient={patients[0]}&target=Patient/{patients[1]}",
    ):
        found = auditor.bundle(path)
        assert "entry" not in found
        assert [one["relation"] for one in found["link"]] == ["self"]


# -- a search is an access --------------------------------------------------------------------


def test_a_search_is_an_access_to_each_patient_that_it_returns(
    auditor: Auditor, ledger: Ledger, patients: tuple[UUID, UUID], clock: Clock
) -> None:
    clock.at += timedelta(minutes=1)
    auditor.headers["X-Purpose-Of-Use"] = "HOPERAT"
    asked = f"date=ge{clock.at.isoformat().replace('+00:00', 'Z')}"
    auditor.found("/fhir/AuditEvent?_count=200")
    found = auditor.found(f"/fhir/AuditEvent?{asked}")
    looks = [one for one in found if one["action"] == "R"]
    assert {one["entity"][0]["what"]["reference"] for one in looks} == {f"Patient/{one}" for one in patients}
    for one in looks:
        check_audit_event(one)
        assert one["type"]["code"] == "110101"
        assert one["agent"][2]["who"]["identifier"]["value"] == "a.auditor"
        assert one["purposeOfEvent"][0]["coding"][0]["code"] == "HOPERAT"


def test_what_is_read_by_id_is_recorded(auditor: Auditor, ledger: Ledger, patients: tuple[UUID, UUID]) -> None:
    before = audited(ledger, patients[0])
    auditor.get(f"/fhir/AuditEvent/e.{patients[0].hex}.1")
    auditor.get(f"/fhir/Provenance/e.{patients[0].hex}.1")
    auditor.refused(f"/fhir/AuditEvent/e.{patients[0].hex}.999", 404)
    after = audited(ledger, patients[0])
    assert len(after) == len(before) + 2


@pytest.mark.parametrize(
    "query",
    [
        "AuditEvent?patient=Patient/{}&date=ge2030-01-01",
        "Provenance?patient=Patient/{}&recorded=ge2030-01-01",
        "Provenance?target=Patient/{}&recorded=ge2030-01-01",
    ],
)
def test_a_search_about_a_patient_is_an_access_even_where_nothing_is_found(
    auditor: Auditor, ledger: Ledger, patients: tuple[UUID, UUID], query: str
) -> None:
    before = audited(ledger, patients[0])
    assert auditor.found(f"/fhir/{query.format(patients[0])}") == []
    assert len(audited(ledger, patients[0])) == len(before) + 1


def test_a_view_of_who_was_admitted_is_an_access_to_no_patient(auditor: Auditor, ledger: Ledger) -> None:
    (admitted, *_) = auditor.found("/fhir/AuditEvent?_count=200")
    assert admitted["type"]["code"] == "110113"
    auditor.get(f"/fhir/AuditEvent/{admitted['id']}")
    assert [(one.access.view, one.access.patient_id) for one in rows_of(ledger)] == [("audit_events", None)] * 2
    auditor.found("/fhir/Provenance")
    assert len(rows_of(ledger)) == 2, "an empty answer is no access"


# -- who may, and what is refused -------------------------------------------------------------

PATHS = ("/fhir/AuditEvent", "/fhir/Provenance", "/fhir/AuditEvent/e.1", "/fhir/Provenance/e.1")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("who", ["NURSE", "PHYSICIAN", "OFFICE", "CLAIMS"])
def test_nobody_but_an_auditor_may_ask(auditor: Auditor, path: str, who: str) -> None:
    auditor.headers["Authorization"] = auditor.api.client.header_of(getattr(story, who))  # type: ignore[attr-defined]
    assert auditor.refused(path, 403)["code"] == "forbidden"


@pytest.mark.parametrize("path", [*PATHS, "/fhir/metadata"])
def test_without_a_token_there_is_no_answer(api: Api, path: str) -> None:
    assert api.client.get(path, headers={"Authorization": "Bearer nobody"}).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "date=yesterday", "date=ne2026", "date=sa2026", "date=2026-13", "date=2026-02-30", "date=ge2026-04-20T14:05",
        "date=2026-04-20T25:00Z", "date=2026-04-20T14:05:00.1234567Z", "date=2026-4-2", "date=", "date=0000",
        "patient=M-1", "patient=Practitioner/11111111-2222-4333-8444-555555555555", "_count=0", "_count=-1",
        "_count=x", "_count=1&_count=2", "page=x", "page=W10", "page=bnVsbA", "agent=somebody", "_format=xml",
        "patient:missing=true",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_and_not_repeated(auditor: Auditor, query: str) -> None:
    issue = auditor.refused(f"/fhir/AuditEvent?{query}", 400)
    OperationOutcome.model_validate({"resourceType": "OperationOutcome", "issue": [issue]})
    value = query.partition("=")[2]
    assert len(value) < 6 or value not in texts(issue)
    assert issue["code"] == ("not-supported" if query.startswith(("agent", "patient:")) else "invalid")


@pytest.mark.parametrize("number", ["1", "e.1", "e.x.1", f"e.{5:032x}.0", f"a.{5:032x}.1", "%00", "e..1"])
def test_an_id_of_nothing_is_not_found(auditor: Auditor, number: str) -> None:
    assert auditor.refused(f"/fhir/AuditEvent/{number}", 404)["code"] == "not-found"


def test_an_unknown_purpose_is_refused(auditor: Auditor) -> None:
    auditor.headers["X-Purpose-Of-Use"] = "CURIOSITY"
    assert auditor.api.client.get("/fhir/AuditEvent", headers=auditor.headers).status_code == 422


def test_every_refusal_of_the_domain_has_an_issue_type() -> None:
    from api.fhir.bundles import ISSUE_OF_STATUS  # noqa: PLC0415

    assert {403, 404} <= {int(one) for one in STATUS.values()} & set(ISSUE_OF_STATUS)


def test_what_is_served_is_stated(auditor: Auditor) -> None:
    told = auditor.get("/fhir/metadata")
    CapabilityStatement.model_validate_json(told.text)
    (rest,) = told.json()["rest"]
    assert [one["type"] for one in rest["resource"]] == ["AuditEvent", "Provenance"]
    assert told.json()["fhirVersion"] == "4.0.1"
    for resource in rest["resource"]:
        for parameter in resource["searchParam"]:
            # None of them is unknown: with a senseless value each is either answered or named as wrong.
            answer = auditor.get(f"/fhir/{resource['type']}?{parameter['name']}=*")
            assert answer.status_code == 400
            assert answer.json()["issue"][0]["code"] == "invalid"


def test_no_answer_names_the_patient(auditor: Auditor, patients: tuple[UUID, UUID]) -> None:
    for path in ("/fhir/AuditEvent?_count=200", "/fhir/Provenance?_count=200", "/fhir/AuditEvent?_count=1"):
        told = auditor.get(path).text
        for planted in ("Alma", "Synthetic", "M-1", "M-2", "1988-05-17", "Nora", "INF-2026"):
            assert planted not in told


def test_whatever_is_sent_is_answered_or_refused_in_fhir(auditor: Auditor, patients: tuple[UUID, UUID]) -> None:
    """Three hundred searches of pieces that are right, and of some that are not."""
    chance = random.Random(5)
    first, second = (str(one) for one in patients)
    pieces = {
        "patient": [first, f"Patient/{second}", "Patient/", "*", "\u0000", "Patient/" + first.upper()],
        "date": ["2026", "ge2026-04", "lt9999-12-31", "eq2026-04-28T12:00Z", "gt", "2026-04-28T12:00+24:00", "\u0660"],
        "recorded": ["2026", "le2026-04-28", "ap2026"],
        "target": [f"Patient/{first}", first, "Claim/1"],
        "target:identifier": [f"{first}.r1", f"|{first}.r1", "urn:x|", "a|b|c", f"x|{second}"],
        "_count": ["1", "200", "999999999", "0", "1e3", "\u0661"],
        "page": ["", "W10", "A" * 400, "WyIyMDI2LTA0LTI4VDE2OjAwOjAwKzAwOjAwIiwwLG51bGwsMV0"],
        "_format": ["json", "application/fhir+json", "xml"],
        "other": ["1"],
    }  # fmt: skip
    statuses = Counter[int]()
    for _ in range(300):
        names = chance.sample(sorted(pieces), chance.randint(0, 4))
        query = urlencode([(name, chance.choice(pieces[name])) for name in names])
        answer = auditor.get(f"/fhir/{chance.choice(['AuditEvent', 'Provenance'])}?{query}")
        statuses[answer.status_code] += 1
        kind = "Bundle" if answer.status_code == 200 else "OperationOutcome"
        assert answer.json()["resourceType"] == kind, query
    assert set(statuses) == {200, 400}
    assert min(statuses.values()) > 20


def test_a_search_by_a_patient_who_is_not_on_record_is_no_access(api: Api) -> None:
    auditor = {"Authorization": api.client.header_of(story.AUDITOR)}  # type: ignore[attr-defined]
    known = api.opened()
    for patient, count in ((uuid4(), 0), (known, 1)):
        before = len(list(all_accesses(api.ledger, AccessQuery())))
        path = f"/fhir/AuditEvent?patient=Patient/{patient}&date=lt2000-01-01"
        answer = api.client.get(path, headers=auditor)
        assert (answer.status_code, answer.json().get("total", 0)) == (200, 0)
        assert len(list(all_accesses(api.ledger, AccessQuery()))) - before == count
