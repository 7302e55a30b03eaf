"""The page of users, their sign-in links, and their tokens.

A new link or token is shown once. It is in no address, and only its hash is stored.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.http.problems import log_denial
from api.identity import people_routes
from api.identity.caller import Caller, CallerOfRequest
from api.identity.new_person import NewPerson
from api.identity.sign_in import IdentityOfApp
from api.pages.form_commands import RefusedForm, refused_form
from api.pages.forms import Form, FormOfRequest, InvalidForm, read
from api.pages.rendering import PREFIX, rendered
from domain.errors import LedgerError, NotFound
from domain.people import Credential, Role

router = APIRouter(include_in_schema=False)

HERE: Final = f"{PREFIX}/people"
ROLES: Final[tuple[Role, ...]] = (
    "reviewer",
    "clinician",
    "appeals_clinician",
    "auditor",
    "requester",
    "service",
    "administrator",
)
CREDENTIALS: Final[tuple[Credential, ...]] = (
    "none",
    "nurse",
    "physician",
    "pharmacist",
    "nurse_practitioner",
    "physician_assistant",
)


@router.get(HERE)
def people_page(request: Request, identity: IdentityOfApp, caller: CallerOfRequest) -> Response:
    return _page(request, identity, caller)


@router.get(f"{PREFIX}/me")
def own_page(request: Request, caller: CallerOfRequest) -> Response:
    """The signed-in user, how the user signed in, and when the session ends."""
    return rendered(request, "admin/me.html.j2", means=caller.means, until=caller.expires_at, person=caller.actor)


@router.post(f"{HERE}/{{act}}")
def do(request: Request, identity: IdentityOfApp, caller: CallerOfRequest, form: FormOfRequest, act: str) -> Response:
    """Runs one of the forms, as the API does. The page of the response shows a new link or token once."""
    try:
        once = _run(identity, caller, form, act)
    except InvalidForm as error:
        return _page(request, identity, caller, refused_form(act, form, error))
    except LedgerError as error:
        log_denial(request, error)
        return _page(request, identity, caller, refused_form(act, form, error))
    return _page(request, identity, caller, None, once)


def _run(identity: IdentityOfApp, caller: Caller, form: Form, act: str) -> dict[str, Any]:
    """Runs the form named `act`, and returns what the page shows once. Raises NotFound for another name."""
    person_id, zone = form.text("person_id") or "", identity.ledger.zone
    match act:
        case "admit":
            admitted = people_routes.admit_person(identity, caller, Response(), read(NewPerson, form, zone))
            return {"person": admitted.person, "link": admitted.link}
        case "change":
            changed = people_routes.change_person(identity, caller, person_id, read(NewPerson, form, zone))
            return {"changed": changed.person}
        case "remove":
            people_routes.remove_person(identity, caller, person_id, read(people_routes.Reason, form, zone))
            return {"removed": person_id}
        case "link":
            link = people_routes.make_link(identity, caller, Response(), person_id)
            return {"person": link.person, "link": link}
        case "token":
            token = people_routes.make_token(
                identity, caller, Response(), person_id, read(people_routes.TokenToMake, form, zone)
            )
            return {"token": token}
        case "revoke":
            token_id = form.text("token_id") or ""
            people_routes.revoke_token(identity, caller, token_id, read(people_routes.Reason, form, zone))
            return {"revoked": token_id}
        case _:
            raise NotFound("there is no such act", field="act", remedy="use a form of this page")


def _page(
    request: Request,
    identity: IdentityOfApp,
    caller: Caller,
    tried: RefusedForm | None = None,
    once: dict[str, Any] | None = None,
) -> Response:
    people, tokens = (
        people_routes.list_people(identity, caller).people,
        people_routes.list_tokens(identity, caller).tokens,
    )
    return rendered(
        request,
        "admin/people.html.j2",
        tried.status if tried is not None else 200,
        people=people,
        tokens=tokens,
        once=once or {},
        base=identity.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}",
        may_keep=caller.actor.role == "administrator",
        roles=ROLES,
        credentials=CREDENTIALS,
        tried=tried,
    )
