"""The page of reports: numbers of requests and appeals as plots, tables, and CSV. Reports name no person."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.pages.rendering import PREFIX, rendered
from api.record_access.http import FiguresOfRequest, ListsOfRequest
from api.record_access.list_access import ListAccess
from domain.errors import InvalidCommand, NotFound
from domain.events.patient import LineOfBusiness
from projections.figures import Figure, FiguresQuery, figures

router = APIRouter(include_in_schema=False)

HERE: Final = f"{PREFIX}/figures"
YEARS_MAX: Final = 20

Day = Annotated[str | None, Query(max_length=10)]
From = Annotated[str | None, Query(alias="from", max_length=10)]
To = Annotated[str | None, Query(alias="to", max_length=10)]
LineInQuery = Annotated[str | None, Query(alias="line_of_business", max_length=30)]
_LINES: Final[tuple[LineOfBusiness, ...]] = ("commercial", "medicare_advantage", "medicaid")


@router.get(HERE)
def figures_page(
    request: Request,
    lists: ListsOfRequest,
    facts: FiguresOfRequest,
    since: From = None,
    until: To = None,
    line: LineInQuery = None,
) -> Response:
    asked = _query(lists, since, until, line)
    return rendered(
        request,
        "lists/figures.html.j2",
        figures=[(figure, _plot(figure)) for figure in figures(facts, asked, lists.access.zone)],
        asked=asked,
        lines=_LINES,
        overdue=lists.overdue(),
    )


@router.get(f"{HERE}/{{name}}.csv")
def figure_as_csv(
    lists: ListsOfRequest,
    facts: FiguresOfRequest,
    name: str,
    since: From = None,
    until: To = None,
    line: LineInQuery = None,
) -> Response:
    """The numbers of one report as CSV, with the column heads first. Raises NotFound."""
    computed = figures(facts, _query(lists, since, until, line), lists.access.zone)
    chosen = next((figure for figure in computed if figure.name == name), None)
    if chosen is None:
        raise NotFound("there is no such figure", field="name", remedy="take the link under a figure")
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(chosen.heads)
    for row in chosen.rows:
        table.writerow([row.label, *("" if value is None else f"{value:g}" for value in row.values)])
    headers = {
        "Content-Disposition": f'attachment; filename="{chosen.name}.csv"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _query(lists: ListAccess, since: str | None, until: str | None, line: str | None) -> FiguresQuery:
    """The query of the page. Without days, it is for the last twelve months. Raises InvalidCommand."""
    today = lists.access.today()
    try:
        last = date.fromisoformat(until) if until else today
        first = date.fromisoformat(since) if since else (last.replace(day=1) - timedelta(days=334)).replace(day=1)
    except ValueError:
        raise InvalidCommand("a day cannot be read", field="from", remedy="write days as 2026-04-28") from None
    if not first <= last <= today + timedelta(days=366) or last.year - first.year > YEARS_MAX:
        raise InvalidCommand(
            "these days are not a period", field="to", remedy=f"ask for at most {YEARS_MAX} years, the first day first"
        )
    chosen = next((known for known in _LINES if known == line), None)
    return FiguresQuery(since=first, until=last, line=chosen)


# -- the plots ----------------------------------------------------------------------------------

WIDTH, LABELS, HEIGHT_OF_ROW, HEIGHT_OF_GROUP = 640.0, 190.0, 22.0, 9.0


def _plot(figure: Figure) -> dict[str, Any] | None:
    """The bars of a report in SVG units, one group for each row. None if there is nothing to draw."""
    plotted = [value for row in figure.rows for value in row.values[: figure.plotted] if value is not None]
    if not plotted or max(plotted) == 0:
        return None
    largest, step = max(plotted), max(HEIGHT_OF_ROW, figure.plotted * HEIGHT_OF_GROUP + 8)
    groups = []
    for number, row in enumerate(figure.rows):
        top = number * step
        bars = [
            {
                "y": top + 4 + series * (step - 8) / figure.plotted,
                "height": (step - 8) / figure.plotted - 1,
                "width": (WIDTH - LABELS - 60) * value / largest if value is not None else 0,
                "value": "–" if value is None else f"{value:g}{' ' + figure.unit if figure.unit else ''}",
                "kind": series,
            }
            for series, value in enumerate(row.values[: figure.plotted])
        ]
        groups.append({"label": row.label, "y": top + step / 2, "bars": bars})
    return {"groups": groups, "width": WIDTH, "height": len(figure.rows) * step, "labels": LABELS}
