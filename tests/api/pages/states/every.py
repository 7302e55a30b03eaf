"""The table of the pages: each page in each state that looks different, for the checks that hold for all of them.

The rows of a page are in `STATES` of another module in this folder; a new page needs rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from domain.people import Actor
from tests.api.routes.commands.acts import Api


@dataclass(frozen=True)
class PageState:
    """`route` is the page's in the program; `path` brings the state about and says where it is seen, as `actor`."""

    name: str
    route: str
    actor: Actor
    path: Callable[[Api], str]


def page_states() -> Iterator[PageState]:
    folder = Path(__file__).parent
    for module in sorted(path.stem for path in folder.glob("*.py") if path.name not in ("__init__.py", "every.py")):
        yield from import_module(f"tests.api.pages.states.{module}").STATES
