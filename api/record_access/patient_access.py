"""The one class through which the API, the pages, and the command line read anything of a patient.

    with access.request(request_id) as (history, request):
        answer = assess(history, request)

The viewer's permission is checked first. An access is recorded when the block ends, and also when the domain refuses
inside of the block, because a refusal shows something of the record that was read. Nothing is recorded when nothing
was found, the viewer is not allowed to see it, or the input is malformed. Return the answer after the block, so that
no byte of it is sent before the access is recorded.

An office that asks for a patient or a request of another office gets the answer for one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from eventsourcing.persistence import PersistenceError

from api.record_access.viewer import Viewer
from domain.deadline_terms.table import DeadlineTable
from domain.errors import Conflict, LedgerError, NotFound
from domain.events import PatientEvent
from domain.events.patient import Member
from domain.history import fold
from domain.history.records import Appeal, DocumentOnRecord, Request
from domain.history.state import PatientHistory
from domain.ledger.access_log.writer import FLUSH_ROWS, AccessLog
from domain.ledger.errors import StoreError
from domain.ledger.members import check_intact
from domain.ledger.reader import LedgerReader
from domain.ledger.stores.unavailable import Unavailable
from domain.people import Actor
from domain.permissions import views
from domain.permissions.disclosure import User, View
from domain.permissions.views import ShownVersions, shown_versions
from domain.seal.entries import LogEntry

_NOT_FOUND: Final = (NotFound,)
_NONE: Final[tuple[type[LedgerError], ...]] = ()

Events = tuple[PatientEvent, ...]


class PatientAccess:
    """Access of one viewer for one answer.

    Every method that shows something raises NotPermitted if the viewer's role may not see it, NotFound if there is no
    such record for this viewer, and StoreError if the access cannot be recorded. Then nothing is shown.
    """

    def __init__(self, ledger: LedgerReader, viewer: Viewer, log: AccessLog) -> None:
        self.ledger = ledger
        self.viewer = viewer
        self.office = views.office_of(viewer.user)
        self._log = log
        self._shown: set[UUID] = set()

    @property
    def user(self) -> User:
        return self.viewer.user

    @property
    def actor(self) -> Actor:
        """The signed-in user. A command line has none."""
        assert isinstance(self.user, Actor), "a command line does not act in a role"
        return self.user

    # -- one patient ------------------------------------------------------------------------------

    @contextmanager
    def history(
        self, patient_id: UUID, view: View, *, subject: str | None = None, known_at: datetime | None = None
    ) -> Iterator[PatientHistory]:
        """The history of a patient. If the block raises NotFound, nothing was shown, and no access is recorded."""
        history = self._history(patient_id, view, known_at)
        with self._recorded(patient_id, view, subject, unless=_NOT_FOUND):
            yield history

    @contextmanager
    def events(
        self, patient_id: UUID, view: View, *, subject: str | None = None, known_at: datetime | None = None
    ) -> Iterator[Events]:
        """The events of a patient. Accesses are recorded as by `history`."""
        events = self._events(patient_id, view, known_at)
        with self._recorded(patient_id, view, subject, unless=_NOT_FOUND):
            yield events

    @contextmanager
    def events_between(
        self, patient_id: UUID, view: View, first: int, last: int, *, known_at: datetime | None = None
    ) -> Iterator[tuple[Events, int]]:
        """The events from version `first` to version `last`, and the version of the newest event on record.

        Accesses are recorded as by `history`. With `known_at`, all events are read to find those recorded by then.
        """
        page = self._events_between(patient_id, view, first, last, known_at)
        with self._recorded(patient_id, view, None, unless=_NOT_FOUND):
            yield page

    @contextmanager
    def latest_events(
        self, patient_id: UUID, view: View, before: int | None, limit: int
    ) -> Iterator[tuple[Events, int]]:
        """The last `limit` events, or the last ones before version `before`; and the version of the newest event."""
        newest = self._history(patient_id, view, None).version
        last = min(before - 1, newest) if before is not None else newest
        with self.events_between(patient_id, view, max(last - limit, 0) + 1, last) as page:
            yield page

    @contextmanager
    def trail_between(
        self, patient_id: UUID, first: int, last: int, *, subject: str | None = None, known_at: datetime | None = None
    ) -> Iterator[tuple[PatientHistory | None, Events, int]]:
        """The history before version `first`, and what `events_between` returns. Without events, the history is None.

        Only events are folded that follow the latest cached version of the history.
        """
        events, newest = self._events_between(patient_id, "audit_trail", first, last, known_at)
        before = self.ledger.history(patient_id, through_version=first - 1) if events and first > 1 else None
        with self._recorded(patient_id, "audit_trail", subject, unless=_NOT_FOUND):
            yield before, events, newest

    def versions_of_command(self, event: PatientEvent) -> range:
        """The versions of the events of one command. An access to the patient must be recorded with the event."""
        return self.ledger.events.versions_of_command(event)

    def holder(self, member: Member, on: date | None = None) -> UUID | None:
        """The patient of a member ID, in any spelling; None also for a patient whom this office does not know.

        `on` is the day of a service for which the ID was stated. Raises InvalidCommand if a spreadsheet damaged the
        ID, and Conflict if it identifies no patient for sure; the conflict is an access to the patients.
        """
        holders = self.ledger.members.holders(member)
        if not holders:
            check_intact(member)
        if self.office is not None:
            holders = tuple(one for one in holders if views.may_know_of(self.user, self.ledger.history(one)))
        if not holders:
            return None
        try:
            return self.ledger.find(member, on=on)
        except Conflict:
            self._record(holders, "find", None)
            raise

    @contextmanager
    def found(self, member: Member, on: date | None = None) -> Iterator[PatientHistory]:
        """The history of a member. Raises NotFound also for a patient whom this office does not know."""
        views.check_may_see(self.user, "find")
        patient_id = self.holder(member, on)
        if patient_id is None:
            raise NotFound("no history is open for this member", field="member", remedy="open one with POST /patients")
        with self._recorded(patient_id, "find", None, unless=_NOT_FOUND):
            yield self.ledger.history(patient_id)

    def same_person(self, history: PatientHistory) -> tuple[UUID, ...]:
        """Other patients with the same name and birth date whom the viewer may know of. Each is an access."""
        found = self.ledger.members.same_person(history, at_opening=True)
        known = tuple(one.patient_id for one in found if views.may_know_of(self.user, one))
        self._record(known, "find", None)
        return known

    # -- requests, appeals, documents, and events of a history ------------------------------------

    @contextmanager
    def request(
        self, request_id: str, *, view: View = "request", known_at: datetime | None = None
    ) -> Iterator[tuple[PatientHistory, Request]]:
        """A request and the history of its patient."""
        history = self._history(patient_of(request_id), view, known_at)
        request = views.visible_request(self.user, history, request_id)
        with self._recorded(history.patient_id, view, request_id):
            yield history, request

    @contextmanager
    def request_events(
        self, request_id: str, *, view: View = "request", known_at: datetime | None = None
    ) -> Iterator[tuple[Events, PatientHistory, Request]]:
        """A request, and the events and the history of its patient."""
        events, history = self._folded(patient_of(request_id), view, known_at)
        request = views.visible_request(self.user, history, request_id)
        with self._recorded(history.patient_id, view, request_id):
            yield events, history, request

    @contextmanager
    def appeal(
        self, appeal_id: str, *, view: View = "appeal", known_at: datetime | None = None
    ) -> Iterator[tuple[PatientHistory, Appeal]]:
        """An appeal and the history of its patient."""
        history = self._history(patient_of(appeal_id), view, known_at)
        appeal = views.visible_appeal(self.user, history, appeal_id)
        with self._recorded(history.patient_id, view, appeal_id):
            yield history, appeal

    @contextmanager
    def appeal_events(
        self, appeal_id: str, *, view: View = "appeal", known_at: datetime | None = None
    ) -> Iterator[tuple[Events, PatientHistory, Appeal]]:
        """An appeal, and the events and the history of its patient."""
        events, history = self._folded(patient_of(appeal_id), view, known_at)
        appeal = views.visible_appeal(self.user, history, appeal_id)
        with self._recorded(history.patient_id, view, appeal_id):
            yield events, history, appeal

    @contextmanager
    def document(self, document_id: str, *, known_at: datetime | None = None) -> Iterator[DocumentOnRecord]:
        """A document on record."""
        history = self._history(patient_of(document_id), "document", known_at)
        document = views.visible_document(self.user, history, document_id)
        with self._recorded(history.patient_id, "document", document_id):
            yield document

    def entry(self, patient_id: UUID, version: int) -> LogEntry:
        """The stored bytes of one event, as they are sealed. Records the access. Raises NotFound."""
        self._check(patient_id, "proof")
        rows = self.ledger.recorder.rows_of(patient_id, version, version)
        if not rows:
            raise NotFound("no such event", field="version", remedy="send a version that is on record")
        ((_, topic, state),) = rows
        self.record([patient_id], "proof", str(version))
        return LogEntry(patient_id, version, topic, self.ledger.events.mapper.plain_state(bytes(state)))

    def bytes_of(self, patient_id: UUID, sha256: str) -> Iterator[bytes]:
        """The bytes of a document, in pieces. An access to the patient must be recorded before."""
        assert patient_id in self._shown, "an access is recorded before bytes are read"
        return self.ledger.documents.open(patient_id, sha256)

    # -- the versions of a history that an answer shows -------------------------------------------

    def versions(self, history: PatientHistory) -> ShownVersions:
        """The versions of this history as the viewer is shown them."""
        return shown_versions(self.office, history, self.ledger.events)

    # -- recording accesses -----------------------------------------------------------------------

    def record(self, patient_ids: Iterable[UUID | None], view: View, subject: str | None = None) -> None:
        """Records one access for each patient whom an answer is about to show. None: the answer shows no patient."""
        views.check_may_see(self.user, view)
        self._record(patient_ids, view, subject)

    def record_refusal(self, patient_id: UUID, view: View, subject: str | None = None) -> None:
        """Records that a refused command showed something of a patient, whatever the viewer's role may see."""
        self._record([patient_id], view, subject)

    def is_recorded(self, patient_ids: Iterable[UUID]) -> bool:
        """Whether this answer has recorded an access for all of these patients."""
        return self._shown.issuperset(patient_ids)

    @contextmanager
    def _recorded(
        self, patient_id: UUID, view: View, subject: str | None, *, unless: tuple[type[LedgerError], ...] = _NONE
    ) -> Iterator[None]:
        try:
            yield
        except unless:
            raise
        except LedgerError:
            self._record([patient_id], view, subject)
            raise
        self._record([patient_id], view, subject)

    def _record(self, patient_ids: Iterable[UUID | None], view: View, subject: str | None) -> None:
        remaining = iter(dict.fromkeys(patient_ids))
        try:
            while batch := list(islice(remaining, FLUSH_ROWS)):
                accesses = [self.viewer.access(view, one, subject) for one in batch]
                self._log.record(accesses, durable=self.viewer.is_person)
                self._shown.update(one for one in batch if one is not None)
        except Unavailable as error:
            cause = f"Nothing is shown, because the access could not be recorded: {error.cause}"
            raise Unavailable(cause, error.remedy) from error
        except PersistenceError as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise StoreError(
                f"Nothing is shown, because the access could not be recorded: {reason}",
                "name the primary with --database, as a user who may write to it",
            ) from error

    # -- reading ----------------------------------------------------------------------------------

    def _history(self, patient_id: UUID, view: View, known_at: datetime | None) -> PatientHistory:
        self._check(patient_id, view)
        with self._recording_refused_time(patient_id, view):
            return self.ledger.history(patient_id, known_at=known_at)

    def _events(self, patient_id: UUID, view: View, known_at: datetime | None) -> Events:
        self._check(patient_id, view)
        with self._recording_refused_time(patient_id, view):
            return self.ledger.events(patient_id, known_at=known_at)

    @contextmanager
    def _recording_refused_time(self, patient_id: UUID, view: View) -> Iterator[None]:
        """Records an access if `known_at` is refused, which shows that there is a record, and from when on."""
        try:
            yield
        except LedgerError as refusal:
            if refusal.field == "known_at":
                self._record([patient_id], view, None)
            raise

    def _events_between(
        self, patient_id: UUID, view: View, first: int, last: int, known_at: datetime | None
    ) -> tuple[Events, int]:
        if known_at is not None:
            events = self._events(patient_id, view, known_at)
            return events[first - 1 : last], len(events)
        newest = self._history(patient_id, view, None).version
        return self.ledger.events.between(patient_id, first, min(last, newest)), newest

    def _folded(self, patient_id: UUID, view: View, known_at: datetime | None) -> tuple[Events, PatientHistory]:
        events = self._events(patient_id, view, known_at)
        history = fold(events)
        assert history is not None, "a history has a first event"
        return events, history

    def _check(self, patient_id: UUID, view: View) -> None:
        """Raises NotPermitted if the role may not see the view, NotFound if the office does not know the patient."""
        views.check_may_see(self.user, view)
        if self.office is not None:
            views.check_may_know_of(self.user, self.ledger.history(patient_id))

    # -- the day ----------------------------------------------------------------------------------

    @property
    def zone(self) -> ZoneInfo:
        return self.ledger.zone

    @property
    def deadlines(self) -> DeadlineTable:
        """The deadlines of the plan: the built-in rows, and its own."""
        return self.ledger.deadlines

    def today(self) -> date:
        return self.ledger.today()

    def now(self) -> datetime:
        return self.ledger.now()


def patient_of(identifier: str) -> UUID:
    """The patient of a request, dose, report, document, notice, or appeal. Its id starts with the patient id."""
    return UUID(identifier.split(".", 1)[0])
