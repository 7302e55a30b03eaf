"""The approvals that reports recorded later speak against, and that wait for a person (R1, R3, R27).

An approval of a first course says that no course was completed before, and one of a later course that twelve months
have passed since the last dose. If the lives that fit the record with the later reports leave this less certain than
those without them, a person rescinds the approval, or confirms it and states why.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from domain.calendar import years_have_passed
from domain.history.records import ApprovalRecord, Report
from domain.history.state import PatientHistory
from domain.treatment.approval_use import doses_in_progress
from domain.treatment.lives import told_doses
from domain.treatment.possible_treatment import Treatment, last_dose, possible_treatments


def questioned_approvals(history: PatientHistory, day: date) -> Iterator[ApprovalRecord]:
    """Each approval that is not expired on the day, and that later reports speak against."""
    for approval in history.approvals:
        if day <= approval.valid_through and is_questioned(history, approval):
            yield approval


def is_questioned(history: PatientHistory, approval: ApprovalRecord) -> bool:
    """Whether reports that were recorded or corrected after the approval speak against it.

    Reports of our own doses that add nothing to these, and those that were on record when the approval was confirmed,
    are not among them. The doses that were given under the approval itself are left out.
    """
    known_already = {one.report_id for one in told_doses(history) if one.adds == "nothing"}
    reports = tuple(one for one in history.reports if one.report_id not in known_already)
    since = [one for one in reports if one.version > approval.version and one.courses and not one.voided]
    new = [one for one in since if one.version > (approval.confirmed_version or 0)]
    if approval.rescinded_on is not None or not new:
        return False
    own = {one.dose_id for one in doses_in_progress(history, approval)}
    known = history.changed(doses=tuple(one for one in history.doses if one.dose_id not in own), reports=reports)

    def doubt_without(left_out: list[Report]) -> int:
        return _doubt(known.changed(reports=tuple(one for one in reports if one not in left_out)), approval)

    # A new report speaks against the approval by itself, or together with those that were answered.
    answered = [one for one in since if one not in new]
    return doubt_without(answered) > doubt_without(since) or doubt_without([]) > doubt_without(new)


def _doubt(history: PatientHistory, approval: ApprovalRecord) -> int:
    """How doubtful the treatment makes the approval: 0 if it certainly is as the approval says, 2 if certainly not."""
    treatments = possible_treatments(history, date.max)
    agrees: list[bool | None]
    if _is_of_first_course(history, approval):
        agrees = [not one.is_completed for one in treatments]
    else:
        agrees = list(_have_passed(treatments, approval.valid_from))
    if all(one is True for one in agrees):
        return 0
    return 2 if all(one is False for one in agrees) else 1


def _have_passed(treatments: tuple[Treatment, ...], on: date) -> Iterator[bool | None]:
    """Whether twelve months have passed since the last dose, in each treatment. None: not known."""
    for one in treatments:
        last = last_dose((one,))
        yield years_have_passed(last, 1, on=on) if last is not None else None


def _is_of_first_course(history: PatientHistory, approval: ApprovalRecord) -> bool:
    """Whether the approval was decided by path A. An imported approval has no path, only the number of its course."""
    request = history.request(approval.request_id)
    for one in request.decisions if request is not None else ():
        if one.version == approval.version and one.determination is not None:
            assessment = one.determination.assessment
            path = (assessment.path or assessment.scope) if assessment is not None else None
            return (path or "A") == "A" and approval.course == 1
    return approval.course == 1
