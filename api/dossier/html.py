"""The case file as one HTML page for US Letter, without scripts and without content from other hosts."""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from api.dossier.blocks import CaseFile

_TEMPLATES: Final = Environment(
    loader=PackageLoader("api.dossier"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def as_html(case: CaseFile) -> bytes:
    return _TEMPLATES.get_template("dossier.html.j2").render(case=case).encode()
