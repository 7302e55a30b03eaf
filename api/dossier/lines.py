"""Text for the pages of the PDF, limited to the characters of its font, and broken into lines."""

from __future__ import annotations

from collections.abc import Callable, Container


def shown(text: str, known: Container[int]) -> str:
    """Returns the text with characters that the font lacks replaced by their numbers, such as `[U+4E2D]`."""
    return "".join(one if ord(one) in known or one == "\n" else f"[U+{ord(one):04X}]" for one in text)


def wrapped(text: str, width: float, width_of: Callable[[str], float]) -> list[str]:
    """Returns the text in lines of at most `width`, broken at spaces.

    A wider word is broken at the end of the line. `width_of` returns the width of a text in the same unit.
    """
    lines: list[str] = []
    space = width_of(" ")
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for word in paragraph.split(" "):
            needed = used + (space if line else 0.0) + width_of(word)
            if line and needed > width:
                lines.append(line)
                line, needed = "", width_of(word)
            *full_lines, rest = _broken(word, width, width_of) if needed > width else [word]
            lines += full_lines
            line, used = (f"{line} {rest}" if line else rest), (width_of(rest) if full_lines else needed)
        lines.append(line)
    return lines


def _broken(word: str, width: float, width_of: Callable[[str], float]) -> list[str]:
    parts, used = [""], 0.0
    for one in word:
        if parts[-1] and used + width_of(one) > width:
            parts.append("")
            used = 0.0
        parts[-1] += one
        used += width_of(one)
    return parts
