"""Finds the patients of a claim by its reference, in the whole ledger.

A claim belongs to one member, but the reference of a dose is looked up in one history only. An import therefore reads
the log once for the references of claims, and then what was recorded since. No reference is stored anywhere else.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from domain.decisions.claim_lines import entry_with_reference
from domain.events.treatment import ClaimReplaced, DoseAdministered
from domain.history.state import PatientHistory
from domain.ledger.reader import LedgerReader

CLAIM: Final = "claim"
"""The source of the entries of claims."""
_TOPICS: Final = frozenset({DoseAdministered.TOPIC, ClaimReplaced.TOPIC})
_PAGE: Final = 1_000


class ClaimReferences:
    """The references of the claims of all patients. It is read when it is first needed. Not safe for threads."""

    def __init__(self, ledger: LedgerReader) -> None:
        self._ledger = ledger
        self._position = 0
        self._patients: dict[str, set[UUID]] = {}

    def others_with(self, reference: str, patient_id: UUID) -> tuple[UUID, ...]:
        """The other patients with a claim of this reference, if neither the claim nor its dose entry is voided."""
        self._read()
        others = self._patients.get(reference, set()) - {patient_id}
        return tuple(one for one in sorted(others) if self._is_in_effect(one, reference))

    def _is_in_effect(self, patient_id: UUID, reference: str) -> bool:
        dose = entry_with_reference(self._ledger.history(patient_id), CLAIM, reference)
        return dose is not None and dose.facts.voided is None and dose.facts.claim_voided is None

    def _read(self) -> None:
        """Reads what was recorded since the last time."""
        recorder, event_of = self._ledger.recorder, self._ledger.events.mapper.event_of
        while page := recorder.log(self._position, _PAGE):
            for _, stream, version, topic, state in page:
                if topic in _TOPICS:
                    self._add(event_of(stream, version, topic, state))
            self._position = page[-1][0]

    def _add(self, event: DoseAdministered | ClaimReplaced) -> None:
        if event.source == CLAIM and event.source_reference is not None:
            self._patients.setdefault(event.source_reference, set()).add(event.patient_id)


def has_claim(history: PatientHistory, reference: str) -> bool:
    """Whether a line with this reference of a claim is on record for the patient, or a line that names it."""
    return entry_with_reference(history, CLAIM, reference) is not None or any(
        one.source == CLAIM and reference in (one.source_reference, one.original_reference)
        for one in history.claim_lines
    )
