"""A row of the worklist in words: who must act next, and a short number."""

from __future__ import annotations

from typing import Final

from projections.worklist.rows import WorklistRow

NUMBER_LETTERS: Final = 8
"""The number of characters of the id in a short number."""


def waits_for(row: WorklistRow) -> str:
    """Returns who must act next. The name of the assigned user is shown separately."""
    match row.state:
        case "awaiting_information":
            return "the prescriber"
        case "referred":
            return "a clinician"
        case "appeal_open":
            return "an appeals clinician"
        case "appeal_to_forward":
            return "an appeals clinician, to forward the appeal to external review"
        case "with_external_review":
            return "external review"
        case "approval_to_review":
            return "a clinician, to rescind or confirm the approval"
        case "dose_to_review":
            return "a reviewer, to check the dose after death"
        case "entry_to_settle":
            return "a reviewer, to say what the dose entry is"
        case "void_waiting":
            return "the sender of the void, to send its claim, or the void again with the reference of its claim"
        case "shared_member_id":
            return "a reviewer, to retire the member ID that is wrong"
        case "open":
            return "the prescriber, information not requested yet" if row.recommendation == "pend" else "a reviewer"


def short_number(row: WorklistRow) -> str:
    """Returns a number such as `3f2a9c01 r1`: the start of the random id, and the short name."""
    return f"{row.subject_id[:NUMBER_LETTERS]} {row.subject_id.rpartition('.')[2]}"
