"""Every known edition of the policy, newest first, each with its revisions, newest first.

To add an edition, write its complete file in this folder and add one row here. To correct a rule, add a new revision to
each edition that has the rule; the old revision remains in `REVISIONS` with the old rule. domain/policy/README.md
describes both step by step. The review date is used as the effective date, because the text has no other date (R21).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from domain.errors import EditionUnknown
from domain.policy.edition import Edition
from domain.policy.editions import edition_2023_11_15, edition_2024_10_09, edition_2024_10_16, edition_2025_07_23

KNOWN: Final[tuple[tuple[Edition, ...], ...]] = (
    edition_2025_07_23.REVISIONS,
    edition_2024_10_16.REVISIONS,
    edition_2024_10_09.REVISIONS,
    edition_2023_11_15.REVISIONS,
)

EDITIONS: Final[tuple[Edition, ...]] = tuple(revisions[0] for revisions in KNOWN)
"""The newest revision of each edition."""


def edition_for(day: date) -> Edition:
    """The edition in effect on a day, in its newest revision: the latest one that was reviewed by then.

    Raises EditionUnknown for a day before the first edition.
    """
    for newest, *_ in KNOWN:
        if newest.review_date <= day:
            return newest
    raise EditionUnknown(
        f"No policy version is on file for {day}",
        field="edition",
        remedy=f"the oldest version on file is {KNOWN[-1][0].key}; send a day on "
        f"or after it, or send one of {known_keys()}",
    )


def has_edition(received_on: date) -> bool:
    """Whether an edition is known for what was received on this day. Without one, a clinician decides (R31)."""
    return received_on >= KNOWN[-1][0].review_date


def edition_of_request(received_on: date) -> Edition:
    """The edition in effect on the day on which a request was received (R21), also for its appeals.

    Raises EditionUnknown for a request from before the first edition (R31).
    """
    if has_edition(received_on):
        return edition_for(received_on)
    raise EditionUnknown(
        f"The request was received on {received_on}, before the first policy version on file ({KNOWN[-1][0].key}), "
        "so it has no assessment (R31)",
        field="edition",
        remedy="a clinician decides the request and its appeals without an assessment, and gives a rationale",
    )


def revisions_of(key: str) -> tuple[Edition, ...]:
    """The revisions of the edition with this review date, newest first. Raises EditionUnknown for any other date."""
    for revisions in KNOWN:
        if revisions[0].key == key:
            return revisions
    raise EditionUnknown(
        f"No policy version has the review date {key!r}", field="edition", remedy=f"send one of {known_keys()}"
    )


def edition_named(key: str, revision: int | None = None) -> Edition:
    """The edition with this review date, by default in its newest revision.

    Raises EditionUnknown for another date or revision.
    """
    revisions = revisions_of(key)
    if revision is None:
        return revisions[0]
    for edition in revisions:
        if edition.revision == revision:
            return edition
    raise EditionUnknown(
        f"Policy version {key} has no revision {revision}",
        field="edition_revision",
        remedy=f"send one of {', '.join(str(one.revision) for one in revisions)}",
    )


def edition_recorded(key: str, revision: int, digest: str) -> Edition:
    """The edition that a determination names, exactly as it was when the determination was made.

    Raises EditionUnknown for the field `edition`, `edition_revision` or `edition_digest`. A different digest means that
    this program has other rules under the same name, so a re-evaluation would prove nothing about the record.
    """
    edition = edition_named(key, revision)
    if edition.digest != digest:
        raise EditionUnknown(
            f"Policy version {key} revision {revision} of this program differs "
            "from the recorded one: their digests differ",
            field="edition_digest",
            remedy="run the check with the program that made the record; either a rule was changed without a new"
            " revision, or the record was altered",
        )
    return edition


def known_keys() -> str:
    """The review dates of all editions, separated by commas, for error messages."""
    return ", ".join(revisions[0].key for revisions in KNOWN)
