"""Other programs that append events, each used as its own documentation says, on the same machine and disk.

A peer appends what the ledger's commands store: the same payload, to streams that exist, on the
condition that nobody appended since. It validates, decides and caches nothing, which the
ledger does in the same time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from tests.benchmarks.patients import Template


class Peer(Protocol):
    def seconds(self, streams: int, clients: int) -> float:
        """For one append, of `DOSES` to each of so many new streams, by so many clients at once."""


Opening = Callable[[str, Template], AbstractContextManager[Peer]]
"""With the URL of an empty database, a file or a folder, and what is to be appended."""


def payload(template: Template) -> dict[str, Any]:
    """The fields of one event, as JSON holds them."""
    found: dict[str, Any] = json.loads(template.doses[0].state)
    return found
