"""The stateless assessment: the same object as a line of `assess`, judged without touching a ledger."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from api import examples
from api.answers import AssessmentAnswer
from api.assess_file import Line
from api.bodies_in import SoundJson
from api.problems import BODY
from domain.errors import InvalidCommand
from domain.policy.assessment import assess
from domain.policy.treatment import contradictions

router = APIRouter(tags=["assessments"], route_class=SoundJson)


@router.post("/assessments", responses=BODY)
def assess_facts(body: Annotated[Line, Body(examples=[examples.ASSESS])]) -> AssessmentAnswer:
    """Judge stated facts: every clause with its sentence, facts, readings and what is missing. Nothing is stored."""
    if found := contradictions(body.facts, body.as_of):
        cause, _, remedy = found[0].partition(": ")
        raise InvalidCommand(cause, field="facts", remedy=remedy)
    judged = assess(body.facts, body.as_of, body.applicable_edition())
    return AssessmentAnswer(assessment_digest=judged.digest(), history_version=None, assessment=judged)
