"""The assessment that an answer about today shows: of the open request, or of a next one for the remaining doses."""

from __future__ import annotations

from datetime import date

from domain.errors import EditionUnknown
from domain.facts import RequestedDosing, doses_in_course
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.permissions.views import is_request_of
from domain.policy.edition import Edition
from domain.policy.editions import edition_named
from domain.review.assess_request import (
    RequestAssessment,
    is_retrospective,
    next_request_assessment,
    request_assessment,
)
from domain.treatment.approval_use import MG_PER_DOSE
from domain.treatment.possible_treatment import Treatment, next_dose


def latest_request(history: PatientHistory, as_of: date, office: str | None = None) -> Request | None:
    """Returns the latest open request, or the latest request if none is open.

    Only requests received by the day count, and with an `office` only its own requests.
    """
    received = [one for one in history.requests if one.received_on <= as_of and is_request_of(office, one)]
    still_open = [one for one in received if not one.is_closed_by(as_of)]
    candidates = still_open or received
    return candidates[-1] if candidates else None


def assessment_to_show(
    history: PatientHistory,
    treatments: tuple[Treatment, ...],
    request: Request | None,
    as_of: date,
    edition: Edition | None,
) -> tuple[RequestAssessment | None, str | None]:
    """Assesses the open request, or a next request for the remaining doses.

    Returns the assessment, or None and the reason if no edition applies.
    """
    try:
        if request is not None and not request.is_closed_by(as_of):
            return request_assessment(history, request, as_of, edition), None
        dosing = _dosing_to_come(treatments, as_of)
        return next_request_assessment(history, request, as_of, dosing, edition), None
    except EditionUnknown as unknown:
        return None, str(unknown)


def assessed_with_its_doses(
    history: PatientHistory,
    treatments: tuple[Treatment, ...],
    request: Request | None,
    assessed: RequestAssessment | None,
    as_of: date,
) -> RequestAssessment | None:
    """The assessment of the whole record. Only that of an open retrospective request leaves out doses."""
    if assessed is None or request is None or request.is_closed_by(as_of) or not is_retrospective(request):
        return assessed
    edition = edition_named(assessed.assessment.edition, assessed.assessment.edition_revision)
    return next_request_assessment(history, request, as_of, _dosing_to_come(treatments, as_of), edition)


def _dosing_to_come(treatments: tuple[Treatment, ...], as_of: date) -> RequestedDosing:
    """The dosing of the doses that are certainly left in the course, or else of a whole course."""
    following = next_dose(treatments, as_of)
    number = following.number or (1 if following.kind == "first" else 2)
    return RequestedDosing(
        mg_per_day=MG_PER_DOSE,
        consecutive_days=following.left.least or doses_in_course(number),
        route="intravenous",
    )
