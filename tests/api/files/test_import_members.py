"""Whom the lines of an import are about: another person, other spellings, issuers, and numbers that passed on."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.files.import_intake import Intake, LineOutcome
from api.record_access.command_line import CommandLineAccess
from domain.commands.patient import AddMemberIdentifier, RetireMemberIdentifier
from domain.events.patient import Member
from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.ledger.application import Ledger, open_ledger
from tests.api.cli.test_questions import run
from tests.clock import Clock
from tests.conftest import NOON, ZONE
from tests.story import IMPORTER, NURSE

REPORTS = Path(__file__).parent / "field_reports"
CLAIMS = "member,date_of_service,hcpcs,units,claim_reference"


def person(member_id: str, name: str = "Alma Synthetic", reference: str | None = None, **values: Any) -> dict[str, Any]:
    stated = {"kind": "history", "reference": reference or f"H-{member_id}", "member": {"member_id": member_id}}
    return stated | {"name": name, "birth_date": "1988-05-17"} | values


def dose(member_id: str, day: str = "2024-03-04", reference: str = "D-1", **values: Any) -> dict[str, Any]:
    stated = {"kind": "dose", "reference": reference, "member": {"member_id": member_id}, "on": day, "mg": 12}
    return stated | values


@pytest.fixture
def store() -> str:
    return "sqlite"


def imported(ledger: Ledger, *lines: dict[str, Any], source: str = "old") -> list[LineOutcome]:
    return list(Intake(ledger, source, IMPORTER).json_lines([json.dumps(one).encode() for one in lines]))


def claims(ledger: Ledger, *rows: str, header: str = CLAIMS) -> list[LineOutcome]:
    return list(Intake(ledger, "claims", IMPORTER).claims(f"{one}\n".encode() for one in (header, *rows)))


def fates(outcomes: list[LineOutcome]) -> list[str]:
    return [one.fate for one in outcomes]


def doses(ledger: Ledger, member_id: str) -> int:
    patient_id = ledger.find(Member(member_id=member_id))
    assert patient_id is not None
    return len(ledger.history(patient_id).doses)


# -- another person ---------------------------------------------------------------------------


def test_another_person_with_a_member_id_on_record_is_refused_and_so_is_their_dose(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    made = run("import", str(REPORTS / "people.jsonl"), "--database", url, "--time-zone", ZONE)
    assert (made.exit_code, made.stdout.strip()) == (0, "2 recorded, 0 recorded before, 0 refused")
    refused = run("import", str(REPORTS / "F2-id-of-another.jsonl"), "--database", url, "--json", status=2)
    first, second = map(json.loads, refused.stdout.splitlines())
    assert (first["fate"], first["field"], first["reference"]) == ("refused", "name", "X1")
    assert "name and the birth date" in first["cause"]
    assert first["remedy"]
    assert (second["fate"], second["field"], second["reference"]) == ("refused", "member", "X2")
    for private in ("Bea", "1990", "Otto", "1951", "T-2"):
        assert private not in refused.stdout + refused.stderr
    with open_ledger(url) as ledger:
        assert doses(ledger, "T-2") == 0
        # The refusal shows that the member is on record, so it is an access.
        views = [one.view for one in all_accesses(ledger, AccessQuery())]
        assert views.count("find") == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "Alba Synthetic"}, "name"),
        ({"birth_date": "1988-05-18"}, "birth_date"),
        ({"birth_date": "1987"}, "birth_date"),
        ({"name": "ALMA  synthetic"}, None),
        ({"name": "Alma\u00a0Synthetic", "birth_date": "1988"}, None),
        ({"birth_date": "1988-05"}, None),
        ({"birth_date": None}, None),
    ],
)
def test_a_line_that_differs_names_the_field(ledger: Ledger, values: dict[str, Any], field: str | None) -> None:
    assert fates(imported(ledger, person("M-1"))) == ["recorded"]
    line, later, other = imported(
        ledger, person("M-1", reference="again") | values, dose("m-1"), dose("M-2"), source="another"
    )
    assert (line.fate, line.field) == (("refused", field) if field else ("recorded before", None))
    assert later.fate == ("refused" if field else "recorded")
    assert "not been added" in str(other.cause)


def test_a_line_under_a_known_reference_is_compared_too(ledger: Ledger) -> None:
    imported(ledger, person("M-1"))
    line, later = imported(ledger, person("M-1", "Otto Other"), dose("M-1"))
    assert (line.fate, line.field, later.fate) == ("refused", "name", "refused")
    # A different line about the same person is only another line under this reference.
    line, later = imported(ledger, person("M-1", birth_date="1988"), dose("M-1"))
    assert (line.field, later.fate) == ("reference", "recorded")


def test_the_next_file_is_read_afresh_and_earlier_lines_stay(ledger: Ledger) -> None:
    first = imported(ledger, person("M-1"), dose("M-1"), person("M-1", "Otto Other", "X"), dose("M-1", reference="D-2"))
    assert fates(first) == ["recorded", "recorded", "refused", "refused"]
    assert fates(imported(ledger, dose("M-1", reference="D-2", on="2024-03-05"))) == ["recorded"]


# -- ids that are no ids ----------------------------------------------------------------------


@pytest.mark.parametrize("damaged", ["9.87E+11", "9,87e+11", "#N/A", "\u200b"])
def test_what_a_spreadsheet_made_of_an_id_is_refused_in_every_line(ledger: Ledger, damaged: str) -> None:
    outcomes = [
        *imported(ledger, person(damaged, reference="H-1"), dose(damaged)),
        *claims(ledger, f'"{damaged}",2024-03-04,J0202,12,C-1'),
    ]
    assert [(one.fate, one.field) for one in outcomes] == [("refused", "member")] * 3
    assert list(ledger.patients()) == []


# -- issuers and spellings --------------------------------------------------------------------


def test_a_colon_separates_an_issuer_only_if_the_issuer_is_on_record(ledger: Ledger) -> None:
    imported(ledger, person("77:1"))
    row = "77:1,2024-03-04,J0202,12,C-{}"
    assert fates(claims(ledger, row.format(1))) == ["recorded"]
    imported(ledger, person("1", "Dora Acme", "H-2") | {"member": {"issuer": "77", "member_id": "1"}})
    (both,) = claims(ledger, row.format(2))
    assert (both.fate, both.field) == ("refused", "member"), "both ways to read it find somebody, so neither is chosen"
    header = f"{CLAIMS},issuer"
    assert fates(claims(ledger, row.format(5).replace("77:1", "1") + ",77", header=header)) == ["recorded"]
    acme = ledger.find(Member(issuer="77", member_id="1"))
    assert acme is not None
    assert len(ledger.history(acme).doses) == 1
    assert fates(claims(ledger, row.format(3).replace("-04", "-05") + ",plan", header=header)) == ["recorded"]
    assert fates(claims(ledger, "1,2024-03-05,J0202,12,C-4,77", header=header)) == ["recorded"]
    assert (doses(ledger, "77:1"), len(ledger.history(acme).doses)) == (2, 2)


def test_a_line_finds_its_member_in_another_spelling(ledger: Ledger) -> None:
    imported(ledger, person("SYN-1"))
    assert fates(imported(ledger, dose("syn-1"))) == ["recorded"]
    assert fates(imported(ledger, person("syn\u200b-1", reference="again"))) == ["recorded before"]
    assert len(list(ledger.patients())) == 1


# -- numbers that passed on -------------------------------------------------------------------


def test_a_dose_before_the_first_day_of_a_new_holder_is_refused(ledger: Ledger, clock: Clock) -> None:
    imported(ledger, person("N-1", "Emma Former"))
    emma = ledger.find(Member(member_id="N-1"))
    assert emma is not None
    ledger.execute(emma, AddMemberIdentifier(member=Member(member_id="E-1")), NURSE)
    retire = {"member": {"member_id": "N-1"}, "reason": "Passed on.", "last_day": "2026-01-31"}
    ledger.execute(emma, RetireMemberIdentifier.model_validate(retire), NURSE)
    retired = imported(ledger, dose("N-1"))[0]
    assert (retired.fate, retired.field, "retired" in str(retired.cause)) == ("refused", "member", True)
    clock.at = NOON + timedelta(days=1)
    assert fates(imported(ledger, person("N-1", "Fred Follower", "H-2"))) == ["recorded"]
    early, claim = imported(ledger, dose("N-1", "2026-01-31"))[0], claims(ledger, "n-1,2026-01-31,J0202,12,C-1")[0]
    for one, field in ((early, "on"), (claim, "date_of_service")):
        assert (one.fate, one.field) == ("refused", field)
        assert "2026-02-01" in str(one.cause)
        assert one.remedy
    assert fates(imported(ledger, dose("N-1", "2026-02-01"), dose("E-1", "2026-01-31", "D-2"))) == ["recorded"] * 2
    assert doses(ledger, "N-1") == 1


# -- the same person under another number -----------------------------------------------------


def test_an_opening_says_that_the_person_is_on_record_and_records_the_access(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        imported(ledger, person("M-1", "Mary-Ann O'Twin"))
    with open_ledger(ledger_url) as ledger, CommandLineAccess(ledger, None) as access:
        first = ledger.find(Member(member_id="M-1"))
        lines = [person("M-2", "MARY ANN OTWIN", birth_date="1988-05"), person("M-3", "Otto Other")]
        outcomes = list(Intake(ledger, "new", IMPORTER, access).json_lines([json.dumps(one).encode() for one in lines]))
        assert fates(outcomes) == ["recorded", "recorded"]
        assert str(first) in str(outcomes[0].note)
        assert outcomes[0].to_json_value()["note"] == outcomes[0].note
        assert outcomes[1].note is None
        shown = [(one.patient_id, one.view) for one in all_accesses(ledger, AccessQuery())]
        assert shown == [(first, "find")]


def test_the_command_line_takes_the_issuer_outright(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    with open_ledger(url, zone=ZONE) as ledger:
        imported(
            ledger, person("77:1"), person("1", "Dora Acme", "H-2") | {"member": {"issuer": "77", "member_id": "1"}}
        )
    for words, name in (
        (("77:1", "--issuer", "plan"), "Alma Synthetic"),
        (("1", "--issuer", "77"), "Dora Acme"),
        (("plan:77:1",), "Alma Synthetic"),
    ):
        assert json.loads(run("person", *words, "--json", "--database", url).stdout)["name"] == name
    both = run("person", "77:1", "--database", url, status=2)
    assert "send the issuer on its own" in both.stderr
    assert "Alma" not in both.stderr
    damaged = run("person", "9.87E+11", "--database", url, status=2)
    assert "spreadsheet" in damaged.stderr
