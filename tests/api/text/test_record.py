"""The record as a person at a terminal reads it: whole, by the plan's clock, and honest on where it came from."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from api.files.import_intake import Intake
from domain.ledger.application import Ledger
from tests.api.cli.test_questions import plain_environment, refused, run  # noqa: F401
from tests.api.routes.commands.acts import MRI, NURSE, PENDS, Api
from tests.clock import Clock
from tests.story import IMPORTER

REBUILT = ("2024-10-16", "2024-10-09", "2023-11-15")


def page(*arguments: str, database: str) -> list[str]:
    return str(run(*arguments, "--database", database).stdout).splitlines()


def test_a_request_tells_all_that_became_of_it_by_the_plans_clock(api: Api, clock: Clock, ledger_url: str) -> None:
    patient = api.opened()
    seen = api.submitted(patient, PENDS)
    request_id = seen["request"]["request_id"]
    clock.at = datetime(2026, 4, 29, 2, 30, tzinfo=UTC)  # still the evening of the 28th in New York
    api.did_to(request_id, "request-information", assessment_digest=seen["assessment_digest"])
    api.did_to(request_id, "remind", channel="fax")
    brought = {"received_at": "2026-04-29T02:30:00Z", "documents": [api.stored(patient)]}
    (document,) = api.did_to(request_id, "supply-information", **brought)["made"]
    api.did_to(document, "review", clause=MRI, supports=False)
    api.did_to(request_id, "offer-peer-to-peer", until="2026-05-04")
    api.did_to(request_id, "refuse-expediting", asked_at="2026-04-28T15:00:00Z", reason="No harm.")
    notice = {"kind": "information_needed", "channel": "mail", "addressee": "The office"}
    (told,) = api.did_to(request_id, "notices", issued_at="2026-04-29T02:30:00Z", **notice)["made"]
    api.did_to(told, "delivered", delivered_at="2026-04-29T02:30:00Z")
    said = page("request", request_id, database=ledger_url)
    assert f"Requested      {MRI} on 2026-04-28, until 2026-05-06T00:00-04:00: answered 2026-04-28" in said
    assert f"Document       f1 Report of the MRI (mri report, does not support {MRI}, {NURSE['name']})" in said
    sent = "issued 2026-04-28T22:30-04:00 by mail: delivered 2026-04-28T22:30-04:00"
    assert f"Notice         n1 (information needed) {sent}" in said
    assert {"Expedited      not granted", "Reminders      1", "Peer-to-peer   offered"} <= set(said)


def test_clocks_are_read_on_the_day_that_is_asked_for(api: Api, clock: Clock, ledger_url: str) -> None:
    patient = api.opened()
    waiting = api.submitted(patient, PENDS)["request"]["request_id"]
    clock.advance(timedelta(minutes=1))
    appeal = api.appealed(api.denied(patient))
    for day, standing in {"2026-04-30": "running", "2026-05-05": "at_risk", "2026-05-06": "overdue"}.items():
        assert api.asked(f"/requests/{waiting}/life", as_of=day)["clock"]["standing"] == standing
        (_, _, due, *_) = page("request", waiting, "--as-of", day, database=ledger_url)
        assert f"({standing.replace('_', ' ')};" in due
    for day, overdue in {"2026-05-28": False, "2026-05-29": True}.items():
        assert api.asked(f"/appeals/{appeal}", as_of=day)["overdue"] is overdue
        assert api.asked(f"/patients/{patient}/appeals", as_of=day)["items"][0]["overdue"] is overdue
        assert (
            any(" (overdue)" in line for line in page("appeal", appeal, "--as-of", day, database=ledger_url)) is overdue
        )
        told = json.loads(run("appeals", "M-1", "--as-of", day, "--json", "--database", ledger_url).stdout)
        assert told[0]["overdue"] is overdue


def test_a_request_from_before_the_first_edition_is_told_though_nothing_judges_it(
    ledger: Ledger, ledger_url: str
) -> None:
    member = {"member_id": "M-1"}
    lines = (
        {"kind": "history", "reference": "H-1", "member": member, "name": "Alma Synthetic"},
        {"kind": "request", "reference": "R-1", "member": member, "received_at": "2023-06-01T12:00:00Z",
         "line_of_business": "commercial"},
        {"kind": "determination", "reference": "D-1", "member": member, "request": "R-1", "outcome": "denied",
         "decided_on": "2023-06-10", "edition": "unknown", "decided_by": "Old Doctor", "citing": ["1.B.iv"]},
    )  # fmt: skip
    intake = Intake(ledger, "old", IMPORTER)
    assert [one.fate for one in intake.json_lines([json.dumps(one).encode() for one in lines])] == ["recorded"] * 3
    (asked,) = page("requests", "M-1", database=ledger_url)
    assert asked.endswith("denied, received 2023-06-01 (commercial), imported from old")
    request_id = asked.split()[1].rstrip(":")
    said = page("request", request_id, database=ledger_url)
    assert (
        "Decided        denied on 2023-06-10 by Old Doctor, citing 1.B.iv, policy version unknown, imported from old"
        in said
    )
    assert said[-1].startswith("Policy version The request was received on 2023-06-01, before the first policy version")
    whole = json.loads(run("request", request_id, "--json", "--database", ledger_url).stdout)
    assert (whole["assessment"], whole["edition_problem"]) == (None, said[-1].removeprefix("Policy version "))
    answer = page("eligibility", "M-1", "--as-of", "2023-07-01", database=ledger_url)
    assert any(line.startswith("Policy version No policy version is on file") for line in answer)
    events = [line.split("\t")[4] for line in page("history", "M-1", database=ledger_url)[1:]]
    assert events == [
        f"{event} (imported from old)" for event in ("HistoryOpened", "RequestSubmitted", "PastDeterminationImported")
    ]


def test_every_rebuilt_edition_of_a_replay_says_so_above_its_column(api: Api, ledger_url: str) -> None:
    request_id = api.denied(api.opened())
    heads = page("replay", request_id, database=ledger_url)[6].split("\t")
    assert heads[3:7] == [
        "now 2025-07-23 rev. 2",
        *(f"{day} rev. 2 reconstructed" for day in REBUILT),
    ]


def test_a_change_is_told_in_words_and_not_as_the_program_keeps_it(api: Api, ledger_url: str) -> None:
    patient = api.opened()
    request_id = api.submitted(patient, PENDS)["request"]["request_id"]
    agents = [{"product": "Ocrevus", "outcome": "adequate"}]
    api.did_to(request_id, "supply-information", received_at="2026-04-28T15:00:00Z",
               statement={"agents": agents, "rems_enrolled": True})  # fmt: skip
    (line,) = [line for line in page("history", "M-1", database=ledger_url) if "InformationSupplied" in line]
    assert "product Ocrevus, outcome adequate" in line
    assert "rems_enrolled: yes" in line
    assert not {"{", "[", "'"} & set(line)
