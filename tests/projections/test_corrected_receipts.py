"""A corrected receipt as it is shown, and a determination without an assessment: trails, replays, files, letters."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from api.dossier.contents import case_file as content_of
from projections.audit_trail import audit_trail
from projections.corrected_receipts import corrected_receipts
from projections.dossier.case_file import appeal_dossier
from projections.figures import facts_of
from projections.letters import letter
from projections.replay.replay import replay
from projections.request_status import request_status
from projections.timeline import timeline
from projections.worklist.rows import worklist_rows
from tests.story import (
    MEETS_A,
    NEUROLOGIST,
    PHYSICIAN,
    ZONE,
    Scenario,
    appealed,
    approved,
    denied,
    given,
    past_determination,
    receipt_corrected,
    submitted,
    upheld,
)

USED_ONCE: dict[str, Any] = MEETS_A | {"agents": [{"product": "Ocrevus", "outcome": "adequate", "stopped_on": "2018"}]}
NOW = datetime(2026, 4, 28, 17, tzinfo=UTC)


def decided_and_corrected(to: str) -> Scenario:
    return given(
        submitted(USED_ONCE, received_on="2024-10-17"), denied("1.A.iii"), receipt_corrected(to), today="2024-10-20"
    )


def test_the_audit_trail_has_both_instants() -> None:
    *_, correction = audit_trail(given(submitted(received_on="2026-04-24"), receipt_corrected("2026-04-20")).events)
    found = {change.what: (change.before, change.after) for change in correction.changed}
    assert found["request r1: received at"] == ("2026-04-24T14:00:00+00:00", "2026-04-20T14:00:00+00:00")
    assert found["request r1: receipt source"] == (None, "fax")


def test_the_timeline_says_what_it_corrects_and_why() -> None:
    *_, entry = timeline(given(submitted(received_on="2026-04-24"), receipt_corrected("2026-04-20")).events, ZONE)
    assert (entry.title, entry.corrects) == ("Receipt corrected", "r1")
    assert entry.sentence == "Request r1: received 2026-04-20 by fax. It came by fax earlier."


def test_the_status_of_a_request_shows_every_receipt() -> None:
    scenario = given(submitted(received_on="2026-04-24", receipt_source="mail"), receipt_corrected("2026-04-20"))
    life = request_status(scenario.known, scenario.known.requests[0], ZONE, NOW)
    assert [(str(one.received_on), one.receipt_source, one.reason) for one in life.receipts] == [
        ("2026-04-24", "mail", None),
        ("2026-04-20", "fax", "It came by fax earlier."),
    ]


def test_the_worklist_and_the_reports_follow_it() -> None:
    scenario = given(submitted(received_on="2026-04-24"), receipt_corrected("2026-04-20"))
    (row,) = worklist_rows(scenario.known, date(2026, 4, 28), ZONE)
    assert (str(row.received_on), row.due_at) == ("2026-04-20", datetime(2026, 5, 6, 4, tzinfo=UTC))
    (fact,) = facts_of(scenario.events).requests
    assert fact.received_at == datetime(2026, 4, 20, 14, tzinfo=UTC)


def test_a_determination_that_would_now_differ_is_named() -> None:
    scenario = decided_and_corrected("2024-10-15")
    (found,) = corrected_receipts(scenario.events, scenario.known.requests[0])
    assert (found.edition_then, found.edition_now) == ("2024-10-16", "2024-10-09")
    assert (found.recommendation_then, found.recommendation_now) == ("pend", "approve")
    assert found.differs


def test_a_determination_that_would_be_the_same_is_named_as_such() -> None:
    scenario = decided_and_corrected("2024-10-16")
    (found,) = corrected_receipts(scenario.events, scenario.known.requests[0])
    assert (found.edition_then, found.edition_now, found.differs) == ("2024-10-16", "2024-10-16", False)


def test_a_receipt_that_was_corrected_before_the_determination_changes_nothing_in_it() -> None:
    scenario = given(
        submitted(received_on="2024-10-17"), receipt_corrected("2024-10-15"), approved(), today="2024-10-20"
    )
    assert corrected_receipts(scenario.events, scenario.known.requests[0]) == ()


def test_a_receipt_that_was_corrected_back_leaves_nothing_to_say() -> None:
    scenario = decided_and_corrected("2024-10-15").and_given(receipt_corrected("2024-10-17"))
    assert corrected_receipts(scenario.events, scenario.known.requests[0]) == ()


def test_a_receipt_before_the_first_edition_leaves_no_assessment() -> None:
    scenario = decided_and_corrected("2023-11-14")
    (found,) = corrected_receipts(scenario.events, scenario.known.requests[0])
    assert (found.edition_now, found.recommendation_now, found.differs) == (None, None, True)


def test_a_replay_agrees_with_the_record_and_says_that_another_edition_applies_now() -> None:
    scenario = decided_and_corrected("2024-10-15")
    again = replay(scenario.events, scenario.known.requests[0].request_id, ZONE)
    assert again.agreement.status == "agrees"
    assert again.recorded.edition == "2024-10-16"
    assert again.edition_problem == (
        "The receipt was corrected since, to 2024-10-15: policy version 2024-10-09 applies (R21)"
    )
    # As known before the correction, nothing is said.
    before = replay(scenario.events[:-1], scenario.known.requests[0].request_id, ZONE)
    assert (before.agreement.status, before.edition_problem) == ("agrees", None)


def test_a_case_file_shows_the_correction() -> None:
    scenario = decided_and_corrected("2024-10-15").and_given(appealed("2024-10-20"))
    case = appeal_dossier(scenario.events, f"{scenario.known.patient_id}.a1", ZONE)
    assert [str(one.received_on) for one in case.request.receipts] == ["2024-10-17", "2024-10-15"]
    assert "Receipt corrected" in repr(content_of(case, ()))


# -- before the first edition (R31) -----------------------------------------------------------


def denied_early() -> Scenario:
    return given(submitted(received_on="2023-11-14"), denied("Clause 4", rationale="No agent."), today="2023-11-20")


def test_a_replay_of_a_determination_without_an_assessment_says_why() -> None:
    scenario = denied_early()
    again = replay(scenario.events, scenario.known.requests[0].request_id, ZONE)
    assert again.agreement.status == "not_available"
    assert "R31" in again.agreement.sentence
    assert (again.recorded.edition, again.recorded.assessment, again.as_known_now) == ("unknown", None, None)
    assert "2023-11-14" in (again.edition_problem or "")


def test_a_letter_names_the_criterion_the_reason_and_no_edition() -> None:
    scenario = denied_early()
    shown = letter(scenario.known, scenario.known.requests[0], "denial", ZONE)
    said = repr(shown)
    assert "Clause 4" in said
    assert "No agent." in said
    assert "unknown; the request was received before the first policy version on file" in said


def test_a_letter_of_approval_and_of_an_appeal() -> None:
    scenario = given(submitted(received_on="2023-11-14"), today="2023-11-20")
    scenario.and_given(approved(rationale="It met the policy.").by(PHYSICIAN))
    assert "5, of the first course" in repr(letter(scenario.known, scenario.known.requests[0], "approval", ZONE))
    scenario = denied_early().and_given(appealed("2023-11-20"), upheld("Clause 4").by(NEUROLOGIST))
    history = scenario.known
    assert "unknown" in repr(letter(history, history.requests[0], "appeal_decision", ZONE, history.appeals[0]))


def test_a_case_file_of_an_appeal_without_an_assessment() -> None:
    imported = (submitted(received_on="2022-03-01").imported(), past_determination("denied", "2022-03-08"))
    for denied_before in (denied_early(), given(*imported, today="2023-11-20")):
        scenario = denied_before.and_given(appealed("2023-11-20"), upheld("Clause 4").by(NEUROLOGIST))
        case = appeal_dossier(scenario.events, f"{scenario.known.patient_id}.a1", ZONE)
        assert case.determination.as_known_now is None
        assert "before the first policy version" in repr(content_of(case, ()))


def test_the_status_names_the_edition_as_unknown() -> None:
    scenario = denied_early()
    (decision,) = request_status(scenario.known, scenario.known.requests[0], ZONE, NOW).decisions
    assert (decision.edition, decision.edition_revision, decision.provenance) == ("unknown", None, None)


def test_the_timeline_and_the_worklist_of_a_request_without_an_assessment() -> None:
    *_, entry = timeline(denied_early().events, ZONE)
    assert entry.sentence == (
        "Citing Clause 4. No assessment: the request was received before the first policy version on file (R31)."
        " No agent."
    )
    scenario = given(submitted(received_on="2023-11-14"), today="2023-11-20")
    (row,) = worklist_rows(scenario.known, date(2023, 11, 20), ZONE)
    assert (row.edition, row.recommendation, row.changes_on) == (None, None, None)
