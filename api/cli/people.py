"""Who may sign in, by command line: `invite`, `people list|remove`, `token create|list|revoke`.

Whoever can write to the ledger's store may do this; it is recorded as the machine's user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from pydantic import ValidationError

from api.cli.opening import open_existing_ledger, plainly
from api.cli.options import OPTIONS, Database
from api.cli.output import print_result
from api.cli.program import AsJson, app
from api.http import security_log
from api.record_access.command_line import machine_user
from domain.errors import AlreadyRecorded, InvalidCommand
from domain.people import Actor, Credential, Role

if TYPE_CHECKING:
    from api.identity.identity import Identity
    from domain.ledger.application import Ledger

OPTIONS.update({"person_id": "PERSON", "token_id": "TOKEN", "id": "--id"})

token_commands = typer.Typer(
    help="Create, list, and revoke API tokens.\n\n"
    "Example: lemtrada-ledger token create --role service --name 'Claims feed'",
    rich_markup_mode=None,
)
people_commands = typer.Typer(
    help="List and remove users.\n\nExample: lemtrada-ledger people list", rich_markup_mode=None
)
app.add_typer(token_commands, name="token")
app.add_typer(people_commands, name="people")

RoleOption = Annotated[Role, typer.Option("--role", help="What she may do.")]
NameOption = Annotated[str, typer.Option("--name", help="Of the person or system.")]
IdOption = Annotated[str | None, typer.Option("--id", help="By which she is recorded; made of the name if left out.")]
CredentialOption = Annotated[Credential, typer.Option("--credential")]
OfficeOption = Annotated[str | None, typer.Option("--office", metavar="ID", help="That a requester acts for.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Recorded with it.")]

LOCAL_URL: Final = "http://127.0.0.1:8000"


def operator() -> Actor:
    """The machine's user, as she stands with what she does by command line: the same as with what she looks at."""
    user = machine_user()
    return Actor(id=user.id, name=f"{user.name} by command line", role="administrator")


@app.command("invite")
def invite_command(
    role: Annotated[Role | None, typer.Option("--role", help="What she may do; not needed for a known --id.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Of the person; not needed for a known --id.")] = None,
    identifier: IdOption = None,
    credential: CredentialOption = "none",
    specialty: Annotated[str | None, typer.Option("--specialty", help="Of a physician.")] = None,
    office: OfficeOption = None,
    reports_to: Annotated[
        list[str] | None,
        typer.Option("--reports-to", metavar="ID", help="Who is above her, nearest first; repeatable."),
    ] = None,
    url: Annotated[
        str, typer.Option("--url", envvar="LEMTRADA_PUBLIC_URL", help="Under which browsers see the server.")
    ] = LOCAL_URL,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Create a sign-in link that works once.

    The link expires after 24 hours. A person who is not a user yet is added.

    For somebody who is known, --id is enough; it makes her a new link, and the one before it is void.

    Example: lemtrada-ledger invite --role reviewer --name "Nora Nurse" --credential nurse
    """
    with plainly(), open_existing_ledger(database) as ledger:
        identity = _identity(ledger)
        known = identity.people.read().person(identifier) if identifier is not None else None
        if known is not None and role is None and name is None:
            person = known
        elif role is None or name is None:
            raise InvalidCommand(
                "a new person needs a role and a name",
                field="--role" if role is None else "--name",
                remedy="add both, or name somebody who is known with --id; see `people list`",
            )
        else:
            above = tuple(reports_to or ())
            described: dict[str, Any] = {"specialty": specialty, "office": office, "reports_to": above}
            person = _admitted(identity, identifier, role, name, credential=credential, **described)
        code, issued = identity.new_link(person.id, operator())
        link = f"{url.rstrip('/')}/sign-in/{code}"
        if as_json:
            print_result({"person": _person_json(person), "link": link, "expires_at": issued.expires_at.isoformat()})
            return
        print_result(f"{person.name} ({person.id}, {person.role.replace('_', ' ')}) signs in once with this link:")
        print_result(f"  {link}")
        print_result(f"It works until {issued.expires_at:%Y-%m-%d %H:%M} UTC, and is not shown again.")


@token_commands.command("create")
def token_create_command(
    role: RoleOption,
    name: NameOption,
    identifier: IdOption = None,
    credential: CredentialOption = "none",
    office: OfficeOption = None,
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="How long it holds.")] = 90,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make an API token, which is shown this once. Who it is for is admitted if she is new.

    Example: lemtrada-ledger token create --role service --name "Claims feed"
    """
    with plainly(), open_existing_ledger(database) as ledger:
        identity = _identity(ledger)
        person = _admitted(identity, identifier, role, name, credential=credential, office=office, again=True)
        token, issued = identity.new_token(person.id, operator(), days)
        if as_json:
            expires_at = issued.expires_at.isoformat()
            print_result(
                {"token": token, "token_id": issued.id, "person": _person_json(person), "expires_at": expires_at}
            )
            return
        print_result(f"A token for {person.name} ({person.id}, {person.role.replace('_', ' ')}), id {issued.id}:")
        print_result(f"  {token}")
        print_result(f"It holds until {issued.expires_at:%Y-%m-%d %H:%M} UTC, and is not shown again.")


@token_commands.command("list")
def token_list_command(database: Database = None, as_json: AsJson = False) -> None:
    """Print every token that was made, whose it is, and whether it holds; never the token itself.

    Example: lemtrada-ledger token list
    """
    with plainly(), open_existing_ledger(database) as ledger:
        directory, now = _identity(ledger).people.read(), ledger.now()
        rows = [
            {
                "token_id": one.id,
                "person_id": one.person_id,
                "expires_at": one.expires_at.isoformat(),
                "state": "revoked" if one.ended_at is not None else "holds" if one.holds_at(now) else "expired",
            }
            for one in directory.tokens.values()
        ]
        print_result(rows if as_json else "\n".join("\t".join(row.values()) for row in rows))


@token_commands.command("revoke")
def token_revoke_command(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id, from `token list`; never the token.")],
    reason: ReasonOption = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a token stop, within a second on every server. Once more is harmless.

    Example: lemtrada-ledger token revoke 0123456789abcdef --reason "Lost."
    """
    with plainly(), open_existing_ledger(database) as ledger:
        by = operator()
        _identity(ledger).people.revoke_token(token, by, reason)
        security_log.token_revoked(by.id, credential_id=token)
        print_result({"token_id": token, "state": "revoked"} if as_json else f"The token {token} is revoked.")


@people_commands.command("list")
def person_list_command(database: Database = None, as_json: AsJson = False) -> None:
    """Print who may work with this ledger, and in which role.

    Example: lemtrada-ledger people list
    """
    with plainly(), open_existing_ledger(database) as ledger:
        people = [one.actor for one in _identity(ledger).people.read().people.values()]
        if as_json:
            print_result([_person_json(one) for one in people])
        else:
            print_result("\n".join("\t".join((one.id, one.role, one.credential, one.name)) for one in people))


@people_commands.command("remove")
def person_remove_command(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Her id, from `people list`.")],
    reason: ReasonOption = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Take away all access of a person: her sessions, links and tokens stop within a second.

    Example: lemtrada-ledger people remove nora.nurse --reason "Left the plan."
    """
    with plainly(), open_existing_ledger(database) as ledger:
        identity, by = _identity(ledger), operator()
        identity.people.remove(person, by, reason)
        identity.sessions.end_all_of(person)
        security_log.person_removed(by.id, actor_id=person)
        print_result(
            {"person_id": person, "state": "removed"} if as_json else f"{person} may do nothing here any more."
        )


# -- what they share --------------------------------------------------------------------------


def _identity(ledger: Ledger) -> Identity:
    from api.identity import Identity  # noqa: PLC0415  (FastAPI is slow to import, and other commands need none of it)

    return Identity(ledger)


def _admitted(
    identity: Identity, identifier: str | None, role: Role, name: str, *, again: bool = False, **more: Any
) -> Actor:
    """A new person; `again`: or one who is exactly so already. Raises InvalidCommand and AlreadyRecorded."""
    from api.identity.new_person import NewPerson  # noqa: PLC0415

    try:
        person = NewPerson(id=identifier, name=name, role=role, **more).person()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = str(first["loc"][0]).replace("_", "-") if first["loc"] else "name"
        remedy = "an id has letters, digits and . _ @ : -"
        raise InvalidCommand(first["msg"], field=f"--{field}", remedy=remedy) from None
    known = identity.people.read().person(person.id)
    if known is None:
        by = operator()
        identity.people.admit(person, by)
        security_log.person_admitted(by.id, actor_id=person.id, role=person.role)
    elif known != person or not again:
        raise AlreadyRecorded(
            "somebody has this id already" + ("" if known == person else ", and is described otherwise"),
            field="id",
            remedy="give another with --id, or see `people list`",
        )
    return person


def _person_json(person: Actor) -> dict[str, Any]:
    return person.model_dump(mode="json", exclude_none=True)
