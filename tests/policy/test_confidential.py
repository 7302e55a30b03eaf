"""The policy is confidential: the repository carries its clause numbers and our words, never its sentences."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests import ROOT
from tests.policy.document import CLAUSES, POLICY

WORDS_IN_A_RUN = 8

pytestmark = pytest.mark.skipif(POLICY is None, reason="the text of the policy is not beside this checkout")


def _text() -> str:
    assert POLICY is not None
    return POLICY.read_text()


def _runs(text: str) -> dict[tuple[str, ...], None]:
    words = re.findall(r"[a-z0-9]+", text.casefold())
    return dict.fromkeys(zip(*(words[start:] for start in range(WORDS_IN_A_RUN)), strict=False))


def _without_the_appendix(text: str) -> str:
    # A list of drug names is nobody's sentence, and ours has to name the same drugs.
    return text.partition("\nAPPENDIX\n")[0]


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.py", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_run_of_eight_words_of_the_policy_is_in_the_repository() -> None:
    secret = _runs(_without_the_appendix(_text()))
    assert len(secret) > 1000
    files = _tracked()
    assert any(path.name == "edition_2025_07_23.py" for path in files)
    copied = {
        str(path.relative_to(ROOT)): " ".join(next(run for run in runs if run in secret))
        for path in files
        if not (runs := _runs(path.read_text())).keys().isdisjoint(secret)
    }
    assert copied == {}


# -- the outline of the document, read from its own numbering -------------------------------------

MARK = re.compile(r"^[-\s]*\**(?:(?P<path>[AB])\)|(?P<roman>[ivx]+)\. |(?P<letter>[a-d])\) |\((?P<number>[1-4])\) )")


def _criteria(text: str) -> list[str]:
    found, path, roman, letter = ["1"], "", "", ""
    for line in text.splitlines():
        mark = MARK.match(line)
        if mark is None:
            continue
        if mark["path"]:
            path, roman, letter = mark["path"], "", ""
            found.append(f"1.{path}")
        elif mark["roman"]:
            roman, letter = mark["roman"], ""
            found.append(f"1.{path}.{roman}")
        elif mark["letter"]:
            letter = mark["letter"]
            found.append(f"1.{path}.{roman}.{letter}")
        else:
            found.append(f"1.{path}.{roman}.{letter}({mark['number']})")
    return found


def test_the_list_of_clauses_is_the_documents() -> None:
    text = _text()
    criteria = text.partition("RECOMMENDED AUTHORIZATION CRITERIA")[2].partition("\nDosing.")
    dosing = criteria[2].partition("CONDITIONS NOT RECOMMENDED FOR APPROVAL")
    exclusions = dosing[2].partition("\nREFERENCES")[0]
    cited = [
        *_criteria(criteria[0]),
        *(f"Dosing.{mark['path']}" for line in dosing[0].splitlines() if (mark := MARK.match(line)) and mark["path"]),
        *(f"NR.{number}" for number in re.findall(r"^(\d)\. ", exclusions, re.MULTILINE)),
    ]
    assert tuple(cited) == CLAUSES
