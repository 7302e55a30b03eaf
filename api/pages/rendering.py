"""How a page is made: a template, the values it shows, and what every page knows of who looks and where she can go.

No page names anybody in its title or its address, and none asks another host for anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, cast
from uuid import uuid4
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from api.identity.caller import Caller
from api.static import address_of
from domain.events import PATIENT_EVENTS
from domain.ledger.application import Ledger
from domain.people import Role
from domain.permissions import views

PREFIX: Final = "/pages"

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    # The address of a page holds ids that say nothing; still no other site is told of it.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One entry of the navigation; `view` is what one must be allowed to see to be shown it, or `roles` who is."""

    label: str
    path: str
    roles: frozenset[Role]


_PLAN: Final = frozenset[Role](views.MAY_SEE["worklist"])
_EVERYBODY: Final = frozenset[Role]({*_PLAN, "requester", "administrator"})

PLACES: Final = (
    NavigationEntry("Worklist", f"{PREFIX}/worklist", _PLAN),
    NavigationEntry("Patients", f"{PREFIX}/patients", frozenset[Role]({*_PLAN, "requester"})),
    NavigationEntry("Figures", f"{PREFIX}/figures", _PLAN),
    NavigationEntry("Audit", f"{PREFIX}/audit", _PLAN),
    NavigationEntry("People", f"{PREFIX}/people", frozenset[Role]({"administrator", "auditor"})),
    NavigationEntry("Policy", f"{PREFIX}/policy", _EVERYBODY),
)
"""Where the navigation leads, in its order."""


TITLES: Final = {kind.TOPIC: kind.TITLE for kind in PATIENT_EVENTS}


def is_page(path: str) -> bool:
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def rendered(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page, or the part of one, that `template` makes of the values. What is not given and is named, raises."""
    caller = cast("Caller | None", request.scope.get("caller"))
    ledger = cast("Ledger", request.app.state.ledger)
    html = TEMPLATES.get_template(template).render(
        {
            # Not `caller`, which is what a macro calls its content.
            "viewer": caller,
            "csrf_token": caller.csrf_token if caller is not None else None,
            "places": [one for one in PLACES if caller is not None and caller.actor.role in one.roles],
            "path": request.url.path,
            "zone": ledger.zone,
            "now": ledger.now(),
            "today": ledger.today(),
            "tried": None,
            "recorded": _recorded(request),
            **values,
        }
    )
    # A form that was not taken is shown at the address of the page, to be looked at again.
    kept = {"HX-Push-Url": "false"} if status >= HTTPStatus.BAD_REQUEST else {}
    return HTMLResponse(html, status, headers=HEADERS | kept)


def _recorded(request: Request) -> dict[str, str] | None:
    """What the form before this page recorded: the kind of the event, and its number."""
    title, version = TITLES.get(request.query_params.get("recorded", "")), request.query_params.get("event", "")
    return {"title": title, "version": version} if title and version.isdecimal() and len(version) < 8 else None


# -- words for the values ---------------------------------------------------------------------


def spoken(value: object) -> str:
    """`not_met` as people say it; nothing for what is not known is said here, a template says it in its own words."""
    return str(value).replace("_", " ")


def sentence(value: object) -> str:
    words = str(value).replace("_", " ")
    return words[:1].upper() + words[1:]


def ordinal(identifier: str) -> str:
    """`d1` of a dose's whole id."""
    return identifier.rpartition(".")[2]


@pass_context
def clock_time(context: Context, instant: datetime) -> str:
    """By the plan's clock, with its name: 2026-04-28 12:00 EDT."""
    return instant.astimezone(_zone(context)).strftime("%Y-%m-%d %H:%M %Z")


@pass_context
def clock_time_in_a_field(context: Context, instant: datetime) -> str:
    """As a field of a form holds it, by the plan's clock."""
    return instant.astimezone(_zone(context)).strftime("%Y-%m-%dT%H:%M:%S")


@pass_context
def day_of(context: Context, instant: datetime | date) -> str:
    """The plan's day of an instant; a day as it is."""
    if isinstance(instant, datetime):
        return instant.astimezone(_zone(context)).date().isoformat()
    return instant.isoformat()


@pass_context
def until(context: Context, instant: datetime) -> str:
    """How long there is from now: `in 3 days`, `in 5 h`, `2 days ago`."""
    return time_between(cast("datetime", context["now"]), instant)


def time_between(now: datetime, instant: datetime) -> str:
    """Rounded down to the unit that matters: minutes below two hours, hours below two days, then days."""
    gone = instant < now
    length = now - instant if gone else instant - now
    if length < timedelta(hours=2):
        counted = f"{length // timedelta(minutes=1)} min"
    elif length < timedelta(days=2):
        counted = f"{length // timedelta(hours=1)} h"
    else:
        counted = f"{length // timedelta(days=1)} days"
    return f"{counted} ago" if gone else f"in {counted}"


def part_of(now: datetime, start: datetime, end: datetime) -> float:
    """How much of a stretch of time is gone, from 0 to 1."""
    whole = (end - start).total_seconds()
    return 1.0 if whole <= 0 else min(1.0, max(0.0, (now - start).total_seconds() / whole))


def _zone(context: Context) -> ZoneInfo:
    return cast("ZoneInfo", context["zone"])


def _new_key() -> str:
    """The idempotency key of one form, so that it does once what is sent twice."""
    return str(uuid4())


TEMPLATES: Final = Environment(
    loader=PackageLoader("api.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.do"],
)
TEMPLATES.filters |= {
    "spoken": spoken,
    "sentence": sentence,
    "ordinal": ordinal,
    "clock_time": clock_time,
    "field_time": clock_time_in_a_field,
    "day": day_of,
    "until": until,
    # What a choice shows: a value and its words.
    "pair": lambda value: (value, value),
    "pair_ordinal": lambda value: (value, ordinal(value)),
}
TEMPLATES.globals |= {"address_of": address_of, "new_key": _new_key, "part_of": part_of, "PAGES": PREFIX}
