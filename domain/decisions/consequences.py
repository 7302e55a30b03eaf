"""What follows from what happened, in the same commit: courses are completed, and open again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.commands import Command
from domain.commands.context import CommandContext
from domain.events import PatientEvent
from domain.events.base import placed
from domain.events.treatment import CourseCompleted, CourseReopened, TreatmentEvent
from domain.history import evolve
from domain.history.state import PatientHistory
from domain.treatment.courses import courses

DecisionFunction = Callable[[PatientHistory, Any, CommandContext], tuple[PatientEvent, ...]]
"""One command decided: a history and the command, to events that are not placed yet."""


def course_changes(
    history: PatientHistory, events: tuple[PatientEvent, ...], command: Command, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """A course whose last dose is on record is completed; the latest one that lost a dose is open again (R6, R24).

    Courses are made of what events of treatment record: no other event changes one.
    """
    if not any(isinstance(event, TreatmentEvent) for event in events):
        return ()
    known, changes = after(history, events), []
    # One change may bring the next: a later course that vanished leaves an earlier short one the latest.
    while change := _course_change(known, command, context):
        changes.append(change)
        known = after(known, (change,))
    return tuple(changes)


def _course_change(history: PatientHistory, command: Command, context: CommandContext) -> PatientEvent | None:
    found = courses(history)
    for course in found:
        if course.named is None:
            continue
        if course.is_complete is True and not course.marks.completed and course.completed_on is not None:
            return context.event(
                CourseCompleted,
                course=course.named,
                doses_given=course.given_at_least,
                completed_on=course.completed_on,
            )
        if course.marks.completed and course.is_complete is not True and course is found[-1]:
            return _reopened(course.named, course.given_at_least, command, context)
    owned = {dose.course for dose in history.doses}
    for name, marks in history.marks:
        if marks.completed and name not in owned:
            # Its doses were all moved away; whoever takes the name next is not complete for that.
            return _reopened(name, 0, command, context)
    return None


def _reopened(name: int, doses_given: int, command: Command, context: CommandContext) -> CourseReopened:
    reason = getattr(command, "reason", None) or "A later report changed the count of its doses."
    return context.event(CourseReopened, course=name, doses_given=doses_given, reason=reason)


def after(history: PatientHistory, events: tuple[PatientEvent, ...]) -> PatientHistory:
    """The history as these events will leave it, each at the place that it will have: nobody else holds them yet."""
    for version, event in enumerate(events, history.version + 1):
        history = evolve(history, placed(event, history.patient_id, version))
    return history
