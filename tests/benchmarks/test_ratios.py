"""The arithmetic of the benchmark: intervals that cover, verdicts that an interval allows, rows as written."""

from __future__ import annotations

import json
import random
from statistics import median

import pytest

from tests.benchmarks.ratios import Goal, absent, figure, interval, paired, verdict_of


@pytest.mark.parametrize(("number", "left_out"), [(7, 0), (8, 0), (9, 1), (11, 1), (12, 2), (15, 3), (20, 5), (25, 7)])
def test_an_interval_leaves_out_as_many_at_each_end_as_the_table_of_order_statistics_says(
    number: int, left_out: int
) -> None:
    values = [float(one) for one in range(number)]
    random.Random(number).shuffle(values)
    assert interval(values) == (left_out, number - 1 - left_out)


def test_an_interval_covers_the_true_median_at_least_so_often_as_it_says() -> None:
    chance, covered = random.Random(4), 0
    for _ in range(2_000):
        low, high = interval([chance.lognormvariate(0, 1) for _ in range(9)])
        covered += low <= 1.0 <= high
    assert 0.95 <= covered / 2_000 < 0.99


def test_fewer_than_seven_rounds_give_no_interval() -> None:
    with pytest.raises(ValueError, match="at least 7"):
        interval([1.0] * 6)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.80, 0.90, "met"), (0.79, 0.90, "undecided"), (0.70, 0.80, "undecided"), (0.70, 0.79, "short")],
)
def test_a_goal_of_at_least_is_decided_only_where_the_whole_interval_is_on_one_side(
    low: float, high: float, verdict: str
) -> None:
    assert verdict_of(low, high, Goal(0.80)) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(1.0, 1.2, "met"), (1.0, 1.21, "undecided"), (1.2, 1.5, "undecided"), (1.21, 1.5, "short")],
)
def test_a_goal_of_at_most_is_decided_the_other_way_round(low: float, high: float, verdict: str) -> None:
    assert verdict_of(low, high, Goal(1.2, at_most=True)) == verdict


def test_ratios_are_taken_within_a_round_so_that_what_slows_both_slows_neither() -> None:
    floor = [1.0, 2.0, 4.0, 1.0, 8.0, 1.0, 2.0]
    ours = [2 * one for one in floor]
    found = figure("work", paired(floor, ours), Goal(0.5))
    assert (found.ratio, found.low, found.high, found.verdict) == (0.5, 0.5, 0.5, "met")


def test_a_row_is_written_with_the_fields_that_people_script_against() -> None:
    ratios = [0.7, 0.9, 0.8, 0.85, 0.75, 0.82, 0.78]
    written = json.loads(json.dumps(figure("work", ratios, Goal(0.9), floor_us=3.0).as_json()))
    assert written == {
        "work": "work",
        "ratio": median(ratios),
        "low": 0.7,
        "high": 0.9,
        "goal": 0.9,
        "verdict": "undecided",
        "rounds": 7,
        "spread": [0.7, 0.9],
        "floor_us": 3.0,
    }


def test_a_row_without_a_goal_has_no_verdict_and_an_absent_one_says_why() -> None:
    assert figure("work", [1.0] * 7).as_json()["verdict"] is None
    written = absent("peer", "it is not installed", Goal(1.0)).as_json()
    assert (written["verdict"], written["ratio"], written["note"]) == ("absent", None, "it is not installed")
