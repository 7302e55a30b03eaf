"""A person as an administrator describes her, and the id that is made of her name where none is given."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import Field

from domain.errors import InvalidCommand
from domain.facts import FrozenModel, Name
from domain.people import Actor, ActorId, Credential, Role


class NewPerson(FrozenModel):
    """`id` is made of the name where it is left out; `reports_to` are those above her, nearest first."""

    id: ActorId | None = None
    name: Name
    role: Role
    credential: Credential = "none"
    specialty: Name | None = None
    reports_to: Annotated[tuple[ActorId, ...], Field(max_length=20)] = ()
    office: ActorId | None = Field(default=None, description="The id of the provider office of a requester.")

    def person(self, identifier: str | None = None) -> Actor:
        """Under this id, whatever it says itself. Raises InvalidCommand where the name makes none."""
        described = self.model_dump(exclude={"id"})
        return Actor(id=identifier or self.id or id_of_name(self.name), **described)


def id_of_name(name: str) -> str:
    """Nora Nurse is nora.nurse. Raises InvalidCommand for a name in letters that no id has."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    identifier = re.sub(r"[^a-z0-9]+", ".", plain).strip(".")[:100]
    if not identifier:
        raise InvalidCommand(
            "no user id can be derived from this name", field="id", remedy="send an id, for example nora.nurse"
        )
    return identifier
