"""The page of the deadlines: every row with its figures and sources, and the rows that the plan supplied."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.identity.caller import CallerOfRequest
from api.pages.rendering import PREFIX, rendered
from domain.deadline_terms.table import DeadlineTable
from domain.deadline_terms.words import in_words

router = APIRouter(include_in_schema=False)


@router.get(f"{PREFIX}/deadlines")
def deadlines_page(request: Request, _: CallerOfRequest) -> Response:
    """The rows of the plan first, and then the built-in rows."""
    table: DeadlineTable = request.app.state.ledger.deadlines
    return rendered(
        request,
        "policy/deadlines.html.j2",
        own=[in_words(row) for row in table.own],
        built_in=[in_words(row) for row in table.built_in],
    )
