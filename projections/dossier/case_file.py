"""The case file of an appeal as one value: the request, the decisions and the appeal, with people, times and reasons.

It is computed only from the patient's events that were recorded by an instant. No clock is read, so the same history
gives the same value on every day. A running deadline states when it ends, not how much time is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from domain.calendar import Instant
from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.errors import EditionUnknown, NotFound
from domain.events import PatientEvent
from domain.events.appeals import AppealDecided
from domain.events.requests import Statement
from domain.facts import FrozenModel
from domain.history import versions
from domain.history.records import Appeal, Request
from domain.history.state import PatientHistory
from domain.people import ConsultationGiven, Prescriber
from domain.policy.assessment import NOT_LISTED, Assessment
from domain.policy.edition import Edition, Leaf
from domain.policy.editions import EDITIONS, edition_named, edition_recorded
from projections.courses import Courses, course_list
from projections.dossier.deadlines import Deadline, deadlines, terms_in_words
from projections.dossier.participants import (
    Independence,
    Outsider,
    Participant,
    independence,
    outsiders,
    participants,
)
from projections.event_text import entry_of
from projections.person import Person, person
from projections.replay.clauses import ReadingRelied, depth, readings_relied_on_in
from projections.replay.replay import Replay, replay
from projections.request_status import (
    AppealView,
    AskingView,
    DocumentView,
    NoticeView,
    ReceiptView,
    RequestLife,
    WindowView,
    appeal_view,
    request_status,
)
from projections.timeline import TimelineEntry, timeline

FORMAT: Literal["lemtrada-appeal-dossier/1"] = "lemtrada-appeal-dossier/1"
"""The name and version of the published format."""

SUFFIXES = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/tiff": "tif",
    "text/plain": "txt",
}
"""File name suffixes by media type."""


class CaseRequest(FrozenModel):
    """The request as it is known now. Its facts at the determination are in the replay."""

    request_id: str
    status: str
    received_at: Instant
    received_on: str
    receipts: tuple[ReceiptView, ...]
    line_of_business: str
    urgency: str
    prescriber: Prescriber
    consultation: ConsultationGiven | None
    planned_first_infusion_on: str | None
    planned_site: str | None
    retrospective_for: tuple[str, ...]
    statement: Statement
    askings: tuple[AskingView, ...]
    approvals: tuple[WindowView, ...]


class FactRow(FrozenModel):
    """One fact that the clauses use: as known at the determination, and as known now for the same day."""

    name: str
    as_known_then: JsonValue
    as_known_now: JsonValue
    changed: bool


class CaseDocument(FrozenModel):
    """A document and its file in the folder. The name of a document may name a person; the file name never does."""

    file: str
    on_record: DocumentView


class EditionUsed(FrozenModel):
    """An edition used for an assessment in this case file. `is_applied`: the edition of the determination."""

    key: str
    revision: int
    digest: str
    provenance: Literal["text", "reconstructed"]
    is_applied: bool


class PolicyClause(FrozenModel):
    """A paraphrased clause, with the numbers of the readings that it relies on."""

    citation: str
    paraphrase: str
    depth: int
    documentation_required: bool
    readings: tuple[str, ...]


class AppealDossier(FrozenModel):
    """The case file. `known_at` is when its last event was recorded, which is event number `history_version`."""

    format: Literal["lemtrada-appeal-dossier/1"]
    patient_id: UUID
    request_id: str
    appeal_id: str
    known_at: Instant
    history_version: int
    time_zone: str
    person: Person
    request: CaseRequest
    appeal: AppealView
    determination: Replay
    appeal_decisions: tuple[Replay, ...]
    facts: tuple[FactRow, ...]
    courses: Courses
    timeline: tuple[TimelineEntry, ...]
    documents: tuple[CaseDocument, ...]
    documents_of_other_requests: int
    editions: tuple[EditionUsed, ...]
    clauses: tuple[PolicyClause, ...]
    readings: tuple[ReadingRelied, ...]
    people: tuple[Participant, ...]
    independence: tuple[Independence, ...]
    outsiders: tuple[Outsider, ...]
    deadlines: tuple[Deadline, ...]
    clock_terms: tuple[str, ...]
    notices: tuple[NoticeView, ...]
    corrections: tuple[TimelineEntry, ...]
    imported: tuple[TimelineEntry, ...]


def appeal_dossier(
    events: Sequence[PatientEvent], appeal_id: str, zone: ZoneInfo, table: DeadlineTable = BUILT_IN
) -> AppealDossier:
    """Returns the case file of an appeal from all known events of the patient, oldest first.

    `zone` is the plan's time zone, and `table` has its deadlines. Raises NotFound if the appeal is not on record.
    """
    history_versions = versions(events)
    history = history_versions[-1]
    appeal = history.appeal(appeal_id)
    if appeal is None:
        raise NotFound(
            "the appeal was not found", field="appeal_id", remedy="use an id from the patient's list of appeals"
        )
    request = history.request(appeal.request_id)
    assert request is not None
    known_on = history.at.astimezone(zone).date()
    life = request_status(history, request, zone, history.at, table)
    appealed = replay(events, appeal.request_id, zone, decision=appeal.decision_version)
    decided = tuple(_appeal_decisions(events, history, appeal, zone))
    entries = timeline(events, zone)
    before_decided = history_versions[appeal.closed_version - 2] if appeal.closed_version is not None else history
    applied, used = _editions(appealed, decided)
    return AppealDossier(
        format=FORMAT,
        patient_id=history.patient_id,
        request_id=appeal.request_id,
        appeal_id=appeal_id,
        known_at=history.at,
        history_version=history.version,
        time_zone=zone.key,
        person=person(history, known_on),
        request=_request(request, life),
        appeal=appeal_view(history, appeal, zone, history.at, table),
        determination=appealed,
        appeal_decisions=decided,
        facts=tuple(_facts(appealed)),
        courses=course_list(history, known_on),
        timeline=entries,
        documents=tuple(CaseDocument(file=_file(one), on_record=one) for one in life.documents),
        documents_of_other_requests=len(history.documents) - len(life.documents),
        editions=used,
        clauses=tuple(_clauses(applied)),
        readings=_readings(applied, appealed, decided),
        people=participants(events, history, appeal, before_decided),
        independence=independence(events, history_versions, appeal_id),
        outsiders=outsiders(history, appeal),
        deadlines=deadlines(history_versions, appeal, appeal.decision_version, zone, table),
        clock_terms=terms_in_words(history, request, table),
        notices=life.notices,
        corrections=tuple(one for one in entries if one.corrects is not None),
        imported=tuple(one for one in entries if one.imported_from is not None),
    )


def _request(request: Request, life: RequestLife) -> CaseRequest:
    planned = request.planned_first_infusion_on
    return CaseRequest(
        request_id=request.request_id,
        status=request.status,
        received_at=request.received_at,
        received_on=request.received_on.isoformat(),
        receipts=life.receipts,
        line_of_business=request.line_of_business,
        urgency=request.urgency,
        prescriber=request.prescriber,
        consultation=request.consultation,
        planned_first_infusion_on=planned.isoformat() if planned is not None else None,
        planned_site=request.planned_site,
        retrospective_for=request.retrospective_for,
        statement=request.statement,
        askings=life.askings,
        approvals=life.approvals,
    )


def _appeal_decisions(
    events: Sequence[PatientEvent], history: PatientHistory, appeal: Appeal, zone: ZoneInfo
) -> Iterator[Replay]:
    """Yields the decisions of the request's appeals up to this appeal, because a second level follows a first."""
    up_to_this = {
        one.appeal_id
        for one in history.appeals
        if one.request_id == appeal.request_id and one.filed_version <= appeal.filed_version
    }
    for event in events:
        if isinstance(event, AppealDecided) and event.appeal_id in up_to_this:
            yield replay(events, appeal.request_id, zone, decision=event.originator_version)


def _file(view: DocumentView) -> str:
    suffix = SUFFIXES[view.document.media_type]
    return f"documents/{entry_of(view.document.document_id)}.{suffix}"


# -- the facts, then and now ----------------------------------------------------------------------


def _facts(appealed: Replay) -> Iterator[FactRow]:
    """Yields the facts by name.

    If the request cannot be assessed as known then, the facts are those stored in the determination, if it has any.
    """
    then = appealed.as_known_then.assessment if appealed.as_known_then is not None else appealed.recorded.assessment
    now = appealed.as_known_now.assessment if appealed.as_known_now is not None else None
    before, after = _facts_by_name(then), _facts_by_name(now)
    for name in dict.fromkeys([*before, *after]):
        before_value, after_value = before.get(name), after.get(name)
        if before_value is not None or after_value is not None:
            changed = then is not None and now is not None and before_value != after_value
            yield FactRow(name=name, as_known_then=before_value, as_known_now=after_value, changed=changed)


def _facts_by_name(assessment: Assessment | None) -> dict[str, JsonValue]:
    if assessment is None:
        return {}
    values = assessment.facts.model_dump(mode="json") | assessment.circumstances.model_dump(mode="json")
    return dict(_leaves("", values))


def _leaves(name: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}" if name else key, inner)
    else:
        yield name, value


# -- the policy that was applied ------------------------------------------------------------------


def _editions(appealed: Replay, decided: Sequence[Replay]) -> tuple[Edition, tuple[EditionUsed, ...]]:
    """Returns the edition whose clauses are printed, and all editions used for an assessment, newest first."""
    assessment = appealed.recorded.assessment or (
        appealed.as_known_now.assessment if appealed.as_known_now is not None else None
    )
    assessments: dict[tuple[str, int], Assessment] = {}
    for each in (appealed, *decided):
        for one in (each.as_known_then, each.as_known_now, *each.other_editions):
            if one is not None:
                assessments.setdefault((one.assessment.edition, one.assessment.edition_revision), one.assessment)
        if each.recorded.assessment is not None:
            stored = each.recorded.assessment
            assessments.setdefault((stored.edition, stored.edition_revision), stored)
    applied = _edition_of(assessment) if assessment is not None else EDITIONS[0]
    used = tuple(
        EditionUsed(
            key=one.edition,
            revision=one.edition_revision,
            digest=one.edition_digest,
            provenance=one.edition_provenance,
            is_applied=assessment is not None and one.edition_digest == assessment.edition_digest,
        )
        for _, one in sorted(assessments.items(), reverse=True)
    )
    return applied, used


def _edition_of(assessment: Assessment) -> Edition:
    """Returns the recorded edition. If the program no longer has it: the newest revision of its review date, or any."""
    try:
        return edition_recorded(assessment.edition, assessment.edition_revision, assessment.edition_digest)
    except EditionUnknown:
        keys = {one.key for one in EDITIONS}
        return edition_named(assessment.edition) if assessment.edition in keys else EDITIONS[0]


def _clauses(edition: Edition) -> Iterator[PolicyClause]:
    for node in edition.nodes():
        yield PolicyClause(
            citation=node.citation,
            paraphrase=node.paraphrase,
            depth=depth(node.citation),
            documentation_required=isinstance(node, Leaf) and node.documentation_required,
            readings=node.readings,
        )
    yield PolicyClause(
        citation=NOT_LISTED, paraphrase=edition.not_listed, depth=0, documentation_required=False, readings=()
    )


def _readings(edition: Edition, appealed: Replay, decided: Sequence[Replay]) -> tuple[ReadingRelied, ...]:
    """Returns the readings that a clause of the edition names, and those that any assessment in the case file used."""
    relied: dict[str, dict[str, None]] = {}
    for node in edition.nodes():
        for number in node.readings:
            relied.setdefault(number, {})[node.citation] = None
    for each in (appealed, *decided):
        for one in each.readings:
            relied.setdefault(one.number, {}).update(dict.fromkeys(one.relied_on_by))
    return readings_relied_on_in(relied)
