"""The people of a request: users of the ledger, prescribers and consulted specialists, as they are recorded."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from domain.facts import Consultation, FrozenModel, Name, Specialty, is_empty, is_none

Role = Literal["requester", "reviewer", "clinician", "appeals_clinician", "auditor", "service", "administrator"]
Credential = Literal["physician", "pharmacist", "nurse", "nurse_practitioner", "physician_assistant", "none"]

DOCUMENT_READERS: Final[frozenset[Role]] = frozenset({"reviewer", "clinician", "appeals_clinician"})
"""The roles that may record that a document supports a finding (R14): clinical roles of the plan, not requesters."""

ActorId = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._@:-]+$")]


class Actor(FrozenModel):
    """The user who gives a command, with role and credential. The actor is recorded in each event.

    `reports_to` has the ids of all managers of the user, the direct manager first. `office` is the provider office
    that a requester acts for. The users of one office share their requests.
    """

    id: ActorId
    name: Name
    role: Role
    credential: Credential = "none"
    specialty: Name | None = None
    reports_to: Annotated[tuple[ActorId, ...], Field(max_length=20, exclude_if=is_empty)] = ()
    office: ActorId | None = Field(default=None, exclude_if=is_none)


class Prescriber(FrozenModel):
    """The prescriber of a request. A nurse practitioner or physician assistant needs a consultation (R19)."""

    name: Name
    npi: Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")] | None = None
    specialty: Specialty | None = None
    credential: Credential = "physician"


class ConsultationGiven(FrozenModel):
    """A consultation with a specialist. The specialty `none` states that there was no consultation."""

    specialty: Consultation
    name: Name | None = Field(default=None, description="The name of the specialist.")
