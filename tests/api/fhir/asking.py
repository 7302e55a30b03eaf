"""How the tests query FHIR, and what they expect: the resources rebuilt from all events and all access rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fhir.resources.R4B.bundle import Bundle
from httpx2 import Response

from api.fhir import audit_events, provenance
from api.fhir.codes import Resource
from api.fhir.event_mapping import is_of_patient
from domain.events.base import Event
from domain.ledger.access_log.rows import NumberedAccess
from domain.ledger.application import Ledger
from tests.api.routes.commands.acts import Api
from tests.ledger.access_log.stored import stored

FHIR = "application/fhir+json"


@dataclass
class Auditor:
    api: Api
    headers: dict[str, str]

    def get(self, path: str, **more: Any) -> Response:
        found: Response = self.api.client.get(path, headers=self.headers, **more)
        assert found.headers["content-type"] == FHIR
        return found

    def bundle(self, path: str) -> dict[str, Any]:
        """One page, as FHIR's model reads it."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        Bundle.model_validate_json(answer.text)
        assert found["type"] == "searchset"
        assert len({one["fullUrl"] for one in found.get("entry", ())}) == len(found.get("entry", ()))
        for one in found.get("entry", ()):
            kind, number = one["resource"]["resourceType"], one["resource"]["id"]
            assert one["fullUrl"].endswith(f"/fhir/{kind}/{number}")
        return found

    def pages(self, path: str) -> list[list[Resource]]:
        """All of them, along their links, which end."""
        pages: list[list[Resource]] = []
        following: str | None = path
        while following is not None:
            page = self.bundle(following)
            pages.append([one["resource"] for one in page.get("entry", ())])
            links = {one["relation"]: one["url"] for one in page["link"]}
            following = links.get("next")
            assert len(pages) < 1_000
        return pages

    def found(self, path: str) -> list[Resource]:
        return [one for page in self.pages(path) for one in page]

    def refused(self, path: str, status: int, **more: Any) -> dict[str, Any]:
        answer = self.get(path, **more)
        assert answer.status_code == status, answer.text
        outcome: dict[str, Any] = answer.json()
        assert outcome["resourceType"] == "OperationOutcome"
        (issue,) = outcome["issue"]
        assert issue["severity"] == "error"
        found: dict[str, Any] = issue
        return found


def events_of(ledger: Ledger) -> list[Event]:
    """All of the log, in its order."""
    found: list[Event] = []
    position = 0
    while page := list(ledger.events_since(position)):
        found += [event for _, event in page]
        position = page[-1][0]
    return found


def rows_of(ledger: Ledger) -> list[NumberedAccess]:
    return [NumberedAccess(one.register, one.number, one.access) for one in stored(ledger)]


def audited(ledger: Ledger, patient_id: UUID | None = None) -> dict[str, Resource]:
    """Every AuditEvent that there is, by its id: the naive answer to a search."""
    of_events = [
        audit_events.of_event(one, ledger.ledger_id)
        for one in events_of(ledger)
        if audit_events.is_exported(one) and patient_id in (None, one.originator_id)
    ]
    of_rows = [
        audit_events.of_read(one, ledger.ledger_id)
        for one in rows_of(ledger)
        if patient_id in (None, one.access.patient_id)
    ]
    return {one["id"]: one for one in (*of_events, *of_rows)}


def told_of_changes(ledger: Ledger, patient_id: UUID | None = None) -> dict[str, Resource]:
    """Every Provenance that there is."""
    events = [one for one in events_of(ledger) if is_of_patient(one) and patient_id in (None, one.originator_id)]
    return {one["id"]: one for one in (provenance.of_change(event, ledger.ledger_id) for event in events)}


def texts(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
