"""One campaign: changes drawn at random, each tried, with the verdict on each."""

from __future__ import annotations

import importlib
import json
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tests.mutation.changes import Change, changes_of
from tests.mutation.equivalents import Equivalent
from tests.mutation.signatures import Signatures
from tests.mutation.trials import Copy, Round

FOLDERS: Final = ("domain/treatment", "domain/deadlines", "domain/decisions")
"""The modules that are changed are the files in these folders, not those in folders of theirs."""
_AS_IT_WAS: Final = "revision_1.py"
"""What keeps old determinations as they were made is held by what they were, and not by readings."""

Verdict = Literal["killed", "equivalent", "alive", "wrongly listed", "waits"]
"""`wrongly listed`: the change is in the list of equivalents, and a test fails. `waits`: for the slow rounds."""

Key = tuple[str, str, str, str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change. `by` is the test that failed, or the reason why no test can."""

    change: Change
    verdict: Verdict
    by: str | None
    seconds: float

    @property
    def as_json(self) -> dict[str, Any]:
        shown = ("module", "function", "line", "original", "changed", "occurrence")
        change = {name: value for name, value in asdict(self.change).items() if name in shown}
        return change | {"verdict": self.verdict, "by": self.by, "seconds": round(self.seconds, 1)}


def all_changes(checkout: Path) -> list[Change]:
    """Every change of every module, in the order of their names."""
    found = (path for folder in FOLDERS for path in (checkout / folder).glob("*.py"))
    paths = sorted(path for path in found if path.name != _AS_IT_WAS)
    return [change for path in paths for change in changes_of_file(path.relative_to(checkout).as_posix(), checkout)]


def changes_of_file(module: str, checkout: Path) -> list[Change]:
    """Every change of a module of this program, named by its path in the checkout."""
    name = ".".join(Path(module).with_suffix("").parts).removesuffix(".__init__")
    signatures = Signatures(vars(importlib.import_module(name)))
    return changes_of(module, (checkout / module).read_text(encoding="utf-8"), signatures)


def drawn(changes: list[Change], seed: int, count: int) -> list[Change]:
    """So many changes, each as likely as any other: a module with more of them is changed more often."""
    found = random.Random(seed).sample(changes, min(count, len(changes)))
    return sorted(found, key=lambda one: (one.module, one.line))


def rounds_for(module: str) -> tuple[Round, ...]:
    """The tests that are run for a changed module, those that find most changes first."""
    folder = module.rsplit("/", 1)[0]
    nearest = _NEAREST[folder]
    others = tuple(f"--ignore={one}" for one in (*nearest, *_NOT_OF_BEHAVIOR))
    return (
        Round(nearest, is_quick=True),
        Round(("tests/domain", "tests/policy", *others), is_quick=True),
        Round(("tests/properties",)),
        Round(("tests/projections", "tests/api/cli/test_histories.py", "-k", "not postgresql", *_PROCESSES)),
    )


_NEAREST: Final = {
    "domain/treatment": ("tests/domain/treatment", "tests/policy/readings"),
    "domain/deadlines": ("tests/domain/deadlines", "tests/domain/decisions"),
    "domain/decisions": ("tests/domain/decisions", "tests/domain/treatment"),
}
_NOT_OF_BEHAVIOR: Final = ("tests/policy/test_confidential.py",)
_PROCESSES: Final = ("--ignore=tests/projections/worklist/test_runners_together.py",)
"""Tests of processes and of a second store find nothing that the others do not find sooner."""


def outcomes(
    changes: Iterable[Change],
    copy: Copy,
    listed: Mapping[Key, Equivalent],
    rounds: Callable[[str], tuple[Round, ...]] = rounds_for,
) -> Iterator[Outcome]:
    """Tries each change by the quick rounds, and then those that wait by the slow ones: a second outcome of each.

    A change that is listed as equivalent is tried by the quick rounds only.
    """
    waiting = []
    for change in changes:
        start = time.monotonic()
        killed = copy.killed(change, tuple(one for one in rounds(change.module) if one.is_quick))
        seconds = time.monotonic() - start
        entry = listed.get(change.key)
        if killed is not None:
            yield Outcome(change, "killed" if entry is None else "wrongly listed", killed.by, seconds)
        elif entry is not None:
            yield Outcome(change, "equivalent", entry.reason, seconds)
        else:
            yield Outcome(change, "waits", None, seconds)
            waiting.append(change)
    for change in waiting:
        start = time.monotonic()
        killed = copy.killed(change, tuple(one for one in rounds(change.module) if not one.is_quick))
        seconds = time.monotonic() - start
        by = None if killed is None else killed.by
        yield Outcome(change, "alive" if killed is None else "killed", by, seconds)


def write(file: Path, seed: int | None, found: Iterable[Outcome], drawn_count: int) -> None:
    """Writes the outcomes so far in one step, so that a killed run leaves a whole file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    results = {"seed": seed, "drawn": drawn_count, "changes": [one.as_json for one in found]}
    new = file.with_suffix(".new")
    new.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(new, file)
