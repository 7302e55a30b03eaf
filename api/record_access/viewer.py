"""The viewer of a record. A row of the access log consists of the viewer and of what was viewed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.permissions.disclosure import NewAccess, Purpose, Through, User, View


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user, and the purpose, the channel (`through`) and the origin of the request.

    `origin` is the network address, or the name of the machine for the command line.
    """

    user: User
    purpose: Purpose | None
    through: Through
    origin: str

    @property
    def is_person(self) -> bool:
        """Whether the user is a person. A person's access is on disk before the answer, a system's within a second."""
        return self.user.role != "service"

    def access(self, view: View, patient_id: UUID | None, subject: str | None = None) -> NewAccess:
        """A row for the access log. `patient_id` is None if the answer shows no patient."""
        return NewAccess(self.user, view, patient_id, subject, self.purpose, self.through, self.origin)
