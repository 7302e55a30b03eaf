"""The commands for users and API tokens: `invite`, `people list|remove`, `token create|list|revoke`.

Anyone who can write to the database may use these commands. Each change is recorded with the machine's user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from pydantic import ValidationError

from api.cli.opening import errors_to_exit_status, open_existing_ledger
from api.cli.options import AsJson, Database, IdOption, OfficeOption
from api.cli.output import print_result
from api.cli.program import app
from api.cli.tables import Column, show_table
from api.cli.values import OPTIONS, refused_value
from api.http import security_log
from api.record_access.command_line import machine_user
from api.server.served_addresses import served_at
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

RoleOption = Annotated[Role, typer.Option("--role", help="Role of the user.")]
NameOption = Annotated[str, typer.Option("--name", help="Name of the user or system.")]
CredentialOption = Annotated[Credential, typer.Option("--credential", help="Professional credential of the user.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Reason, which is recorded.")]

LOCAL_URL: Final = "http://127.0.0.1:8000"
PERSON_COLUMNS: Final = (Column("id"), Column("role", 2), Column("credential", 3), Column("name", 4))
TOKEN_COLUMNS: Final = (Column("token id"), Column("user"), Column("expires"), Column("state", 2))


def operator() -> Actor:
    """The machine's user as the actor of a change, with the same ID as in the access log."""
    user = machine_user()
    return Actor(id=user.id, name=f"{user.name} by command line", role="administrator")


@app.command("invite")
def invite_command(
    role: Annotated[
        Role | None, typer.Option("--role", help="Role of the user. Not needed for the --id of a known user.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the user. Not needed for the --id of a known user.")
    ] = None,
    identifier: IdOption = None,
    credential: CredentialOption = "none",
    specialty: Annotated[str | None, typer.Option("--specialty", help="Specialty of a physician.")] = None,
    office: OfficeOption = None,
    reports_to: Annotated[
        list[str] | None,
        typer.Option("--reports-to", metavar="ID", help="ID of a supervisor, nearest first. Can be repeated."),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            envvar="LEMTRADA_PUBLIC_URL",
            help="Address of the server in browsers. Default: the address at which the ledger is being served.",
        ),
    ] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Create a sign-in link that works once.

    The link expires after 24 hours. A person who is not a user yet is added.

    For a known user, --id is enough: the user gets a new link, and the previous link stops working.

    Example: lemtrada-ledger invite --role reviewer --name "Nora Nurse" --credential nurse
    """
    with errors_to_exit_status(), open_existing_ledger(database) as ledger:
        identity = _identity(ledger)
        known = identity.people.read().person(identifier) if identifier is not None else None
        if known is not None and role is None and name is None:
            person = known
        elif role is None or name is None:
            raise InvalidCommand(
                "a new user needs a role and a name",
                field="--role" if role is None else "--name",
                remedy="add both, or give the --id of a known user; see `people list`",
            )
        else:
            supervisors = tuple(reports_to or ())
            details: dict[str, Any] = {"specialty": specialty, "office": office, "reports_to": supervisors}
            person = _add_user(identity, identifier, role, name, credential=credential, **details)
        code, issued = identity.new_link(person.id, operator())
        served = url or served_at(ledger)
        link = f"{(served or LOCAL_URL).rstrip('/')}/sign-in/{code}"
        if as_json:
            print_result({"person": _person_json(person), "link": link, "expires_at": issued.expires_at.isoformat()})
            return
        print_result(f"{person.name} ({person.id}, {person.role.replace('_', ' ')}) can sign in once with this link:")
        print_result(f"  {link}")
        if served is None:
            print_result("No running server was found. The link is for the default address; --url names another one.")
        print_result(f"The link expires on {issued.expires_at:%Y-%m-%d at %H:%M} UTC. It is not shown again.")


@token_commands.command("create")
def token_create_command(
    role: RoleOption,
    name: NameOption,
    identifier: IdOption = None,
    credential: CredentialOption = "none",
    office: OfficeOption = None,
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="Number of days until the token expires.")] = 90,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Create an API token, which is shown once. A person or system that is not a user yet is added.

    Example: lemtrada-ledger token create --role service --name "Claims feed"
    """
    with errors_to_exit_status(), open_existing_ledger(database) as ledger:
        identity = _identity(ledger)
        person = _add_user(identity, identifier, role, name, credential=credential, office=office, may_exist=True)
        token, issued = identity.new_token(person.id, operator(), days)
        if as_json:
            expires_at = issued.expires_at.isoformat()
            print_result(
                {"token": token, "token_id": issued.id, "person": _person_json(person), "expires_at": expires_at}
            )
            return
        print_result(f"A token for {person.name} ({person.id}, {person.role.replace('_', ' ')}), id {issued.id}:")
        print_result(f"  {token}")
        print_result(f"The token expires on {issued.expires_at:%Y-%m-%d at %H:%M} UTC. It is not shown again.")


@token_commands.command("list")
def token_list_command(database: Database = None, as_json: AsJson = False) -> None:
    """List all tokens, their users, and whether they are valid. The tokens themselves are not shown.

    Example: lemtrada-ledger token list
    """
    with errors_to_exit_status(), open_existing_ledger(database) as ledger:
        directory, now = _identity(ledger).people.read(), ledger.now()
        rows = [
            {
                "token_id": token.id,
                "person_id": token.person_id,
                "expires_at": token.expires_at.isoformat(),
                "state": "revoked" if token.ended_at is not None else "holds" if token.holds_at(now) else "expired",
            }
            for token in directory.tokens.values()
        ]
        if as_json:
            print_result(rows)
        else:
            show_table(TOKEN_COLUMNS, [tuple(row.values()) for row in rows], heads_in_pipe=False)


@token_commands.command("revoke")
def token_revoke_command(
    token: Annotated[
        str, typer.Argument(metavar="TOKEN", help="ID of the token, from `token list`. Not the token itself.")
    ],
    reason: ReasonOption = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a token. It stops working within a second on every server. The command can be repeated.

    Example: lemtrada-ledger token revoke 0123456789abcdef --reason "Lost."
    """
    with errors_to_exit_status(), open_existing_ledger(database) as ledger:
        by = operator()
        _identity(ledger).people.revoke_token(token, by, reason)
        security_log.token_revoked(by.id, credential_id=token)
        print_result({"token_id": token, "state": "revoked"} if as_json else f"The token {token} is revoked.")


@people_commands.command("list")
def person_list_command(database: Database = None, as_json: AsJson = False) -> None:
    """List the users of the ledger and their roles.

    Example: lemtrada-ledger people list
    """
    with errors_to_exit_status(), open_existing_ledger(database) as ledger:
        people = [person.actor for person in _identity(ledger).people.read().people.values()]
        if as_json:
            print_result([_person_json(person) for person in people])
        else:
            rows = [(person.id, person.role, person.credential, person.name) for person in people]
            show_table(PERSON_COLUMNS, rows, heads_in_pipe=False)


@people_commands.command("remove")
def person_remove_command(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="ID of the user, from `people list`.")],
    reason: ReasonOption = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Remove a user. Their sessions, links, and tokens stop working within a second.

    Example: lemtrada-ledger people remove nora.nurse --reason "Left the plan."
    """
    with errors_to_exit_status(), open_existing_ledger(database) as ledger:
        identity, by = _identity(ledger), operator()
        identity.people.remove(person, by, reason)
        identity.sessions.end_all_of(person)
        security_log.person_removed(by.id, actor_id=person)
        print_result(
            {"person_id": person, "state": "removed"} if as_json else f"{person} is removed and has no access."
        )


# -- shared --------------------------------------------------------------------------


def _identity(ledger: Ledger) -> Identity:
    from api.identity import Identity  # noqa: PLC0415  (FastAPI is slow to import, and other commands do not need it)

    return Identity(ledger)


def _add_user(
    identity: Identity, identifier: str | None, role: Role, name: str, *, may_exist: bool = False, **details: Any
) -> Actor:
    """Adds a user, and returns the user. With `may_exist`, a user who exists with the same details is returned.

    Raises InvalidCommand for details that are not valid, and AlreadyRecorded if the ID is in use.
    """
    from api.identity.new_person import NewPerson  # noqa: PLC0415

    try:
        person = NewPerson(id=identifier, name=name, role=role, **details).person()
    except ValidationError as error:
        path = error.errors(include_input=False)[0]["loc"]
        field = str(path[0]).replace("_", "-") if path else "name"
        raise refused_value(error, f"--{field}") from None
    known = identity.people.read().person(person.id)
    if known is None:
        by = operator()
        identity.people.admit(person, by)
        security_log.person_admitted(by.id, actor_id=person.id, role=person.role)
    elif known != person or not may_exist:
        raise AlreadyRecorded(
            "a user has this ID already" + ("" if known == person else ", with another description"),
            field="id",
            remedy="give another ID with --id, or see `people list`",
        )
    return person


def _person_json(person: Actor) -> dict[str, Any]:
    return person.model_dump(mode="json", exclude_none=True)
