"""Who looked: one row for each read of a patient's data, and the digest of a batch of them.

A batch's digest is SHA-256 over its rows, each as the JSON it is stored as and a newline. A row
has 16 random bytes of its own, so that the digest tells nothing of what it is over.
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
from domain.facts import Fact, Name
from domain.people import Actor, ActorId, Role

Purpose = Literal["TREAT", "HPAYMT", "HOPERAT", "ETREAT", "PATRQT", "FAMRQT", "HRESCH", "PUBHLTH", "COVERAGE", "HLEGAL"]
"""Codes of HL7 v3 PurposeOfUse: treatment, payment, operations, emergency, the patient's or her family's request,
research, public health, coverage, legal."""

Through = Literal["api", "page", "export", "command line"]

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
"""What of a patient was shown: an entry of the documentation, in the field's words."""

VIEWS: Final[tuple[View, ...]] = View.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class MachineUser:
    """Who reads by the command line: the machine says who she is, and nobody what her role would be."""

    id: ActorId
    name: Name
    role: None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody is about to be shown; the log adds when, and a salt."""

    actor: Actor | MachineUser
    view: View
    patient_id: UUID | None
    subject: str | None
    purpose: Purpose | None
    through: Through
    origin: str


class Access(Fact):
    """One read, before it is answered. `patient_id` is None where nobody was found, or everybody was asked about.

    `subject` is the request, appeal or document; `origin` the network address, or the machine of a command line.
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
    def of(cls, look: Look, at: datetime, salt: bytes) -> Access:
        """Of origin, what is too long or can't be printed is left out: it comes from the network."""
        return cls(
            at=at,
            actor_id=look.actor.id,
            actor_name=look.actor.name,
            role=look.actor.role,
            patient_id=look.patient_id,
            view=look.view,
            subject=look.subject,
            purpose=look.purpose,
            through=look.through,
            origin="".join(filter(str.isprintable, look.origin))[:200],
            salt=salt.hex(),
        )

    def row(self) -> str:
        """As it is stored, and as its digest is over."""
        written: bytes = type(self).__pydantic_serializer__.to_json(self)
        return written.decode()


def digest_of(rows: Iterable[str]) -> str:
    """Of a batch, in the order of its numbers; hexadecimal."""
    found = hashlib.sha256()
    for row in rows:
        found.update(row.encode() + b"\n")
    return found.hexdigest()
