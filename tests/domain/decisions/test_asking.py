"""What is asked for is exactly what is open, and an answer is asked for before the decision is due."""

from __future__ import annotations

import pytest

from domain.errors import AlreadyDecided, AssessmentMoved, Conflict, InvalidCommand, NotPermitted
from domain.events.requests import InformationRequested, ReminderSent
from tests.story import (
    MEETS_A,
    MRI,
    NEVER_SEEN,
    OFFICE,
    Scenario,
    approved,
    denied,
    document_voided,
    given,
    information_requested,
    reminded,
    reopened,
    sent,
    statement_corrected,
    submitted,
    supplied,
    withdrawn,
)

OTHER_SIGNS = ("rapid_deterioration", "disabling_relapses", "cognitive_impairment")
NO_OTHER_SIGN = {one: {"finding": False} for one in OTHER_SIGNS}
RESTS_ON_THE_MRI = MEETS_A | {"agents": [], "aggressive_disease": NO_OTHER_SIGN | {"mri": {"finding": True}}}
TWO_OPEN = RESTS_ON_THE_MRI | {"hiv_infection": None}
NO_HIV = {"hiv_infection": False}


def asking() -> Scenario:
    """Two clauses are open, and both are asked for."""
    return given(submitted(TWO_OPEN).by(OFFICE), information_requested())


# -- asked for --------------------------------------------------------------------------------


def test_exactly_the_undetermined_clauses_are_asked_for_with_what_is_missing() -> None:
    scenario = given(submitted(TWO_OPEN).by(OFFICE)).then_recommended("pend", needed=(MRI, "NR.3"))
    scenario.when(information_requested(note="By fax, please.")).then(InformationRequested, note="By fax, please.")
    (event,) = scenario.last
    assert isinstance(event, InformationRequested)
    assert [(one.clause, one.missing) for one in event.asked] == [
        (MRI, ("aggressive_disease.mri.documentation",)),
        ("NR.3", ("hiv_infection",)),
    ]
    said = scenario.judged().assessment
    assert [one.sentence for one in event.asked] == [said.finding(one).sentence for one in said.needed]
    assert event.history_version == 2
    assert event.assessment_digest == scenario.judged().digest


def test_nothing_is_asked_for_where_nothing_is_needed() -> None:
    given(submitted()).then_recommended("approve", scope="A").when(information_requested()).then_refused(
        InvalidCommand, field="request_id"
    )


def test_the_assessment_that_was_shown_must_be_that_of_today() -> None:
    scenario = given(submitted(TWO_OPEN).by(OFFICE))
    looked_at = scenario.judged().digest
    scenario.and_given(supplied(NO_HIV))
    scenario.when(information_requested(assessment_digest=looked_at)).then_refused(AssessmentMoved)
    scenario.when(information_requested(assessment_digest=NEVER_SEEN)).then_refused(AssessmentMoved)
    scenario.when(information_requested()).then(InformationRequested)


@pytest.mark.parametrize(
    ("line", "urgency", "default", "too_late"),
    [
        # The decision is due at the midnight that ends 13 May in New York, or by the hour.
        ("commercial", "standard", "2026-05-14T04:00:00+00:00", "2026-05-14T04:00:01Z"),
        ("medicare_advantage", "standard", "2026-05-01T14:00:00+00:00", "2026-05-01T14:00:01Z"),
        ("medicaid", "standard", "2026-04-29T14:00:00+00:00", "2026-04-29T14:00:01Z"),
    ],
)
def test_an_answer_is_asked_for_before_the_decision_is_due(
    line: str, urgency: str, default: str, too_late: str
) -> None:
    scenario = given(submitted(TWO_OPEN, line_of_business=line, urgency=urgency).by(OFFICE))
    scenario.when(information_requested(answer_by=too_late)).then_refused(InvalidCommand, field="answer_by")
    assert scenario.error is not None
    assert default in scenario.error.cause
    scenario.when(information_requested(answer_by="2026-04-28T15:00:00Z")).then_refused(
        InvalidCommand, field="answer_by"
    )
    scenario.when(information_requested()).then(InformationRequested)
    assert scenario.known.requests[0].askings[0].answer_by.isoformat() == default
    named = given(submitted(TWO_OPEN, line_of_business=line, urgency=urgency).by(OFFICE))
    named.when(information_requested(answer_by=default)).then(InformationRequested)


@pytest.mark.parametrize(
    ("urgency", "extend", "least", "too_late"),
    [
        # Forty-five days from 28 April end with 12 June, at midnight in New York, and the decision follows in July.
        ("standard", {"notice": "We need more time."}, "2026-06-13T04:00:00+00:00", "2026-07-13T04:00:00.1Z"),
        ("urgent", None, "2026-04-30T16:00:00+00:00", None),
    ],
)
def test_where_the_decision_waits_there_is_a_least_time_to_answer(
    urgency: str, extend: dict[str, str] | None, least: str, too_late: str | None
) -> None:
    scenario = given(submitted(TWO_OPEN, urgency=urgency).by(OFFICE))
    scenario.when(information_requested(extend=extend, answer_by="2026-04-30T15:59:59Z")).then_refused(
        InvalidCommand, field="answer_by"
    )
    if too_late is not None:
        scenario.when(information_requested(extend=extend, answer_by=too_late)).then_refused(
            InvalidCommand, field="answer_by"
        )
    scenario.when(information_requested(extend=extend))
    assert scenario.known.requests[0].askings[0].answer_by.isoformat() == least


def test_the_same_is_not_asked_for_twice_while_the_answer_is_out() -> None:
    asking().when(information_requested()).then_refused(Conflict, field="request_id")


def test_a_question_that_nobody_answered_is_asked_again_once_the_request_has_its_whole_time_again() -> None:
    """Asked on 28 April, to be answered by 12 June; denied, and taken up again in July."""
    scenario = asking().on("2026-05-05").and_given(denied("1.A.iii"), reopened())
    scenario.when(information_requested()).then_refused(Conflict, field="request_id")
    scenario.and_given(denied("1.A.iii")).on("2026-07-01").and_given(reopened())
    scenario.when(information_requested()).then(InformationRequested)
    scenario.when(information_requested()).then_refused(Conflict, field="request_id")


def test_more_is_asked_for_when_more_became_open() -> None:
    scenario = asking().and_given(statement_corrected(TWO_OPEN | {"diagnosis": None}))
    scenario.when(information_requested()).then(InformationRequested)
    assert [len(one.asked) for one in scenario.known.requests[0].askings] == [2, 3]


def test_after_a_full_answer_the_same_may_be_asked_again() -> None:
    scenario = asking().and_given(supplied(NO_HIV, sent("MRI of March", MRI)), document_voided(1))
    scenario.when(information_requested()).then(InformationRequested)


def test_a_closed_request_asks_for_nothing() -> None:
    given(submitted(TWO_OPEN), withdrawn()).when(information_requested()).then_refused(Conflict)
    given(submitted(), approved()).when(information_requested()).then_refused(AlreadyDecided)


def test_the_office_does_not_ask_itself() -> None:
    given(submitted(TWO_OPEN)).when(information_requested().by(OFFICE)).then_refused(NotPermitted)


def test_a_reminder_is_of_something_that_is_out() -> None:
    given(submitted(TWO_OPEN)).when(reminded()).then_refused(Conflict)
    scenario = asking().when(reminded()).then(ReminderSent)
    assert scenario.known.requests[0].reminders == 1
    scenario.and_given(supplied(NO_HIV, sent("MRI of March", MRI))).when(reminded()).then_refused(Conflict)
    asking().and_given(withdrawn()).when(reminded()).then_refused(Conflict)
