"""Makes the command of a claim line: a dose for a paid original, and otherwise a replacement, a void, or a denied line.

The import and the API use the same functions, so that a line means the same in both.
"""

from __future__ import annotations

from typing import Final, Literal

from api.files.import_lines import ClaimFields
from domain.commands.treatment import RecordClaim, RecordDose
from domain.errors import InvalidCommand

LineMeaning = Literal["original", "replacement", "void", "denied"]

_WORDS: Final = {"1": "original", "7": "replacement", "8": "void"}


def claim_command(line: ClaimFields) -> RecordDose | RecordClaim:
    """The command that records the line. Raises InvalidCommand for a line whose fields contradict each other."""
    meaning = meaning_of(line)
    if line.on is None and (meaning != "void" or line.original_reference is None):
        raise InvalidCommand(
            "this field is required",
            field="on",
            remedy="add it; only a void that names its original_reference may leave it out",
        )
    if not line.units and meaning in ("original", "replacement"):
        raise InvalidCommand(
            f"0 units are not a dose, and the line is {_article(meaning)}",
            field="units",
            remedy="send the units that were given, or the status or the frequency code of the line",
        )
    mg = float(abs(line.units)) or None
    if meaning == "original":
        assert line.on is not None
        assert mg is not None
        return RecordDose(on=line.on, mg=mg, source=line.source, source_reference=line.reference)
    return RecordClaim(
        on=line.on,
        mg=mg,
        source=line.source,
        source_reference=line.reference,
        line=meaning,
        original_reference=line.original_reference,
    )


def meaning_of(line: ClaimFields) -> LineMeaning:
    """What the line is. The status `paid` agrees with every frequency code: it says that the payer processed the line.

    Raises InvalidCommand if two fields contradict each other.
    """
    code, status, is_negative = line.frequency_code, line.claim_status, line.units < 0
    if is_negative and code in ("1", "7"):
        raise _contradiction("frequency_code", f"{code} ({_WORDS[code]})", "units", "are negative (a void)")
    if is_negative and status == "denied":
        raise _contradiction("claim_status", "denied", "units", "are negative (a void)")
    if code == "8" and status == "denied":
        raise _contradiction("frequency_code", "8 (void)", "claim_status", "is denied")
    if code in ("1", "7") and status == "void":
        raise _contradiction("frequency_code", f"{code} ({_WORDS[code]})", "claim_status", "is void")
    names_another = line.original_reference not in (None, line.reference)
    if code == "1" and names_another:
        raise _contradiction("frequency_code", "1 (original)", "original_reference", "names another claim")
    if status == "denied":
        return "denied"
    if is_negative or code == "8" or status == "void":
        return "void"
    if code == "7":
        return "replacement"
    if names_another:
        raise InvalidCommand(
            "original_reference names a claim, and frequency_code does not say if the line replaces or voids it",
            field="original_reference, frequency_code",
            remedy="send frequency_code 7 (replacement) or 8 (void), or leave original_reference out",
        )
    return "original"


def _contradiction(field: str, value: str, other: str, says: str) -> InvalidCommand:
    return InvalidCommand(
        f"{field} is {value}, but {other} {says}",
        field=f"{field}, {other}",
        remedy="correct one of the two fields; nothing was recorded from this line",
    )


def _article(meaning: LineMeaning) -> str:
    return f"an {meaning}" if meaning == "original" else f"a {meaning}"
