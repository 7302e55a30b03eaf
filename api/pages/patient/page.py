"""The patient page: a chart of the treatment, and current eligibility in words.

Both can be shown for another day (`as_of`), and as known at an earlier time (`known_at`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.pages.form_commands import ActInPath, FormOfCommand, RefusedForm, form_named, occasion_of, run_form
from api.pages.forms import form_texts
from api.pages.patient.actions import FIRST, FORMS, MORE, ON_A_DOSE, offered_forms
from api.pages.rendering import PREFIX, rendered
from api.record_access.http import AccessOfRequest
from api.record_access.patient_access import PatientAccess
from api.routes.dependencies import AsOf, CommandRunner, CommandRunnerOfRequest, PatientIdInPath
from api.text.eligibility import eligibility_rows, headline, range_of_doses
from domain.calendar import FIRST_YEAR, LAST_YEAR
from domain.errors import InvalidCommand
from domain.events.patient import HistoryOpened, Relationship
from domain.events.treatment import DoseSource, ReportedCourse, TreatmentSource
from domain.facts import FrozenModel, doses_in_course
from domain.history.state import PatientHistory
from domain.permissions.views import is_own_request, visible_appeals
from domain.treatment.after_death import doses_after_death
from projections.courses import Courses, claim_line_in_words, course_list
from projections.eligibility import eligibility, twelve_months_passed_by
from projections.patient_chart import LANES, ChartContent, picture
from projections.person import person

router = APIRouter(include_in_schema=False)

HERE: Final = f"{PREFIX}/patients/{{patient_id}}"


class CorrectedCourses(FrozenModel):
    """The courses of a report, with which the form for its correction is filled in."""

    courses: tuple[ReportedCourse, ...]


KnownAsTyped = Annotated[str | None, Query(alias="known_at", max_length=40)]
_ROWS_SHOWN_ELSEWHERE: Final = frozenset({"On", "Imported"})
"""Rows of the eligibility answer that another part of the page shows."""


@router.get(HERE)
def patient_page(
    request: Request,
    access: AccessOfRequest,
    commanding: CommandRunnerOfRequest,
    patient_id: PatientIdInPath,
    as_of: AsOf = None,
    known_at: KnownAsTyped = None,
) -> Response:
    return _page(request, access, commanding, patient_id, as_of, _known_at(known_at, access))


@router.post(f"{HERE}/{{act}}")
def do(sent: FormOfCommand, access: AccessOfRequest, patient_id: PatientIdInPath, act: ActInPath) -> Response:
    """Runs one of the forms. The form has the ID of the dose or report that it changes."""
    form = form_named(FORMS, act, "the patient's page")
    # Each report has its own form, so the name of a form for a report ends with the report's number.
    name = f"{act}-{(sent.form.text('report_id') or '').rpartition('.')[2]}" if act.endswith("-report") else act

    def show_again(tried: RefusedForm) -> Response:
        return _page(sent.request, access, sent.commanding, patient_id, None, None, tried)

    return run_form(sent, name, form, patient_id, f"{PREFIX}/patients/{patient_id}", show_again)


def _known_at(typed: str | None, access: PatientAccess) -> datetime | None:
    """The instant in the form field, which is in the plan's time zone unless it has an offset.

    None if the field is empty. Raises InvalidCommand.
    """
    if not typed:
        return None
    try:
        instant = datetime.fromisoformat(typed)
        if not FIRST_YEAR <= instant.year <= LAST_YEAR:
            raise ValueError  # noqa: TRY301  (reported below, as an instant that cannot be read)
        return instant if instant.tzinfo is not None else instant.replace(tzinfo=access.zone)
    except (ValueError, OverflowError):
        raise InvalidCommand(
            "this is no moment", field="known_at", remedy="write it as 2026-04-28T12:00, by the plan's clock"
        ) from None


# -- the page -----------------------------------------------------------------------------------


def _page(
    request: Request,
    access: PatientAccess,
    commanding: CommandRunner,
    patient_id: Any,
    as_of: date | None,
    known_at: datetime | None,
    tried: RefusedForm | None = None,
) -> Response:
    today = access.today()
    day = as_of or today
    known_on = known_at.astimezone(access.zone).date() if known_at is not None else today
    with access.history(patient_id, "courses", known_at=known_at) as history:
        shown = _content(history, access, day, known_on, today)
    if access.office is None:
        access.record([patient_id], "person")
    # The page that follows the opening of a history says whether the person is on record already.
    was_opened = request.query_params.get("recorded") == HistoryOpened.TOPIC
    return rendered(
        request,
        "patient/page.html.j2",
        tried.status if tried is not None else 200,
        **shown,
        patient_id=patient_id,
        day=day,
        known_at=known_at,
        is_of_now=known_at is None and day == today,
        lanes=LANES,
        dose_sources=list(get_args(DoseSource)),
        treatment_sources=list(get_args(TreatmentSource)),
        relationships=list(get_args(Relationship)),
        first=FIRST,
        on_a_dose=ON_A_DOSE,
        more=MORE,
        offered=offered_forms(history, occasion_of(commanding)),
        is_of_plan=access.office is None,
        same_person=access.same_person(history) if was_opened else (),
        tried=tried,
    )


def _content(history: PatientHistory, access: PatientAccess, day: date, known_on: date, today: date) -> dict[str, Any]:
    """The values of the template that are computed from the history: as known on `known_on`, for `day`."""
    answer = eligibility(history, day, None, access.office)
    courses = course_list(history, day, access.office)
    requests = [request for request in history.requests if is_own_request(access.actor, request)]
    own = {request.request_id for request in requests}
    approvals = [approval for approval in history.approvals if approval.request_id in own]
    appeals = visible_appeals(access.actor, history)
    doses = [dose for course in courses.courses for dose in course.doses]
    to_review = {dose.dose_id for dose in doses_after_death(history)}
    doses_named = [
        (dose.dose_id, f"{dose.dose_id.rpartition('.')[2]}, {dose.mg:g} mg on {dose.on}")
        for dose in (*doses, *courses.other_entries)
        if not dose.voided
    ]
    all_reports = history.reports if access.office is None else ()
    reports = [report for report in all_reports if not report.voided]
    return {
        "answer": answer,
        "passed_by": twelve_months_passed_by(answer),
        "headline": headline(answer),
        "range_of_doses": range_of_doses,
        "rows": [row for row in eligibility_rows(answer, access.zone.key) if row[0] not in _ROWS_SHOWN_ELSEWHERE],
        "courses": courses,
        "doses": [*doses, *courses.other_entries],
        "on_record": _texts_on_record(courses),
        "doses_named": doses_named,
        "to_settle": _forms_to_settle(history),
        "claim_lines": [claim_line_in_words(line) for line in courses.claim_lines],
        "doses_after_death": [one for one in doses_named if one[0] in to_review],
        "agents_named": agents_named(history) if access.office is None else [],
        "reports": reports,
        "reports_typed": {report.report_id: form_texts(CorrectedCourses(courses=report.courses)) for report in reports},
        "requests": list(reversed(requests)),
        "appeals": list(reversed(appeals)),
        "person": person(history, day) if access.office is None else None,
        "name": history.name,
        "picture": picture(
            ChartContent(courses, answer, requests, approvals, appeals, all_reports), day, known_on, today
        ),
    }


def _forms_to_settle(history: PatientHistory) -> set[str]:
    """The forms in which a person settles what a dose entry is, as far as there is such an entry."""
    return {act.name for act in ON_A_DOSE if act.name in _SETTLING and act.subjects(history)}


_SETTLING: Final = ("confirm-duplicate", "dismiss-duplicate", "part-of-dose", "dose-days", "settle-claim")


def agents_named(history: PatientHistory) -> list[tuple[str, str]]:
    """The id of each entry of another agent that is not voided, with the entry in words."""
    return [
        (
            one.entry_id,
            f"{one.entry_id.rpartition('.')[2]}, {one.product} "
            + (f"started {one.started_on}" if one.started_on is not None else f"stopped {one.stopped_on}"),
        )
        for one in history.agents
        if not one.voided
    ]


def _texts_on_record(courses: Courses) -> dict[str, Any]:
    """The courses on record as the fields of a report that confirms them. Empty if there are none (R27)."""
    listed = tuple(
        ReportedCourse(
            doses_given=one.doses_given if one.doses_given in range(1, doses_in_course(1) + 1) else None,
            last_dose_on=one.last_dose_on,
            completed=True if one.status == "completed" else None,
        )
        for one in courses.courses
    )
    return form_texts(CorrectedCourses(courses=listed)) if listed else {}
