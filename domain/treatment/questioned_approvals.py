"""The approvals that reports or claims recorded later speak against, and that wait for a person (R1, R3, R27).

An approval of a first course says that no course was completed before, and one of a later course that twelve months
have passed since the last dose. If the lives that fit the record with the later reports and claims leave this less
certain than those without them, a person rescinds the approval, or confirms it and states why. So it is if a correction
or a void leaves open whether a course was completed before a later one that is approved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.calendar import years_have_passed
from domain.history.records import ApprovalRecord, Dose, Report
from domain.history.state import PatientHistory
from domain.treatment.approval_use import doses_in_progress
from domain.treatment.lives import told_doses
from domain.treatment.possible_treatment import NONE, Treatment, last_dose, possible_treatments


def questioned_approvals(history: PatientHistory, day: date) -> Iterator[ApprovalRecord]:
    """Each approval that is not expired on the day, and that later reports or claims speak against."""
    for approval in history.approvals:
        if day <= approval.valid_through and is_questioned(history, approval):
            yield approval


@dataclass(frozen=True, slots=True)
class _LaterEvidence:
    """The reports, and the doses given before an approval, that were recorded or corrected after it."""

    reports: list[Report]
    doses: list[Dose]

    def since(self, version: int) -> _LaterEvidence:
        return _LaterEvidence(
            [one for one in self.reports if one.version > version], [one for one in self.doses if one.version > version]
        )

    def until(self, version: int) -> _LaterEvidence:
        return _LaterEvidence(
            [one for one in self.reports if one.version <= version],
            [one for one in self.doses if one.version <= version],
        )


def is_questioned(history: PatientHistory, approval: ApprovalRecord) -> bool:
    """Whether what was recorded, corrected or voided after the approval speaks against it.

    Reports of our own doses that add nothing to these, and what was on record when the approval was confirmed, are not
    considered. The doses that were given under the approval itself are left out.
    """
    answered = max(approval.version, approval.confirmed_version or 0)
    recorded: list[Dose | Report] = [
        *history.reports,
        *(one for one in history.doses if one.voided or one.on < approval.valid_from),
    ]
    if approval.rescinded_on is not None or not any(
        one.version > answered or (one.voided_version or 0) > answered for one in recorded
    ):
        return False
    own = {one.dose_id for one in doses_in_progress(history, approval)}
    known_already = {one.report_id for one in told_doses(history) if one.adds == "nothing"}
    known = history.changed(
        doses=tuple(one for one in history.doses if one.dose_id not in own),
        reports=tuple(one for one in history.reports if one.report_id not in known_already),
    )
    if _lost_its_basis(known, approval, answered):
        return True
    evidence = _LaterEvidence(
        [one for one in known.reports if one.courses and not one.voided],
        [one for one in known.doses if one.stands and one.on < approval.valid_from],
    ).since(approval.version)
    new = evidence.since(answered)
    if not (new.reports or new.doses):
        return False

    def doubt_without(left_out: _LaterEvidence) -> int:
        reports = tuple(one for one in known.reports if one not in left_out.reports)
        doses = tuple(one for one in known.doses if one not in left_out.doses)
        return _doubt(known.changed(reports=reports, doses=doses), approval)

    # New evidence speaks against the approval by itself, or together with what was answered.
    nothing = _LaterEvidence([], [])
    return doubt_without(evidence.until(answered)) > doubt_without(evidence) or doubt_without(nothing) > doubt_without(
        new
    )


def _lost_its_basis(known: PatientHistory, approval: ApprovalRecord, answered: int) -> bool:
    """Whether a later course was approved, and a correction or void since then leaves open if one was completed."""
    if _is_of_first_course(known, approval):
        return False
    changed = [one.version for one in known.reports if one.corrected]
    changed += [one.voided_version for one in known.reports if one.voided_version is not None]
    changed += [one.voided_version for one in known.doses if one.voided_version is not None]
    if not any(version > answered for version in changed):
        return False
    return not all(one.is_completed for one in possible_treatments(known, date.max) or (NONE,))


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
