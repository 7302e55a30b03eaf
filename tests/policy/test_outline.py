"""The newest edition against its document: every clause once, and its numbers."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from domain.facts import doses_in_course
from domain.policy.edition import Edition, Group, Leaf, Path
from domain.policy.editions import EDITIONS
from domain.policy.readings import READINGS
from tests.policy.cases import NEWEST, initial, judge
from tests.policy.document import CLAUSES

EVERY_EDITION = pytest.mark.parametrize("edition", EDITIONS, ids=lambda one: one.key)


def test_every_clause_of_the_document_has_exactly_one_node() -> None:
    """NR.5 is no rule of its own: it is criterion 1 turned round, and its words stand in the edition."""
    assert [node.citation for node in NEWEST.nodes()] == [one for one in CLAUSES if one != "NR.5"]
    assert NEWEST.not_listed


@EVERY_EDITION
def test_every_clause_is_judged_once_and_in_order(edition: Edition) -> None:
    judged = [one.citation for one in judge(initial(), edition=edition).findings]
    assert judged == [*edition.by_citation, "NR.5"]
    assert judged == [one for one in CLAUSES if one in edition.by_citation or one == "NR.5"]


@EVERY_EDITION
def test_a_sub_clause_extends_the_citation_of_its_clause(edition: Edition) -> None:
    for node in edition.nodes():
        if isinstance(node, Group | Path):
            assert [one for one in node.clauses if not one.citation.startswith(node.citation)] == []
        if isinstance(node, Path):
            assert (node.scope.citation, node.dosing.citation) == (node.citation, f"Dosing.{node.letter}")


def test_the_connectives_are_the_documents() -> None:
    groups = {node.citation: node.connective for node in NEWEST.nodes() if isinstance(node, Group)}
    assert groups == {"1.A.iii": "one_of", "1.A.iii.d": "one_of", "1.B.iii": "one_of"}


@EVERY_EDITION
def test_documentation_is_required_exactly_for_the_four_signs(edition: Edition) -> None:
    documented = [node.citation for node in edition.nodes() if isinstance(node, Leaf) and node.documentation_required]
    assert documented == [f"1.A.iii.d({number})" for number in range(1, 5)]


@EVERY_EDITION
def test_five_doses_three_doses_thirty_days_and_the_other_numbers(edition: Edition) -> None:
    assert {path.letter: path.doses for path in edition.paths} == {"A": 5, "B": 3}
    assert [doses_in_course(number) for number in (1, 2, 3)] == [5, 3, 3]
    numbers = edition.parameters
    assert (numbers.approval_valid_days, numbers.age_min_years, numbers.years_between_courses) == (30, 17, 1)
    assert (numbers.mg_per_day, numbers.route, numbers.disease_modifying_agents_min) == (12, "intravenous", 2)
    assert [edition.path(letter).letter for letter in ("A", "B")] == ["A", "B"]


# -- readings -------------------------------------------------------------------------------------

OF_THE_RECORD = {"R10", "R22", "R23", "R30", "R31"}
"""About requests, doses and corrections as they are recorded: no single assessment can show them."""


@EVERY_EDITION
def test_every_reading_that_a_clause_cites_exists(edition: Edition) -> None:
    scopes = [path.scope for path in edition.paths]
    cited = {number for node in (*edition.nodes(), *scopes) for number in node.readings}
    assert cited
    assert cited - set(READINGS) == set()


def test_the_readings_are_numbered_without_a_gap() -> None:
    assert list(READINGS) == [f"R{number}" for number in range(1, 32)]
    assert all(one.number == number for number, one in READINGS.items())


def test_every_reading_that_touches_an_assessment_has_a_test_that_names_it() -> None:
    tests = "".join(one.read_text() for one in File(__file__).parent.glob("readings/test_readings_*.py"))
    unnamed = [number for number in READINGS if f"def test_{number}_" not in tests]
    assert set(unnamed) == OF_THE_RECORD
