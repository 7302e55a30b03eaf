"""Lists of many patients: the worklist, the access log, a search of the audit trail, and numbers for reports.

A list records one access for each patient whom it shows. A number that names no patient records none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from api.record_access.patient_access import PatientAccess
from domain.events import PATIENT_EVENTS
from domain.history.state import PatientHistory
from domain.ledger.access_log.report import AccessesShown, AccessQuery, accesses
from domain.ledger.event_search import EventQuery, EventsFound, search
from domain.permissions import views
from projections.deadline_changes import DeadlineChange, deadline_changes
from projections.worklist.listing import Filters, Paging, Worklist
from projections.worklist.runner import worklist


class ListAccess:
    """Access of one viewer to lists of many patients. The accesses are recorded through `access`.

    The methods raise NotPermitted if the viewer's role may not see the view.
    """

    def __init__(self, access: PatientAccess) -> None:
        self.access = access
        self._ledger = access.ledger

    # -- the worklist -----------------------------------------------------------------------------

    def worklist(
        self,
        filters: Filters,
        paging: Paging,
        *,
        as_of: date | None = None,
        known_at: datetime | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Worklist:
        """A page of the worklist. Records an access to each patient on the page."""
        views.check_may_see(self.access.user, "worklist")
        page = worklist(self._ledger, filters, paging, as_of=as_of, known_at=known_at, progress=progress)
        self._record(page)
        return page

    def worklist_unless(self, filters: Filters, paging: Paging, is_held: Callable[[Worklist], bool]) -> Worklist | None:
        """The worklist. None, without an access, if `is_held` says that the viewer's browser has this page already."""
        views.check_may_see(self.access.user, "worklist")
        page = worklist(self._ledger, filters, paging)
        if is_held(page):
            return None
        self._record(page)
        return page

    def counted(self, filters: Filters, paging: Paging, count: Callable[[Worklist], int]) -> int:
        """A number of rows. It shows no patient, so no access is recorded."""
        views.check_may_see(self.access.user, "worklist")
        return count(worklist(self._ledger, filters, paging))

    def overdue(self) -> int:
        """The number of overdue cases. It shows no patient, so no access is recorded."""
        return self.counted(Filters(overdue=True), Paging(limit=1), lambda page: sum(page.counts.values()))

    def deadline_changes(self) -> list[DeadlineChange]:
        """What is on record and would be otherwise by the deadlines of today. Records an access to each patient."""
        views.check_may_see(self.access.user, "worklist")
        ledger, found = self._ledger, list[DeadlineChange]()
        for patient_id in ledger.patients():
            found += deadline_changes(ledger.history(patient_id), ledger.zone, ledger.deadlines)
        self.access.record(dict.fromkeys(one.patient_id for one in found) or (None,), "worklist")
        return found

    def is_empty(self) -> bool:
        """Whether the ledger has no patient yet."""
        return next(self._ledger.patients(), None) is None

    def histories(self, patient_ids: Sequence[UUID]) -> dict[UUID, PatientHistory]:
        """The histories of patients whose accesses are recorded. A history that cannot be folded is left out."""
        assert self.access.is_recorded(patient_ids), "an access is recorded before a history is read"
        histories = self._ledger.histories(patient_ids)
        return {one: history for one, history in histories if isinstance(history, PatientHistory)}

    def _record(self, page: Worklist) -> None:
        waiting, failed = (one.patient_id for one in page.items), (one.patient_id for one in page.failures)
        others = (other for one in page.items for other in one.others)
        self.access.record((*waiting, *failed, *others), "worklist")

    # -- the access log and events ----------------------------------------------------------------

    def accesses(self, question: AccessQuery) -> AccessesShown:
        """A page of the access log. It is an access to the patient of the query, or else to every patient on the page.

        Raises NotFound for an unknown patient.
        """
        views.check_may_see(self.access.user, "accesses")
        if question.patient_id is not None:
            self._ledger.history(question.patient_id)
        page = accesses(self._ledger, question)
        shown = [one.patient_id for one in page.items] or [None]
        self.access.record([question.patient_id] if question.patient_id is not None else shown, "accesses")
        return page

    def search(self, query: EventQuery) -> EventsFound:
        """Searches the events of the whole log. This is an access to every patient with an event in the result."""
        views.check_may_see(self.access.user, "audit_events")
        result = search(self._ledger, query)
        patients = [one.patient_id for _, one in result.events if isinstance(one, PATIENT_EVENTS)]
        self.access.record(patients or [None], "audit_events")
        return result
