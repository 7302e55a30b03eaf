"""The courses of a history, updated event by event. Only what an event can have changed is computed again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from domain.history.changed_records import changed_places
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.treatment.courses import Course, courses, is_as_recorded, numbered, recorded_course


@dataclass(eq=False)
class CourseUpdates:
    """Keeps the courses of one history up to date. After each update, `found` equals `courses(history)`.

    As long as each dose is recorded after all earlier ones, without reports, only the courses whose doses or marks
    changed are computed again. Otherwise all courses are, when a dose, a report or a closing changes.
    """

    found: list[Course] = field(default_factory=list)
    _history: PatientHistory | None = None
    _is_as_recorded: bool = False
    _doses: defaultdict[int, dict[str, Dose]] = field(default_factory=lambda: defaultdict(dict))
    _recorded: dict[int, tuple[date, int, Course]] = field(default_factory=dict)

    def update(self, history: PatientHistory) -> None:
        """Updates `found` to a later version of the history. The first call accepts any version."""
        before, self._history = self._history, history
        if before is not None and _treatment(before) == _treatment(history):
            return
        was_as_recorded, self._is_as_recorded = self._is_as_recorded, is_as_recorded(history)
        if self._is_as_recorded:
            self.found = self._updated(before if was_as_recorded else None, history)
        else:
            self.found = list(courses(history))

    def _updated(self, before: PatientHistory | None, history: PatientHistory) -> list[Course]:
        if before is None:
            self._doses.clear()
            self._recorded.clear()
        names = set()
        for place in changed_places(before.doses if before is not None else (), history.doses):
            dose = history.doses[place]
            if dose.course is not None:
                names.add(dose.course)
                self._doses[dose.course][dose.dose_id] = dose
        known_marks = dict(before.marks) if before is not None else {}
        names |= {name for name, marks in history.marks if known_marks.get(name) is not marks and name in self._doses}
        for name in names:
            course = recorded_course(name, self._doses[name].values(), history.marks_of(name))
            if course is None:
                self._recorded.pop(name, None)
            else:
                self._recorded[name] = (course.begun_on, name, course)
        known = {one.named: one for one in self.found}
        return [
            known[name] if name not in names and known[name].number == number else numbered(number, course)
            for number, (_, name, course) in enumerate(sorted(self._recorded.values()), 1)
        ]


def _treatment(history: PatientHistory) -> tuple[int, ...]:
    """The records that courses follow from, by identity: the fold replaces only what an event changes."""
    return tuple(map(id, (history.doses, history.reports, history.marks, history.closed_reports)))
