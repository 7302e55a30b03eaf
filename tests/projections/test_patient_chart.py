"""The picture: days keep their order whatever their distance, and every mark is on its day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from projections.patient_chart import MARGIN, WIDTH_MIN, Axis

DAYS = st.sets(st.dates(date(2010, 1, 1), date(2030, 12, 31)), min_size=1, max_size=30)


@given(DAYS)
def test_days_lie_in_their_order_within_the_picture(days: set[date]) -> None:
    axis = Axis(days)
    every = [axis.days[0] + timedelta(days=one) for one in range(0, (axis.days[-1] - axis.days[0]).days + 1, 17)]
    places = [axis.x(one) for one in every]
    assert places == sorted(places)
    assert places[0] == MARGIN
    assert max(axis.x(one) for one in days) <= axis.width - MARGIN + 0.1
    assert axis.width >= WIDTH_MIN - 0.1


@given(DAYS)
def test_days_beside_each_other_are_told_apart(days: set[date]) -> None:
    axis = Axis(days | {one + timedelta(days=1) for one in days})
    for one in days:
        assert axis.x(one + timedelta(days=1)) - axis.x(one) >= 11


def test_years_of_nothing_are_drawn_short_beside_a_week_of_infusions() -> None:
    week = [date(2019, 3, 4) + timedelta(days=one) for one in range(5)]
    axis = Axis([*week, date(2026, 3, 4)])
    infusions = axis.x(week[-1]) - axis.x(week[0])
    years = axis.x(date(2026, 3, 4)) - axis.x(week[-1])
    assert 1 < years / infusions < 15
