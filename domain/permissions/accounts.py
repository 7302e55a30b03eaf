"""Who may sign in to this ledger, and with what: computed from the events about users.

Of a secret, only the hash is known. A user who was removed keeps no link or token that was issued earlier, even if the
user is admitted again. A new link voids an earlier link of the user that was not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, assert_never

from domain.errors import NotPermitted
from domain.events.system import (
    THE_LEDGER_ITSELF,
    LinkIssued,
    LinkUsed,
    PeopleEvent,
    PersonAdmitted,
    PersonChanged,
    PersonRemoved,
    TokenIssued,
    TokenRevoked,
)
from domain.people import Actor

OPERATOR_PREFIX: Final = "os:"
"""The first characters of the id under which a user of the command line is recorded."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A link or a token. `ended_at` is when it was used, revoked, or voided by a later event."""

    id: str
    person_id: str
    secret_sha256: str
    issued_at: datetime
    expires_at: datetime
    issued_by: str
    ended_at: datetime | None = None
    was_used: bool = False

    def holds_at(self, instant: datetime) -> bool:
        """Whether the link or token is valid at this instant."""
        return self.ended_at is None and instant < self.expires_at


@dataclass(frozen=True, slots=True)
class Admitted:
    """A user who may use this ledger. `since` is when the user was admitted, the last time."""

    actor: Actor
    since: datetime
    has_signed_in: bool = False


def _no_credentials() -> Mapping[str, Issued]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Directory:
    """The users, links and tokens after `version` events. `at` is when the last of these events was recorded."""

    version: int = 0
    at: datetime | None = None
    people: Mapping[str, Admitted] = field(default_factory=lambda: MappingProxyType({}))
    links: Mapping[str, Issued] = field(default_factory=_no_credentials)
    tokens: Mapping[str, Issued] = field(default_factory=_no_credentials)

    def person(self, person_id: str) -> Actor | None:
        """The user with this id; None if the id was never admitted, or was removed."""
        user = self.people.get(person_id)
        return user.actor if user is not None else None

    def administrators(self) -> tuple[Admitted, ...]:
        return tuple(one for one in self.people.values() if one.actor.role == "administrator")

    def has_active_administrator(self, instant: datetime) -> bool:
        """Whether an administrator has ever signed in, or holds a valid token.

        If so, the ledger no longer gives out the link for the first administrator.
        """
        holders = {one.person_id for one in self.tokens.values() if one.holds_at(instant)}
        return any(one.has_signed_in or one.actor.id in holders for one in self.administrators())


def fold(events: Iterable[PeopleEvent], before: Directory = Directory()) -> Directory:
    """The directory after these events, which follow the events of `before`."""
    people, links, tokens = dict(before.people), dict(before.links), dict(before.tokens)
    version, at = before.version, before.at
    for event in events:
        _apply(event, people, links, tokens)
        version, at = event.originator_version, event.recorded_at
    return Directory(version, at, MappingProxyType(people), MappingProxyType(links), MappingProxyType(tokens))


def _apply(
    event: PeopleEvent, people: dict[str, Admitted], links: dict[str, Issued], tokens: dict[str, Issued]
) -> None:
    match event:
        case PersonAdmitted():
            people[event.person.id] = Admitted(event.person, event.at)
        case PersonChanged():
            people[event.person.id] = replace(people[event.person.id], actor=event.person)
        case PersonRemoved():
            people.pop(event.person_id, None)
            for issued in (links, tokens):
                _end(issued, event.person_id, event.at)
        case LinkIssued():
            _end(links, event.person_id, event.at)
            links[event.link_id] = _issued(event.link_id, event)
        case LinkUsed():
            link = links[event.link_id]
            links[event.link_id] = replace(link, ended_at=event.at, was_used=True)
            people[link.person_id] = replace(people[link.person_id], has_signed_in=True)
        case TokenIssued():
            tokens[event.token_id] = _issued(event.token_id, event)
        case TokenRevoked():
            tokens[event.token_id] = replace(tokens[event.token_id], ended_at=event.at)
        case _:
            assert_never(event)


def _issued(identifier: str, event: LinkIssued | TokenIssued) -> Issued:
    return Issued(identifier, event.person_id, event.secret_sha256, event.at, event.expires_at, event.actor.id)


def _end(issued: dict[str, Issued], person_id: str, at: datetime) -> None:
    for identifier, one in issued.items():
        if one.person_id == person_id and one.ended_at is None:
            issued[identifier] = replace(one, ended_at=at)


EMPTY_DIRECTORY: Final = Directory()
"""The directory before the first event."""


def is_reserved(person_id: str) -> bool:
    """Whether this id is never a person's: it is the ledger's own, or of a user of the command line."""
    return person_id == THE_LEDGER_ITSELF.id or person_id.startswith(OPERATOR_PREFIX)


def check_may_manage_users(actor: Actor) -> None:
    """Raises NotPermitted unless the actor is an administrator. Only administrators manage users, links and tokens."""
    if actor.role != "administrator":
        raise NotPermitted(
            f"the role {actor.role.replace('_', ' ')} may not manage users",
            field="Authorization",
            remedy="ask an administrator",
        )


def check_may_view_users(actor: Actor) -> None:
    """Raises NotPermitted unless the actor is an administrator or an auditor.

    An auditor may view users, but not change them.
    """
    if actor.role not in ("administrator", "auditor"):
        raise NotPermitted(
            f"the role {actor.role.replace('_', ' ')} may not view users",
            field="Authorization",
            remedy="ask an administrator or an auditor",
        )
