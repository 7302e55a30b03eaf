"""Renders a page from a template, its values, and what every page shows: the signed-in user and the navigation.

No page has the name of a person in its title or its address, and no page requests anything from another host.
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

from api.http.content_security import PAGE_POLICY
from api.identity.caller import Caller
from api.static import address_of
from domain.events import PATIENT_EVENTS
from domain.facts import counted
from domain.ledger.application import Ledger
from domain.people import Role
from domain.permissions import views

PREFIX: Final = "/pages"

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": PAGE_POLICY,
    # The IDs in the address of a page identify nobody outside of the ledger. The address is not sent to other sites.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One entry of the navigation, which is shown to the users who have one of the `roles`."""

    label: str
    path: str
    roles: frozenset[Role]


_PLAN: Final = frozenset[Role](views.MAY_SEE["worklist"])
_EVERY_USER: Final = frozenset[Role]({*_PLAN, "requester", "administrator"})

NAVIGATION: Final = (
    NavigationEntry("Worklist", f"{PREFIX}/worklist", _PLAN),
    NavigationEntry("Patients", f"{PREFIX}/patients", frozenset[Role]({*_PLAN, "requester"})),
    NavigationEntry("Figures", f"{PREFIX}/figures", _PLAN),
    NavigationEntry("Audit", f"{PREFIX}/audit", _PLAN),
    NavigationEntry("People", f"{PREFIX}/people", frozenset[Role]({"administrator", "auditor"})),
    NavigationEntry("Policy", f"{PREFIX}/policy", _EVERY_USER),
)
"""The entries of the navigation, in their order."""


TITLES: Final = {kind.TOPIC: kind.TITLE for kind in PATIENT_EVENTS}
"""The title of each kind of patient event, by its topic."""


def is_page(path: str) -> bool:
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def rendered(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, or a part of a page, rendered from `template` with the values.

    Raises UndefinedError of Jinja if the template names a value that is not given.
    """
    caller = cast("Caller | None", request.scope.get("caller"))
    ledger = cast("Ledger", request.app.state.ledger)
    html = TEMPLATES.get_template(template).render(
        {
            # The name is not `caller`, which is Jinja's name for the content of a macro call.
            "viewer": caller,
            "csrf_token": caller.csrf_token if caller is not None else None,
            "places": [entry for entry in NAVIGATION if caller is not None and caller.actor.role in entry.roles],
            "path": request.url.path,
            "zone": ledger.zone,
            "now": ledger.now(),
            "today": ledger.today(),
            "tried": None,
            "recorded": _recorded(request),
            **values,
        }
    )
    # A page with a refused form keeps the address of the page, not the address to which the form was sent.
    same_address = {"HX-Push-Url": "false"} if status >= HTTPStatus.BAD_REQUEST else {}
    return HTMLResponse(html, status, headers=HEADERS | same_address)


def _recorded(request: Request) -> dict[str, str] | None:
    """The title and the version of the event that the form before this page recorded, or None."""
    title, version = TITLES.get(request.query_params.get("recorded", "")), request.query_params.get("event", "")
    return {"title": title, "version": version} if title and version.isdecimal() and len(version) < 8 else None


# -- text for values --------------------------------------------------------------------------


def spoken(value: object) -> str:
    """A value as words: `not_met` is "not met". A value that is not known is worded by the template."""
    return str(value).replace("_", " ")


def sentence(value: object) -> str:
    """A value as words, with a capital at the start."""
    words = str(value).replace("_", " ")
    return words[:1].upper() + words[1:]


def ordinal(identifier: str) -> str:
    """The last part of an ID, such as `d1` of the ID of a dose."""
    return identifier.rpartition(".")[2]


@pass_context
def clock_time(context: Context, instant: datetime) -> str:
    """An instant in the plan's time zone, with the name of the zone: 2026-04-28 12:00 EDT."""
    return instant.astimezone(_zone(context)).strftime("%Y-%m-%d %H:%M %Z")


@pass_context
def clock_time_in_a_field(context: Context, instant: datetime) -> str:
    """An instant in the plan's time zone, as the value of a form field."""
    return instant.astimezone(_zone(context)).strftime("%Y-%m-%dT%H:%M:%S")


@pass_context
def day_of(context: Context, instant: datetime | date) -> str:
    """The day of an instant in the plan's time zone, in ISO 8601. A date is formatted as it is."""
    if isinstance(instant, datetime):
        return instant.astimezone(_zone(context)).date().isoformat()
    return instant.isoformat()


@pass_context
def until(context: Context, instant: datetime) -> str:
    """The time between now and an instant: `in 3 days`, `in 5 h`, `2 days ago`."""
    return time_between(cast("datetime", context["now"]), instant)


def time_between(now: datetime, instant: datetime) -> str:
    """The time between two instants, rounded down: minutes below two hours, hours below two days, else days."""
    is_past = instant < now
    length = now - instant if is_past else instant - now
    if length < timedelta(hours=2):
        length_in_words = f"{length // timedelta(minutes=1)} min"
    elif length < timedelta(days=2):
        length_in_words = f"{length // timedelta(hours=1)} h"
    else:
        length_in_words = counted(length // timedelta(days=1), "day")
    return f"{length_in_words} ago" if is_past else f"in {length_in_words}"


def part_of(now: datetime, start: datetime, end: datetime) -> float:
    """The elapsed part of the period from `start` to `end`, from 0 to 1."""
    whole = (end - start).total_seconds()
    return 1.0 if whole <= 0 else min(1.0, max(0.0, (now - start).total_seconds() / whole))


def _zone(context: Context) -> ZoneInfo:
    return cast("ZoneInfo", context["zone"])


def _new_key() -> str:
    """A new idempotency key for a form, so that a form that is sent twice is recorded once."""
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
    "counted": counted,
    "spoken": spoken,
    "sentence": sentence,
    "ordinal": ordinal,
    "clock_time": clock_time,
    "field_time": clock_time_in_a_field,
    "day": day_of,
    "until": until,
    # The options of a choice: pairs of a value and its text.
    "pair": lambda value: (value, value),
    "pair_short": lambda value: (value, f"record {value[:8]}"),
    "pair_ordinal": lambda value: (value, ordinal(value)),
}
TEMPLATES.globals |= {"address_of": address_of, "new_key": _new_key, "part_of": part_of, "PAGES": PREFIX}
