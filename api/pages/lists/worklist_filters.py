"""What the address of the worklist asks for, and the addresses that ask for something else beside it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, StringConstraints, ValidationError

from api.pages.rendering import PREFIX
from domain.events.patient import LineOfBusiness
from domain.events.requests import Urgency
from domain.facts import FrozenModel
from domain.people import Actor, ActorId
from domain.policy.assessment import Recommendation
from projections.worklist.listing import Clause, Filters, Paging, Sort
from projections.worklist.rows import CaseKind, CaseState

PATH = f"{PREFIX}/worklist"


class WorklistAddress(FrozenModel):
    """Left out, anything. `held` is what is hers who asks, or nobody's; `held_by` is what somebody named has."""

    state: Annotated[tuple[CaseState, ...], Field(max_length=5)] = ()
    kind: CaseKind | None = None
    path: Literal["A", "B", "unknown"] | None = None
    recommendation: Recommendation | None = None
    line_of_business: LineOfBusiness | None = None
    urgency: Urgency | None = None
    held: Literal["mine", "nobody"] | None = None
    held_by: ActorId | None = None
    standing: Literal["overdue", "at_risk", "pressing"] | None = None
    missing: Clause | None = None
    sort: Sort = "due_at"
    descending: bool = False
    after: Annotated[str, StringConstraints(max_length=400, pattern=r"^[A-Za-z0-9_-]+$")] | None = None

    def filters(self, actor: Actor) -> Filters:
        return Filters(
            state=self.state,
            kind=self.kind,
            path=self.path,
            recommendation=self.recommendation,
            line_of_business=self.line_of_business,
            urgency=self.urgency,
            held_by=actor.id if self.held == "mine" else self.held_by,
            unassigned=self.held == "nobody",
            overdue=self.standing in ("overdue", "pressing"),
            at_risk=self.standing in ("at_risk", "pressing"),
            missing=self.missing,
        )

    def paging(self) -> Paging:
        return Paging(sort=self.sort, descending=self.descending, after=self.after)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the order is asked for."""
        order = {"sort", "descending", "after"}
        return any(name not in order for name, _ in self._stated())

    def query(self, **changes: Any) -> str:
        """Of the same question with these changes, from its first page unless `after` is among them."""
        return urlencode(self.model_copy(update={"after": None} | changes)._stated())

    def address(self, **changes: Any) -> str:
        query = self.query(**changes)
        return f"{PATH}?{query}" if query else PATH

    def here(self) -> str:
        """The query of this very page."""
        return self.query(after=self.after)

    def sorted_by(self, sort: Sort) -> str:
        """Once more by the same: the last first."""
        return self.address(sort=sort, descending=self.sort == sort and not self.descending)

    def _stated(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value == field.default:
                continue
            values = value if isinstance(value, tuple) else (value,)
            found += [(name, "true" if one is True else str(one)) for one in values]
        return found


def asked_in(pairs: list[tuple[str, str]]) -> WorklistAddress:
    """What is left empty is not asked for; what the list does not know is passed over. Raises ValidationError."""
    stated: dict[str, Any] = {}
    for name, value in pairs:
        if not value or name not in WorklistAddress.model_fields:
            continue
        if name == "state":
            stated[name] = (*stated.get(name, ()), value)
        else:
            stated[name] = value
    return WorklistAddress.model_validate(stated)


def asked_on(page: str) -> WorklistAddress:
    """Of the page that a form stood on, by its query; the whole list where that is none of ours."""
    try:
        return asked_in(parse_qsl(page))
    except ValidationError:
        return WorklistAddress()


def _asked(request: Request) -> WorklistAddress:
    try:
        return asked_in(request.query_params.multi_items())
    except ValidationError as error:
        raise RequestValidationError(
            [one | {"loc": ("query", *one["loc"])} for one in error.errors(include_context=False)]
        ) from None


AskedOfRequest = Annotated[WorklistAddress, Depends(_asked)]
