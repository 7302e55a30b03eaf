"""Whether two ways of writing a member ID, a name or a birth date are the same.

Member IDs compare after Unicode normalization (NFKC), without case, and without invisible and control characters:

>>> compared("\u200bsyn-0001 ") == compared("SYN-0001")
True

Names also compare without apostrophes and hyphens. A hyphen or an apostrophe may also be written as a space:

>>> same_name("Anne-Marie O\u2019Synthetic", "anne marie OSYNTHETIC")
True

Two birth dates agree if one day can be both of them:

>>> dates_meet(PartialDate("1988-05-17"), PartialDate("1988"))
True

A text that a spreadsheet has made of a number identifies nobody, because digits are lost:

>>> is_spreadsheet_damage("9.87E+11")
True
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from domain.calendar import PartialDate

_APOSTROPHES: Final = frozenset(
    "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u2018\u2019\u201b\u2032\u2035\ua78c\uff07\u055a\u05f3"
)
_MINUS_AND_BULLET: Final = frozenset("\u2212\u2043")
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0")
"""Characters without a shape whose category is that of a letter, a mark, or a symbol."""
_SPREADSHEET_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d*e[+-]?\d+|e[+-]\d+)", re.ASCII)
_SPREADSHEET_ERROR: Final = re.compile(r"#+|#(?:n/a|ref!|name\?|value!|num!|null!|div/0!)")


class Damage(NamedTuple):
    """What is wrong with a text that is no member ID, and what to do."""

    cause: str
    remedy: str


DAMAGED_ID: Final = Damage(
    "this is not a member ID but what a spreadsheet made of one, and its digits are lost",
    "format the column as text in the source, and send the ID as the plan writes it",
)


def compared(text: str) -> str:
    """A member ID, or its issuer, in the form in which it is compared. It may be empty if no character is visible."""
    # Folding the case, or removing a character, can leave characters that normalization joins.
    while (folded := _folded(text)) != text:
        text = folded
    return text


def is_spreadsheet_damage(text: str) -> bool:
    """Whether a spreadsheet wrote a number in scientific notation (9.87E+11), or an error, in place of an ID."""
    form = compared(text)
    return bool(_SPREADSHEET_NUMBER.fullmatch(form) or _SPREADSHEET_ERROR.fullmatch(form))


def same_name(one: str, other: str) -> bool:
    """Whether two texts can be the same name of a person."""
    return not _written_forms(one).isdisjoint(_written_forms(other))


def name_key(name: str) -> str:
    """A form that all names have in common that `same_name` takes for the same. Other names can have it as well."""
    return _marks_as(name, "", "").replace(" ", "")


def dates_meet(one: PartialDate | None, other: PartialDate | None) -> bool:
    """Whether one day can be both dates. A date that is not known contradicts none."""
    return one is None or other is None or (one.earliest <= other.latest and other.earliest <= one.latest)


def states_date(stated: PartialDate | None, recorded: PartialDate | None) -> bool:
    """Whether a date states the recorded one, at least as exactly as it is on record."""
    if stated is None or recorded is None:
        return False
    return recorded.earliest <= stated.earliest and stated.latest <= recorded.latest


def _folded(text: str) -> str:
    visible = "".join(one for one in unicodedata.normalize("NFKC", text) if not _is_invisible(one))
    return " ".join(unicodedata.normalize("NFKC", visible.casefold()).split())


def _is_invisible(character: str) -> bool:
    if character in _INVISIBLE or "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return True
    return unicodedata.category(character) in ("Cc", "Cf")


def _written_forms(name: str) -> frozenset[str]:
    """The name with its apostrophes left out or as spaces, and its hyphens likewise."""
    return frozenset(_marks_as(name, apostrophe, hyphen) for apostrophe in ("", " ") for hyphen in ("", " "))


def _marks_as(name: str, apostrophe: str, hyphen: str) -> str:
    # An acute accent that stands alone is an apostrophe, and normalization would make a mark of it. A tab or a line
    # break separates words, and would be left out as a control character.
    marked = "".join(apostrophe if one in _APOSTROPHES else " " if one.isspace() else one for one in name)
    folded = compared(marked)
    return " ".join("".join(hyphen if _is_hyphen(one) else one for one in folded).split())


def _is_hyphen(character: str) -> bool:
    return character in _MINUS_AND_BULLET or unicodedata.category(character) == "Pd"
