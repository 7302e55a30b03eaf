"""Appeals over HTTP: filed, added to, decided by somebody else, handed on, answered; and what each leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from httpx2 import Response

from tests.api.routes.commands.acts import (
    ALMA,
    APPEALS,
    FAILS,
    MEETS_A,
    MRI,
    NURSE,
    OFFICE,
    PENDS,
    PHARMACIST,
    PHYSICIAN,
    Api,
    Json,
    refused,
)
from tests.api.routes.commands.stages import NOW
from tests.clock import Clock
from tests.story.deadlines import TWO_LEVELS

TWO_AGENTS = {"agents": MEETS_A["agents"], "agents_list_is_complete": True}
BEA = APPEALS | {"id": "b.neuro", "name": "Bea Second"}
OF_THE_APPEAL = {"kind": "appeal_decision", "channel": "mail", "addressee": "The patient"}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(api: Api, appeal_id: str, **query: str) -> Json:
    return api.asked(f"/appeals/{appeal_id}", **query)


def decided(api: Api, appeal_id: str, actor: Json = APPEALS, **terms: object) -> Response:
    """Decides from the current assessment, as it was shown to the decision maker."""
    digest = api.digest(shown(api, appeal_id)["request_id"])
    rationale = "As the chart shows."
    body = {"actor": actor, "assessment_digest": digest, "rationale": rationale} | terms
    return api.post(f"/appeals/{appeal_id}/decide", body)


def upheld(api: Api, appeal_id: str) -> None:
    assert decided(api, appeal_id, outcome="upheld", citing=["1.A.iii"]).status_code == 200


# -- overturned -------------------------------------------------------------------------------


def test_from_a_denial_to_an_appeal_that_overturns_it(api: Api, clock: Clock) -> None:
    patient = api.opened()
    request_id = api.denied(patient)
    denied = api.version(patient)
    clock.advance(timedelta(hours=1))
    (notice_id,) = api.did_to(
        request_id, "notices", kind="denial", channel="mail", addressee="The patient", issued_at="2026-04-28T16:30:00Z"
    )["made"]
    clock.at = instant("2026-05-04T16:00:00")
    api.did_to(notice_id, "delivered", delivered_at="2026-05-01T15:00:00Z")
    appeal_id = api.appealed(request_id, "2026-05-04T15:00:00Z")
    appeal = shown(api, appeal_id)
    assert (appeal["status"], appeal["level"], appeal["is_late"]) == ("open", "first", False)
    # What is appealed is that event; 180 days run from when the notice arrived, thirty from when the appeal came.
    assert (appeal["decision_version"], appeal["file_by"]) == (denied, "2026-10-28")
    assert (appeal["due_at"], appeal["overdue"]) == ("2026-06-04T04:00:00Z", False)

    # Who denied it may neither have it nor decide it.
    refused(api.post(f"/appeals/{appeal_id}/assign", {"actor": NURSE, "to": PHYSICIAN}), 403, "to.id")
    refused(decided(api, appeal_id, PHYSICIAN, outcome="overturned"), 403, "actor.id")
    below = APPEALS | {"id": "e.neuro", "reports_to": ["chief.of.day", PHYSICIAN["id"]]}
    refused(decided(api, appeal_id, below, outcome="overturned"), 403, "actor.reports_to")
    refused(decided(api, appeal_id, NURSE, outcome="overturned"), 403, "actor.role")
    api.did_to(appeal_id, "assign", to=APPEALS)
    assert shown(api, appeal_id)["assigned_to"]["id"] == APPEALS["id"]

    clock.at = instant("2026-05-06T16:00:00")
    before = api.digest(request_id)
    api.did_to(appeal_id, "evidence", OFFICE, received_at="2026-05-06T15:00:00Z", statement=TWO_AGENTS)
    stale = {"actor": APPEALS, "assessment_digest": before, "rationale": "Seen.", "outcome": "overturned"}
    problem = refused(api.post(f"/appeals/{appeal_id}/decide", stale), 409, "assessment_digest")
    assert "agents" in {one["what"] for one in problem["changed"]}
    answer = decided(api, appeal_id, outcome="overturned")
    assert answer.json()["recorded"] == ["AppealDecided", "CourseApproved"]

    # With its own thirty days, from the day of the decision.
    now = api.eligibility(patient)
    assert (now["approval"]["valid_from"], now["approval"]["valid_through"]) == ("2026-05-06", "2026-06-04")
    assert now["doses_usable"] == 5
    life = api.asked(f"/requests/{request_id}/life")
    assert [(one["kind"], one["appeal_id"]) for one in life["decisions"]] == [("denied", None), ("approved", appeal_id)]
    assert (life["status"], shown(api, appeal_id)["status"]) == ("approved", "overturned")
    assert shown(api, appeal_id)["due_at"] is None
    # What was known before is still known as it was.
    assert shown(api, appeal_id, known_at="2026-05-04T16:30:00Z")["status"] == "open"
    assert api.eligibility(patient, known_at="2026-05-06T15:59:59Z")["approval"] is None
    refused(decided(api, appeal_id, outcome="overturned"), 409, "appeal_id")


def test_the_evidence_of_an_appeal_is_a_document_that_somebody_has_read(api: Api) -> None:
    patient = api.opened()
    denied = PENDS | {"aggressive_disease": PENDS["aggressive_disease"] | {"mri": {"finding": False}}}
    appeal_id = api.appealed(api.denied(patient, denied), NOW)
    document = api.stored(patient)
    found = {"aggressive_disease": {"mri": {"finding": True, "documentation": "not_attached"}}}
    evidence = {"received_at": NOW, "statement": found, "documents": [document], "note": "From the chart of 2023."}
    (document_id,) = api.did_to(appeal_id, "evidence", OFFICE, **evidence)["made"]
    refused(decided(api, appeal_id, outcome="overturned", citing=[], doses=6), 422, "doses")
    api.did_to(document_id, "review", APPEALS, clause=MRI, supports=True)
    # The user who read the document for the appeal took no part in the denial.
    assert decided(api, appeal_id, outcome="overturned").status_code == 200
    life = api.asked(f"/requests/{shown(api, appeal_id)['request_id']}/life")
    assert [(one["appeal_id"], one["supports"]) for one in life["documents"]] == [(appeal_id, [MRI])]


def test_overturned_in_part_leaves_something_that_can_be_appealed_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the second level, if the plan has one."""
    request_id = api.denied(api.opened())
    appeal_id = api.appealed(request_id, NOW)
    part = {"outcome": "overturned_in_part", "doses": 3}
    refused(decided(api, appeal_id, **part), 422, "left_out")
    part |= {"left_out": "Days four and five wait for the laboratory."}
    refused(decided(api, appeal_id, **part), 422, "citing")
    assert decided(api, appeal_id, **part, citing=["Dosing.A"]).status_code == 200
    life = api.asked(f"/requests/{request_id}/life")
    assert [(one["doses_approved"], one["appeal_id"]) for one in life["approvals"]] == [(3, appeal_id)]
    refused(api.post(f"/requests/{request_id}/appeals", filing()), 409, "request_id")
    ledger = cast("Any", api.client.app).state.ledger
    monkeypatch.setattr(ledger, "deadlines", TWO_LEVELS)
    second = api.appealed(request_id, NOW)
    assert shown(api, second)["level"] == "second"
    # The user who decided the first level does not decide the second.
    refused(decided(api, second, outcome="overturned"), 403, "actor.id")
    assert decided(api, second, BEA, outcome="overturned").status_code == 200


# -- upheld, handed on, answered --------------------------------------------------------------


def test_an_upheld_appeal_is_handed_on_and_the_answer_from_outside_is_the_last_word(api: Api, clock: Clock) -> None:
    patient = api.opened()
    request_id = api.denied(patient)
    appeal_id = api.appealed(request_id, NOW)
    refused(decided(api, appeal_id, PHARMACIST, outcome="upheld", citing=["1.A.iii"]), 403, "actor.credential")
    heart = APPEALS | {"id": "c.heart", "specialty": "cardiology"}
    refused(decided(api, appeal_id, heart, outcome="upheld", citing=["1.A.iii"]), 403, "actor.specialty")
    refused(decided(api, appeal_id, outcome="upheld", citing=["1.A.i"]), 422, "citing")
    upheld(api, appeal_id)
    assert (shown(api, appeal_id)["status"], shown(api, appeal_id)["citing"]) == ("upheld", ["1.A.iii"])
    refused(
        api.post(f"/requests/{request_id}/notices", {"actor": NURSE, "issued_at": NOW} | OF_THE_APPEAL),
        422,
        "appeal_id",
    )
    api.did_to(request_id, "notices", appeal_id=appeal_id, issued_at="2026-04-28T16:00:00Z", **OF_THE_APPEAL)

    clock.at = instant("2026-05-11T16:00:00")
    api.did_to(appeal_id, "hand-on", organisation="Independent Review East")
    answer = {"received_on": "2026-06-01", "outcome": "overturned", "rationale": "The criterion is met."}
    body = answer | {"actor": APPEALS, "assessment_digest": api.digest(request_id)}
    refused(api.post(f"/appeals/{appeal_id}/external-answer", body), 422, "received_on")
    clock.at = instant("2026-06-02T16:00:00")
    body |= {"assessment_digest": api.digest(request_id)}
    told = api.did(f"/appeals/{appeal_id}/external-answer", body)
    assert told["recorded"] == ["ExternalReviewAnswered", "CourseApproved"]
    now = shown(api, appeal_id)
    assert (now["status"], now["external_outcome"]) == ("upheld", "overturned")
    assert api.eligibility(patient)["approval"]["valid_through"] == "2026-07-01"
    refused(api.post(f"/appeals/{appeal_id}/external-answer", body), 409, "appeal_id")
    refused(api.post(f"/requests/{request_id}/appeals", filing("2026-06-02T15:00:00Z")), 409, "request_id")


def test_an_answer_from_outside_that_upholds_approves_nothing(api: Api) -> None:
    patient = api.opened()
    appeal_id = api.appealed(api.denied(patient), NOW)
    upheld(api, appeal_id)
    body: Json = {
        "actor": APPEALS, "received_on": "2026-04-28", "outcome": "upheld", "rationale": "Not met.",
        "assessment_digest": api.digest(f"{patient}.r1"),
    }  # fmt: skip
    refused(api.post(f"/appeals/{appeal_id}/external-answer", body), 409, "appeal_id")
    api.did_to(appeal_id, "hand-on", organisation="Independent Review East")
    refused(api.post(f"/appeals/{appeal_id}/external-answer", body | {"doses": 5}), 422, "doses")
    assert api.did(f"/appeals/{appeal_id}/external-answer", body)["recorded"] == ["ExternalReviewAnswered"]
    assert api.eligibility(patient)["approval"] is None


# -- what can be appealed, and when -----------------------------------------------------------


def filing(received_at: str = NOW) -> Json:
    return {"actor": OFFICE, "received_at": received_at, "grounds": "Two agents failed before.", "filer": ALMA}


def noticed_denial(api: Api) -> str:
    """A denial whose notice was received on the same day, 28 April; its id."""
    request_id = api.denied(api.opened())
    notice = {"kind": "denial", "channel": "portal", "addressee": "The patient", "issued_at": NOW}
    (notice_id,) = api.did_to(request_id, "notices", **notice)["made"]
    api.did(f"/notices/{notice_id}/delivered", {"actor": NURSE, "delivered_at": NOW})
    return request_id


def test_an_appeal_is_never_late_without_a_notice(api: Api, clock: Clock) -> None:
    request_id = api.denied(api.opened())
    clock.at = instant("2027-10-26T16:00:00")
    filed = shown(api, api.appealed(request_id, "2027-10-26T15:00:00Z"))
    assert (filed["file_by"], filed["is_late"]) == (None, False)


def test_a_late_appeal_is_recorded_as_late_and_refused_only_with_a_reason(api: Api, clock: Clock) -> None:
    request_id = noticed_denial(api)
    clock.at = instant("2026-10-26T16:00:00")
    late = api.appealed(request_id, "2026-10-26T15:00:00Z")
    assert (shown(api, late)["file_by"], shown(api, late)["is_late"]) == ("2026-10-25", True)
    api.did_to(late, "dismiss", ground="late", reason="No good cause was given.")
    assert shown(api, late)["status"] == "dismissed"
    refused(decided(api, late, outcome="overturned"), 409, "appeal_id")
    # With a good cause it may be decided like any other.
    again = api.appealed(request_id, "2026-10-26T15:30:00Z")
    api.did_to(again, "evidence", OFFICE, received_at="2026-10-26T15:45:00Z", statement=TWO_AGENTS)
    assert decided(api, again, outcome="overturned").status_code == 200


@pytest.mark.parametrize(("day", "is_late"), [("2026-10-25", False), ("2026-10-26", True)])
@pytest.mark.parametrize("store", ["sqlite"])
def test_the_last_day_is_in_time(api: Api, clock: Clock, day: str, is_late: bool) -> None:
    request_id = noticed_denial(api)
    clock.at = instant("2026-10-28T16:00:00")
    appeal_id = api.appealed(request_id, f"{day}T23:59:59-04:00")
    assert shown(api, appeal_id)["is_late"] is is_late
    in_time = api.post(f"/appeals/{appeal_id}/dismiss", {"actor": NURSE, "ground": "late", "reason": "Late."})
    assert in_time.status_code == (200 if is_late else 422)


def test_only_what_is_adverse_can_be_appealed_and_once_at_a_time(api: Api) -> None:
    patient = api.opened()
    seen = api.submitted(patient)
    request_id = seen["request"]["request_id"]
    refused(api.post(f"/requests/{request_id}/appeals", filing()), 409, "request_id")
    api.decided("approve", seen)
    problem = refused(api.post(f"/requests/{request_id}/appeals", filing()), 409, "request_id")
    assert "full approval" in problem["detail"]
    other = api.denied(patient)
    refused(api.post(f"/requests/{other}/appeals", filing("2026-04-27T12:00:00Z")), 422, "received_at")
    refused(api.post(f"/requests/{other}/appeals", filing("2026-04-29T12:00:00Z")), 422, "received_at")
    api.appealed(other, NOW)
    refused(api.post(f"/requests/{other}/appeals", filing()), 409, "request_id")
    refused(api.post(f"/requests/{other}/reopen", {"actor": PHYSICIAN, "reason": "New evidence."}), 409, "request_id")


def test_a_partial_approval_and_a_rescission_are_appealed_too(api: Api) -> None:
    patient = api.opened()
    seen = api.submitted(patient)
    request_id = seen["request"]["request_id"]
    part = {"doses": 3, "left_out": "Days four and five.", "citing": ["Dosing.A"], "rationale": "Low platelets."}
    assert api.decided("approve", seen, PHYSICIAN, **part).status_code == 200
    first = api.appealed(request_id, NOW)
    refused(
        decided(api, first, outcome="overturned_in_part", doses=2, left_out="More.", citing=["Dosing.A"]), 422, "doses"
    )
    assert decided(api, first, outcome="overturned").status_code == 200
    assert api.eligibility(patient)["doses_left_on_approval"] == 5
    api.did_to(request_id, "rescind-approval", PHYSICIAN, ground="drug_stopped", reason="Stopped by the prescriber.")
    second = api.appealed(request_id, "2026-04-28T16:00:00Z")
    assert shown(api, second)["level"] == "first"
    assert decided(api, second, BEA, outcome="overturned").status_code == 200
    assert api.eligibility(patient)["doses_usable"] == 5


def test_an_appeal_is_withdrawn_by_the_filer(api: Api) -> None:
    request_id = api.denied(api.opened())
    appeal_id = api.appealed(request_id, NOW)
    api.did_to(appeal_id, "withdraw", OFFICE, by="Alma Synthetic", reason="Another treatment was begun.")
    assert shown(api, appeal_id)["status"] == "withdrawn"
    refused(api.post(f"/appeals/{appeal_id}/hand-on", {"actor": NURSE, "organisation": "East"}), 409, "appeal_id")
    assert shown(api, api.appealed(request_id, NOW))["level"] == "first"


def test_an_urgent_appeal_is_due_in_hours_and_is_overdue_when_they_are_over(api: Api, clock: Clock) -> None:
    appeal_id = api.appealed(api.denied(api.opened()), NOW, urgency="urgent")
    assert shown(api, appeal_id)["due_at"] == "2026-05-01T15:30:00Z"
    clock.at = instant("2026-05-01T15:30:00")
    assert shown(api, appeal_id)["overdue"] is False
    clock.advance(timedelta(seconds=1))
    assert shown(api, appeal_id)["overdue"] is True
    assert shown(api, appeal_id, known_at="2026-04-30T15:30:00Z")["overdue"] is False


def test_a_patients_appeals_are_listed_page_by_page(api: Api) -> None:
    patient = api.opened()
    made = [api.appealed(api.denied(patient, FAILS), NOW) for _ in range(3)]
    whole = api.asked(f"/patients/{patient}/appeals")["items"]
    assert [one["appeal_id"] for one in whole] == made
    page = api.asked(f"/patients/{patient}/appeals", limit=2)
    rest = api.asked(f"/patients/{patient}/appeals", limit=2, after=page["next_after"])
    assert [page["items"] + rest["items"], rest["next_after"]] == [whole, None]
    refused(api.client.get(f"/appeals/{patient}.a9"), 404, "appeal_id")
