"""From nobody on record to the first request: found, opened, submitted, and never typed twice."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from domain.events.patient import HistoryOpened
from domain.events.requests import RequestSubmitted
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk, Shown
from tests.api.routes.commands.acts import Api
from tests.story import ADMINISTRATOR, AUDITOR

Desks = Callable[[Actor], Desk]
HOSTILE = """<script>alert("x")</script> O'Neil & Søn"""
MINIMUM = {"received_at": "2026-04-27T09:00", "line_of_business": "commercial", "prescriber__name": "Dr. Made Up"}


def new_request(at: Desk, patient: str) -> Shown:
    return at.opens(f"/pages/patients/{patient}/requests/new")


def test_a_patient_is_found_and_the_member_id_is_in_no_address(api: Api, desk: Desks) -> None:
    patient, at = api.opened("M-77"), desk(story.NURSE)
    page = at.sends(at.opens("/pages/patients"), "find", member__member_id=" M-77 ")
    assert page.path == f"/pages/patients/{patient}"
    assert "M-77" not in str(page.answer.url)


def test_who_is_not_found_can_be_opened_with_what_was_typed(api: Api, desk: Desks) -> None:
    at = desk(story.NURSE)
    page = at.sends(at.opens("/pages/patients"), "find", member__member_id="M-404", member__issuer="other plan")
    assert page.status == 404
    assert "Nobody with this member id is on record here." in page.text
    assert page.form("find").fields["member.member_id"] == ["M-404"]
    assert page.form("open").fields["member.member_id"] == ["M-404"]
    assert page.form("open").fields["member.issuer"] == ["other plan"]
    page = at.sends(page, "open", name=HOSTILE, birth_date="1988-05")
    patient = UUID(page.path.rpartition("/")[2])
    (opened,) = api.ledger.events(patient)
    assert isinstance(opened, HistoryOpened)
    assert (opened.name, opened.member.member_id, str(opened.birth_date)) == (HOSTILE, "M-404", "1988-05")
    assert "<script>alert" not in page.html


def test_a_wrong_birth_date_is_refused_beside_its_field_and_nothing_is_lost(api: Api, desk: Desks) -> None:
    at = desk(story.NURSE)
    typed = {"member__member_id": "M-9", "name": HOSTILE, "birth_date": "17 May 1988"}
    page = at.sends(at.opens("/pages/patients"), "open", **typed)
    assert page.status == 422
    assert 'aria-describedby="open-birth_date-wrong"' in page.html
    fields = page.form("open").fields
    assert [fields[one] for one in ("member.member_id", "name", "birth_date")] == [["M-9"], [HOSTILE], ["17 May 1988"]]
    assert api.events_stored() == 0


def test_a_member_with_a_history_is_not_opened_twice(api: Api, desk: Desks) -> None:
    api.opened("M-1")
    at, before = desk(story.NURSE), api.events_stored()
    page = at.sends(at.opens("/pages/patients"), "open", member__member_id="M-1", name="Alma Synthetic")
    assert (page.status, api.events_stored()) == (409, before)


def test_another_offices_patient_is_found_by_no_office(api: Api, desk: Desks) -> None:
    api.opened("M-1", actor={"id": "r.nurse", "name": "Rosa Nurse", "role": "reviewer", "credential": "nurse"})
    at = desk(story.OFFICE)
    page = at.sends(at.opens("/pages/patients"), "find", member__member_id="M-1")
    assert page.status == 404
    assert "Nobody of yours is found" in page.text


def test_an_auditor_finds_and_does_not_open_and_an_administrator_does_neither(desk: Desks) -> None:
    page = desk(AUDITOR).opens("/pages/patients")
    assert page.has_form("find")
    assert not page.has_form("open")
    assert "An auditor may not open the history" in page.text
    assert desk(ADMINISTRATOR).opens("/pages/patients").status == 403


def test_the_whole_statement_is_submitted_as_it_was_typed(api: Api, desk: Desks) -> None:
    patient, at = api.opened(name=HOSTILE), desk(story.NURSE)
    page = new_request(at, patient)
    assert "&lt;script&gt;alert" in page.html
    page = at.sends(
        page,
        "submit",
        **MINIMUM,
        urgency="urgent",
        planned_first_infusion_on="2026-05-20",
        prescriber__specialty="neurology",
        statement__diagnosis="multiple_sclerosis",
        statement__ms_form="relapsing_remitting",
        statement__agents__0__product="Avonex",
        statement__agents__0__outcome="inadequate_efficacy",
        statement__agents__0__stopped_on="2018-01",
        statement__agents__7__product="Tysabri",
        statement__agents_list_is_complete="true",
        statement__aggressive_disease__mri__finding="true",
        statement__aggressive_disease__mri__documentation="not_attached",
        statement__hiv_infection="false",
        statement__requested_dosing__mg_per_day="12",
        statement__requested_dosing__consecutive_days="5",
    )
    assert page.path == f"/pages/requests/{patient}.r1"
    submitted = api.ledger.events(UUID(patient))[-1]
    assert isinstance(submitted, RequestSubmitted)
    assert submitted.received_at.isoformat() == "2026-04-27T13:00:00+00:00"
    assert (submitted.urgency, str(submitted.planned_first_infusion_on)) == ("urgent", "2026-05-20")
    said = submitted.statement
    assert [one.product for one in said.agents] == ["Avonex", "Tysabri"]
    assert str(said.agents[0].stopped_on) == "2018-01"
    assert (said.hiv_infection, said.active_infection, said.agents_list_is_complete) == (False, None, True)
    assert (said.aggressive_disease.mri.finding, said.aggressive_disease.mri.documentation) == (True, "not_attached")
    assert (said.requested_dosing.mg_per_day, said.requested_dosing.consecutive_days) == (12.0, 5)


def test_a_request_from_the_future_is_refused_and_what_was_typed_stays(api: Api, desk: Desks) -> None:
    patient, at = api.opened(), desk(story.NURSE)
    before = api.events_stored()
    typed = MINIMUM | {"received_at": "2031-01-01T09:00", "statement__agents__2__product": HOSTILE}
    page = at.sends(new_request(at, patient), "submit", **typed)
    assert page.status == 422
    assert "Nothing was recorded." in page.text
    assert page.form("submit").fields["statement.agents.2.product"] == [HOSTILE]
    assert page.form("submit").fields["prescriber.name"] == ["Dr. Made Up"]
    assert api.events_stored() == before


def test_a_form_sent_twice_submits_one_request(api: Api, desk: Desks) -> None:
    patient, at = api.opened(), desk(story.NURSE)
    page = new_request(at, patient)
    first, second = (at.sends(page, "submit", **MINIMUM) for _ in range(2))
    assert (first.status, second.status) == (200, 200), (first.text, second.text)
    assert first.path == second.path == f"/pages/requests/{patient}.r1"
    assert len(api.ledger.history(UUID(patient)).requests) == 1


def test_a_user_who_may_not_submit_is_shown_why(api: Api, desk: Desks) -> None:
    page = new_request(desk(AUDITOR), api.opened())
    assert not page.has_form("submit")
    assert "An auditor may not submit the request" in page.text
