"""When an appeal is due and until when it could be filed, by line of business, urgency and notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.deadline_terms.table import BUILT_IN, DeadlineTable, terms_for
from domain.deadlines.appealable import Adverse, adverse_determination
from domain.deadlines.appeals import appeal_deadline, appeal_due_date, file_by
from domain.errors import Conflict
from domain.events.appeals import AppealFiled
from domain.history import fold
from domain.history.records import Notice
from tests.story import (
    MEETS_A,
    SECOND_NEUROLOGIST,
    ZONE,
    Scenario,
    Step,
    appeal_withdrawn,
    appealed,
    approved_by_clinician,
    denied,
    dose,
    given,
    line_changed,
    overturned,
    rescinded,
    submitted,
    upheld,
)
from tests.story.deadlines import TWO_LEVELS

# -- when it is due ---------------------------------------------------------------------------

DUE: list[tuple[str, str, str, bool]] = [
    # Received on 2026-05-05 at 14:00 UTC.
    ("commercial", "standard", "2026-06-05 04:00", True),
    ("commercial", "urgent", "2026-05-08 14:00", True),
    ("medicare_advantage", "standard", "2026-05-13 04:00", True),
    ("medicare_advantage", "urgent", "2026-05-08 14:00", True),
    ("medicaid", "standard", "2026-06-05 04:00", True),
    ("medicaid", "urgent", "2026-05-08 14:00", True),
]


@pytest.mark.parametrize(("line", "urgency", "due_at", "is_confirmed"), DUE)
def test_it_is_due_by_line_of_business_and_urgency(line: Any, urgency: Any, due_at: str, is_confirmed: bool) -> None:
    """Days end at the plan's midnight, hours run from receipt; what nobody has confirmed says so."""
    scenario = given(submitted(line_of_business=line), denied("1.A.i")).on("2026-05-05")
    scenario.and_given(appealed(urgency=urgency))
    clock = appeal_deadline(scenario.known, scenario.known.appeals[0], ZONE)
    assert clock.due_at == datetime.fromisoformat(f"{due_at}:00+00:00")
    assert appeal_due_date(scenario.known, scenario.known.appeals[0], ZONE) == clock.due_at
    assert ("not confirmed" in clock.rule) is not is_confirmed
    terms = terms_for(line, scenario.today)
    assert (f"appeal_{urgency}" in terms.unconfirmed) is not is_confirmed
    assert f"{urgency} appeal: {getattr(terms, f'appeal_{urgency}')} from receipt" in clock.rule
    assert clock.source == terms.source_of(f"appeal_{urgency}")


def test_it_stands_as_any_clock_does() -> None:
    scenario = given(submitted(), denied("1.A.i")).on("2026-05-05").and_given(appealed(urgency="urgent"))
    clock = appeal_deadline(scenario.known, scenario.known.appeals[0], ZONE)
    for at, standing in (
        ("2026-05-07T19:59:00+00:00", "running"),
        ("2026-05-07T20:00:00+00:00", "at_risk"),
        ("2026-05-08T14:00:00+00:00", "at_risk"),
        ("2026-05-08T14:00:01+00:00", "overdue"),
    ):
        assert clock.standing(datetime.fromisoformat(at)) == standing


@pytest.mark.parametrize("end", [overturned(), upheld("1.A.i"), appeal_withdrawn()])
def test_it_stops_once_the_appeal_is_closed_and_ran_as_known_before(end: Step) -> None:
    scenario = given(submitted(), denied("1.A.i")).on("2026-05-05").and_given(appealed()).on("2026-05-06")
    scenario.and_given(end)
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert appeal_deadline(scenario.known, scenario.known.appeals[0], ZONE).standing(later) == "stopped"
    as_filed = next(event for event in scenario.events if isinstance(event, AppealFiled))
    before = fold(scenario.events[: as_filed.originator_version])
    assert before is not None
    assert appeal_deadline(before, before.appeals[0], ZONE).standing(later) == "overdue"


def test_each_of_two_levels_has_its_own_fifteen_days() -> None:
    """29 CFR 2560.503-1(i)(2)(ii)(A)."""
    scenario = given(submitted(), denied("1.A.i")).under(TWO_LEVELS).on("2026-05-05").and_given(appealed())
    first = appeal_due_date(scenario.known, scenario.known.appeals[0], ZONE, TWO_LEVELS)
    assert first == datetime(2026, 5, 21, 4, tzinfo=UTC)
    scenario.and_given(upheld("1.A.i")).on("2026-07-01").and_given(appealed())
    for table in (TWO_LEVELS, BUILT_IN):
        second = appeal_due_date(scenario.known, scenario.known.appeals[1], ZONE, table)
        assert second == datetime(2026, 7, 17, 4, tzinfo=UTC)


SELF_FUNDED = DeadlineTable(
    own=tuple(replace(row, funding="self_funded", source="plan document") for row in TWO_LEVELS.own)
)


@pytest.mark.parametrize(
    ("coverage", "due_at", "levels"),
    [
        ({}, "2026-05-21T04:00", 2),
        ({"state": "NY"}, "2026-05-21T04:00", 2),
        ({"funding": "self_funded"}, "2026-05-21T04:00", 2),
        ({"funding": "insured"}, "2026-06-05T04:00", 1),
    ],
)
def test_funding_not_known_then_the_shorter_time_and_no_level_is_refused(
    coverage: dict[str, str], due_at: str, levels: int
) -> None:
    """Self-funded coverage has two levels of 15 days, other coverage one of 30."""
    scenario = given(line_changed("2026-01-01", "commercial", **coverage)).under(SELF_FUNDED)
    scenario.and_given(submitted(), denied("1.A.i")).on("2026-05-05").and_given(appealed())
    clock = appeal_deadline(scenario.known, scenario.known.appeals[0], ZONE, SELF_FUNDED)
    assert clock.due_at == datetime.fromisoformat(f"{due_at}:00+00:00")
    is_known = "funding" in coverage
    assert ("plan document for self-funded coverage; 29 CFR 2560.503-1, outer limits for" in clock.rule) != is_known
    scenario.and_given(upheld("1.A.i")).on("2026-07-01").when(appealed())
    if levels == 1:
        scenario.then_refused(Conflict, field="request_id")
    else:
        scenario.then(AppealFiled, level="second")
        second = appeal_due_date(scenario.known, scenario.known.appeals[1], ZONE, SELF_FUNDED)
        assert second == datetime(2026, 7, 17, 4, tzinfo=UTC)


def test_what_was_decided_under_revision_1_keeps_its_due_date() -> None:
    """A second level had thirty days then."""
    scenario = given(submitted(), denied("1.A.i")).under(TWO_LEVELS).on("2026-05-05").and_given(appealed())
    scenario.and_given(upheld("1.A.i"))
    (appeal,) = scenario.known.appeals
    assert appeal.determination is not None
    before = appeal.determination.model_copy(update={"deadlines_revision": None})
    then = replace(appeal, determination=before)
    assert appeal_due_date(scenario.known, appeal, ZONE, TWO_LEVELS) == datetime(2026, 5, 21, 4, tzinfo=UTC)
    assert appeal_due_date(scenario.known, then, ZONE, TWO_LEVELS) == datetime(2026, 6, 5, 4, tzinfo=UTC)


def test_an_unconfirmed_figure_is_marked() -> None:
    """Doses that were given before: 60 days, which nobody has checked."""
    scenario = given(dose("2026-04-20"))
    listed = [one.dose_id for one in scenario.known.doses]
    asked = MEETS_A | {"requested_dosing": MEETS_A["requested_dosing"] | {"consecutive_days": 1}}
    scenario.and_given(submitted(asked, retrospective_for=listed), denied("1.A.i")).on("2026-05-05")
    scenario.and_given(appealed())
    clock = appeal_deadline(scenario.known, scenario.known.appeals[0], ZONE)
    assert clock.rule == "commercial, standard appeal: 60 days from receipt (not confirmed)"


# -- until when it can be filed ---------------------------------------------------------------


def told(scenario: Scenario, *notices: tuple[Any, str, str | None], appeal: str | None = None) -> Scenario:
    """Notices on record: their kind, when they were issued, and when they were delivered."""
    request = scenario.known.requests[-1].request_id
    on_record = tuple(
        Notice(
            f"{scenario.known.patient_id}.n{number}",
            request,
            appeal,
            kind,
            "mail",
            "The patient",
            datetime.fromisoformat(f"{issued}T12:00:00+00:00"),
            datetime.fromisoformat(f"{delivered}T12:00:00+00:00") if delivered is not None else None,
        )
        for number, (kind, issued, delivered) in enumerate(notices, start=1)
    )
    scenario.history = replace(scenario.known, notices=on_record)
    return scenario


def last_day(scenario: Scenario) -> str:
    request = scenario.known.requests[-1]
    adverse = adverse_determination(scenario.known, request)
    assert isinstance(adverse, Adverse)
    return str(file_by(scenario.known, request, adverse, ZONE))


COUNTED: dict[str, tuple[list[tuple[str, str, str | None]], str | None]] = {
    "no notice": ([], None),
    "issued": ([("denial", "2026-04-30", None)], None),
    "delivered": ([("denial", "2026-04-30", "2026-05-04")], "2026-10-31"),
    "issued on the day of the denial": ([("denial", "2026-04-28", "2026-05-04")], "2026-10-31"),
    "one to the office, one to the member": (
        [("denial", "2026-04-30", "2026-04-30"), ("denial", "2026-04-30", "2026-05-04")],
        "2026-10-31",
    ),
    "one of two delivered": ([("denial", "2026-04-30", "2026-04-30"), ("denial", "2026-04-30", None)], None),
    "a notice of something else": ([("information_needed", "2026-04-30", "2026-05-04")], None),
    "a notice from before it was decided": ([("denial", "2026-04-27", "2026-05-04")], None),
}


@pytest.mark.parametrize("case", COUNTED)
def test_the_time_counts_from_the_receipt_of_the_notice(case: str) -> None:
    """Commercial: 180 days, denied on 2026-04-28."""
    notices, day = COUNTED[case]
    assert last_day(told(given(submitted(), denied("1.A.i")), *notices)) == str(day)


@pytest.mark.parametrize(("line", "day"), [("medicare_advantage", "2026-07-04"), ("medicaid", "2026-06-29")])
def test_elsewhere_from_the_date_on_the_notice(line: str, day: str) -> None:
    """42 CFR 422.582 and 438.402: 65 and 60 days from 30 April."""
    story = given(submitted(line_of_business=line), denied("1.A.i"))
    assert last_day(told(story, ("denial", "2026-04-30", None))) == day
    assert last_day(told(story, ("denial", "2026-04-30", "2026-05-04"))) == day
    assert last_day(told(story)) == "None"


def test_of_a_partial_approval_its_notice_counts() -> None:
    partial = given(submitted(), approved_by_clinician(doses=2, left_out="Three days."))
    assert last_day(told(partial, ("approval", "2026-05-01", "2026-05-04"))) == "2026-10-31"


def test_of_a_rescission_one_that_was_issued_since() -> None:
    story = given(submitted(), approved_by_clinician()).on("2026-05-05").and_given(rescinded())
    assert last_day(told(story, ("denial", "2026-05-06", "2026-05-08"))) == "2026-11-04"


def test_of_an_appeal_the_notice_of_its_decision_counts() -> None:
    story = given(submitted(), denied("1.A.i")).on("2026-05-05").and_given(appealed(), upheld("1.A.i"))
    assert last_day(told(story, ("denial", "2026-05-20", "2026-05-20"))) == "None"
    first = story.known.appeals[0].appeal_id
    assert last_day(told(story, ("appeal_decision", "2026-05-06", "2026-05-08"), appeal=first)) == "2026-11-04"


def test_the_day_is_the_plans() -> None:
    story = told(given(submitted(line_of_business="medicaid"), denied("1.A.i")), ("denial", "2026-04-30", None))
    at_night = replace(story.known.notices[0], issued_at=datetime(2026, 5, 1, 3, 30, tzinfo=UTC))
    story.history = replace(story.known, notices=(at_night,))
    assert last_day(story) == "2026-06-29"


# -- what stands against a request ------------------------------------------------------------


def test_what_stands_and_what_has_become_of_it() -> None:
    scenario = given(submitted(), denied("1.A.i"))
    found = adverse_determination(scenario.known, scenario.known.requests[0])
    assert found is not None
    assert (found.kind, found.version, found.appealed) == ("denial", scenario.events[-1].originator_version, None)
    scenario.under(TWO_LEVELS).and_given(appealed(), upheld("1.A.i"))
    found = adverse_determination(scenario.known, scenario.known.requests[0])
    assert found is not None
    assert found.appealed == scenario.known.appeals[0]
    scenario.and_given(appealed(), overturned().by(SECOND_NEUROLOGIST))
    assert adverse_determination(scenario.known, scenario.known.requests[0]) is None
