"""Values that no field accepts, at whatever door they come in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, Final

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def value_faults(value: Any, path: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    """Errors for values that no field accepts, at their paths.

    They are numbers that are not finite (1e999), and text with a control character other than a tab or a line break.
    """
    match value:
        case dict():
            for name, part in value.items():
                yield from value_faults(part, (*path, name))
        case list():
            for number, part in enumerate(value):
                yield from value_faults(part, (*path, number))
        case float() if not isfinite(value):
            yield {"type": "finite_number", "loc": path, "msg": "The number is too large"}
        case str() if _CONTROL.search(value):
            yield {"type": "control_character", "loc": path, "msg": "The text contains a control character"}
