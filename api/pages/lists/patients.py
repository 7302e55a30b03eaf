"""The page of patients: search by member ID, and opening of a history. The member ID is posted, and in no address."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from api.http.problems import STATUS, log_denial
from api.pages.form_commands import RefusedForm, refused_form
from api.pages.forms import Form, FormOfRequest, InvalidForm, read
from api.pages.redirects import recorded_in, redirect_to
from api.pages.rendering import PREFIX, rendered
from api.record_access.http import AccessOfRequest
from api.routes.dependencies import CommandRunner, CommandRunnerOfRequest, opened_history
from api.routes.patients import FindBody
from domain.commands.patient import OpenHistory
from domain.errors import Conflict, InvalidCommand, LedgerError, NotFound
from domain.permissions.commands import refusal_of_role
from domain.permissions.views import check_may_see

router = APIRouter(include_in_schema=False)

PATH: Final = f"{PREFIX}/patients"


@router.get(PATH)
def patients_page(request: Request, access: AccessOfRequest, commanding: CommandRunnerOfRequest) -> Response:
    check_may_see(access.user, "requests")
    return _page(request, commanding)


@router.post(f"{PATH}/find")
def find_patient(
    request: Request, access: AccessOfRequest, commanding: CommandRunnerOfRequest, form: FormOfRequest
) -> Response:
    check_may_see(access.user, "requests")
    try:
        member = read(FindBody, form, access.zone).member
        with access.found(member) as history:
            patient_id = history.patient_id
    except InvalidForm as error:
        return _page(request, commanding, refused_form("find", form, error))
    except NotFound:
        cause = "nobody with this member id is on record here" if access.office is None else "nobody of yours is found"
        tried = RefusedForm(
            "find", form, STATUS[NotFound], cause, "compare the number with the card, or open a history"
        )
        return _page(request, commanding, tried)
    except (Conflict, InvalidCommand) as error:
        log_denial(request, error)
        return _page(request, commanding, refused_form("find", form, error))
    return redirect_to(request, f"{PATH}/{patient_id}")


@router.post(PATH)
def open_history(request: Request, commanding: CommandRunnerOfRequest, form: FormOfRequest) -> Response:
    check_may_see(commanding.caller.actor, "find")
    try:
        command = read(OpenHistory, form, commanding.ledger.zone)
        outcome = opened_history(commanding, command, Response(), form.key)
    except InvalidForm as error:
        return _page(request, commanding, refused_form("open", form, error))
    except LedgerError as error:
        log_denial(request, error)
        return _page(request, commanding, refused_form("open", form, error))
    return redirect_to(request, f"{PATH}/{outcome.patient_id}", recorded_in(commanding, outcome))


def _page(request: Request, commanding: CommandRunner, tried: RefusedForm | None = None) -> Response:
    return rendered(
        request,
        "lists/patients.html.j2",
        tried.status if tried is not None else 200,
        tried=tried,
        typed=_typed(tried.form) if tried is not None and tried.act == "find" else {},
        may_not_open=refusal_of_role(commanding.caller.actor, OpenHistory),
    )


def _typed(form: Form) -> dict[str, str]:
    """The member ID of a search, so that it need not be typed again to open a history."""
    return {name: form.text(name) or "" for name in ("member.issuer", "member.member_id")}
