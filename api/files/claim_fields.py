"""The values of a claim line: whole units, the frequency code, and the status, in the spellings that feeds use.

No message repeats a value that is not in the tables of this file: it may be a patient's data in the wrong column.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, StrictInt, WithJsonSchema

FrequencyWord = Literal["1", "7", "8"]
StatusWord = Literal["paid", "denied", "void"]

OTHER_FREQUENCIES: Final[dict[str, str]] = {
    "0": "nonpayment",
    "2": "interim, first claim",
    "3": "interim, continuing claim",
    "4": "interim, last claim",
    "5": "late charges only",
    "6": "adjustment of a prior claim",
    "9": "final claim of an episode",
}
"""Claim frequency codes of X12 837 that do not say what becomes of a dose."""
STATUSES: Final[dict[StatusWord, tuple[str, ...]]] = {
    "paid": ("fully paid", "paid in full", "partially paid", "partial paid", "paid claim", "paid line"),
    "denied": (
        "deny",
        "denial",
        "denied claim",
        "denied line",
        "fully denied",
        "denied in full",
        "rejected",
        "reject",
        "disallowed",
        "not paid",
        "not covered",
    ),
    "void": (
        "voids",
        "voided",
        "void cancel",
        "void claim",
        "voided claim",
        "reverse",
        "reversed",
        "reversal",
        "reversed claim",
        "cancel",
        "canceled",
        "cancelled",
        "cancellation",
        "backed out",
        "back out",
    ),
}
"""The statuses that are read, with their other spellings. Case, spaces, hyphens and underscores make no difference."""
OTHER_STATUSES: Final = frozenset(
    {
        "accepted",
        "active",
        "adjusted",
        "adjustment",
        "approved",
        "corrected",
        "duplicate",
        "finalized",
        "forwarded",
        "in process",
        "partially denied",
        "pended",
        "pending",
        "processed",
        "received",
        "replaced",
        "replacement",
        "submitted",
        "suspended",
        "unpaid",
    }
)
"""Statuses that feeds use and that say neither that the line was paid, nor denied, nor void."""


def whole_units(text: str) -> int | str:
    """The units in a column of text: a whole number, with or without a sign, or the text itself.

    `12.0` and `12.000` are 12. `12,0`, as some languages write it, is 12 too; `12,000` could be 12 or 12000 and is not
    read.
    """
    found = re.fullmatch(r"([+-]?[0-9]{1,9})(?:\.0*|,0{1,2})?", text.strip(), re.ASCII)
    return int(found[1]) if found else text


def _whole(value: Any) -> Any:
    """A decimal number without a fraction is a whole number, as in JSON Schema."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e9 else value


def _frequency(value: Any) -> Any:
    """The frequency code. Raises ValueError for another code of the list, with its meaning."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    # Spreadsheet programs write 7 as 07 or 7.0.
    code = re.sub(r"^0+(?=[0-9])|\.0*$", "", text)
    if code in ("1", "7", "8"):
        return code
    meaning = f" {code} ({OTHER_FREQUENCIES[code]})" if code in OTHER_FREQUENCIES else ""
    raise ValueError(
        f"this frequency code{meaning} is not read; send 1 (original), 7 (replacement of a prior claim), or 8 (void "
        "of a prior claim)"
    )


def _status(value: Any) -> Any:
    """The status. Raises ValueError for any other, and names it if it is one that feeds use."""
    status = _folded(value) if isinstance(value, str) else ""
    if (word := _STATUS_OF.get(status)) is not None:
        return word
    named = f' "{status}"' if status in OTHER_STATUSES else ""
    raise ValueError(f"this claim status{named} is not one that is read; send paid, denied, or void")


def _folded(status: str) -> str:
    return " ".join(re.split(r"[\s_/.-]+", status.strip().casefold())).strip()


_STATUS_OF: Final[dict[str, StatusWord]] = {
    spelling: word for word, spellings in STATUSES.items() for spelling in (word, *spellings)
}

Units = Annotated[
    StrictInt,
    Field(
        ge=-1_000,
        le=1_000,
        description="HCPCS J0202 counts milligrams, so 12 units are one dose. Negative units are a void. Of more than "
        "12, the number of infusion days is a range: up to one for each 12 units.",
    ),
    BeforeValidator(_whole),
]
FrequencyCode = Annotated[
    FrequencyWord, BeforeValidator(_frequency), WithJsonSchema({"enum": ["1", "7", "8", 1, 7, 8]})
]
ClaimStatus = Annotated[
    StatusWord, BeforeValidator(_status), WithJsonSchema({"type": "string", "examples": ["paid", "denied", "void"]})
]
