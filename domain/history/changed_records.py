"""Finds the records that differ between two versions of a history, without comparing their values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, count
from operator import is_not
from typing import Any


def changed_places(before: Sequence[Any], after: Sequence[Any]) -> Sequence[int]:
    """The indexes in `after` that have another object than in `before`, or that `before` does not have.

    Records are immutable and the fold replaces only what an event changes, so the same object has not changed. The
    comparison calls no Python function. It costs as little as copying the sequence, which the fold does anyway.
    """
    if before is after:
        return ()
    return (*compress(count(), map(is_not, before, after)), *range(len(before), len(after)))
