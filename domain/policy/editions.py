"""Every edition of the policy that is known, newest first.

To add an edition: write its file, complete, beside the others, and give it one row here.
The review date serves as effective date, for the text gives no other (R21).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from domain.errors import EditionUnknown
from domain.policy import edition_2023_11_15, edition_2024_10_09, edition_2024_10_16, edition_2025_07_23
from domain.policy.edition import Edition

EDITIONS: Final[tuple[Edition, ...]] = (
    edition_2025_07_23.EDITION,
    edition_2024_10_16.EDITION,
    edition_2024_10_09.EDITION,
    edition_2023_11_15.EDITION,
)


def edition_for(day: date) -> Edition:
    """The edition in force on a day: the newest reviewed by then. Raises EditionUnknown before the first."""
    for edition in EDITIONS:
        if edition.review_date <= day:
            return edition
    raise EditionUnknown(
        f"No edition of the policy is known for {day}",
        field="edition",
        remedy=f"the oldest known is {EDITIONS[-1].key}; send a day on or after it, or name one of {known_keys()}",
    )


def edition_named(key: str) -> Edition:
    """The edition with this review date. Raises EditionUnknown for any other."""
    for edition in EDITIONS:
        if edition.key == key:
            return edition
    raise EditionUnknown(
        f"No edition of the policy has the review date {key!r}", field="edition", remedy=f"send one of {known_keys()}"
    )


def known_keys() -> str:
    return ", ".join(edition.key for edition in EDITIONS)
