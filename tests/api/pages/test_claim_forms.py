"""The forms of the patient page in which a person says what a dose entry or a claim line is (R25, R30)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from domain.history.records import Dose
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk
from tests.api.pages.test_patient_page import at
from tests.api.routes.commands.acts import Api, dose

Desks = Callable[[Actor], Desk]
WHY = "The infusion center confirmed it."
SETTLING = ("confirm-duplicate", "dismiss-duplicate", "part-of-dose", "dose-days", "settle-claim")


def claimed(api: Api, *lines: tuple[str, str, float]) -> str:
    """A patient with these claims: day, reference, and milligrams."""
    patient = api.opened()
    for day, reference, mg in lines:
        api.did(f"/patients/{patient}/doses", dose(day, reference, source="claim", mg=mg))
    return patient


def with_what_waits(api: Api) -> str:
    """A second entry, a line of two doses, a voided claim, a denied line, and a void without its claim."""
    patient = claimed(
        api, ("2026-04-20", "C1", 12), ("2026-04-20", "C2", 12), ("2026-04-21", "C3", 24), ("2026-04-24", "C4", 12)
    )
    for line, reference in (("void", "C4"), ("void", "C9"), ("denied", "C7")):
        api.did_to(
            patient,
            "claims",
            claim_status=line,
            on="2026-04-24" if line == "void" else "2026-04-23",
            hcpcs="J0202",
            units=12,
            reference=reference,
        )
    return patient


def entry(api: Api, patient: str, number: int) -> Dose:
    return api.ledger.history(UUID(patient)).doses[number - 1]


@pytest.mark.parametrize(
    ("form", "duplicate", "counts"),
    [
        ("confirm-duplicate", "confirmed", False),
        ("dismiss-duplicate", "dismissed", True),
        ("part-of-dose", "part", False),
    ],
)
def test_a_person_says_what_a_second_entry_is(api: Api, desk: Desks, form: str, duplicate: str, counts: bool) -> None:
    patient, reviewer = claimed(api, ("2026-04-20", "C1", 8), ("2026-04-20", "C2", 4)), desk(story.NURSE)
    page = reviewer.opens(at(patient))
    assert [page.has_form(one) for one in SETTLING] == [True, True, True, False, False]
    told = reviewer.sends(page, form, dose_id=f"{patient}.d2", reason=WHY)
    assert told.status == 200, told.text[:600]
    assert (entry(api, patient, 2).duplicate, entry(api, patient, 2).counts) == (duplicate, counts)


def test_a_person_says_how_many_days_a_line_is_about(api: Api, desk: Desks) -> None:
    patient, reviewer = claimed(api, ("2026-04-20", "C1", 24)), desk(story.NURSE)
    told = reviewer.sends(
        reviewer.opens(at(patient)), "dose-days", dose_id=f"{patient}.d1", days="2", last_on="2026-04-21", reason=WHY
    )
    assert told.status == 200, told.text[:600]
    assert entry(api, patient, 1).days == (2, 2)
    wrong = reviewer.sends(reviewer.opens(at(patient)), "dose-days", dose_id=f"{patient}.d1", days="3", reason=WHY)
    assert wrong.status == 422
    assert "at most 2 infusion days" in wrong.text


def test_a_person_says_whether_the_infusion_of_a_voided_claim_was_given(api: Api, desk: Desks) -> None:
    patient, reviewer = claimed(api, ("2026-04-20", "C1", 12)), desk(story.NURSE)
    page = reviewer.opens(at(patient))
    assert not page.has_form("settle-claim")
    voided = reviewer.sends(page, "claim-line", line="void", source_reference="V1", original_reference="C1")
    assert voided.status == 200, voided.text[:600]
    page = reviewer.opens(at(patient))
    assert "0 to 1 doses given" in page.text
    assert "It is not known whether one was started." in page.text
    assert "void V1, of entry d1" in page.text
    told = reviewer.sends(page, "settle-claim", dose_id=f"{patient}.d1", finding="not_given", reason=WHY)
    assert told.status == 200, told.text[:600]
    assert entry(api, patient, 1).voided


def test_a_replacement_without_its_original_says_what_to_do(api: Api, desk: Desks) -> None:
    patient, reviewer = claimed(api, ("2026-04-20", "C1", 12)), desk(story.NURSE)
    page = reviewer.opens(at(patient))
    refused = reviewer.sends(
        page, "claim-line", line="replacement", on="2026-04-21", mg="12", source_reference="R1", original_reference="C9"
    )
    assert refused.status == 409
    assert "Next: record the original first" in refused.text


def test_denied_lines_and_voids_that_wait_are_listed(api: Api, desk: Desks) -> None:
    shown = desk(story.NURSE).opens(at(with_what_waits(api)))
    assert "denied line, billed and not paid C7" in shown.text
    assert "void C9, 12 mg, waits for claim C9" in shown.text
    assert [shown.has_form(one) for one in SETTLING] == [True] * 5


def test_an_office_is_not_shown_them(api: Api, desk: Desks) -> None:
    patient = with_what_waits(api)
    api.submitted(patient)
    assert "billed and not paid" not in desk(story.OFFICE).opens(at(patient)).text


def test_the_worklist_shows_a_void_that_waits_with_what_to_do(api: Api, desk: Desks) -> None:
    patient = with_what_waits(api)
    (item,) = api.asked("/worklist", state="void_waiting")["items"]
    assert (item["kind"], item["patient_id"], item["request_id"]) == ("claim", patient, None)
    page = desk(story.NURSE).opens("/pages/worklist?state=void_waiting").text
    assert "waits for the sender of the void, to send its claim" in page
    assert f"{patient[:8]} v{item['subject_id'].rpartition('.v')[2]}" in page
    api.did_to(patient, "claims", on="2026-04-22", hcpcs="J0202", units=12, reference="C9")
    assert api.asked("/worklist", state="void_waiting")["items"] == []


def test_a_claim_that_was_voided_and_then_replaced_is_marked(api: Api, desk: Desks) -> None:
    patient, reviewer = claimed(api, ("2026-04-20", "C1", 12)), desk(story.NURSE)
    for terms in ({"line": "void"}, {"line": "replacement", "on": "2026-04-20", "mg": "12"}):
        page = reviewer.opens(at(patient))
        sent = {"source_reference": f"{terms['line']}-1", "original_reference": "C1"} | terms
        assert reviewer.sends(page, "claim-line", **sent).status == 200
    page = reviewer.opens(at(patient))
    assert "claim voided, then replaced" in page.text
    assert not page.has_form("dose-days")


@pytest.mark.parametrize("control", ["\x1b[31m", "\x07", "\x7f", "\x9b"])
def test_a_control_character_in_a_form_is_refused_in_the_words_of_the_api(api: Api, desk: Desks, control: str) -> None:
    patient, reviewer = claimed(api, ("2026-04-20", "C1", 24)), desk(story.NURSE)
    page = reviewer.opens(at(patient))
    told = reviewer.sends(page, "dose-days", dose_id=f"{patient}.d1", days="2", reason=f"Confirmed{control}.")
    assert told.status == 422
    assert "the text contains a control character" in told.text.lower()
    assert entry(api, patient, 1).facts.days is None
