"""A letter as one PDF on US Letter, with the fonts and blocks of a case file, and the same bytes on every machine."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Final

from fpdf.enums import XPos, YPos

from api.dossier.blocks import Block, CaseFile, Grid, Pairs, Paragraph, Section, row
from api.dossier.pdf import BRAND, INK, MUTED, PLAIN_PT, Pages, UncompressedOutput
from api.notices.sealed import SealWords, rows_of
from projections.letters import Letter

_HEADS: Final = ("Clause", "What it asks for", "What was found")
_SHARES: Final = (14, 38, 48)
_DRAFT: Final = "A draft. Nothing is decided, and this was not sent."


def as_pdf(letter: Letter, seal: SealWords | None, written_at: datetime) -> bytes:
    """Returns the PDF. `written_at` is its creation date, taken from the record so that the bytes are reproducible."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    case = _file_of(letter, seal)
    with closing(_LetterPages(letter, case, written_at)) as first:
        first.lay_out()
    with closing(_LetterPages(letter, case, written_at, first.page_of, first.page)) as final:
        final.lay_out()
        written = final.output(output_producer_class=UncompressedOutput)
    assert written is not None
    return bytes(written)


class _LetterPages(Pages):
    """Pages without an index: the addressees, the subject, and the parts in order."""

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
            self._print_line(line, PLAIN_PT + 1, 5.4)
        self.ln(6)
        self._print_line(self._letter.on.isoformat(), PLAIN_PT + 1, 5.4)
        self.ln(5)
        self._set_text_style("B", 19, BRAND)
        self.cell(0, 10, self._in_font(self._letter.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)
        self._block(Pairs(self.case.about))
        for section in self.case.sections:
            self._part(section)

    def _print_line(self, text: str, size: float, height: float) -> None:
        self._set_text_style("", size, INK)
        self.cell(0, height, self._in_font(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _part(self, section: Section) -> None:
        self._ensure_space(28)
        self.ln(3)
        self._set_text_style("B", 12, BRAND)
        self.cell(0, 7, self._in_font(section.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._set_text_style("", PLAIN_PT, MUTED)
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
