"""Whether another agent is still taken on the planned day of the first infusion (R17).

The prescriber's statement and the record both state uses of an agent. Their starts and stops count by their own days,
in whatever order they were reported and by whom. A start without a later stop is a use that continues. A stop ends only
what began before it or on its day, and a stop with no start before it ended a use that began on an unknown day. If days
are too vague to be ordered, the answer is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from domain.calendar import PartialDate
from domain.events.requests import StatedAgent, Statement
from domain.history.records import AgentUse, Request
from domain.history.state import PatientHistory
from domain.policy.agents import Product, is_concurrent_agent, may_be_listed, recognize
from domain.policy.answers import MET, NOT_MET, UNDETERMINED, Answer, all_of, not_, one_of
from domain.policy.edition import Edition


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


@dataclass(frozen=True, slots=True)
class OtherAgent:
    """One product other than Lemtrada that is on record or stated, and its use. `name` is the name as written.

    `continues` is whether it is concurrent use on the planned day. `needs_stop_date`: its stop date would settle that.
    """

    name: str
    product: Product
    use: ProductUse
    continues: Answer
    needs_stop_date: bool


def other_agent_continues(history: PatientHistory, request: Request, as_of: date, edition: Edition) -> bool | None:
    """Whether any other disease-modifying agent is still taken on the planned day of the first infusion (R17).

    None: not known, such as current use without a planned day.
    """
    agents = other_agents(history, request, as_of, edition)
    if request.statement.other_dmt_continues is True or any(one.continues is MET for one in agents):
        return True
    if any(one.needs_stop_date for one in agents):
        return None
    return False if _no_agent_continues(request.statement, agents) else None


def _no_agent_continues(statement: Statement, agents: list[OtherAgent]) -> bool:
    """Whether it is stated that no other agent continues, directly or by a complete list of agents that do not."""
    none_open = all(one.continues is NOT_MET for one in agents)
    return statement.other_dmt_continues is False or (statement.agents_list_is_complete is True and none_open)


def stops_settle_it(history: PatientHistory, request: Request, as_of: date, edition: Edition) -> bool:
    """Whether the stop dates of all `agents_to_be_stopped` would answer the question of concurrent use (R17)."""
    agents = other_agents(history, request, as_of, edition)
    return _no_agent_continues(request.statement, [one for one in agents if not one.needs_stop_date])


def agents_to_be_stopped(history: PatientHistory, request: Request, as_of: date, edition: Edition) -> tuple[str, ...]:
    """The agents that are taken and may still be taken on the planned day, as they were written.

    They are agents of the appendix, or have a name that may be that of one. Each needs a stop date. A statement that no
    other agent will be taken is not enough (R17).
    """
    agents = other_agents(history, request, as_of, edition)
    return tuple(dict.fromkeys(one.name for one in agents if one.needs_stop_date))


def agents_not_recognized(history: PatientHistory, request: Request, as_of: date, edition: Edition) -> tuple[str, ...]:
    """The agents with a name that is not recognized and that may still be taken on the planned day (R12)."""
    agents = other_agents(history, request, as_of, edition)
    unknown = (one for one in agents if one.product.kind == "unknown" and one.continues is not NOT_MET)
    return tuple(dict.fromkeys(one.name for one in unknown))


# -- the known uses of each product -----------------------------------------------------------

_Entry = tuple[str, Product, ProductUse]
"""The name as written, its product, and what one entry states about its use."""


def other_agents(history: PatientHistory, request: Request, as_of: date, edition: Edition) -> list[OtherAgent]:
    """Every product except Lemtrada that the statement or the record names, with its use on the planned day."""
    entries = [*_stated_entries(request), *map(_recorded_entry, (one for one in history.agents if not one.voided))]
    by_ingredient: dict[str, list[_Entry]] = {}
    for entry in entries:
        if entry[1].brand != "lemtrada":
            by_ingredient.setdefault(entry[1].ingredient, []).append(entry)
    possible = ProductUse(stops=tuple(stop for _, one, use in entries if one.kind == "unknown" for stop in use.stops))
    return [
        agent
        for of_one in by_ingredient.values()
        for agent in _agents_of_ingredient(of_one, possible, request, as_of, edition)
    ]


def _stated_entries(request: Request) -> Iterator[_Entry]:
    for (_, stated_on), one in zip(request.agents_stated, request.statement.agents, strict=True):
        yield one.product, recognize(one.product), _stated_use(one, stated_on)


def _stated_use(stated: StatedAgent, stated_on: date) -> ProductUse:
    started, stopped, taken = stated.started_on, stated.stopped_on, stated.still_taken
    stops_later = stopped is not None and stopped.earliest > stated_on
    if taken is True and (
        (started is not None and started.earliest > stated_on) or (stopped is not None and stopped.latest < stated_on)
    ):
        return ProductUse(contradicts_itself=True)
    if taken is False and stops_later:
        return ProductUse(contradicts_itself=True)
    is_ongoing = taken is True or (stops_later and (started is None or started.latest <= stated_on))
    is_unsure = taken is None and stopped is None
    return ProductUse(
        starts=(started,) if started is not None and not is_unsure else (),
        unsure_starts=(started,) if started is not None and is_unsure else (),
        stops=(stopped,) if stopped is not None else (),
        taken_on=(stated_on,) if is_ongoing else (),
        not_taken_on=(stated_on,) if taken is False and stopped is None else (),
    )


def _recorded_entry(recorded: AgentUse) -> _Entry:
    started, stopped, on = recorded.started_on, recorded.stopped_on, recorded.recorded_on
    will_stop = stopped is not None and on is not None and stopped.earliest > on
    use = ProductUse(
        starts=(started,) if started is not None else (),
        stops=(stopped,) if stopped is not None else (),
        taken_on=(on,) if will_stop and on is not None else (),
    )
    return recorded.product, recognize(recorded.product), use


def _agents_of_ingredient(
    entries: list[_Entry], possible: ProductUse, request: Request, as_of: date, edition: Edition
) -> Iterator[OtherAgent]:
    """The products of one ingredient. An entry without a brand may be about any product of its route.

    A start without a brand may be the start of any of several brands, so it only makes their use undetermined. So does
    a stop of an agent with a name that is not recognized, which may be of any agent: `possible` has these (R12).
    """
    brands = dict.fromkeys(product for _, product, _ in entries if product.brand is not None)
    unassigned = [one for one in entries if one[1].brand is None and not _brands_of(one[1], brands)]
    for product in (*brands, *dict.fromkeys(one[1] for one in unassigned)):
        own = [one for one in entries if one[1] == product]
        shared = [one for one in entries if one[1].brand is None and product in _brands_of(one[1], brands)]
        is_only_one = all(len(_brands_of(one[1], brands)) == 1 for one in shared)
        use = _together([*own, *shared])
        certain = (
            use if is_only_one else _together([*own, *((name, of, one.without_starts()) for name, of, one in shared)])
        )
        stopped = certain.with_use(possible) if certain.was_taken else certain
        answers = {_taken(one, request, as_of) for one in (use, certain, stopped)}
        taken = answers.pop() if len(answers) == 1 else UNDETERMINED
        yield _agent(own[0][0], product, use, taken, request, as_of, edition)


def _brands_of(product: Product, brands: dict[Product, None]) -> list[Product]:
    """The brands that a name without a brand may mean: those of its route, or of any route if it states none."""
    return [one for one in brands if product.route in ("", one.route)]


def _together(entries: list[_Entry]) -> ProductUse:
    use = ProductUse()
    for _, _, one in entries:
        use = use.with_use(one)
    return use


def _taken(use: ProductUse, request: Request, as_of: date) -> Answer:
    taken = _is_taken(use, request.planned_first_infusion_on, as_of)
    if taken is MET and request.statement.other_dmt_continues is False:
        # The prescriber states that no other agent continues, so a use from before may have been stopped since.
        use = use.unsure_before(request.received_on)
        return _is_taken(use, request.planned_first_infusion_on, as_of)
    return taken


def _agent(
    name: str, product: Product, use: ProductUse, taken: Answer, request: Request, as_of: date, edition: Edition
) -> OtherAgent:
    is_concurrent = is_concurrent_agent(product, edition.appendix)
    if is_concurrent is False:
        taken = NOT_MET
    continues = taken if is_concurrent is True or taken is NOT_MET else UNDETERMINED
    may_count = is_concurrent is True or may_be_listed(product, edition.appendix)
    exact = _stop_date_is_missing(use, request.planned_first_infusion_on, as_of)
    return OtherAgent(name, product, use, continues, continues is UNDETERMINED and may_count and exact)


# -- whether a product is taken on a day ------------------------------------------------------


def _is_taken(use: ProductUse, planned: date | None, as_of: date) -> Answer:
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


def _stop_date_is_missing(use: ProductUse, planned: date | None, as_of: date) -> bool:
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
