"""Whether a person may give a command now, and why not: by its precondition, before any of its terms is entered."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from domain.commands import COMMANDS, Command
from domain.commands.context import Occasion
from domain.commands.patient import OpenHistory
from domain.decisions import (
    appeal_outcomes,
    appeals,
    approval_changes,
    course_closure,
    deadlines,
    determinations,
    documents,
    imported_determinations,
    information,
    notices,
    patient,
    requests,
)
from domain.decisions.preconditions import Assigning, OnAssessment, Precondition
from domain.errors import LedgerError
from domain.events.patient import Member
from domain.history.state import PatientHistory
from domain.permissions.commands import refusal_of_role
from domain.review.assess_request import RequestAssessment

CommandSubject = str | int | UUID | Member | Assigning | None
"""What a command is about: the id of a request, an appeal, a dose, a report, a document or a notice; the number of a
course; the other patient's id, of a link; a member id; what is assigned to whom. None: the patient."""

PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    OpenHistory: patient.to_open,
    **patient.PRECONDITIONS,
    **course_closure.PRECONDITIONS,
    **requests.PRECONDITIONS,
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
assert set(PRECONDITIONS) == set(COMMANDS), "every command has its precondition"

ON_ASSESSMENT: Final[dict[type[Command], OnAssessment]] = {
    **information.ON_ASSESSMENT,
    **determinations.ON_ASSESSMENT,
    **approval_changes.ON_ASSESSMENT,
    **appeal_outcomes.ON_ASSESSMENT,
}


def may(
    history: PatientHistory,
    occasion: Occasion,
    command: type[Command],
    subject: CommandSubject = None,
    judgement: RequestAssessment | None = None,
) -> LedgerError | None:
    """Why such a command about this subject would be refused now, whatever its terms; None where terms can be entered.

    The refusal is that of the decision. `judgement` is the assessment that the command would be decided from, where
    the caller has made it already.
    """
    if (refusal := refusal_of_role(occasion.actor, command)) is not None:
        return refusal
    try:
        found = PRECONDITIONS[command](history, subject, occasion)
        if (needs := ON_ASSESSMENT.get(command)) is not None:
            assessed = judgement or needs.judge(history, found, occasion.today)
            needs.check(history, found, assessed, occasion)
    except LedgerError as error:
        return error
    return None
