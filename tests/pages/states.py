"""The table of the pages: each page in each state that looks different, for the checks that hold for all of them.

Who writes a page writes its rows: `STATES` of a module `states_…` beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from domain.people import Actor
from tests.api.acts import Api


@dataclass(frozen=True)
class PageState:
    """`route` is the page's in the program; `path` brings the state about and says where it is seen, as `actor`."""

    name: str
    route: str
    actor: Actor
    path: Callable[[Api], str]


def page_states() -> Iterator[PageState]:
    for module in sorted(Path(__file__).parent.glob("states_*.py")):
        yield from import_module(f"tests.pages.{module.stem}").STATES
