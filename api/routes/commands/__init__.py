"""Every further command over HTTP, as tables: an address, a command, and the body that a caller sends.

A row says all there is to say: the address names what the command is about, the body is the
command's terms, the answer what was recorded. The first commands (open, submit,
decide, record a dose) answer with more and have routes of their own.
"""

from __future__ import annotations

from api.routes.commands import appeals, patients, requests
from api.routes.commands.route_factory import Act, router_of

ACTS: tuple[Act, ...] = (*patients.ACTS, *requests.ACTS, *appeals.ACTS)

router = router_of(ACTS)

__all__ = ["ACTS", "Act", "router"]
