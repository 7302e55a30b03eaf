"""Preconditions: what must be true for a command to be possible now, whatever its terms (the fields that are entered).

A precondition takes the history, what the command is about (mostly an id), and the occasion. It raises the refusal, or
returns what the decision continues with: `to_deny` returns the request that is to be denied. The decision calls its
precondition first, and `may` calls the same function, so a page and a decision cannot disagree. This module has the
preconditions that several commands share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.commands.context import Occasion
from domain.errors import AlreadyDecided, Conflict, NotFound
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.people import Actor
from domain.review.assess_request import RequestAssessment

Precondition = Callable[[PatientHistory, Any, Occasion], object]
"""From a history, what the command is about, and the occasion, to what the decision continues with."""


@dataclass(frozen=True, slots=True)
class OnAssessment:
    """What an assessment must say, for a command that names the assessment that its actor viewed.

    `assess` makes the assessment of a day from what the precondition returned. `check` raises the refusal. Between the
    two, a decision checks that the assessment is the one that the actor viewed. The assessment is None where a decision
    is possible for a request from before the first edition (R31).
    """

    assess: Callable[[PatientHistory, Any, date], RequestAssessment | None]
    check: Callable[[PatientHistory, Any, Any, Occasion], None]


@dataclass(frozen=True, slots=True)
class Assigning:
    """What the assignment of a request or an appeal is about: its id, and the person who is assigned."""

    subject_id: str
    to: Actor


def always(_history: PatientHistory, _subject: object, _occasion: Occasion) -> None:
    """Raises nothing: a fact can always be recorded, and only its terms can be invalid."""


def request_named(history: PatientHistory, request_id: str) -> Request:
    """The request with this id. Raises NotFound."""
    request = history.request(request_id)
    if request is None:
        raise NotFound(
            "the request was not found", field="request_id", remedy="use an id from the patient's list of requests"
        )
    return request


def check_open(request: Request) -> None:
    """Raises Conflict or AlreadyDecided unless the request is open."""
    if request.is_decided:
        raise AlreadyDecided(
            f"the request is already {request.status}",
            field="request_id",
            remedy="see the determination, or submit a new request",
        )
    if not request.is_open:
        raise Conflict(
            f"the request is {request.status}, so no determination can be made",
            field="request_id",
            remedy="reopen the request first, or submit a new one",
        )


def request_on_record(history: PatientHistory, request_id: str, _: Occasion) -> Request:
    """The request, open or closed. Raises NotFound."""
    return request_named(history, request_id)


def request_open(history: PatientHistory, request_id: str, _: Occasion) -> Request:
    """The open request. Raises NotFound, Conflict, AlreadyDecided."""
    request = request_named(history, request_id)
    check_open(request)
    return request
