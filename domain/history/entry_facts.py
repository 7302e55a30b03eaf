"""What events and people stated about each dose entry, and the claim lines that have no entry (R25, R30)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from domain.events.base import ImportedFrom
from domain.events.treatment import ClaimLineKind, FoundBy, InfusionFinding

Duplicate = Literal["no", "possible", "confirmed", "dismissed", "part"]
"""Whether an entry is a second one of its dose. `part`: it is part of the same dose, and its milligrams are added."""

EntryAnswer = Literal["separate", "same", "part"]
"""What a person said of a second entry of a day."""

DOSE_MG: Final = 12
"""The milligrams of one dose, by Dosing.A and Dosing.B."""


@dataclass(frozen=True)
class EntryFacts:
    """What events and people stated about one dose entry, before anything is derived from other entries.

    `duplicate` and `duplicate_of` are as the events of the entry alone say, which is how revision 1 of the editions
    read it. `answer` is the last answer of a person, about the entry `answer_of`, in the event `answered`.
    `day_version` is the version of the event that gave the entry its day. `claim_voided` is the version of the void of
    its claim, and `finding` what a person found about the infusion. `days` is the stated number of infusion days, from
    `first_on` to `last_on`. `references` are all references that name the entry, the current one last. `reported_by` is
    the id of the user or system that reported it. `earlier_days` are the days that a replacement of its claim changed.
    `further_of`: the entry is a further replacement, on another day, of the claim of that entry (R30).
    """

    day_version: int
    reported_by: str
    references: tuple[str, ...]
    voided: int | None = None
    duplicate: Duplicate = "no"
    duplicate_of: str | None = None
    answer: EntryAnswer | None = None
    answer_of: str | None = None
    answered: int = 0
    claim_voided: int | None = None
    finding: InfusionFinding | None = None
    days: int | None = None
    first_on: date | None = None
    last_on: date | None = None
    earlier_days: tuple[date, ...] = ()
    further_of: str | None = None

    @property
    def gone(self) -> int | None:
        """The version of the event by which the entry is no infusion at all: voided, or its infusion not given."""
        if self.voided is not None:
            return self.voided
        return self.claim_voided if self.finding == "not_given" else None

    @property
    def is_withdrawn(self) -> bool:
        """Whether its claim was voided, and no person has said whether the infusion was given (R30)."""
        return self.gone is None and self.claim_voided is not None and self.finding is None

    @property
    def is_in_effect(self) -> bool:
        """Whether the entry is evidence of an infusion."""
        return self.gone is None and not self.is_withdrawn


class LineDays(NamedTuple):
    """The infusion days of the claim line of one entry: their number, and the first and the last, if stated (R25)."""

    dose_id: str
    mg: float
    least: int
    most: int
    is_stated: bool
    first_on: date | None
    last_on: date | None
    recorded_at: datetime


@dataclass(frozen=True)
class RecordedClaimLine:
    """A claim line that is no paid original: a replacement, a void, or a denied line (R30).

    `dose_id` is the entry that a replacement or a void is about, and `found_by` how it was found. A void without one
    waits for its claim, and a denied line has none. `reported_by_service` is the id of the service that sent it.
    `version` is of the event that says what it is about now, and `recorded_version` of the one that recorded the line.
    """

    version: int
    line: ClaimLineKind
    on: date | None
    mg: float | None
    source: str
    source_reference: str
    original_reference: str | None
    reported_by_service: str | None
    recorded_version: int
    recorded_at: datetime
    dose_id: str | None = None
    found_by: FoundBy | None = None
    imported_from: ImportedFrom | None = None

    @property
    def waits(self) -> bool:
        """Whether this is a void that waits for its claim."""
        return self.line == "void" and self.dose_id is None
