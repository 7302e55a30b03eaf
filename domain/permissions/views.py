"""Who may see what. A user of the plan sees what the work needs; a requester sees what is of their own office.

An auditor reads everything. An administrator, who manages users and settings, reads no patient data. What a requester
may not see does not exist for the requester: the answer is the same as for a record that does not exist.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from domain.errors import NotFound, NotPermitted
from domain.events import PatientEvent
from domain.events.base import Event
from domain.events.patient import LineOfBusinessChanged, RepresentativeNamed, RequesterAdmitted
from domain.events.treatment import ClaimLineRecorded, ClaimReplaced, DoseAdministered, DoseCorrected
from domain.history import evolve
from domain.history.records import Appeal, ApprovalRecord, DocumentOnRecord, Notice, Request
from domain.history.requests import is_same_request
from domain.history.state import PatientHistory, requester_key
from domain.people import Actor, Role
from domain.permissions.disclosure import User, View
from domain.policy.assessment import Assessment
from domain.policy.referral import HISTORIES_LINKED, LINKED_SENTENCE, Reason
from domain.treatment.approval_use import in_effect, variances
from domain.treatment.courses import courses

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
"""The roles that may see each view."""


class Visibility(Enum):
    """How much of an answer a user sees: all of it, or what the user's own office requested."""

    WHOLE = "whole"
    OWN = "own"


def visibility_of(user: User) -> Visibility:
    """How much the user sees: a requester what is of their office, everyone else everything."""
    return Visibility.OWN if user.role == "requester" else Visibility.WHOLE


def office_of(user: User) -> str | None:
    """The office (or the person without one) whose requests alone the user sees; None if the user sees all requests."""
    return requester_key(user) if isinstance(user, Actor) and visibility_of(user) is Visibility.OWN else None


def visibility_tag(office: str | None) -> str:
    """The part of an answer's tag that names the office.

    Two users who may see different answers therefore never share a tag.
    """
    return Visibility.WHOLE.value if office is None else f"{Visibility.OWN.value}-{office}"


def check_may_see(user: User, view: View) -> None:
    """Raises NotPermitted unless the role may see this view.

    A user of the command line has no role and may see every view.
    """
    allowed = MAY_SEE[view]
    if user.role is not None and user.role not in allowed:
        who = " or ".join(sorted(role.replace("_", " ") for role in allowed))
        raise NotPermitted(
            f"the role {user.role.replace('_', ' ')} may not view this ({view.replace('_', ' ')})",
            field="Authorization",
            remedy=f"ask a user with one of these roles: {who}",
        )


def check_may_know_of(user: User, history: PatientHistory) -> None:
    """Raises NotFound if a requester may not know of this patient, with the words used for a nonexistent patient."""
    if not may_know_of(user, history):
        raise no_such_patient()


def may_know_of(user: User, history: PatientHistory) -> bool:
    """Whether the user may know of this patient.

    A requester may if the requester's office opened the history, was admitted to it, or submitted a request in it.
    """
    return (office := office_of(user)) is None or office in history.requesters


def no_such_patient() -> NotFound:
    """The error for a patient that does not exist, or that the user may not know of."""
    return NotFound("The patient was not found", field="patient_id", remedy="check the patient id")


# -- what a requester sees of a patient -----------------------------------------------------------


def is_own_request(user: User, request: Request) -> bool:
    """Whether the user may see this request of a patient that the user knows of."""
    return is_request_of(office_of(user), request)


def is_request_of(office: str | None, request: Request) -> bool:
    """Whether the request is of this office. None is for a user who sees all requests."""
    return office is None or requester_key(request.submitted_by) == office


def same_requests(history: PatientHistory, request: Request, office: str | None = None) -> tuple[str, ...]:
    """The ids of the patient's other requests that are the same as this one, oldest first.

    A withdrawn or dismissed request is not among them. With an `office`, only its own requests are.
    """
    return tuple(
        one.request_id
        for one in history.requests
        if one.request_id != request.request_id
        and one.status not in ("withdrawn", "dismissed")
        and is_request_of(office, one)
        and is_same_request(one, request)
    )


def visible_request(user: User, history: PatientHistory, request_id: str) -> Request:
    """The request with this id. Raises NotFound if there is none, or if it is another office's."""
    request = history.request(request_id)
    if request is None or not is_own_request(user, request):
        raise _not_found("request")
    return request


def visible_appeal(user: User, history: PatientHistory, appeal_id: str) -> Appeal:
    """The appeal with this id. Raises NotFound if there is none, or if it is about another office's request."""
    appeal = history.appeal(appeal_id)
    if appeal is None or not _is_about_own(user, history, appeal.request_id):
        raise _not_found("appeal")
    return appeal


def visible_appeals(user: User, history: PatientHistory) -> tuple[Appeal, ...]:
    """The appeals that the user may see."""
    return tuple(one for one in history.appeals if _is_about_own(user, history, one.request_id))


def visible_document(user: User, history: PatientHistory, document_id: str) -> DocumentOnRecord:
    """The document with this id. Raises NotFound if there is none, or if it is for another office's request."""
    document = history.document(document_id)
    if document is None or not _is_about_own(user, history, document.request_id):
        raise _not_found("document")
    return document


def visible_notice(user: User, history: PatientHistory, notice_id: str) -> Notice:
    """The notice with this id. Raises NotFound if there is none, or if it is about another office's request."""
    notice = history.notice(notice_id)
    if notice is None or not _is_about_own(user, history, notice.request_id):
        raise _not_found("notice", of="request")
    return notice


def _not_found(what: str, *, of: str = "patient") -> NotFound:
    """The error for a record that does not exist, and for another office's record."""
    return NotFound(
        f"the {what} was not found", field=f"{what}_id", remedy=f"use an id from the {of}'s list of {what}s"
    )


def check_concerns_own(user: User, history: PatientHistory, command: Command) -> None:
    """Raises NotFound if a requester's command names a record of another office, as if the record did not exist."""
    if visibility_of(user) is Visibility.WHOLE:
        return
    for field, check_seen in _SEEN_BY_FIELD.items():
        if (value := getattr(command, field, None)) is not None:
            check_seen(user, history, value)


def _is_about_own(user: User, history: PatientHistory, request_id: str) -> bool:
    request = history.request(request_id)
    return request is not None and is_own_request(user, request)


_SEEN_BY_FIELD: Final[dict[str, Callable[[User, PatientHistory, str], object]]] = {
    "request_id": visible_request,
    "appeal_id": visible_appeal,
    "document_id": visible_document,
    "notice_id": visible_notice,
}
"""For each field of a command that names a record, the function that raises NotFound if the user may not see it."""


# -- the versions of a history, as a user is shown them ------------------------------------------------
#
# A user who sees the whole record is shown the versions themselves. A provider office is shown the number of events in
# its own view up to a version. So the number changes only if something changed that the office may know of, and it
# tells nothing of how many events there are about other offices.


ReadEvents = Callable[[UUID], Sequence[PatientEvent]]
"""Reads the events of a patient's history."""

_SHOWN_TO_NO_OTHER_OFFICE: Final[tuple[type[Event], ...]] = (
    LineOfBusinessChanged,
    RepresentativeNamed,
    RequesterAdmitted,
)
"""Events about the patient that change nothing that another office is shown, if an office recorded them."""

_SHOWN_TO_NO_OFFICE: Final[tuple[type[Event], ...]] = (ClaimLineRecorded,)
"""Claim lines without a dose: an office is shown no denied line, and no void that waits (`course_list`)."""

_SHOWN_TO_EVERY_OFFICE: Final[tuple[type[Event], ...]] = (DoseAdministered, DoseCorrected, ClaimReplaced)
"""Events that every office sees the effect of, even if they name another office's request: doses (`course_list`)."""


@dataclass(frozen=True, slots=True)
class ShownVersions:
    """The versions of one history, as one user is shown them.

    `office` is the office whose view this is, and `in_view` has the versions of the events in that view. Both are None
    for a user who sees the whole record. `in_view` is also None for an office that sees every event.
    """

    patient_id: UUID
    version: int
    office: str | None = None
    in_view: tuple[int, ...] | None = None

    @property
    def current(self) -> int:
        """The number that is shown for the newest version."""
        return self.shown(self.version)

    def shown(self, version: int) -> int:
        """The number that is shown for a version."""
        return version if self.in_view is None else bisect_right(self.in_view, version)

    def version_of(self, shown: int) -> int | None:
        """The first version for which the number is shown, or None if there is none."""
        if self.in_view is None:
            return shown if 1 <= shown <= self.version else None
        return self.in_view[shown - 1] if 1 <= shown <= len(self.in_view) else None


def shown_versions(office: str | None, history: PatientHistory, read: ReadEvents) -> ShownVersions:
    """The versions of a history as a user is shown them: a user of this office, or with None one who sees all of it."""
    in_view = None if office is None or _is_whole_view(office, history) else tuple(_in_view(office, history, read))
    return ShownVersions(history.patient_id, history.version, office, in_view)


def _is_whole_view(office: str, history: PatientHistory) -> bool:
    """Whether no other office is in this history, and no claim line without a dose: this office sees every event."""
    is_alone = set(history.requesters) <= {office} and all(is_request_of(office, one) for one in history.requests)
    return is_alone and not history.claim_lines


def _in_view(office: str, history: PatientHistory, read: ReadEvents) -> Iterator[int]:
    """The versions of the events that change what the office is shown, oldest first."""
    before: PatientHistory | None = None
    for event in read(history.patient_id)[: history.version]:
        after = evolve(before, event)
        if _is_shown(office, history, event) or (before is not None and _changes_treatment(office, before, after)):
            yield event.originator_version
        before = after


def _is_shown(office: str, history: PatientHistory, event: PatientEvent) -> bool:
    """Whether the office may know of the event: it is about its own request, or about the patient."""
    if isinstance(event, _SHOWN_TO_NO_OFFICE):
        return False
    if isinstance(event, _SHOWN_TO_NO_OTHER_OFFICE) and not _changes_deadlines(history, event):
        return event.actor.role != "requester" or requester_key(event.actor) == office
    request_id = None if isinstance(event, _SHOWN_TO_EVERY_OFFICE) else _request_of(history, event)
    request = history.request(request_id) if request_id is not None else None
    return request is None or is_request_of(office, request)


def _changes_deadlines(history: PatientHistory, event: PatientEvent) -> bool:
    """Whether the event may change when requests are due: it states or replaces a state or a funding."""
    if not isinstance(event, LineOfBusinessChanged):
        return False
    return event.state is not None or event.funding is not None or bool(history.coverage)


def _request_of(history: PatientHistory, event: PatientEvent) -> str | None:
    """The request that an event is about, by itself or through its appeal, document, or notice."""
    if (value := getattr(event, "request_id", None)) is not None:
        return str(value)
    appeal_id, document_id = getattr(event, "appeal_id", None), getattr(event, "document_id", None)
    notice_id = getattr(event, "notice_id", None)
    subject = (
        history.appeal(appeal_id)
        if appeal_id is not None
        else history.document(document_id)
        if document_id is not None
        else history.notice(notice_id)
        if notice_id is not None
        else None
    )
    return subject.request_id if subject is not None else None


def _changes_treatment(office: str, before: PatientHistory, after: PatientHistory) -> bool:
    """Whether a changed approval of another office's request changes what this office is shown of the treatment."""
    if before.approvals == after.approvals:
        return False
    return _treatment_shown(office, before) != _treatment_shown(office, after)


def _treatment_shown(office: str, history: PatientHistory) -> tuple[object, ...]:
    """The variances of all doses, and the days on which another office's approval is in effect instead of its own."""
    found = courses(history)
    own = [one for one in history.approvals if _is_own(office, history, one)]
    others = len(history.approvals) > len(own)
    return (
        [(dose.dose_id, variances(history, found, dose)) for dose in history.doses],
        [day for one in own for day in _days(one) if others and not _is_own_in_effect(office, history, day)],
    )


def _days(approval: ApprovalRecord) -> Iterator[date]:
    count = (approval.valid_through - approval.valid_from).days + 1
    return (approval.valid_from + timedelta(days=number) for number in range(count))


def _is_own_in_effect(office: str, history: PatientHistory, day: date) -> bool:
    approval = in_effect(history, courses(history, day), day)
    return approval is not None and _is_own(office, history, approval)


def _is_own(office: str, history: PatientHistory, approval: ApprovalRecord) -> bool:
    request = history.request(approval.request_id)
    return request is not None and is_request_of(office, request)


# -- a link, as an office sees it --------------------------------------------------------------


def assessment_shown(assessment: Assessment, office: str | None) -> Assessment:
    """The assessment as an office may see it. A user of the plan (`office` is None) sees all of it."""
    if office is None or not assessment.circumstances.linked_histories:
        return assessment
    return assessment.model_copy(
        update={
            "circumstances": assessment.circumstances.model_copy(update={"linked_histories": ()}),
            "reasons": reasons_shown(assessment.reasons, office),
        }
    )


def reasons_shown(reasons: tuple[Reason, ...], office: str | None) -> tuple[Reason, ...]:
    """The reasons as an office may see them: without the id of a linked history."""
    if office is None:
        return reasons
    return tuple(
        one.model_copy(update={"sentence": LINKED_SENTENCE}) if one.code == HISTORIES_LINKED else one for one in reasons
    )
