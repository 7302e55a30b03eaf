"""The request page: what a reviewer sees, decides and is refused, at a desk without a screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from api.pages.rendering import TEMPLATES
from api.record_access.patient_access import patient_of
from domain.events.determinations import CourseApproved, RequestDenied
from domain.events.documents import DocumentReviewed
from domain.events.requests import InformationRequested, Statement
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk, Shown
from tests.api.routes.commands.acts import FAILS, MEETS_A, MRI, NURSE, PDF, PENDS, Api
from tests.story import AUDITOR, OTHER_OFFICE

Desks = Callable[[Actor], Desk]
HOSTILE = "<script>alert('x')</script> O'Neil & Søn"


def submitted(api: Api, statement: dict[str, Any] = MEETS_A) -> str:
    request_id: str = api.submitted(api.opened(name=HOSTILE), statement)["request"]["request_id"]
    return request_id


def at(request_id: str) -> str:
    return f"/pages/requests/{request_id}"


def kinds(api: Api, request_id: str) -> list[str]:
    return [type(one).__name__ for one in api.ledger.events(patient_of(request_id))]


def test_it_says_what_the_policy_says_first_and_every_clause_after(api: Api, desk: Desks) -> None:
    shown = desk(story.NURSE).opens(at(submitted(api, PENDS)))
    assert shown.status == 200
    assert "The policy says: pend" in shown.text
    assert shown.text.index("Still missing") < shown.text.index("The policy, clause by clause")
    assert f'id="clause-{MRI}"' in shown.html
    for citation in ("1", "1.A", "1.A.iii.d(4)", "1.B.iv", "NR.5", "Dosing.B"):
        assert f'id="clause-{citation}"' in shown.html
    assert "Request received" in shown.text, "who said so"
    assert HOSTILE in shown.text
    assert HOSTILE not in shown.html


def test_the_nearest_names_of_an_agent_that_is_not_recognized_are_proposed(api: Api, desk: Desks) -> None:
    tried = [{"product": "Tysabry", "outcome": "inadequate_efficacy", "stopped_on": "2018-01"}]
    shown = desk(story.NURSE).opens(at(submitted(api, FAILS | {"agents": tried})))
    assert "The policy says: pend" in shown.text
    assert "which product Tysabry was (not recognized, did you mean Tysabri?)" in shown.text
    assert "Tysabry is not recognized, did you mean Tysabri?" in shown.text


def test_a_reviewer_approves_what_is_recommended_once(api: Api, desk: Desks) -> None:
    request_id, reviewer = submitted(api), desk(story.NURSE)
    page = reviewer.opens(at(request_id))
    for _ in range(2):
        decided = reviewer.sends(page, "approve")
        assert decided.path == at(request_id)
        assert "Recorded: course approved" in decided.text
    assert kinds(api, request_id).count(CourseApproved.__name__) == 1
    assert not decided.has_form("approve")
    assert "5 doses of course 1, valid 2026-04-28 through 2026-05-27" in decided.text


def test_who_may_not_is_told_why_and_who_may(api: Api, desk: Desks) -> None:
    request_id = submitted(api, FAILS)
    seen = desk(story.NURSE).opens(at(request_id))
    assert not seen.has_form("deny")
    assert not seen.has_form("approve")
    assert "A reviewer may not deny the request" in seen.text
    assert "Ask a clinician" in seen.text
    pharmacist = desk(story.PHARMACIST).opens(at(request_id))
    assert "Only a physician may deny a request (commercial)" in pharmacist.text
    auditor = desk(AUDITOR).opens(at(request_id))
    assert auditor.status == 200
    assert "<textarea" not in auditor.html


def test_a_clinician_denies_with_its_clauses_and_a_reason(api: Api, desk: Desks) -> None:
    request_id, director = submitted(api, FAILS), desk(story.PHYSICIAN)
    page = director.opens(at(request_id))
    assert "1.A.iii.a" in page.form("deny").fields["citing"], "what speaks against it is chosen already"
    empty = director.sends(page, "deny")
    assert empty.status == 422
    assert "Nothing was recorded" in empty.text
    denied = director.sends(empty, "deny", citing=["1.A.iii"], rationale="Nothing was tried before <b>this</b>.")
    assert "Nothing was tried before <b>this</b>." in denied.text
    assert kinds(api, request_id)[-1] == RequestDenied.__name__
    assert "Letter of denial" in denied.text


def test_what_is_asked_for_is_what_is_undetermined(api: Api, desk: Desks) -> None:
    request_id, reviewer = submitted(api, PENDS), desk(story.NURSE)
    asked = reviewer.sends(reviewer.opens(at(request_id)), "request-information", note="By fax, please.")
    assert "Recorded: information requested" in asked.text
    events = api.ledger.events(patient_of(request_id))
    assert isinstance(events[-1], InformationRequested)
    assert [one.clause for one in events[-1].asked] == [MRI]
    assert "Send a reminder" in asked.text, "why it can't be asked for again"


def test_a_document_comes_is_read_and_makes_it_approvable(api: Api, desk: Desks) -> None:
    request_id, office, reviewer = submitted(api, PENDS), desk(story.OFFICE), desk(story.NURSE)
    page = office.opens(at(request_id))
    came = office.sends(
        page,
        "supply-information",
        ("scan.pdf", PDF, "application/pdf"),
        document_kind="mri_report",
        document_clause=MRI,
        document_name="MRI of the head",
        statement__aggressive_disease__mri__documentation="attached",
    )
    assert "Recorded: information received" in came.text, came.text[:600]
    assert "not read yet" in came.text.lower()
    document = reviewer.opens(f"/pages/documents/{patient_of(request_id)}.f1")
    assert "Nobody has read it yet" in document.text
    read = reviewer.sends(document, "review", clause=MRI, supports="true")
    assert "Supports it" in read.text
    assert kinds(api, request_id)[-1] == DocumentReviewed.__name__
    ready = reviewer.opens(at(request_id))
    assert "The policy says: approve" in ready.text
    assert ready.has_form("approve")


def test_a_document_without_a_kind_is_refused_and_no_byte_is_stored(api: Api, desk: Desks) -> None:
    request_id, reviewer = submitted(api, PENDS), desk(story.NURSE)
    refused = reviewer.sends(
        reviewer.opens(at(request_id)),
        "supply-information",
        ("scan.pdf", PDF, "application/pdf"),
        document_name="The MRI as it came",
    )
    assert refused.status == 422
    assert "say what kind of document it is" in refused.text.lower()
    assert 'value="The MRI as it came"' in refused.html


def moved(api: Api, request_id: str) -> None:
    api.did(
        f"/requests/{request_id}/correct",
        {"actor": NURSE, "statement": FAILS, "reason": "It was the statement of another request."},
    )


def test_what_moved_while_the_page_was_open_is_said_before_anything_is_decided(api: Api, desk: Desks) -> None:
    request_id, reviewer = submitted(api), desk(story.NURSE)
    page = reviewer.opens(at(request_id))
    digest = page.form("approve").fields["assessment_digest"][0]
    assert reviewer.opens(f"{at(request_id)}/moved", digest=digest).status == 204
    moved(api, request_id)
    told = reviewer.opens(f"{at(request_id)}/moved", digest=digest)
    assert "The record moved" in told.text
    assert "1.A.iii.a" in told.text
    refused: Shown = reviewer.sends(page, "approve", rationale="As recommended.")
    assert refused.status == 409
    assert "This moved since the page was read" in refused.text
    assert CourseApproved.__name__ not in kinds(api, request_id)


def test_a_claim_is_hers_and_is_let_go(api: Api, desk: Desks) -> None:
    request_id, reviewer = submitted(api), desk(story.NURSE)
    hers = reviewer.sends(reviewer.opens(at(request_id)), "claim")
    assert f"With {story.NURSE.name}" in hers.text
    free = reviewer.sends(hers, "release")
    assert "With nobody yet" in free.text


def test_an_extension_is_offered_to_whom_and_where_it_can_be_recorded(api: Api, desk: Desks) -> None:
    request_id, reviewer = submitted(api), desk(story.NURSE)
    page = reviewer.sends(reviewer.opens(at(request_id)), "approve")
    assert page.has_form("extend-approval")
    assert not desk(AUDITOR).opens(at(request_id)).has_form("extend-approval")
    page = reviewer.sends(page, "correct", reason="Misread from the fax.", statement__ms_form="primary_progressive")
    assert not page.has_form("extend-approval")
    assert "An approval can be extended only while all criteria and the dosing are met" in page.text


def test_what_somebody_has_is_taken_over_from_its_page(api: Api, desk: Desks) -> None:
    request_id, reviewer, director = submitted(api), desk(story.NURSE), desk(story.PHYSICIAN)
    reviewer.sends(reviewer.opens(at(request_id)), "claim")
    taken = director.sends(director.opens(at(request_id)), "claim")
    assert f"With {story.PHYSICIAN.name}" in taken.text


def test_what_was_stated_is_corrected_from_what_stands(api: Api, desk: Desks) -> None:
    request_id, reviewer = submitted(api), desk(story.NURSE)
    page = reviewer.opens(at(request_id))
    sent = reviewer.sends(page, "correct", reason="Misread from the fax.", statement__ms_form="primary_progressive")
    assert "Recorded: statement corrected" in sent.text
    history = api.ledger.history(patient_of(request_id))
    stands = history.requests[0].statement
    assert stands.ms_form == "primary_progressive"
    assert stands.agents == type(stands).model_validate(MEETS_A).agents, "what was not touched stands"


def test_an_office_sees_its_own_and_no_other(api: Api, desk: Desks) -> None:
    request_id = submitted(api)
    own = desk(story.OFFICE).opens(at(request_id))
    assert own.status == 200
    assert own.has_form("withdraw")
    assert "/events" not in own.html
    assert desk(OTHER_OFFICE).opens(at(request_id)).status == 404


@pytest.mark.parametrize("act", ["approve", "deny", "refer", "withdraw", "nothing-of-the-kind"])
def test_an_auditor_changes_nothing_even_by_hand(api: Api, desk: Desks, act: str) -> None:
    request_id, auditor = submitted(api), desk(AUDITOR)
    token = auditor.browser.get("/me").json()["csrf_token"]
    before = api.events_stored()
    answer = auditor.browser.post(
        f"{at(request_id)}/{act}",
        data={"csrf_token": token, "assessment_digest": "0" * 64, "by": "x", "reason": "x", "rationale": "x",
              "citing": ["1"]},
    )  # fmt: skip
    assert answer.status_code in (403, 404)
    assert api.events_stored() == before


def test_a_plan_that_falls_through_leaves_no_day_and_no_place(api: Api, desk: Desks) -> None:
    request_id, reviewer = submitted(api), desk(story.NURSE)
    page = reviewer.opens(at(request_id))
    planned = reviewer.sends(
        page, "planned-infusion", planned_first_infusion_on="2026-05-11", planned_site="Infusion Centre West"
    )
    assert "Recorded: " in planned.text
    emptied = reviewer.sends(planned, "planned-infusion", planned_first_infusion_on="", planned_site="")
    assert "Recorded: " in emptied.text, emptied.text[:600]
    stands = api.ledger.history(patient_of(request_id)).requests[0]
    assert (stands.planned_first_infusion_on, stands.planned_site) == (None, None)


def test_the_form_of_a_correction_has_every_fact_of_a_statement() -> None:
    """What it lacked would be lost, for a correction is the facts whole."""
    said = {
        "product": "Avonex",
        "outcome": "adequate",
        "started_on": "2020",
        "stopped_on": "2021",
        "still_taken": False,
    }
    stated = set(_places(Statement.model_validate({"agents": [said]})))
    template = TEMPLATES.get_template("request/statement.html.j2")
    html = template.make_module({"csrf_token": None, "tried": None, "viewer": None}).facts("correct", {}, 1)
    assert stated == set(re.findall(r'name="(statement\.[^"]+)"', html))


def _places(value: BaseModel, before: str = "statement") -> Iterator[str]:
    for name in type(value).model_fields:
        one, place = getattr(value, name), f"{before}.{name}"
        if isinstance(one, BaseModel):
            yield from _places(one, place)
        elif isinstance(one, tuple) and one and isinstance(one[0], BaseModel):
            yield from _places(one[0], f"{place}.0")
        else:
            yield place
