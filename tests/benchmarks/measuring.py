"""Rounds that take turns: every side in each of them, forwards and then backwards, after rounds that do not count."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Mapping
from statistics import median
from threading import Barrier, Thread

Round = Callable[[], float]
"""One round of one side: it gives the seconds of one piece of work."""


def rounds(sides: Mapping[str, Round], number: int, *, warming: int = 1) -> dict[str, list[float]]:
    """The seconds of each side in every round; A B, B A, A B and so on, so that no side always comes first."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(-warming, number):
        order = list(sides) if turn % 2 == 0 else list(reversed(sides))
        for name in order:
            # What the other side left behind is not this one's to clear away.
            gc.collect()
            seconds = sides[name]()
            if turn >= 0:
                taken[name].append(seconds)
    return taken


def timed(work: Callable[[], object], pieces: int = 1) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) / pieces


def timed_together(works: list[Callable[[], object]], pieces: int) -> float:
    """A thread for each, begun at once: the seconds from the first's start to the last's end, by the piece."""
    barrier = Barrier(len(works) + 1)
    problems: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except BaseException as problem:
            problems.append(problem)

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    if problems:
        raise problems[0]
    return seconds / pieces


def microseconds(seconds: list[float]) -> float:
    """Of the median round."""
    return round(median(seconds) * 1e6, 1)


def say(text: str) -> None:
    """Progress, which is no part of the answer."""
    print(text, file=sys.stderr, flush=True)
