"""The days on which time alone can change the policy's answer to a request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from domain.calendar import anniversary
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.policy.editions import edition_for
from domain.treatment.reported_doses import critical_days_of_treatment


def critical_days(history: PatientHistory, request: Request) -> Iterator[date]:
    """Yields every day on which the policy's answer to a request can differ from the answer on the day before.

    Extra days do no harm, because each day is tried. A missing day would leave a row unchanged that must change.
    """
    parameters = edition_for(request.received_on).parameters
    for born in (history.birth_date, request.statement.birth_date):
        if born is not None:
            # The first days on which the patient is possibly and certainly old enough (R2, R5).
            yield from (anniversary(one, parameters.age_min_years) for one in (born.earliest, born.latest))
    for one in critical_days_of_treatment(history):
        # From that day the dose counts, and a year later it no longer prevents a next course (R2, R3, R8).
        yield one
        yield anniversary(one, parameters.years_between_courses)
    # A closed course is a prior course from the day of its closing (R26).
    yield from (marks.closed_on for _, marks in history.marks if marks.closed_on is not None)
    yield from (closed_on for _, closed_on in history.closed_reports)
    if history.deceased_on is not None:
        # From that day on, every recommendation is clinical review (R29).
        yield history.deceased_on.earliest
    stated = (one.stopped_on for one in request.statement.agents)
    for stopped in (*stated, *(one.stopped_on for one in history.agents if not one.voided)):
        if stopped is not None:
            # The day after is the first day before which the agent was certainly stopped (R17).
            yield stopped.latest + timedelta(days=1)
