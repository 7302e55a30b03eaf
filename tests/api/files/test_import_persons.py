"""History lines that cannot be read or that contradict each other, and lines of a member ID that passed on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from api.files.import_intake import Intake, LineOutcome
from api.routes.commands.patients import ACTS
from domain.commands.patient import AddMemberIdentifier, CorrectDemographics, RetireMemberIdentifier
from domain.events.patient import Member
from domain.ledger.application import Ledger
from tests.api.files.claims import PERSON, claim, history, imported
from tests.clock import Clock
from tests.conftest import NOON
from tests.story import IMPORTER, NURSE

BEA = PERSON | {"name": "Bea Synthetic", "birth_date": "1990-01-02"}
OTTO = PERSON | {"reference": "X-1", "name": "Otto Other", "birth_date": "1951-07-07"}
DOSE = {"kind": "dose", "reference": "D-1", "member": {"member_id": "M-1"}, "on": "2024-03-04", "mg": 12}
REQUEST = {"kind": "request", "reference": "R-1", "member": {"member_id": "M-1"}, "line_of_business": "commercial",
           "received_at": "2024-02-20T09:00:00-05:00"}  # fmt: skip
REPORT = {"kind": "prior_treatment", "reference": "T-1", "member": {"member_id": "M-1"}, "source": "other_plan",
          "courses": [{"doses_given": 5, "last_dose_on": "2022-03", "completed": True}]}  # fmt: skip


@pytest.fixture
def store() -> str:
    return "sqlite"


def fates(outcomes: list[LineOutcome]) -> list[str]:
    return [one.fate for one in outcomes]


def of(member_id: str, line: dict[str, Any], **values: Any) -> dict[str, Any]:
    return line | {"member": {"member_id": member_id}} | values


# -- history lines that cannot be read --------------------------------------------------------


@pytest.mark.parametrize(
    "faulty",
    [
        {"birth_date": "1951-13-01"},
        {"birth_date": "2031-01-01"},
        {"name": "Ot\u0007to Other"},
        {"name": "Otto\nOther"},
        {"sex": "m"},
        {"reference": "X 1"},
        {"first_day": "1940-01-01x"},
        {"kind": "History"},
        {"member": {"member_id": " m-1\u200b"}, "name": 7},
        {"member": {"member_id": "\uff2d-1", "issuer": "PLAN"}, "name": ""},
        {"member": "M-1"},
        {"member": {"id": "M-1"}},
        {"member": {"member_id": "M-1", "issuer": None}},
        {"member": {}, "member_id": "M-1"},
        {"member": "plan:M-1"},
    ],
)
def test_a_history_line_that_cannot_be_read_stops_the_later_lines_of_its_member(
    ledger: Ledger, faulty: dict[str, Any]
) -> None:
    imported(Intake(ledger, "old", IMPORTER), BEA)
    line, later, spelled, other = imported(Intake(ledger, "new", IMPORTER), OTTO | faulty, DOSE, of("m-1", claim()),
                                           of("M-2", DOSE))  # fmt: skip
    assert fates([line, later, spelled]) == ["refused"] * 3
    assert later.field == "member"
    assert "an earlier history line of this file with this member ID was refused" in str(later.cause)
    assert "correct that line, and import the file again" in str(later.remedy)
    assert "not been added" in str(other.cause), "a line of another member is read as ever"
    assert history(ledger).doses == ()
    assert fates(imported(Intake(ledger, "new", IMPORTER), DOSE)) == ["recorded"], "the next file is read afresh"


@pytest.mark.parametrize(
    "raw",
    [
        b'{"kind":"history","reference":"X1","member":{"member_id":"M-1"},"name":"M\xfcller","birth_date":"1951"}',
        b'{"kind":"history","reference":"X1","member":{"member_id":"M-1"},"name":"Otto Other","birth_date":"1951',
        b'{"kind":"history","reference":"X1","member":{"member_id":"M-1"},"name":"Otto\tOther"}',
        b'{"kind":"history","reference":"X1","member":{"member_id":"\\u004d-1"},"name":"Otto Other",}',
        b'{"kind":"history","reference":"X1","member":{"member_id":"M-1"},"name":"' + b"x" * 262_144 + b'"}',
    ],
)
def test_a_history_line_that_is_no_json_stops_them_too(ledger: Ledger, raw: bytes) -> None:
    imported(Intake(ledger, "old", IMPORTER), BEA)
    lines = [raw, json.dumps(DOSE).encode(), json.dumps(of("M-2", DOSE)).encode()]
    line, later, other = Intake(ledger, "new", IMPORTER).json_lines(lines)
    assert fates([line, later]) == ["refused", "refused"]
    assert "history line" in str(later.cause)
    assert "not been added" in str(other.cause)


def test_an_unreadable_line_that_is_no_history_stops_nothing(ledger: Ledger) -> None:
    imported(Intake(ledger, "old", IMPORTER), BEA)
    lines = (DOSE | {"reference": "D-2", "mg": "many"}, {"kind": "note", "member": {"member_id": "M-1"}}, DOSE)
    assert fates(imported(Intake(ledger, "new", IMPORTER), *lines)) == ["refused", "refused", "recorded"]


def test_no_answer_repeats_what_the_line_states(ledger: Ledger) -> None:
    imported(Intake(ledger, "old", IMPORTER), BEA)
    answers = str([one.to_json_value() for one in imported(Intake(ledger, "new", IMPORTER), OTTO | {"sex": "m"}, DOSE)])
    assert not [one for one in ("M-1", "Otto", "1951", "Bea", "1990") if one in answers]


# -- birth dates that the record lacks --------------------------------------------------------


def test_two_lines_with_different_birth_dates_contradict_each_other(ledger: Ledger) -> None:
    imported(Intake(ledger, "old", IMPORTER), BEA | {"birth_date": None})
    lines = (BEA | {"reference": "H-2", "birth_date": "1951"}, DOSE, BEA | {"reference": "H-3", "birth_date": "1988"})
    first, dose, second, later = imported(Intake(ledger, "new", IMPORTER), *lines, of("m-1", claim()))
    assert (first.fate, dose.fate) == ("recorded before", "recorded")
    assert "was not recorded, and the record has none" in str(first.note)
    assert "Correct name or birth date" in str(first.note)
    assert any(f"POST {one.path}" in str(first.note) for one in ACTS if one.command is CorrectDemographics)
    assert (second.fate, second.field) == ("refused", "birth_date")
    assert "differs from the one in an earlier line of this file" in str(second.cause)
    assert (later.fate, later.field) == ("refused", "member")
    assert history(ledger).birth_date is None
    assert "1951" not in str(first.note), "an answer shows no patient data"


@pytest.mark.parametrize(
    ("stated", "note"),
    [("1990-01-02", None), ("1990", None), (None, None), ("1990-01", None)],
)
def test_a_birth_date_on_record_needs_no_note(ledger: Ledger, stated: str | None, note: str | None) -> None:
    (one,) = imported(Intake(ledger, "old", IMPORTER), BEA)
    (again,) = imported(Intake(ledger, "new", IMPORTER), BEA | {"reference": "H-2", "birth_date": stated})
    assert (one.fate, again.fate, again.note) == ("recorded", "recorded before", note)


def test_a_more_exact_birth_date_is_not_lost_silently(ledger: Ledger) -> None:
    imported(Intake(ledger, "old", IMPORTER), BEA | {"birth_date": "1990"})
    lines = (BEA | {"reference": "H-2"}, BEA | {"reference": "H-3", "birth_date": "1990-05"})
    first, second = imported(Intake(ledger, "new", IMPORTER), *lines)
    assert "the record has a less exact one" in str(first.note)
    assert (second.fate, second.field) == ("refused", "birth_date"), "one person has one day of birth"


@pytest.mark.parametrize("reference", ["H-1", "X-1"])
def test_what_differs_from_the_record_is_said_first(ledger: Ledger, reference: str) -> None:
    for birth_date in ("1990-01-02", None):
        person = of(f"M-{birth_date}", BEA, birth_date=birth_date)
        line = person | {"reference": reference, "name": "Otto Other", "birth_date": "1951"}
        outcomes = imported(
            Intake(ledger, f"of-{birth_date}", IMPORTER), person, line, person, of(f"M-{birth_date}", DOSE)
        )
        assert fates(outcomes) == ["recorded", "refused", "refused", "refused"]
        assert "on record for this member ID" in str(outcomes[1].cause)
        assert "gives this member ID to another person" in str(outcomes[3].cause)


def test_a_birth_date_in_the_future_is_refused_also_for_a_member_on_record(ledger: Ledger) -> None:
    imported(Intake(ledger, "old", IMPORTER), BEA | {"birth_date": None})
    line, later = imported(Intake(ledger, "new", IMPORTER), BEA | {"reference": "H-2", "birth_date": "2031"}, DOSE)
    assert (line.fate, line.field, later.fate) == ("refused", "birth_date", "refused")


# -- a member ID that passed on ---------------------------------------------------------------


@pytest.fixture
def passed_on(ledger: Ledger, clock: Clock) -> Ledger:
    """M-1 was Emma's through April 30, 2024, and is Fred's now. Emma has E-1."""
    emma, fred = PERSON | {"name": "Emma Former"}, PERSON | {"reference": "H-2", "name": "Fred Follower"}
    imported(Intake(ledger, "old", IMPORTER), emma, of("M-1", claim("OLD")))
    patient_id = history(ledger).patient_id
    ledger.execute(patient_id, AddMemberIdentifier(member=Member(member_id="E-1")), NURSE)
    retire = {"member": {"member_id": "M-1"}, "reason": "Passed on.", "last_day": "2024-04-30"}
    ledger.execute(patient_id, RetireMemberIdentifier.model_validate(retire), NURSE)
    clock.at = NOON + timedelta(days=1)
    assert fates(imported(Intake(ledger, "old", IMPORTER), fred)) == ["recorded"]
    return ledger


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (DOSE, "on"),
        (claim(), "on"),
        (REQUEST | {"received_at": "2024-04-30T23:00:00-04:00"}, "received_at"),
        (REPORT | {"reported_on": "2024-04-30"}, "reported_on"),
        ({"kind": "coverage", "reference": "V-1", "member": {"member_id": "M-1"}, "on": "2024-01-01",
          "line_of_business": "commercial"}, "on"),
        ({"kind": "determination", "reference": "G-1", "member": {"member_id": "M-1"}, "request": "R-1",
          "outcome": "approved", "decided_on": "2024-04-30"}, "decided_on"),
    ],
)  # fmt: skip
def test_a_line_before_the_first_day_of_the_new_holder_is_refused(
    passed_on: Ledger, line: dict[str, Any], field: str
) -> None:
    for member_id in ("M-1", "m-1"):
        (refused,) = imported(Intake(passed_on, "new", IMPORTER), of(member_id, line))
        assert (refused.fate, refused.field) == ("refused", field)
        assert "from 2024-05-01 on" in str(refused.cause)
        assert refused.remedy


def test_a_line_on_the_first_day_is_the_new_holders(passed_on: Ledger) -> None:
    lines = (REQUEST | {"received_at": "2024-05-01T00:30:00-04:00"}, REPORT | {"reported_on": "2024-05-01"},
             DOSE | {"on": "2024-05-01"})  # fmt: skip
    assert fates(imported(Intake(passed_on, "new", IMPORTER), *lines)) == ["recorded"] * 3
    assert len(history(passed_on, "M-1").doses) == 1


def test_a_line_without_a_day_is_refused(passed_on: Ledger) -> None:
    void = claim("V-1", None, -12, original_reference="NONE")
    report, voided = imported(Intake(passed_on, "new", IMPORTER), REPORT, void)
    assert (report.fate, report.field) == ("refused", "member")
    assert "add reported_on" in str(report.remedy)
    assert (voided.fate, voided.field) == ("refused", "member")
    assert "the original_reference of a claim on record" in str(voided.remedy)
    assert history(passed_on, "M-1").claim_lines == ()
    assert fates(imported(Intake(passed_on, "new", IMPORTER), of("E-1", REPORT))) == ["recorded"]


def test_a_void_without_a_day_is_of_the_holder_who_has_its_claim(passed_on: Ledger) -> None:
    imported(Intake(passed_on, "new", IMPORTER), claim("NEW", on="2024-05-06"))
    voids = (claim("V-1", None, -12, original_reference="NEW"), claim("V-2", None, -12, original_reference="OLD"))
    assert [one.result for one in imported(Intake(passed_on, "new", IMPORTER), *voids)] == ["void", "void"]
    for member_id, reference in (("M-1", "V-1"), ("E-1", "V-2")):
        assert [one.source_reference for one in history(passed_on, member_id).claim_lines] == [reference]


def test_a_void_without_a_day_finds_the_former_holder_where_nobody_has_the_id_now(ledger: Ledger) -> None:
    imported(Intake(ledger, "old", IMPORTER), PERSON, claim("OLD"))
    patient_id = history(ledger).patient_id
    ledger.execute(patient_id, AddMemberIdentifier(member=Member(member_id="E-1")), NURSE)
    retire = {"member": {"member_id": "M-1"}, "reason": "A new card."}
    ledger.execute(patient_id, RetireMemberIdentifier.model_validate(retire), NURSE)
    voids = (claim("V-1", None, -12, original_reference="NONE"), claim("V-2", None, -12, original_reference="OLD"))
    unknown, known = imported(Intake(ledger, "new", IMPORTER), *voids)
    assert (unknown.fate, "retired" in str(unknown.cause), known.result) == ("refused", True, "void")


def test_the_file_of_both_holders_can_be_imported_again(ledger: Ledger, clock: Clock) -> None:
    emma = PERSON | {"name": "Emma Former", "birth_date": "1951"}
    fred = PERSON | {"reference": "H-2", "name": "Fred Follower"}
    imported(Intake(ledger, "old", IMPORTER), emma)
    patient_id = history(ledger).patient_id
    ledger.execute(patient_id, AddMemberIdentifier(member=Member(member_id="E-1")), NURSE)
    retire = {"member": {"member_id": "M-1"}, "reason": "Passed on.", "last_day": "2024-04-30"}
    ledger.execute(patient_id, RetireMemberIdentifier.model_validate(retire), NURSE)
    clock.at = NOON + timedelta(days=1)
    for fate in ("recorded", "recorded before"):
        outcomes = imported(Intake(ledger, "old", IMPORTER), emma, fred, DOSE | {"on": "2024-05-06"})
        assert fates(outcomes) == ["recorded before", fate, fate]
    assert len(history(ledger).doses) == 1


# -- a member ID with a colon -----------------------------------------------------------------


def test_a_text_that_two_patients_have_in_some_spelling_is_of_neither(ledger: Ledger) -> None:
    bea = BEA | {"member": {"issuer": "B", "member_id": "1"}}
    imported(Intake(ledger, "old", IMPORTER), bea, of("B:1", PERSON, reference="H-2", name="Cy Synthetic"))
    header = "member,date_of_service,hcpcs,units,claim_reference"
    rows = [header, *(f"{text},2024-03-04,J0202,12,C-{text[0]}" for text in ("B:1", "b:1"))]
    outcomes = list(Intake(ledger, "new", IMPORTER).claims(f"{one}\n".encode() for one in rows))
    assert [(one.fate, one.field) for one in outcomes] == [("refused", "member")] * 2
    assert all("add a column issuer" in str(one.remedy) for one in outcomes)
    assert history(ledger, "B:1").doses == ()


def test_another_spelling_finds_the_id_as_a_whole(ledger: Ledger) -> None:
    imported(Intake(ledger, "old", IMPORTER), of("B:1", PERSON),
             BEA | {"reference": "H-2", "member": {"issuer": "B", "member_id": "2"}})  # fmt: skip
    assert ledger.members.named("b:1") == Member(member_id="b:1")
    assert ledger.members.named("b:2") == Member(issuer="b", member_id="2")
