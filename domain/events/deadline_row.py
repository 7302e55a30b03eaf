"""The row of deadlines under which a request or an appeal was decided, where it is not a built-in row."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from domain.calendar import Day
from domain.events.patient import Funding, LineOfBusiness
from domain.facts import FrozenModel, Name, Text, is_false, is_none


class RowFigure(FrozenModel):
    """One figure, by the name of its field. A time has `days` or `hours`; other figures have a `value`.

    A figure without any of them is null. A time with both is the one that ends first or last (`ends`), because the
    coverage on record left open which of two rows applies.
    """

    name: Name
    days: StrictInt | None = Field(default=None, exclude_if=is_none)
    hours: StrictInt | None = Field(default=None, exclude_if=is_none)
    ends: Literal["first", "last"] | None = Field(default=None, exclude_if=is_none)
    value: StrictBool | StrictInt | StrictStr | None = Field(default=None, exclude_if=is_none)
    source: Text
    unconfirmed: StrictBool = Field(default=False, exclude_if=is_false)


class DeadlineRow(FrozenModel):
    """A complete row, as it was on the day of the decision. What the plan corrects later does not change it.

    `note` says why the row applied and which rows were possible, if the coverage on record left it open.
    """

    line: LineOfBusiness
    effective_on: Day
    source: Text
    is_post_service: StrictBool
    state: Name | None
    funding: Funding | None
    note: Text | None
    figures: tuple[RowFigure, ...]
