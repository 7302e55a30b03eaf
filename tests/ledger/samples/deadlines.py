"""Samples of the fields that the deadlines of revision 2 added: extensions for information, coverage, appeal rights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from domain.events.appeal_rights import AppealRights
from domain.events.appeals import AppealDecided, AppealFiled
from domain.events.base import Event
from domain.events.deadline_row import DeadlineRow, RowFigure
from domain.events.determinations import RequestDenied

_RIGHTS = AppealRights(
    file_within_days=65,
    counted_from="date_on_notice",
    file_by=date(2026, 7, 2),
    standard="7 days",
    urgent="72 hours",
    has_next_level=True,
    then="independent_entity",
)

_ROW = DeadlineRow(
    line="commercial",
    effective_on=date(2026, 1, 1),
    source="Contract of the plan",
    is_post_service=False,
    state="CA",
    funding="insured",
    note="funding of the coverage not on record, so the shortest row applies",
    figures=(
        RowFigure(name="standard", days=3, hours=72, ends="first", source="Contract of the plan"),
        RowFigure(name="appeal_levels", value=2, source="Contract of the plan"),
        RowFigure(name="extends_urgent", value=False, source="29 CFR 2560.503-1", unconfirmed=True),
    ),
)


def deadline_samples(samples: Mapping[str, Event]) -> dict[str, Event]:
    """By the name of the golden file. `samples` are the samples of the events as they were before."""
    decided, denied = samples["AppealDecided"], samples["RequestDenied"]
    assert isinstance(decided, AppealDecided)
    assert isinstance(denied, RequestDenied)
    forward_by = datetime(2026, 5, 5, 4, tzinfo=UTC)
    made = decided.determination.model_copy(update={"deadlines_revision": 2})
    denial = denied.determination.model_copy(update={"deadlines_revision": 2})
    with_row = made.model_copy(update={"deadline_row": _ROW})
    filed, imported = samples["AppealFiled"], samples["PastDeterminationImported"]
    assert isinstance(filed, AppealFiled)
    return {
        "LineOfBusinessChanged-insured": samples["LineOfBusinessChanged"].model_copy(
            update={"state": "CA", "funding": "insured"}
        ),
        "ClockExtended-information": samples["ClockExtended"].model_copy(update={"for_information": True}),
        "NoticeIssued-rights": samples["NoticeIssued"].model_copy(update={"appeal_rights": _RIGHTS}),
        "AppealFiled-never-late": filed.model_copy(update={"file_by": None, "is_late": False}),
        "AppealDecided-forward": decided.model_copy(update={"determination": made, "forward_by": forward_by}),
        "RequestDenied-deadlines": denied.model_copy(update={"determination": denial}),
        "AppealDecided-row": decided.model_copy(update={"determination": with_row}),
        "PastDeterminationImported-row": imported.model_copy(update={"deadline_row": _ROW}),
    }
