"""No banned phrase in what people read: strings of the program, the OpenAPI document, README files and guides.

Pages and letters have their own wording work, and their strings are left out here until it is done.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from domain.policy.referral import STATED_OTHERWISE
from tests import ROOT
from tests.api.callers import application
from tests.architecture.wording.finder import (
    BANNED,
    banned_in,
    comments_and_docstrings,
    identifiers,
    python_files,
    sentences_of_openapi,
    strings,
)

FOLDERS: Final = (ROOT / "domain", ROOT / "projections", ROOT / "api")
NOT_YET: Final = {
    "api/pages/": "pages are reworded in another change",
    "api/notices/": "letters are reworded in another change",
    "projections/letters.py": "letters are reworded in another change",
}
STORED: Final = {
    "Her death is on record.": "part of the assessment digest of stored determinations; `referral.py` displays another",
}
"""Strings that are stored and must not change, each with the reason."""

PROSE_HELD: Final[tuple[str, ...]] = (
    "api",
    "domain",
    "projections",
    "tests",
)
"""Folders whose comments, docstrings and defined names have no banned phrase either."""

PROSE_EXCEPTIONS: Final = {
    ("domain/commands/appeals.py", "organisation"): "a field of a stored command",
    ("domain/events/appeals.py", "organisation"): "a field of a stored event",
}
"""Phrases that a file in these folders must keep, each with the reason."""


def checked() -> list[Path]:
    return [one for one in python_files(*FOLDERS) if not _name(one).startswith(tuple(NOT_YET))]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def guides() -> list[Path]:
    folders = (*FOLDERS, ROOT / ".github", ROOT / "tests")
    return [ROOT / "README.md", *(path for folder in folders for path in sorted(folder.rglob("*.md")))]


def test_strings_of_the_program_have_no_banned_phrase() -> None:
    files = checked()
    assert len(files) > 200
    found = [
        f"{_name(path)}:{one.line} {phrase!r}: {one.text[:80]}"
        for path in files
        for one in strings(path.read_text(encoding="utf-8"))
        if one.text not in STORED
        for phrase in banned_in(one.text)
    ]
    assert found == []


def banned_in_prose(path: Path) -> list[tuple[int, str]]:
    """Line and phrase of what is banned in a file's comments, docstrings and defined names."""
    source = path.read_text(encoding="utf-8")
    found = (*comments_and_docstrings(source), *identifiers(source))
    return [(one.line, phrase) for one in found for phrase in banned_in(one.text)]


@pytest.mark.parametrize("held", PROSE_HELD)
def test_comments_docstrings_and_names_have_no_banned_phrase(held: str) -> None:
    files = [ROOT / held] if held.endswith(".py") else list(python_files(ROOT / held))
    assert files
    found = [
        f"{_name(path)}:{line} {phrase!r}"
        for path in files
        for line, phrase in banned_in_prose(path)
        if (_name(path), phrase) not in PROSE_EXCEPTIONS
    ]
    assert found == []


def test_every_exception_of_prose_is_still_needed() -> None:
    for name, phrase in PROSE_EXCEPTIONS:
        assert name.startswith(PROSE_HELD)
        assert phrase in {found for _, found in banned_in_prose(ROOT / name)}


def test_every_exception_is_still_needed() -> None:
    texts = {one.text for path in checked() for one in strings(path.read_text(encoding="utf-8"))}
    assert set(STORED) <= texts
    assert all(banned_in(text) for text in STORED)
    assert all((ROOT / name).exists() for name in NOT_YET)


def test_the_openapi_document_has_no_banned_phrase() -> None:
    texts = list(sentences_of_openapi(application().openapi()))
    assert len(texts) > 1_000
    assert [(at, phrase) for at, text in texts for phrase in banned_in(text)] == []


@pytest.mark.parametrize("path", guides(), ids=_name)
def test_guides_have_no_banned_phrase(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [f"line {number} {phrase!r}" for number, line in enumerate(lines, 1) for phrase in banned_in(line)]
    assert found == []


def test_every_stored_circumstance_has_a_sentence_to_display() -> None:
    source = (ROOT / "domain" / "review" / "assess_request.py").read_text(encoding="utf-8")
    assert {one.text for one in strings(source) if one.text.endswith(".")} == set(STATED_OTHERWISE)
    assert [text for text in STATED_OTHERWISE.values() if banned_in(text)] == []


# -- the finder itself ----------------------------------------------------------------------------

PLANTED: Final = [
    ("It was worked out today.", "worked out"),
    ("The tree is made anew.", "anew"),
    ("Each is judged again.", "judged again"),
    ("Let it go", "let it go"),
    ("The id is of nobody.", "of nobody"),
    ("Send what speaks for it.", "speaks for it"),
    ("Who looked at the record?", "who looked"),
    ("The gate refuses.", "the gate"),
    ("It leaves the house.", "house"),
    ("There are more rooms.", "rooms"),
    ("It takes the long road.", "road"),
    ("In that stretch of days", "stretch"),
    ("See the verb show.", "verb"),
    ("She submits the request.", "she"),
    ("The day of her death", "her"),
    ("The infusion centre", "centre"),
    ("REMS Enrolment", "enrolment"),
    ("On the day of judgement", "judgement"),
    ("An independent organisation", "organisation"),
    ("In your favour", "favour"),
    ("It is not recognised.", "recognised"),
]


@pytest.mark.parametrize(("text", "phrase"), PLANTED)
def test_a_planted_phrase_is_found(text: str, phrase: str) -> None:
    assert banned_in(text) == [phrase]
    assert banned_in(text.upper()) == [phrase]


def test_every_banned_phrase_can_be_found() -> None:
    """No row is a mistake: each matches a phrase of its own."""
    examples = {text for text, _ in PLANTED} | {
        "his note", "reorganised", "authorised", "normalised", "summarised", "specialises", "minimise", "analysed",
        "cancelled", "labelled", "traveller", "a licence", "the catalogue",
    }  # fmt: skip
    assert sum(len(banned_in(text)) for text in examples) == len(examples)
    assert len(examples) >= len(BANNED)


def test_good_words_are_not_found() -> None:
    good = (
        "There is room for several processes. The header here; delegate; abroad; theirs; there; history; this;"
        " adverb; outstretched; recognize; a warehouse; judgment; center; the road_taken and infusion_centre"
    )
    assert banned_in(good) == []


SOURCE: Final = '''"""The module of her gate."""

from x import anew

ROOM = "infusion_centre"
"""The road below a constant."""


class ShortRoad:
    """A stretch."""

    def judged_again(self, verb):
        # The house of it.
        self.gate = f"She {verb} it" + "Let it go"
        return call(f"{'made anew'} {{}} of nobody {verb!r:>{len('rooms')}}"), "SELECT house FROM verb"
'''


def test_displayed_strings_are_taken_out_of_a_source() -> None:
    found = [(one.line, phrase) for one in strings(SOURCE) for phrase in banned_in(one.text)]
    assert found == [(14, "she"), (14, "let it go"), (15, "of nobody"), (15, "anew")]


def test_comments_and_docstrings_are_taken_out_of_a_source() -> None:
    found = [(one.line, phrase) for one in comments_and_docstrings(SOURCE) for phrase in banned_in(one.text)]
    assert found == [(1, "her"), (6, "road"), (10, "stretch"), (13, "house")]


def test_identifiers_are_taken_out_of_a_source() -> None:
    names = [one.text for one in identifiers(SOURCE)]
    assert {"room", "short road", "judged again", "verb", "gate"} <= set(names)
    assert [phrase for name in names for phrase in banned_in(name)] == ["road", "judged again", "verb"]


def test_sentences_of_an_openapi_document_are_found() -> None:
    document = {
        "paths": {"/x": {"get": {"summary": "Her record", "tags": ["centre"], "operationId": "gate"}}},
        "components": {"Y": {"title": "Centre", "description": "Of nobody.", "examples": ["The centre", "the_centre"]}},
    }
    found = [(at, banned_in(text)) for at, text in sentences_of_openapi(document)]
    assert found == [
        ("/paths//x/get/summary", ["her"]),
        ("/components/Y/description", ["of nobody"]),
        ("/components/Y/examples/0", ["centre"]),
    ]
