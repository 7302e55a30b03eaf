"""Events of the ledger itself, in no patient's history: its users, its access log, and its seal.

    users       who may sign in and with what; secrets are stored only as their hashes
    accesses    a digest of each batch of the access log, whose rows have a table of their own
    the clock   that an administrator found the clock right
    the seal    which keys sign for this ledger, and where its Merkle tree starts

Each of these has streams of its own. They are in the same log as all other events, and are sealed with it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from domain.calendar import Instant
from domain.events.base import Event
from domain.facts import Name, is_false, is_none
from domain.people import Actor, ActorId

THE_LEDGER_ITSELF: Final = Actor(id="lemtrada-ledger", name="The ledger itself", role="service")
"""The actor of events that no person caused."""

SecretHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of a secret of 32 random bytes.")]
CredentialId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", description="By which a link or a token is spoken of.")]
NoteLine = Annotated[str, Field(min_length=1, max_length=2_000)]

# -- users ----------------------------------------------------------------------------------------


class PersonAdmitted(Event):
    """A person may use this ledger, in this role and with this credential."""

    TOPIC: ClassVar[str] = "PersonAdmitted"

    person: Actor


class PersonChanged(Event):
    """The role, the credential or the superiors of a user changed. The id stays the same."""

    TOPIC: ClassVar[str] = "PersonChanged"

    person: Actor


class PersonRemoved(Event):
    """A user may no longer use this ledger. The links and tokens of the user are no longer valid."""

    TOPIC: ClassVar[str] = "PersonRemoved"

    person_id: ActorId
    reason: Name | None = Field(default=None, exclude_if=is_none)


class LinkIssued(Event):
    """A link that signs in the user once, until it expires."""

    TOPIC: ClassVar[str] = "LinkIssued"

    link_id: CredentialId
    person_id: ActorId
    secret_sha256: SecretHash
    expires_at: Instant


class LinkUsed(Event):
    """The user signed in with the link."""

    TOPIC: ClassVar[str] = "LinkUsed"

    link_id: CredentialId


class TokenIssued(Event):
    """An API token for a user or a system. The token itself was shown once and is not stored."""

    TOPIC: ClassVar[str] = "TokenIssued"

    token_id: CredentialId
    person_id: ActorId
    secret_sha256: SecretHash
    expires_at: Instant


class TokenRevoked(Event):
    """An API token is no longer valid."""

    TOPIC: ClassVar[str] = "TokenRevoked"

    token_id: CredentialId
    reason: Name | None = Field(default=None, exclude_if=is_none)


# -- the access log -------------------------------------------------------------------------------


class AccessesRecorded(Event):
    """One batch of the access log: rows `first` to `first + count - 1` of the register of this stream."""

    TOPIC: ClassVar[str] = "AccessesRecorded"

    first: Annotated[int, Field(ge=1)]
    count: Annotated[int, Field(ge=1)]
    rows_sha256: Annotated[
        str, Field(pattern=r"^[0-9a-f]{64}$", description="Over the rows, as `domain.permissions.disclosure` says.")
    ]

    clock_in_doubt: bool = Field(
        default=False,
        exclude_if=is_false,
        description="The clock was beyond its bounds. Accesses are recorded nevertheless, so that reading goes on.",
    )

    @property
    def happened(self) -> datetime:
        return self.at


# -- the clock --------------------------------------------------------------------------------


class ClockConfirmed(Event):
    """An administrator states that the clock is right, though it is beyond a bound. Events are dated by it again."""

    TOPIC: ClassVar[str] = "ClockConfirmed"

    reason: Name
    database_ahead_seconds: float | None = Field(
        default=None,
        exclude_if=is_none,
        description="How far the clock of the database server was ahead of this machine's, if there is a server.",
    )


# -- the seal ---------------------------------------------------------------------------------


class SealStarted(Event):
    """A Merkle tree over this log starts under `origin`. `after` is the last checkpoint before a restore, if any."""

    TOPIC: ClassVar[str] = "SealStarted"

    origin: NoteLine
    after: Annotated[str, Field(max_length=4_000)] | None = Field(default=None, exclude_if=is_none)
    reason: Name | None = Field(default=None, exclude_if=is_none)


class SealingKeyNamed(Event):
    """From now on, this key signs checkpoints. `replaces` is the key that signed until now."""

    TOPIC: ClassVar[str] = "SealingKeyNamed"

    verifier_key: NoteLine
    replaces: NoteLine | None = Field(default=None, exclude_if=is_none)
    cause: Literal["first_start", "rotation", "new_origin"]


PeopleEvent = PersonAdmitted | PersonChanged | PersonRemoved | LinkIssued | LinkUsed | TokenIssued | TokenRevoked
SealEvent = SealStarted | SealingKeyNamed
SystemEvent = PeopleEvent | AccessesRecorded | ClockConfirmed | SealEvent
