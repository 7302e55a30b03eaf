"""Users and systems of this ledger, for administrators. Auditors can read them. The answers contain no patient data.

A secret (the code of a link, a token) is returned only once, when it is created.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel, Field

from api.http import security_log
from api.http.bodies import CheckedJsonRoute
from api.http.problems import BODY, documented
from api.identity.caller import CallerOfRequest
from api.identity.identity import TOKEN_DAYS, TOKEN_DAYS_MAX
from api.identity.new_person import NewPerson
from api.identity.sign_in import IdentityOfApp
from domain.calendar import Instant
from domain.facts import Name
from domain.people import Actor, ActorId, Role
from domain.permissions.accounts import Admitted, Issued, check_may_manage_users, check_may_view_users

router = APIRouter(tags=["people"], route_class=CheckedJsonRoute)

READ_RESPONSES = documented(403)
CHANGE_RESPONSES = documented(403, 404, 409) | BODY

PersonIdInPath = Annotated[
    ActorId, Path(description="The id of the user, from the list of users.", examples=["n.nurse"])
]
TokenIdInPath = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{16}$",
        description="The id of the token, from the list of tokens.",
        examples=["0123456789abcdef"],
    ),
]


class PersonView(BaseModel):
    """A user or system. `has_signed_in` is true after a sign-in with a link; the use of a token does not count."""

    person: Actor
    admitted_at: Instant
    has_signed_in: bool


class PeopleAnswer(BaseModel):
    people: list[PersonView]


class LinkView(BaseModel):
    """A sign-in link: `/sign-in/` followed by `code`. The code is shown only once."""

    person: Actor
    code: str
    path: str
    expires_at: Instant


class Invited(BaseModel):
    """The user who was added or changed. `link` is null for a system, which needs a token, and after a change."""

    person: Actor
    link: LinkView | None = None


class Reason(BaseModel, extra="forbid"):
    reason: Name | None = None


class TokenToMake(BaseModel, extra="forbid"):
    days: Annotated[int, Field(ge=1, le=TOKEN_DAYS_MAX)] = TOKEN_DAYS


class TokenView(BaseModel):
    token_id: str
    person_id: ActorId
    role: Role | None = Field(description="The role of the user. None: the user was removed.")
    issued_at: Instant
    issued_by: ActorId
    expires_at: Instant
    state: Literal["holds", "expired", "revoked"]


class NewToken(BaseModel):
    """A new token. `token` is shown only once and is not stored."""

    token: str
    token_id: str
    expires_at: Instant


class TokensAnswer(BaseModel):
    tokens: list[TokenView]


@router.get("/people", responses=READ_RESPONSES)
def list_people(identity: IdentityOfApp, caller: CallerOfRequest) -> PeopleAnswer:
    """List all users and systems that may sign in with a link or a token of this ledger."""
    check_may_view_users(caller.actor)
    directory = identity.people.read()
    return PeopleAnswer(people=[_person_view(one) for one in directory.people.values()])


@router.post("/people", status_code=201, responses=documented(403, 409) | BODY)
def admit_person(
    identity: IdentityOfApp,
    caller: CallerOfRequest,
    response: Response,
    body: Annotated[NewPerson, Body(examples=[{"name": "Nora Nurse", "role": "reviewer", "credential": "nurse"}])],
) -> Invited:
    """Add a user and create a sign-in link."""
    check_may_manage_users(caller.actor)
    response.headers["Cache-Control"] = "no-store"
    person = identity.people.admit(body.person(), caller.actor)
    security_log.person_admitted(caller.actor.id, actor_id=person.id, role=person.role)
    return Invited(person=person, link=None if person.role == "service" else _link(identity, person, caller.actor))


@router.post("/people/{person_id}/change", responses=CHANGE_RESPONSES)
def change_person(
    identity: IdentityOfApp,
    caller: CallerOfRequest,
    person_id: PersonIdInPath,
    body: Annotated[
        NewPerson, Body(examples=[{"name": "Nora Nurse", "role": "clinician", "credential": "nurse_practitioner"}])
    ],
) -> Invited:
    """Change the role, credential, office or name of a user. Sessions and tokens of the user stay valid."""
    check_may_manage_users(caller.actor)
    person = identity.people.change(body.person(person_id), caller.actor)
    security_log.person_changed(caller.actor.id, actor_id=person.id, role=person.role)
    return Invited(person=person)


@router.post("/people/{person_id}/remove", responses=CHANGE_RESPONSES)
def remove_person(
    identity: IdentityOfApp,
    caller: CallerOfRequest,
    person_id: PersonIdInPath,
    body: Annotated[Reason, Body(examples=[{"reason": "Left the plan."}])],
) -> PeopleAnswer:
    """Remove a user. All sessions, links and tokens of the user end within a second."""
    check_may_manage_users(caller.actor)
    identity.people.remove(person_id, caller.actor, body.reason)
    identity.sessions.end_all_of(person_id)
    security_log.person_removed(caller.actor.id, actor_id=person_id)
    return PeopleAnswer(people=[_person_view(one) for one in identity.people.known.people.values()])


@router.post("/people/{person_id}/links", status_code=201, responses=documented(403, 404, 422))
def make_link(
    identity: IdentityOfApp, caller: CallerOfRequest, response: Response, person_id: PersonIdInPath
) -> LinkView:
    """Create a new sign-in link for a user. The earlier link becomes invalid."""
    check_may_manage_users(caller.actor)
    response.headers["Cache-Control"] = "no-store"
    return _link(identity, identity.people.check_is_here(person_id), caller.actor)


@router.post("/people/{person_id}/tokens", status_code=201, responses=documented(403, 404) | BODY)
def make_token(
    identity: IdentityOfApp,
    caller: CallerOfRequest,
    response: Response,
    person_id: PersonIdInPath,
    body: Annotated[TokenToMake, Body(examples=[{"days": 90}])],
) -> NewToken:
    """Create an API token for a user or a system. The token is shown only once."""
    check_may_manage_users(caller.actor)
    response.headers["Cache-Control"] = "no-store"
    token, issued = identity.new_token(person_id, caller.actor, body.days)
    role = identity.people.check_is_here(person_id).role
    security_log.token_issued(caller.actor.id, credential_id=issued.id, for_actor_id=person_id, role=role)
    return NewToken(token=token, token_id=issued.id, expires_at=issued.expires_at)


@router.get("/tokens", responses=READ_RESPONSES)
def list_tokens(identity: IdentityOfApp, caller: CallerOfRequest) -> TokensAnswer:
    """List all tokens with their users and states. The secrets are not shown."""
    check_may_view_users(caller.actor)
    directory = identity.people.read()
    return TokensAnswer(
        tokens=[_token_view(one, directory.person(one.person_id), identity) for one in directory.tokens.values()]
    )


@router.post("/tokens/{token_id}/revoke", responses=documented(403, 404) | BODY)
def revoke_token(
    identity: IdentityOfApp,
    caller: CallerOfRequest,
    token_id: TokenIdInPath,
    body: Annotated[Reason, Body(examples=[{"reason": "Lost."}])],
) -> TokenView:
    """Revoke a token. It ends within a second. To revoke a token again has no effect."""
    check_may_manage_users(caller.actor)
    identity.people.revoke_token(token_id, caller.actor, body.reason)
    security_log.token_revoked(caller.actor.id, credential_id=token_id)
    token = identity.people.known.tokens[token_id]
    return _token_view(token, identity.people.known.person(token.person_id), identity)


# -- schemas of answers -----------------------------------------------------------------------


def _link(identity: IdentityOfApp, person: Actor, by: Actor) -> LinkView:
    code, issued = identity.new_link(person.id, by)
    security_log.link_issued(by.id, for_actor_id=person.id, role=person.role)
    return LinkView(person=person, code=code, path=f"/sign-in/{code}", expires_at=issued.expires_at)


def _person_view(one: Admitted) -> PersonView:
    return PersonView(person=one.actor, admitted_at=one.since, has_signed_in=one.has_signed_in)


def _token_view(one: Issued, person: Actor | None, identity: IdentityOfApp) -> TokenView:
    state: Literal["holds", "expired", "revoked"] = "holds"
    if one.ended_at is not None:
        state = "revoked"
    elif not one.holds_at(identity.ledger.now()):
        state = "expired"
    return TokenView(
        token_id=one.id,
        person_id=one.person_id,
        role=person.role if person is not None else None,
        issued_at=one.issued_at,
        issued_by=one.issued_by,
        expires_at=one.expires_at,
        state=state,
    )
