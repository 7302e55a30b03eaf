"""The replay: was the determination correct on the day, with what was on record, and what has changed since?

The recorded determination is never re-evaluated. It is shown next to new assessments of the same request: (1) as
known then, which must agree with the record, (2) as known now under the same edition, (3) as known now under the other
editions. The comparison is clause by clause, with the event that changed each answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.calendar import Day, Instant
from domain.errors import EditionUnknown, NotFound
from domain.events import PatientEvent
from domain.events.determinations import ApprovalExtended, CourseApproved, PastDeterminationImported
from domain.facts import FrozenModel
from domain.history import versions
from domain.history.state import PatientHistory
from domain.policy.assessment import Assessment
from domain.policy.edition import Edition
from domain.policy.editions import EDITIONS, edition_for, edition_named, edition_of_request, edition_recorded
from domain.policy.reassessment import Concluded, Difference, Rechecked, compared, reassess
from domain.review.assess_request import extension_assessment, request_assessment, without_doses
from domain.treatment.approval_use import doses_in_progress
from projections.replay import clauses as replay_clauses
from projections.replay import text
from projections.replay.clauses import ClauseChange, ClauseRow, ReadingRelied, RecommendationChange
from projections.replay.recorded_decisions import (
    DecidingEvent,
    Recorded,
    RecordedKind,
    decided_on,
    decisions_of,
    kind_of,
    recorded,
)
from projections.timeline import entry


class DecisionListed(FrozenModel):
    """A determination of the request that can be replayed. `version` is the number of its event."""

    version: int
    kind: RecordedKind
    decided_on: Day
    decided_by: str
    is_replayed: bool


class Reassessed(FrozenModel):
    """A new assessment of the request on a day, from the history after event number `history_version`."""

    history_version: int
    assessment_digest: str
    assessment: Assessment


class Agreement(FrozenModel):
    """Whether the record agrees with a new assessment of the request as known then, and which findings differ.

    `facts` names the facts for which the history at that time differs from the stored determination. `rechecked`
    assesses only the stored facts, which distinguishes a rule that was corrected since from a record that was altered.
    """

    status: Literal["agrees", "differs", "not_available"]
    sentence: str
    findings: tuple[Difference, ...] = ()
    conclusions: tuple[Concluded, ...] = ()
    facts: tuple[str, ...] = ()
    rechecked: Rechecked | None = None


class Replay(FrozenModel):
    """One determination, replayed. `known_at` is when the last known event was recorded.

    `as_of` is the day of (2) and (3). (1) is always assessed on the day of the determination, because only that day can
    be compared with the record.
    """

    patient_id: UUID
    request_id: str
    known_at: Instant
    history_version: int
    as_of: Day
    headline: str
    decisions: tuple[DecisionListed, ...]
    recorded: Recorded
    agreement: Agreement
    as_known_then: Reassessed | None
    as_known_now: Reassessed | None
    edition_problem: str | None
    other_editions: tuple[Reassessed, ...]
    clauses: tuple[ClauseRow, ...]
    changed: tuple[ClauseChange, ...]
    recommendation_changed: RecommendationChange | None
    readings: tuple[ReadingRelied, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """One determination of one request, and the history after each event, oldest first."""

    events: Sequence[PatientEvent]
    versions: Sequence[PatientHistory]
    request_id: str
    event: DecidingEvent
    zone: ZoneInfo

    @property
    def now(self) -> PatientHistory:
        return self.versions[-1]

    def assessed(self, history: PatientHistory, as_of: date, edition: Edition) -> Reassessed:
        request = history.request(self.request_id)
        assert request is not None
        left_out = tuple(self._doses_to_leave_out(history, as_of))
        if isinstance(self.event, ApprovalExtended):
            result = extension_assessment(history, request, left_out, as_of, edition)
        else:
            result = request_assessment(without_doses(history, left_out), request, as_of, edition)
        return Reassessed(
            history_version=result.history_version,
            assessment_digest=result.digest,
            assessment=result.assessment,
        )

    def _doses_to_leave_out(self, history: PatientHistory, as_of: date) -> Iterator[str]:
        """Yields the doses that are not treatment before the determination, though given by the end of its day."""
        if isinstance(self.event, ApprovalExtended):
            for approval in history.approvals:
                if approval.version == self.event.approval_version:
                    yield from (dose.dose_id for dose in doses_in_progress(history, approval))
        elif as_of == decided_on(self.event):
            for dose in history.doses:
                later = dose.request_id == self.request_id and dose.version > self.event.originator_version
                if later and dose.on == as_of:
                    yield dose.dose_id


def replay(
    events: Sequence[PatientEvent],
    request_id: str,
    zone: ZoneInfo,
    *,
    decision: int | None = None,
    as_of: date | None = None,
    edition: Edition | None = None,
) -> Replay:
    """Returns the replay of a determination from all known events of the patient, oldest first.

    `decision` is the version of the determination's event, by default the latest. `as_of` is the day of (2) and (3),
    by default the day of the determination. `edition` is the edition of (3), by default every other edition. Raises
    NotFound if the request is not among the events, has no determination, or `decision` is not one of them.
    """
    found = decisions_of(events, request_id)
    case = _Case(events, versions(events), request_id, _chosen(events, found, request_id, decision), zone)
    record = recorded(case.event, request_id, events)
    day = as_of or record.decided_on
    then_edition, then = _as_known_then(case, record)
    agreement = _agreement(case, record, then)
    edition_applied, problem = (then_edition, None) if then_edition is not None else _edition_now(case, record)
    problem = problem or _corrected_receipt(case, record)
    now = case.assessed(case.now, day, edition_applied) if edition_applied is not None else None
    others = _others(edition_applied, edition)
    under_others = tuple(case.assessed(case.now, day, one) for one in others)
    steps = _steps(case, then, day, edition_applied)
    used = [one for one in (edition_applied, *others) if one is not None]
    changed = replay_clauses.changes(used, _assessment(then), steps)
    recommendation = replay_clauses.recommendation_change(_assessment(then), steps)
    columns = replay_clauses.Columns(
        record.assessment,
        _assessment(then),
        _assessment(now),
        tuple(one.assessment for one in under_others),
        replay_clauses.groups(used),
    )
    return Replay(
        patient_id=case.now.patient_id,
        request_id=request_id,
        known_at=case.now.at,
        history_version=case.now.version,
        as_of=day,
        headline=text.headline(agreement.status, agreement.sentence, columns, changed, recommendation),
        decisions=tuple(_listed(one, case.event) for one in found),
        recorded=record,
        agreement=agreement,
        as_known_then=then,
        as_known_now=now,
        edition_problem=problem,
        other_editions=under_others,
        clauses=replay_clauses.rows(used, columns),
        changed=changed,
        recommendation_changed=recommendation,
        readings=replay_clauses.readings_relied_on(columns),
    )


def _listed(one: DecidingEvent, replayed: DecidingEvent) -> DecisionListed:
    return DecisionListed(
        version=one.originator_version,
        kind=kind_of(one),
        decided_on=decided_on(one),
        decided_by=one.actor.name,
        is_replayed=one is replayed,
    )


def _assessment(one: Reassessed | None) -> Assessment | None:
    return one.assessment if one is not None else None


def _chosen(
    events: Sequence[PatientEvent], found: Sequence[DecidingEvent], request_id: str, decision: int | None
) -> DecidingEvent:
    if not any(getattr(event, "request_id", None) == request_id for event in events):
        raise NotFound(
            "the request was not found", field="request_id", remedy="use an id from the patient's list of requests"
        )
    if not found:
        raise NotFound(
            "this request had no determination at that time",
            field="request_id",
            remedy="replay the request after it is decided; until then, see its assessment",
        )
    if decision is None:
        return found[-1]
    for one in found:
        if one.originator_version == decision:
            return one
    # The approval of an overturned appeal is recorded in the same command as the appeal decision, and is part of it.
    approved = next((one for one in events if one.originator_version == decision), None)
    for one in found:
        if isinstance(approved, CourseApproved) and one.command_id == approved.command_id:
            return one
    known = " or ".join(str(one.originator_version) for one in found)
    raise NotFound(
        "no determination of this request has this event number",
        field="decision",
        remedy=f"send the event number of a determination of this request: {known}",
    )


def _as_known_then(case: _Case, record: Recorded) -> tuple[Edition | None, Reassessed | None]:
    """Returns the edition as it was then, and an assessment under it from the version that the determination stored."""
    stored = record.assessment
    if stored is None or record.history_version is None:
        return None, None
    try:
        edition = edition_recorded(stored.edition, stored.edition_revision, stored.edition_digest)
    except EditionUnknown:
        return None, None
    if not 1 <= record.history_version < record.version:
        return edition, None
    history = case.versions[record.history_version - 1]
    if history.request(case.request_id) is None:
        return edition, None
    return edition, case.assessed(history, record.decided_on, edition)


def _agreement(case: _Case, record: Recorded, then: Reassessed | None) -> Agreement:
    if record.assessment is None:
        if record.history_version is not None:
            return Agreement(status="not_available", sentence=text.DECIDED_WITHOUT)
        is_import = isinstance(case.event, PastDeterminationImported)
        return Agreement(status="not_available", sentence=text.NO_ASSESSMENT[is_import])
    rechecked = reassess(record.assessment)
    if then is None:
        reason = rechecked.cannot_rerun or text.no_such_version(record.history_version)
        sentence = text.cannot_be_reassessed(reason)
        return Agreement(status="not_available", sentence=sentence, rechecked=rechecked)
    comparison = compared(record.assessment, then.assessment)
    facts = tuple(_facts_that_differ(record.assessment, then.assessment))
    if comparison.agrees and not facts and record.assessment_digest != then.assessment_digest:
        digest = Concluded(name="assessment_digest", recorded=record.assessment_digest, now=then.assessment_digest)
        comparison = comparison.model_copy(update={"conclusions": (digest,)})
    return Agreement(
        status="agrees" if comparison.agrees and not facts else "differs",
        sentence=text.agreement(comparison, facts, rechecked, then.history_version),
        findings=comparison.findings,
        conclusions=comparison.conclusions,
        facts=facts,
        rechecked=rechecked,
    )


def _facts_that_differ(one: Assessment, other: Assessment) -> Iterator[str]:
    for part in ("facts", "circumstances"):
        mine, others = (getattr(assessed, part).model_dump(mode="json") for assessed in (one, other))
        yield from (name for name in mine | others if mine.get(name) != others.get(name))


def _edition_now(case: _Case, record: Recorded) -> tuple[Edition | None, str | None]:
    """Returns the newest revision of the recorded edition; if it is not known, the edition of the day of receipt (R21).

    If there is no such edition, returns None and the reason.
    """
    request = case.now.request(case.request_id)
    assert request is not None
    try:
        if record.edition in {one.key for one in EDITIONS}:
            return edition_named(str(record.edition)), None
        return edition_of_request(request.received_on), None
    except EditionUnknown as unknown:
        return None, str(unknown)


def _corrected_receipt(case: _Case, record: Recorded) -> str | None:
    """Returns a sentence if the receipt was corrected since, and another edition was in effect on that day (R21)."""
    request = case.now.request(case.request_id)
    assert request is not None
    corrected = any(one.version > record.version for one in request.receipts)
    if not corrected or record.assessment is None:
        return None
    try:
        edition = edition_for(request.received_on).key
    except EditionUnknown as unknown:
        return f"The receipt was corrected since. {unknown.cause}."
    if edition == record.edition:
        return None
    return f"The receipt was corrected since, to {request.received_on}: policy version {edition} applies (R21)"


def _others(applied: Edition | None, chosen: Edition | None) -> list[Edition]:
    """Returns the other editions, newest first.

    If a rule was corrected since, the newest revision of the applied edition is one of them.
    """
    candidates = [chosen] if chosen is not None else [edition_named(one.key) for one in EDITIONS]
    same = (applied.key, applied.revision) if applied is not None else None
    return [one for one in candidates if (one.key, one.revision) != same]


def _steps(
    case: _Case, then: Reassessed | None, as_of: date, edition: Edition | None
) -> list[replay_clauses.ReplayStep]:
    """Returns the assessment of what was known then, on the day asked for, and one after each event recorded since."""
    if then is None or edition is None:
        return []
    before = case.versions[: then.history_version]
    since = case.versions[then.history_version :]
    events = case.events[then.history_version :]
    first = replay_clauses.ReplayStep(None, case.assessed(before[-1], as_of, edition).assessment)
    return [
        first,
        *(
            replay_clauses.ReplayStep(entry(event, case.zone), case.assessed(history, as_of, edition).assessment)
            for event, history in zip(events, since, strict=True)
        ),
    ]
