"""Documents behind the facts (R14): read by a person before they count, corrected, voided, never lost."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import AlreadyRecorded, Conflict, InvalidCommand, NotFound, NotPermitted
from domain.events.determinations import CourseApproved
from domain.events.documents import DocumentCorrected, DocumentReviewed, DocumentVoided
from domain.events.requests import InformationRequested, InformationSupplied
from domain.history.state import PatientHistory
from domain.review.assess_request import request_assessment
from tests.domain.decisions.test_information import RESTS_ON_THE_MRI
from tests.story import (
    MEETS_A,
    MRI,
    NURSE,
    OFFICE,
    PHYSICIAN,
    Scenario,
    approved,
    document_corrected,
    document_voided,
    given,
    information_requested,
    reviewed,
    sent,
    statement_corrected,
    submitted,
    supplied,
    withdrawn,
)

WAITS = "was received and is not yet reviewed"
REPORT = sent("MRI of March", MRI)


def asserted() -> Scenario:
    """Everything rests on the MRI, which the office asserts without a document."""
    return given(submitted(RESTS_ON_THE_MRI).by(OFFICE)).then_recommended("pend", needed=(MRI,))


def waits(scenario: Scenario) -> bool:
    """Whether the decision maker is shown that a document is still to be read."""
    return any(WAITS in one for one in scenario.judged().assessment.advisories)


def recommended(history: PatientHistory, scenario: Scenario) -> str:
    return request_assessment(history, history.requests[-1], scenario.today).assessment.recommendation


# -- from the assertion to the approval -------------------------------------------------------


def test_r14_asserted_asked_for_supplied_read_and_approved() -> None:
    scenario = asserted()
    assert not waits(scenario)
    scenario.when(information_requested()).then(InformationRequested)
    assert [one.clause for one in scenario.known.requests[0].askings[0].asked] == [MRI]
    # The document is there, and nobody has read it.
    scenario.on("2026-05-05").when(supplied({}, REPORT)).then(InformationSupplied, answers_in_full=True)
    scenario.then_recommended("pend", needed=(MRI,))
    assert waits(scenario)
    # It is read, and supports the finding.
    scenario.on("2026-05-06").when(reviewed(1, supports=True, by=PHYSICIAN)).then(DocumentReviewed, clause=MRI)
    scenario.then_recommended("approve", scope="A").then_finding(MRI, "met")
    assert not waits(scenario)
    scenario.when(approved()).then(CourseApproved)
    # It turns out to be another patient's: today's answer is another, yesterday's is not.
    scenario.on("2026-05-20").when(document_voided(1)).then(DocumentVoided)
    scenario.then_recommended("pend", needed=(MRI,))
    as_approved, as_known_now = scenario.versions[-2:]
    assert recommended(as_approved, scenario) == "approve"
    assert recommended(as_known_now, scenario) == "pend"
    (decision,) = scenario.known.requests[0].decisions
    assert decision.determination is not None
    assert decision.determination.assessment.finding(MRI).answer == "met"


def test_r14_read_and_not_supporting_leaves_it_undetermined() -> None:
    scenario = asserted().and_given(supplied({}, REPORT), reviewed(1, supports=False))
    scenario.then_recommended("pend", needed=(MRI,)).then_finding(MRI, "undetermined")
    assert not waits(scenario)
    scenario.when(information_requested()).then(InformationRequested)


def test_r14_of_several_documents_one_that_supports_is_enough() -> None:
    scenario = asserted().and_given(supplied({}, REPORT, sent("Second MRI", MRI)), reviewed(1, supports=False))
    assert waits(scenario)
    scenario.and_given(reviewed(2, supports=True)).then_finding(MRI, "met")


def test_r14_who_reads_it_again_says_what_holds() -> None:
    scenario = asserted().and_given(supplied({}, REPORT), reviewed(1, supports=False))
    scenario.and_given(reviewed(1, supports=True, by=PHYSICIAN)).then_finding(MRI, "met")
    scenario.and_given(reviewed(1, supports=False)).then_finding(MRI, "undetermined")


def test_r14_what_a_document_supports_is_what_was_read_in_it_not_what_it_was_sent_for() -> None:
    scenario = asserted().and_given(supplied({}, sent("Chart", "1.A.iii.d(1)")))
    scenario.and_given(reviewed(1, "1.A.iii.d(1)", supports=True)).then_finding(MRI, "undetermined")
    scenario.and_given(reviewed(1, MRI, supports=True)).then_finding(MRI, "met")


def test_r14_a_document_without_the_assertion_decides_nothing() -> None:
    silent = RESTS_ON_THE_MRI | {"aggressive_disease": RESTS_ON_THE_MRI["aggressive_disease"] | {"mri": {}}}
    scenario = given(submitted(silent).by(OFFICE), supplied({}, REPORT), reviewed(1, supports=True))
    scenario.then_finding(MRI, "undetermined")
    denied_sign = {"aggressive_disease": {"mri": {"finding": False}}}
    scenario.and_given(supplied(denied_sign)).then_finding(MRI, "not_met")


def test_r14_a_document_that_came_after_all_beats_that_there_is_none() -> None:
    none = {"aggressive_disease": {"mri": {"documentation": "none_exists"}}}
    scenario = asserted().and_given(supplied(none)).then_finding(MRI, "not_met")
    scenario.and_given(supplied({}, REPORT), reviewed(1, supports=True)).then_finding(MRI, "met")


def test_r14_a_document_of_one_request_is_no_document_of_the_next() -> None:
    scenario = asserted().and_given(supplied({}, REPORT), reviewed(1, supports=True), withdrawn())
    scenario.and_given(submitted(RESTS_ON_THE_MRI).by(OFFICE)).then_finding(MRI, "undetermined")
    # The same bytes are sent for that one too, and are read for it.
    scenario.when(supplied({}, REPORT)).then(InformationSupplied)
    scenario.and_given(reviewed(2, supports=True)).then_finding(MRI, "met")


def test_r14_what_was_entered_as_read_falls_with_the_documents_for_it() -> None:
    attached = {"aggressive_disease": {"mri": {"documentation": "attached"}}}
    scenario = asserted().and_given(supplied(attached, REPORT).by(NURSE)).then_finding(MRI, "met")
    scenario.and_given(reviewed(1, supports=False)).then_finding(MRI, "undetermined")
    scenario.and_given(reviewed(1, supports=True)).then_finding(MRI, "met")
    scenario.and_given(document_voided(1)).then_recommended("pend", needed=(MRI,))
    assert waits(scenario)


def test_r14_the_offices_word_that_it_is_attached_waits_for_a_reader() -> None:
    attached = {"aggressive_disease": {"mri": {"documentation": "attached"}}}
    scenario = asserted().and_given(supplied(attached)).then_finding(MRI, "undetermined")
    assert waits(scenario)
    assert not waits(scenario.and_given(supplied({}, REPORT), reviewed(1, supports=False)))
    assert waits(scenario.and_given(document_voided(1)))


def test_r14_a_reviewer_who_enters_it_as_attached_has_read_it() -> None:
    attached = {"aggressive_disease": {"mri": {"documentation": "attached"}}}
    asserted().and_given(supplied(attached).by(NURSE)).then_finding(MRI, "met")
    corrected = RESTS_ON_THE_MRI["aggressive_disease"] | {"mri": {"finding": True, "documentation": "attached"}}
    scenario = asserted().and_given(statement_corrected(RESTS_ON_THE_MRI | {"aggressive_disease": corrected}))
    scenario.then_finding(MRI, "met")
    # What was read stays read when the office adds to the statement, and not when it changes the sign.
    scenario.and_given(supplied({"rems_enrolled": True})).then_finding(MRI, "met")
    scenario.and_given(supplied({"aggressive_disease": {"mri": {"finding": False}}})).then_finding(MRI, "not_met")


@pytest.mark.parametrize(
    ("clause", "is_told"),
    [(MRI, True), ("1.A.iii.d", True), (None, True), ("1.A.iii.d(1)", True), ("1.A.iv", False), ("1.B.iii.a", False)],
)
def test_who_decides_is_told_of_a_document_that_may_bear_on_a_sign(clause: str | None, is_told: bool) -> None:
    assert waits(asserted().and_given(supplied({}, sent("Chart", clause)))) is is_told


def test_a_document_for_a_sign_that_is_supported_already_does_not_wait() -> None:
    scenario = asserted().and_given(supplied({}, REPORT), reviewed(1, supports=True))
    assert not waits(scenario.and_given(supplied({}, sent("Second MRI", MRI))))


# -- on record once ---------------------------------------------------------------------------


def test_documents_are_numbered_over_all_that_came() -> None:
    scenario = asserted().and_given(supplied({}, REPORT, sent("Letter", kind="letter")), supplied({}, sent("Chart")))
    found = [(one.document.document_id.rpartition(".")[2], one.document.name) for one in scenario.known.documents]
    assert found == [("f1", "MRI of March"), ("f2", "Letter"), ("f3", "Chart")]


def test_the_same_bytes_are_on_record_once_a_request_until_they_are_voided() -> None:
    scenario = asserted().and_given(supplied({}, REPORT))
    scenario.when(supplied({}, REPORT | {"name": "Another name"})).then_refused(
        AlreadyRecorded, field="documents.0.sha256"
    )
    assert scenario.error is not None
    assert scenario.error.details["document_id"].endswith(".f1")
    scenario.and_given(document_voided(1))
    scenario.when(supplied({}, REPORT)).then(InformationSupplied)


def test_the_same_bytes_are_not_sent_twice_at_once() -> None:
    asserted().when(supplied({}, REPORT, REPORT)).then_refused(InvalidCommand, field="documents.1.sha256")


@pytest.mark.parametrize("clause", ["1.A.iii.d(9)", "1.C", "MRI", "1.A.iii.d(3"])
def test_a_document_is_for_a_clause_that_exists(clause: str) -> None:
    asserted().when(supplied({}, REPORT | {"clause": clause})).then_refused(InvalidCommand, field="documents.0.clause")
    on_record = asserted().and_given(supplied({}, REPORT))
    on_record.when(reviewed(1, clause, supports=True)).then_refused(InvalidCommand, field="clause")
    on_record.when(document_corrected(1, clause=clause)).then_refused(InvalidCommand, field="clause")


def test_a_clause_of_the_newest_edition_is_known_under_an_older_one_too() -> None:
    """1.A.iii.c was split from 1.A.iii.b later than this request was received."""
    scenario = given(submitted(RESTS_ON_THE_MRI, received_on="2024-10-10").by(OFFICE))
    scenario.when(supplied({}, sent("Letter", "1.A.iii.c"))).then(InformationSupplied)


def test_a_request_from_before_the_first_edition_has_documents_too() -> None:
    scenario = given(submitted(MEETS_A, received_on="2022-03-01").by(OFFICE))
    scenario.when(supplied({}, REPORT)).then(InformationSupplied)
    scenario.when(reviewed(1, supports=True)).then(DocumentReviewed)


def test_only_people_of_the_plan_say_what_a_document_supports() -> None:
    scenario = asserted().and_given(supplied({}, REPORT))
    scenario.when(reviewed(1, supports=True, by=OFFICE)).then_refused(NotPermitted)
    scenario.when(document_voided(1).by(OFFICE)).then_refused(NotPermitted)


def test_a_user_who_reads_a_document_took_part() -> None:
    scenario = asserted().and_given(supplied({}, REPORT), reviewed(1, supports=True, by=PHYSICIAN))
    assert PHYSICIAN in scenario.known.requests[0].took_part


# -- corrected and voided (R23) ---------------------------------------------------------------


def test_a_correction_names_what_changed_and_leaves_the_rest() -> None:
    scenario = asserted().and_given(supplied({}, REPORT))
    scenario.when(document_corrected(1, kind="chart_note", name="MRI of March")).then(
        DocumentCorrected, fields=("kind",), name="MRI of March", kind="chart_note", clause=MRI
    )
    (on_record,) = scenario.known.documents
    assert on_record.corrected
    assert on_record.document.sha256 == REPORT["sha256"]
    scenario.when(document_corrected(1, kind="chart_note")).then_refused(InvalidCommand)
    scenario.when(document_corrected(1)).then_refused(InvalidCommand)


def test_of_two_corrections_the_last_holds_and_earlier_versions_keep_theirs() -> None:
    scenario = asserted().and_given(
        supplied({}, REPORT), document_corrected(1, name="MRI"), document_corrected(1, name="MRI of the head")
    )
    names = [one.documents[0].document.name for one in scenario.versions if one.documents]
    assert names == ["MRI of March", "MRI", "MRI of the head"]


def test_a_review_stays_when_what_was_said_of_the_document_is_corrected() -> None:
    scenario = asserted().and_given(supplied({}, REPORT), reviewed(1, supports=True))
    scenario.and_given(document_corrected(1, clause="1.A.iii.d(1)")).then_finding(MRI, "met")


def test_of_a_voided_document_nothing_more_is_said() -> None:
    scenario = asserted().and_given(supplied({}, REPORT), document_voided(1))
    for step in (reviewed(1, supports=True), document_corrected(1, name="MRI"), document_voided(1)):
        scenario.when(step).then_refused(Conflict, field="document_id")
    assert scenario.known.documents[0].voided


@pytest.mark.parametrize(
    "step", [reviewed(7, supports=True), document_corrected(7, name="MRI"), document_voided(7)], ids=["r", "c", "v"]
)
def test_what_is_not_on_record_is_not_found(step: Any) -> None:
    asserted().when(step).then_refused(NotFound, field="document_id")
