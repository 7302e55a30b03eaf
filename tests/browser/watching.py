"""What a page must never do for any user: ask another host, break its own policy, or fail in its script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page


@dataclass
class Watched:
    """`allowed` are parts of console messages that this test means to bring about."""

    host: str
    allowed: tuple[str, ...] = ()
    faults: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("request", lambda one: self._asked(one.url))
        context.on("weberror", lambda one: self.faults.append(f"script: {one.error.message}"))
        context.on("console", lambda one: self._said(one.type, one.text))

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.netloc != self.host and parts.scheme not in ("about", "data", "blob"):
            self.faults.append(f"asked another host: {parts.scheme}://{parts.netloc}")

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(one in text for one in self.allowed):
            self.faults.append(f"{kind}: {text}")


@contextmanager
def opened(
    browser: Browser,
    base_url: str,
    *,
    dark: bool = False,
    script: bool = True,
    width: int = 1280,
    height: int = 900,
    allowed: tuple[str, ...] = (),
) -> Iterator[Page]:
    """A page of a browser of its own, with nobody signed in; fails in the end where something was amiss."""
    watched = Watched(urlsplit(base_url).netloc, allowed)
    context = browser.new_context(
        base_url=base_url,
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(15_000)
    watched.watch(context)
    try:
        yield context.new_page()
    finally:
        context.close()
    assert not watched.faults, watched.faults
