"""What waits, as rows: what each says, how its clock stands, and on which day time alone alters it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.deadlines.appeals import appeal_deadline
from domain.deadlines.requests import deadline_of
from projections.worklist.rows import WorklistRow, deadline_status, worklist_rows
from tests.story import (
    MEETS_A,
    MEETS_B,
    NEUROLOGIST,
    PATIENT,
    PHYSICIAN,
    ZONE,
    Scenario,
    agent_stopped,
    answered,
    appeal_assigned,
    appealed,
    approved,
    assigned,
    clock_extended,
    closed,
    demographics_corrected,
    denied,
    doses,
    expedited,
    first_course,
    given,
    handed_on,
    information_requested,
    planned,
    referred,
    released,
    reported,
    statement_corrected,
    submitted,
    supplied,
    upheld,
    withdrawn,
)

ASKS_FOR_HIV = MEETS_A | {"hiv_infection": None}


def rows(scenario: Scenario, on: str | None = None) -> tuple[WorklistRow, ...]:
    return worklist_rows(scenario.known, date.fromisoformat(on) if on else scenario.today, ZONE)


def row(scenario: Scenario, on: str | None = None) -> WorklistRow:
    (only,) = rows(scenario, on)
    return only


def says(found: WorklistRow, **expected: Any) -> None:
    assert {name: getattr(found, name) for name in expected} == expected


# -- what a row says --------------------------------------------------------------------------


def test_a_request_waits_from_its_receipt_until_it_is_closed() -> None:
    told = given(submitted(received_on="2026-04-20"))
    says(
        row(told),
        subject_id=f"{PATIENT}.r1",
        request_id=f"{PATIENT}.r1",
        kind="request",
        state="open",
        path="A",
        recommendation="approve",
        missing=(),
        held_by=None,
        line_of_business="commercial",
        urgency="standard",
        received_on=date(2026, 4, 20),
        edition="2025-07-23",
        edition_provenance="text",
        imported=False,
        history_version=2,
    )
    assert rows(told, on="2026-04-19") == ()
    assert rows(told.and_given(approved())) == ()
    assert row(told, on="2026-04-27").state == "open"


def test_a_row_under_a_rebuilt_edition_says_so() -> None:
    told = given(submitted(received_at="2024-10-12T09:00:00-04:00"))
    says(row(told), edition="2024-10-09", edition_provenance="reconstructed")


def test_a_row_names_what_is_missing_and_who_was_asked_for_it() -> None:
    told = given(submitted(ASKS_FOR_HIV))
    says(row(told), state="open", recommendation="pend", missing=("NR.3",), awaits=())
    told.and_given(information_requested(), assigned(PHYSICIAN))
    found = row(told)
    says(found, state="awaiting_information", awaits=("NR.3",), answer_by=told.known.requests[0].askings[0].answer_by)
    assert found.held_by is not None
    assert (found.held_by.id, found.held_by.name) == (PHYSICIAN.id, PHYSICIAN.name)
    told.and_given(supplied({"hiv_infection": False}), released())
    says(row(told), state="open", recommendation="approve", missing=(), awaits=(), answer_by=None, held_by=None)


def test_a_referred_request_waits_for_a_clinician_or_for_an_answer() -> None:
    told = given(submitted(MEETS_A | {"active_infection": True}), referred())
    says(row(told), state="referred", recommendation="refer")
    asked = given(submitted(ASKS_FOR_HIV), information_requested(), referred(rationale="The history is unusual."))
    says(row(asked), state="awaiting_information", awaits=("NR.3",))


def test_a_withdrawn_request_waits_no_more() -> None:
    assert rows(given(submitted(), withdrawn())) == ()


def test_an_appeal_waits_until_the_plan_or_external_review_has_answered() -> None:
    told = given(submitted(MEETS_A | {"diagnosis": "other"}), denied("1"))
    assert rows(told) == ()
    told.and_given(appealed(urgency="urgent"), appeal_assigned(NEUROLOGIST))
    says(
        row(told),
        subject_id=f"{PATIENT}.a1",
        request_id=f"{PATIENT}.r1",
        kind="appeal",
        state="appeal_open",
        urgency="urgent",
        recommendation="not_recommended",
        due_at=appeal_deadline(told.known, told.known.appeals[0], ZONE).due_at,
    )
    assert row(told).held_by is not None
    told.and_given(upheld("1"))
    assert rows(told) == ()
    told.and_given(handed_on())
    found = row(told)
    says(found, state="with_external_review", due_at=None, at_risk_from=None)
    assert deadline_status(found, datetime(2030, 1, 1, tzinfo=UTC)) is None
    assert rows(told.and_given(answered("upheld"))) == ()


def test_where_no_edition_is_known_the_row_says_nothing_of_the_policy() -> None:
    found = row(given(submitted(received_on="2023-11-14")))
    says(found, edition=None, path=None, recommendation=None, missing=(), changes_on=None)


def test_no_row_carries_a_name_a_member_id_or_a_birth_date_of_the_patient() -> None:
    told = given(submitted(MEETS_A | {"diagnosis": "other"}), denied("1"), appealed(), submitted(ASKS_FOR_HIV))
    text = "".join(one.model_dump_json() for one in rows(told))
    assert len(rows(told)) == 2
    assert not [one for one in ("Alma", "Synthetic", "M-1", "1988") if one in text]


# -- how its clock stands ---------------------------------------------------------------------


def test_a_row_tells_the_standing_of_its_clock_at_any_instant_after_the_last_event() -> None:
    """The row keeps the last pause alone, and that is enough."""
    variants = {
        "plain": given(submitted()),
        "urgent": given(submitted(urgency="urgent")),
        "expedited": given(submitted(received_on="2026-04-20"), expedited("2026-04-27T12:00:00Z")),
        "asked": given(submitted(ASKS_FOR_HIV), information_requested()),
        "urgent, asked": given(submitted(ASKS_FOR_HIV, urgency="urgent"), information_requested()),
        "asked, answered, asked again": given(
            submitted(ASKS_FOR_HIV, received_on="2026-04-27"), information_requested()
        )
        .on("2026-04-30")
        .and_given(
            supplied({"hiv_infection": False}),
            statement_corrected(MEETS_A | {"ms_form": None}),
            information_requested(),
        ),
        "extended": given(submitted(received_on="2026-04-20"), clock_extended()),
        "appealed": given(submitted(MEETS_A | {"diagnosis": "other"}), denied("1"), appealed()),
    }
    seen = set()
    for told in variants.values():
        (found,), known = rows(told), told.known
        request = known.requests[0]
        clock = (
            deadline_of(known, request, ZONE) if not known.appeals else appeal_deadline(known, known.appeals[0], ZONE)
        )
        instants = [known.recorded_at + timedelta(hours=7) * number for number in range(400)]
        instants += [
            one + tick for one in (clock.due_at, clock.at_risk_from) for tick in (timedelta(0), timedelta.resolution)
        ]
        for now in instants:
            assert deadline_status(found, now) == clock.standing(now)
            seen.add(deadline_status(found, now))
    assert seen == {"running", "at_risk", "overdue", "paused"}
    assert row(variants["expedited"]).urgency == "urgent"


# -- what time alone alters -------------------------------------------------------------------

STOPS_IN_MAY = MEETS_A | {"agents": [{"product": "Ocrevus", "outcome": "inadequate_efficacy", "stopped_on": "2026-05"}]}


@pytest.mark.parametrize(
    ("told", "days"),
    [
        pytest.param(given(submitted()), [None], id="nothing in it moves with time"),
        pytest.param(
            given(demographics_corrected(birth_date="2009-05-20", reason="Misread."), submitted()),
            ["2026-05-20", None],
            id="seventeen years",
        ),
        pytest.param(
            given(demographics_corrected(birth_date="2009", reason="Misread."), submitted()),
            ["2026-12-31", None],
            id="seventeen years, of a year of birth",
        ),
        pytest.param(
            given(*first_course("2025-06-02"), submitted(MEETS_B)), ["2026-06-06", None], id="twelve months (R2, R3)"
        ),
        pytest.param(
            given(*first_course("2024-02-25"), today="2025-02-01").and_given(submitted(MEETS_B)),
            ["2025-03-01", None],
            id="twelve months from 29 February (R2)",
        ),
        pytest.param(
            given(*first_course("2024-01-08"), *doses("2026-04-06", 1), submitted(MEETS_B)),
            ["2027-04-06", None],
            id="a later course in progress becomes a prior one (R8)",
        ),
        pytest.param(
            given(submitted(STOPS_IN_MAY)), ["2026-06-01", None], id="another agent's stop, without a planned day (R17)"
        ),
        pytest.param(
            given(submitted(STOPS_IN_MAY), planned("2026-06-11"), agent_stopped("Gilenya", "2026-05-08")),
            [None],
            id="another agent's stop, before the planned day (R17)",
        ),
    ],
)
def test_a_row_says_on_which_day_time_alone_alters_it(told: Scenario, days: list[str | None]) -> None:
    found = row(told)
    for day in days:
        assert found.changes_on == (date.fromisoformat(day) if day is not None else None)
        if found.changes_on is not None:
            before = row(told, on=str(found.changes_on - timedelta(days=1)))
            after = row(told, on=str(found.changes_on))
            assert before == found
            assert (after.recommendation, after.missing, after.path) != (
                found.recommendation,
                found.missing,
                found.path,
            )
            found = after


ASKED_FIRST = submitted(MEETS_B, received_on="2026-03-20")
PART_ELSEWHERE = {"doses_given": 2, "first_dose_on": "2024-01", "last_dose_on": "2024-01", "completed": False}


@pytest.mark.parametrize(
    ("told", "day"),
    [
        pytest.param(given(ASKED_FIRST, *doses("2026-04-20", 1)), "2026-04-20", id="a dose"),
        pytest.param(given(ASKED_FIRST, *doses("2024-01-08", 2), closed(1)), "2026-04-28", id="a course closed (R26)"),
        pytest.param(
            given(ASKED_FIRST, reported(PART_ELSEWHERE), closed(1)), "2026-04-28", id="a reported course closed (R26)"
        ),
        pytest.param(
            given(ASKED_FIRST, reported({"doses_given": 5, "last_dose_on": "2026-04-25", "completed": True})),
            "2026-04-25",
            id="a reported course, when its last dose is certain",
        ),
    ],
)
def test_of_a_day_of_the_past_what_is_on_record_since_is_still_to_come(told: Scenario, day: str) -> None:
    eve = date.fromisoformat(day) - timedelta(days=1)
    before, after = row(told, on=str(eve)), row(told, on=day)
    assert str(before.changes_on) == day
    assert (after.path, after.recommendation, after.missing) != (before.path, before.recommendation, before.missing)
