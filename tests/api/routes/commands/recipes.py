"""For every operation and every status that it documents: how a known record answers it.

A recipe is made from the operation and the status alone; where a status has no recipe, there
is none to document it by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID

from api.http.bodies import BODY_BYTES_MAX
from api.identity import Identity
from api.identity.new_person import NewPerson
from domain.ledger.accounts.people import People
from domain.ledger.application import Ledger
from domain.ledger.documents.store import DOCUMENT_BYTES_MAX
from domain.people import Actor
from tests import story
from tests.api.routes.commands import stages
from tests.api.routes.commands.acts import MEETS_A, NURSE, PDF, Api, Json, opening
from tests.api.routes.commands.stage import Stage, stage
from tests.api.routes.commands.stages import ACT_OF, KIND_OF, Kind, staged
from tests.ledger.acts import dose as another_dose
from tests.story import ADMINISTRATOR
from tests.story import NURSE as RIVAL

NOBODY = "00000000-0000-4000-8000-000000000000"

OPERATION_OF_COMMAND = {
    "open": "POST /patients",
    "report": "POST /patients/{patient_id}/prior-treatment",
    "submit": "POST /patients/{patient_id}/requests",
    "approve": "POST /requests/{request_id}/approve",
    "deny": "POST /requests/{request_id}/deny",
    "refer": "POST /requests/{request_id}/refer",
    "dose": "POST /patients/{patient_id}/doses",
    "claim": "POST /patients/{patient_id}/claims",
    "void": "POST /doses/{dose_id}/void",
    "confirm": "POST /doses/{dose_id}/confirm-duplicate",
    "dismiss": "POST /doses/{dose_id}/dismiss-duplicate",
    "close": "POST /patients/{patient_id}/courses/{course}/close",
}
COMMAND_OF_OPERATION = {label: command for command, label in OPERATION_OF_COMMAND.items()}
ACT_OF_OPERATION = {f"POST {act.path}": name for name, act in ACT_OF.items()}
STORE_DOCUMENT = "POST /patients/{patient_id}/documents"
KIND_OF_QUESTION: dict[str, Kind] = {
    "GET /appeals/{appeal_id}": stages.appealed,
    "GET /documents/{document_id}": stages.answered,
    "GET /requests/{request_id}/assessment-to-extend": stages.approved,
    "GET /requests/{request_id}/replay": stages.approved,
}


def _kind_for(label: str) -> Kind | None:
    """The kind of history that an operation is asked about; None: that of the first commands."""
    if label in ACT_OF_OPERATION:
        return KIND_OF[ACT_OF_OPERATION[label]]
    return stages.appealed if "{appeal_id}" in label else KIND_OF_QUESTION.get(label)


OF_PEOPLE = ("/people", "/tokens")
PEOPLE_BODIES: dict[str, Json] = {
    "people": {"name": "New", "role": "reviewer"},
    "change": {"name": "New", "role": "auditor"},
    "remove": {"reason": "Left the plan."},
    "tokens": {"days": 30},
    "revoke": {"reason": "Lost."},
}


def people_of(api: Api) -> People:
    return cast("Identity", api.client.app.state.identity).people  # type: ignore[attr-defined]


@dataclass
class Rival:
    """Somebody who, once let loose, always records first: the randomness of a command is asked for between its
    reading of the history and its saving."""

    inner: Callable[[int], bytes]
    act: Callable[[], object] | None = None

    def __call__(self, size: int) -> bytes:
        act, self.act = self.act, None
        if act is not None:
            act()
            self.act = act
        return self.inner(size)


@dataclass(frozen=True)
class Recipe:
    """What is sent: the parts of a case, and what is sent in place of its body and headers.

    The caller is the body's `actor`, or a user whose role sends such requests.
    """

    path: Json = field(default_factory=dict)
    query: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    raw: bytes | None = None
    speaker: Actor | None = None


@dataclass
class Cook:
    """Makes recipes, each that succeeds on a fresh history. `rival_ledger` is another one on the same store."""

    api: Api
    rival: Rival
    rival_ledger: Ledger
    made: int = 0
    untouched: dict[Kind | None, Stage] = field(default_factory=dict)

    def recipe(self, label: str, status: int) -> Recipe:
        self.rival.act = None
        if label.split()[1].startswith(OF_PEOPLE):
            return self._about_people(label, status)
        kind = _kind_for(label)
        changes = label.startswith("POST") and status in (200, 201, 409)
        on = self._fresh(kind) if changes else self._untouched(kind)
        fine = self._fine(label, on)
        match status:
            case 200 | 201:
                return fine
            case 413 | 422 if label == STORE_DOCUMENT:
                content = bytes(DOCUMENT_BYTES_MAX + 1) if status == 413 else b""
                return Recipe(fine.path, headers={"Content-Type": "application/pdf"}, raw=content)
            case 304:
                return Recipe(fine.path, fine.query, {"If-None-Match": "*"})
            case 400:
                return Recipe(fine.path, raw=b'{"actor": NaN}')
            case 401:
                return replace(fine, headers=fine.headers | {"Authorization": "Bearer nobody"})
            case 403:
                # An administrator may see people and settings, and no patient.
                return replace(fine, speaker=ADMINISTRATOR)
            case 404:
                return self._nonexistent(label, fine)
            case 409 if label in KIND_OF_QUESTION:
                return Recipe({"request_id": self._untouched(stages.denied).ids["request_id"]})
            case 409:
                return self._in_conflict(label, on, fine)
            case 412:
                return Recipe(fine.path, headers={"If-Match": '"stale"'}, body=fine.body)
            case 413:
                return Recipe(fine.path, raw=b" " * (BODY_BYTES_MAX + 1))
            case 415:
                return Recipe(fine.path, headers={"Content-Type": "text/plain"}, raw=b"{}")
            case 422 if label.startswith("POST"):
                return Recipe(fine.path, body=fine.body | {"surprise": 1})
            case 422 if not fine.path:
                return Recipe(query={"surprise": "1"})
            case 422:
                return Recipe(self._misspelt(fine.path), fine.query)
        raise AssertionError(f"{label} documents {status}, and nothing here reaches it")

    def _fresh(self, kind: Kind | None) -> Stage:
        self.made += 1
        member_id = f"recipe-{self.made}"
        return stage(self.api, member_id) if kind is None else staged(self.api, kind, member_id)

    def _untouched(self, kind: Kind | None) -> Stage:
        """A refusal changes nothing, nor does a question, so one history of each kind serves for all of them."""
        if kind not in self.untouched:
            self.untouched[kind] = self._fresh(kind)
        return self.untouched[kind]

    def _fine(self, label: str, on: Stage) -> Recipe:
        if on.ids:
            path = {name: value for name, value in on.ids.items() if f"{{{name}}}" in label}
            return Recipe(path, body=on.bodies.get(ACT_OF_OPERATION.get(label, "")))
        request_id = on.paths["approve"].split("/")[2]
        dose_id = on.paths["dismiss" if "duplicate" in label else "void"].split("/")[2]
        ids = {"patient_id": on.patient, "request_id": request_id, "dose_id": dose_id, "course": 1}
        ids |= {"event_version": 1, "resource_id": f"e.{UUID(on.patient).hex}.1"}
        path = {name: value for name, value in ids.items() if f"{{{name}}}" in label}
        if label in COMMAND_OF_OPERATION:
            return Recipe(path, body=on.bodies[COMMAND_OF_OPERATION[label]])
        if label == STORE_DOCUMENT:
            return Recipe(path, headers={"Content-Type": "application/pdf"}, raw=PDF)
        if label == "POST /patients/find":
            member = self.api.ledger.history(UUID(on.patient)).member
            return Recipe(path, body={"member": member.model_dump()})
        if label == "POST /assessments":
            return Recipe(path, body={"as_of": "2026-04-28", "facts": {"diagnosis": MEETS_A["diagnosis"]}})
        return Recipe(path, {"old": "1"} if label == "GET /seal/consistency" else {})

    def _about_people(self, label: str, status: int) -> Recipe:
        """A person is admitted for each recipe, and holds a token."""
        self.made += 1
        person = NewPerson(name=f"Person {self.made}", role="reviewer").person()
        self.api.client.header_of(person)
        (token_id,) = [one.id for one in people_of(self.api).known.tokens.values() if one.person_id == person.id]
        ids = {"person_id": person.id, "token_id": token_id}
        path = {name: value for name, value in ids.items() if f"{{{name}}}" in label}
        body = PEOPLE_BODIES.get(label.rpartition("/")[2])
        body = body | {"name": f"New {self.made}"} if body is not None and "name" in body else body
        fine = Recipe(path, body=body, speaker=ADMINISTRATOR)
        match status:
            case 401:
                return replace(fine, headers={"Authorization": "Bearer nobody"})
            case 403:
                return replace(fine, speaker=story.NURSE)
            case 404:
                unknown = {"person_id": "nobody", "token_id": "0" * 16}
                return replace(fine, path={name: unknown[name] for name in path})
            case 409 if label == "POST /people":
                return replace(fine, body={"id": person.id, "name": "Again", "role": "reviewer"})
            case 409:
                # The last administrator stays one. A generated case may have added another.
                people = people_of(self.api)
                for other in people.read().administrators():
                    if other.actor.id != ADMINISTRATOR.id:
                        people.remove(other.actor.id, ADMINISTRATOR)
                return replace(fine, path={"person_id": ADMINISTRATOR.id})
            case 422 if body is None:
                return replace(fine, path=dict.fromkeys(path, "two words"))
            case 422:
                return replace(fine, body={"surprise": 1})
            case 400:
                return replace(fine, body=None, raw=b'{"name": NaN}')
            case 413:
                return replace(fine, body=None, raw=b" " * (BODY_BYTES_MAX + 1))
            case 415:
                return replace(fine, body=None, headers={"Content-Type": "text/plain"}, raw=b"{}")
        return fine

    def _nonexistent(self, label: str, fine: Recipe) -> Recipe:
        if label == "POST /patients/find":
            return Recipe(body={"member": opening("nobody's")["member"]})
        letters = {"request": "r", "dose": "d", "report": "t", "document": "f", "notice": "n", "appeal": "a"}
        unknown = {f"{what}_id": f"{NOBODY}.{letter}1" for what, letter in letters.items()}
        unknown |= {"patient_id": NOBODY, "agent_entry_id": f"{NOBODY}.g1"}
        path = {name: unknown.get(name, value) for name, value in fine.path.items()}
        return Recipe(path, headers=fine.headers, body=fine.body, raw=fine.raw)

    def _misspelt(self, path: Json) -> Json:
        return {name: f"{value}x" for name, value in path.items()}

    def _in_conflict(self, label: str, on: Stage, fine: Recipe) -> Recipe:
        if label == "POST /patients/find":
            return self._before_its_first_day(fine)
        command = COMMAND_OF_OPERATION.get(label)
        if command in ("report", "submit", None):
            self._let_loose(UUID(on.patient))
        else:
            # What can be done once has been done.
            assert self.api.post(on.paths[command], fine.body).status_code in (200, 201)
        return fine

    def _before_its_first_day(self, fine: Recipe) -> Recipe:
        """A member ID as it was stated for a service before it was this patient's."""
        self.made += 1
        member = {"member_id": f"reused-{self.made}"}
        self.api.opened(member["member_id"], first_day="2026-04-20", actor=NURSE)
        return replace(fine, body={"member": member, "on": "2026-04-19"})

    def _let_loose(self, patient_id: UUID) -> None:
        """Nothing in the record can refuse this command; only others who keep changing it can."""

        def act() -> None:
            number = -self.rival_ledger.history(patient_id).version
            self.rival_ledger.execute(patient_id, another_dose(number), RIVAL)

        self.rival.act = act
