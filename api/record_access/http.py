"""The one gate through which a route gets anything of a patient: who asks may see it, it is recorded, then it is told.

What is refused, or is not there, shows nothing and is not recorded. A requester is told of a patient
of others what is told of nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, TypeVar, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Header, Request

from api.identity.caller import Caller, CallerOfRequest
from domain.errors import NotFound
from domain.events import PATIENT_EVENTS, PatientEvent
from domain.events.patient import Member
from domain.history.records import Appeal, DocumentOnRecord
from domain.history.records import Request as PriorAuthorization
from domain.history.state import PatientHistory
from domain.ledger.access_log.report import AccessesShown, Question, accesses
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger
from domain.ledger.event_search import Found, Search, search
from domain.permissions import views
from domain.permissions.disclosure import Look, Purpose, View
from domain.seal.entries import Entry
from projections.figures import HistoryFacts
from projections.incremental import CachedFacts
from projections.request_status import clocks_at
from projections.worklist.listing import Filters, Paging, Worklist
from projections.worklist.runner import worklist

T = TypeVar("T")


def patient_of(identifier: str) -> UUID:
    """The patient whose request or dose this is: the id begins with hers."""
    return UUID(identifier.split(".", 1)[0])


class Reading:
    """What one caller reads, for one answer. What `tell` makes of a history is recorded unless it raises."""

    def __init__(self, ledger: Ledger, caller: Caller, accesses: AccessLog, figures: CachedFacts) -> None:
        self._ledger = ledger
        self._figures = figures
        self._accesses = accesses
        self._caller = caller
        self._told_of: set[UUID] = set()
        self.actor = caller.actor
        self.office = views.office_of(caller.actor)
        self.seen_as = views.seen_by(self.office)

    # -- of one patient ---------------------------------------------------------------------------

    def history(
        self, patient_id: UUID, view: View, *, subject: str | None = None, known_at: datetime | None = None
    ) -> PatientHistory:
        return self.told(patient_id, view, _as_it_is, subject=subject, known_at=known_at)

    def told(
        self,
        patient_id: UUID,
        view: View,
        tell: Callable[[PatientHistory], T],
        *,
        subject: str | None = None,
        known_at: datetime | None = None,
    ) -> T:
        self._check(patient_id, view)
        found = tell(self._ledger.history(patient_id, known_at=known_at))
        self._record(view, [patient_id], subject)
        return found

    def events(
        self, patient_id: UUID, view: View, *, subject: str | None = None, known_at: datetime | None = None
    ) -> tuple[PatientEvent, ...]:
        return self.told_by_events(patient_id, view, _as_they_are, subject=subject, known_at=known_at)

    def told_by_events(
        self,
        patient_id: UUID,
        view: View,
        tell: Callable[[tuple[PatientEvent, ...]], T],
        *,
        subject: str | None = None,
        known_at: datetime | None = None,
    ) -> T:
        self._check(patient_id, view)
        found = tell(self._ledger.events(patient_id, known_at=known_at))
        self._record(view, [patient_id], subject)
        return found

    def find(self, member: Member) -> PatientHistory:
        """The history behind a member id. Raises NotFound, of another office's patient as of nobody."""
        views.check_may_see(self.actor, "find")
        patient_id = self._ledger.find(member)
        history = self._ledger.history(patient_id) if patient_id is not None else None
        if history is None or not views.knows_of(self.actor, history):
            raise NotFound("no history is open for this member", field="member", remedy="open one with POST /patients")
        self._record("find", [history.patient_id])
        return history

    # -- of what is hers --------------------------------------------------------------------------

    def request(
        self,
        request_id: str,
        tell: Callable[[PatientHistory, PriorAuthorization], T],
        *,
        known_at: datetime | None = None,
    ) -> T:
        def told(history: PatientHistory) -> T:
            return tell(history, views.request_seen(self.actor, history, request_id))

        return self.told(patient_of(request_id), "request", told, subject=request_id, known_at=known_at)

    def appeal(
        self, appeal_id: str, tell: Callable[[PatientHistory, Appeal], T], *, known_at: datetime | None = None
    ) -> T:
        def told(history: PatientHistory) -> T:
            return tell(history, views.appeal_seen(self.actor, history, appeal_id))

        return self.told(patient_of(appeal_id), "appeal", told, subject=appeal_id, known_at=known_at)

    def document(self, document_id: str, *, known_at: datetime | None = None) -> DocumentOnRecord:
        def told(history: PatientHistory) -> DocumentOnRecord:
            return views.document_seen(self.actor, history, document_id)

        return self.told(patient_of(document_id), "document", told, subject=document_id, known_at=known_at)

    def bytes_of(self, patient_id: UUID, sha256: str) -> Iterator[bytes]:
        """Of a document of a patient whom this answer tells of, a piece at a time."""
        assert patient_id in self._told_of, "what was not recorded is not read"
        return self._ledger.documents.open(patient_id, sha256)

    def histories(self, patient_ids: Sequence[UUID]) -> dict[UUID, PatientHistory]:
        """Of patients whom this answer tells of already; one that can't be folded is left out."""
        assert self._told_of.issuperset(patient_ids), "what was not recorded is not read"
        found = self._ledger.histories(patient_ids)
        return {one: history for one, history in found if isinstance(history, PatientHistory)}

    def figures_facts(self) -> Sequence[HistoryFacts]:
        """What figures are made of; it names nobody, and is no look at anybody."""
        views.check_may_see(self.actor, "worklist")
        return self._figures.all()

    def overdue(self) -> int:
        """How many wait overdue; tells of nobody."""
        views.check_may_see(self.actor, "worklist")
        return sum(worklist(self._ledger, Filters(overdue=True), Paging(limit=1)).counts.values())

    def is_empty(self) -> bool:
        """Whether no history was ever opened; tells of nobody."""
        return next(self._ledger.patients(), None) is None

    # -- of many ----------------------------------------------------------------------------------

    def worklist(
        self, filters: Filters, paging: Paging, *, as_of: date | None = None, known_at: datetime | None = None
    ) -> Worklist:
        views.check_may_see(self.actor, "worklist")
        page = worklist(self._ledger, filters, paging, as_of=as_of, known_at=known_at)
        self._shown_on(page)
        return page

    def worklist_unless(self, filters: Filters, paging: Paging, is_held: Callable[[Worklist], bool]) -> Worklist | None:
        """None, and no look, where she holds this very page: she is told nothing that she was not told before."""
        views.check_may_see(self.actor, "worklist")
        page = worklist(self._ledger, filters, paging)
        if is_held(page):
            return None
        self._shown_on(page)
        return page

    def counted(self, filters: Filters, paging: Paging, count: Callable[[Worklist], int]) -> int:
        """A number of rows, of whose patients nothing is told: no look at any."""
        views.check_may_see(self.actor, "worklist")
        return count(worklist(self._ledger, filters, paging))

    def _shown_on(self, page: Worklist) -> None:
        waiting, failed = (one.patient_id for one in page.items), (one.patient_id for one in page.failures)
        self.shown((*waiting, *failed), "worklist")

    def accesses(self, question: Question) -> AccessesShown:
        """Who looked. To ask it is a look at the patient who is asked about, or else at all whom the page speaks of."""
        views.check_may_see(self.actor, "accesses")
        if question.patient_id is not None:
            self._ledger.history(question.patient_id)
        page = accesses(self._ledger, question)
        spoken_of = list(dict.fromkeys(one.patient_id for one in page.items)) or [None]
        self._record("accesses", [question.patient_id] if question.patient_id is not None else spoken_of)
        return page

    def search(self, asked: Search) -> Found:
        """The whole log. It is a look at each patient of whom an event is told."""
        views.check_may_see(self.actor, "audit_events")
        found = search(self._ledger, asked)
        patients = [one.patient_id for _, one in found.events if isinstance(one, PATIENT_EVENTS)]
        self._record("audit_events", list(dict.fromkeys(patients)) or [None])
        return found

    def entry(self, patient_id: UUID, version: int) -> Entry:
        """One event as it is sealed, its stored bytes. Raises NotFound."""
        self._check(patient_id, "proof")
        rows = self._ledger.recorder.rows_of(patient_id, version, version)
        if not rows:
            raise NotFound("no such event", field="version", remedy="send a version that is on record")
        ((_, topic, state),) = rows
        self._record("proof", [patient_id], str(version))
        return Entry(patient_id, version, topic, self._ledger.events.mapper.plain_state(bytes(state)))

    def shown(self, patient_ids: Iterable[UUID | None], view: View) -> None:
        """Records one look a patient of a list that is about to be answered; None is what is of nobody's record."""
        views.check_may_see(self.actor, view)
        self._record(view, list(dict.fromkeys(patient_ids)))

    # -- the day ----------------------------------------------------------------------------------

    @property
    def zone(self) -> ZoneInfo:
        return self._ledger.zone

    def today(self) -> date:
        return self._ledger.today()

    def moment_of(self, as_of: date | None, known_at: datetime | None) -> datetime:
        """The instant that clocks are read at: the end of another day than today, else that of `known_at`, or now."""
        return clocks_at(self._ledger.now(), self.zone, as_of, known_at)

    # -- who may, and that she did ----------------------------------------------------------------

    def _check(self, patient_id: UUID, view: View) -> None:
        """Raises NotPermitted, and NotFound for a patient whom a requester knows nothing of now."""
        views.check_may_see(self.actor, view)
        if self.office is not None:
            views.check_knows_of(self.actor, self._ledger.history(patient_id))

    def _record(self, view: View, patient_ids: Sequence[UUID | None], subject: str | None = None) -> None:
        looks = [look_of(self._caller, view, one, subject) for one in patient_ids]
        if looks:
            self._accesses.record(looks, durable=is_person(self._caller))
        self._told_of.update(one for one in patient_ids if one is not None)


def look_of(caller: Caller, view: View, patient_id: UUID | None, subject: str | None = None) -> Look:
    return Look(caller.actor, view, patient_id, subject, caller.purpose, caller.through, caller.origin)


def is_person(caller: Caller) -> bool:
    """Whose look is on disk before she is answered; that of a system follows within a second."""
    return caller.actor.role != "service"


def _as_it_is(history: PatientHistory) -> PatientHistory:
    return history


def _as_they_are(events: tuple[PatientEvent, ...]) -> tuple[PatientEvent, ...]:
    return events


PurposeOfUse = Annotated[
    Purpose | None,
    Header(
        alias="X-Purpose-Of-Use",
        description="Why it is asked for, by its HL7 v3 code; it is recorded with who looked.",
        examples=["TREAT"],
    ),
]


def _reading(request: Request, caller: CallerOfRequest, _purpose: PurposeOfUse = None) -> Reading:
    # The gate has read the purpose already; here it is told to whoever reads the document.
    ledger = cast("Ledger", request.app.state.ledger)
    accesses = cast("AccessLog", request.app.state.accesses)
    return Reading(ledger, caller, accesses, cast("CachedFacts", request.app.state.figures))


ReadingOfRequest = Annotated[Reading, Depends(_reading)]
