"""What an event changed: each version of a history compared with the previous version, record by record.

Only records that an event replaced or added are read, so the cost depends on what the event changed, and not on the
size of the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from pydantic import JsonValue

from domain.facts import FrozenModel
from domain.history.changed_records import changed_places
from domain.history.state import PatientHistory
from projections.course_updates import CourseUpdates
from projections.record_values import DETAILS, STATUS, Values, course_status, person_details

_PERSON = ("name", "birth_date", "members", "linked")
_WITH_SHARED_NAMES = ("lines_of_business", "coverage", "representatives", "approvals")
"""Fields whose records can share a name, such as two approvals of one request. The name then means the latest one."""


class StateChange(FrozenModel):
    """One value of the record before and after the event. Null: the value did not exist."""

    what: str
    before: JsonValue
    after: JsonValue


class StateChanges:
    """Compares the versions of one history in order. `history` is the last version before the first comparison."""

    def __init__(self, history: PatientHistory | None) -> None:
        self._history = history
        self._latest: dict[str, int] = {}
        self._courses = CourseUpdates()
        self._course_texts: list[str] = []
        if history is not None:
            for field in _WITH_SHARED_NAMES:
                for place, record in enumerate(_records(history, field)):
                    self._latest[STATUS[field](place, record)[0]] = place
            self._changed_courses(history)

    def next(self, after: PatientHistory) -> tuple[StateChange, ...]:
        """Returns what changed up to the next version: every status, in the order of `STATUS`, and then the details."""
        before, self._history = self._history, after
        fields = [field for field in STATUS if getattr(before, field, None) is not getattr(after, field)]
        statuses = self._changed_statuses(before, after, fields)
        if before is None:
            return (StateChange(what="history", before=None, after="opened"), *statuses)
        return (*statuses, *_changed_details(before, after, fields))

    def _changed_statuses(
        self, before: PatientHistory | None, after: PatientHistory, fields: Sequence[str]
    ) -> Iterator[StateChange]:
        removed: list[StateChange] = []
        for field in fields:
            yield from self._changed_records(field, _records(before, field), _records(after, field), removed)
        courses = self._changed_courses(after)
        yield from (one for one in courses if one.after is not None)
        yield from chain(removed, (one for one in courses if one.after is None))

    def _changed_records(
        self, field: str, before: Sequence[Any], after: Sequence[Any], removed: list[StateChange]
    ) -> Iterator[StateChange]:
        status = STATUS[field]
        for place in changed_places(before, after):
            name, now = status(place, after[place])
            latest = place if place < len(before) else None
            if field in _WITH_SHARED_NAMES:
                latest = self._latest.get(name)
                self._latest[name] = max(place, latest or 0)
            was = status(latest, before[latest])[1] if latest is not None else None
            if was != now and self._latest.get(name, place) == place:
                yield StateChange(what=name, before=was, after=now)
        for place in range(len(after), len(before)):
            name, was = status(place, before[place])
            removed.append(StateChange(what=name, before=was, after=None))

    def _changed_courses(self, after: PatientHistory) -> list[StateChange]:
        known, texts = self._courses.found, self._course_texts
        self._courses.update(after)
        found = self._courses.found
        if found is known:
            return []
        self._course_texts = texts[: len(found)] + [""] * (len(found) - len(texts))
        # Whether a course is the latest is part of its status.
        latest = {place for place in (len(known) - 1, len(found) - 1) if 0 <= place < len(found)}
        changes = []
        for place in sorted(latest.union(changed_places(known, found))):
            was = texts[place] if place < len(texts) else None
            now = self._course_texts[place] = course_status(found[place], found[-1])
            if was != now:
                changes.append(StateChange(what=f"course {place + 1}", before=was, after=now))
        removed = range(len(found), len(texts))
        return changes + [StateChange(what=f"course {place + 1}", before=texts[place], after=None) for place in removed]


def _changed_details(before: PatientHistory, after: PatientHistory, fields: Sequence[str]) -> Iterator[StateChange]:
    if any(getattr(before, name) is not getattr(after, name) for name in _PERSON):
        yield from _differences("history", person_details(before), person_details(after))
    for field, details in DETAILS.items():
        if field not in fields:
            continue
        known, records = _records(before, field), _records(after, field)
        for place in changed_places(known, records):
            if place < len(known):
                name, _ = STATUS[field](place, records[place])
                yield from _differences(name, details(known[place]), details(records[place]))


def _differences(record: str, before: Values, after: Values) -> Iterator[StateChange]:
    for name in [*after, *(name for name in before if name not in after)]:
        if before.get(name) != after.get(name):
            yield StateChange(what=f"{record}: {name}", before=before.get(name), after=after.get(name))


def _records(history: PatientHistory | None, field: str) -> Sequence[Any]:
    """Returns the records of a field; for a field with a single value, that value or nothing."""
    found = getattr(history, field) if history is not None else None
    if isinstance(found, tuple):
        return found
    return () if found is None else (found,)
