"""Routes of commands on an appeal: file, add evidence, assign, decide, forward, and record the external decision."""

from __future__ import annotations

from typing import Any, Final

from api.http.examples import DIGEST
from api.routes.commands.route_factory import CommandRoute
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

ACTS: Final[tuple[CommandRoute, ...]] = (
    CommandRoute(
        "/requests/{request_id}/appeals",
        FileAppeal,
        "File an appeal of a denial, a partial approval or a rescission. A late appeal is recorded as late.",
        {
            "received_at": "2026-04-28T14:00:00Z",
            "urgency": "standard",
            "grounds": "Two agents failed before.",
            "filer": {"name": "Alma Synthetic", "relation": "patient"},
        },
        creates=True,
    ),
    CommandRoute(
        "/appeals/{appeal_id}/evidence",
        AddAppealEvidence,
        "Add facts and documents to an appeal. Only the given facts change.",
        {
            "received_at": "2026-04-28T15:00:00Z",
            "statement": {"agents": [{"product": "Ocrevus", "outcome": "inadequate_efficacy"}]},
            "note": "From the chart of 2023.",
        },
    ),
    CommandRoute(
        "/appeals/{appeal_id}/assign",
        AssignAppeal,
        "Assign the appeal to a reviewer who was not involved in the determination and is not a subordinate "
        "of anyone involved.",
        {"to": APPEALS_CLINICIAN},
    ),
    CommandRoute(
        "/appeals/{appeal_id}/decide",
        DecideAppeal,
        "Uphold the determination, or overturn it in whole or in part. To overturn it also approves the course.",
        {
            "outcome": "overturned",
            "assessment_digest": DIGEST,
            "rationale": "The chart shows that two agents failed.",
        },
    ),
    CommandRoute(
        "/appeals/{appeal_id}/withdraw",
        WithdrawAppeal,
        "Record that the person who filed the appeal withdrew it.",
        {"by": "Alma Synthetic", "reason": "Another treatment was begun."},
    ),
    CommandRoute(
        "/appeals/{appeal_id}/dismiss",
        DismissAppeal,
        "Dismiss the appeal without a decision, for example because it is late.",
        {"ground": "late", "reason": "Filed after the last day, with no good cause given."},
    ),
    CommandRoute(
        "/appeals/{appeal_id}/hand-on",
        HandOnAppeal,
        "Forward an upheld appeal to an independent review organization.",
        {"organisation": "Independent Review East"},
    ),
    CommandRoute(
        "/appeals/{appeal_id}/external-answer",
        RecordExternalAnswer,
        "Record the decision of the independent review organization. A decision to overturn also approves the course.",
        {
            "received_on": "2026-04-28",
            "outcome": "overturned",
            "rationale": "The organization found that the criterion is met.",
            "assessment_digest": DIGEST,
        },
    ),
)
