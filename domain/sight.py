"""Who may see what. A person of the plan sees what the work needs, a requester what is her office's own.

The auditor reads everything; an administrator, who keeps people and settings, reads nothing of a
patient. What a requester may not know of does not exist for her: she is told the same as of nobody.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from domain.accesses import View
from domain.errors import NotFound, NotPermitted
from domain.history import PatientHistory, Request
from domain.people import Actor, Role

_PLAN: Final[frozenset[Role]] = frozenset({"reviewer", "clinician", "appeals_clinician", "auditor"})
_OFFICES: Final[frozenset[Role]] = _PLAN | {"requester"}
_AUDITOR: Final[frozenset[Role]] = frozenset({"auditor"})

MAY_SEE: Final[dict[View, frozenset[Role]]] = {
    "find": _OFFICES | {"service"},
    "eligibility": _OFFICES | {"service"},
    "courses": _OFFICES,
    "requests": _OFFICES,
    "request": _OFFICES,
    "documents": _OFFICES,
    "document": _OFFICES,
    "appeals": _OFFICES,
    "appeal": _OFFICES,
    "person": _PLAN,
    "history": _PLAN,
    "audit_trail": _PLAN,
    "replay": _PLAN,
    "dossier": _PLAN,
    "worklist": _PLAN,
    "proof": _PLAN,
    "export": _AUDITOR,
    "accesses": _AUDITOR,
    "audit_events": _AUDITOR,
}


class Sight(Enum):
    """How much of an answer somebody sees: all of it, or what her own office asked."""

    WHOLE = "whole"
    OWN = "own"


def sight_of(actor: Actor) -> Sight:
    return Sight.OWN if actor.role == "requester" else Sight.WHOLE


def check_may_see(actor: Actor, view: View) -> None:
    """Raise NotPermitted unless the role may look at this kind of thing at all."""
    allowed = MAY_SEE[view]
    if actor.role not in allowed:
        who = " or ".join(sorted(role.replace("_", " ") for role in allowed))
        raise NotPermitted(
            f"the role {actor.role.replace('_', ' ')} may not see this ({view.replace('_', ' ')})",
            field="Authorization",
            remedy=f"have it looked at by: {who}",
        )


def check_knows_of(actor: Actor, history: PatientHistory) -> None:
    """Raise NotFound where a requester asks for a patient of others, in the words in which nobody is not found."""
    if actor.role == "requester" and actor.asks_as not in history.requesters:
        raise no_such_patient()


def no_such_patient() -> NotFound:
    return NotFound("There is no such patient", field="patient_id", remedy="check the patient's id")


def is_own(actor: Actor, request: Request) -> bool:
    """Whether this person may see this request of a patient whom she knows of."""
    return actor.role != "requester" or request.submitted_by.asks_as == actor.asks_as
