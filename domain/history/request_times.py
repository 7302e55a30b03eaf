"""What moves the deadline of a request: information that is requested, extensions, and reopenings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from domain.events.requests import Asked

RequestStatus = Literal["open", "referred", "approved", "denied", "withdrawn", "dismissed"]


@dataclass(frozen=True)
class Asking:
    """One request for information. `answered_at` is when the complete response was received (None: not yet).

    `response_received_at` is the latest receipt of a part of the response. A part that was recorded first may have
    been received last.
    """

    asked: tuple[Asked, ...]
    asked_at: datetime
    answer_by: datetime
    answered_at: datetime | None = None
    version: int = 0
    response_received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GrantedExtension:
    """An extension of the deadline of a request. `for_information`: it also pauses the deadline."""

    at: datetime
    days: int
    for_information: bool = False


@dataclass(frozen=True, slots=True)
class Reopening:
    """The reopening of a request. `was` and `closed_on` are its status and the day on which it was closed before."""

    was: RequestStatus
    closed_on: date
    reopened_at: datetime
