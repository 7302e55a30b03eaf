"""Coverage and procedure codes of import lines: each value as the other doors read it."""

from __future__ import annotations

from datetime import date

import pytest

from api.files.import_intake import Intake
from domain.ledger.application import Ledger
from tests.api.cli.test_import import PERSON, history, lines
from tests.story import IMPORTER


@pytest.fixture
def intake(ledger: Ledger) -> Intake:
    return Intake(ledger, "old", IMPORTER)


def test_coverage_comes_in_with_its_state_and_funding(intake: Intake, ledger: Ledger) -> None:
    coverage = {"kind": "coverage", "reference": "V-1", "member": {"member_id": "M-1"}, "on": "2024-01-01",
                "line_of_business": "commercial", "state": "CA", "funding": "insured"}  # fmt: skip
    unknown = coverage | {"reference": "V-2", "on": "2025-01-01", "state": "ZZ"}
    outcomes = list(intake.json_lines(lines(PERSON, coverage, coverage, unknown)))
    assert [one.fate for one in outcomes] == ["recorded", "recorded", "recorded before", "refused"]
    assert outcomes[-1].field == "state"
    found = history(ledger).coverage_on(date(2024, 6, 1))
    assert found is not None
    assert (found.state, found.funding) == ("CA", "insured")


def test_a_claim_line_reads_its_procedure_code_in_any_case(intake: Intake) -> None:
    claim = {"kind": "claim", "reference": "C-1", "member": {"member_id": "M-1"}, "on": "2024-03-04",
             "hcpcs": "j0202", "units": 12}  # fmt: skip
    other = claim | {"reference": "C-2", "hcpcs": "J0203"}
    outcomes = list(intake.json_lines(lines(PERSON, claim, other)))
    assert [(one.fate, one.field) for one in outcomes[1:]] == [("recorded", None), ("refused", "hcpcs")]


def test_a_funding_that_is_unknown_is_recorded_as_not_known(intake: Intake, ledger: Ledger) -> None:
    coverage = {"kind": "coverage", "reference": "V-1", "member": {"member_id": "M-1"}, "on": "2024-01-01",
                "line_of_business": "commercial", "state": "CA", "funding": "unknown"}  # fmt: skip
    assert [one.fate for one in intake.json_lines(lines(PERSON, coverage))] == ["recorded", "recorded"]
    found = history(ledger).coverage_on(date(2024, 6, 1))
    assert found is not None
    assert (found.state, found.funding) == ("CA", None)


@pytest.mark.parametrize("state", ["ca", "California", "ZZ"])
def test_a_state_that_is_none_is_refused_with_what_to_send(intake: Intake, state: str) -> None:
    coverage = {"kind": "coverage", "reference": "V-1", "member": {"member_id": "M-1"}, "on": "2024-01-01",
                "line_of_business": "commercial", "state": state}  # fmt: skip
    refused = list(intake.json_lines(lines(PERSON, coverage)))[-1]
    assert (refused.fate, refused.field, refused.cause) == ("refused", "state", "this is not a state")
    assert "two letters of a state or territory" in str(refused.remedy)
