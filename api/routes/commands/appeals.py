"""Appeals: file, add to, assign, decide; hand on, and record what came back."""

from __future__ import annotations

from typing import Any, Final

from api.http.examples import DIGEST
from api.routes.commands.route_factory import Act
from domain.commands.appeals import (
    AddAppealEvidence,
    AssignAppeal,
    DecideAppeal,
    DismissAppeal,
    FileAppeal,
    HandOnAppeal,
    RecordExternalAnswer,
    WithdrawAppeal,
)

APPEALS_CLINICIAN: Final[dict[str, Any]] = {
    "id": "a.appeals",
    "name": "Anna Appeals",
    "role": "appeals_clinician",
    "credential": "physician",
    "specialty": "neurology",
}

ACTS: Final[tuple[Act, ...]] = (
    Act(
        "/requests/{request_id}/appeals",
        FileAppeal,
        "Appeal a denial, a partial approval or a rescission. A late one is recorded as late.",
        {
            "received_at": "2026-04-28T14:00:00Z",
            "urgency": "standard",
            "grounds": "Two agents failed before.",
            "filer": {"name": "Alma Synthetic", "relation": "patient"},
        },
        made=True,
    ),
    Act(
        "/appeals/{appeal_id}/evidence",
        AddAppealEvidence,
        "Facts and documents for the appeal; only what is given changes.",
        {
            "received_at": "2026-04-28T15:00:00Z",
            "statement": {"agents": [{"product": "Ocrevus", "outcome": "inadequate_efficacy"}]},
            "note": "From the chart of 2023.",
        },
    ),
    Act(
        "/appeals/{appeal_id}/assign",
        AssignAppeal,
        "Somebody who took no part in the determination, and reports to nobody who did, has the appeal now.",
        {"to": APPEALS_CLINICIAN},
    ),
    Act(
        "/appeals/{appeal_id}/decide",
        DecideAppeal,
        "Uphold, or overturn in whole or in part; overturning approves the course in the same commit.",
        {
            "outcome": "overturned",
            "assessment_digest": DIGEST,
            "rationale": "The chart shows that two agents failed.",
        },
    ),
    Act(
        "/appeals/{appeal_id}/withdraw",
        WithdrawAppeal,
        "Whoever filed takes the appeal back.",
        {"by": "Alma Synthetic", "reason": "Another treatment was begun."},
    ),
    Act(
        "/appeals/{appeal_id}/dismiss",
        DismissAppeal,
        "The appeal is not decided, and why; a late one is refused only so.",
        {"ground": "late", "reason": "Filed after the last day, with no good cause given."},
    ),
    Act(
        "/appeals/{appeal_id}/hand-on",
        HandOnAppeal,
        "An upheld appeal goes to an independent organisation.",
        {"organisation": "Independent Review East"},
    ),
    Act(
        "/appeals/{appeal_id}/external-answer",
        RecordExternalAnswer,
        "What the independent organisation decided; overturning approves the course in the same commit.",
        {
            "received_on": "2026-04-28",
            "outcome": "overturned",
            "rationale": "The organisation found that the criterion is met.",
            "assessment_digest": DIGEST,
        },
    ),
)
