"""The one gate through which a verb gets anything of a patient: it is recorded that this machine's user looked, then
it is told.

There is no sign-in on a command line: who can open the database may read it. What the machine says
of its user is recorded, with no role, and as purpose what she gives.
"""

from __future__ import annotations

import getpass
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Final, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from eventsourcing.persistence import PersistenceError

from api.background.sealing import sealing_of
from domain.errors import InvalidCommand, NotFound
from domain.events import PatientEvent
from domain.events.patient import Member
from domain.history.records import Appeal, DocumentOnRecord, Request
from domain.history.state import PatientHistory
from domain.ledger.access_log.report import AccessesShown, Question, accesses
from domain.ledger.access_log.writer import FLUSH_ROWS, AccessLog
from domain.ledger.application import Ledger
from domain.ledger.errors import StoreError
from domain.ledger.sealing.sealing import Place
from domain.permissions.disclosure import Look, MachineUser, Purpose, Through, View
from projections.worklist.listing import Filters, Paging, Worklist
from projections.worklist.runner import worklist

_NOT_IN_AN_ID: Final = re.compile(r"[^A-Za-z0-9._@-]")


class ReadingHere:
    """What one verb reads of a ledger. Use it in a `with`: it closes the ledger.

    Raises StoreError where it cannot be recorded that somebody looked: nothing is told then.
    """

    def __init__(self, ledger: Ledger, purpose: str | None, through: Through = "command line") -> None:
        self._ledger = ledger
        self._log = AccessLog(ledger)
        self._user = machine_user()
        self._purpose = checked_purpose(purpose)
        self._through = through
        self._told_of: set[UUID] = set()

    def __enter__(self) -> ReadingHere:
        return self

    def __exit__(self, *_: object) -> None:
        self._log.close()
        self._ledger.close()

    # -- of one patient ---------------------------------------------------------------------------

    def find(self, member: Member) -> UUID | None:
        """Whose member id it is; what is then told of her is recorded."""
        return self._ledger.find(member)

    def history(
        self, patient_id: UUID, view: View, *, subject: str | None = None, known_at: datetime | None = None
    ) -> PatientHistory:
        found = self._ledger.history(patient_id, known_at=known_at)
        self.shown([patient_id], view, subject)
        return found

    def events(
        self, patient_id: UUID, view: View, *, subject: str | None = None, known_at: datetime | None = None
    ) -> tuple[PatientEvent, ...]:
        found = self._ledger.events(patient_id, known_at=known_at)
        self.shown([patient_id], view, subject)
        return found

    def sealed(self, patient_id: UUID, version: int) -> Place | None:
        """Where an event of a patient whom this verb tells of is sealed; None while it is not."""
        assert patient_id in self._told_of, "what was not recorded is not read"
        return sealing_of(self._ledger).place_of(patient_id, version)

    def request(self, request_id: str, *, known_at: datetime | None = None) -> tuple[PatientHistory, Request]:
        """Raises NotFound."""
        history = self._ledger.history(patient_of(request_id), known_at=known_at)
        found = history.request(request_id)
        if found is None:
            raise NotFound("no such request", field="REQUEST", remedy="take the id from the patient's history")
        self.shown([history.patient_id], "request", request_id)
        return history, found

    def appeal(self, appeal_id: str, *, known_at: datetime | None = None) -> tuple[PatientHistory, Appeal]:
        """Raises NotFound."""
        history = self._ledger.history(patient_of(appeal_id), known_at=known_at)
        found = history.appeal(appeal_id)
        if found is None:
            raise NotFound("no such appeal", field="APPEAL", remedy="take the id from the patient's history")
        self.shown([history.patient_id], "appeal", appeal_id)
        return history, found

    def document(self, document_id: str, *, known_at: datetime | None = None) -> DocumentOnRecord:
        """Raises NotFound."""
        history = self._ledger.history(patient_of(document_id), known_at=known_at)
        found = history.document(document_id)
        if found is None:
            raise NotFound("no such document", field="DOCUMENT", remedy="take the id from the patient's requests")
        self.shown([history.patient_id], "document", document_id)
        return found

    def bytes_of(self, patient_id: UUID, sha256: str) -> Iterator[bytes]:
        """Of a document of a patient of whom something was told, a piece at a time."""
        assert patient_id in self._told_of, "what was not recorded is not read"
        return self._ledger.documents.open(patient_id, sha256)

    # -- of many ----------------------------------------------------------------------------------

    def worklist(
        self,
        filters: Filters,
        paging: Paging,
        *,
        as_of: date | None = None,
        known_at: datetime | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Worklist:
        page = worklist(self._ledger, filters, paging, as_of=as_of, known_at=known_at, progress=progress)
        failed = [one.patient_id for one in page.failures]
        self.shown([*(one.patient_id for one in page.items), *failed], "worklist")
        return page

    def accesses(self, question: Question) -> AccessesShown:
        """Of the patient who is asked about, or else of all whom the page speaks of."""
        page = accesses(self._ledger, question)
        spoken_of = [one.patient_id for one in page.items]
        self.shown([question.patient_id] if question.patient_id is not None else spoken_of or [None], "accesses")
        return page

    def everybody(self, view: View) -> None:
        """Where all that is on record is about to be told."""
        self.shown(self._ledger.patients(), view)

    def shown(self, patient_ids: Iterable[UUID | None], view: View, subject: str | None = None) -> None:
        """Records one look a patient of what is about to be told."""
        left = iter(dict.fromkeys(patient_ids))
        while some := list(islice(left, FLUSH_ROWS)):
            self._record([self._look(view, one, subject) for one in some])
            self._told_of.update(one for one in some if one is not None)

    # -- the day ----------------------------------------------------------------------------------

    @property
    def zone(self) -> ZoneInfo:
        return self._ledger.zone

    def today(self) -> date:
        return self._ledger.today()

    def now(self) -> datetime:
        return self._ledger.now()

    # -- that somebody looked ---------------------------------------------------------------------

    def _look(self, view: View, patient_id: UUID | None, subject: str | None) -> Look:
        origin = platform.node() or "unknown"
        return Look(self._user, view, patient_id, subject, self._purpose, self._through, origin)

    def _record(self, looks: Sequence[Look]) -> None:
        try:
            self._log.record(looks, durable=True)
        except PersistenceError as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise StoreError(
                f"Nothing is shown, for it cannot be recorded that you looked: {reason}",
                "name the primary with --database, as a user who may write to it",
            ) from error


def machine_user() -> MachineUser:
    """By the name that the machine knows her by; what an id can't hold is a hyphen in it."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "unknown"
    name = "".join(filter(str.isprintable, name)).strip()[:90] or "unknown"
    return MachineUser(id=f"os:{_NOT_IN_AN_ID.sub('-', name)}", name=name)


def checked_purpose(text: str | None) -> Purpose | None:
    """Raises InvalidCommand for what is no code."""
    if text is None:
        return None
    codes: tuple[Purpose, ...] = get_args(Purpose)
    for code in codes:
        if code == text.upper():
            return code
    raise InvalidCommand("this is no purpose of use", field="--purpose", remedy=f"give one of {', '.join(codes)}")


def patient_of(identifier: str) -> UUID:
    """The patient whose request, appeal or document this is: the id begins with hers."""
    return UUID(identifier.split(".", 1)[0])
