"""Two whole cases with documents, told by the ordinary commands: one overturned, one upheld."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.story import appeals, requests
from tests.story.appeals import appealed, evidence, handed_on, overturned, upheld
from tests.story.determinations import past_determination
from tests.story.patient import agent_stopped, representative
from tests.story.people import CLAIMS, NEUROLOGIST, NURSE
from tests.story.requests import (
    MRI,
    delivered,
    document_voided,
    information_requested,
    noticed,
    reviewed,
    supplied,
)
from tests.story.scenario import MEETS_A, MEETS_B, Scenario, denied, dose, doses, given, reported, submitted, voided
from tests.story.treatment import dose_corrected

_NO_SIGN = {"finding": False}
ONE_AGENT: dict[str, Any] = MEETS_A | {
    "agents": [
        {"product": "Avonex", "outcome": "inadequate_efficacy", "stopped_on": "2021-06"},
        {"product": "Ocrevus", "outcome": "adequate", "stopped_on": "2023-11", "still_taken": False},
        {"product": "Tecfidera", "still_taken": True},
    ],
    "aggressive_disease": {
        "rapid_deterioration": _NO_SIGN,
        "disabling_relapses": _NO_SIGN,
        "cognitive_impairment": _NO_SIGN,
        "mri": {"finding": True, "documentation": "not_attached"},
    },
}
"""One agent failed, Ocrevus did not; the MRI is asserted, and nobody said when Tecfidera stops."""

REPORT = b"%PDF-1.4\n% A synthetic report of an MRI: three new lesions that enhance.\n%%EOF\n"
OLD_REPORT = b"%PDF-1.4\n% A synthetic report of an MRI: no new lesions.\n%%EOF\n"
LETTER = b"Synthetic letter: Tecfidera was stopped on 5 March 2026.\n"
STRAY = b"Synthetic form of somebody else.\n"
FILES = (REPORT, OLD_REPORT, LETTER, STRAY)


def bytes_of(sha256: str) -> tuple[bytes, ...]:
    """The document with this hash, in pieces of seven bytes."""
    found = next(one for one in FILES if hashlib.sha256(one).hexdigest() == sha256)
    return tuple(found[start : start + 7] for start in range(0, len(found), 7))


def sent(content: bytes, name: str, clause: str | None = None, **values: Any) -> dict[str, Any]:
    media_type = "application/pdf" if content.startswith(b"%PDF") else "text/plain"
    return {
        "name": name,
        "kind": "mri_report",
        "media_type": media_type,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "clause": clause,
    } | values


def overturned_case() -> Scenario:
    """Denied, for the document was missing; then it came, with a fact that was late, and the denial was overturned."""
    story = given(today="2026-03-03")
    story.when(submitted(ONE_AGENT, received_on="2026-03-02"))
    story.and_given(requests.assigned(NURSE), information_requested())
    story.on("2026-03-09").and_given(supplied(None, sent(OLD_REPORT, "MRI of 2022", MRI)))
    story.on("2026-03-10").and_given(reviewed(1, supports=False))
    story.on("2026-03-12").and_given(
        denied("1.A.iii", "NR.2", rationale="No document shows highly active disease, and Tecfidera is still taken.")
    )
    story.on("2026-03-13").and_given(noticed("denial", "2026-03-13T15:00:00Z"))
    story.on("2026-03-16").and_given(delivered("2026-03-16T14:00:00Z"))
    story.on("2026-04-20").and_given(representative(name="Łukasz Żółć", on="2026-04-01", through="2027-03-31"))
    filer = {"name": "Łukasz Żółć", "relation": "representative"}
    story.and_given(appealed(received_on="2026-04-17", grounds="The report of the MRI was not asked for.", filer=filer))
    story.and_given(appeals.appeal_assigned(NEUROLOGIST))
    came = sent(REPORT, "MRI of 18 February 2026 (病院)", MRI), sent(LETTER, "Letter on Tecfidera", kind="letter")
    story.on("2026-04-24").and_given(evidence(None, documents=[*came, sent(STRAY, "A form", kind="form")]))
    story.and_given(document_voided(4), agent_stopped("Tecfidera", "2026-03-05"))
    story.on("2026-04-27").and_given(reviewed(2, supports=True, by=NEUROLOGIST))
    story.on("2026-04-28").and_given(overturned(rationale="The report shows three new lesions that enhance."))
    story.and_given(noticed("appeal_decision", "2026-04-28T16:00:00Z", appeal_id=story.known.appeals[0].appeal_id))
    story.and_given(*(one.recorded_on("2026-05-29") for one in doses("2026-05-04", 2)))
    return story


def upheld_case() -> Scenario:
    """A first course that was imported, a later one asked for before its twelve months, and corrections on the way."""
    story = given(today="2026-01-12")
    story.and_given(submitted(MEETS_A, received_on="2025-05-20").imported("requests line 4"))
    story.and_given(
        past_determination(
            "approved", "2025-05-26", decided_by="Old Director", credential="physician",
            valid_from="2025-05-26", valid_through="2025-06-24", doses_approved=5,
        )
    )  # fmt: skip
    for number, day in enumerate(("2025-06-02", "2025-06-03", "2025-06-04", "2025-06-05", "2025-06-06"), 1):
        story.and_given(dose(day, "2026-01-12").imported(f"claims line {number}").by(CLAIMS))
    story.on("2026-03-02").and_given(submitted(MEETS_B, received_on="2026-03-02"))
    story.on("2026-03-06").and_given(
        denied("1.B.iv", rationale="Twelve months since the last dose have not passed; they have on 6 June 2026.")
    )
    story.on("2026-03-09").and_given(noticed("denial", "2026-03-09T15:00:00Z"))
    story.on("2026-04-01").and_given(dose("2026-03-20", "2026-04-01"), voided(6))
    story.on("2026-04-02").and_given(dose_corrected(5, on="2025-06-07"))
    story.on("2026-04-06").and_given(
        appealed(received_on="2026-04-03", grounds="The last dose was longer ago than the plan believes.")
    )
    story.and_given(reported({"doses_given": 5, "last_dose_on": "2025-06", "completed": True}, source="attested"))
    story.on("2026-04-20").and_given(
        upheld("1.B.iv", rationale="The doses are on record; twelve months have passed on 7 June 2026.")
    )
    story.and_given(noticed("appeal_decision", "2026-04-20T16:00:00Z", appeal_id=story.known.appeals[0].appeal_id))
    return story.on("2026-04-28").and_given(handed_on())


CASES = {"overturned": overturned_case, "upheld": upheld_case}
