"""Whether a product was taken on a day, from starts and stops that were reported in any order (R17).

Starts and stops count by their own days. A start without a later stop is a use that continues. A stop ends only what
began before it or on its day. If days are too vague to be ordered, the answer is not known. A stop with no start before
it ended a use that began on an unknown day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from domain.calendar import PartialDate
from domain.policy.answers import MET, NOT_MET, UNDETERMINED, Answer, all_of, not_, one_of


@dataclass(frozen=True, slots=True)
class ProductUse:
    """What is known of the use of one product.

    `unsure_starts` are starts of uses that may have been stopped without a word: the prescriber states no stop and not
    that the product is still taken. `taken_on` are days on which it was certainly taken: the prescriber stated so, or a
    stop was still to come. `not_taken_on` are days on which it was certainly not taken. `contradicts_itself`: one
    statement has dates that cannot all be true.
    """

    starts: tuple[PartialDate, ...] = ()
    unsure_starts: tuple[PartialDate, ...] = ()
    stops: tuple[PartialDate, ...] = ()
    taken_on: tuple[date, ...] = ()
    not_taken_on: tuple[date, ...] = ()
    contradicts_itself: bool = False

    @property
    def was_taken(self) -> bool:
        """Whether a start, a stop or a use is known, and not only a trial or that it is not taken."""
        return bool(self.starts or self.unsure_starts or self.stops or self.taken_on or self.contradicts_itself)

    def with_use(self, other: ProductUse) -> ProductUse:
        """Both together, as one product."""
        return ProductUse(
            tuple(sorted({*self.starts, *other.starts})),
            tuple(sorted({*self.unsure_starts, *other.unsure_starts})),
            tuple(sorted({*self.stops, *other.stops})),
            tuple(sorted({*self.taken_on, *other.taken_on})),
            tuple(sorted({*self.not_taken_on, *other.not_taken_on})),
            self.contradicts_itself or other.contradicts_itself,
        )

    def without_starts(self) -> ProductUse:
        return replace(self, starts=(), unsure_starts=(), taken_on=())

    def unsure_before(self, day: date) -> ProductUse:
        """The same, but uses that may have begun by this day may have been stopped without a word."""
        later = tuple(one for one in self.starts if one.earliest > day)
        before = tuple(one for one in self.starts if one not in later)
        return replace(self, starts=later, unsure_starts=(*self.unsure_starts, *before))


def is_taken(use: ProductUse, planned: date | None, as_of: date) -> Answer:
    """Whether the product is still taken on the planned day.

    Without a planned day, a use that continues may still be stopped before the infusions, so it is undetermined.
    """
    if not use.was_taken and not use.not_taken_on:
        return UNDETERMINED
    day = as_of if planned is None else planned
    taken = one_of(
        (
            *(_continues(start, use, day, may_begin_later=planned is None) for start in _certain_starts(use)),
            *(
                all_of((UNDETERMINED, _continues(start, use, day, may_begin_later=planned is None)))
                for start in use.unsure_starts
            ),
            *(_may_have_begun_by(end, use, day) for end in _ends_of_unknown_uses(use, day)),
            # Whether a use that was stated to have ended by a later day had ended by this one is not known.
            *(UNDETERMINED for stated in use.not_taken_on if not use.was_taken and day < stated),
        )
    )
    if taken is MET and planned is None:
        return UNDETERMINED
    return UNDETERMINED if use.contradicts_itself and taken is NOT_MET else taken


def stop_date_is_missing(use: ProductUse, planned: date | None, as_of: date) -> bool:
    """Whether the exact day of the stop is all that is missing: no other days are too vague to be ordered."""
    day = as_of if planned is None else planned
    starts = _known_starts(use)
    unordered = any(_is_ended_by(stop, start, None) is UNDETERMINED for start in starts for stop in use.stops)
    ends = list(_ends_of_unknown_uses(use, day))
    return use.was_taken and not unordered and not any(end.is_whole_day for end in ends)


def _certain_starts(use: ProductUse) -> list[PartialDate]:
    """The starts, and the days on which the product was certainly taken. A stop after such a day ends that use."""
    return [*use.starts, *map(PartialDate.of, use.taken_on)]


def _known_starts(use: ProductUse) -> list[PartialDate]:
    return [*_certain_starts(use), *use.unsure_starts]


def _continues(start: PartialDate, use: ProductUse, day: date, *, may_begin_later: bool) -> Answer:
    """Whether a use with this start includes the day."""
    begun = MET if start.latest <= day else NOT_MET if start.earliest > day else UNDETERMINED
    if begun is NOT_MET and may_begin_later:
        begun = UNDETERMINED
    ended = (
        *(_is_ended_by(stop, start, day) for stop in use.stops),
        *(_is_ended_by_then(stated, start, day) for stated in use.not_taken_on),
    )
    return all_of((begun, not_(one_of(ended))))


def _is_ended_by(stop: PartialDate, start: PartialDate, day: date | None) -> Answer:
    """Whether a stop ended the use with this start: on the start or later, and before the day. None: on any day."""
    if start.earliest > stop.latest or (day is not None and stop.earliest >= day):
        return NOT_MET
    return MET if start.latest <= stop.earliest and (day is None or stop.latest < day) else UNDETERMINED


def _is_ended_by_then(stated: date, start: PartialDate, day: date) -> Answer:
    """Whether a use with this start ended before the day because it was stated not to be taken on another."""
    if start.earliest > stated:
        return NOT_MET
    return MET if start.latest <= stated <= day else UNDETERMINED


# -- uses that began on an unknown day --------------------------------------------------------


def _ends_of_unknown_uses(use: ProductUse, day: date) -> Iterator[PartialDate]:
    """The days, not before `day`, on which the product was taken or stopped after a start that is not known."""
    for stop in use.stops:
        if stop.latest >= day and not _is_less_exact(stop, use.stops) and not _start_is_known(stop, use):
            yield stop
    for taken in use.taken_on:
        on = PartialDate.of(taken)
        if taken > day and not any(_began_it(start, on, use) for start in (*use.starts, *use.unsure_starts)):
            yield on


def _is_less_exact(stop: PartialDate, stops: tuple[PartialDate, ...]) -> bool:
    """Whether another stop gives the day of this one more exactly: a month and a day of that month are one stop."""
    return any(stop.earliest <= other.earliest and other.latest <= stop.latest and stop != other for other in stops)


def _start_is_known(stop: PartialDate, use: ProductUse) -> bool:
    return any(_began_it(start, stop, use) for start in _known_starts(use))


def _began_it(start: PartialDate, end: PartialDate, use: ProductUse) -> bool:
    """Whether the use that continued until `end` certainly began with this start, and no stop may lie between."""
    if start.latest > end.earliest:
        return False
    others = (one for one in use.stops if not (one.earliest <= end.latest and end.earliest <= one.latest))
    return not any(one.latest >= start.earliest and one.earliest <= end.latest for one in others)


def _may_have_begun_by(end: PartialDate, use: ProductUse, day: date) -> Answer:
    """Whether a use that ended then, and began on an unknown day after the stop before it, includes the day."""
    if end.earliest == end.latest == day:
        return MET
    before = (one.earliest for one in use.stops if one.latest < end.earliest)
    return NOT_MET if any(one > day for one in before) else UNDETERMINED
