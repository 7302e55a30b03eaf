"""Reads claim lines from CSV: finds the separator and the columns, and returns the values of each row by column.

A fault in one row costs that row and no other. A fault in the header refuses the file. No message repeats a value of
a row; a message about the header names its columns.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from domain.errors import InvalidCommand

REQUIRED_COLUMNS: Final = ("member", "date_of_service", "hcpcs", "units", "claim_reference")
OPTIONAL_COLUMNS: Final = ("issuer", "claim_status", "frequency_code", "original_reference")
SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "member": ("member_id",),
    "date_of_service": ("service_date", "dos"),
    "hcpcs": ("hcpcs_code", "procedure_code"),
    "units": ("service_units", "units_of_service"),
    "claim_reference": (),
    "issuer": ("member_issuer", "member_id_issuer"),
    "claim_status": ("status", "clm_status", "line_status", "claim_line_status", "claim_status_code", "payment_status"),
    "frequency_code": (
        "frequency",
        "freq",
        "freq_code",
        "claim_freq",
        "claim_freq_code",
        "claim_frequency",
        "claim_frequency_code",
        "claim_frequency_type_code",
        "bill_frequency",
        "resubmission_code",
        "clm05_3",
    ),
    "original_reference": (
        "original_reference_number",
        "original_ref",
        "original_ref_no",
        "original_claim",
        "original_claim_id",
        "original_claim_number",
        "original_claim_reference",
        "ref_f8",
    ),
}
"""Other names of the columns. Case, spaces, hyphens, underscores and other marks make no difference."""
UNKNOWN: Final = "?"
"""The field of a column whose name is not known."""
SEPARATORS: Final = (",", ";", "\t", "|")
_LINES_OF_ONE_ROW_MAX: Final = 100
_NAMED_MAX: Final = 20
_RUN_AGAIN: Final = "import the file again: lines that were recorded are not recorded twice"


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One row: the number of its first line in the file, and its values by the name of the column."""

    line_number: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row, or the header, that cannot be read."""

    line_number: int
    cause: str
    remedy: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class _Header:
    """The separator, and the field of each column: None if the column is ignored, empty if it has no name."""

    separator: str
    fields: tuple[str | None, ...]

    def values(self, cells: Sequence[str]) -> dict[str, str]:
        return {field: cell.strip() for field, cell in zip(self.fields, cells, strict=True) if field}


class _BadHeader(Exception):
    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(cause)
        self.cause, self.remedy = cause, remedy


def check_ignorable(names: Iterable[str]) -> None:
    """Raises InvalidCommand for a column that decides what a line means, so that it cannot be ignored."""
    for name in names:
        if _field_of(name) not in ("", UNKNOWN, "issuer"):
            raise InvalidCommand(
                f"the column {_shown(name)} is read and cannot be ignored",
                field="--ignore-column",
                remedy="name only columns that the import does not read",
            )


def claim_rows(lines: Iterable[bytes], ignored: Iterable[str] = ()) -> Iterator[ClaimRow | RowFault]:
    """The rows of a file, in its order. A header that cannot be read is the only result. Blank rows are left out."""
    lines = iter(lines)
    first_line = next(lines, b"")
    numbered = enumerate(_text_lines(chain([first_line], lines)), start=1)
    if first_line.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield RowFault(1, "the file is UTF-16 and not UTF-8", "save the file as comma-separated UTF-8")
        return
    try:
        header = _header(numbered, frozenset(map(_folded, ignored)))
    except _BadHeader as fault:
        yield RowFault(1, fault.cause, fault.remedy)
        return
    ahead: deque[tuple[int, str]] = deque()
    while True:
        ahead.extend(islice(numbered, _LINES_OF_ONE_ROW_MAX - len(ahead)))
        if not ahead:
            return
        number = ahead[0][0]
        cells, lines_read = _cells(header, ahead)
        for _ in range(lines_read if cells is not None else 1):
            ahead.popleft()
        if cells is None:
            yield RowFault(
                number, "the quotes of this line do not match", f"close or remove the quote, and {_RUN_AGAIN}"
            )
        elif any(cell.strip() for cell in cells):
            yield _row(header, number, cells)


# -- lines and rows ---------------------------------------------------------------------------


def _text_lines(lines: Iterable[bytes]) -> Iterator[str]:
    """The lines as text without their ends. Bytes that are not UTF-8 are replaced: only their row is then refused."""
    for number, raw in enumerate(lines):
        text = raw.decode("utf-8-sig" if not number else "utf-8", "replace")
        yield from text.removesuffix("\n").removesuffix("\r").split("\r")


def _cells(header: _Header, ahead: Iterable[tuple[int, str]]) -> tuple[list[str] | None, int]:
    """The cells of the row on the first of these lines, and how many lines were read for it. None: not valid CSV.

    A value may have several lines only in a column that is ignored. Anywhere else, a quote that is not closed on its
    line would take the rows that follow with it.
    """
    read: list[str] = []

    def lines() -> Iterator[str]:
        for _, line in ahead:
            read.append(line)
            yield line + "\n"

    try:
        cells = next(csv.reader(lines(), delimiter=header.separator, strict=True), [])
    except csv.Error:
        return None, len(read)
    is_row = len(read) == 1 or _is_one_row(header, cells, read)
    return (cells if is_row else None), len(read)


def _is_one_row(header: _Header, cells: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether several lines are one row: its other lines are text of an ignored column, and not rows of their own."""
    if len(cells) != len(header.fields) or any("\n" in value for value in header.values(cells).values()):
        return False
    return sum(_looks_like_row(header, line) for line in lines) <= 1


def _looks_like_row(header: _Header, line: str) -> bool:
    cells = _loosely(line, header.separator)
    if len(cells) != len(header.fields):
        return False
    values = header.values(cells)
    return bool(re.fullmatch(r"[A-Za-z]\d{4}", values["hcpcs"]) and re.search(r"\d", values["date_of_service"]))


def _row(header: _Header, number: int, cells: Sequence[str]) -> ClaimRow | RowFault:
    if len(cells) != len(header.fields):
        cause = "the line and the header do not have the same number of values"
        return RowFault(number, cause, "quote values that contain a comma")
    for place, (field, cell) in enumerate(zip(header.fields, cells, strict=True), start=1):
        if field == "" and cell.strip():
            return RowFault(number, f"column {place} has a value and no name", "name the column in the header")
    return ClaimRow(number, header.values(cells))


# -- the header -------------------------------------------------------------------------------


def _header(numbered: Iterator[tuple[int, str]], ignored: frozenset[str]) -> _Header:
    """Reads the header: the separator that finds the most required columns. Raises _BadHeader."""
    separators: tuple[str, ...] = SEPARATORS
    _, text = next(numbered, (1, ""))
    if stated := re.fullmatch(r" *sep=([,;\t|:^~])\s*", text, re.IGNORECASE):
        # Spreadsheet programs write the separator on a line before the header.
        separators, (_, text) = (stated[1],), next(numbered, (2, ""))
    headers = [(one, _loosely(text, one)) for one in separators]
    separator, names = max(headers, key=lambda one: len({*map(_field_of, one[1])} & {*REQUIRED_COLUMNS}))
    return _Header(separator, _fields(names, ignored))


def _loosely(line: str, separator: str) -> list[str]:
    """The cells of a line, whatever its quotes are. Empty if a cell is too long for the reader."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _fields(names: Sequence[str], ignored: frozenset[str]) -> tuple[str | None, ...]:
    """The field of each column. Raises _BadHeader for a column that is missing, twice there, or not known."""
    fields = tuple(None if name.strip() and _folded(name) in ignored else _field_of(name) for name in names)
    for field in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS):
        same = [_shown(name) for name, one in zip(names, fields, strict=True) if one == field]
        if len(same) > 1:
            is_repeated = len({*map(_folded, same)}) == 1
            raise _BadHeader(
                f"the column {same[0]} is there twice"
                if is_repeated
                else f"the columns {' and '.join(same)} are both read as {field}",
                "keep one of them, so that each value has one meaning",
            )
    missing = [name for name in REQUIRED_COLUMNS if name not in fields]
    if missing:
        remedy = f"include the columns {', '.join(REQUIRED_COLUMNS)}, separated by commas"
        raise _BadHeader(f"the column {missing[0]} is missing", remedy)
    # Only a header with all required columns is certain to be a header, whose names are no patient's data.
    unknown = [_shown(name) for name, field in zip(names, fields, strict=True) if field == UNKNOWN]
    if unknown:
        known = ", ".join((*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS))
        more = f", and {len(unknown) - _NAMED_MAX} more" if len(unknown) > _NAMED_MAX else ""
        raise _BadHeader(
            f"the column {unknown[0]} is not known"
            if len(unknown) == 1
            else f"the columns {', '.join(unknown[:_NAMED_MAX])}{more} are not known",
            f"name each column that is not needed with --ignore-column; the columns that are read are {known}",
        )
    return fields


def _field_of(name: str) -> str:
    """The field that a column of this name is read as. Empty if the column has no name."""
    return _FIELDS.get(_folded(name), UNKNOWN) if name.strip() else ""


def _folded(name: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())


def _shown(name: str) -> str:
    """The name of a column, for a message."""
    return "".join(letter for letter in name.strip() if letter.isprintable())[:40]


_FIELDS: Final = {_folded(name): field for field, names in SPELLINGS.items() for name in (field, *names)}
