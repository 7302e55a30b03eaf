"""What a notice of an adverse determination says about appeals."""

from __future__ import annotations

from typing import Literal

from pydantic import StrictBool, StrictInt

from domain.calendar import Day
from domain.facts import FrozenModel, Name


class AppealRights(FrozenModel):
    """What a notice says about appeals.

    `file_by` is the last day to file, if the time counts from the date on the notice. `standard` and `urgent` are the
    times to decide an appeal, such as `30 days`; None: the figure is not confirmed, and the notice does not state it.
    `has_next_level`: the plan itself decides a further appeal.
    """

    file_within_days: StrictInt
    counted_from: Literal["receipt", "date_on_notice"]
    file_by: Day | None
    standard: Name | None
    urgent: Name | None
    has_next_level: StrictBool
    then: Literal["external_review", "independent_entity", "state_fair_hearing"]
