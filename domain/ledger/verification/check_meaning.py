"""Checks meaning: whether each event follows from the events before it.

Every determination is re-evaluated from the history at its version, under its edition and revision. Every completed
course must follow from its doses. Each history is checked from its own events alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from domain.calendar import SAME_INSTANT
from domain.errors import EditionUnknown
from domain.events.appeals import AppealDecided
from domain.events.base import Event
from domain.events.determinations import ApprovalExtended, Determination
from domain.events.patient import HistoryOpened
from domain.events.treatment import CourseCompleted
from domain.history import evolve
from domain.history.records import CourseMarks
from domain.history.state import PatientHistory
from domain.ledger.clocks.clock_check import BEHIND_MAX
from domain.ledger.event_store import EventMapper
from domain.ledger.verification.report import Logged, VerificationPart, about
from domain.policy.assessment import Assessment
from domain.policy.editions import edition_named, edition_recorded, has_edition
from domain.policy.reassessment import Rerun, compared, reassess
from domain.review.assess_request import RequestAssessment, extension_assessment, request_assessment
from domain.treatment.approval_use import doses_in_progress
from domain.treatment.courses import courses
from domain.treatment.revision_1 import courses as revision_1

OPENED_TOPIC: Final = HistoryOpened.TOPIC


class UnreadableEvent(Exception):
    """The bytes of an event are not valid for its topic. The failure is already in the report."""


class CheckedCourse(Protocol):
    """What the check uses of a course, whichever revision derived it."""

    @property
    def named(self) -> int | None: ...
    @property
    def marks(self) -> CourseMarks: ...
    @property
    def given_at_least(self) -> int: ...
    @property
    def is_complete(self) -> bool | None: ...
    @property
    def completed_on(self) -> date | None: ...


class MeaningCheck:
    """The check of the meaning. It takes one history after another. `mapper` reads plain bytes."""

    def __init__(self, part: VerificationPart) -> None:
        self.part = part
        self.mapper = EventMapper()
        self.editions: set[tuple[str, int, str]] = set()
        self.newest_at = datetime.max.replace(tzinfo=UTC)
        """When the newest event of the log was recorded."""

    def history(self, entries: Iterable[Logged]) -> None:
        """Checks all events of one patient, oldest first. Events after one that can't be read are not checked."""
        self.part.counts["histories"] += 1
        known: list[PatientHistory] = []
        try:
            for entry in entries:
                self._event(known, entry)
        except UnreadableEvent:
            self.part.counts["histories not fully checked"] += 1
        if known:
            self._clock(known)

    def _clock(self, known: Sequence[PatientHistory]) -> None:
        """Remarks on a history that has an event from a clock that was ahead; its later events are dated right."""
        followed = [one.recorded_at for one in known if one.recorded_at - one.at > SAME_INSTANT]
        newest = [known[-1].at] if known[-1].at - self.newest_at > BEHIND_MAX else []
        if ahead := followed[:1] or newest:
            until = ahead[0].strftime("%Y-%m-%d %H:%M UTC")
            self.part.counts["histories recorded by a clock that was ahead"] += 1
            self.part.remark(f"recorded by a clock that was ahead, up to {until} (history {known[-1].patient_id})")

    def event_of(self, entry: Logged) -> Any:
        """The event in the bytes. If they can't be decoded, adds a failure to the report and raises UnreadableEvent."""
        return self._guarded("its content is not a valid event of its topic", entry, self.event_read, entry)

    def event_read(self, entry: Logged) -> Event:
        """The event in the bytes. Raises the errors of the mapper."""
        event: Event = self.mapper.event_of(UUID(entry.stream), entry.version, entry.topic, entry.state)
        return event

    def _event(self, known: list[PatientHistory], entry: Logged) -> None:
        event = self.event_of(entry)
        if isinstance(event, CourseCompleted):
            self._guarded("it can't follow the events before it", entry, self._course, known, event, entry)
        if isinstance(getattr(event, "determination", None), Determination):
            self._guarded("it can't be re-evaluated", entry, self._determination, known, event, entry)
        before = known[-1] if known else None
        known.append(self._guarded("it can't follow the events before it", entry, evolve, before, event))

    def _guarded(self, what: str, entry: Logged, step: Any, *values: Any) -> Any:
        """Runs a step and returns its result. Altered values may make it raise any error, which becomes a failure.

        The failure contains the class of the error, but no values. Raises UnreadableEvent after it.
        """
        try:
            return step(*values)
        except Exception as error:
            self.part.fail(about(f"{what} [{type(error).__name__}]", entry))
        raise UnreadableEvent

    # -- courses ------------------------------------------------------------------------------

    def _course(self, known: list[PatientHistory], event: CourseCompleted, entry: Logged) -> None:
        self.part.counts["courses completed"] += 1
        why = _why_not_completed(courses(known[-1]), event)
        if why is None:
            return
        # An event on record may follow from the doses as the program derived courses when it was recorded.
        if _why_not_completed(revision_1.courses(known[-1]), event) is None:
            self.part.counts["courses that would now differ"] += 1
            self.part.remark(about("follows as courses were derived then; would now differ", entry).line())
            return
        self.part.fail(about(why, entry))

    # -- determinations -----------------------------------------------------------------------

    def _determination(self, known: list[PatientHistory], event: Any, entry: Logged) -> None:
        self.part.counts["determinations"] += 1
        determination: Determination = event.determination
        recorded = determination.assessment
        if recorded is None:
            self._without_assessment(known, event, determination, entry)
            return
        if recorded.digest() != determination.assessment_digest or recorded.as_of != determination.decided_on:
            self.part.fail(about("its assessment does not match its digest and day", entry))
        try:
            edition = edition_recorded(recorded.edition, recorded.edition_revision, recorded.edition_digest)
        except EditionUnknown as unknown:
            named = f"policy version {recorded.edition} revision {recorded.edition_revision}"
            is_other = unknown.field == "edition_digest"
            why = (
                "has different rules in this program: its digest does not match"
                if is_other
                else "is not known to this program"
            )
            self.part.fail(about(f"{named[:60]} {why}", entry))
            return
        self.part.counts["edition digests"] += 1
        self.editions.add((recorded.edition, recorded.edition_revision, recorded.edition_digest))
        seen = _history_seen(known, event, determination)
        if seen is None:
            self.part.fail(
                about(f"version {determination.history_version} of the history does not contain its request", entry)
            )
            return
        recomputed = _reassessed(seen, event, determination, edition)
        others = tuple(_names_that_differ(recorded, recomputed.assessment))
        if others:
            self.part.fail(about(f"the history at its version differs: {', '.join(others)}", entry))
        self._rerun(recorded, recomputed.assessment if not others else None, entry)

    def _without_assessment(
        self, known: list[PatientHistory], event: Any, determination: Determination, entry: Logged
    ) -> None:
        """Only a request from before the first edition is decided without an assessment (R31)."""
        self.part.counts["determinations without an assessment"] += 1
        seen = _history_seen(known, event, determination)
        request = seen.request(_request_id(seen, event)) if seen is not None else None
        if request is None:
            self.part.fail(
                about(f"version {determination.history_version} of the history does not contain its request", entry)
            )
        elif has_edition(request.received_on) or determination.edition is None:
            self.part.fail(about("it has no assessment, although its request was received under an edition", entry))

    def _rerun(self, recorded: Assessment, recomputed: Assessment | None, entry: Logged) -> None:
        """Re-evaluates the stored facts. `recomputed` is the new assessment, or None if the history has other facts."""
        newest = edition_named(recorded.edition)
        if recomputed is not None and newest.revision == recorded.edition_revision:
            rerun: Rerun | None = compared(recorded, recomputed)
            later = rerun
        else:
            rechecked = reassess(recorded)
            rerun, later = rechecked.as_recorded, rechecked.newest
        if rerun is None or not rerun.agrees:
            differs = f": {_clauses_that_differ(rerun)} differ" if rerun is not None else ""
            self.part.fail(about(f"re-evaluation under its policy version does not agree{differs}", entry))
            return
        self.part.counts["determinations that agree"] += 1
        if later is not None and not later.agrees:
            self.part.counts["determinations that would now differ"] += 1
            line = about(f"agrees; would now differ (revision {later.revision})", entry).line()
            self.part.remark(line)


def _why_not_completed(found: Sequence[CheckedCourse], event: CourseCompleted) -> str | None:
    """Why the doses of these courses do not lead to the event, or None if they do."""
    course = next((one for one in found if one.named == event.course), None)
    if course is None or course.is_complete is not True:
        return "the doses before it do not complete the course"
    if course.marks.completed:
        return "the course was already completed"
    if (course.given_at_least, course.completed_on) != (event.doses_given, event.completed_on):
        return "the doses before it complete the course on a different day or with a different number"
    return None


def _history_seen(known: list[PatientHistory], event: Any, determination: Determination) -> PatientHistory | None:
    """The history at the version that the decision was based on; None if it does not exist or lacks the request."""
    if not 1 <= determination.history_version <= len(known):
        return None
    seen = known[determination.history_version - 1]
    if seen.version != determination.history_version or seen.request(_request_id(seen, event)) is None:
        return None
    return seen


def _request_id(history: PatientHistory, event: Any) -> str:
    if isinstance(event, AppealDecided):
        appeal = history.appeal(event.appeal_id)
        return appeal.request_id if appeal is not None else ""
    request_id: str = event.request_id
    return request_id


def _reassessed(seen: PatientHistory, event: Any, determination: Determination, edition: Any) -> RequestAssessment:
    request = seen.request(_request_id(seen, event))
    assert request is not None
    if isinstance(event, ApprovalExtended):
        # The doses that were given under the approval are not an earlier course (R10).
        approvals = [one for one in seen.approvals if one.version == event.approval_version]
        given = [dose.dose_id for approval in approvals for dose in doses_in_progress(seen, approval)]
        return extension_assessment(seen, request, given, determination.decided_on, edition)
    return request_assessment(seen, request, determination.decided_on, edition)


def _names_that_differ(one: Assessment, other: Assessment) -> Iterator[str]:
    """The names of the facts and circumstances that differ. It never returns values."""
    for part in ("facts", "circumstances"):
        values, other_values = getattr(one, part), getattr(other, part)
        if values != other_values:
            yield from (
                name for name in type(values).model_fields if getattr(values, name) != getattr(other_values, name)
            )


def _clauses_that_differ(rerun: Rerun) -> str:
    names = [one.citation for one in rerun.findings] + [one.name for one in rerun.conclusions]
    known = [name for name in names if len(name) <= 30]
    return ", ".join(known[:20]) or "findings"
