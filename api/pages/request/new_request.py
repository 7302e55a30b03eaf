"""The page of a new request: one form with the prescriber's statement and the time at which it was received."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from api.pages.form_commands import FormCommand, FormOfCommand, RefusedForm, occasion_of, run_form
from api.pages.rendering import PREFIX, rendered
from api.record_access.http import AccessOfRequest
from api.record_access.patient_access import PatientAccess
from api.routes.dependencies import CommandRunner, CommandRunnerOfRequest, PatientIdInPath
from domain.commands.requests import SubmitRequest
from domain.decisions.may import may
from domain.events.requests import RequestSubmitted, Statement
from domain.history.state import PatientHistory
from domain.ledger.application import Outcome
from domain.permissions.disclosure import View
from domain.permissions.views import MAY_SEE
from projections.courses import course_list
from projections.person import person

router = APIRouter(include_in_schema=False)

AGENTS: Final = 8
"""The number of rows for agents in the form. A statement can have more, which can be added after the request."""

PATH: Final = f"{PREFIX}/patients/{{patient_id}}/requests/new"


class Submitted(SubmitRequest):
    """The command as the form sends it. A form with an empty statement does not send the field."""

    statement: Statement = Statement()


@router.get(PATH)
def new_request(
    request: Request, access: AccessOfRequest, commanding: CommandRunnerOfRequest, patient_id: PatientIdInPath
) -> Response:
    return _page(request, access, commanding, _history(access, patient_id))


@router.post(PATH)
def submit_request(sent: FormOfCommand, access: AccessOfRequest, patient_id: PatientIdInPath) -> Response:
    def show_again(tried: RefusedForm) -> Response:
        return _page(sent.request, access, sent.commanding, _history(access, patient_id), tried)

    return run_form(sent, "submit", SUBMIT, patient_id, "", show_again)


def _command(typed: Submitted) -> SubmitRequest:
    return SubmitRequest(**dict(typed))


def _request_address(outcome: Outcome) -> str:
    submitted = outcome.events[0]
    assert isinstance(submitted, RequestSubmitted)
    return f"{PREFIX}/requests/{submitted.request_id}"


SUBMIT: Final = FormCommand(Submitted, command_of=_command, next_page=_request_address)


def _history(access: PatientAccess, patient_id: PatientIdInPath) -> PatientHistory:
    """The patient's history. A user of the plan views the person, and an office views only the doses."""
    view: View = "person" if _sees_person(access) else "courses"
    with access.history(patient_id, view) as history:
        return history


def _sees_person(access: PatientAccess) -> bool:
    return access.actor.role in MAY_SEE["person"]


def _page(
    request: Request,
    access: PatientAccess,
    commanding: CommandRunner,
    history: PatientHistory,
    tried: RefusedForm | None = None,
) -> Response:
    today = access.today()
    patient = person(history, today) if _sees_person(access) else None
    return rendered(
        request,
        "request/new_request.html.j2",
        tried.status if tried is not None else 200,
        tried=tried,
        patient_id=history.patient_id,
        person=patient,
        doses=[
            (dose.dose_id, f"{dose.on}, {dose.mg:g} mg, course {course.number}")
            for course in course_list(history, today, access.office).courses
            for dose in course.doses
        ],
        refusal=may(history, occasion_of(commanding), SubmitRequest),
        agents=AGENTS,
        is_of_plan=access.office is None,
    )
