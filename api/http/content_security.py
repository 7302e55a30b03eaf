"""The Content-Security-Policy of the HTML that this server sends: a page loads only what this server serves.

No page runs an inline script or has an inline style, except one that its digest names.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

_SOURCES: Final = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


def page_policy(**added: str) -> str:
    """The policy of a page. `added` has a further source of a directive: `img_src="data:"`."""
    more = {name.replace("_", "-"): source for name, source in added.items()}
    assert more.keys() <= _SOURCES.keys(), "the pages allow nothing else"
    return "; ".join(f"{name} {sources} {more.get(name, '')}".rstrip() for name, sources in _SOURCES.items())


PAGE_POLICY: Final = page_policy()


def digest_source(inline: str) -> str:
    """The source that allows one inline style by the SHA-256 of its text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
