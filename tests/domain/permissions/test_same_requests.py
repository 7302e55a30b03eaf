"""The same request twice: it is accepted, and each of the two names the other to those who may see it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.events.requests import RequestSubmitted
from domain.history.state import requester_key
from domain.permissions.views import same_requests
from projections.worklist.rows import worklist_rows
from tests.story import (
    MEETS_A,
    OFFICE,
    OTHER_OFFICE,
    ZONE,
    Scenario,
    Step,
    approved,
    denied,
    dismissed,
    dose,
    given,
    prescribed_by,
    receipt_corrected,
    submitted,
    submitted_for,
    supplied,
    withdrawn,
)

NORA = {"name": "Nora Neuro", "specialty": "neurology"}


def named(scenario: Scenario, office: str | None = None) -> list[list[str]]:
    """For each request, the numbers of the requests that are the same."""
    history = scenario.known
    return [[each.rpartition(".")[2] for each in same_requests(history, one, office)] for one in history.requests]


def test_the_same_request_is_accepted_and_each_names_the_other() -> None:
    scenario = given(submitted()).when(submitted()).then(RequestSubmitted)
    assert named(scenario) == [["r2"], ["r1"]]


def test_three_of_them_name_the_two_others() -> None:
    assert named(given(submitted(), submitted(), submitted())) == [["r2", "r3"], ["r1", "r3"], ["r1", "r2"]]


@pytest.mark.parametrize(
    "other",
    [
        submitted(received_on="2026-04-27"),
        submitted(prescriber={"name": "Nils Neuro", "specialty": "neurology"}),
        submitted(MEETS_A | {"rems_enrolled": True}),
    ],
    ids=["another day", "another prescriber", "another statement"],
)
def test_what_differs_is_another_request(other: Step) -> None:
    assert named(given(submitted(), other)) == [[], []]


@pytest.mark.parametrize(
    ("prescriber", "is_same"),
    [
        (NORA | {"name": "NORA  neuro"}, True),
        (NORA | {"npi": "1234567893"}, True),
        (NORA | {"credential": "physician"}, True),
        (NORA | {"name": "N. Neuro"}, False),
    ],
)
def test_a_prescriber_is_known_by_the_name_where_one_has_no_npi(prescriber: dict[str, Any], is_same: bool) -> None:
    scenario = given(submitted(prescriber=NORA), submitted(prescriber=prescriber))
    assert named(scenario) == ([["r2"], ["r1"]] if is_same else [[], []])


def test_two_npis_decide_whatever_the_names() -> None:
    one, other = NORA | {"npi": "1234567893"}, NORA | {"npi": "1245319599"}
    assert named(given(submitted(prescriber=one), submitted(prescriber=other))) == [[], []]
    spelled = one | {"name": "Neuro, Nora"}
    assert named(given(submitted(prescriber=one), submitted(prescriber=spelled))) == [["r2"], ["r1"]]


def test_the_line_of_business_or_the_urgency_may_differ() -> None:
    scenario = given(submitted(), submitted(urgency="urgent", line_of_business="medicaid"))
    assert named(scenario) == [["r2"], ["r1"]]


@pytest.mark.parametrize(
    "later",
    [supplied({"rems_enrolled": True}), prescribed_by({"name": "Nils Neuro"})],
    ids=["information", "prescriber"],
)
def test_what_came_later_does_not_make_it_another_request(later: Step) -> None:
    assert named(given(submitted(), submitted(), later)) == [["r2"], ["r1"]]


def test_the_day_is_that_of_the_corrected_receipt() -> None:
    scenario = given(submitted(received_on="2026-04-24"), submitted(received_on="2026-04-27"))
    assert named(scenario.and_given(receipt_corrected("2026-04-24"))) == [["r2"], ["r1"]]
    assert named(scenario.and_given(receipt_corrected("2026-04-22"))) == [[], []]


@pytest.mark.parametrize("closed", [withdrawn(), dismissed()], ids=["withdrawn", "dismissed"])
def test_one_that_was_closed_without_a_determination_is_not_named(closed: Step) -> None:
    assert named(given(submitted(), submitted(), closed)) == [[], ["r1"]]


@pytest.mark.parametrize("decided", [approved(), denied("1.A.iii")], ids=["approved", "denied"])
def test_one_that_was_decided_is_named(decided: Step) -> None:
    assert named(given(submitted(), decided, submitted())) == [["r2"], ["r1"]]


def test_requests_for_different_doses_are_different() -> None:
    scenario = given(dose("2026-04-20"), dose("2026-04-21"), submitted_for(1), submitted_for(2), submitted_for(2))
    assert named(scenario) == [[], ["r3"], ["r2"]]


def test_an_office_is_told_only_of_its_own() -> None:
    scenario = given(submitted().by(OFFICE), submitted().by(OTHER_OFFICE), submitted().by(OFFICE))
    assert named(scenario) == [["r2", "r3"], ["r1", "r3"], ["r1", "r2"]]
    own = named(scenario, requester_key(OFFICE))
    assert (own[0], own[2]) == (["r3"], ["r1"])


def test_the_worklist_names_the_other_one() -> None:
    scenario = given(submitted(), submitted(), submitted(received_on="2026-04-27"))
    rows = worklist_rows(scenario.known, date(2026, 4, 28), ZONE)
    assert [[one.rpartition(".")[2] for one in row.same_as] for row in rows] == [["r2"], ["r1"], []]
