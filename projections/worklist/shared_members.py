"""The row of a member ID that several patients have in different spellings, so that it identifies none of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.history.state import PatientHistory
from projections.worklist.rows import WorklistRow, row_without_answer


def shared_member_rows(
    history: PatientHistory, groups: Sequence[Sequence[UUID]], zone: ZoneInfo
) -> tuple[WorklistRow, ...]:
    """Returns the row of a patient who is in one of the groups of patients that share a member ID.

    The row is about no request, and names the other patients of the groups.
    """
    found = (one for group in groups if history.patient_id in group for one in group if one != history.patient_id)
    others = tuple(dict.fromkeys(found))
    return (_row(history, others, zone),) if others else ()


def _row(history: PatientHistory, others: tuple[UUID, ...], zone: ZoneInfo) -> WorklistRow:
    day = history.at.astimezone(zone).date()
    return row_without_answer(
        history,
        f"{history.patient_id}.m1",
        "member",
        "shared_member_id",
        request_id=None,
        line_of_business=history.line_of_business(day),
        received_at=history.at,
        received_on=day,
        imported=history.imported_from is not None,
        others=others,
    )
