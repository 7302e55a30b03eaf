"""When and how the plan received a request, if that was recorded wrongly."""

from __future__ import annotations

from typing import ClassVar, Literal

from domain.calendar import Day, Instant
from domain.events.base import About, Event, RequestId
from domain.facts import Text

ReceiptSource = Literal["portal", "fax", "mail", "phone", "electronic"]
"""How a request reached the plan."""


class ReceiptCorrected(Event):
    """The request was received at another time or in another way than was recorded (R23).

    The last recorded correction is in effect. A determination that is on record is not changed by it.
    """

    TOPIC: ClassVar[str] = "ReceiptCorrected"
    TITLE: ClassVar[str] = "Receipt corrected"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    received_at: Instant
    received_on: Day
    receipt_source: ReceiptSource
    reason: Text


ReceiptEvent = ReceiptCorrected
