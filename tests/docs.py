"""Reads and writes the regions of the documentation that tests depend on.

A region is the text between two HTML comments, `<!-- NAME: from here -->` and `<!-- NAME: to here -->`.
The comments are marks: headings and sentences can change without breaking a test.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

from tests import ROOT


def between(path: Path, mark: str) -> str:
    """The text between the two marks. Raises ValueError if a mark is missing, repeated, or out of order."""
    _, region, _ = _parts(path, mark)
    return region


def replace_between(path: Path, mark: str, text: str) -> None:
    """Writes `text` between the two marks, on lines of its own. Raises ValueError as `between` does."""
    before, _, after = _parts(path, mark)
    begin, end = _marks(mark)
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The contents of the fenced code blocks in that language, including indented blocks, without their indentation."""
    fenced = re.finditer(rf"^( *)```{re.escape(language)}\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    return [dedent(one[2]) for one in fenced]


def block(text: str, language: str) -> str:
    """The only code block in that language. Raises ValueError if there is none, or more than one."""
    found = blocks(text, language)
    if len(found) != 1:
        raise ValueError(f"expected one {language} block in this region, found {len(found)}:\n{text}")
    return found[0]


def _marks(mark: str) -> tuple[str, str]:
    return f"<!-- {mark}: from here -->", f"<!-- {mark}: to here -->"


def _parts(path: Path, mark: str) -> tuple[str, str, str]:
    """The text before the first mark, between the marks, and after the second mark."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    if not path.is_file():
        raise ValueError(f"{name} does not exist; a test reads the region {mark!r} of that file")
    text = path.read_text(encoding="utf-8")
    begin, end = _marks(mark)
    for one in (begin, end):
        if (found := text.count(one)) != 1:
            raise ValueError(f"{name} has the mark {one} {found} times; put {begin} and {end} once around the region")
    before, _, rest = text.partition(begin)
    region, ended, after = rest.partition(end)
    if not ended:
        raise ValueError(f"{name} has the mark {end} before {begin}; swap the two marks")
    return before, region, after
