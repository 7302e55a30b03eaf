"""Who may see what. A person of the plan sees what the work needs, a requester what is her office's own.

The auditor reads everything; an administrator, who keeps people and settings, reads nothing of a
patient. What a requester may not know of does not exist for her: she is told the same as of nobody.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from domain.errors import NotFound, NotPermitted
from domain.events import PatientEvent
from domain.events.patient import RequesterAdmitted
from domain.history.records import Appeal, DocumentOnRecord, Notice, Request
from domain.history.state import PatientHistory
from domain.people import Actor, Role
from domain.permissions.disclosure import User, View

if TYPE_CHECKING:
    from domain.commands import Command

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


def sight_of(user: User) -> Sight:
    return Sight.OWN if user.role == "requester" else Sight.WHOLE


def office_of(user: User) -> str | None:
    """Whose own requests alone this person sees; None for whoever sees everybody's."""
    return user.asks_as if isinstance(user, Actor) and sight_of(user) is Sight.OWN else None


def seen_by(office: str | None) -> str:
    """As it stands in the tag of an answer, so that two who see differently never share one."""
    return Sight.WHOLE.value if office is None else f"{Sight.OWN.value}-{office}"


def check_may_see(user: User, view: View) -> None:
    """Raise NotPermitted unless the role may see this kind of thing. A command line has no roles."""
    allowed = MAY_SEE[view]
    if user.role is not None and user.role not in allowed:
        who = " or ".join(sorted(role.replace("_", " ") for role in allowed))
        raise NotPermitted(
            f"the role {user.role.replace('_', ' ')} may not view this ({view.replace('_', ' ')})",
            field="Authorization",
            remedy=f"ask a user with one of these roles: {who}",
        )


def check_knows_of(user: User, history: PatientHistory) -> None:
    """Raise NotFound where a requester asks for a patient of others, in the words in which nobody is not found."""
    if not knows_of(user, history):
        raise no_such_patient()


def knows_of(user: User, history: PatientHistory) -> bool:
    """A requester knows of those whose history her office opened, was admitted to, or asked in."""
    return (office := office_of(user)) is None or office in history.requesters


def no_such_patient() -> NotFound:
    return NotFound("The patient was not found", field="patient_id", remedy="check the patient id")


# -- what of a patient whom she knows of is hers ------------------------------------------------


def is_own(user: User, request: Request) -> bool:
    """Whether this person may see this request of a patient whom she knows of."""
    return is_of(office_of(user), request)


def is_of(office: str | None, request: Request) -> bool:
    """None is whoever sees everybody's."""
    return office is None or request.submitted_by.asks_as == office


def request_seen(user: User, history: PatientHistory, request_id: str) -> Request:
    """Raises NotFound, of another office's request as of none."""
    found = history.request(request_id)
    if found is None or not is_own(user, found):
        raise NotFound(
            "the request was not found", field="request_id", remedy="use an id from the patient's list of requests"
        )
    return found


def appeal_seen(user: User, history: PatientHistory, appeal_id: str) -> Appeal:
    """Raises NotFound, of an appeal about another office's request as of none."""
    found = history.appeal(appeal_id)
    if found is None or not _is_about_own(user, history, found.request_id):
        raise NotFound(
            "the appeal was not found", field="appeal_id", remedy="use an id from the patient's list of appeals"
        )
    return found


def appeals_seen(user: User, history: PatientHistory) -> tuple[Appeal, ...]:
    return tuple(one for one in history.appeals if _is_about_own(user, history, one.request_id))


def document_seen(user: User, history: PatientHistory, document_id: str) -> DocumentOnRecord:
    """Raises NotFound, of a document for another office's request as of none."""
    found = history.document(document_id)
    if found is None or not _is_about_own(user, history, found.request_id):
        raise NotFound(
            "the document was not found", field="document_id", remedy="use an id from the patient's list of documents"
        )
    return found


def notice_seen(user: User, history: PatientHistory, notice_id: str) -> Notice:
    """Raises NotFound, of a notice about another office's request as of none."""
    found = history.notice(notice_id)
    if found is None or not _is_about_own(user, history, found.request_id):
        raise NotFound(
            "the notice was not found", field="notice_id", remedy="use an id from the request's list of notices"
        )
    return found


ReadEvents = Callable[[UUID], Sequence[PatientEvent]]


def shown_version(user: User, history: PatientHistory, version: int, read: ReadEvents) -> int:
    """A version of this history as the user is shown it.

    For an office it is the number of events in the office's own view, so that it shows nothing of other offices.
    """
    if (office := office_of(user)) is None or _is_whole_view(office, history):
        return version
    return bisect_right(_own_versions(office, history, read), version)


def version_shown_as(user: User, history: PatientHistory, shown: int, read: ReadEvents) -> int | None:
    """The version that `shown_version` gave out as `shown`. None where there is no such version."""
    if (office := office_of(user)) is None or _is_whole_view(office, history):
        return shown
    own = _own_versions(office, history, read)
    return own[shown - 1] if 1 <= shown <= len(own) else None


def _is_whole_view(office: str, history: PatientHistory) -> bool:
    """Whether no other office is in this history, so that every event is in the view of this one."""
    return set(history.requesters) <= {office} and all(is_of(office, one) for one in history.requests)


def _own_versions(office: str, history: PatientHistory, read: ReadEvents) -> list[int]:
    events = read(history.patient_id)[: history.version]
    return [one.originator_version for one in events if _is_in_view(office, history, one)]


def _is_in_view(office: str, history: PatientHistory, event: PatientEvent) -> bool:
    if isinstance(event, RequesterAdmitted):
        return event.actor.asks_as == office
    request_id = _request_of(history, event)
    request = history.request(request_id) if request_id is not None else None
    return request is None or is_of(office, request)


def _request_of(history: PatientHistory, event: PatientEvent) -> str | None:
    """The request that an event is about, by itself or through its appeal, document, or notice."""
    if (named := getattr(event, "request_id", None)) is not None:
        return str(named)
    appeal_id, document_id = getattr(event, "appeal_id", None), getattr(event, "document_id", None)
    notice_id = getattr(event, "notice_id", None)
    found = (
        history.appeal(appeal_id)
        if appeal_id is not None
        else history.document(document_id)
        if document_id is not None
        else history.notice(notice_id)
        if notice_id is not None
        else None
    )
    return found.request_id if found is not None else None


def check_concerns_own(user: User, history: PatientHistory, command: Command) -> None:
    """Raise NotFound where a requester's command names what is another office's, as if it were not there."""
    if sight_of(user) is Sight.WHOLE:
        return
    for field, seen in _NAMED.items():
        if (named := getattr(command, field, None)) is not None:
            seen(user, history, named)


def _is_about_own(user: User, history: PatientHistory, request_id: str) -> bool:
    request = history.request(request_id)
    return request is not None and is_own(user, request)


_NAMED: Final[dict[str, Callable[[User, PatientHistory, str], object]]] = {
    "request_id": request_seen,
    "appeal_id": appeal_seen,
    "document_id": document_seen,
    "notice_id": notice_seen,
}
