"""Mistakes are corrected and never edited: each later answer uses the correction, each earlier `known_at` does not.

Facts that come late are the same: they change today's answer and never yesterday's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tests.api.routes.commands.acts import (
    COMPLETED_ELSEWHERE,
    MEETS_A,
    MEETS_B,
    MRI,
    NURSE,
    PENDS,
    REASON,
    Api,
    Json,
    dose,
    refused,
)
from tests.api.routes.commands.stages import NOW
from tests.clock import Clock

WEEK = [f"2026-04-{day}" for day in range(20, 25)]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@contextmanager
def an_hour_apart(clock: Clock) -> Iterator[str]:
    """What is done inside happens an hour later; gives the last moment before."""
    before = clock.at + timedelta(minutes=59)
    clock.advance(timedelta(hours=1))
    yield before.isoformat()


def then_and_now(ask: Callable[..., Json], before: str) -> tuple[Json, Json]:
    return ask(known_at=before), ask()


# -- corrections ------------------------------------------------------------------------------


def test_a_dose_that_was_entered_wrongly_is_corrected(api: Api, clock: Clock) -> None:
    patient = api.opened()
    wrong = api.dosed(patient, *WEEK)[2]["dose_id"]
    with an_hour_apart(clock) as before:
        told = api.did_to(wrong, "correct", reason="The claim carried the day of billing.", on="2026-04-27")
    assert told["recorded"] == ["DoseCorrected"]
    then, now = then_and_now(lambda **query: api.asked(f"/patients/{patient}/courses", **query), before)
    assert [one["on"] for one in then["courses"][0]["doses"]] == WEEK
    corrected = now["courses"][0]["doses"][-1]
    assert (corrected["on"], corrected["corrected"]) == ("2026-04-27", True)
    assert "not_consecutive" in corrected["variances"]
    then, now = then_and_now(lambda **query: api.eligibility(patient, **query), before)
    assert (then["next_course_from"], now["next_course_from"]) == ("2027-04-24", "2027-04-27")
    trail = api.asked(f"/patients/{patient}/audit-trail")["items"]
    assert [one["event"] for one in trail if "2026-04-22" in str(one)] != []
    assert trail[-1]["event"] == "DoseCorrected"


def test_only_a_correction_moves_a_dose_to_another_course(api: Api, clock: Clock) -> None:
    patient = api.opened()
    clock.at = instant("2026-04-28T16:00:00")
    doses = api.dosed(patient, "2025-01-06", "2025-01-07", "2025-01-08", "2025-01-09", "2025-01-10", "2026-04-27")
    assert [one["course"] for one in doses] == [1, 1, 1, 1, 1, 2]
    with an_hour_apart(clock) as before:
        api.did_to(doses[5]["dose_id"], "correct", reason="Of the first course.", course=1)
    then, now = then_and_now(lambda **query: api.asked(f"/patients/{patient}/courses", **query), before)
    assert [len(one["doses"]) for one in then["courses"]] == [5, 1]
    assert [len(one["doses"]) for one in now["courses"]] == [6]


def test_a_report_from_elsewhere_is_corrected_and_voided(api: Api, clock: Clock) -> None:
    patient = api.opened()
    report = api.reported(patient, COMPLETED_ELSEWHERE)["made"][0]
    with an_hour_apart(clock) as reported:
        unfinished = {"doses_given": 4, "last_dose_on": "2025-03-07", "completed": False}
        api.did_to(report, "correct", reason="One infusion was counted twice.", courses=[unfinished])
    with an_hour_apart(clock) as corrected:
        api.did_to(report, "void", reason="Of another patient.")
    paths = [api.eligibility(patient, known_at=at)["path"] for at in (reported, corrected)]
    assert (*paths, api.eligibility(patient)["path"]) == ("B", "A", None)
    refused(api.post(f"/reports/{report}/void", REASON), 409, "report_id")
    refused(api.post(f"/reports/{report}/correct", REASON | {"courses": []}), 409, "report_id")


def test_a_statement_is_corrected_whole(api: Api, clock: Clock) -> None:
    patient = api.opened()
    seen = api.submitted(patient, MEETS_A | {"ms_form": "primary_progressive"})
    request_id = seen["request"]["request_id"]
    assert seen["assessment"]["recommendation"] == "not_recommended"
    with an_hour_apart(clock) as before:
        api.did_to(request_id, "correct", reason="The form was misread from the fax.", statement=MEETS_A)
    then, now = then_and_now(lambda **query: api.asked(f"/requests/{request_id}/assessment", **query), before)
    said = [one["assessment"]["recommendation"] for one in (then, now)]
    assert (said, then["assessment_digest"]) == (["not_recommended", "approve"], seen["assessment_digest"])
    # A decision that names the assessment from before the correction is refused.
    problem = refused(api.decided("approve", seen), 409, "assessment_digest")
    assert "ms_form" in {one["what"] for one in problem["changed"]}
    # Corrected again, the last holds.
    with an_hour_apart(clock):
        late = MEETS_A | {"ms_form": "active_secondary_progressive"}
        api.did_to(request_id, "correct", reason="It was the other form.", statement=late)
    assert api.looked_at(request_id)["request"]["statement"]["ms_form"] == "active_secondary_progressive"
    refused(api.post(f"/requests/{request_id}/correct", REASON | {"statement": late}), 422, "statement")


def test_what_was_decided_stays_as_it_was_seen_when_the_statement_is_corrected(api: Api, clock: Clock) -> None:
    seen = api.submitted(api.opened())
    request_id = seen["request"]["request_id"]
    api.decided("approve", seen)
    with an_hour_apart(clock):
        wrong = MEETS_A | {"hiv_infection": True}
        api.did_to(request_id, "correct", reason="The laboratory's report came back.", statement=wrong)
    now = api.looked_at(request_id)
    assert now["assessment"]["recommendation"] == "not_recommended"
    assert now["request"]["determination"]["assessment"]["recommendation"] == "approve"


def test_a_document_is_corrected_and_voided_with_what_rested_on_it(api: Api, clock: Clock) -> None:
    patient = api.opened()
    request_id = api.submitted(patient, PENDS)["request"]["request_id"]
    brought = {"received_at": NOW, "documents": [api.stored(patient)]}
    (document,) = api.did_to(request_id, "supply-information", **brought)["made"]
    api.did_to(document, "review", clause=MRI, supports=True)
    with an_hour_apart(clock) as read:
        api.did_to(document, "correct", reason="It is a note.", kind="chart_note", name="Note of 30 March")
    with an_hour_apart(clock) as corrected:
        api.did_to(document, "void", reason="It is of another patient.")

    def shown(**query: str) -> Json:
        found: Json = api.asked(f"/requests/{request_id}/life", **query)["documents"][0]
        return found

    kinds = [shown(known_at=at)["document"]["kind"] for at in (read, corrected)]
    assert kinds == ["mri_report", "chart_note"]
    assert (shown(known_at=corrected)["supports"], shown()["supports"], shown()["voided"]) == ([MRI], [], True)
    path = f"/requests/{request_id}/assessment"
    assert api.asked(path, known_at=corrected)["assessment"]["recommendation"] == "approve"
    assert api.asked(path)["assessment"]["needed"] == [MRI]
    # Nothing more is said of what is voided, and its bytes can still be read: nothing is lost.
    review = {"actor": NURSE, "clause": MRI, "supports": True}
    refused(api.post(f"/documents/{document}/review", review), 409, "document_id")
    assert api.client.get(f"/documents/{document}").status_code == 200


def test_what_is_voided_is_not_corrected(api: Api) -> None:
    patient = api.opened()
    (entry,) = api.dosed(patient, WEEK[0])
    api.did(f"/doses/{entry['dose_id']}/void", REASON)
    refused(api.post(f"/doses/{entry['dose_id']}/correct", REASON | {"mg": 10}), 409, "dose_id")


def test_a_birth_date_is_corrected_unless_life_on_record_speaks_against_it(api: Api, clock: Clock) -> None:
    patient = api.opened(birth_date="2010-05-17")
    request_id = api.submitted(patient)["request"]["request_id"]
    path = f"/requests/{request_id}/assessment"
    assert api.asked(path)["assessment"]["recommendation"] == "not_recommended"
    with an_hour_apart(clock) as before:
        api.did_to(patient, "correct-demographics", reason="The year was misread.", birth_date="1988-05-17")
    then, now = then_and_now(lambda **query: api.asked(path, **query), before)
    assert [one["assessment"]["recommendation"] for one in (then, now)] == ["not_recommended", "approve"]
    assert api.asked(f"/patients/{patient}/person", known_at=before)["birth_date"] == "2010-05-17"
    born_later = REASON | {"birth_date": "2026-04-22"}
    refused(api.post(f"/patients/{patient}/correct-demographics", born_later), 422, "birth_date")


# -- late facts -------------------------------------------------------------------------------


def test_a_dose_that_is_reported_three_weeks_after_it_was_given(api: Api, clock: Clock) -> None:
    patient = api.opened()
    api.dosed(patient, *WEEK[:4])
    clock.at = instant("2026-05-15T16:00:00")
    before = "2026-05-15T15:59:00Z"
    late = api.did(f"/patients/{patient}/doses", dose(WEEK[4]))
    assert late["also_recorded"] == ["CourseCompleted"]
    # The day after it was given: what we would have said then, and what we say of that day now.
    of_that_day = {"as_of": "2026-04-25"}
    then, now = then_and_now(lambda **query: api.eligibility(patient, **of_that_day | query), before)
    assert (then["path"], then["doses_given"]) == ("A", 4)
    assert (now["path"], now["courses_completed"], now["next_course_from"]) == ("B", 1, "2027-04-24")
    entry = api.asked(f"/patients/{patient}/audit-trail")["items"][-2]
    assert (entry["happened"], entry["recorded_at"][:10]) == (WEEK[4], "2026-05-15")


def test_prior_treatment_that_surfaces_a_year_later(api: Api, clock: Clock) -> None:
    patient = api.opened()
    seen = api.submitted(patient)
    request_id = seen["request"]["request_id"]
    assert api.decided("approve", seen).json()["request"]["approval"]["course"] == 1
    seen = api.asked(f"/requests/{request_id}/assessment")
    clock.at = instant("2027-04-28T16:00:00")
    before = "2027-04-28T15:59:00Z"
    api.reported(patient, COMPLETED_ELSEWHERE)
    then, now = then_and_now(lambda **query: api.eligibility(patient, **query), before)
    assert (then["path"], now["path"]) == ("A", "B")
    # Under the facts of now the approval would have been another; what was decided stays as it was seen.
    path, that_day = f"/requests/{request_id}/assessment", "2026-04-28"
    was, is_now = then_and_now(lambda **query: api.asked(path, as_of=that_day, **query), before)
    assert was["assessment_digest"] == seen["assessment_digest"]
    assert (was["assessment"]["path"], is_now["assessment"]["scope"]) == ("A", "B")
    assert api.looked_at(request_id)["request"]["determination"]["assessment"] == seen["assessment"]


def test_an_agent_that_was_begun_and_told_of_late(api: Api, clock: Clock) -> None:
    patient = api.opened()
    api.reported(patient, {"doses_given": 5, "last_dose_on": "2025-03-10", "completed": True})
    seen = api.submitted(patient, MEETS_B, planned_first_infusion_on="2026-05-04")
    path = f"/requests/{seen['request']['request_id']}/assessment"
    assert seen["assessment"]["recommendation"] == "approve"
    with an_hour_apart(clock) as before:
        api.did_to(patient, "agents/started", product="Ocrevus", on="2026-03", source="Claim of another drug.")
    then, now = then_and_now(lambda **query: api.asked(path, **query), before)
    assert [one["assessment"]["recommendation"] for one in (then, now)] == ["approve", "not_recommended"]
    assert now["assessment"]["exclusions"] == ["NR.2"]
    api.did_to(patient, "agents/stopped", product="Ocrevus", on="2026-04-20", source="The prescriber's note.")
    assert api.asked(path)["assessment"]["recommendation"] == "approve"


# -- the person -------------------------------------------------------------------------------


def test_a_second_member_id_finds_the_patient_and_once_retired_it_may_be_given_to_another(api: Api) -> None:
    patient = api.opened()
    second: Json = {"issuer": "plan", "member_id": "M-2"}
    api.did_to(patient, "identifiers", member=second)
    assert api.did("/patients/find", {"member": second})["patient_id"] == patient
    refused(api.post(f"/patients/{api.opened('M-3')}/identifiers", {"actor": NURSE, "member": second}), 409, "member")
    api.did_to(patient, "identifiers/retire", member=second, reason="Assigned to this member by mistake.")
    refused(api.post("/patients/find", {"member": second}), 404, "member")
    assert api.opened("M-2") != patient
    last = {"actor": NURSE, "member": {"issuer": "plan", "member_id": "M-1"}, "reason": "Of another member."}
    refused(api.post(f"/patients/{patient}/identifiers/retire", last), 409, "member")


def test_two_histories_are_linked_in_both_and_a_clinician_reviews_the_request(api: Api, clock: Clock) -> None:
    one, other = api.opened("M-1"), api.opened("M-2")
    request_id = api.submitted(one)["request"]["request_id"]
    with an_hour_apart(clock) as before:
        api.did_to(one, "link", other_patient_id=other, reason="Same person under an earlier number.")
    linked = [api.asked(f"/patients/{patient}/person")["linked_histories"] for patient in (one, other)]
    assert linked == [[other], [one]]
    assert api.asked(f"/patients/{other}/person", known_at=before)["linked_histories"] == []
    assert api.looked_at(request_id)["assessment"]["recommendation"] == "refer"
    refused(api.post(f"/patients/{other}/link", REASON | {"other_patient_id": one}), 409, "other_patient_id")
    refused(api.post(f"/patients/{one}/link", REASON | {"other_patient_id": one}), 422, "other_patient_id")
    api.did_to(other, "unlink", other_patient_id=one, reason="Two persons of one name.")
    assert api.asked(f"/patients/{one}/person")["linked_histories"] == []


def test_coverage_representatives_and_a_death_are_shown_as_of_a_day(api: Api) -> None:
    patient = api.opened()
    api.submitted(patient)
    api.did_to(patient, "line-of-business", on="2026-05-01", line_of_business="medicare_advantage")
    named = {"name": "Berta Synthetic", "relationship": "appointed", "on": "2026-04-01", "through": "2026-04-30"}
    api.did_to(patient, "representatives", **named)
    shown = api.asked(f"/patients/{patient}/person")
    assert (shown["line_of_business"], len(shown["representatives"])) == ("commercial", 1)
    shown = api.asked(f"/patients/{patient}/person", as_of="2026-05-01")
    assert (shown["line_of_business"], shown["representatives"]) == ("medicare_advantage", [])
    # The request keeps the line under which it was received.
    assert api.asked(f"/patients/{patient}/requests")["items"][0]["line_of_business"] == "commercial"
    api.did_to(patient, "death", on="2026-04", source="Letter of the family.")
    assert api.asked(f"/patients/{patient}/person")["deceased_on"] == "2026-04"
    api.did_to(patient, "death/void", reason="Of another patient.")
    assert api.asked(f"/patients/{patient}/person")["deceased_on"] is None


def test_an_agent_that_is_not_recognized_is_named_with_the_nearest_names(api: Api) -> None:
    tried = {"list_is_complete": True, "tried": [{"product": "Tysabry", "outcome": "inadequate_efficacy"}]}
    judged = api.did("/assessments", {"as_of": "2026-04-28", "facts": {"agents": tried}})["assessment"]
    (finding,) = [one for one in judged["findings"] if one["citation"] == "1.A.iii.b"]
    assert finding["answer"] == "undetermined"
    assert finding["missing"] == ["agents.tried: which product Tysabry was (not recognized, did you mean Tysabri?)"]
    assert finding["sentence"].endswith("Tysabry is not recognized, did you mean Tysabri?")


def test_an_entry_of_another_agent_is_voided_once(api: Api) -> None:
    patient = api.opened()
    api.did_to(patient, "agents/stopped", product="Ocrevus", on="2026-03", source="Claim of another drug.")
    body = {"actor": NURSE, "reason": "Another person's claim."}
    first = api.post(f"/agents/{patient}.g1/void", body, key="void-1")
    again = api.post(f"/agents/{patient}.g1/void", body, key="void-1")
    assert (first.status_code, again.status_code, first.json()) == (200, 200, again.json())
    refused(api.post(f"/agents/{patient}.g1/void", body), 409, "agent_entry_id")
    assert api.post(f"/agents/{patient}.g2/void", body).status_code == 404
    (entry,) = api.asked(f"/patients/{patient}/person")["agents"]
    assert (entry["product"], entry["voided"], entry["is_recognized"]) == ("Ocrevus", True, True)
