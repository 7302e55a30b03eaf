"""What waits for a person although no request is open: a questioned approval (R27), and a dose after death (R29)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from domain.facts import doses_in_course
from domain.history.records import ApprovalRecord, Dose, Report
from domain.history.state import PatientHistory


def reports_against(history: PatientHistory, approval: ApprovalRecord) -> tuple[Report, ...]:
    """The reports of a completed course that were recorded after this approval of a first course, or corrected since.

    A person then rescinds the approval, or confirms it and states why. Reports that are about our own doses, and those
    that were on record when the approval was confirmed, are not among them.
    """
    if not _is_of_first_course(history, approval) or approval.rescinded_on is not None:
        return ()
    answered = max(approval.version, approval.confirmed_version or 0)
    return tuple(
        one
        for one in history.reports
        if not one.voided and one.tells_of != "our_doses" and one.version > answered and _states_completed_course(one)
    )


def questioned_approvals(history: PatientHistory, day: date) -> Iterator[tuple[ApprovalRecord, tuple[Report, ...]]]:
    """Each approval that is not expired on the day, with the later reports that it needs a decision about."""
    for approval in history.approvals:
        if day <= approval.valid_through and (reports := reports_against(history, approval)):
            yield approval, reports


def _is_of_first_course(history: PatientHistory, approval: ApprovalRecord) -> bool:
    """Whether the approval was decided by path A. An imported approval has no path, only the number of its course."""
    request = history.request(approval.request_id)
    for one in request.decisions if request is not None else ():
        if one.version == approval.version and one.determination is not None:
            assessment = one.determination.assessment
            path = (assessment.path or assessment.scope) if assessment is not None else None
            return (path or "A") == "A" and approval.course == 1
    return approval.course == 1


def _states_completed_course(report: Report) -> bool:
    return any(one.completed is True or (one.doses_given or 0) >= doses_in_course(1) for one in report.courses)


def is_after_death(history: PatientHistory, dose: Dose) -> bool:
    """Whether the dose was given after the earliest day on which the patient may have died (R29)."""
    return history.deceased_on is not None and dose.on > history.deceased_on.earliest


def doses_after_death(history: PatientHistory) -> Iterator[Dose]:
    """The doses after the recorded death that no person has reviewed."""
    return (one for one in history.doses if one.stands and not one.reviewed and is_after_death(history, one))
