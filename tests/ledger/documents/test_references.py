"""Commands name only documents that are stored, and what an event names is never swept; on both stores."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import errors
from domain.commands.requests import SubmitRequest, SupplyInformation
from domain.events import PATIENT_EVENTS
from domain.events.requests import Statement
from domain.ledger.application import Ledger
from domain.ledger.documents.references import EVENTS_WITH_DOCUMENTS
from domain.ledger.documents.store import Swept
from domain.people import Prescriber
from tests.conftest import NOON
from tests.ledger.acts import opened
from tests.story import CLAIMS, NURSE

REPORT = b"%PDF-1.7 synthetic report"
REPORT_SHA256 = sha256(REPORT).hexdigest()


def supplied(request_id: str, **values: Any) -> SupplyInformation:
    named = {
        "name": "MRI report",
        "kind": "mri_report",
        "media_type": "application/pdf",
        "size_bytes": len(REPORT),
        "sha256": REPORT_SHA256,
        "clause": "1.A.iii.d(3)",
    }
    return SupplyInformation.model_validate(
        {"request_id": request_id, "received_at": NOON, "documents": [named | values]}
    )


def requested(ledger: Ledger, member_id: str = "M-1") -> tuple[UUID, str]:
    patient_id = opened(ledger, member_id)
    submit = SubmitRequest(
        received_at=NOON,
        line_of_business="commercial",
        prescriber=Prescriber(name="Nora Neuro"),
        statement=Statement(diagnosis="multiple_sclerosis"),
    )
    return patient_id, ledger.execute(patient_id, submit, NURSE).history.requests[0].request_id


def test_a_command_names_only_documents_that_are_stored_for_this_patient(ledger: Ledger) -> None:
    patient_id, request_id = requested(ledger)
    ledger.documents.put(opened(ledger, "M-2"), [REPORT])
    with pytest.raises(errors.InvalidCommand) as caught:
        ledger.execute(patient_id, supplied(request_id), NURSE)
    assert caught.value.field == "documents.0.sha256"
    ledger.documents.put(patient_id, [REPORT])
    outcome = ledger.execute(patient_id, supplied(request_id), NURSE, key="k")
    assert [one.document.sha256 for one in outcome.history.documents] == [REPORT_SHA256]


@pytest.mark.parametrize(
    ("said", "field"),
    [({"size_bytes": 9}, "documents.0.size_bytes"), ({"media_type": "image/png"}, "documents.0.media_type")],
)
def test_what_is_said_of_a_document_is_what_is_stored(ledger: Ledger, said: dict[str, Any], field: str) -> None:
    patient_id, request_id = requested(ledger)
    ledger.documents.put(patient_id, [REPORT])
    with pytest.raises(errors.InvalidCommand) as caught:
        ledger.execute(patient_id, supplied(request_id, **said), NURSE)
    assert caught.value.field == field
    assert ledger.history(patient_id).version == 2


def test_who_may_not_supply_documents_does_not_learn_which_are_stored(ledger: Ledger) -> None:
    patient_id, request_id = requested(ledger)
    with pytest.raises(errors.NotPermitted):
        ledger.execute(patient_id, supplied(request_id), CLAIMS)


def test_a_sweep_keeps_what_an_event_names_and_what_is_young(ledger: Ledger) -> None:
    patient_id, request_id = requested(ledger)
    nobody = uuid4()
    orphan = ledger.documents.put(patient_id, [b"%PDF-1.7 never named"]).sha256
    ledger.documents.put(nobody, [REPORT])
    ledger.documents.put(patient_id, [REPORT])
    ledger.execute(patient_id, supplied(request_id), NURSE)
    assert ledger.sweep_documents() == Swept()
    # A time in the future: everything that is stored is older than that.
    swept = ledger.sweep_documents(older_than=timedelta(hours=-1))
    assert set(swept.orphans) == {(patient_id, orphan), (nobody, REPORT_SHA256)}
    assert ledger.documents.exists(patient_id, REPORT_SHA256)


def test_every_event_that_brings_documents_keeps_them_from_the_sweep() -> None:
    bringing = {kind for kind in PATIENT_EVENTS if "sha256" in str(kind.model_json_schema())}
    assert (
        bringing == {kind for kind in PATIENT_EVENTS if "documents" in kind.model_fields} == set(EVENTS_WITH_DOCUMENTS)
    )
