"""The fields that every event has, and the ids of everything that events name."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, Final, Literal, NamedTuple
from uuid import UUID

from pydantic import ConfigDict, Field

from domain.calendar import Instant
from domain.facts import FrozenModel, Name, is_none
from domain.people import Actor

NO_PATIENT_ID: Final = UUID(int=0)
"""The id of an event that has no place in a history yet."""

_UUID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
RequestId = Annotated[str, Field(pattern=_UUID + r"\.r[0-9]{1,6}$")]
DoseId = Annotated[str, Field(pattern=_UUID + r"\.d[0-9]{1,6}$")]
ReportId = Annotated[str, Field(pattern=_UUID + r"\.t[0-9]{1,6}$")]
ReportedCourseId = Annotated[str, Field(pattern=_UUID + r"\.t[0-9]{1,6}\.c[0-9]{1,2}$")]
DocumentId = Annotated[str, Field(pattern=_UUID + r"\.f[0-9]{1,6}$")]
NoticeId = Annotated[str, Field(pattern=_UUID + r"\.n[0-9]{1,6}$")]
AgentEntryId = Annotated[str, Field(pattern=_UUID + r"\.g[0-9]{1,6}$")]
AppealId = Annotated[str, Field(pattern=_UUID + r"\.a[0-9]{1,6}$")]


Subject = Literal[
    "patient",
    "coverage",
    "representative",
    "other agent",
    "report",
    "dose",
    "claim line",
    "course",
    "document",
    "request",
    "determination",
    "notice",
    "appeal",
]
Effect = Literal["create", "update", "void"]


class About(NamedTuple):
    """What an event of a patient's history is about, and what the event does to it.

    Nothing is ever deleted: what is voided stays on record and no longer counts.
    """

    subject: Subject
    effect: Effect


class ImportedFrom(FrozenModel):
    """The line of an import that an event is from. The event happened earlier, and was recorded at the import."""

    source: Name
    reference: Name


class Event(FrozenModel):
    """The base of every event. `salt` keeps a hash of the stored bytes from revealing anything.

    `TOPIC` names the class in the store and never changes. `TITLE` is displayed. Every event of a patient's history has
    a `TITLE` and an `ABOUT`, and both may change.
    """

    # The schema of a class is built when the class is first used: a command of the command line needs few of them.
    model_config = ConfigDict(frozen=True, defer_build=True)

    TOPIC: ClassVar[str]
    TITLE: ClassVar[str]
    ABOUT: ClassVar[About]
    class_version: ClassVar[int] = 1

    originator_id: UUID = Field(default=NO_PATIENT_ID, exclude=True)
    originator_version: int = Field(default=0, exclude=True)
    recorded_at: Instant
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="16 random bytes.")]
    command_id: UUID = Field(description="The command that this event came from; its other events share it.")
    actor: Actor
    imported_from: ImportedFrom | None = Field(default=None, exclude_if=is_none)
    clock_at: Instant | None = Field(
        default=None,
        exclude_if=is_none,
        description="The instant of the checked clock, if `recorded_at` had to be later only to follow an event that"
        " was recorded while a clock was ahead.",
    )

    @property
    def at(self) -> datetime:
        """The instant of the recording, by the checked clock. `recorded_at` only orders the events of a history."""
        return self.clock_at if self.clock_at is not None else self.recorded_at

    @property
    def patient_id(self) -> UUID:
        """The patient whose history the event is in."""
        return self.originator_id

    @property
    def happened(self) -> datetime | date:
        """When the event happened. If the event does not state a time, this is when it was recorded."""
        return self.at
