"""Member IDs on the pages: adding and retiring one, and the notice that a person is on record already."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.ledger.members import Members
from domain.people import Actor
from tests.api.pages.desk import Desk
from tests.api.routes.commands.acts import NURSE, Api
from tests.story import NURSE as NURSE_ACTOR
from tests.story import OFFICE as OFFICE_ACTOR
from tests.story import OTHER_OFFICE

Desks = Callable[[Actor], Desk]


def test_the_page_after_an_opening_says_it_too(api: Api, desk: Desks) -> None:
    first = api.opened("A-1", actor=NURSE)
    for actor, is_shown in ((NURSE_ACTOR, True), (OTHER_OFFICE, False)):
        who: Desk = desk(actor)
        typed = {"member.member_id": f"P-{actor.id}", "name": "Alma Synthetic", "birth_date": "1988-05-17"}
        shown = who.sends(who.opens("/pages/patients"), "open", **typed)
        assert (f"/pages/patients/{first}" in shown.html) is is_shown
        assert ('id="same-person"' in shown.html) is is_shown


def test_a_search_says_what_is_wrong_with_an_id(desk: Desks) -> None:
    nurse = desk(NURSE_ACTOR)
    shown = nurse.sends(nurse.opens("/pages/patients"), "find", **{"member.member_id": "9.87E+11"})
    assert shown.status == 422
    assert "spreadsheet" in shown.text
    assert shown.has_form("find")


@pytest.mark.parametrize("between", ["\n", "\t", "\u202e", "\u2028"])
def test_a_name_or_a_member_id_of_several_lines_is_refused(api: Api, desk: Desks, between: str) -> None:
    nurse = desk(NURSE_ACTOR)
    words = "the text contains a line break, a tab, or a mark of writing direction; write it in one line"
    for faulty in ({"name": f"Ana{between}S"}, {"member.member_id": f"T{between}9"}):
        typed = {"member.member_id": "T-9", "name": "Ana Synthetic"} | faulty
        shown = nurse.sends(nurse.opens("/pages/patients"), "open", **typed)
        assert shown.status == 422
        assert words in shown.text.lower()
    assert list(api.ledger.patients()) == []


def test_a_member_id_is_added_and_retired_on_the_page(api: Api, desk: Desks) -> None:
    patient = api.opened("A-1", actor=NURSE)
    nurse: Desk = desk(NURSE_ACTOR)
    page = f"/pages/patients/{patient}"
    shown = nurse.sends(nurse.opens(page), "add-member", **{"member.member_id": "A-2"})
    assert "A-2 of plan" in shown.text
    fields = {"member.member_id": "A-1", "last_day": "2026-04-01", "reason": "Passed to another person."}
    shown = nurse.sends(nurse.opens(page), "retire-member", **fields)
    assert "A-1 of plan, through 2026-04-01" in shown.text
    assert api.asked(f"/patients/{patient}/person")["former_members"] == [
        {"member": {"issuer": "plan", "member_id": "A-1"}, "last_day": "2026-04-01", "in_error": False}
    ]
    refused_page = nurse.sends(nurse.opens(page), "add-member", **{"member.member_id": "9.87E+11"})
    assert refused_page.status == 422
    assert "spreadsheet" in refused_page.text
    assert not desk(OFFICE_ACTOR).opens(page).has_form("add-member")


def test_two_records_of_one_person_are_linked_and_unlinked_on_the_page(api: Api, desk: Desks) -> None:
    one, other = api.opened("A-1", actor=NURSE), api.opened("A-2", actor=NURSE)
    nurse: Desk = desk(NURSE_ACTOR)
    page = f"/pages/patients/{one}"
    assert not nurse.opens(page).has_form("unlink-history"), "nothing is linked yet"
    shown = nurse.sends(
        nurse.opens(page), "link-history", **{"member.member_id": "a-2 ", "reason": "She has two cards."}
    )
    assert f"/pages/patients/{other}" in shown.html
    assert f"record {other[:8]} of the same person" in shown.text
    for patient, linked in ((one, other), (other, one)):
        assert api.asked(f"/patients/{patient}/person")["linked_histories"] == [linked]
    seen = {str(row.patient_id) for row in all_accesses(api.ledger, AccessQuery()) if row.view == "find"}
    assert other in seen, "the search by member ID is an access to the other record"
    shown = nurse.sends(nurse.opens(page), "unlink-history", other_patient_id=other, reason="Her twin sister.")
    assert f"record {other[:8]}" not in shown.text
    for patient in (one, other):
        assert api.asked(f"/patients/{patient}/person")["linked_histories"] == []


@pytest.mark.parametrize(
    ("member_id", "words"),
    [("A-9", "no patient has this member ID"), ("9.87E+11", "spreadsheet"), ("A-1", "the same patient"), ("", "field")],
)
def test_a_link_with_nobody_else_says_what_to_correct(api: Api, desk: Desks, member_id: str, words: str) -> None:
    patient = api.opened("A-1", actor=NURSE)
    nurse: Desk = desk(NURSE_ACTOR)
    shown = nurse.sends(
        nurse.opens(f"/pages/patients/{patient}"),
        "link-history",
        **{"member.member_id": member_id, "reason": "The same name."},
    )
    assert shown.status in {409, 422}
    assert words in shown.text
    assert shown.has_form("link-history"), "what was typed is still there"
    assert api.asked(f"/patients/{patient}/person")["linked_histories"] == []


def test_an_office_is_not_offered_links(api: Api, desk: Desks) -> None:
    patient = api.opened("A-1", actor=NURSE)
    assert not desk(OFFICE_ACTOR).opens(f"/pages/patients/{patient}").has_form("link-history")


def test_the_worklist_shows_both_patients_of_a_shared_member_id(
    api: Api, desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a ledger of an earlier program has such a pair; see `tests/ledger/test_spellings.py`."""
    one, other, _ = (api.opened(f"S-{number}", actor=NURSE, name=f"Alma {number}") for number in ("a", "b", "c"))
    for name in ("shared", "once_shared"):
        monkeypatch.setattr(Members, name, lambda _: ((UUID(one), UUID(other)),))
    shown = desk(NURSE_ACTOR).opens("/pages/worklist", limit="1")
    assert shown.status == 200
    assert "Shared member ID" in shown.text or "Shared member id" in shown.text
    assert "waits for a reviewer, to retire the member ID that is wrong" in shown.text
    assert {f"/pages/patients/{one}", f"/pages/patients/{other}"} <= set(shown.html.split('"'))
    seen = {str(row.patient_id) for row in all_accesses(api.ledger, AccessQuery()) if row.view == "worklist"}
    assert seen == {one, other}
    listed = api.asked("/worklist", state="shared_member_id")["items"]
    assert {(row["patient_id"], *row["others"]) for row in listed} == {(one, other), (other, one)}
