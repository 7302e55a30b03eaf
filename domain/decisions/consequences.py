"""Events that follow from other events, in the same commit: courses are completed, and reopened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.commands import Command
from domain.commands.context import CommandContext
from domain.events import PatientEvent
from domain.events.treatment import CourseCompleted, CourseReopened
from domain.frozen import set_fields
from domain.history import evolve
from domain.history.state import PatientHistory
from domain.treatment.courses import courses

DecisionFunction = Callable[[PatientHistory, Any, CommandContext], tuple[PatientEvent, ...]]
"""A decision: from a history, a command and its context to events that have no place in the history yet."""


def course_changes(
    history: PatientHistory, events: tuple[PatientEvent, ...], command: Command, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """The courses that the events, of which some are about treatment, complete or reopen (R6, R24).

    A course is completed when its last dose is on record. The latest course is reopened when it lost a dose.
    """
    history_after, changes = after(history, events), []
    # One change may cause another: if a later course disappears, an earlier incomplete one is the latest.
    while change := _course_change(history_after, command, context):
        changes.append(change)
        history_after = after(history_after, (change,))
    return tuple(changes)


def _course_change(history: PatientHistory, command: Command, context: CommandContext) -> PatientEvent | None:
    """The next event that brings a course in line with the doses on record, or None."""
    all_courses = courses(history)
    for course in all_courses:
        if course.named is None:
            continue
        if course.is_complete is True and not course.marks.completed and course.completed_on is not None:
            return context.event(
                CourseCompleted,
                course=course.named,
                doses_given=course.given_at_least,
                completed_on=course.completed_on,
            )
        is_over = course is not all_courses[-1] and course.marks.lost_a_dose
        if course.marks.completed and course.is_complete is not True and not is_over:
            return _reopened(course.named, course.given_at_least, command, context)
    names_in_use = {one.named for one in all_courses}
    for name, marks in history.marks:
        if marks.completed and name not in names_in_use:
            # All doses of the course were assigned to others. A new course with this name must not be complete from the
            # start.
            return _reopened(name, 0, command, context)
    return None


def _reopened(name: int, doses_given: int, command: Command, context: CommandContext) -> CourseReopened:
    reason = getattr(command, "reason", None) or "A later report changed the count of its doses."
    return context.event(CourseReopened, course=name, doses_given=doses_given, reason=reason)


def after(history: PatientHistory, events: tuple[PatientEvent, ...]) -> PatientHistory:
    """The history after these events. Each event gets its place, so the caller must hold the only reference to it."""
    for version, event in enumerate(events, history.version + 1):
        history = evolve(history, set_fields(event, originator_id=history.patient_id, originator_version=version))
    return history
