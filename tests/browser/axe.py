"""The accessibility of a page as it is painted, by axe-core, which comes past the page's own policy as a tool does."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.browser.chromium import axe_source

_ALL = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_COLORS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
_RUN = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})"


@cache
def _source() -> str:
    return axe_source()


def violations(page: Page, *, colors_only: bool = False) -> list[str]:
    """One line for each place that breaks a rule; `colors_only` for a page whose colors alone have changed."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    found: dict[str, Any] = page.evaluate(_RUN, _COLORS if colors_only else _ALL)
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:200]} {(node.get('failureSummary') or '')[:300]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
