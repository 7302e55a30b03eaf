"""Shows the figures as a table: on the terminal, and in the README of the benchmarks between its two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.benchmarks.ratios import Figure
from tests.docs import replace_between

README: Final = Path(__file__).with_name("README.md")
MARK: Final = "figures of the benchmark"
HEADINGS: Final = ("Operation", "Ratio", "95% interval", "Goal", "Result", "This ledger", "Comparison")


def shown(figures: Sequence[Figure]) -> Table:
    table = Table(*HEADINGS, title="Ratios to the comparison, measured in the same run")
    for one in figures:
        table.add_row(*cells(one))
    return table


def print_table(figures: Sequence[Figure]) -> None:
    console = Console(width=None if Console().is_terminal else 160)
    console.print(shown(figures))
    for one in figures:
        if note := one.beside.get("note"):
            console.print(f"{one.work}: {note}", markup=False, highlight=False)


def cells(one: Figure) -> tuple[str, ...]:
    goal = "" if one.goal is None else str(one.goal)
    if one.ratio is None or one.low is None or one.high is None:
        return one.work, "", "", goal, str(one.verdict), "", ""
    ends = f"{_short(one.low)} to {_short(one.high)}"
    times = [_time(one.beside.get(name)) for name in ("ours_us", "floor_us")]
    return one.work, _short(one.ratio), ends, goal, one.verdict or "reported", *times


def write_readme(figures: Sequence[Figure], circumstances: str) -> None:
    """Replaces the table in the README. Raises ValueError if a mark is missing."""
    replace_between(README, MARK, f"{markdown(figures)}\n\n{circumstances}")


def markdown(figures: Sequence[Figure]) -> str:
    lines = [f"| {' | '.join(HEADINGS)} |", "|" + " --- |" * len(HEADINGS)]
    lines += [f"| {' | '.join(cells(one))} |" for one in figures]
    notes = [f"- {one.work}: {one.beside['note']}" for one in figures if one.beside.get("note")]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def _short(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}" if ratio < 100 else f"{ratio:.0f}"


def _time(microseconds: float | None) -> str:
    if microseconds is None:
        return ""
    return f"{microseconds:.1f} µs" if microseconds < 1_000 else f"{microseconds / 1_000:.2f} ms"
