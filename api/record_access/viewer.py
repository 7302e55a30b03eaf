"""Who is shown a record, why, through what, and from where: what an access row needs besides the record itself."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.permissions.disclosure import NewAccess, Purpose, Through, User, View


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user, and what is known of the request: its purpose, its channel, and its origin.

    `origin` is the network address, or the machine of a command line.
    """

    user: User
    purpose: Purpose | None
    through: Through
    origin: str

    @property
    def is_person(self) -> bool:
        """A person's access is on disk before the answer. A system's access follows within a second."""
        return self.user.role != "service"

    def access(self, view: View, patient_id: UUID | None, subject: str | None = None) -> NewAccess:
        return NewAccess(self.user, view, patient_id, subject, self.purpose, self.through, self.origin)
