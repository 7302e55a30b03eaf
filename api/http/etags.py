"""ETags and preconditions: the version of a history that an answer shows, and the version that a command expects.

A tag consists of the patient id and the history version as the caller is shown it. Where the answer depends on them,
the tag also has the day, the edition, and what the caller may see. If-Match compares the version only, so any tag of
the patient is accepted. To an office, it means that nothing has changed that the office may know of.
"""

from __future__ import annotations

import re
from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Header, HTTPException, Request, Response

from domain.permissions.views import ShownVersions, visibility_tag
from domain.policy.assessment import Assessment
from projections.eligibility import Approvable

_TAG = re.compile(r'"(?P<patient>[0-9a-f]{32})-(?P<version>\d{1,9})(?:-[^"]*)?"')

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="An ETag of this patient. The command is refused with 412 if the record has changed since. "
        "For an office, only changes count that the office may know of.",
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
"""A version that no history has, so the ledger refuses a command that expects it."""


def tag_of(versions: ShownVersions, *depends_on: str) -> str:
    """The ETag of an answer from the newest of these versions that also depends on the given values."""
    seen_as = [visibility_tag(versions.office)] if depends_on else []
    return '"' + "-".join([versions.patient_id.hex, str(versions.current), *seen_as, *depends_on]) + '"'


def tag_of_eligibility(versions: ShownVersions, day: date, approvable: Approvable | None) -> str:
    """The ETag of an eligibility answer, from everything that the answer depends on."""
    return tag_of(versions, "eligibility", day.isoformat(), edition_in_tag(approvable))


def version_in_tag(if_match: str | None, patient_id: UUID) -> int | None:
    """The version that If-Match expects, as it was shown to the caller.

    None if there is no If-Match or it is `*`. NO_VERSION if it has no tag of this patient.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    for match in _TAG.finditer(if_match):
        if match["patient"] == patient_id.hex:
            return int(match["version"])
    # The ledger refuses this version later. A repeated idempotency key gets its first answer, whatever If-Match says.
    return NO_VERSION


def edition_in_tag(assessment: Assessment | Approvable | None) -> str:
    """The edition that was applied, with its revision, because a corrected rule changes the answer of the same day."""
    return f"{assessment.edition}.{assessment.edition_revision}" if assessment is not None else "no-edition"


def tag_answer(request: Request, response: Response, tag: str) -> None:
    """Sets the ETag of an answer. Raises HTTPException with 304 if the client has this answer (If-None-Match)."""
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if client_has(tag, request.headers.get("if-none-match", "")):
        raise HTTPException(HTTPStatus.NOT_MODIFIED, headers=headers)
    response.headers.update(headers)


def client_has(tag: str, if_none_match: str) -> bool:
    """Whether the client has the answer with this tag already, by its If-None-Match header."""
    tags = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return tag in tags or tags == ["*"]
