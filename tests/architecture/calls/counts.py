"""Calls of the program's own functions, counted with `sys.setprofile` in every thread."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from domain.decisions import DECISIONS, decide
from tests import ROOT
from tests.architecture.structure import PACKAGES


@dataclass(frozen=True)
class Figures:
    """Calls by file and by function (`file:line name`), and how many decisions were made.

    `inside` has for each function the calls of it and of all that it calls. In a job that records nothing, every
    decision is a trial decision: the page decides an invented command to see whether it would be refused.
    """

    by_file: dict[str, int]
    by_function: dict[str, int]
    inside: dict[str, int]
    decisions: int

    @property
    def files(self) -> int:
        return len(self.by_file)

    @property
    def calls(self) -> int:
        return sum(self.by_file.values())


class Profile:
    """Counts calls by code object in all threads that start while it is installed, but only while it is counting."""

    def __init__(self) -> None:
        self._decision_codes = decision_codes()
        self._is_counting = False

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or not self._is_counting or not is_ours(frame.f_code):
            return
        self._calls[frame.f_code] += 1
        above = {outer.f_code for outer in _callers(frame)}
        self._inside.update(above | {frame.f_code})
        if frame.f_code in self._decision_codes and not above & self._decision_codes:
            self._decisions += 1

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Before the application starts its threads: a profile function can't be given to a thread that is running."""
        before = sys.getprofile(), threading.getprofile()
        sys.setprofile(self)
        threading.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(before[0])
            threading.setprofile(before[1])

    def of(self, work: Callable[[], object]) -> Figures:
        self._calls: Counter[CodeType] = Counter()
        self._inside: Counter[CodeType] = Counter()
        self._decisions = 0
        self._is_counting = True
        try:
            work()
        finally:
            self._is_counting = False
        by_file: Counter[str] = Counter()
        for code, count in self._calls.items():
            by_file[_file_of(code)] += count
        return Figures(dict(by_file.most_common()), _by_name(self._calls), _by_name(self._inside), self._decisions)


def _callers(frame: FrameType) -> Iterator[FrameType]:
    outer = frame.f_back
    while outer is not None:
        if is_ours(outer.f_code):
            yield outer
        outer = outer.f_back


@cache
def is_ours(code: CodeType) -> bool:
    return code.co_filename.startswith(tuple(f"{ROOT / package}{os.sep}" for package in PACKAGES))


def _file_of(code: CodeType) -> str:
    return Path(code.co_filename).relative_to(ROOT).as_posix()


def _by_name(counts: Counter[CodeType]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for code, count in counts.items():
        found[f"{_file_of(code)}:{code.co_firstlineno} {code.co_qualname}"] += count
    return dict(found.most_common())


def decision_codes() -> set[CodeType]:
    """Of `decide` and of every function in the table of decisions."""
    functions: list[Any] = [decide, *(getattr(one, "func", one) for one in DECISIONS.values())]
    return {one.__code__ for one in functions}
