"""The worklist: open requests and appeals of all patients, filtered, sorted, and in pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api.http import examples
from api.http.bodies import CheckedJsonRoute
from api.http.problems import documented
from api.record_access.http import ListsOfRequest
from api.routes.dependencies import AsOf, KnownAt, Limit
from domain.events.patient import LineOfBusiness
from domain.events.requests import Urgency
from domain.people import ActorId
from domain.policy.assessment import Recommendation
from projections.worklist.listing import Clause, Filters, Paging, Sort, Worklist, cursor_at
from projections.worklist.rows import CaseKind, CaseState

router = APIRouter(tags=["worklist"], route_class=CheckedJsonRoute)

States = Annotated[
    list[CaseState],
    Query(max_length=5, description="Return only rows in these states. Default: all states.", examples=[["open"]]),
]
OfKind = Annotated[CaseKind | None, Query(description="Return only requests, or only appeals.", examples=["request"])]
OnPath = Annotated[
    Literal["A", "B", "unknown"] | None,
    Query(description="The path of the policy. `unknown`: the history does not determine it.", examples=["B"]),
]
Recommended = Annotated[
    Recommendation | None, Query(description="The recommendation on the day.", examples=["approve"])
]
OfLine = Annotated[LineOfBusiness | None, Query(description="The line of business.", examples=["commercial"])]
OfUrgency = Annotated[
    Urgency | None, Query(description="The urgency. Expedited requests are urgent.", examples=["urgent"])
]
HeldBy = Annotated[
    ActorId | None, Query(description="The id of the user to whom the work is assigned.", examples=["r.nurse"])
]
Unassigned = Annotated[bool, Query(description="Return only unassigned rows.", examples=[True])]
Overdue = Annotated[
    bool,
    Query(description="Return only overdue rows. With `at_risk`: rows that are overdue or at risk.", examples=[True]),
]
AtRisk = Annotated[bool, Query(description="Return only rows whose deadline is at risk.", examples=[True])]
Missing = Annotated[
    Clause | None,
    Query(description="Return only rows that need information for this clause.", examples=["1.A.iii.d(3)"]),
]
SortedBy = Annotated[Sort, Query(description="The field by which the rows are sorted.", examples=["due_at"])]
Descending = Annotated[bool, Query(description="Whether to sort in descending order.", examples=[False])]
AfterPage = Annotated[
    str | None,
    Query(
        max_length=400,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="The `next_after` of the previous page with the same sort order.",
        examples=[cursor_at(Paging(), datetime(2026, 5, 6, 4, tzinfo=UTC), f"{examples.PATIENT}.r1")],
    ),
]


@router.get("/worklist", responses=documented(403, 422))
def get_worklist(
    lists: ListsOfRequest,
    response: Response,
    state: States = [],  # noqa: B006  (the framework copies it)
    kind: OfKind = None,
    path: OnPath = None,
    recommendation: Recommended = None,
    line_of_business: OfLine = None,
    urgency: OfUrgency = None,
    held_by: HeldBy = None,
    unassigned: Unassigned = False,
    overdue: Overdue = False,
    at_risk: AtRisk = False,
    missing: Missing = None,
    sort: SortedBy = "due_at",
    descending: Descending = False,
    after: AfterPage = None,
    limit: Limit = 50,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> Worklist:
    """List open requests and appeals: needed information, assignment, deadline, and whether it is at risk or overdue.

    The list includes every saved command. A list with `known_at`, or on another day than today, takes
    longer. Deadlines are then shown as of `known_at`, or as of the end of that day.
    """
    filters = Filters(
        state=tuple(state),
        kind=kind,
        path=path,
        recommendation=recommendation,
        line_of_business=line_of_business,
        urgency=urgency,
        held_by=held_by,
        unassigned=unassigned,
        overdue=overdue,
        at_risk=at_risk,
        missing=missing,
    )
    paging = Paging(sort=sort, descending=descending, after=after, limit=limit)
    response.headers["Cache-Control"] = "private, no-cache"
    return lists.worklist(filters, paging, as_of=as_of, known_at=known_at)
