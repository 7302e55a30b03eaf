"""A user to add or change, as an administrator describes the user, and the default id, which is made from the name."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from domain.errors import InvalidCommand
from domain.facts import FrozenModel, Name, value_faults
from domain.people import Actor, ActorId, Credential, Role


def _plain(name: str) -> str:
    for found in value_faults(name, ("name",)):
        raise PydanticCustomError(found["type"], found["msg"])
    return name


StatedName = Annotated[Name, AfterValidator(_plain)]
"""A name as a person or a system may send it: one line, without control characters."""


class NewPerson(FrozenModel):
    """A user to add or change. Without `id`, the id is made from the name.

    `reports_to` lists the ids of the user's supervisors, nearest first.
    """

    id: ActorId | None = None
    name: StatedName
    role: Role
    credential: Credential = "none"
    specialty: StatedName | None = None
    reports_to: Annotated[tuple[ActorId, ...], Field(max_length=20)] = ()
    office: ActorId | None = Field(default=None, description="The id of the provider office of a requester.")

    def person(self, identifier: str | None = None) -> Actor:
        """The actor. `identifier` overrides `id`. Raises InvalidCommand if no id can be made from the name."""
        fields = self.model_dump(exclude={"id"})
        return Actor(id=identifier or self.id or id_of_name(self.name), **fields)


def id_of_name(name: str) -> str:
    """The id for a name: Nora Nurse becomes nora.nurse.

    Raises InvalidCommand for a name without Latin letters and digits.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    identifier = re.sub(r"[^a-z0-9]+", ".", plain).strip(".")[:100]
    if not identifier:
        raise InvalidCommand(
            "no user id can be derived from this name", field="id", remedy="send an id, for example nora.nurse"
        )
    return identifier
