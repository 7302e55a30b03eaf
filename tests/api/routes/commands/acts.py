"""The API as its tests speak to it: a method an act, with bodies that say the least that is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

from httpx2 import Client, Response

from domain.events.system import SystemEvent
from domain.ledger.application import Ledger
from domain.people import Actor
from tests import story
from tests.clock import Clock

Json = dict[str, Any]

PROBLEM = "application/problem+json"
STATEMENT_KEYS = ("diagnosis", "agents", "requested_dosing")


def sent_by(actor: Actor) -> Json:
    return actor.model_dump(mode="json", exclude_none=True)


NURSE = sent_by(story.NURSE)
PHYSICIAN = sent_by(story.PHYSICIAN)
PHARMACIST = sent_by(story.PHARMACIST)
OFFICE = sent_by(story.OFFICE)
CLAIMS = sent_by(story.CLAIMS)
APPEALS = sent_by(story.NEUROLOGIST)
MEETS_A, MEETS_B = story.MEETS_A, story.MEETS_B
_NO_SIGN: Json = {"finding": False}
PENDS: Json = MEETS_A | {
    "agents": [{"product": "Avonex", "outcome": "inadequate_efficacy", "stopped_on": "2018-01"}],
    "aggressive_disease": {
        "rapid_deterioration": _NO_SIGN,
        "disabling_relapses": _NO_SIGN,
        "mri": {"finding": True, "documentation": "not_attached"},
        "cognitive_impairment": _NO_SIGN,
    },
}
"""One agent failed, which is not enough; the MRI that would be is asserted, and its report is not here."""
FAILS: Json = MEETS_A | {"agents": [], "aggressive_disease": dict.fromkeys(PENDS["aggressive_disease"], _NO_SIGN)}
"""No agent was tried and no sign of aggressive disease is there: 1.A.iii is not met."""
MRI = "1.A.iii.d(3)"
PDF = b"%PDF-1.7 a synthetic report of an MRI"

NOON = datetime(2026, 4, 28, 16, 0, tzinfo=UTC)
"""Where the clock of the tests stands."""
OPENED, RECEIVED = datetime(2026, 4, 20, 13, 59, tzinfo=UTC), datetime(2026, 4, 20, 14, 0, tzinfo=UTC)

ALMA: Json = {"name": "Alma Synthetic", "relation": "patient"}
REASON: Json = {"actor": NURSE, "reason": "Entered for another patient."}


def opening(member_id: str = "M-1", **values: Any) -> Json:
    member = {"issuer": "plan", "member_id": member_id}
    return {"actor": OFFICE, "member": member, "name": "Alma Synthetic", "birth_date": "1988-05-17"} | values


def request(statement: Json = MEETS_A, **values: Any) -> Json:
    """A request that an office submits now; one with another time of receipt is submitted by a user of the plan."""
    return {
        "actor": NURSE if "received_at" in values else OFFICE,
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


def claim(reference: str = "C-1", on: str | None = "2026-04-20", units: object = 12, **values: Any) -> Json:
    line = {"actor": CLAIMS, "reference": reference, "hcpcs": "J0202", "units": units}
    return line | ({} if on is None else {"on": on}) | values


def report(*courses: Json, **values: Any) -> Json:
    return {"actor": NURSE, "source": "other_plan", "courses": list(courses)} | values


COMPLETED_ELSEWHERE: Json = {"doses_given": 5, "last_dose_on": "2025-03-10", "completed": True}

KEEPING = frozenset(one.TOPIC for one in get_args(SystemEvent))
"""Events that the ledger records about itself: who may sign in, who viewed records, what is sealed."""

_ADDRESSES = {
    "r": "requests",
    "d": "doses",
    "t": "reports",
    "f": "documents",
    "n": "notices",
    "a": "appeals",
    "g": "agents",
}


def address(identifier: str) -> str:
    """The path of a record: of a patient by its id, of any other record by the letter of its number."""
    _, dot, number = identifier.partition(".")
    return f"/{_ADDRESSES[number[0]]}/{identifier}" if dot else f"/patients/{identifier}"


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
        with self._on_20_april(OPENED):
            return str(self.did("/patients", opening(member_id, **values))["patient_id"])

    def opened_now(self) -> str:
        return str(self.did("/patients", opening())["patient_id"])

    def submitted(self, patient: str, statement: Json = MEETS_A, **values: Any) -> Json:
        """A request; an office submits it on 20 April, unless something newer is on record, and it is received then."""
        newest = self.ledger.history(UUID(patient)).recorded_at
        with nullcontext() if "received_at" in values else self._on_20_april(max(RECEIVED, newest)):
            return self.did(f"/patients/{patient}/requests", request(statement, **values))

    @contextmanager
    def _on_20_april(self, at: datetime) -> Iterator[None]:
        """The clock of a ledger whose clock stands still at noon is set to this instant, and then back."""
        clock = vars(self.ledger)["_clock"]
        stands = isinstance(clock, Clock) and clock.at == NOON
        if stands:
            clock.at = at
        try:
            yield
        finally:
            if stands:
                clock.at = NOON

    def dosed(self, patient: str, *days: str) -> list[Json]:
        return [self.did(f"/patients/{patient}/doses", dose(day)) for day in days]

    def reported(self, patient: str, *courses: Json) -> Json:
        return self.did(f"/patients/{patient}/prior-treatment", report(*courses))

    def decided(self, how: str, seen: Json, actor: Json = NURSE, **terms: Any) -> Response:
        """Decides the request of an answer that was seen, with its digest."""
        body = {"actor": actor, "assessment_digest": seen["assessment_digest"]} | terms
        return self.post(f"/requests/{seen['request']['request_id']}/{how}", body)

    def stored(self, patient: str, content: bytes = PDF, media_type: str = "application/pdf", **headers: str) -> Json:
        """The bytes of a document, and what a command says of it when it names it."""
        headers = {"Content-Type": media_type} | headers
        answer = self.client.post(f"/patients/{patient}/documents", content=content, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json() | {"name": "Report of the MRI", "kind": "mri_report", "clause": MRI}

    def did_to(self, subject: str, act: str, actor: Json = NURSE, **terms: Any) -> Json:
        """A command about the record with this id: a request, a document, an appeal."""
        return self.did(f"{address(subject)}/{act}", {"actor": actor} | terms)

    def digest(self, request_id: str) -> str:
        return str(self.asked(f"/requests/{request_id}/assessment")["assessment_digest"])

    def denied(self, patient: str, statement: Json = FAILS, **values: Any) -> str:
        """A request that was denied for 1.A.iii; its id."""
        seen = self.submitted(patient, statement, **values)
        answer = self.decided("deny", seen, PHYSICIAN, citing=["1.A.iii"], rationale="No agent was tried.")
        assert answer.status_code == 200, answer.text
        return str(seen["request"]["request_id"])

    def appealed(self, request_id: str, received_at: str = "2026-04-28T15:00:00Z", **values: Any) -> str:
        terms = {"received_at": received_at, "grounds": "Two agents failed before.", "filer": ALMA} | values
        return str(self.did_to(request_id, "appeals", **terms)["made"][0])

    # -- questions ----------------------------------------------------------------------------

    def eligibility(self, patient: str, **query: Any) -> Json:
        return self.asked(f"/patients/{patient}/eligibility", **query)

    def looked_at(self, request_id: str) -> Json:
        return self.asked(f"/requests/{request_id}")

    def events_stored(self) -> int:
        """How many events of patients, and of their places in the index, the ledger holds."""
        rows = self.ledger.recorder.changed_since(0, 1_000_000)
        return sum(topic not in KEEPING for _, _, topic in rows)

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
