"""ETags and preconditions: which state of a history an answer shows, and which a command expects.

A tag is the patient, the version of her history and, for answers that depend on it, the day,
the edition and what the caller may see. If-Match compares the version, so any tag of the patient serves.
"""

from __future__ import annotations

import re
from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Header, HTTPException, Request, Response

from domain.history.state import PatientHistory
from domain.policy.assessment import Assessment
from projections.eligibility import Approvable

_TAG = re.compile(r'"(?P<patient>[0-9a-f]{32})-(?P<version>\d{1,9})(?:-[^"]*)?"')

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="An ETag of this patient. The command is refused with 412 if the record has changed since.",
        examples=["*"],
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="A key for this command. A repeated command with the same key is "
        "saved once and returns the same answer.",
        examples=["2f7c1e0a-submit-1"],
    ),
]


NO_VERSION = 0


def tag_of(history: PatientHistory, *depends_on: str) -> str:
    return '"' + "-".join([history.patient_id.hex, str(history.version), *depends_on]) + '"'


def tag_of_eligibility(history: PatientHistory, day: date, judged: Approvable | None, seen_as: str) -> str:
    """Of all that the answer depends on."""
    return tag_of(history, "eligibility", day.isoformat(), seen_as, edition_in_tag(judged))


def expected_version(if_match: str | None, patient_id: UUID) -> int | None:
    """The version that an If-Match asks for; None for none, or `*`, and one that no history has for a tag of no use."""
    if if_match is None or if_match.strip() == "*":
        return None
    for match in _TAG.finditer(if_match):
        if match["patient"] == patient_id.hex:
            return int(match["version"])
    # Left to the ledger to refuse: a repeated key is answered as it was, whatever comes with it.
    return NO_VERSION


def edition_in_tag(judged: Assessment | Approvable | None) -> str:
    """The revision of the edition that was applied; a mended rule changes the answer of the same day."""
    return f"{judged.edition}.{judged.edition_revision}" if judged is not None else "no-edition"


def tag_answer(request: Request, response: Response, tag: str) -> None:
    """Tags an answer; where the client holds this very answer already (If-None-Match), it ends here with 304."""
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if is_held(tag, request.headers.get("if-none-match", "")):
        raise HTTPException(HTTPStatus.NOT_MODIFIED, headers=headers)
    response.headers.update(headers)


def is_held(tag: str, if_none_match: str) -> bool:
    held = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return tag in held or held == ["*"]
