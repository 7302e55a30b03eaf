"""Was it right, on the day, with what was on record? Replays of histories that an appeal is about."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.calendar import PartialDate
from domain.errors import NotFound
from domain.events import PatientEvent
from domain.policy.answers import MET, NOT_MET
from domain.policy.edition import Edition
from domain.policy.editions import EDITIONS, edition_named
from projections.replay.replay import Replay, replay
from tests.policy.changed_rules import next_revision
from tests.properties.stories import EVERYTHING, Act, at_every_scale, hold, perform, stories
from tests.story import (
    MEETS_A,
    MEETS_B,
    ZONE,
    Scenario,
    appealed,
    approved,
    denied,
    dose,
    doses,
    evidence,
    extended,
    given,
    overturned,
    past_determination,
    reported,
    rescinded,
    submitted,
    upheld,
    voided,
)

__all__ = ["next_revision"]

OCREVUS_USED = MEETS_A | {
    "agents": [{"product": "Ocrevus", "outcome": "adequate", "stopped_on": "2018-01"}],
    "aggressive_disease": {
        sign: {"finding": False}
        for sign in ("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment")
    },
}
OLDER, NEWER = ("2023-11-15", "2024-10-09"), ("2024-10-16", "2025-07-23")


def replayed(scenario: Scenario, **terms: Any) -> Replay:
    return replay(scenario.events, scenario.known.requests[-1].request_id, ZONE, **terms)


def denied_for_two_agents() -> Scenario:
    """Denied because the one agent that was stated did not fail."""
    return given(submitted(OCREVUS_USED), denied("1.A.iii"), today="2026-04-28")


def turned_by(told: Replay, citation: str) -> list[tuple[str, str, str]]:
    change = next(one for one in told.changed if one.citation == citation)
    return [(turn.was, turn.is_now, turn.by.title if turn.by is not None else "time") for turn in change.changed_by]


# -- the record, and whether it agrees ------------------------------------------------------------


def test_the_determination_is_rendered_as_its_event_has_it() -> None:
    story = denied_for_two_agents()
    record = replayed(story).recorded
    event = story.events[-1]
    assert (record.version, record.event, record.kind) == (3, "RequestDenied", "denied")
    assert (record.decided_by.credential, record.decided_by.role) == ("physician", "clinician")
    assert (record.decided_on, record.recorded_at) == (date(2026, 4, 28), event.recorded_at)
    assert (record.edition, record.edition_revision) == ("2025-07-23", 2)
    assert record.edition_digest == edition_named("2025-07-23").digest
    assert (record.recommendation, record.citing, record.departs) == ("not_recommended", ("1.A.iii",), False)
    assert record.assessment == event.determination.assessment  # type: ignore[union-attr]
    assert record.granted is None


def test_nothing_learned_since_leaves_nothing_to_say() -> None:
    told = replayed(denied_for_two_agents(), edition=edition_named("2024-10-16"))
    assert (
        told.headline
        == "The record reproduces the determination as known then. Information received since changes nothing."
    )
    assert (told.agreement.status, told.changed, told.recommendation_changed) == ("agrees", (), None)


def test_a_record_that_was_altered_does_not_agree_and_says_in_which_finding() -> None:
    story = denied_for_two_agents()
    told = replayed(altered(story, answer="met"))
    assert told.agreement.status == "differs"
    assert [(one.citation, one.recorded, one.now) for one in told.agreement.findings] == [
        ("1.A.iii.a", "met", "not_met")
    ]
    assert told.agreement.rechecked is not None
    assert not told.agreement.rechecked.holds
    assert "1.A.iii.a recorded met, now not met" in told.headline


def test_stored_facts_that_the_history_of_then_does_not_have_are_named() -> None:
    story = denied_for_two_agents()
    told = replayed(altered(story, birth_date=PartialDate("1960-01-01")))
    assert told.agreement.status == "differs"
    assert told.agreement.facts == ("birth_date",)
    assert told.agreement.rechecked is not None
    assert told.agreement.rechecked.holds


def test_an_edition_that_this_program_no_longer_has_is_not_assessed_as_known_then() -> None:
    story = denied_for_two_agents()
    told = replayed(altered(story, edition_digest="ab" * 32))
    assert (told.agreement.status, told.as_known_then) == ("not_available", None)
    assert "digests differ" in told.agreement.sentence
    assert told.as_known_now is not None


def test_a_rule_mended_since_is_told_apart_from_an_altered_record(next_revision: Edition) -> None:
    story = given(submitted(), approved(), today="2026-04-28")
    story = altered(story, edition_revision=2, edition_digest=EDITIONS[0].digest)
    told = replayed(story)
    assert told.agreement.status == "agrees"
    assert told.as_known_then is not None
    assert told.as_known_now is not None
    assert told.as_known_then.assessment == told.as_known_now.assessment
    assert (told.recorded.edition_revision, told.changed) == (2, ())
    assert next((one.assessment.edition, one.assessment.edition_revision) for one in told.other_editions) == (
        next_revision.key,
        3,
    )


def test_a_digest_of_no_assessment_on_record_does_not_agree() -> None:
    told = replayed(altered(given(submitted(), approved(), today="2026-04-28"), digest="f" * 64))
    assert told.agreement.status == "differs"
    assert [one.name for one in told.agreement.conclusions] == ["assessment_digest"]
    assert "assessment digest differs" in told.headline


def altered(story: Scenario, *, answer: str | None = None, digest: str | None = None, **values: Any) -> Scenario:
    """The same story, its last event with another assessment inside; a birth date is of the facts."""
    event: Any = story.events[-1]
    assessment = event.determination.assessment
    if answer is not None:
        findings = tuple(
            one.model_copy(update={"answer": MET}) if one.citation == "1.A.iii.a" else one
            for one in assessment.findings
        )
        values = values | {"findings": findings}
    if "birth_date" in values:
        facts = assessment.facts.model_copy(update={"birth_date": values.pop("birth_date")})
        findings = tuple(
            one.model_copy(update={"facts": {}}) if one.citation == "1.A.i" else one for one in assessment.findings
        )
        values = values | {"facts": facts, "findings": findings}
    told = assessment.model_copy(update=values)
    stored = {"assessment": told, "assessment_digest": digest or told.digest()}
    changed = event.determination.model_copy(update=stored)
    forged = event.model_copy(update={"determination": changed})
    return Scenario(today=story.today, history=story.history, events=[*story.events[:-1], forged])


# -- what is known now ----------------------------------------------------------------------------


def test_prior_treatment_that_surfaces_later_changes_now_and_never_then() -> None:
    story = denied_for_two_agents()
    before = replayed(story)
    story.on("2026-06-02").when(reported({"doses_given": 5, "last_dose_on": "2024-03", "completed": True}))
    told = replayed(story)
    assert (told.recorded, told.as_known_then) == (before.recorded, before.as_known_then)
    assert turned_by(told, "1.A.iii.c") == [("not_met", "met", "Prior treatment reported")]
    assert turned_by(told, "1.B.iv") == [("undetermined", "met", "Prior treatment reported")]
    assert "With what is known now (prior treatment reported, recorded 2026-06-02): 1.A.iii.c would be" in told.headline
    assert "the path would be B instead of A" in told.headline
    changed = next(one for one in told.changed if one.citation == "1.B.iv").changed_by[0].by
    assert changed is not None
    assert (changed.version, changed.recorded_on, changed.who.id) == (4, "2026-06-02", "r.nurse")


def test_a_dose_reported_three_weeks_after_it_was_given_says_both_days() -> None:
    story = given(*doses("2025-04-07", 4), submitted(MEETS_B, received_on="2026-04-20"), today="2026-04-28")
    story.when(denied("1.A", "1.B", "NR.5"))
    story.on("2026-05-19").when(dose("2025-04-11", recorded_on="2026-05-19"))
    told = replayed(story)
    assert turned_by(told, "1.B") == [("not_met", "met", "Dose given")]
    by = next(one for one in told.changed if one.citation == "1.B").changed_by[-1].by
    assert by is not None
    assert (by.happened_on, by.recorded_on, by.days_late) == ("2025-04-11", "2026-05-19", 403)
    assert "(dose given, recorded 2026-05-19, happened 2025-04-11)" in told.headline


def test_a_dose_entry_voided_later_takes_its_effect_back() -> None:
    story = given(*doses("2025-03-01", 5), dose("2026-02-01"), today="2026-04-28")
    story.when(submitted(MEETS_B), denied("1.B.iii", "1.B.iv", "Dosing.B"))
    told = replayed(story.on("2026-05-05").when(voided(6)))
    assert story.error is None
    assert told.as_known_then is not None
    assert told.as_known_now is not None
    assert told.as_known_then.assessment.reasons != told.as_known_now.assessment.reasons
    assert told.recommendation_changed is not None
    assert [turn.by.title for turn in told.recommendation_changed.changed_by if turn.by] == ["Dose entry voided"]


def test_an_answer_that_turned_twice_shows_both_turns() -> None:
    story = denied_for_two_agents()
    story.on("2026-06-02").when(reported({"doses_given": 5, "last_dose_on": "2024-03", "completed": True}))
    story.on("2026-06-03").when(reported({"doses_given": 3, "last_dose_on": "2026-03", "completed": True}))
    told = replayed(story)
    assert turned_by(told, "1.B.iv") == [
        ("undetermined", "met", "Prior treatment reported"),
        ("met", "not_met", "Prior treatment reported"),
    ]


def test_only_what_was_recorded_by_then_is_known() -> None:
    story = denied_for_two_agents()
    story.on("2026-06-02").when(reported({"doses_given": 5, "last_dose_on": "2024-03", "completed": True}))
    request = story.known.requests[-1].request_id
    told = replay(story.events[:3], request, ZONE)
    assert (told.history_version, told.known_at, told.changed) == (3, story.events[2].recorded_at, ())


def test_what_happened_after_the_determination_is_not_what_it_was_about() -> None:
    """Doses given under the approval, on its very day and after, are no treatment before it."""
    story = given(submitted(), approved(), today="2026-04-28").and_given(*doses("2026-04-28", 5))
    told = replayed(story)
    assert told.changed == ()
    assert told.as_known_now is not None
    assert told.as_known_now.assessment.recommendation == "approve"


def test_another_day_of_assessment_changes_now_and_not_then() -> None:
    story = given(*doses("2025-06-02", 5), submitted(MEETS_B, received_on="2026-04-20"), denied("1.B.iv"))
    told = replayed(story, as_of=date(2026, 6, 6))
    assert told.as_known_then is not None
    assert told.as_known_then.assessment.as_of == date(2026, 4, 28)
    assert turned_by(told, "1.B.iv") == [("not_met", "met", "time")]
    assert (
        "With what is known now (only because time has passed): 1.B.iv would be met instead of not met" in told.headline
    )


# -- other editions -------------------------------------------------------------------------------


def test_ocrevus_used_without_failure_is_met_under_the_two_older_editions_alone() -> None:
    told = replayed(denied_for_two_agents())
    row = next(one for one in told.clauses if one.citation == "1.A.iii.b")
    answers = {one.edition: one.answer for one in row.other_editions} | {"2025-07-23": row.as_known_now}
    assert answers == dict.fromkeys(OLDER, MET) | dict.fromkeys(NEWER, NOT_MET)
    assert row.differs_by_edition
    assert "Under policy versions 2024-10-09 and 2023-11-15, 1.A.iii.b would be met" in told.headline
    assert {one.assessment.edition_provenance for one in told.other_editions} == {"reconstructed"}


def test_a_clause_that_an_older_edition_lacks_is_left_out_there() -> None:
    told = replayed(denied_for_two_agents(), edition=edition_named("2023-11-15"))
    row = next(one for one in told.clauses if one.citation == "1.A.iii.c")
    assert [one.answer for one in row.other_editions] == [None]
    assert not row.differs_by_edition


def test_every_clause_stands_in_the_order_of_the_document_with_the_readings_it_relies_on() -> None:
    told = replayed(denied_for_two_agents())
    assert [one.citation for one in told.clauses] == [*EDITIONS[0].by_citation, "NR.5"]
    assert [one.depth for one in told.clauses[:7]] == [0, 1, 2, 2, 2, 3, 3]
    assert {number for one in told.clauses for number in one.readings} <= {one.number for one in told.readings}
    assert next(one for one in told.readings if one.number == "R11").relied_on_by == ("1.A.iii.a",)


# -- which determination --------------------------------------------------------------------------


def test_an_appeal_adds_its_own_determination_and_leaves_the_first_as_it_was() -> None:
    story = denied_for_two_agents()
    first = replayed(story).recorded
    second = [{"product": "Ocrevus", "outcome": "inadequate_efficacy", "stopped_on": "2018-01"}]
    story.on("2026-05-20").when(appealed())
    story.on("2026-05-27").when(evidence({"agents": second}), overturned())
    assert story.error is None
    latest = replayed(story)
    assert [one.kind for one in latest.decisions] == ["denied", "appeal_overturned"]
    assert [one.is_replayed for one in latest.decisions] == [False, True]
    assert latest.agreement.status == "agrees"
    assert latest.recorded.granted is not None
    assert latest.recorded.granted.doses_approved == 5
    denial = replayed(story, decision=first.version)
    assert denial.recorded == first
    assert turned_by(denial, "1.A.iii.b") == [("not_met", "met", "Evidence added to the appeal")]
    assert "the recommendation would be approve instead of not recommended" in denial.headline


def test_an_upheld_denial_agrees_as_well() -> None:
    story = denied_for_two_agents().on("2026-05-20").when(appealed(), upheld("1.A.iii"))
    told = replayed(story)
    assert (told.recorded.kind, told.agreement.status) == ("appeal_upheld", "agrees")


def test_an_imported_determination_is_shown_and_not_assessed_as_known_then() -> None:
    story = given(submitted(received_on="2024-02-01").imported(), today="2026-04-28")
    story.when(past_determination("denied", "2024-02-09", citing=["1.A.iii"], decided_by="Old Director"))
    told = replayed(story)
    assert (told.recorded.edition, told.recorded.assessment) == ("unknown", None)
    assert told.recorded.decided_by_name == "Old Director"
    assert told.recorded.imported_from is not None
    assert (told.agreement.status, told.as_known_then) == ("not_available", None)
    assert "has no assessment" in told.headline
    assert told.as_known_now is not None
    assert (told.as_known_now.assessment.edition, told.as_of) == ("2023-11-15", date(2024, 2, 9))
    assert {(one.recorded, one.as_known_then) for one in told.clauses} == {(None, None)}


def test_before_the_first_edition_an_import_is_judged_under_the_editions_that_are_known() -> None:
    story = given(submitted(received_on="2020-02-01").imported(), today="2026-04-28")
    story.when(past_determination("denied", "2020-02-09", citing=["1.A.iii"]))
    told = replayed(story)
    assert told.as_known_now is None
    assert told.edition_problem is not None
    assert len(told.other_editions) == len(EDITIONS)


def test_a_rescinded_approval_rests_on_its_ground() -> None:
    story = given(submitted(), approved(), today="2026-04-28").on("2026-05-02").when(rescinded())
    told = replayed(story)
    assert [one.kind for one in told.decisions] == ["approved", "rescinded"]
    assert told.recorded.rationale == "Safety: A serious infusion reaction."
    assert told.agreement.status == "not_available"


def test_an_extension_is_assessed_without_the_doses_that_it_continues() -> None:
    story = given(submitted(), approved(), today="2026-04-28").and_given(*doses("2026-04-29", 2))
    told = replayed(story.on("2026-05-20").when(extended()))
    assert (told.recorded.kind, told.agreement.status, told.changed) == ("extended", "agrees", ())


@pytest.mark.parametrize(
    ("terms", "field"), [({"decision": 2}, "decision"), ({"decision": 99}, "decision")], ids=["no decision", "no event"]
)
def test_what_is_no_determination_is_not_replayed(terms: dict[str, Any], field: str) -> None:
    with pytest.raises(NotFound) as refused:
        replayed(denied_for_two_agents(), **terms)
    assert refused.value.field == field
    assert "3" in refused.value.remedy


def test_a_request_nobody_decided_is_not_replayed() -> None:
    with pytest.raises(NotFound, match="had no determination"):
        replayed(given(submitted()))
    with pytest.raises(NotFound, match="the request was not found"):
        replay(given(submitted()).events, "11111111-2222-4333-8444-555555555555.r9", ZONE)


# -- a law ----------------------------------------------------------------------------------------


@at_every_scale
def test_every_determination_agrees_with_the_history_that_it_saw(scale: str) -> None:
    """Whatever is recorded after it: late doses, voided entries, reports, other requests."""

    def law(story: list[Act]) -> None:
        told = perform(story)
        for request in told.known.requests:
            for one in request.decisions:
                shown = replay(told.events, request.request_id, ZONE, decision=one.version)
                assert shown.agreement.status == "agrees", shown.agreement.sentence
                assert_told_once(told.events, shown)

    hold(scale, law, stories(*EVERYTHING, "deny", "approve", "request A", "request B"))


def assert_told_once(events: list[PatientEvent], shown: Replay) -> None:
    """Each turn of a changed clause begins where the one before ended, at an event after the determination's view."""
    assert shown.as_known_then is not None
    for change in shown.changed:
        answers = [change.was.value, *(turn.is_now for turn in change.changed_by)]
        assert answers[:-1] == [turn.was for turn in change.changed_by]
        assert answers[-1] == change.is_now.value != change.was.value
        for turn in change.changed_by:
            assert turn.by is not None
            assert shown.as_known_then.history_version < turn.by.version <= len(events)
    assert [one.citation for one in shown.clauses if one.changed] == [one.citation for one in shown.changed]
