"""HEAD requests: the status and the headers of GET, without the body (RFC 9110, 9.3.2).

The application answers a HEAD request as GET, so the same permissions apply and the same access is recorded.
"""

from __future__ import annotations

from starlette.types import Message, Scope, Send


def answered_as_get(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """The scope of a HEAD request as that of GET, and the `send` that leaves out the body."""
    return {**scope, "method": "GET"}, _without_body(send)


def _without_body(send: Send) -> Send:
    async def send_headers(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
        elif not message.get("more_body", False):
            await send({"type": "http.response.body", "body": b""})

    return send_headers
