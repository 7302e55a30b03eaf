"""The case file as one HTML page for US Letter, without scripts and without content from other hosts."""

from __future__ import annotations

import re
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from api.dossier.blocks import CaseFile, Grid

_TEMPLATES: Final = Environment(
    loader=PackageLoader("api.dossier"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def as_html(case: CaseFile) -> bytes:
    """The page. Its whole style is in one element, so that a policy can name the element by its digest."""
    grids = [block for section in case.sections for block in section.blocks if isinstance(block, Grid)]
    shares = {share for one in grids for share in one.shares}
    indents = {cell.indent for one in grids for row in one.rows for cell in row.cells if cell.indent}
    template = _TEMPLATES.get_template("dossier.html.j2")
    return template.render(case=case, shares=sorted(shares), indents=sorted(indents)).encode()


def style_of(page: bytes) -> str:
    """The text of the style element of a page that `as_html` returned."""
    style = _STYLE.search(page.decode())
    assert style is not None, "the template has one style element"
    return style[1]
