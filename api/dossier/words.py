"""How a case file writes days, instants, people and values."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from api.dossier.blocks import Cell, CellTone
from domain.people import Actor
from domain.policy.answers import Answer

ANSWERS = {"met": "met", "not_met": "not met", "undetermined": "open"}
CRITERION_TONES: dict[str, CellTone] = {"met": "met", "not_met": "not_met", "undetermined": "undetermined"}
EXCLUSION_TONES: dict[str, CellTone] = {"met": "not_met", "not_met": "met", "undetermined": "undetermined"}
NO_ANSWER = Cell("–", "muted")


class Words:
    """Writes days and instants in the plan's time zone."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)

    def at(self, instant: datetime | None) -> str:
        """Returns an instant to the minute, or empty text."""
        return "" if instant is None else f"{instant.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def until(self, instant: datetime | None) -> str:
        """Returns a deadline. Midnight is the end of the day before, because such deadlines are counted in days."""
        if instant is None:
            return ""
        here = instant.astimezone(self.zone)
        is_midnight = (here.hour, here.minute, here.second, here.microsecond) == (0, 0, 0, 0)
        return f"end of {here.date() - timedelta(days=1)}" if is_midnight else self.at(instant)

    def happened(self, text: str) -> str:
        """Returns ISO 8601 text of a day unchanged, and of an instant in the plan's time zone."""
        return self.at(datetime.fromisoformat(text)) if "T" in text else text


def plain(value: str) -> str:
    return value.replace("_", " ")


def field(name: str) -> str:
    """Returns the name of a fact in words: `aggressive_disease.mri` is "aggressive disease / mri"."""
    return plain(name).replace(".", " / ")


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def listed(values: tuple[str, ...] | list[str]) -> str:
    return ", ".join(values)


def answer(citation: str, found: Answer | None) -> Cell:
    """Returns the answer with its color: green is in favor of the request.

    A criterion is in favor if it is met, and an exclusion if it is not met.
    """
    if found is None:
        return NO_ANSWER
    tones = EXCLUSION_TONES if citation.startswith("NR.") else CRITERION_TONES
    return Cell(ANSWERS[found.value], tones[found.value])


def answer_words(text: str) -> str:
    return ANSWERS.get(text, plain(text))


def person(actor: Actor) -> str:
    """Returns the name, role, credential and specialty of a person, as recorded."""
    specialty = f", {actor.specialty}" if actor.specialty is not None else ""
    credential = f", {plain(actor.credential)}" if actor.credential != "none" else ""
    return f"{actor.name} ({plain(actor.role)}{credential}{specialty})"


def value(found: JsonValue) -> str:
    """Returns a fact in words. Null is "not known", never "no"."""
    match found:
        case None:
            return "not known"
        case bool():
            return "yes" if found else "no"
        case list():
            return "; ".join(map(value, found)) or "none"
        case dict():
            return ", ".join(value(part) for part in found.values() if part is not None)
        case float():
            return f"{found:g}"
        case _:
            return plain(str(found))


def size(size_bytes: int) -> str:
    if size_bytes < 1024:
        return f"{size_bytes} bytes"
    return f"{size_bytes / 1024:.0f} KiB" if size_bytes < 1024**2 else f"{size_bytes / 1024**2:.1f} MiB"


def provenance(found: str | None) -> str:
    return {"text": "from the text", "reconstructed": "reconstructed from the history table"}.get(found or "", "")
