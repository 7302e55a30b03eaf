"""Closes a course that will not be finished, and collects all decisions about treatment."""

from __future__ import annotations

from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.treatment import CloseCourse
from domain.decisions import claims, doses, prior_treatment
from domain.decisions.consequences import DecisionFunction
from domain.decisions.preconditions import Precondition
from domain.errors import Conflict, NotFound
from domain.events import PatientEvent
from domain.events.treatment import CourseClosedUnfinished
from domain.history.state import PatientHistory
from domain.treatment.courses import Course, courses


def close_course(history: PatientHistory, command: CloseCourse, context: CommandContext) -> tuple[PatientEvent, ...]:
    """A clinician finds that an open course will not be finished (R26)."""
    course = to_close(history, command.course, context)
    return (
        context.event(
            CourseClosedUnfinished,
            course=course.named or course.number,
            doses_given=course.given_at_least,
            closed_on=context.today,
            reason=command.reason,
            reported_course=course.reported[-1] if course.reported else None,
        ),
    )


def to_close(history: PatientHistory, number: int, _: Occasion) -> Course:
    """The open course with this number."""
    course = next((one for one in courses(history) if one.number == number), None)
    if course is None:
        raise NotFound(
            "the course was not found", field="course", remedy="use a number from the patient's list of courses"
        )
    if course.status not in ("open", "unknown"):
        raise Conflict(
            f"course {course.number} is {course.status}", field="course", remedy="only an open course can be closed"
        )
    return course


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    **prior_treatment.DECISIONS,
    **doses.DECISIONS,
    **claims.DECISIONS,
    CloseCourse: close_course,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    **prior_treatment.PRECONDITIONS,
    **doses.PRECONDITIONS,
    **claims.PRECONDITIONS,
    CloseCourse: to_close,
}
