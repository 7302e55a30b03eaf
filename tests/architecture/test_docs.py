"""The helper that reads the documentation reports a missing mark instead of reading the wrong text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import between, block, blocks, replace_between

PAGE = "Top.\n<!-- one: from here -->\n```ini\na = 1\n```\n<!-- one: to here -->\nEnd.\n"


def page(folder: Path, text: str) -> Path:
    path = folder / "PAGE.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_text_between_two_marks_is_read_and_replaced(tmp_path: Path) -> None:
    path = page(tmp_path, PAGE)
    assert block(between(path, "one"), "ini") == "a = 1\n"
    replace_between(path, "one", "New.")
    assert path.read_text(encoding="utf-8") == "Top.\n<!-- one: from here -->\nNew.\n<!-- one: to here -->\nEnd.\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PAGE.replace("<!-- one: from here -->", ""), "from here --> 0 times"),
        (PAGE.replace("<!-- one: to here -->", ""), "to here --> 0 times"),
        (PAGE + PAGE, "from here --> 2 times"),
        ("<!-- one: to here -->\n<!-- one: from here -->\n", "swap the two marks"),
    ],
)
def test_a_missing_repeated_or_swapped_mark_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        between(page(tmp_path, text), "one")


def test_a_missing_page_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"NONE\.md does not exist"):
        between(tmp_path / "NONE.md", "one")


def test_indented_blocks_are_found_and_other_languages_are_not() -> None:
    text = "1. Step:\n\n   ```ini\n   a = 1\n   b = 2\n   ```\n\n```sh\nls\n```\n"
    assert blocks(text, "ini") == ["a = 1\nb = 2\n"]
    with pytest.raises(ValueError, match="found 0"):
        block(text, "caddy")
