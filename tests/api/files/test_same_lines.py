"""Lines that say the same as what is on record, and a claim that two members would have."""

from __future__ import annotations

from typing import Any

import pytest

from api.files.import_intake import Intake, LineOutcome
from api.record_access.command_line import CommandLineAccess
from domain.commands.treatment import RecordDose, VoidDose
from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.ledger.application import Ledger, open_ledger
from tests.api.files.claims import PERSON, claim, history, imported, table
from tests.story import IMPORTER, NURSE

MEMBER, OTHER = {"member_id": "M-1"}, {"member_id": "M-2"}
SECOND = PERSON | {"reference": "H-2", "member": OTHER, "name": "Bea Synthetic", "birth_date": "1990-01-02"}
REQUEST = {"kind": "request", "reference": "R-1", "member": MEMBER, "received_at": "2024-02-20T09:00:00-05:00",
           "line_of_business": "commercial"}  # fmt: skip
REPORT = {"kind": "prior_treatment", "reference": "T-1", "member": MEMBER, "source": "other_plan",
          "courses": [{"doses_given": 5, "last_dose_on": "2022-03", "completed": True}]}  # fmt: skip


@pytest.fixture
def store() -> str:
    return "sqlite"


def of_file(ledger: Ledger, source: str) -> Intake:
    return Intake(ledger, source, IMPORTER, source_is_file_name=True)


def fates(outcomes: list[LineOutcome]) -> list[str]:
    return [one.fate for one in outcomes]


# -- the same request or report twice ---------------------------------------------------------


def test_the_answer_says_that_a_request_is_the_same_as_another(ledger: Ledger) -> None:
    later = REQUEST | {"reference": "R-3", "received_at": "2024-02-22T09:00:00-05:00"}
    _, first, second, third = imported(of_file(ledger, "a"), PERSON, REQUEST, REQUEST | {"reference": "R-2"}, later)
    one, two, _ = (request.request_id for request in history(ledger).requests)
    assert [first.same_as, second.same_as, third.same_as] == [(), (one,), ()]
    assert second.fate == "recorded"
    assert second.note == f"the same as the request {one} on record; withdraw one of them if it was sent twice"
    assert second.to_json_value()["same_as"] == [one]
    assert two != one
    (again,) = imported(of_file(ledger, "a"), REQUEST | {"reference": "R-2"})
    assert (again.fate, again.same_as) == ("recorded before", (one,))


def test_the_answer_says_that_a_report_is_the_same_as_another(ledger: Ledger) -> None:
    other = REPORT | {"reference": "T-3", "source": "trial"}
    _, first, second, third = imported(of_file(ledger, "a"), PERSON, REPORT, REPORT | {"reference": "T-2"}, other)
    one = history(ledger).reports[0].report_id
    assert [first.same_as, second.same_as, third.same_as] == [(), (one,), ()]
    assert second.note == f"the same as the report {one} on record; void one of them if it was sent twice"


def test_a_copy_under_a_source_that_a_person_names_says_what_is_on_record(ledger: Ledger) -> None:
    imported(of_file(ledger, "march"), PERSON, REQUEST, REPORT)
    request, report = imported(Intake(ledger, "east", IMPORTER), REQUEST, REPORT)
    (first, second), (one, two) = history(ledger).requests, history(ledger).reports
    assert (request.same_as, report.same_as) == ((first.request_id,), (one.report_id,))
    assert (second.request_id, two.report_id) not in (request.same_as, report.same_as)
    (third,) = imported(Intake(ledger, "west", IMPORTER), REQUEST)
    assert third.same_as == (first.request_id, second.request_id)
    assert "the 2 requests: " in str(third.note)


# -- one claim, two members -------------------------------------------------------------------


@pytest.mark.parametrize("as_table", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_a_claim_of_another_member_is_refused(ledger: Ledger, as_table: bool, named: bool) -> None:
    imported(of_file(ledger, "people"), PERSON, SECOND, claim("A"))
    intake = Intake(ledger, "corrected", IMPORTER) if named else of_file(ledger, "corrected")
    line = claim("A") | {"member": OTHER}
    (refused,) = intake.claims(table(line)) if as_table else imported(intake, line)
    assert (refused.fate, refused.field) == ("refused", "claim_reference" if as_table else "reference")
    assert refused.cause == "this claim is recorded for another member"
    assert "void the dose entry of the other member first" in str(refused.remedy)
    assert history(ledger, "M-2").doses == ()
    assert not [one for one in ("M-1", "Alma", str(history(ledger).patient_id)) if one in str(refused)]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"frequency_code": "7"}, "reference"),
        ({"units": -12}, "reference"),
        ({"claim_status": "denied"}, "reference"),
        ({"reference": "B", "frequency_code": "7", "original_reference": "A"}, "original_reference"),
        ({"reference": "B", "frequency_code": "8", "original_reference": "A"}, "original_reference"),
        ({"reference": "A-R"}, "reference"),
    ],
)
def test_no_line_of_a_claim_of_another_member_is_recorded(ledger: Ledger, values: dict[str, Any], field: str) -> None:
    replaced = claim("A-R", 4, 10, frequency_code="7", original_reference="A")
    imported(of_file(ledger, "a"), PERSON, SECOND, claim("A"), replaced)
    before = history(ledger, "M-2").version
    (refused,) = imported(of_file(ledger, "b"), claim("A") | {"member": OTHER} | values)
    assert (refused.fate, refused.field) == ("refused", field)
    assert history(ledger, "M-2").version == before


@pytest.mark.parametrize("by_claim", [False, True])
def test_a_claim_that_was_withdrawn_from_one_member_may_be_anothers(ledger: Ledger, by_claim: bool) -> None:
    imported(of_file(ledger, "a"), PERSON, SECOND, claim("A"))
    if by_claim:
        imported(of_file(ledger, "b"), claim("V", None, -12, original_reference="A"))
    else:
        (dose,) = history(ledger).doses
        ledger.execute(history(ledger).patient_id, VoidDose(dose_id=dose.dose_id, reason="Another member's."), NURSE)
    assert fates(imported(of_file(ledger, "b"), claim("A") | {"member": OTHER})) == ["recorded"]


def test_a_claim_that_this_run_recorded_is_known(ledger: Ledger) -> None:
    intake = of_file(ledger, "a")
    assert fates(imported(intake, PERSON, SECOND, claim("A"))) == ["recorded"] * 3
    (refused,) = imported(intake, claim("A") | {"member": OTHER, "original_reference": "A", "frequency_code": "7"})
    assert refused.cause == "this claim is recorded for another member"


def test_what_is_on_record_for_both_members_is_recorded_before(ledger: Ledger) -> None:
    """An earlier program recorded the claim for both: its files can be imported again."""
    imported(of_file(ledger, "a"), PERSON, SECOND, claim("A"))
    (dose,) = history(ledger).doses
    again = RecordDose(on=dose.on, mg=12.0, source="claim", source_reference="A")
    ledger.execute(history(ledger, "M-2").patient_id, again, NURSE)
    outcomes = imported(of_file(ledger, "a"), claim("A"), claim("A", units=-12) | {"member": OTHER})
    assert [(one.fate, one.result) for one in outcomes] == [("recorded before", None), ("recorded", "void")]


def test_another_source_may_have_the_same_reference(ledger: Ledger) -> None:
    """The infusion centers of several members may number their doses alike."""
    dose = {"kind": "dose", "reference": "1", "member": MEMBER, "on": "2024-03-04", "mg": 12}
    lines = (PERSON, SECOND, dose, dose | {"member": OTHER, "on": "2024-03-05", "source": "infusion_centre"})
    assert fates(imported(of_file(ledger, "a"), *lines[:3])) == ["recorded"] * 3
    assert fates(imported(of_file(ledger, "b"), lines[3])) == ["recorded"]


def test_the_refusal_is_an_access_to_the_other_member(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        imported(of_file(ledger, "a"), PERSON, SECOND, claim("A"))
    with open_ledger(ledger_url) as ledger, CommandLineAccess(ledger, None) as access:
        intake = Intake(ledger, "b", IMPORTER, access, source_is_file_name=True)
        assert fates(imported(intake, claim("A") | {"member": OTHER})) == ["refused"]
        shown = [(one.patient_id, one.view) for one in all_accesses(ledger, AccessQuery())]
        assert shown == [(history(ledger).patient_id, "courses")]
