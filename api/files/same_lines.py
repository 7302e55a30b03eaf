"""What is on record already and says the same as a line: the line may have been sent twice, under another reference."""

from __future__ import annotations

from typing import NamedTuple

from domain.events.base import Event
from domain.events.requests import RequestSubmitted
from domain.events.treatment import PriorTreatmentReported
from domain.facts import counted
from domain.history.records import Report
from domain.history.state import PatientHistory
from domain.permissions.views import same_requests


class SameOnRecord(NamedTuple):
    """The ids of what is on record and says the same, and a sentence about it."""

    ids: tuple[str, ...] = ()
    note: str | None = None


def same_on_record(history: PatientHistory, event: Event) -> SameOnRecord:
    """The other requests, or reports of prior treatment, that are the same as the recorded one.

    Requests are the same as the API and the worklist say it: of the same day, prescriber and statement. Reports are the
    same if their source and their courses are, and if they were reported on the same day or the day was not stated.
    """
    match event:
        case RequestSubmitted() if (request := history.request(event.request_id)) is not None:
            ids = same_requests(history, request)
            return _same(ids, "request", "requests", "withdraw one of them")
        case PriorTreatmentReported() if (report := history.report(event.report_id)) is not None:
            ids = tuple(one.report_id for one in history.reports if _is_same(one, report))
            return _same(ids, "report", "reports", "void one of them")
    return SameOnRecord()


def _is_same(one: Report, report: Report) -> bool:
    is_other = one.report_id != report.report_id and not one.voided
    return is_other and (one.source, one.courses) == (report.source, report.courses)


def _same(ids: tuple[str, ...], noun: str, nouns: str, remedy: str) -> SameOnRecord:
    if not ids:
        return SameOnRecord()
    named = noun if len(ids) == 1 else f"{counted(len(ids), noun, nouns)}:"
    note = f"the same as the {named} {', '.join(ids)} on record; {remedy} if it was sent twice"
    return SameOnRecord(ids, note)
