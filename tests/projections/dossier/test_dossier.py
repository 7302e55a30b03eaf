"""The case file of an appeal as one value: what it holds, and that nothing but the history makes it."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import NotFound
from projections.dossier.case_file import AppealDossier, appeal_dossier
from tests.story import (
    BELOW_THE_DENIER,
    MEETS_A,
    PHYSICIAN,
    ZONE,
    Scenario,
    answered,
    appeal_withdrawn,
    appealed,
    delivered,
    denied,
    dose,
    given,
    handed_on,
    noticed,
    overturned_in_part,
    past_determination,
    submitted,
    upheld,
)
from tests.story.cases import overturned_case, upheld_case
from tests.story.deadlines import TWO_LEVELS

NO_AGENT = MEETS_A | {
    "agents": [],
    "aggressive_disease": {
        sign: {"finding": False}
        for sign in ("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment")
    },
}


def case(story: Scenario, number: int = 1, **terms: Any) -> AppealDossier:
    return appeal_dossier(story.events, f"{story.known.patient_id}.a{number}", ZONE, **terms)


def denied_and_appealed() -> Scenario:
    story = given(submitted(NO_AGENT, received_on="2026-04-01"), denied("1.A.iii"), today="2026-04-10")
    return story.on("2026-04-20").and_given(appealed())


@pytest.fixture(scope="module")
def turned() -> AppealDossier:
    return case(overturned_case())


@pytest.fixture(scope="module")
def stood() -> AppealDossier:
    return case(upheld_case())


# -- what it holds ----------------------------------------------------------------------------


def test_it_tells_what_was_decided_appealed_and_overturned(turned: AppealDossier) -> None:
    assert turned.determination.recorded.kind == "denied"
    assert [one.recorded.kind for one in turned.appeal_decisions] == ["appeal_overturned"]
    assert (turned.appeal.status, turned.appeal.is_late) == ("overturned", False)
    assert [one.appeal_id for one in turned.request.approvals] == [turned.appeal_id]
    assert turned.determination.agreement.status == "agrees"
    assert turned.appeal_decisions[0].agreement.status == "agrees"


def test_every_event_is_on_the_timeline_with_both_its_times(turned: AppealDossier) -> None:
    assert [one.version for one in turned.timeline] == list(range(1, turned.history_version + 1))
    late = {one.title: one.days_late for one in turned.timeline if one.days_late}
    assert (late["Dose given"], late["Representative added"]) == (24, 19)


def test_every_document_has_a_file_that_names_nobody(turned: AppealDossier) -> None:
    assert [one.file for one in turned.documents] == [
        "documents/f1.pdf", "documents/f2.pdf", "documents/f3.txt", "documents/f4.txt",
    ]  # fmt: skip
    found = {one.file: one.on_record for one in turned.documents}
    assert [review.supports for review in found["documents/f1.pdf"].reviews] == [False]
    assert found["documents/f2.pdf"].supports == ("1.A.iii.d(3)",)
    assert found["documents/f4.txt"].voided


def test_facts_stand_as_known_then_beside_as_known_now(turned: AppealDossier) -> None:
    changed = {one.name: (one.as_known_then, one.as_known_now) for one in turned.facts if one.changed}
    assert changed == {
        "aggressive_disease.mri.documentation": ("not_attached", "attached"),
        "other_dmt_continues": (None, False),
    }


def test_the_clauses_are_those_of_the_edition_that_was_applied(turned: AppealDossier) -> None:
    applied = next(one for one in turned.editions if one.is_applied)
    assert (applied.key, applied.digest) == ("2025-07-23", turned.determination.recorded.edition_digest)
    assert [one.citation for one in turned.clauses] == [one.citation for one in turned.determination.clauses]
    assert {number for one in turned.clauses for number in one.readings} <= {one.number for one in turned.readings}


def test_what_was_corrected_and_what_was_imported_says_so(stood: AppealDossier) -> None:
    assert [(one.title, one.corrects) for one in stood.corrections] == [
        ("Dose entry voided", "d6"),
        ("Dose corrected", "d5"),
    ]
    assert {one.title for one in stood.imported} == {
        "Request received", "Determination imported", "Dose given", "Course completed",
    }  # fmt: skip
    assert all(one.imported_from is not None for one in stood.imported)


def test_documents_of_other_requests_are_counted_and_left_out() -> None:
    story = overturned_case()
    story.on("2026-06-01").and_given(submitted(NO_AGENT), denied("1.A.iii")).and_given(appealed())
    second = case(story, 2)
    assert (second.documents, second.documents_of_other_requests) == ((), 4)


def test_a_day_that_moved_without_turning_an_answer_is_told(stood: AppealDossier) -> None:
    later = "changes nothing, except that the policy is met from 2026-06-30 instead of 2026-06-06"
    assert later in stood.determination.headline


# -- who, and by when -------------------------------------------------------------------------


def test_who_worked_towards_the_determination_is_told_apart_from_who_had_the_appeal(turned: AppealDossier) -> None:
    parts = {one.actor.id: one.parts for one in turned.people}
    assert parts["d.medical"] == ("worked towards the determination",)
    assert parts["a.neuro"] == ("worked on the appeal",)
    assert parts["office.7"] == ("recorded facts",)
    assert [(one.did, one.is_independent) for one in turned.independence] == [("assigned", True), ("decided", True)]


def test_who_upholds_is_shown_to_be_one_who_may(stood: AppealDossier) -> None:
    (decided,) = stood.independence
    assert "may uphold" in decided.sentence


def test_a_decider_who_was_not_independent_is_shown_as_such() -> None:
    """The domain refuses it; a record that holds it all the same is told as it is."""
    story = denied_and_appealed().and_given(upheld("1.A.iii"))
    forged = [
        event.model_copy(update={"actor": PHYSICIAN}) if event is story.events[-1] else event for event in story.events
    ]
    told = appeal_dossier(forged, f"{story.known.patient_id}.a1", ZONE)
    assert [(one.is_independent, one.sentence) for one in told.independence] == [
        (False, "This user took part in the determination under appeal.")
    ]
    below = [
        event.model_copy(update={"actor": BELOW_THE_DENIER}) if event is story.events[-1] else event
        for event in story.events
    ]
    (shown,) = appeal_dossier(below, f"{story.known.patient_id}.a1", ZONE).independence
    assert "is a subordinate of a person" in shown.sentence


def test_the_clocks_end_with_what_ended_them(turned: AppealDossier) -> None:
    """The approval that the appeal brought closes the request again, and is not what ended its first clock."""
    by_name = {one.what: one for one in turned.deadlines}
    decided = by_name["Decide the request"]
    assert decided.ended_at == turned.determination.recorded.recorded_at
    assert [one.standing for one in turned.deadlines] == ["in time", "in time", "in time"]
    assert by_name["File the appeal"].rule.endswith("the last day to file is 2026-09-12")


def test_an_open_appeal_says_when_it_is_due_and_not_how_near_that_is() -> None:
    told = case(denied_and_appealed())
    assert [one.standing for one in told.deadlines] == ["in time", "in time", "running"]
    assert (told.appeal_decisions, told.independence) == ((), ())


def test_a_late_appeal_is_late() -> None:
    story = given(submitted(NO_AGENT, received_on="2025-04-01"), denied("1.A.iii"), today="2025-04-10")
    story.and_given(noticed("denial", "2025-04-10T10:00:00-04:00"), delivered("2025-04-10T11:00:00-04:00"))
    told = case(story.on("2026-04-20").and_given(appealed()))
    assert told.appeal.is_late
    assert {one.what: one.standing for one in told.deadlines}["File the appeal"] == "late"


def test_without_a_notice_there_is_no_last_day() -> None:
    story = given(submitted(NO_AGENT, received_on="2025-04-01"), denied("1.A.iii"), today="2025-04-10")
    told = case(story.on("2026-04-20").and_given(appealed()))
    filing = {one.what: one for one in told.deadlines}["File the appeal"]
    assert (filing.due_at, filing.standing, told.appeal.file_by) == (None, "in time", None)
    assert filing.rule.endswith("no last day, because no notice or no receipt of it is on record")


def test_what_the_plan_forwards_itself_has_a_deadline_of_its_own() -> None:
    story = given(submitted(NO_AGENT, line_of_business="medicare_advantage"), denied("1.A.iii"))
    story.on("2026-05-05").and_given(appealed(), upheld("1.A.iii"))
    told = case(story)
    forwarding = {one.what: one for one in told.deadlines}["Forward the appeal"]
    assert (forwarding.due_at, forwarding.standing) == (told.appeal.forward_by, "running")


# -- every kind of case -----------------------------------------------------------------------


def test_a_second_level_tells_the_first_as_well() -> None:
    story = denied_and_appealed().under(TWO_LEVELS).and_given(upheld("1.A.iii"))
    story.on("2026-05-04").and_given(appealed(), upheld("1.A.iii").by(BELOW_NOBODY))
    assert [one.recorded.appeal_id for one in case(story, 2).appeal_decisions] == [
        f"{story.known.patient_id}.a1",
        f"{story.known.patient_id}.a2",
    ]
    assert [one.recorded.kind for one in case(story, 1).appeal_decisions] == ["appeal_upheld"]


BELOW_NOBODY = BELOW_THE_DENIER.model_copy(update={"id": "z.neuro", "name": "Zoe Third", "reports_to": ()})


def test_what_an_appeal_left_out_can_be_appealed_again() -> None:
    story = given(submitted(received_on="2026-04-01"), denied("1.A.iii", "Dosing.A"), today="2026-04-10")
    story.under(TWO_LEVELS).on("2026-04-20").and_given(appealed(), overturned_in_part(3))
    story.on("2026-04-27").and_given(appealed())
    told = case(story, 2)
    assert told.determination.recorded.kind == "appeal_overturned_in_part"
    assert told.determination.recorded.granted is not None
    assert told.determination.recorded.granted.doses_approved == 3


def test_an_external_review_that_overturned_is_told() -> None:
    story = denied_and_appealed().and_given(upheld("1.A.iii"), handed_on())
    story.on("2026-05-11").and_given(answered("overturned"))
    told = case(story)
    assert told.appeal.external_outcome == "overturned"
    assert [one.appeal_id for one in told.request.approvals] == [told.appeal_id]


def test_an_appeal_of_an_imported_denial_has_no_assessment_as_known_then() -> None:
    story = given(submitted(NO_AGENT, received_on="2026-02-01").imported(), today="2026-04-28")
    story.and_given(past_determination("denied", "2026-02-09", citing=["1.A.iii"], decided_by="Old Director"))
    told = case(story.and_given(appealed()))
    assert told.determination.agreement.status == "not_available"
    assert all(one.as_known_then is None for one in told.facts)
    assert {one.is_applied for one in told.editions} == {True, False}


def test_an_appeal_of_a_denial_from_before_the_first_edition() -> None:
    story = given(submitted(NO_AGENT, received_on="2020-02-01").imported(), today="2026-04-28")
    story.and_given(past_determination("denied", "2020-02-09", citing=["1.A.iii"]))
    told = case(story.and_given(appealed()))
    assert told.determination.as_known_now is None
    assert not any(one.is_applied for one in told.editions)
    assert told.clauses


def test_a_withdrawn_appeal_has_a_case_file() -> None:
    assert case(denied_and_appealed().and_given(appeal_withdrawn())).appeal.status == "withdrawn"


def test_an_appeal_that_is_not_on_record_has_none() -> None:
    with pytest.raises(NotFound) as refused:
        case(denied_and_appealed(), 2)
    assert refused.value.field == "appeal_id"


# -- a function of the history ----------------------------------------------------------------


def test_what_is_recorded_later_is_not_in_an_earlier_case_file() -> None:
    story = denied_and_appealed()
    before = case(story)
    count = len(story.events)
    story.on("2026-05-04").and_given(dose("2026-04-30", "2026-05-04"))
    assert case(story) != before
    assert appeal_dossier(story.events[:count], before.appeal_id, ZONE) == before
