"""The sources of facts: for each fact that a clause uses, the events that stated its current value, and their actors.

The sources are read from the events alone, never from an evaluation. A fact of the statement has the latest event
that changed it. A fact of the patient's record has every event that it is based on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from domain.events import PatientEvent
from domain.events.appeals import AppealEvidenceAdded
from domain.events.base import Event, ImportedFrom
from domain.events.documents import DocumentReviewed
from domain.events.patient import (
    DemographicsCorrected,
    HistoryOpened,
    OtherAgentEntryVoided,
    OtherAgentStarted,
    OtherAgentStopped,
)
from domain.events.requests import (
    InformationSupplied,
    PrescriberChanged,
    RequestSubmitted,
    StatementCorrected,
)
from domain.events.treatment import (
    ClaimReplaced,
    ClaimVoided,
    CourseClosedUnfinished,
    CourseCompleted,
    CourseReopened,
    DoseAdministered,
    DoseCorrected,
    DoseDaysStated,
    DoseVoided,
    PartOfDoseConfirmed,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    PriorTreatmentCorrected,
    PriorTreatmentReported,
    PriorTreatmentVoided,
    ReportAttributed,
    VoidedClaimSettled,
)
from domain.facts import FrozenModel
from domain.history.state import requester_key
from domain.people import Actor
from domain.review.assess_request import SIGNS

TREATMENT: Final[tuple[type[Event], ...]] = (
    PriorTreatmentReported,
    PriorTreatmentCorrected,
    PriorTreatmentVoided,
    ReportAttributed,
    DoseAdministered,
    DoseCorrected,
    DoseDaysStated,
    DoseVoided,
    PartOfDoseConfirmed,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    PartOfDoseConfirmed,
    DoseDaysStated,
    ClaimReplaced,
    ClaimVoided,
    VoidedClaimSettled,
    CourseCompleted,
    CourseReopened,
    CourseClosedUnfinished,
)
"""The events of the plan's own record of Lemtrada treatment, which takes precedence over the statement (R1)."""

OTHER_AGENTS: Final[tuple[type[Event], ...]] = (OtherAgentStarted, OtherAgentStopped, OtherAgentEntryVoided)
_SUPPLYING: Final = (InformationSupplied, StatementCorrected, AppealEvidenceAdded)
_PRESCRIBER: Final = (RequestSubmitted, PrescriberChanged)

SupplyingEvent = InformationSupplied | StatementCorrected | AppealEvidenceAdded


class FactSource(FrozenModel):
    """One event that states a fact, and who recorded it. `version` is the number of the event in the history."""

    version: int
    title: str
    by: Actor
    imported_from: ImportedFrom | None


class FactSources:
    """The sources of the facts of one request, by the names that findings give to facts.

    With an `office`, events of the patient's record are sources only if that prescriber's office recorded them. None
    names every source.
    """

    def __init__(self, events: Sequence[PatientEvent], request_id: str, office: str | None = None) -> None:
        self._events = events
        self._office = office
        self._request_id = request_id
        self._sources: dict[int, FactSource] = {}
        self._request_events = [one for one in events if getattr(one, "request_id", None) == request_id]

    def of(self, fact: str) -> tuple[FactSource, ...]:
        """Returns the events behind a fact such as `diagnosis` or `aggressive_disease.mri.finding`.

        Empty if nobody stated the fact, and for the day of the assessment, which is not a stated fact.
        """
        first, _, rest = fact.partition(".")
        if first == "prior_treatment":
            record = self._record_events(TREATMENT)
            return record or self._stated("received_lemtrada")
        if first == "agents":
            return self._stated("agents" if rest == "tried" else "agents_list_is_complete")
        if first == "aggressive_disease" and rest.endswith(".documentation"):
            return self._documented(rest.partition(".")[0]) or self._stated(fact)
        if first == "birth_date":
            return self._birth_date()
        if first == "prescriber_specialty":
            return self._latest(self._request_events_of(_PRESCRIBER))
        if first == "consulted_specialty":
            return self._consulted()
        if first in ("other_dmt_continues", "other_dmt_not_recognized"):
            stated = (*self._stated("other_dmt_continues"), *self._stated("agents"), *self._record_events(OTHER_AGENTS))
            return tuple({one.version: one for one in stated}.values())
        return self._stated(fact)

    def _stated(self, field: str) -> tuple[FactSource, ...]:
        """Returns the latest event that changed this fact of the statement; for `agents`, every event that did."""
        found: list[PatientEvent] = []
        for one in self._request_events:
            if isinstance(one, RequestSubmitted):
                stated: object = one.statement
                for part in field.split("."):
                    stated = getattr(stated, part, None)
                found = [one] if stated not in (None, ()) else []
            elif isinstance(one, _SUPPLYING) and _changed(one, f"statement.{field}"):
                found = [*found, one] if field == "agents" else [one]
        return self._sources_of(found)

    def _consulted(self) -> tuple[FactSource, ...]:
        found = [
            one
            for one in self._request_events
            if (isinstance(one, _PRESCRIBER) and one.consultation is not None)
            or (isinstance(one, _SUPPLYING) and "consultation" in one.fields)
        ]
        return self._latest(found)

    def _birth_date(self) -> tuple[FactSource, ...]:
        found = [
            one
            for one in self._events
            if isinstance(one, HistoryOpened | DemographicsCorrected) and one.birth_date is not None
        ]
        return self._latest(found) or self._stated("birth_date")

    def _documented(self, sign: str) -> tuple[FactSource, ...]:
        """Returns the latest review of each document of the request for this sign of aggressive disease."""
        document_ids = {
            document.document_id
            for one in self._request_events
            if isinstance(one, InformationSupplied | AppealEvidenceAdded)
            for document in one.documents
        }
        clause = SIGNS[sign]
        reviews = [
            one
            for one in self._events
            if isinstance(one, DocumentReviewed) and one.clause == clause and one.document_id in document_ids
        ]
        return self._sources_of({one.document_id: one for one in reviews}.values())

    def _record_events(self, kinds: tuple[type[Event], ...]) -> tuple[FactSource, ...]:
        """Returns the events of the patient's record that belong to no request. An office sees only its own."""
        return self._sources_of(
            [
                one
                for one in self._events
                if isinstance(one, kinds) and (self._office is None or requester_key(one.actor) == self._office)
            ]
        )

    def _request_events_of(self, kinds: tuple[type[Event], ...]) -> list[PatientEvent]:
        return [one for one in self._request_events if isinstance(one, kinds)]

    def _latest(self, found: Sequence[PatientEvent]) -> tuple[FactSource, ...]:
        return self._sources_of(found[-1:])

    def _sources_of(self, found: Collection[PatientEvent]) -> tuple[FactSource, ...]:
        sources = []
        for one in found:
            version = one.originator_version
            if version not in self._sources:
                self._sources[version] = FactSource(
                    version=version, title=one.TITLE, by=one.actor, imported_from=one.imported_from
                )
            sources.append(self._sources[version])
        return tuple(sources)


def _changed(event: SupplyingEvent, field: str) -> bool:
    return any(one == field or one.startswith(f"{field}.") for one in event.fields)
