"""The query of the worklist's address: filters, order, and page, and the addresses of other queries."""

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
    """The query of the worklist. A field that is left out does not filter.

    `held` selects the user's own cases or unassigned cases. `held_by` selects the cases of the user with this ID.
    """

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
        """Whether there is any filter."""
        order = {"sort", "descending", "after"}
        return any(name not in order for name, _ in self._stated())

    def query(self, **changes: Any) -> str:
        """The query text with these changes, for the first page unless `after` is one of them."""
        return urlencode(self.model_copy(update={"after": None} | changes)._stated())

    def address(self, **changes: Any) -> str:
        """The address of the worklist with these changes, for the first page unless `after` is one of them."""
        query = self.query(**changes)
        return f"{PATH}?{query}" if query else PATH

    def here(self) -> str:
        """The query text of the current page."""
        return self.query(after=self.after)

    def sorted_by(self, sort: Sort) -> str:
        """The address with this order. If the list is in this order already, the order is reversed."""
        return self.address(sort=sort, descending=self.sort == sort and not self.descending)

    def _stated(self) -> list[tuple[str, str]]:
        """The names and texts of all fields that differ from their defaults."""
        pairs: list[tuple[str, str]] = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value == field.default:
                continue
            values = value if isinstance(value, tuple) else (value,)
            pairs += [(name, "true" if part is True else str(part)) for part in values]
        return pairs


def query_of_pairs(pairs: list[tuple[str, str]]) -> WorklistAddress:
    """The query of names and texts. Empty texts and unknown names are ignored. Raises ValidationError."""
    stated: dict[str, Any] = {}
    for name, value in pairs:
        if not value or name not in WorklistAddress.model_fields:
            continue
        if name == "state":
            stated[name] = (*stated.get(name, ()), value)
        else:
            stated[name] = value
    return WorklistAddress.model_validate(stated)


def query_of_page(text: str) -> WorklistAddress:
    """The query of the page that a form was on. The whole list if the text is not a query of the worklist."""
    try:
        return query_of_pairs(parse_qsl(text))
    except ValidationError:
        return WorklistAddress()


def _query(request: Request) -> WorklistAddress:
    """The query of a request. Raises RequestValidationError."""
    try:
        return query_of_pairs(request.query_params.multi_items())
    except ValidationError as error:
        raise RequestValidationError(
            [fault | {"loc": ("query", *fault["loc"])} for fault in error.errors(include_input=False)]
        ) from None


QueryOfRequest = Annotated[WorklistAddress, Depends(_query)]
