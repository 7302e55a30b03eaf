"""The stateless assessment: the body is the same object as a line of `assess`, and no ledger is read or changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import Field

from api.files.assess_lines import AssessLine
from api.http import examples
from api.http.bodies import CheckedJsonRoute
from api.http.problems import BODY
from api.routes.schemas import AssessmentAnswer
from domain.errors import InvalidCommand
from domain.policy.assessment import assess
from domain.policy.treatment_standing import contradictions

router = APIRouter(tags=["assessments"], route_class=CheckedJsonRoute)


class AssessBody(AssessLine):
    # The pattern accepts a date only. A refusal repeats the edition and must not repeat any other text.
    edition: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None


@router.post("/assessments", responses=BODY)
def assess_facts(body: Annotated[AssessBody, Body(examples=[examples.ASSESS])]) -> AssessmentAnswer:
    """Assess stated facts: each clause with its explanation, facts, readings and missing facts. Nothing is stored."""
    if problems := contradictions(body.facts, body.as_of):
        # Each contradiction begins with the name of the field that contradicts another field.
        cause, _, remedy = problems[0].partition(": ")
        field = f"facts.{cause.split()[0]}"
        raise InvalidCommand(f"the facts contradict each other: {cause}", field=field, remedy=remedy)
    assessment = assess(body.facts, body.as_of, body.applicable_edition())
    return AssessmentAnswer(assessment_digest=assessment.digest(), history_version=None, assessment=assessment)
