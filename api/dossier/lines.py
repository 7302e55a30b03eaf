"""Text for the pages of the PDF: in characters that its font has, and in lines of a width."""

from __future__ import annotations

from collections.abc import Callable, Container


def shown(text: str, known: Container[int]) -> str:
    """The text in characters of the font; one that the font lacks is shown by its number, as `[U+4E2D]`."""
    return "".join(one if ord(one) in known or one == "\n" else f"[U+{ord(one):04X}]" for one in text)


def wrapped(text: str, width: float, width_of: Callable[[str], float]) -> list[str]:
    """The text in lines of at most this width, broken at spaces; a word that is wider is broken where the line ends."""
    found: list[str] = []
    space = width_of(" ")
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for word in paragraph.split(" "):
            room = used + (space if line else 0.0) + width_of(word)
            if line and room > width:
                found.append(line)
                line, room = "", width_of(word)
            *whole, rest = _broken(word, width, width_of) if room > width else [word]
            found += whole
            line, used = (f"{line} {rest}" if line else rest), (width_of(rest) if whole else room)
        found.append(line)
    return found


def _broken(word: str, width: float, width_of: Callable[[str], float]) -> list[str]:
    parts, used = [""], 0.0
    for one in word:
        if parts[-1] and used + width_of(one) > width:
            parts.append("")
            used = 0.0
        parts[-1] += one
        used += width_of(one)
    return parts
