"""The case file as one PDF on US Letter, with an embedded font, and with the same bytes on every machine.

Nothing is compressed, because the bytes of a compressed stream depend on the library of the machine. The date and the
file ID are derived from the case file.
"""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.fonts import TTFFont
from fpdf.output import OutputProducer
from fpdf.syntax import PDFContentStream

from api.dossier.blocks import Block, CaseFile, Cell, CellTone, Grid, Heading, Pairs, Paragraph, Section
from api.dossier.lines import shown, wrapped

FONT: Final = "SourceSans"
STYLES: Final = {"": "SourceSans3-Regular.ttf", "B": "SourceSans3-Bold.ttf", "I": "SourceSans3-It.ttf"}

INK, MUTED, LINE, BRAND = (29, 35, 41), (93, 104, 116), (212, 218, 224), (13, 79, 92)
MARK, MARK_EDGE = (253, 245, 223), (176, 122, 16)
COLORS: Final[dict[CellTone, tuple[int, int, int]]] = {
    "plain": INK,
    "strong": INK,
    "mono": INK,
    "muted": MUTED,
    "met": (23, 102, 59),
    "not_met": (163, 33, 27),
    "undetermined": (131, 84, 0),
}
MARGIN, BOTTOM = 17.0, 19.0
"""The margins of a page in millimeters, the unit of every length in this module."""

PLAIN_PT, NOTE_PT, GRID_PT = 9.5, 7.4, 8.4
"""Font sizes, in points."""

INDEX_LINE, INDEX_GUTTER = 6.2, 14.0

LINE_HEIGHT_PER_PT = 0.46
"""The height of a line, in millimeters per point of font size."""


class UncompressedOutput(OutputProducer):
    """Writes every stream without compression."""

    def _add_pdf_obj(self, pdf_obj: Any, trace_label: str | None = None) -> int:
        if isinstance(pdf_obj, PDFContentStream) and pdf_obj.filter is not None:
            pdf_obj._contents = zlib.decompress(pdf_obj._contents)
            pdf_obj.filter, pdf_obj.length = None, len(pdf_obj._contents)
        return int(super()._add_pdf_obj(pdf_obj, trace_label))


@lru_cache(maxsize=16)
def as_pdf(case: CaseFile, known_at: datetime) -> bytes:
    """Returns the PDF. `known_at` is its date.

    The pages are laid out twice, because the index needs the page of every section, and each page the number of pages.
    Results are cached, because the same case file is requested by itself and within its folder.
    """
    # The library logs what it removes from a font, for every subset.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    with closing(Pages(case, known_at)) as first:
        first.lay_out()
    with closing(Pages(case, known_at, first.page_of, first.page)) as final:
        final.lay_out()
        written = final.output(output_producer_class=UncompressedOutput)
    assert written is not None
    return bytes(written)


@cache
def _folder() -> Path:
    return Path(str(files("api.dossier") / "fonts"))


@dataclass(frozen=True, slots=True)
class _PrintedLine:
    """One line of a cell, as it is printed."""

    text: str
    style: str
    size: float
    color: tuple[int, int, int]

    @property
    def height(self) -> float:
        return self.size * LINE_HEIGHT_PER_PT


class Pages(FPDF):
    """The pages. `page_of` and `pages` are known after the first layout, and are arguments of the second."""

    def __init__(
        self, case: CaseFile, known_at: datetime, page_of: Mapping[str, int] | None = None, pages: int = 0
    ) -> None:
        super().__init__(format="letter", unit="mm")
        self.case = case
        self.known_page_of = page_of or {}
        self.known_pages = pages
        self.page_of: dict[str, int] = {}
        self.widths: dict[tuple[str, float, str], float] = {}
        self.set_creation_date(known_at)
        self.set_title(case.title)
        self.set_producer("lemtrada-ledger")
        self.set_lang("en-US")
        self.set_margins(MARGIN, MARGIN - 2, MARGIN)
        self.set_auto_page_break(False)
        self.c_margin = 0
        for style, name in STYLES.items():
            self.add_font(FONT, style, _folder() / name)

        # The characters that every style has. Other characters are shown by their numbers.
        self.characters = frozenset.intersection(
            *(frozenset(one.cmap) for one in self.fonts.values() if isinstance(one, TTFFont))
        )

    def close(self) -> None:
        """Closes the font files, which the library keeps open."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def file_id(self) -> str:
        """Returns the file ID, derived from the content and the date, so that it is the same each time."""
        # The values alone: the name of a class of this program is no part of a case file.
        content = f"{astuple(self.case)}{self.creation_date}"
        digest = hashlib.md5(content.encode(), usedforsecurity=False).hexdigest().upper()
        return f"<{digest}><{digest}>"

    def footer(self) -> None:
        self.set_y(-13)
        self._set_text_style("", NOTE_PT, MUTED)
        width = self.epw / 2
        self.cell(width * 1.5, 5, self._in_font(self.case.running), align=Align.L)
        pages = f" of {self.known_pages}" if self.known_pages else ""
        self.cell(width * 0.5, 5, f"Confidential · page {self.page}{pages}", align=Align.R)

    # -- the pages, top to bottom -----------------------------------------------------------------

    def lay_out(self) -> None:
        self.add_page()
        self._first_page()
        for number, section in enumerate(self.case.sections, 1):
            self._section(number, section)

    def _first_page(self) -> None:
        self.set_fill_color(*BRAND)
        self.rect(0, 0, self.w, 5, style="F")
        self.set_y(24)
        self._set_text_style("B", 25, BRAND)
        self.cell(0, 13, self._in_font(self.case.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(3)
        self._block(Pairs(self.case.about))
        self.ln(5)
        self._set_text_style("B", 13, BRAND)
        self.cell(0, 8, "Index", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._rule(self.get_y())
        self.ln(1.5)
        top, in_a_column = self.get_y(), -(-len(self.case.sections) // 2)
        for place, section in enumerate(self.case.sections):
            column, line = divmod(place, in_a_column)
            self.set_xy(self.l_margin + column * (self.epw / 2 + INDEX_GUTTER / 2), top + line * INDEX_LINE)
            self._index_line(place + 1, section)
        self.set_xy(self.l_margin, top + in_a_column * INDEX_LINE)

    def _index_line(self, number: int, section: Section) -> None:
        page = self.known_page_of.get(section.anchor, 0)
        link = self.add_link(page=page) if page else None
        self._set_text_style("", 10.5, MUTED)
        self.cell(8, INDEX_LINE, str(number))
        self._set_text_style("", 10.5, INK)
        self.cell((self.epw - INDEX_GUTTER) / 2 - 18, INDEX_LINE, self._in_font(section.title), link=link)
        self._set_text_style("", 10.5, MUTED)
        self.cell(10, INDEX_LINE, str(page or ""), align=Align.R)

    def _section(self, number: int, section: Section) -> None:
        if self._space_left() < 55:
            self.add_page()
        else:
            self.ln(9)
        self.page_of[section.anchor] = self.page
        self.start_section(self._in_font(section.title))
        self._set_text_style("", 15, MUTED)
        self.cell(10 if number > 9 else 7, 8, str(number))
        self._set_text_style("B", 15, BRAND)
        self.cell(0, 8, self._in_font(section.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._rule(self.get_y() + 0.5)
        self.ln(2.5)
        for block in section.blocks:
            self._block(block)

    def _block(self, block: Block) -> None:
        match block:
            case Heading():
                self._heading(block)
            case Paragraph():
                self._paragraph(block)
            case Pairs():
                self._pairs(block)
            case Grid():
                self._grid(block)

    # -- blocks -----------------------------------------------------------------------------------

    def _heading(self, block: Heading) -> None:
        if self._space_left() < 32:
            self.add_page()
        else:
            self.ln(3)
        lines = self._lines(block.text, self.epw, "B", 11, INK)
        self._print([(self.l_margin, lines)])
        self.ln(1.2)

    def _paragraph(self, block: Paragraph) -> None:
        size = PLAIN_PT + 0.8 if block.style == "lead" else PLAIN_PT
        inset = 4.5 if block.style in ("lead", "warning") else 0
        color = MUTED if block.style == "muted" else INK
        lines = self._lines(block.text, self.epw - inset * (2 if block.style == "warning" else 1), "", size, color)
        self._ensure_space(_height(lines) + 3)
        top, height = self.get_y(), _height(lines)
        if block.style == "warning":
            self.set_fill_color(*MARK)
            self.rect(self.l_margin, top, self.epw, height + 2.4, style="F")
        if inset:
            self.set_fill_color(*(MARK_EDGE if block.style == "warning" else BRAND))
            self.rect(self.l_margin, top, 1.1, height + 2.4, style="F")
            self.set_y(top + 1.2)
        self._print([(self.l_margin + inset, lines)])
        self.ln(2.8 if inset else 1.8)

    def _pairs(self, block: Pairs) -> None:
        label_width = 34.0
        for label, text in block.rows:
            cells = [
                (self.l_margin, self._lines(label, label_width - 3, "", PLAIN_PT, MUTED)),
                (self.l_margin + label_width, self._lines(text, self.epw - label_width, "", PLAIN_PT, INK)),
            ]
            self._row(cells, gap=0.5)
        self.ln(1.5)

    def _grid(self, block: Grid) -> None:
        widths = [self.epw * share / 100 for share in block.shares]
        self._heads(block, widths)
        for row in block.rows:
            cells = []
            x = self.l_margin
            for cell, width in zip(row.cells, widths, strict=True):
                indent = cell.indent * 2.0
                cells.append((x + indent, self._cell_lines(cell, width - indent - 2.0)))
                x += width
            self._row(
                cells, gap=1.0, rule=True, is_marked=row.is_marked, repeat_heads=lambda: self._heads(block, widths)
            )
        self.ln(2.5)

    def _heads(self, block: Grid, widths: Sequence[float]) -> None:
        cells, x = [], self.l_margin
        for head, width in zip(block.heads, widths, strict=True):
            cells.append((x, self._lines(head, width - 2.0, "B", NOTE_PT, MUTED)))
            x += width
        height = max(_height(lines) for _, lines in cells)
        self._ensure_space(height + 14)
        deepest = self.get_y() + height
        for at, lines in cells:
            # Heads are aligned with the rule below, whatever their number of lines.
            self.set_y(deepest - _height(lines))
            self._print([(at, lines)])
        self.set_y(deepest + 0.8)
        self._rule(self.get_y(), 0.45)
        self.ln(0.6)

    # -- rows, lines, ink -------------------------------------------------------------------------

    def _row(
        self,
        cells: Sequence[tuple[float, list[_PrintedLine]]],
        *,
        gap: float,
        rule: bool = False,
        is_marked: bool = False,
        repeat_heads: Callable[[], None] | None = None,
    ) -> None:
        """Prints one row, on a new page if it does not fit, and split by lines if it is higher than a page."""
        height = max((_height(lines) for _, lines in cells), default=0.0)
        if height + gap > self._space_left() and self.get_y() > 60:
            self.add_page()
            if repeat_heads is not None:
                repeat_heads()
        rest = [(x, list(lines)) for x, lines in cells]
        while any(lines for _, lines in rest):
            fitting = [(x, _fitting(lines, self._space_left() - gap)) for x, lines in rest]
            rest = [(x, lines[len(taken) :]) for (x, lines), (_, taken) in zip(rest, fitting, strict=True)]
            height_on_page = max(_height(lines) for _, lines in fitting)
            if is_marked:
                self.set_fill_color(*MARK)
                self.rect(self.l_margin - 1.5, self.get_y(), self.epw + 3, height_on_page + gap, style="F")
                self.set_fill_color(*MARK_EDGE)
                self.rect(self.l_margin - 1.5, self.get_y(), 0.6, height_on_page + gap, style="F")
            self.set_y(self.get_y() + gap / 2)
            self._print(fitting)
            self.set_y(self.get_y() + gap / 2)
            if any(lines for _, lines in rest):
                self.add_page()
        if rule:
            self._rule(self.get_y())

    def _cell_lines(self, cell: Cell, width: float) -> list[_PrintedLine]:
        style = "B" if cell.tone == "strong" else "I" if cell.tone == "undetermined" else ""
        size = NOTE_PT if cell.tone == "mono" else GRID_PT
        lines = self._lines(cell.text, width, style, size, COLORS[cell.tone])
        return lines + self._lines(cell.note, width, "", NOTE_PT, MUTED)

    def _lines(
        self, text: str, width: float, style: str, size: float, color: tuple[int, int, int]
    ) -> list[_PrintedLine]:
        if not text:
            return []
        self._set_text_style(style, size, color)
        return [_PrintedLine(one, style, size, color) for one in wrapped(self._in_font(text), width, self._width)]

    def _width(self, word: str) -> float:
        """Returns the width of a word in the current font."""
        key = self.font_style, self.font_size_pt, word
        if key not in self.widths:
            self.widths[key] = self.get_string_width(word)
        return self.widths[key]

    def _print(self, cells: Sequence[tuple[float, list[_PrintedLine]]]) -> None:
        top = self.get_y()
        # The first layout computes only positions, so the text is not written.
        for x, lines in cells if self.known_pages else ():
            y = top
            for line in lines:
                self._set_text_style(line.style, line.size, line.color)
                self.set_xy(x, y)
                self.cell(text=line.text, h=line.height)
                y += line.height
        self.set_xy(self.l_margin, top + max((_height(lines) for _, lines in cells), default=0.0))

    def _in_font(self, text: str) -> str:
        return shown(text, self.characters)

    def _set_text_style(self, style: str, size: float, color: tuple[int, int, int]) -> None:
        self.set_font(FONT, style, size)
        self.set_text_color(*color)

    def _rule(self, y: float, width: float = 0.15) -> None:
        self.set_draw_color(*LINE)
        self.set_line_width(width)
        self.line(self.l_margin, y, self.l_margin + self.epw, y)

    def _space_left(self) -> float:
        return float(self.h - BOTTOM - self.get_y())

    def _ensure_space(self, height: float) -> None:
        """Starts a new page if this height does not fit on the current one."""
        if height > self._space_left() and self.get_y() > 60:
            self.add_page()


def _height(lines: Sequence[_PrintedLine]) -> float:
    return sum(line.height for line in lines)


def _fitting(lines: Sequence[_PrintedLine], height: float) -> list[_PrintedLine]:
    """Returns the lines that fit into the height, at least one, so that every page takes some."""
    taken: list[_PrintedLine] = []
    for line in lines:
        if taken and _height(taken) + line.height > height:
            break
        taken.append(line)
    return taken
