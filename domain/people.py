"""Who acts: the people of a determination, as they are recorded with everything they do."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from domain.facts import Consultation, FrozenModel, Name, Specialty

Role = Literal["requester", "reviewer", "clinician", "appeals_clinician", "auditor", "service", "administrator"]
Credential = Literal["physician", "pharmacist", "nurse", "nurse_practitioner", "physician_assistant", "none"]

DOCUMENT_READERS: Final[frozenset[Role]] = frozenset({"reviewer", "clinician", "appeals_clinician"})
"""Who may record that a document supports a finding (R14): people of the plan, not who asks."""

ActorId = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._@:-]+$")]


class Actor(FrozenModel):
    """Who did it, in which role, with which credential; given with each command and recorded.

    `reports_to` are the ids of everyone above this person, nearest first; `office` is the
    prescriber's office that a requester acts for, whose people share what one of them asked.
    """

    id: ActorId
    name: Name
    role: Role
    credential: Credential = "none"
    specialty: Name | None = None
    reports_to: Annotated[tuple[ActorId, ...], Field(max_length=20, exclude_if=lambda value: not value)] = ()
    office: ActorId | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def asks_as(self) -> str:
        """Whose requests are this person's own: her office's, or hers alone. No id holds a space."""
        return f"office {self.office}" if self.office is not None else f"person {self.id}"


class Prescriber(FrozenModel):
    """Who asks for the treatment (R19: a nurse practitioner or assistant needs the consultation)."""

    name: Name
    npi: Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")] | None = None
    specialty: Specialty | None = None
    credential: Credential = "physician"

    def specialty_judged(self) -> Specialty | None:
        """The specialty that counts: only a physician's own (R19)."""
        if self.credential in ("physician",) or self.specialty is None:
            return self.specialty
        return "other"


class ConsultationGiven(FrozenModel):
    """A named consultation with a specialist; `none` says that there was none."""

    specialty: Consultation
    name: Name | None = Field(default=None, description="The name of the specialist.")
