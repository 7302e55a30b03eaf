"""CSV of claims: the header, its separator and spellings, and a fault that costs one row."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.files.claims_csv import ClaimRow, RowFault, check_ignorable, claim_rows
from domain.errors import InvalidCommand

HEADER = "member,date_of_service,hcpcs,units,claim_reference"
ROW = {"member": "M-1", "date_of_service": "2024-03-04", "hcpcs": "J0202", "units": "12", "claim_reference": "C-1"}


def row(number: int = 1, **values: str) -> str:
    return ",".join((ROW | {"claim_reference": f"C-{number}"} | values).values())


def read(
    *lines: str, ignored: tuple[str, ...] = (), encoding: str = "utf-8", end: str = "\n"
) -> list[ClaimRow | RowFault]:
    return list(claim_rows((end.join(lines) + end).encode(encoding).splitlines(keepends=True), ignored))


def references(rows: list[ClaimRow | RowFault]) -> list[tuple[int, str]]:
    """The line of each row, with its reference, or the cause of its fault."""
    return [
        (one.line_number, one.values["claim_reference"] if isinstance(one, ClaimRow) else one.cause) for one in rows
    ]


def fault_of(*lines: str, ignored: tuple[str, ...] = ()) -> RowFault:
    (fault,) = read(*lines, ignored=ignored)
    assert isinstance(fault, RowFault)
    assert fault.remedy
    return fault


# -- the header -------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_the_one_that_finds_the_columns(separator: str) -> None:
    (found,) = read(HEADER.replace(",", separator), row().replace(",", separator))
    assert found == ClaimRow(2, ROW)


def test_a_line_that_states_the_separator_is_no_header() -> None:
    assert references(read("sep=;", HEADER.replace(",", ";"), row().replace(",", ";"))) == [(3, "C-1")]


@pytest.mark.parametrize(
    "header",
    [
        "Member,Date of Service,HCPCS,Units,Claim Reference",
        "MEMBER_ID,DOS,HCPCS_CODE,UNITS_OF_SERVICE,CLAIM_REFERENCE",
        "\ufeff member , date-of-service , hcpcs , units , claim.reference ",
        '"member","date_of_service","hcpcs","units","claim_reference"',
    ],
)
def test_case_marks_and_spaces_of_a_column_make_no_difference(header: str) -> None:
    assert read(header, row()) == [ClaimRow(2, ROW)]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("claim_status", "claim_status"),
        ("Status", "claim_status"),
        ("CLM_STATUS", "claim_status"),
        ("Line Status", "claim_status"),
        ("frequency_code", "frequency_code"),
        ("Claim Frequency Type Code", "frequency_code"),
        ("CLM05-3", "frequency_code"),
        ("Resubmission Code", "frequency_code"),
        ("original_reference", "original_reference"),
        ("Original Ref. No.", "original_reference"),
        ("REF F8", "original_reference"),
        ("OriginalClaimNumber", "original_reference"),
    ],
)
def test_status_frequency_and_original_are_read_under_their_usual_names(name: str, field: str) -> None:
    (found,) = read(f"{HEADER},{name}", f"{row()}, x ")
    assert found == ClaimRow(2, ROW | {field: "x"})


def test_an_unknown_column_is_named_and_refused_unless_it_is_ignored() -> None:
    lines = (f"{HEADER},Site of care,claim_status,Note", f"{row()},East,paid,ok")
    fault = fault_of(*lines)
    assert (fault.line_number, fault.cause) == (1, "the columns Site of care, Note are not known")
    assert "--ignore-column" in fault.remedy
    assert fault_of(*lines, ignored=("note",)).cause == "the column Site of care is not known"
    assert read(*lines, ignored=("site_of_care", "NOTE")) == [ClaimRow(2, ROW | {"claim_status": "paid"})]


def test_a_column_of_another_alphabet_is_unknown_and_can_be_ignored() -> None:
    assert fault_of(f"{HEADER},Größe,номер", f"{row()},1,2").cause == "the columns Größe, номер are not known"
    assert read(f"{HEADER},Größe,номер", f"{row()},1,2", ignored=("größe", "Номер")) == [ClaimRow(2, ROW)]


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        (f"member,{HEADER}", "the column member is there twice"),
        (f"{HEADER},Member", "the column member is there twice"),
        (f"{HEADER},status,claim_status", "the columns status and claim_status are both read as claim_status"),
        (HEADER.replace("units,", ""), "the column units is missing"),
        (HEADER.replace(",", ":"), "the column member is missing"),
        (row(), "the column member is missing"),
        (HEADER.replace("hcpcs", '"hcpcs'), "the column hcpcs is missing"),
        ("", "the column member is missing"),
    ],
)
def test_a_header_that_cannot_be_read_refuses_the_file(header: str, cause: str) -> None:
    fault = fault_of(header, row(), row(2))
    assert (fault.line_number, fault.cause) == (1, cause)
    assert "M-1" not in fault.cause + fault.remedy


def test_one_of_two_columns_of_a_meaning_can_be_ignored() -> None:
    lines = (f"{HEADER},status,claim_status", f"{row()},active,denied")
    assert read(*lines, ignored=("status",)) == [ClaimRow(2, ROW | {"claim_status": "denied"})]


@pytest.mark.parametrize("name", ["claim_status", "Units", "Frequency Code", "Status", "Freq Code", "DOS"])
def test_a_column_that_decides_what_a_line_means_cannot_be_ignored(name: str) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        check_ignorable(["note", name])
    assert (refusal.value.field, name in refusal.value.cause) == ("--ignore-column", True)
    check_ignorable(["note", "issuer", "Member Issuer"])


def test_an_empty_column_without_a_name_is_no_column() -> None:
    rows = read(f"{HEADER},", f"{row(1)},", f"{row(2)},x")
    assert references(rows) == [(2, "C-1"), (3, "column 6 has a value and no name")]


def test_a_header_of_many_unknown_columns_names_the_first() -> None:
    cause = fault_of(f"{HEADER},{','.join(f'x{number}' for number in range(30))}", row()).cause
    assert cause.endswith("x18, x19, and 10 more are not known")


def test_a_cell_that_is_too_long_for_a_reader_costs_its_row_or_the_header() -> None:
    assert fault_of("m" * 200_000, row()).cause == "the column member is missing"
    rows = read(HEADER, row(1, member="m" * 200_000), row(2), row(3, member='"' + "m" * 200_000), row(4))
    assert references(rows) == [(2, QUOTES), (3, "C-2"), (4, QUOTES), (5, "C-4")]


def test_a_file_in_utf_16_is_named() -> None:
    assert references(read(HEADER, row(), encoding="utf-16")) == [(1, "the file is UTF-16 and not UTF-8")]


# -- rows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_ends_as_any_program_ends_it_and_keeps_its_number(end: str) -> None:
    rows = read(HEADER, row(1), "", ",,,,", f"  {row(2)}  ", end=end)
    assert references(rows) == [(2, "C-1"), (5, "C-2")]


def test_a_row_of_another_length_is_refused_alone() -> None:
    rows = read(HEADER, row(1), f"{row(2)},more", "M-1,2024-03-04", row(3))
    lengths = "the line and the header do not have the same number of values"
    assert references(rows) == [(2, "C-1"), (3, lengths), (4, lengths), (5, "C-3")]


QUOTES = "the quotes of this line do not match"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((row(1), row(2, claim_reference='"C-2'), row(3)), [(2, "C-1"), (3, QUOTES), (4, "C-3")]),
        ((row(1), row(2), row(3, claim_reference='"C-3')), [(2, "C-1"), (3, "C-2"), (4, QUOTES)]),
        ((row(1, member='"M-1'), row(2), row(3, member='"M-1"')), [(2, QUOTES), (3, "C-2"), (4, "C-3")]),
        (
            (row(1, units='"12'), row(2), row(3, units='"12'), row(4)),
            [(2, QUOTES), (3, "C-2"), (4, QUOTES), (5, "C-4")],
        ),
        ((row(1, units='"12"x'), row(2)), [(2, QUOTES), (3, "C-2")]),
        ((row(1, units='"12'), row(2, units='12"'), row(3)), [(2, QUOTES), (3, "C-2"), (4, "C-3")]),
    ],
)
def test_a_quote_that_is_not_closed_costs_its_row_and_no_other(
    lines: tuple[str, ...], found: list[tuple[int, str]]
) -> None:
    assert references(read(HEADER, *lines)) == found


def test_an_ignored_value_may_have_several_lines() -> None:
    rows = read(f"{HEADER},note", f'{row(1)},"one', "", 'two, three"', f"{row(2)},x", ignored=("note",))
    assert references(rows) == [(2, "C-1"), (5, "C-2")]
    rows = read(f"note,{HEADER}", '"one', f'two",{row(1)}', f"x,{row(2)}", ignored=("note",))
    assert references(rows) == [(2, "C-1"), (4, "C-2")]


def test_an_ignored_value_does_not_take_a_row_with_it() -> None:
    rows = read(f"{HEADER},note", f'{row(1)},"open', f'{row(2)},"', f"{row(3)},x", ignored=("note",))
    assert references(rows) == [(2, QUOTES), (3, QUOTES), (4, "C-3")]


def test_a_value_of_many_lines_is_read_once_and_not_for_each_of_them() -> None:
    rows = read(HEADER, row(1, member='"M-1'), *(row(number) for number in range(2, 400)))
    assert references(rows) == [(2, QUOTES), *((number + 1, f"C-{number}") for number in range(2, 400))]


def written(rows: int, *, quoted: bool, notes: bool) -> list[str]:
    """The lines of a file as a spreadsheet program writes it. A note may have a quote, a separator or two lines."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator="\n")
    writer.writerow(HEADER.split(",") + ["note"] * notes)
    for number in range(rows):
        note = ('a "note", quoted', "", "plain", "two\nlines")[number % 4]
        writer.writerow([*row(number).split(","), *[note] * notes])
    return text.getvalue().splitlines(keepends=True)


@pytest.mark.parametrize("quoted", [False, True], ids=["minimal", "all"])
@pytest.mark.parametrize("notes", [False, True], ids=["plain", "notes"])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_one_wrong_character_costs_the_row_that_it_is_in(data: st.DataObject, *, quoted: bool, notes: bool) -> None:
    lines = written(9, quoted=quoted, notes=notes)
    # A row whose note has two lines is two lines of the file.
    starts = [place for place, line in enumerate(lines) if place and "M-1" in line]
    place = data.draw(st.sampled_from(starts))
    at = data.draw(st.integers(0, len(lines[place]) - 1))
    lines[place] = lines[place][:at] + data.draw(st.sampled_from('",;\n\r x')) + lines[place][at:]
    rows = list(claim_rows([line.encode() for line in lines], ("note",)))
    found = {one.values["claim_reference"] for one in rows if isinstance(one, ClaimRow)}
    assert {f"C-{number}" for number in range(9)} - {f"C-{starts.index(place)}"} <= found
