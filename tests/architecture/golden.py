"""Golden files of the published contracts: read, write, and list differences by name.

This module imports nothing of the program.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "golden" / "contract"
REWRITE = "python -m tests.architecture.contract"

_SHOWN_MAX = 60
_VALUE_LENGTH_MAX = 120


def text_of(rendered: Any) -> str:
    """Return the exact text of a golden file."""
    return json.dumps(rendered, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def path_of(name: str) -> Path:
    """Return the path of the golden file of a contract."""
    return FOLDER / f"{name}.json"


def write(name: str, rendered: Any) -> Path | None:
    """Write a golden file if its text differs. Return its path, or None if the file is up to date."""
    path, content = path_of(name), text_of(rendered).encode()
    if path.exists() and path.read_bytes() == content:
        return None
    FOLDER.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def complaint(name: str, rendered: Any) -> str | None:
    """Return a message that lists what changed against the golden file, or None if nothing changed."""
    path = path_of(name)
    if not path.exists():
        return f"The golden file {path.name} is missing. Write it with `{REWRITE}`."
    if path.read_bytes() == text_of(rendered).encode():
        return None
    return complaint_of(name, json.loads(path.read_bytes()), json.loads(text_of(rendered)))


def complaint_of(name: str, published: Any, now: Any) -> str:
    """Return the message for a contract that differs from what is published."""
    found = list(differences(published, now))
    lines = [f"  {one}" for one in found[:_SHOWN_MAX]] or ["  only the text of the file differs, not its values"]
    if len(found) > _SHOWN_MAX:
        lines.append(f"  and {len(found) - _SHOWN_MAX} more")
    return "\n".join(
        [
            f"The published contract '{name}' changed. Number of differences: {len(found)}",
            *lines,
            "This is a published contract. Stored records, callers or scripts rely on it. Undo the change.",
            f"If the change is deliberate and compatible, run `{REWRITE}` and explain the change in the commit.",
        ]
    )


def differences(published: Any, now: Any, place: str = "") -> Iterator[str]:
    """Yield one line for each name or value that was removed, added or changed."""
    if isinstance(published, dict) and isinstance(now, dict):
        for key in sorted(published.keys() | now.keys()):
            yield from _of_key(published, now, key, f"{place} > {key}" if place else key)
    elif isinstance(published, list) and isinstance(now, list):
        yield from _of_lists(published, now, place)
    elif published != now or type(published) is not type(now):
        yield f"changed: {place}: {_shown(published)} -> {_shown(now)}"


def _of_key(published: dict[str, Any], now: dict[str, Any], key: str, place: str) -> Iterator[str]:
    if key not in now:
        yield f"removed: {place} (was {_shown(published[key])})"
    elif key not in published:
        yield f"added:   {place} (is {_shown(now[key])})"
    else:
        yield from differences(published[key], now[key], place)


def _of_lists(published: Sequence[Any], now: Sequence[Any], place: str) -> Iterator[str]:
    if len(published) == len(now) and any(isinstance(one, dict | list) for one in published):
        for index, (before, after) in enumerate(zip(published, now, strict=True)):
            yield from differences(before, after, f"{place} > {index}")
        return
    # Compared as text: in Python, 1 equals true.
    before, after = [_text(one) for one in published], [_text(one) for one in now]
    gone = [one for one in before if one not in after]
    new = [one for one in after if one not in before]
    yield from (f"removed: {place} > {_cut(one)}" for one in gone)
    yield from (f"added:   {place} > {_cut(one)}" for one in new)
    if not gone and not new and before != after:
        yield f"changed: {place}: the order or number of items: {_shown(published)} -> {_shown(now)}"


def _shown(value: Any) -> str:
    return _cut(_text(value))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _cut(text: str) -> str:
    return text if len(text) <= _VALUE_LENGTH_MAX else f"{text[:_VALUE_LENGTH_MAX]}..."
