"""Whether a person may give a command now, and if not, why: by its precondition, before its terms are entered."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from domain.commands import COMMANDS, Command
from domain.commands.context import Occasion
from domain.decisions import (
    appeal_outcomes,
    appeals,
    approval_changes,
    course_closure,
    coverage,
    deadlines,
    determinations,
    documents,
    identifiers,
    imported_determinations,
    information,
    notices,
    patient,
    receipts,
    requests,
)
from domain.decisions.preconditions import Assigning, OnAssessment, Precondition
from domain.errors import LedgerError
from domain.events.patient import Member
from domain.history.state import PatientHistory
from domain.permissions.commands import refusal_of_role
from domain.review.assess_request import RequestAssessment

CommandSubject = str | int | UUID | Member | Assigning | None
"""What a command is about. None: the patient.

It is the id of a request, an appeal, a dose, a report, an entry of another agent, a document or a notice; the number
of a course; the id of the other patient of a link; a member ID; or what is assigned, and to whom.
"""

PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    **patient.PRECONDITIONS,
    **coverage.PRECONDITIONS,
    **identifiers.PRECONDITIONS,
    **course_closure.PRECONDITIONS,
    **requests.PRECONDITIONS,
    **receipts.PRECONDITIONS,
    **information.PRECONDITIONS,
    **documents.PRECONDITIONS,
    **deadlines.PRECONDITIONS,
    **notices.PRECONDITIONS,
    **determinations.PRECONDITIONS,
    **approval_changes.PRECONDITIONS,
    **imported_determinations.PRECONDITIONS,
    **appeals.PRECONDITIONS,
    **appeal_outcomes.PRECONDITIONS,
}
"""The precondition of each command."""
assert set(PRECONDITIONS) == set(COMMANDS), "every command has its precondition"

ON_ASSESSMENT: Final[dict[type[Command], OnAssessment]] = {
    **information.ON_ASSESSMENT,
    **determinations.ON_ASSESSMENT,
    **approval_changes.ON_ASSESSMENT,
    **appeal_outcomes.ON_ASSESSMENT,
}
"""What an assessment must say, for each command that names the assessment that its actor viewed."""


def may(
    history: PatientHistory,
    occasion: Occasion,
    command: type[Command],
    subject: CommandSubject = None,
    assessment: RequestAssessment | None = None,
) -> LedgerError | None:
    """Why such a command about this subject would be refused now, whatever its terms; None if its terms can be entered.

    The refusal is the decision's own. `assessment` is the assessment that the command would be decided from, if the
    caller has computed it already.
    """
    if (refusal := refusal_of_role(occasion.actor, command)) is not None:
        return refusal
    try:
        precondition_result = PRECONDITIONS[command](history, subject, occasion)
        if (assessment_rule := ON_ASSESSMENT.get(command)) is not None:
            current = assessment or assessment_rule.assess(history, precondition_result, occasion.today)
            assessment_rule.check(history, precondition_result, current, occasion)
    except LedgerError as error:
        return error
    return None
