"""The API as its tests speak to it: a method an act, with bodies that say the least that is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from httpx2 import Client, Response

from domain.ledger.application import Ledger
from domain.people import Actor
from tests import scenario

Json = dict[str, Any]

PROBLEM = "application/problem+json"
STATEMENT_KEYS = ("diagnosis", "agents", "requested_dosing")


def sent_by(actor: Actor) -> Json:
    return actor.model_dump(mode="json", exclude_none=True)


NURSE = sent_by(scenario.NURSE)
PHYSICIAN = sent_by(scenario.PHYSICIAN)
PHARMACIST = sent_by(scenario.PHARMACIST)
OFFICE = sent_by(scenario.OFFICE)
CLAIMS = sent_by(scenario.CLAIMS)
MEETS_A, MEETS_B = scenario.MEETS_A, scenario.MEETS_B

REASON: Json = {"actor": NURSE, "reason": "Entered for another patient."}


def opening(member_id: str = "M-1", **values: Any) -> Json:
    member = {"issuer": "plan", "member_id": member_id}
    return {"actor": NURSE, "member": member, "name": "Alma Synthetic", "birth_date": "1988-05-17"} | values


def request(statement: Json = MEETS_A, **values: Any) -> Json:
    return {
        "actor": NURSE,
        "received_at": "2026-04-20T09:00:00-05:00",
        "line_of_business": "commercial",
        "prescriber": {"name": "Nora Neuro", "specialty": "neurology"},
        "statement": statement,
    } | values


def dose(on: str = "2026-04-20", reference: str | None = None, **values: Any) -> Json:
    return {
        "actor": CLAIMS,
        "on": on,
        "mg": 12,
        "source": "infusion_centre",
        "source_reference": reference or f"INF-{on}",
    } | values


def report(*courses: Json, **values: Any) -> Json:
    return {"actor": NURSE, "source": "other_plan", "courses": list(courses)} | values


COMPLETED_ELSEWHERE: Json = {"doses_given": 5, "last_dose_on": "2025-03-10", "completed": True}


@dataclass(frozen=True)
class Api:
    """Acts answer with the body, and fail unless the status is the expected one."""

    client: Client
    ledger: Ledger

    def post(self, path: str, body: Any, key: str | None = None, if_match: str | None = None, **more: Any) -> Response:
        headers = {"Idempotency-Key": key, "If-Match": if_match}
        return self.client.post(
            path, json=body, headers={name: value for name, value in headers.items() if value is not None}, **more
        )

    def did(self, path: str, body: Json, **more: Any) -> Json:
        answer = self.post(path, body, **more)
        assert answer.status_code in (200, 201), answer.text
        found: Json = answer.json()
        return found

    def asked(self, path: str, **query: Any) -> Json:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    # -- acts ---------------------------------------------------------------------------------

    def opened(self, member_id: str = "M-1", **values: Any) -> str:
        return str(self.did("/patients", opening(member_id, **values))["patient_id"])

    def submitted(self, patient: str, statement: Json = MEETS_A, **values: Any) -> Json:
        return self.did(f"/patients/{patient}/requests", request(statement, **values))

    def dosed(self, patient: str, *days: str) -> list[Json]:
        return [self.did(f"/patients/{patient}/doses", dose(day)) for day in days]

    def reported(self, patient: str, *courses: Json) -> Json:
        return self.did(f"/patients/{patient}/prior-treatment", report(*courses))

    def decided(self, how: str, seen: Json, actor: Json = NURSE, **terms: Any) -> Response:
        """Decides the request of an answer that was seen, with its digest."""
        body = {"actor": actor, "assessment_digest": seen["assessment_digest"]} | terms
        return self.post(f"/requests/{seen['request']['request_id']}/{how}", body)

    # -- questions ----------------------------------------------------------------------------

    def eligibility(self, patient: str, **query: Any) -> Json:
        return self.asked(f"/patients/{patient}/eligibility", **query)

    def looked_at(self, request_id: str) -> Json:
        return self.asked(f"/requests/{request_id}")

    def version(self, patient: str) -> int:
        return self.ledger.history(UUID(patient)).version


def refused(answer: Response, status: int, field: str | None = None) -> Json:
    """The problem that an answer is: whole, and about this field."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem: Json = answer.json()
    assert {"type", "title", "status", "detail", "remedy"} <= set(problem)
    assert problem["status"] == status
    assert all(problem[name] for name in ("type", "title", "detail", "remedy"))
    if field is not None:
        assert problem.get("field") == field, problem
    return problem
