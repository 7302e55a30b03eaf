"""The rows of the access log, one for each read of a patient's data, and the digest of a batch of rows.

The digest of a batch is SHA-256 over its rows, each as the JSON that is stored, followed by a newline. Each row has 16
random bytes of its own, so that the digest reveals nothing about its content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from domain.calendar import Instant
from domain.facts import FrozenModel, Name
from domain.people import Actor, ActorId, Role

Purpose = Literal["TREAT", "HPAYMT", "HOPERAT", "ETREAT", "PATRQT", "FAMRQT", "HRESCH", "PUBHLTH", "COVERAGE", "HLEGAL"]
"""Codes of HL7 v3 PurposeOfUse.

In order: treatment, payment, operations, emergency, the patient's request, the family's request, research, public
health, coverage, legal.
"""

Through = Literal["api", "page", "export", "command line"]
"""The channel through which the data was read."""

View = Literal[
    "find",
    "eligibility",
    "courses",
    "person",
    "requests",
    "request",
    "documents",
    "document",
    "appeals",
    "appeal",
    "history",
    "audit_trail",
    "replay",
    "dossier",
    "worklist",
    "export",
    "proof",
    "accesses",
    "audit_events",
]
"""What was shown of a patient: a part of the record, or a list that contains it."""

VIEWS: Final[tuple[View, ...]] = View.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class MachineUser:
    """The user of a command line, as the machine names them. There is no sign-in there, so the user has no role."""

    id: ActorId
    name: Name
    role: None = None


User = Actor | MachineUser
"""Everyone who can be shown a record."""


@dataclass(frozen=True, slots=True)
class NewAccess:
    """An access that is about to be recorded. The log adds the time and a salt."""

    actor: User
    view: View
    patient_id: UUID | None
    subject: str | None
    purpose: Purpose | None
    through: Through
    origin: str


class Access(FrozenModel):
    """One read, recorded before the data is returned. `patient_id` is None if no patient is shown.

    `subject` is the id of the request, appeal or document. `origin` is the network address, or the machine of a command
    line.
    """

    at: Instant
    actor_id: ActorId
    actor_name: Name
    role: Role | None = None
    patient_id: UUID | None = None
    view: View
    subject: Annotated[str, Field(max_length=60)] | None = None
    purpose: Purpose | None = None
    through: Through
    origin: Annotated[str, Field(max_length=200)]
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="16 random bytes.")]

    @classmethod
    def of(cls, new: NewAccess, at: datetime, salt: bytes) -> Access:
        """The access at this time, with these 16 random bytes as salt.

        The origin is from the network, so characters that cannot be printed, and those after the first 200, are left
        out.
        """
        return cls(
            at=at,
            actor_id=new.actor.id,
            actor_name=new.actor.name,
            role=new.actor.role,
            patient_id=new.patient_id,
            view=new.view,
            subject=new.subject,
            purpose=new.purpose,
            through=new.through,
            origin="".join(filter(str.isprintable, new.origin))[:200],
            salt=salt.hex(),
        )

    def row(self) -> str:
        """The row as it is stored, and as the digest includes it."""
        content: bytes = type(self).__pydantic_serializer__.to_json(self)
        return content.decode()


def digest_of(rows: Iterable[str]) -> str:
    """The digest of a batch, in hexadecimal. `rows` are in the order of their numbers."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(row.encode() + b"\n")
    return digest.hexdigest()
