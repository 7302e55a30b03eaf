"""What is on record of a patient and would be otherwise by the deadlines of today.

Notices, dismissals and determinations on record keep what they said. This lists those that earlier deadlines made, and
that the deadlines of today would make otherwise, so that a person can look at them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.deadline_terms.table import DeadlineTable
from domain.deadline_terms.words import COUNTED_FROM
from domain.deadlines.appeal_rights import appeal_rights, appeal_rights_revision_1
from domain.deadlines.appealable import adverse_determination
from domain.deadlines.appeals import appeal_deadline, file_by
from domain.deadlines.due_dates import decision_deadline
from domain.deadlines.requests import deadline_of, terms_of, times_of
from domain.events.appeal_rights import AppealRights
from domain.facts import FrozenModel
from domain.history.records import Appeal, Notice, Request
from domain.history.state import PatientHistory


class DeadlineChange(FrozenModel):
    """One notice, dismissal or determination. `said` is what it said or was, and `now` what it would say or be."""

    patient_id: UUID
    subject_id: str
    what: Literal["notice", "dismissed appeal", "decision"]
    said: str
    now: str


def deadline_changes(history: PatientHistory, zone: ZoneInfo, table: DeadlineTable) -> Iterator[DeadlineChange]:
    """Yields what would be otherwise by today's deadlines: notices, then dismissals of appeals, then decisions."""
    for notice in history.notices:
        yield from _of_notice(history, notice, zone, table)
    for appeal in history.appeals:
        yield from _of_dismissal(history, appeal, zone, table)
    for request in history.requests:
        yield from _of_decision(history, request, zone, table)
    for appeal in history.appeals:
        yield from _of_appeal(history, appeal, zone, table)


def _of_notice(
    history: PatientHistory, notice: Notice, zone: ZoneInfo, table: DeadlineTable
) -> Iterator[DeadlineChange]:
    request, after = history.request(notice.request_id), None
    if request is None:
        return
    if notice.kind == "appeal_decision":
        after = history.appeal(notice.appeal_id or "")
        if after is None or after.status not in ("upheld", "overturned_in_part"):
            return
    elif notice.kind == "approval":
        if not any(one.left_out is not None for one in history.approvals if one.request_id == request.request_id):
            return
    elif notice.kind != "denial":
        return
    said = notice.appeal_rights or appeal_rights_revision_1(request.line_of_business)
    now = appeal_rights(terms_of(history, request, table), notice.issued_at.astimezone(zone).date(), after=after)
    before, after_that = _facts(said), _facts(now)
    differing = [name for name in after_that if name in before and before[name] != after_that[name]]
    if differing:
        yield DeadlineChange(
            patient_id=history.patient_id,
            subject_id=notice.notice_id,
            what="notice",
            said="; ".join(before[name] for name in differing),
            now="; ".join(after_that[name] for name in differing),
        )


def _facts(rights: AppealRights) -> dict[str, str]:
    """What a notice says of the facts, in words. A figure that a notice leaves out is not compared."""
    if not rights.has_next_level:
        return {"next": "the plan has no further level of appeal"}
    facts = {
        "next": "the plan decides a further appeal",
        "window": f"{rights.file_within_days} days from {COUNTED_FROM[rights.counted_from]}",
    }
    if rights.standard is not None:
        facts["standard"] = f"a standard appeal is decided within {rights.standard}"
    if rights.urgent is not None:
        facts["urgent"] = f"an urgent appeal is decided within {rights.urgent}"
    return facts


def _of_dismissal(
    history: PatientHistory, appeal: Appeal, zone: ZoneInfo, table: DeadlineTable
) -> Iterator[DeadlineChange]:
    request = history.request(appeal.request_id)
    if appeal.dismissed_as != "late" or request is None:
        return
    adverse = adverse_determination(history, request)
    if adverse is None or adverse.version != appeal.decision_version:
        return
    last_day = file_by(history, request, adverse, zone, table)
    if last_day is None or appeal.received_on <= last_day:
        yield DeadlineChange(
            patient_id=history.patient_id,
            subject_id=appeal.appeal_id,
            what="dismissed appeal",
            said=f"late: received on {appeal.received_on}, and the last day to file was {appeal.file_by}",
            now=f"timely: the last day to file is {last_day}"
            if last_day is not None
            else "timely: no notice of the determination, or no receipt of it, is on record",
        )


def _of_decision(
    history: PatientHistory, request: Request, zone: ZoneInfo, table: DeadlineTable
) -> Iterator[DeadlineChange]:
    if not request.is_decided or request.closed_at is None:
        return
    said = deadline_of(history, request, zone, table)
    now = decision_deadline(terms_of(history, request, table), times_of(history, request, zone), zone)
    yield from _changed(history, request.request_id, said.stopped_at, said.due_at, now.due_at)


def _of_appeal(
    history: PatientHistory, appeal: Appeal, zone: ZoneInfo, table: DeadlineTable
) -> Iterator[DeadlineChange]:
    if appeal.determination is None:
        return
    said = appeal_deadline(history, appeal, zone, table)
    now = appeal_deadline(history, appeal, zone, table, of_today=True)
    yield from _changed(history, appeal.appeal_id, said.stopped_at, said.due_at, now.due_at)


def _changed(
    history: PatientHistory, subject_id: str, decided_at: datetime | None, said: datetime, now: datetime
) -> Iterator[DeadlineChange]:
    if decided_at is not None and (decided_at <= said) != (decided_at <= now):
        yield DeadlineChange(
            patient_id=history.patient_id,
            subject_id=subject_id,
            what="decision",
            said=_in_time(decided_at, said),
            now=_in_time(decided_at, now),
        )


def _in_time(decided_at: datetime, due_at: datetime) -> str:
    return f"{'in time' if decided_at <= due_at else 'late'}: due by {due_at.isoformat()}"
