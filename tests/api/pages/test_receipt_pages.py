"""Pages: when a request was received, the same request twice, and a request from before the first edition."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from domain.events.determinations import RequestDenied
from domain.events.receipts import ReceiptCorrected
from domain.events.requests import RequestSubmitted
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk
from tests.api.routes.commands.acts import MEETS_A, PHYSICIAN, Api

Desks = Callable[[Actor], Desk]
TYPED = {"line_of_business": "commercial", "prescriber__name": "Dr. Made Up"}
USED_ONCE = MEETS_A | {"agents": [{"product": "Ocrevus", "outcome": "adequate", "stopped_on": "2018"}]}


def at(request_id: str) -> str:
    return f"/pages/requests/{request_id}"


def test_the_form_of_an_office_asks_for_no_receipt_and_that_of_the_plan_does(api: Api, desk: Desks) -> None:
    patient = api.opened_now()
    new = f"/pages/patients/{patient}/requests/new"
    office, nurse = desk(story.OFFICE), desk(story.NURSE)
    page = office.opens(new)
    assert not {"received_at", "receipt_source"} & set(page.form("submit").fields)
    page = office.sends(page, "submit", **TYPED)
    assert page.path == f"/pages/requests/{patient}.r1", page.text
    fax = {"received_at": "2026-04-27T09:00", "receipt_source": "fax"}
    page = nurse.sends(nurse.opens(new), "submit", **TYPED, **fax)
    by_office, by_plan = api.ledger.events(UUID(patient))[1:]
    assert isinstance(by_office, RequestSubmitted)
    assert isinstance(by_plan, RequestSubmitted)
    assert by_office.received_at.isoformat().startswith("2026-04-28T16:00:00")
    assert (by_plan.received_at.isoformat(), by_plan.receipt_source) == ("2026-04-27T13:00:00+00:00", "fax")
    assert "Received 2026-04-27 by fax" in page.text


def test_the_receipt_is_corrected_on_the_page_and_both_stay_visible(api: Api, desk: Desks) -> None:
    seen = api.submitted(api.opened_now(), USED_ONCE, received_at="2024-10-17T13:00:00Z")
    request_id = seen["request"]["request_id"]
    decided = api.decided("deny", seen, PHYSICIAN, citing=["1.A.iii"], rationale="No.")
    assert decided.status_code == 200
    nurse = desk(story.NURSE)
    typed = {"received_at": "2024-10-15T09:00", "receipt_source": "fax", "reason": "The fax came on Tuesday."}
    page = nurse.sends(nurse.opens(at(request_id)), "correct-receipt", **typed)
    assert page.status == 200, page.text
    event = api.ledger.events(UUID(request_id[:36]))[-1]
    assert isinstance(event, ReceiptCorrected)
    assert event.received_at.isoformat() == "2024-10-15T13:00:00+00:00"
    assert "corrected by Rosa Nurse: The fax came on Tuesday." in page.text
    assert "as submitted" in page.text
    assert "The assessment would now differ: policy version 2024-10-09 instead of 2024-10-16" in page.text
    again = nurse.opens(f"{at(request_id)}/replay")
    assert "policy version 2024-10-09 applies (R21)" in again.text


def test_an_office_may_not_correct_a_receipt(api: Api, desk: Desks) -> None:
    request_id = api.submitted(api.opened_now())["request"]["request_id"]
    office = desk(story.OFFICE)
    page = office.opens(at(request_id))
    assert not page.has_form("correct-receipt")
    # The form of a reviewer, sent by the office.
    form = desk(story.NURSE).opens(at(request_id))
    typed = {"received_at": "2026-04-23T09:00", "receipt_source": "fax", "reason": "It came by fax."}
    assert office.sends(form, "correct-receipt", **typed).status == 403
    assert [type(one) for one in api.ledger.events(UUID(request_id[:36]))].count(ReceiptCorrected) == 0


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"received_at": "2031-01-01T09:00"}, "the time of receipt is in the future"),
        ({"received_at": "1988-05-16T09:00"}, "before the patient's birth date"),
        ({"received_at": "yesterday"}, "write the time as rfc 3339"),
        ({"received_at": "2026-04-31T09:00"}, "write the time as rfc 3339"),
        ({"received_at": ""}, "this field is required"),
        ({"receipt_source": "pigeon"}, "this is not one of the values of this field"),
        ({"reason": ""}, "this field is required"),
    ],
)
def test_a_faulty_correction_is_refused_on_the_page(api: Api, desk: Desks, typed: dict[str, str], words: str) -> None:
    request_id = api.submitted(api.opened_now())["request"]["request_id"]
    nurse = desk(story.NURSE)
    sent = {"received_at": "2026-04-23T09:00", "receipt_source": "fax", "reason": "It came by fax."} | typed
    page = nurse.sends(nurse.opens(at(request_id)), "correct-receipt", **sent)
    assert page.status == 422
    assert words in page.text.lower()
    assert page.has_form("correct-receipt")
    assert [type(one) for one in api.ledger.events(UUID(request_id[:36]))].count(ReceiptCorrected) == 0


def test_the_same_request_is_named_on_both_pages_and_in_the_worklist(api: Api, desk: Desks) -> None:
    patient = api.opened_now()
    first, second = (api.submitted(patient)["request"]["request_id"] for _ in range(2))
    nurse = desk(story.NURSE)
    for shown, other in ((first, second), (second, first)):
        page = nurse.opens(at(shown))
        assert "This may be the same request sent twice." in page.text
        assert f'href="/pages/requests/{other}"' in page.html
    assert nurse.opens("/pages/worklist").text.count("may have been sent twice") == 2


def test_a_request_from_before_the_first_edition_is_denied_by_a_criterion_of_its_time(api: Api, desk: Desks) -> None:
    seen = api.submitted(api.opened_now(), received_at="2023-11-14T13:00:00Z")
    request_id = seen["request"]["request_id"]
    nurse = desk(story.NURSE).opens(at(request_id))
    assert "before the first policy version on file (2023-11-15)" in nurse.text
    assert not nurse.has_form("approve")
    assert not nurse.has_form("request-information")
    physician = desk(story.PHYSICIAN)
    page = physician.sends(physician.opens(at(request_id)), "deny", citing="Clause 4", rationale="No agent had failed.")
    assert page.status == 200, page.text
    event = api.ledger.events(UUID(request_id[:36]))[-1]
    assert isinstance(event, RequestDenied)
    assert (event.citing, event.determination.edition) == (("Clause 4",), "unknown")
    assert "Edition unknown" in page.text
    letter = physician.opens(f"{at(request_id)}/notice/denial")
    assert "Clause 4" in letter.text
    assert "before the first policy version on file" in letter.text
    assert "made without an assessment" in physician.opens(f"{at(request_id)}/replay").text


def test_its_appeal_is_decided_without_an_assessment(api: Api, desk: Desks) -> None:
    seen = api.submitted(api.opened_now(), received_at="2023-11-14T13:00:00Z")
    request_id = seen["request"]["request_id"]
    api.did(
        f"/requests/{request_id}/deny",
        {"actor": PHYSICIAN, "citing": ["1.A.iii"], "rationale": "No agent had failed."},
    )
    appeal = api.appealed(request_id, "2026-04-28T16:00:00Z")
    doctor = desk(story.NEUROLOGIST)
    page = doctor.opens(f"/pages/appeals/{appeal}")
    assert "there is no assessment (R31)" in page.text
    typed = {"outcome": "upheld", "citing": "Clause 4", "rationale": "The chart shows none."}
    page = doctor.sends(page, "decide", **typed)
    assert page.status == 200, page.text
    assert "Upheld" in page.text
