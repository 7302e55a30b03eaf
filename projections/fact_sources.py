"""Who said so: for each fact that a clause looks at, the events that stated it as it stands, and by whom.

Read from the events alone, never from an evaluation: a fact of the statement has the latest event that
changed it, a fact of the record every event that it rests on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from domain.events import PatientEvent
from domain.events.appeals import AppealEvidenceAdded
from domain.events.base import Event, ImportedFrom
from domain.events.documents import DocumentReviewed
from domain.events.patient import DemographicsCorrected, HistoryOpened, OtherAgentStarted, OtherAgentStopped
from domain.events.requests import (
    InformationSupplied,
    PrescriberChanged,
    RequestSubmitted,
    StatementCorrected,
)
from domain.events.treatment import (
    CourseClosedUnfinished,
    CourseCompleted,
    CourseReopened,
    DoseAdministered,
    DoseCorrected,
    DoseVoided,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    PriorTreatmentCorrected,
    PriorTreatmentReported,
    PriorTreatmentVoided,
)
from domain.facts import FrozenModel
from domain.people import Actor
from domain.review.assess_request import SIGNS

TREATMENT: Final[tuple[type[Event], ...]] = (
    PriorTreatmentReported,
    PriorTreatmentCorrected,
    PriorTreatmentVoided,
    DoseAdministered,
    DoseCorrected,
    DoseVoided,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    CourseCompleted,
    CourseReopened,
    CourseClosedUnfinished,
)
"""What the plan itself knows of Lemtrada given, which goes before what is stated (R1)."""

OTHER_AGENTS: Final[tuple[type[Event], ...]] = (OtherAgentStarted, OtherAgentStopped)
_SUPPLYING: Final = (InformationSupplied, StatementCorrected, AppealEvidenceAdded)
_PRESCRIBER: Final = (RequestSubmitted, PrescriberChanged)

Supplying = InformationSupplied | StatementCorrected | AppealEvidenceAdded


class Said(FrozenModel):
    """One event that says so, and who recorded it; `version` is its number in the history."""

    version: int
    title: str
    by: Actor
    imported_from: ImportedFrom | None


class WhoSaidSo:
    """Of one request, by the names that findings give to facts.

    `office` is whose own events alone are named, of what the plan and others recorded besides; None names all.
    """

    def __init__(self, events: Sequence[PatientEvent], request_id: str, office: str | None = None) -> None:
        self._events = events
        self._office = office
        self._request_id = request_id
        self._told: dict[int, Said] = {}
        self._mine = [one for one in events if getattr(one, "request_id", None) == request_id]

    def of(self, fact: str) -> tuple[Said, ...]:
        """The events behind `diagnosis`, `prior_treatment.last_dose_on`, `aggressive_disease.mri.finding`; none
        where nobody stated it, and of the day of judgement."""
        first, _, rest = fact.partition(".")
        if first == "prior_treatment":
            record = self._all(TREATMENT)
            return record or self._stated("received_lemtrada")
        if first == "agents":
            return self._stated("agents" if rest == "tried" else "agents_list_is_complete")
        if first == "aggressive_disease" and rest.endswith(".documentation"):
            return self._documented(rest.partition(".")[0]) or self._stated(fact)
        if first == "birth_date":
            return self._birth_date()
        if first == "prescriber_specialty":
            return self._latest(self._mine_of(_PRESCRIBER))
        if first == "consulted_specialty":
            return self._consulted()
        if first == "other_dmt_continues":
            stated = (*self._stated("other_dmt_continues"), *self._stated("agents"), *self._all(OTHER_AGENTS))
            return tuple({one.version: one for one in stated}.values())
        return self._stated(fact)

    def _stated(self, field: str) -> tuple[Said, ...]:
        """The latest event that changed this fact of the statement; of the agents every one that did."""
        found: list[PatientEvent] = []
        for one in self._mine:
            if isinstance(one, RequestSubmitted):
                stated: object = one.statement
                for part in field.split("."):
                    stated = getattr(stated, part, None)
                found = [one] if stated not in (None, ()) else []
            elif isinstance(one, _SUPPLYING) and _changed(one, f"statement.{field}"):
                found = [*found, one] if field == "agents" else [one]
        return self._said(found)

    def _consulted(self) -> tuple[Said, ...]:
        found = [
            one
            for one in self._mine
            if (isinstance(one, _PRESCRIBER) and one.consultation is not None)
            or (isinstance(one, _SUPPLYING) and "consultation" in one.fields)
        ]
        return self._latest(found)

    def _birth_date(self) -> tuple[Said, ...]:
        found = [
            one
            for one in self._events
            if isinstance(one, HistoryOpened | DemographicsCorrected) and one.birth_date is not None
        ]
        return self._latest(found) or self._stated("birth_date")

    def _documented(self, sign: str) -> tuple[Said, ...]:
        """Who read a document for the sign, the last word of each document."""
        mine = {
            document.document_id
            for one in self._mine
            if isinstance(one, InformationSupplied | AppealEvidenceAdded)
            for document in one.documents
        }
        clause = SIGNS[sign]
        reviews = [
            one
            for one in self._events
            if isinstance(one, DocumentReviewed) and one.clause == clause and one.document_id in mine
        ]
        return self._said({one.document_id: one for one in reviews}.values())

    def _all(self, kinds: tuple[type[Event], ...]) -> tuple[Said, ...]:
        """What is of the record and of no request: of it, an office is told its own."""
        return self._said(
            [
                one
                for one in self._events
                if isinstance(one, kinds) and (self._office is None or one.actor.asks_as == self._office)
            ]
        )

    def _mine_of(self, kinds: tuple[type[Event], ...]) -> list[PatientEvent]:
        return [one for one in self._mine if isinstance(one, kinds)]

    def _latest(self, found: Sequence[PatientEvent]) -> tuple[Said, ...]:
        return self._said(found[-1:])

    def _said(self, found: Collection[PatientEvent]) -> tuple[Said, ...]:
        said = []
        for one in found:
            version = one.originator_version
            if version not in self._told:
                self._told[version] = Said(
                    version=version, title=one.TITLE, by=one.actor, imported_from=one.imported_from
                )
            said.append(self._told[version])
        return tuple(said)


def _changed(event: Supplying, field: str) -> bool:
    return any(one == field or one.startswith(f"{field}.") for one in event.fields)
