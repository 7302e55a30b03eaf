"""The policy's numbers stand in each edition, and some of them again where the ledger counts: they agree.

An edition with other numbers fails here until the places that are named below ask the edition. None can be
added silently: what the ledger would count for it would be what another edition says.
"""

from __future__ import annotations

import re

import pytest

from domain.calendar import APPROVAL_DAYS, anniversary, approval_window
from domain.facts import OpenCourse, doses_in_course
from domain.policy.edition import Edition, Parameters
from domain.policy.editions import KNOWN
from domain.treatment.approval_use import MG_PER_DOSE
from tests import ROOT
from tests.policy.cases import AS_OF, initial, judge, later

EVERY_REVISION = pytest.mark.parametrize(
    "edition", [one for revisions in KNOWN for one in revisions], ids=lambda one: f"{one.key}-{one.revision}"
)


@EVERY_REVISION
def test_doses_in_course_are_the_doses_of_the_paths(edition: Edition) -> None:
    """`doses_in_course`: courses, approvals, the regimens and the fold count by it."""
    assert [doses_in_course(1), doses_in_course(2), doses_in_course(99)] == [
        edition.path("A").doses,
        *[edition.path("B").doses] * 2,
    ]
    assert OpenCourse(number=1).regimen_doses == edition.path("A").doses


@EVERY_REVISION
def test_a_dose_is_what_the_regimen_gives_a_day(edition: Edition) -> None:
    """`MG_PER_DOSE`: the variances of a dose, and what eligibility asks for the next request."""
    assert edition.parameters.mg_per_day == MG_PER_DOSE


@EVERY_REVISION
def test_the_days_of_an_approval_are_the_calendars(edition: Edition) -> None:
    """`APPROVAL_DAYS`: how long an approval is valid, and how late it may start (R9)."""
    assert edition.parameters.approval_valid_days == edition.parameters.start_within_days == APPROVAL_DAYS
    first, last = approval_window(AS_OF)
    assert (last - first).days + 1 == edition.parameters.approval_valid_days


@EVERY_REVISION
def test_the_years_between_courses_are_the_calendars_own(edition: Edition) -> None:
    """`anniversary` counts one year where no number is given: courses and eligibility rely on it."""
    assert anniversary(AS_OF) == anniversary(AS_OF, edition.parameters.years_between_courses)


@EVERY_REVISION
def test_the_regimen_that_the_criteria_accept_is_the_editions_own(edition: Edition) -> None:
    for facts, letter in ((initial, "A"), (later, "B")):
        asked = {"mg_per_day": MG_PER_DOSE, "route": edition.parameters.route}
        days = [
            count
            for count in range(1, 10)
            if judge(facts(requested_dosing=asked | {"consecutive_days": count}), edition=edition)
            .finding(f"Dosing.{letter}").answer == "met"
        ]  # fmt: skip
        assert days == [edition.path(letter).doses]  # type: ignore[arg-type]


@EVERY_REVISION
def test_every_edition_says_its_numbers_itself(edition: Edition) -> None:
    """The defaults of Parameters are today's; an edition that leaned on them would change with them."""
    source = (ROOT / "domain" / "policy" / "editions" / f"edition_{edition.key.replace('-', '_')}.py").read_text()
    written = source.partition("parameters=Parameters(")[2].partition(")")[0]
    assert set(re.findall(r"(\w+)=", written)) == set(Parameters.__dataclass_fields__)
