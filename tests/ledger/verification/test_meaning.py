"""Meaning: determinations re-evaluated, courses that follow from their doses, and what a fixed rule changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest

from domain.events.appeals import AppealDecided
from domain.events.base import Event
from domain.events.determinations import CourseApproved, RequestDenied
from domain.events.treatment import CourseCompleted
from domain.ledger.event_store import EventMapper
from domain.ledger.verification.check_meaning import MeaningCheck
from domain.ledger.verification.report import Logged, VerificationPart
from domain.policy import editions
from domain.policy.editions import revisions_of
from tests.policy.cases import NEWEST
from tests.policy.changed_rules import NEXT, known_with
from tests.story import (
    MEETS_A,
    MEETS_B,
    NEUROLOGIST,
    Scenario,
    appeals,
    approved,
    approved_by_clinician,
    denied,
    dose,
    extended,
    first_course,
    given,
    opened,
    past_determination,
    referred,
    reported,
    submitted,
    submitted_for,
    voided,
)

MAPPER = EventMapper()


def entries_of(told: Scenario) -> list[Logged]:
    found = []
    for version, event in enumerate(told.events, 1):
        stored = MAPPER.to_stored_event(event)
        found.append(Logged(version - 1, str(event.patient_id), version, stored.topic, stored.state))
    return found


def judged(entries: Sequence[Logged]) -> VerificationPart:
    found = VerificationPart("meaning")
    MeaningCheck(found).history(entries)
    return found


def altered(told: Scenario, kind: type[Event], change: Callable[[dict[str, Any]], object]) -> VerificationPart:
    """The story as it is judged after a change in the stored state of its first event of a kind."""
    entries = entries_of(told)
    place = next(number for number, entry in enumerate(entries) if entry.topic == kind.TOPIC)
    state = json.loads(entries[place].state)
    change(state)
    entries[place] = entries[place]._replace(state=json.dumps(state).encode())
    return judged(entries)


def first_course_approved() -> Scenario:
    return given(today="2026-03-02").and_given(submitted(MEETS_A), approved(), *first_course("2026-03-04"))


def appealed_and_overturned() -> Scenario:
    return given(submitted(MEETS_A | {"hiv_infection": True}), denied("NR.3")).and_given(
        appeals.appealed(),
        appeals.evidence({"hiv_infection": False}),
        appeals.appeal_assigned(NEUROLOGIST),
        appeals.overturned(),
    )


STORIES: dict[str, Callable[[], Scenario]] = {
    "approved and given": first_course_approved,
    "referred, then approved": lambda: given(
        *first_course("2024-03-04"), submitted(MEETS_B), referred(rationale="It is unusual."), approved_by_clinician()
    ),
    "extended": lambda: (
        given(today="2026-03-02")
        .and_given(submitted(MEETS_A), approved(), dose("2026-03-04"), dose("2026-03-05"))
        .on("2026-03-20")
        .and_given(extended())
    ),
    "asked for afterwards": lambda: given(
        *first_course("2026-04-20"), submitted_for(1, 2, 3, 4, 5), approved_by_clinician()
    ),
    "overturned": appealed_and_overturned,
    "upheld": lambda: given(submitted(MEETS_A | {"hiv_infection": True}), denied("NR.3")).and_given(
        appeals.appealed(), appeals.appeal_assigned(NEUROLOGIST), appeals.upheld("NR.3")
    ),
    "decided before this ledger": lambda: given(
        submitted(MEETS_A, received_on="2026-03-20").imported(), past_determination("denied", "2026-04-01").imported()
    ),
    "a course that lost a dose": lambda: given(*first_course("2024-03-04"), voided(3), dose("2024-03-09")),
    "reported elsewhere": lambda: given(
        reported({"doses_given": 5, "last_dose_on": "2024-03", "completed": True}), submitted(MEETS_B), approved()
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_determinations_agree_when_they_are_evaluated_again(story: str) -> None:
    told = STORIES[story]()
    found = judged(entries_of(told))
    assert found.failures == []
    made = sum(hasattr(event, "determination") for event in told.events)
    assert found.counts["determinations that agree"] == found.counts["determinations"] == made
    completed = sum(isinstance(event, CourseCompleted) for event in told.events)
    assert found.counts["courses completed"] == completed


def _of_assessment(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    return lambda state: change(state["determination"]["assessment"])


DIFFERENT = "re-evaluation under its policy version does not agree"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_of_assessment(lambda one: one.update(doses=4)), f"{DIFFERENT}: doses differ"),
        (_of_assessment(lambda one: one.update(recommendation="refer")), f"{DIFFERENT}: recommendation differ"),
        (_of_assessment(lambda one: one["findings"][0].update(answer="not_met")), DIFFERENT),
        (
            _of_assessment(lambda one: one["facts"].update(hiv_infection=True)),
            "the history at its version differs",
        ),
        (_of_assessment(lambda one: one.update(edition_digest="0" * 64)), "its digest does not match"),
        (_of_assessment(lambda one: one.update(edition="2031-01-01")), "is not known to this program"),
        (
            lambda state: state["determination"].update(history_version=1),
            "version 1 of the history does not contain its request",
        ),
        (
            lambda state: state["determination"].update(history_version=70),
            "version 70 of the history does not contain its request",
        ),
        (lambda state: state["determination"].update(assessment_digest="0" * 64), "does not match its digest"),
        (lambda state: state["determination"].update(decided_on="2026-03-03"), "does not match its digest and day"),
        (lambda state: state.update(doses_approved="five"), "its content is not a valid event of its topic"),
    ],
)
def test_a_determination_that_was_altered_is_found(change: Callable[[dict[str, Any]], object], said: str) -> None:
    found = altered(first_course_approved(), CourseApproved, change)
    assert any(said in one.what for one in found.failures), found.failures
    assert all(one.topic == "CourseApproved" and one.version == 3 for one in found.failures)


@pytest.mark.parametrize(
    ("story", "kind"), [(appealed_and_overturned, AppealDecided), (appealed_and_overturned, RequestDenied)]
)
def test_so_is_the_one_of_a_denial_or_an_appeal(story: Callable[[], Scenario], kind: type[Event]) -> None:
    found = altered(story(), kind, _of_assessment(lambda one: one.update(recommendation="pend")))
    assert found.failures[0].topic == kind.TOPIC


def test_a_fact_that_was_altered_before_a_determination_is_found_at_it() -> None:
    told = first_course_approved()
    entries = entries_of(told)
    entries[1] = entries[1]._replace(state=entries[1].state.replace(b'"hiv_infection":false', b'"hiv_infection":true'))
    (failure,) = judged(entries).failures
    assert failure.what == "the history at its version differs: hiv_infection"
    assert failure.topic == "CourseApproved"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"completed_on": "2026-03-09"}, "on a different day or with a different number"),
        ({"doses_given": 6}, "on a different day or with a different number"),
        ({"course": 2}, "the doses before it do not complete the course"),
    ],
)
def test_a_course_that_does_not_follow_from_its_doses_is_found(change: dict[str, Any], said: str) -> None:
    found = altered(first_course_approved(), CourseCompleted, lambda state: state.update(change))
    assert said in found.failures[0].what
    assert found.failures[0].topic == "CourseCompleted"


def test_a_course_without_one_of_its_doses_is_not_complete() -> None:
    told = first_course_approved()
    entries = [entry for entry in entries_of(told) if entry.version != 6]
    assert "do not complete the course" in judged(entries).failures[0].what


def test_a_course_is_not_completed_twice() -> None:
    entries = entries_of(first_course_approved())
    entries.append(entries[-1]._replace(version=len(entries) + 1))
    assert judged(entries).failures[0].what == "the course was already completed"


def test_what_a_fixed_rule_would_answer_is_told_apart_from_tampering(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Scenario(today=date(2026, 3, 2)).and_given(opened("2008-10-01"), submitted(MEETS_A), approved())
    entries = entries_of(told)
    monkeypatch.setattr(editions, "KNOWN", known_with(NEXT, *revisions_of(NEWEST.key)))
    found = judged(entries)
    assert found.failures == []
    assert found.counts["determinations that agree"] == found.counts["determinations that would now differ"] == 1
    assert found.remarks[0].startswith("agrees; would now differ (revision 3) (leaf 2, history ")


def test_after_an_event_that_cannot_be_read_the_history_is_not_judged_on() -> None:
    entries = entries_of(first_course_approved())
    entries[1] = entries[1]._replace(state=b"{}")
    found = judged(entries)
    assert found.failures_total == 1
    assert found.counts["histories not fully checked"] == 1


# -- a request from before the first edition (R31) ------------------------------------------------


def test_a_determination_without_an_assessment_is_counted() -> None:
    told = given(submitted(received_on="2023-11-14"), denied("Clause 4"), today="2023-11-20")
    found = judged(entries_of(told))
    assert (found.failures, found.counts["determinations without an assessment"]) == ([], 1)


def test_a_determination_without_an_assessment_of_a_request_that_has_one_fails() -> None:
    told = given(submitted(received_on="2023-11-14"), denied("Clause 4"), today="2023-11-20")
    for number, event in enumerate(told.events):
        if event.TOPIC == "RequestSubmitted":
            told.events[number] = event.model_copy(update={"received_on": date(2023, 11, 15)})
    (failure,) = judged(entries_of(told)).failures
    assert "has no assessment" in str(failure)
