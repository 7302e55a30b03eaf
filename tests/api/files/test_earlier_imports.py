"""A renamed copy of an import records nothing twice, and lines of two systems stay apart."""

from __future__ import annotations

from typing import Any

import pytest

from api.files.import_intake import Intake
from domain.ledger.application import Ledger
from domain.people import Actor
from tests.api.files.claims import PERSON, claim, history, imported, results
from tests.story import IMPORTER

MEMBER = {"member_id": "M-1"}
OTHER_USER = Actor(id="k.other", name="Kim Other", role="reviewer", credential="nurse")
REQUEST = {"kind": "request", "reference": "R-1", "member": MEMBER, "received_at": "2024-02-20T09:00:00-05:00",
           "line_of_business": "commercial"}  # fmt: skip
DECIDED = {"kind": "determination", "reference": "D-1", "member": MEMBER, "request": "R-1", "outcome": "approved",
           "decided_on": "2024-02-28", "edition": "unknown"}  # fmt: skip
REPORT = {"kind": "prior_treatment", "reference": "T-1", "member": MEMBER, "source": "other_plan",
          "courses": [{"doses_given": 5, "last_dose_on": "2022-03", "completed": True}]}  # fmt: skip
DOSE = {"kind": "dose", "reference": "I-1", "member": MEMBER, "on": "2024-03-04", "mg": 12}
FILE: tuple[dict[str, Any], ...] = (
    PERSON, REPORT, REQUEST, DECIDED, DOSE, claim("C-1", 5), claim("C-1", 5, 10, frequency_code="7"),
    claim("C-2", 6, claim_status="denied"), claim("C-3", 7, -12),
)  # fmt: skip


def named(ledger: Ledger, source: str, actor: Actor = IMPORTER) -> Intake:
    """An import whose source is the name of its file."""
    return Intake(ledger, source, actor, source_is_file_name=True)


def test_a_renamed_copy_records_nothing(ledger: Ledger) -> None:
    assert [one.fate for one in imported(named(ledger, "2024"), *FILE)] == ["recorded"] * len(FILE)
    version = history(ledger).version
    for source in ("2024-copy", "2024", "2024-copy"):
        copied = named(ledger, source)
        assert {one.fate for one in imported(copied, *FILE)} == {"recorded before"}
        assert [one.reference for one in copied.still_waiting()] == ["C-3"]
    assert history(ledger).version == version


def test_a_copy_with_more_lines_records_those_and_finds_its_requests(ledger: Ledger) -> None:
    imported(named(ledger, "march"), PERSON, REQUEST)
    outcomes = imported(named(ledger, "april"), PERSON, REQUEST, DECIDED)
    assert [one.fate for one in outcomes] == ["recorded before", "recorded before", "recorded"]
    (request,) = history(ledger).requests
    assert (request.status, request.imported_from) == ("approved", request.imported_from)
    (alone,) = imported(named(ledger, "may"), DECIDED | {"reference": "D-2"})
    assert (alone.fate, alone.field) == ("refused", "request"), "a file speaks of its own requests"


@pytest.mark.parametrize("source", ["2024", "2024-copy"])
def test_the_same_file_by_another_user_records_nothing(ledger: Ledger, source: str) -> None:
    imported(named(ledger, "2024"), *FILE)
    version = history(ledger).version
    assert {one.fate for one in imported(named(ledger, source, OTHER_USER), *FILE)} == {"recorded before"}
    assert history(ledger).version == version


def test_another_user_may_not_reuse_a_reference_of_the_source(ledger: Ledger) -> None:
    imported(named(ledger, "2024"), PERSON, REQUEST, claim("C-1", 5, claim_status="denied"))
    again = named(ledger, "2024", OTHER_USER)
    refused, paid = imported(again, REQUEST | {"received_at": "2024-02-21T09:00:00-05:00"}, claim("C-1", 5))
    assert (refused.fate, refused.field, paid.fate) == ("refused", "reference", "recorded")
    assert len(history(ledger).requests) == 1


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        (REQUEST, {"received_at": "2024-02-21T09:00:00-05:00"}),
        (REPORT, {"courses": [{"doses_given": 3, "last_dose_on": "2023-03", "completed": True}]}),
        (claim("C-1", 5, claim_status="denied"), {"units": 6}),
    ],
)
def test_another_file_with_an_equal_reference_and_other_content_is_another_line(
    ledger: Ledger, line: dict[str, Any], changed: dict[str, Any]
) -> None:
    imported(named(ledger, "2024"), PERSON, line)
    assert [one.fate for one in imported(named(ledger, "2025"), line | changed)] == ["recorded"]


def test_a_dose_under_a_known_reference_of_its_source_is_refused_if_it_differs(ledger: Ledger) -> None:
    imported(named(ledger, "2024"), PERSON, DOSE)
    (outcome,) = imported(named(ledger, "2025"), DOSE | {"on": "2024-03-05"})
    assert (outcome.fate, outcome.field) == ("refused", "source_reference")


def test_the_same_line_of_another_member_is_another_line(ledger: Ledger) -> None:
    other = {"member_id": "M-2"}
    imported(named(ledger, "2024"), PERSON, PERSON | {"reference": "H-2", "member": other}, REQUEST)
    assert [one.fate for one in imported(named(ledger, "2025"), REQUEST | {"member": other})] == ["recorded"]


def test_a_source_that_a_person_named_keeps_its_references_apart(ledger: Ledger) -> None:
    imported(Intake(ledger, "east", IMPORTER), PERSON, REQUEST, DOSE)
    west = Intake(ledger, "west", IMPORTER)
    assert results(imported(west, REQUEST, DOSE)) == [("recorded", None), ("recorded before", None)]
    assert len(history(ledger).requests) == 2
