"""Whom a member ID means, over HTTP: spellings, other persons, damaged IDs, and numbers that passed on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.ledger.members import Members
from tests.api.routes.commands.acts import NURSE, OFFICE, Api, Json, opening, refused, sent_by
from tests.story import OTHER_OFFICE

OTHER = sent_by(OTHER_OFFICE)


def finding(member_id: str, actor: Json = NURSE, **values: Any) -> Json:
    return {"actor": actor, "member": {"member_id": member_id}} | values


def found(api: Api, member_id: str, **values: Any) -> str:
    return str(api.did("/patients/find", finding(member_id, **values))["patient_id"])


def accesses(api: Api, *patients: str) -> list[str]:
    log = all_accesses(api.ledger, AccessQuery())
    return [one.view for one in log if str(one.patient_id) in patients]


def test_another_spelling_finds_the_patient_and_does_not_open_a_second_record(api: Api) -> None:
    patient = api.opened("SYN-1", actor=NURSE)
    assert found(api, "syn\u200b-1") == patient
    problem = refused(api.post("/patients", opening("Syn-1", actor=NURSE)), 409, "member")
    assert problem["type"].endswith("already-recorded") or "AlreadyRecorded" in problem["type"]


def test_another_person_is_refused_without_a_word_of_the_record(api: Api) -> None:
    api.opened("SYN-1", actor=NURSE)
    for values, field in (
        ({"name": "Otto Other"}, "name"),
        ({"birth_date": "1951-07-07"}, "birth_date"),
        ({"name": "Otto Other", "birth_date": "1951-07-07"}, "name"),
    ):
        answer = api.post("/patients", opening("SYN-1", actor=NURSE, **values))
        problem = refused(answer, 409, field)
        assert "retire it there first" in problem["remedy"]
        assert "Alma" not in answer.text
        assert "1988" not in answer.text
    # An office learns no more than that the details do not match.
    assert "name" not in str(
        refused(api.post("/patients", opening("SYN-1", name="Otto Other")), 409, "member")["detail"]
    )


@pytest.mark.parametrize("damaged", ["9.87E+11", "#REF!"])
def test_what_a_spreadsheet_made_of_an_id_is_refused_at_every_door(api: Api, damaged: str) -> None:
    patient = api.opened("SYN-1", actor=NURSE)
    member = {"actor": NURSE, "member": {"member_id": damaged}}
    for path, body in (
        ("/patients", opening(damaged, actor=NURSE)),
        ("/patients/find", member),
        (f"/patients/{patient}/identifiers", member),
    ):
        answer = api.post(path, body)
        assert answer.status_code == 422, path
        assert "spreadsheet" in answer.text, path
        assert "member" in answer.text


def test_an_opening_says_that_the_person_is_on_record_to_those_who_may_know(api: Api) -> None:
    first = api.opened("A-1", actor=OFFICE)
    before = accesses(api, first).count("find")
    own = api.did("/patients", opening("A-2", name="ALMA synthetic", birth_date="1988"))
    assert own["same_person"] == [first]
    plan = api.did("/patients", opening("A-3", actor=NURSE))
    assert sorted(plan["same_person"]) == sorted([first, own["patient_id"]])
    assert accesses(api, first).count("find") == before + 2
    other = api.did("/patients", opening("A-4", actor=OTHER))
    assert "same_person" not in other
    assert accesses(api, first).count("find") == before + 2


def test_a_find_for_a_day_of_another_holder_is_refused(api: Api) -> None:
    first = api.opened("N-1", actor=NURSE)
    api.did(f"/patients/{first}/identifiers", {"actor": NURSE, "member": {"member_id": "E-1"}})
    retire = {"actor": NURSE, "member": {"member_id": "N-1"}, "reason": "Passed on.", "last_day": "2026-01-31"}
    api.did(f"/patients/{first}/identifiers/retire", retire)
    refused(api.post("/patients/find", finding("N-1")), 404, "member")
    second = api.opened("N-1", actor=NURSE, name="Fred Follower")
    assert found(api, "N-1", on="2026-02-01") == found(api, "N-1") == second
    assert "2026-02-01" in refused(api.post("/patients/find", finding("N-1", on="2026-01-31")), 409, "on")["detail"]
    assert accesses(api, str(UUID(second))).count("find") == 3


def test_a_shared_spelling_is_a_conflict_and_an_access_to_each_patient(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a ledger of an earlier program has such a pair; see `tests/ledger/test_spellings.py`."""
    pair = [api.opened(f"P-{number}", actor=NURSE, name=f"Alma {number}") for number in ("a", "b")]
    monkeypatch.setattr(Members, "holders", lambda *_: tuple(map(UUID, pair)))
    problem = refused(api.post("/patients/find", finding("p")), 409, "member")
    assert problem["detail"].startswith("Several patients have this member ID")
    assert accesses(api, *pair) == ["find", "find"]
    refused(api.post("/patients/find", finding("p", OTHER)), 404, "member")
    assert accesses(api, *pair) == ["find", "find"]
