"""Whether text is truly painted: what the document says and what is on the screen are two things."""

from __future__ import annotations

import io

from PIL import Image, ImageChops
from playwright.sync_api import Locator


def is_painted(place: Locator) -> bool:
    """Whether the picture of this place is another one once its letters are made clear as glass."""
    with_letters = place.screenshot(animations="disabled")
    place.evaluate("one => { one.style.setProperty('color', 'transparent', 'important'); }")
    without = place.screenshot(animations="disabled")
    place.evaluate("one => { one.style.removeProperty('color'); }")
    first, second = (Image.open(io.BytesIO(one)).convert("RGB") for one in (with_letters, without))
    return ImageChops.difference(first, second).getbbox() is not None
