"""The courses of a history, updated event by event. Only what an event can have changed is computed again."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import compress, count
from operator import is_not

from domain.history.changed_records import changed_places
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.treatment.course_of_dose import course_names, is_as_recorded
from domain.treatment.courses import Course, is_one_course, joined, recorded_course, reported_courses, sort_key

_CourseEntry = tuple[date, int, int, Course]
"""A sort key and a course that is not yet joined and numbered."""


@dataclass(eq=False)
class CourseUpdates:
    """Keeps the courses of one history up to date. After each update, `found` equals `courses(history)`.

    A course of doses that this ledger recorded is computed again when its doses or marks change. All reported courses
    are computed again when a report changes, or when a dose that documents a reported course changes.
    """

    found: list[Course] = field(default_factory=list)
    _history: PatientHistory | None = None
    _doses: defaultdict[int | None, dict[str, Dose]] = field(default_factory=lambda: defaultdict(dict))
    _known: dict[str, tuple[Dose, int | None]] = field(default_factory=dict)
    _is_as_recorded: bool = False
    _recorded: dict[int, _CourseEntry] = field(default_factory=dict)
    _reported: list[_CourseEntry] = field(default_factory=list)
    _entries: list[_CourseEntry] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    """The index of the first entry of each course."""

    def update(self, history: PatientHistory) -> None:
        """Updates `found` to a later version of the history. The first call accepts any version."""
        before, self._history = self._history, history
        marks = before.marks if before is not None else ()
        names = self._move_doses(before, history)
        if history.marks is not marks:
            earlier_marks = dict(marks)
            names.update(name for name, one in history.marks if earlier_marks.get(name) is not one)
        reports_changed = (
            before is None
            or before.reports is not history.reports
            or before.closed_reports is not history.closed_reports
        )
        if history.reports and (reports_changed or None in names):
            reported = reported_courses(history, self._doses[None].values())
            self._reported = [(*sort_key(one), place, one) for place, one in enumerate(reported)]
        for name in names:
            if name is not None:
                self._record(name, history)
        if names or reports_changed:
            self._join(sorted([*self._reported, *self._recorded.values()]))

    def _move_doses(self, before: PatientHistory | None, after: PatientHistory) -> set[int | None]:
        """Moves the changed doses to their courses. Returns the names of the courses that are affected."""
        if before is not None and before.doses is after.doses and before.reports is after.reports:
            return set()
        affected: set[int | None] = set()
        was_as_recorded, self._is_as_recorded = self._is_as_recorded, is_as_recorded(after)
        named = course_names(after)
        only_changed = was_as_recorded and self._is_as_recorded and before is not None
        places = changed_places(before.doses, after.doses) if only_changed and before else range(len(after.doses))
        for place in places:
            dose = after.doses[place]
            name = named.get(dose.dose_id)
            known, known_name = self._known.get(dose.dose_id, (None, None))
            if known is dose and known_name == name:
                continue
            if known is not None:
                affected.add(known_name)
                del self._doses[known_name][dose.dose_id]
            affected.add(name)
            self._doses[name][dose.dose_id] = dose
            self._known[dose.dose_id] = (dose, name)
        return affected

    def _record(self, name: int, history: PatientHistory) -> None:
        doses = self._doses[name].values()
        course = recorded_course(name, doses, history) if doses else None
        if course is None:
            self._recorded.pop(name, None)
        else:
            self._recorded[name] = (*sort_key(course), 0, course)

    def _join(self, entries: list[_CourseEntry]) -> None:
        """Joins and numbers the entries, from the first changed entry until the remaining courses are unchanged."""
        before, starts, known = self._entries, self._starts, self.found
        first = next(iter(changed_places(before, entries)), len(entries))
        unchanged_at_end = _unchanged_at_end(before, entries)
        first_changed = max(bisect_right(starts, first) - 1, 0)
        self.found, self._starts, self._entries = known[:first_changed], starts[:first_changed], entries
        for place in range(starts[first_changed] if first_changed < len(starts) else 0, len(entries)):
            entry = entries[place][-1]
            if self.found and is_one_course(self.found[-1], entry):
                self.found[-1] = joined(self.found[-1], entry)
                continue
            number = len(self.found)
            shift = len(entries) - len(before)
            if place >= len(entries) - unchanged_at_end and number < len(starts) and starts[number] == place - shift:
                # This course starts with the same entry and number as before, and so do all courses after it.
                self.found += known[number:]
                self._starts += [one + shift for one in starts[number:]]
                return
            self._starts.append(place)
            self.found.append(replace(entry, number=number + 1))


def _unchanged_at_end(before: list[_CourseEntry], after: list[_CourseEntry]) -> int:
    changed = compress(count(), map(is_not, reversed(before), reversed(after)))
    return next(changed, min(len(before), len(after)))
