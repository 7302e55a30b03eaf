"""What a claim line is, and what becomes of it, in JSON Lines and in CSV alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from api.files.claim_lines import claim_command, meaning_of
from api.files.import_intake import Intake, LineOutcome
from api.files.import_lines import ClaimFields
from domain.commands.treatment import RecordClaim, RecordDose
from domain.errors import InvalidCommand
from domain.events.patient import Member
from domain.ledger.application import Ledger
from tests.api.files.claims import PERSON, claim, history, imported, results, table
from tests.story import IMPORTER

Door = Callable[..., list[LineOutcome]]


@pytest.fixture
def store() -> str:
    """The lines are read alike on each store."""
    return "sqlite"


@pytest.fixture
def intake(ledger: Ledger) -> Intake:
    one = Intake(ledger, "old", IMPORTER)
    imported(one, PERSON)
    return one


@pytest.fixture(params=["json", "csv"])
def door(request: pytest.FixtureRequest, intake: Intake) -> Door:
    """Imports claim lines as JSON Lines or as CSV."""
    if request.param == "json":
        return lambda *lines: imported(intake, *lines)
    return lambda *lines: list(intake.claims(table(*lines)))


def fields(**values: Any) -> ClaimFields:
    line = {name: value for name, value in claim(**values).items() if name not in ("kind", "member")}
    return ClaimFields.model_validate(line)


# -- what a line is ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "meaning"),
    [
        ({}, "original"),
        ({"frequency_code": "1"}, "original"),
        ({"frequency_code": 1, "claim_status": "Paid"}, "original"),
        ({"original_reference": "C-1"}, "original"),
        ({"frequency_code": "7"}, "replacement"),
        ({"frequency_code": 7, "claim_status": "paid", "original_reference": "C-0"}, "replacement"),
        ({"frequency_code": "8"}, "void"),
        ({"frequency_code": "8", "claim_status": "paid"}, "void"),
        ({"frequency_code": "8", "units": 0}, "void"),
        ({"frequency_code": "8", "units": -12, "claim_status": "void"}, "void"),
        ({"units": -12}, "void"),
        ({"units": -12, "claim_status": "paid"}, "void"),
        ({"claim_status": "reversed", "original_reference": "C-0"}, "void"),
        ({"claim_status": "denied"}, "denied"),
        ({"claim_status": "denied", "units": 0}, "denied"),
        ({"claim_status": "denied", "frequency_code": "1"}, "denied"),
        ({"claim_status": "denied", "frequency_code": "7", "original_reference": "C-0"}, "denied"),
    ],
)
def test_a_line_is_an_original_a_replacement_a_void_or_denied(values: dict[str, Any], meaning: str) -> None:
    assert meaning_of(fields(**values)) == meaning


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"frequency_code": "1", "units": -12}, "frequency_code, units"),
        ({"frequency_code": "7", "units": -12}, "frequency_code, units"),
        ({"claim_status": "denied", "units": -12}, "claim_status, units"),
        ({"frequency_code": "8", "claim_status": "denied"}, "frequency_code, claim_status"),
        ({"frequency_code": "1", "claim_status": "void"}, "frequency_code, claim_status"),
        ({"frequency_code": "7", "claim_status": "void"}, "frequency_code, claim_status"),
        ({"frequency_code": "1", "original_reference": "C-0"}, "frequency_code, original_reference"),
        ({"original_reference": "C-0"}, "original_reference, frequency_code"),
        ({"units": 0}, "units"),
        ({"units": 0, "frequency_code": "7"}, "units"),
        ({"day": None}, "on"),
        ({"day": None, "frequency_code": "7", "original_reference": "C-0"}, "on"),
        ({"day": None, "frequency_code": "8"}, "on"),
        ({"day": None, "claim_status": "denied", "original_reference": "C-0"}, "on"),
    ],
)
def test_a_contradiction_is_refused_and_names_both_fields(door: Door, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        claim_command(fields(**values))
    assert refusal.value.field == field
    assert all(name in refusal.value.cause for name in field.split(", ")[:1] if ", " in field)
    (outcome,) = door(claim(**values))
    assert (outcome.fate, outcome.cause, outcome.remedy) == ("refused", refusal.value.cause, refusal.value.remedy)


def test_a_paid_original_is_the_command_that_it_always_was() -> None:
    """The digest of a command is over its JSON, so a line that an earlier program imported is recognized."""
    plain = RecordDose.model_validate({"on": "2024-03-04", "mg": 12.0, "source": "claim", "source_reference": "C-1"})
    assert claim_command(fields()) == plain
    assert claim_command(fields(units=12.0, frequency_code="1", claim_status="PAID ")) == plain


def test_a_line_that_is_no_paid_original_has_units_without_a_sign() -> None:
    void = claim_command(fields(units=-12, original_reference="C-0", day=None))
    assert void == RecordClaim(mg=12.0, source_reference="C-1", line="void", original_reference="C-0")
    denied = claim_command(fields(units=0, claim_status="denied"))
    assert isinstance(denied, RecordClaim)
    assert (denied.line, denied.mg, denied.original_reference) == ("denied", None, None)


# -- the values of a feed ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("paid", None), ("PAID", None), (" Paid ", None), ("Paid in full", None),
        ("denied", "denied"), ("DENIED", "denied"), ("Denial", "denied"), ("rejected ", "denied"),
        ("not-paid", "denied"),
        ("void", "void_waiting"), ("Voided", "void_waiting"), ("REVERSED", "void_waiting"),
        ("reversal", "void_waiting"), ("Void/Cancel", "void_waiting"), ("cancelled", "void_waiting"),
        ("CANCELED", "void_waiting"), ("backed_out", "void_waiting"),
    ],
)  # fmt: skip
def test_a_status_is_read_in_the_spellings_of_feeds(door: Door, status: str, result: str | None) -> None:
    assert results(door(claim(claim_status=status))) == [("recorded", result)]


@pytest.mark.parametrize("status", ["pending", "ADJUSTED", "Partially Denied", "approved", "in process"])
def test_a_status_that_does_not_say_is_refused_by_name(door: Door, ledger: Ledger, status: str) -> None:
    (outcome,) = door(claim(claim_status=status))
    cause = f'this claim status "{status.lower()}" is not one that is read'
    assert (outcome.fate, outcome.field, outcome.cause) == ("refused", "claim_status", cause)
    assert outcome.remedy == "send paid, denied, or void"
    assert history(ledger).doses == ()


@pytest.mark.parametrize("status", ["Alma Synthetic", "P", "22", "?", "pa id"])
def test_an_unknown_status_is_not_repeated_and_never_paid(door: Door, ledger: Ledger, status: str) -> None:
    (outcome,) = door(claim(claim_status=status))
    assert (outcome.fate, outcome.field) == ("refused", "claim_status")
    assert outcome.cause == "this claim status is not one that is read"
    assert history(ledger).doses == ()


@pytest.mark.parametrize(("code", "result"), [("1", None), ("01", None), ("1.0", None), ("8", "void_waiting"),
                                              (" 8 ", "void_waiting"), ("08", "void_waiting")])  # fmt: skip
def test_a_frequency_code_is_read_as_spreadsheets_write_it(door: Door, code: str, result: str | None) -> None:
    assert results(door(claim(frequency_code=code))) == [("recorded", result)]


@pytest.mark.parametrize(("code", "meaning"), [("0", " 0 (nonpayment)"), ("2", " 2 (interim, first claim)"),
                                               ("5", " 5 (late charges only)"),
                                               ("6", " 6 (adjustment of a prior claim)"), ("A", ""), ("17", ""),
                                               ("-7", "")])  # fmt: skip
def test_another_frequency_code_is_refused_with_its_meaning(door: Door, code: str, meaning: str) -> None:
    (outcome,) = door(claim(frequency_code=code))
    assert (outcome.fate, outcome.field) == ("refused", "frequency_code")
    assert outcome.cause == f"this frequency code{meaning} is not read"
    assert "7 (replacement of a prior claim)" in str(outcome.remedy)


@pytest.mark.parametrize(
    ("units", "mg"), [("12", 12), ("12.0", 12), ("12.000", 12), (" 12. ", 12), ("+12", 12), ("007", 7)]
)
def test_whole_decimals_are_whole_numbers(intake: Intake, ledger: Ledger, units: str, mg: float) -> None:
    assert results(intake.claims(table(claim(units=units)))) == [("recorded", None)]
    assert [one.mg for one in history(ledger).doses] == [mg]


def test_a_decimal_comma_is_read_where_it_has_one_meaning(intake: Intake) -> None:
    rows = [line.decode().replace(",", ";").replace("12.0", units).encode()
            for line, units in zip(table(claim(units="12.0")) + table(claim("C-2", 5, "12.0"))[1:],
                                   ("", "12,0", "12,000"), strict=True)]  # fmt: skip
    recorded, refused = intake.claims(rows)
    assert (recorded.fate, refused.fate, refused.field) == ("recorded", "refused", "units")


@pytest.mark.parametrize("units", ["12.5", "-0.5", "12-", "(12)", "1e1", "twelve", "", "--12", "1001", "-1001"])
def test_units_that_are_no_whole_number_are_refused(intake: Intake, ledger: Ledger, units: str) -> None:
    (outcome,) = intake.claims(table(claim(units=units)))
    assert (outcome.fate, outcome.field) == ("refused", "units")
    assert history(ledger).doses == ()


def test_a_whole_decimal_in_json_is_a_whole_number(intake: Intake, ledger: Ledger) -> None:
    assert results(imported(intake, claim(units=12.0), claim("C-2", 5, -12.0))) == [
        ("recorded", None), ("recorded", "void_waiting"),
    ]  # fmt: skip
    assert [one.mg for one in history(ledger).doses] == [12.0]


@pytest.mark.parametrize("units", [12.5, "12", True, None, -1000.5])
def test_units_in_json_are_a_number(intake: Intake, units: object) -> None:
    (outcome,) = imported(intake, claim(units=units))
    assert (outcome.fate, outcome.field) == ("refused", "units")


# -- what becomes of a line -------------------------------------------------------------------


def test_a_replacement_says_how_its_original_was_found(door: Door, ledger: Ledger) -> None:
    replaced = {"frequency_code": "7", "units": 10}
    outcomes = door(
        claim("C-1", 4), claim("C-2", 5), claim("C-3", 6),
        claim("C-1-R", 4, original_reference="C-1", **replaced), claim("C-2", 5, **replaced),
        claim("C-3-R", 6, **replaced),
    )  # fmt: skip
    assert results(outcomes) == [("recorded", None)] * 3 + [("recorded", "replacement")] * 3
    found = ["its original_reference", "its own reference", "the only entry of the same source, member, and day"]
    assert [str(one.note).split("found ")[1].split(";")[0].split(" ", 1)[1] for one in outcomes[3:]] == found
    assert [(one.mg, one.counts) for one in history(ledger).doses] == [(10.0, True)] * 3


def test_a_claim_replaced_twice_counts_once(door: Door, ledger: Ledger) -> None:
    lines = (
        claim(), claim(frequency_code="7", units=10), claim(frequency_code="7", units=11),
        claim("C-1-R", frequency_code="7", original_reference="C-1", units=12),
    )  # fmt: skip
    assert [one.fate for one in door(*lines)] == ["recorded"] * 4
    assert [one.mg for one in history(ledger).doses] == [12.0]
    assert [one.fate for one in door(*lines)] == ["recorded before"] * 4
    assert [one.mg for one in history(ledger).doses] == [12.0]


def test_a_claim_that_is_replaced_by_lines_of_several_days_says_that_they_wait(door: Door, ledger: Ledger) -> None:
    lines = [claim(f"C-10-{day}", day, frequency_code="7", original_reference="C-9") for day in (4, 5, 6)]
    outcomes = door(claim("C-9", 4, 60), *lines)
    further = ("recorded", "further_replacement")
    assert results(outcomes) == [("recorded", "several_days"), ("recorded", "replacement"), further, further]
    assert "a person says if this one is a separate dose" in str(outcomes[2])
    assert results(door(*lines)) == [("recorded before", None)] * 3
    assert [one.is_uncertain for one in history(ledger).doses] == [False, True, True]


def test_a_replacement_without_its_original_records_nothing(door: Door, ledger: Ledger) -> None:
    before = history(ledger).version
    (outcome,) = door(claim("C-9", frequency_code="7", original_reference="C-8"))
    assert (outcome.fate, outcome.result) == ("refused", "replacement_without_original")
    assert outcome.field == "original_reference"
    assert history(ledger).version == before


def test_a_void_withdraws_its_claim(door: Door, intake: Intake, ledger: Ledger) -> None:
    outcomes = door(
        claim("C-1", 4), claim("C-2", 5), claim("C-3", 6),
        claim("C-1-V", None, -12, original_reference="C-1"), claim("C-2", 5, claim_status="VOID"),
        claim("C-3-V", 6, frequency_code="8"),
    )  # fmt: skip
    assert results(outcomes) == [("recorded", None)] * 3 + [("recorded", "void")] * 3
    assert [one.facts.is_withdrawn for one in history(ledger).doses] == [True] * 3
    assert list(intake.still_waiting()) == []
    (again,) = door(claim("C-1-V2", None, -12, original_reference="C-1"))
    assert (again.fate, again.result) == ("recorded before", None)


def test_a_void_that_comes_before_its_claim_waits_for_it(door: Door, intake: Intake, ledger: Ledger) -> None:
    (void,) = door(claim("C-1", units=-12))
    assert (void.fate, void.result) == ("recorded", "void_waiting")
    assert [one.reference for one in intake.still_waiting()] == ["C-1"]
    (again,) = door(claim("C-1", units=-12))
    assert (again.fate, again.result) == ("recorded before", "void_waiting")
    (original,) = door(claim("C-1"))
    assert (original.fate, original.result) == ("recorded", "voided_before")
    assert list(intake.still_waiting()) == []
    assert [one.facts.is_withdrawn for one in history(ledger).doses] == [True]
    assert results(door(claim("C-1", units=-12), claim("C-1"))) == [("recorded before", None)] * 2


def test_a_denied_line_is_recorded_and_counts_nothing(door: Door, ledger: Ledger) -> None:
    denied = claim(claim_status="denied")
    assert results(door(denied, denied)) == [("recorded", "denied"), ("recorded before", None)]
    known = history(ledger)
    assert (known.doses, [one.line for one in known.claim_lines]) == ((), ["denied"])
    assert results(door(claim())) == [("recorded", None)], "paid in the end, under the same reference"
    assert results(door(claim("C-1", claim_status="denied", units=6))) == [("recorded", "denied")]
    assert [one.counts for one in history(ledger).doses] == [True], "a denied line voids nothing"


def test_a_second_entry_of_a_day_says_that_it_waits(door: Door, ledger: Ledger) -> None:
    outcomes = door(claim("C-1"), claim("C-1-ADJ"), claim("C-2", 5))
    assert results(outcomes) == [("recorded", None), ("recorded", "second_entry"), ("recorded", None)]
    assert str(outcomes[1]) == (
        f"line {outcomes[1].line_number}, C-1-ADJ: second entry of its day: a person says if it is separate, the same, "
        "or part of the same dose"
    )
    assert [one.waits for one in history(ledger).doses] == [False, True, False]


@pytest.mark.parametrize(("units", "days"), [(12, None), (23, None), (24, 2), (25, 2), (60, 5)])
def test_more_than_one_dose_on_a_line_is_a_range_of_days(door: Door, units: int, days: int | None) -> None:
    note = f"{units} units: the number of infusion days is 1 to {days}" if days is not None else None
    (outcome,) = door(claim(units=units))
    assert (outcome.fate, outcome.note) == ("recorded", note)
    assert outcome.result == (None if note is None else "several_days")


def test_an_adjusted_claim_without_a_code_under_its_own_reference_is_told_what_to_send(door: Door) -> None:
    (_, outcome) = door(claim(), claim(units=10))
    assert (outcome.fate, "frequency_code 7" in str(outcome.remedy)) == ("refused", True)


def test_an_issuer_may_be_in_a_column_of_its_own(intake: Intake, ledger: Ledger) -> None:
    other = {"issuer": "east:plan", "member_id": "M:2"}
    imported(intake, PERSON | {"reference": "H-2", "member": other})
    rows = b"issuer,member,date_of_service,hcpcs,units,claim_reference\n"
    rows += b"east:plan,M:2,2024-03-04,J0202,12,C-1\n,M-1,2024-03-04,J0202,12,C-2\n"
    assert results(intake.claims(rows.splitlines(keepends=True))) == [("recorded", None)] * 2
    assert [one.source_reference for one in history(ledger).doses] == ["C-2"]


def test_a_denied_claim_that_is_paid_as_a_replacement_is_recorded_as_one_dose(door: Door, ledger: Ledger) -> None:
    denied, paid = door(
        claim("C-10", claim_status="denied"), claim("C-11", frequency_code="7", original_reference="C-10")
    )
    assert (denied.fate, denied.result) == ("recorded", "denied")
    assert (paid.fate, paid.result) == ("recorded", "replacement")
    (dose,) = history(ledger).doses
    assert dose.facts.references == ("C-10", "C-11")


@pytest.mark.parametrize("control", ["\x1b[2J", "\x07", "\x7f", "\x9b"])
def test_a_control_character_is_refused_by_the_import_as_by_the_api(
    intake: Intake, ledger: Ledger, control: str
) -> None:
    (outcome,) = imported(intake, PERSON | {"reference": "H-2", "member": {"member_id": "M-2"}, "name": f"A{control}B"})
    assert (outcome.fate, outcome.field) == ("refused", "name")
    assert (outcome.cause, outcome.remedy) == ("the text contains a control character", "remove it")
    assert ledger.find(Member(member_id="M-2")) is None


# -- lines of several claims, in any order ----------------------------------------------------


@pytest.mark.parametrize("places", [(0, 1, 2), (0, 2, 1), (2, 0, 1)])
def test_a_void_of_a_day_with_two_claims_waits_in_any_order(
    door: Door, intake: Intake, ledger: Ledger, places: tuple[int, ...]
) -> None:
    lines = (claim("C-1"), claim("C-2"), claim("V-1", units=-12))
    outcomes = door(*(lines[place] for place in places))
    assert [one.fate for one in outcomes] == ["recorded"] * 3
    (waiting,) = intake.still_waiting()
    assert (waiting.reference, waiting.result) == ("V-1", "void_waiting")
    is_first = places[0] == 2
    assert ("not on record" if is_first else "send it again with the reference of its claim") in str(waiting.note)
    assert [one.facts.is_withdrawn for one in history(ledger).doses] == [False, False]
    again = Intake(ledger, intake.source, intake.actor)
    assert [one.fate for one in imported(again, lines[2])] == ["recorded before"]
    assert [one.reference for one in again.still_waiting()] == ["V-1"]
    (named,) = door(claim("V-1", None, -12, original_reference="C-2"))
    assert (named.fate, named.result) == ("recorded", "void")
    assert [one.facts.is_withdrawn for one in history(ledger).doses] == [False, True]
    assert list(intake.still_waiting()) == []


def test_a_replacement_of_a_voided_claim_says_that_it_counts_again(door: Door, ledger: Ledger) -> None:
    _, _, replaced = door(
        claim(), claim("V-1", None, -12, original_reference="C-1"),
        claim("C-1-R", frequency_code="7", original_reference="C-1"),
    )  # fmt: skip
    assert (replaced.result, str(replaced.note).split("; ")[1]) == (
        "replacement", "the claim was voided before, and counts again"
    )  # fmt: skip
    assert [one.counts for one in history(ledger).doses] == [True]


def test_a_replacement_that_a_waiting_void_names_says_that_it_is_voided(door: Door, ledger: Ledger) -> None:
    outcomes = door(
        claim("V-1", None, -12, original_reference="C-1-R"), claim(),
        claim("C-1-R", frequency_code="7", original_reference="C-1"),
    )  # fmt: skip
    assert results(outcomes) == [("recorded", "void_waiting"), ("recorded", None), ("recorded", "voided_before")]
    assert [one.facts.is_withdrawn for one in history(ledger).doses] == [True]
