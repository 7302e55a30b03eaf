"""A row of the worklist in words: for whom it waits, and how its time stands."""

from __future__ import annotations

from typing import Final

from projections.worklist.rows import WorklistRow

NUMBER_LETTERS: Final = 8


def waits_for(row: WorklistRow) -> str:
    """Who has to do something before it goes on; whoever has the work is named beside it, not here."""
    match row.state:
        case "awaiting_information":
            return "the prescriber"
        case "referred":
            return "a clinician"
        case "appeal_open":
            return "an appeals clinician"
        case "with_external_review":
            return "external review"
        case "open":
            return "the prescriber, information not requested yet" if row.recommendation == "pend" else "a reviewer"


def short_number(row: WorklistRow) -> str:
    """Such as `3f2a9c01 r1`: the beginning of the random id tells two rows apart, the end is said aloud."""
    return f"{row.subject_id[:NUMBER_LETTERS]} {row.subject_id.rpartition('.')[2]}"
