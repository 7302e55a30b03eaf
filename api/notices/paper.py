"""A letter as one PDF on US Letter: the same fonts and blocks as a case file, and the same bytes on every machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Final

from fpdf.enums import XPos, YPos

from api.dossier.blocks import Block, CaseFile, Grid, Pairs, Paragraph, Section, row
from api.dossier.pdf import BRAND, INK, MUTED, PLAIN_PT, Pages, Plain
from api.notices.sealed import SealWords, rows_of
from projections.letters import Letter

_HEADS: Final = ("Clause", "What it asks for", "What was found")
_SHARES: Final = (14, 38, 48)
_DRAFT: Final = "A draft. Nothing is decided, and this was not sent."


def as_pdf(letter: Letter, seal: SealWords | None, written_at: datetime) -> bytes:
    """`written_at` is what the file says of its own making; it is the record's, so that the bytes repeat."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    case = _file_of(letter, seal)
    with closing(_LetterPages(letter, case, written_at)) as first:
        first.lay_out()
    with closing(_LetterPages(letter, case, written_at, first.page_of, first.page)) as final:
        final.lay_out()
        written = final.output(output_producer_class=Plain)
    assert written is not None
    return bytes(written)


class _LetterPages(Pages):
    """One column, no index: to whom, about what, and the parts in their order."""

    def __init__(
        self,
        letter: Letter,
        case: CaseFile,
        written_at: datetime,
        page_of: dict[str, int] | None = None,
        pages: int = 0,
    ) -> None:
        super().__init__(case, written_at, page_of, pages)
        self._letter = letter

    def lay_out(self) -> None:
        self.add_page()
        self.set_y(20)
        for line in self._letter.to:
            self._say(line, PLAIN_PT + 1, 5.4)
        self.ln(6)
        self._say(self._letter.on.isoformat(), PLAIN_PT + 1, 5.4)
        self.ln(5)
        self._ink("B", 19, BRAND)
        self.cell(0, 10, self._shown(self._letter.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)
        self._block(Pairs(self.case.about))
        for section in self.case.sections:
            self._part(section)

    def _say(self, text: str, size: float, height: float) -> None:
        self._ink("", size, INK)
        self.cell(0, height, self._shown(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _part(self, section: Section) -> None:
        self._keep(28)
        self.ln(3)
        self._ink("B", 12, BRAND)
        self.cell(0, 7, self._shown(section.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._ink("", PLAIN_PT, MUTED)
        for block in section.blocks:
            self._block(block)


def _file_of(letter: Letter, seal: SealWords | None) -> CaseFile:
    drafted = [Section("draft", "Draft", (Paragraph(_DRAFT, "warning"),))] if letter.is_draft else []
    parts = [
        Section(f"part-{number}", part.title, tuple(_blocks(part.sentences, part.reasons, part.rows)))
        for number, part in enumerate(letter.parts)
    ]
    record = [] if letter.is_draft else [Section("record", "In the record", (Pairs(rows_of(letter, seal)),))]
    return CaseFile(letter.title, "Lemtrada authorization ledger", letter.about, (*drafted, *parts, *record))


def _blocks(sentences: tuple[str, ...], reasons: object, rows: tuple[tuple[str, str], ...]) -> Iterator[Block]:
    assert isinstance(reasons, tuple)
    if reasons:
        yield Grid(_HEADS, _SHARES, tuple(row(one.clause, one.criterion, one.found) for one in reasons))
    yield from (Paragraph(one) for one in sentences)
    if rows:
        yield Pairs(rows)
