"""The flip: "used Ocrevus, no failure, nothing else", through every door.

It meets 1.A.iii under the two older editions, which asked for previous use alone, and not under the two newer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any, Final

import pytest

from domain.facts import Facts
from domain.policy.assessment import assess
from domain.policy.editions import edition_for, edition_named
from tests.api.cli.test_questions import run
from tests.api.routes.commands.acts import FAILS, PHYSICIAN, Api, Json

USED_ONCE: Final[Json] = FAILS | {"agents": [{"product": "Ocrevus", "outcome": "adequate", "stopped_on": "2018"}]}
IS_MET: Final = {"2023-11-15": True, "2024-10-09": True, "2024-10-16": False, "2025-07-23": False}
RECEIVED_IN_ITS_TIME: Final = {
    "2023-11-15": ("2023-11-15", "2024-10-08"),
    "2024-10-09": ("2024-10-09", "2024-10-15"),
    "2024-10-16": ("2024-10-16", "2025-07-22"),
    "2025-07-23": ("2025-07-23", "2026-04-27"),
}
"""The first and the last day of receipt of each; the newest is still in force."""

EVERY_EDITION = pytest.mark.parametrize("edition", IS_MET)
_NO_SIGN: Final = {"finding": False}
FACTS: Final[Json] = {
    "birth_date": "1988-05-17",
    "diagnosis": "multiple_sclerosis",
    "ms_form": "relapsing_remitting",
    "prior_treatment": {"received_lemtrada": False},
    "agents": {"list_is_complete": True, "tried": [{"product": "ocrevus", "outcome": "adequate"}]},
    "aggressive_disease": dict.fromkeys(
        ("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment"), _NO_SIGN
    ),
    "prescriber_specialty": "neurology",
    "hiv_infection": False,
    "other_dmt_continues": False,
    "requested_dosing": {"mg_per_day": 12, "consecutive_days": 5, "route": "intravenous"},
}


def told(edition: str, recommendation: str, finding: str | None = None, key: str | None = None) -> None:
    """What a door said agrees with the table."""
    assert key in (None, edition)
    assert recommendation == ("approve" if IS_MET[edition] else "not_recommended")
    assert finding in (None, "met" if IS_MET[edition] else "not_met")


def as_told(edition: str, assessment: Json) -> None:
    (finding,) = [one["answer"] for one in assessment["findings"] if one["citation"] == "1.A.iii"]
    told(edition, assessment["recommendation"], finding, assessment["edition"])


@EVERY_EDITION
def test_in_python(edition: str) -> None:
    judged = assess(Facts.model_validate(FACTS), date(2026, 4, 28), edition_named(edition))
    told(edition, judged.recommendation, judged.finding("1.A.iii").answer.value, judged.edition)
    for day in RECEIVED_IN_ITS_TIME[edition]:
        assert edition_for(date.fromisoformat(day)).key == edition


@EVERY_EDITION
def test_assess_on_the_command_line(edition: str, tmp_path: Any) -> None:
    named = {"case_id": "named", "as_of": "2026-04-28", "edition": edition, "facts": FACTS}
    received = [
        {"case_id": day, "as_of": "2026-04-28", "received_on": day, "facts": FACTS}
        for day in RECEIVED_IN_ITS_TIME[edition]
    ]
    that_day = [{"case_id": f"on {day}", "as_of": day, "facts": FACTS} for day in RECEIVED_IN_ITS_TIME[edition]]
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(f"{json.dumps(one)}\n" for one in (named, *received, *that_day)))
    answers = [json.loads(line) for line in run("assess", str(file)).stdout.splitlines()]
    assert len(answers) == 5
    for one in answers:
        told(edition, one["recommendation"], one["findings"]["1.A.iii"], one["edition"])


@pytest.mark.parametrize("store", ["sqlite"])
@EVERY_EDITION
def test_the_stateless_assessment_over_http(api: Api, edition: str) -> None:
    lines = [{"edition": edition}, *({"received_on": day} for day in RECEIVED_IN_ITS_TIME[edition])]
    for more in lines:
        as_told(edition, api.did("/assessments", {"as_of": "2026-04-28", "facts": FACTS} | more)["assessment"])


def doors_of_a_request(api: Api, request_id: str, edition: str, database: str) -> list[Callable[[], Json]]:
    """Whatever shows the assessment of a request under an edition that the caller names."""
    patient, asked = request_id.split(".", maxsplit=1)[0], {"edition": edition}
    on_the_command_line = ("--edition", edition, "--database", database, "--json")
    return [
        lambda: dict(api.asked(f"/requests/{request_id}/assessment", **asked)["assessment"]),
        lambda: dict(json.loads(run("request", request_id, *on_the_command_line).stdout)["assessment"]),
        lambda: dict(api.eligibility(patient, **asked)["approvable"]),
        lambda: dict(json.loads(run("eligibility", "M-1", *on_the_command_line).stdout)["approvable"]),
    ]


def test_a_request_under_any_edition_that_is_named(api: Api, ledger_url: str) -> None:
    request_id = api.submitted(api.opened(), USED_ONCE)["request"]["request_id"]
    for edition in IS_MET:
        for door in doors_of_a_request(api, request_id, edition, ledger_url):
            answer = door()
            told(edition, answer["recommendation"], key=answer["edition"])
            if "findings" in answer:
                as_told(edition, answer)


def test_a_request_under_the_edition_of_the_day_on_which_it_was_received(api: Api) -> None:
    patient = api.opened()
    for edition, days in RECEIVED_IN_ITS_TIME.items():
        for day in days:
            seen = api.submitted(patient, USED_ONCE, received_at=f"{day}T12:00:00-04:00")
            as_told(edition, seen["assessment"])
            # The request keeps that edition, whenever it is assessed.
            later = api.asked(f"/requests/{seen['request']['request_id']}/assessment", as_of="2027-01-01")
            as_told(edition, later["assessment"])
            provenance = seen["assessment"]["edition_provenance"]
            assert provenance == ("text" if edition == "2025-07-23" else "reconstructed")


def test_the_last_minute_before_an_edition_is_the_plans_minute(api: Api) -> None:
    """In New York it is still the evening before when it is the day of the edition in London."""
    patient = api.opened()
    before = api.submitted(patient, USED_ONCE, received_at="2024-10-16T03:59:59Z")
    as_told("2024-10-09", before["assessment"])
    as_told("2024-10-16", api.submitted(patient, USED_ONCE, received_at="2024-10-16T04:00:00Z")["assessment"])


def test_a_replay_shows_a_decision_under_every_edition(api: Api, ledger_url: str) -> None:
    request_id = api.denied(api.opened(), USED_ONCE)
    whole = api.asked(f"/requests/{request_id}/replay")
    as_told("2025-07-23", whole["recorded"]["determination"]["assessment"] if "determination" in whole["recorded"] else
            whole["as_known_then"]["assessment"])  # fmt: skip
    assert whole["agreement"]["status"] == "agrees"
    as_told("2025-07-23", whole["as_known_now"]["assessment"])
    others = [one["assessment"] for one in whole["other_editions"]]
    assert {one["edition"] for one in others} == set(IS_MET) - {"2025-07-23"}
    for one in others:
        as_told(one["edition"], one)
    said = run("replay", request_id, "--edition", "2024-10-09", "--database", ledger_url, "--json").stdout
    (other,) = json.loads(said)["other_editions"]
    as_told("2024-10-09", other["assessment"])


def test_a_decision_of_its_time_is_replayed_under_the_edition_of_its_time(api: Api) -> None:
    patient = api.opened()
    seen = api.submitted(patient, USED_ONCE, received_at="2024-10-10T09:00:00-04:00")
    answer = api.decided("approve", seen, PHYSICIAN)
    assert answer.json()["request"]["determination"]["assessment"]["edition"] == "2024-10-09"
    (decision,) = api.asked(f"/requests/{seen['request']['request_id']}/life")["decisions"]
    assert (decision["edition"], decision["provenance"]) == ("2024-10-09", "reconstructed")
    whole = api.asked(f"/requests/{seen['request']['request_id']}/replay")
    as_told("2024-10-09", whole["as_known_now"]["assessment"])
    assert {one["assessment"]["edition"] for one in whole["other_editions"]} == set(IS_MET) - {"2024-10-09"}
