"""Facts and documents that come with an appeal; they stand as the request's own from then on."""

from __future__ import annotations

from typing import Any

from domain.commands.requests import ReviewDocument
from domain.errors import AlreadyDecided, AlreadyRecorded, InvalidCommand, NotPermitted
from domain.events.appeals import AppealDecided, AppealEvidenceAdded
from domain.events.determinations import CourseApproved
from tests.story import (
    CLAIMS,
    MEETS_A,
    NEUROLOGIST,
    OFFICE,
    Step,
    appealed,
    denied,
    evidence,
    given,
    overturned,
    submitted,
)

HIV = MEETS_A | {"hiv_infection": True}
MRI = "1.A.iii.d(3)"
LETTER: dict[str, Any] = {
    "name": "MRI of March",
    "kind": "mri_report",
    "media_type": "application/pdf",
    "size_bytes": 1200,
    "sha256": "ab" * 32,
    "clause": MRI,
}


def test_facts_that_come_with_an_appeal_stand_as_the_requests_own_and_turn_the_answer() -> None:
    scenario = given(submitted(HIV), denied("NR.3"), appealed()).then_recommended("not_recommended")
    scenario.when(evidence({"hiv_infection": False}, note="The test was somebody else's."))
    scenario.then(AppealEvidenceAdded, fields=("statement.hiv_infection",)).then_recommended("approve")
    scenario.when(overturned()).then(AppealDecided, CourseApproved)
    determination = scenario.known.appeals[0].determination
    assert determination is not None
    assert determination.departs is False


def test_a_document_counts_once_somebody_of_the_plan_found_that_it_supports_the_finding() -> None:
    """A user who reads a document for the appeal may decide the appeal (R14)."""
    signs = {"aggressive_disease": {"mri": {"finding": True, "documentation": "not_attached"}}}
    scenario = given(submitted(MEETS_A | signs | {"agents": []}), denied("1.A.iii.a"), appealed())
    scenario.when(evidence(documents=[LETTER])).then(AppealEvidenceAdded).then_finding(MRI, "undetermined")
    document = scenario.known.documents[0]
    assert document.appeal_id == scenario.known.appeals[0].appeal_id
    read = ReviewDocument(document_id=document.document.document_id, clause=MRI, supports=True)
    scenario.and_given(Step(lambda _: read, NEUROLOGIST)).then_finding(MRI, "met")
    scenario.when(overturned()).then(AppealDecided, CourseApproved)


def test_a_note_alone_is_evidence_and_nothing_at_all_is_not() -> None:
    scenario = (
        given(submitted(), denied("1.A.i"), appealed()).when(evidence()).then_refused(InvalidCommand, field="statement")
    )
    scenario.when(evidence(note="She asks to be heard.")).then(AppealEvidenceAdded, fields=(), documents=())


def test_it_comes_while_the_appeal_is_open_and_not_in_the_future() -> None:
    new = {"active_infection": False}
    scenario = given(submitted(), denied("1.A.i"), appealed()).when(evidence(new, "2026-04-29"))
    scenario.then_refused(InvalidCommand, field="received_at")
    scenario.and_given(overturned()).when(evidence(new)).then_refused(AlreadyDecided, field="appeal_id")


def test_anybody_who_asks_may_send_it_and_the_same_bytes_are_one_document() -> None:
    scenario = given(submitted(), denied("1.A.i"), appealed())
    scenario.when(evidence(documents=[LETTER]).by(CLAIMS)).then_refused(NotPermitted, field="actor.role")
    scenario.when(evidence(documents=[LETTER]).by(OFFICE)).then(AppealEvidenceAdded)
    scenario.when(evidence(documents=[LETTER])).then_refused(AlreadyRecorded, field="documents.0.sha256")
