"""Whether another agent is still taken on the planned first infusion day (R17): from the statement and the record.

Both tell of uses of an agent, from a day until a day. What was told last holds, except that a
start that was told late does not undo a later stop, nor a late stop a later start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from domain.calendar import PartialDate
from domain.events.requests import StatedAgent, Statement
from domain.history.records import AgentUse, Request
from domain.history.state import PatientHistory
from domain.policy.agents import is_concurrent_agent, recognise
from domain.policy.edition import Edition


@dataclass(frozen=True, slots=True)
class Use:
    """One use of an agent, or several that nothing parts yet: `again` are starts told of it later than its own.

    `stated_on` is the day of the statement that told of it; None: the record alone did.
    """

    product: str
    started_on: PartialDate | None = None
    stopped_on: PartialDate | None = None
    still_taken: bool | None = None
    stated_on: date | None = None
    again: tuple[PartialDate, ...] = ()

    @property
    def is_said_to_be_taken(self) -> bool:
        """Now or until a day."""
        return self.still_taken is True or self.stopped_on is not None


def other_agent_continues(history: PatientHistory, request: Request, as_of: date, edition: Edition) -> bool | None:
    """Any other disease-modifying agent still taken on the planned first infusion day (R17)."""
    statement, uses = request.statement, uses_known(history, request)
    answers = [_continues(one, request, as_of, edition) for one in uses]
    if True in answers or statement.other_dmt_continues is True:
        return True
    if agents_to_be_stopped(history, request, as_of, edition):
        return None
    return False if _is_said_of_all(statement, answers) else None


def _is_said_of_all(statement: Statement, answers: list[bool | None]) -> bool:
    """That no other goes on: in so many words, or by a complete list of agents that do not."""
    complete = statement.agents_list_is_complete is True
    return statement.other_dmt_continues is False or (complete and None not in answers)


def stops_settle_it(history: PatientHistory, request: Request, as_of: date, edition: Edition) -> bool:
    """Whether nothing else is open once each of `agents_to_be_stopped` has its day."""
    stopped = agents_to_be_stopped(history, request, as_of, edition)
    others = [one for one in uses_known(history, request) if one.product not in stopped]
    return _is_said_of_all(request.statement, [_continues(one, request, as_of, edition) for one in others])


def agents_to_be_stopped(history: PatientHistory, request: Request, as_of: date, edition: Edition) -> tuple[str, ...]:
    """Listed agents that are taken, perhaps still on the planned day, as they were written.

    Each needs its stop date: that no other agent will be taken does not clear it (R17).
    """
    uses = uses_known(history, request)
    taken = [one for one in uses if one.is_said_to_be_taken and _is_concurrent(one, edition) is True]
    return tuple(dict.fromkeys(one.product for one in taken if _continues(one, request, as_of, edition) is None))


# -- what is known of each agent --------------------------------------------------------------


def uses_known(history: PatientHistory, request: Request) -> list[Use]:
    """The uses of every agent but Lemtrada itself, from all that was told, in the order in which it was."""
    stated = zip(request.agents_stated, request.statement.agents, strict=True)
    told: list[tuple[int, StatedAgent | AgentUse, date | None]] = [(version, one, on) for (version, on), one in stated]
    told += [(one.version, one, None) for one in history.agents]
    by_agent: dict[str, list[Use]] = {}
    for _, one, on in sorted(told, key=lambda entry: entry[0]):
        product = recognise(one.product)
        if product.brand == "lemtrada":
            continue
        known = by_agent.setdefault(product.agent, [])
        apart = [use for use in known if not _may_be_one_product(use.product, one.product)]
        same = [use for use in known if use not in apart]
        if isinstance(one, AgentUse):
            now = _with_record(same, one)
        else:
            now = _with_statement(same, Use(one.product, one.started_on, one.stopped_on, one.still_taken, on))
        by_agent[product.agent] = [*apart, *now]
    return [use for uses in by_agent.values() for use in uses]


def _may_be_one_product(one: str, other: str) -> bool:
    """Whether what is told of one may be of the other: a generic name and its brand, never two brands."""
    brand, other_brand = recognise(one).brand, recognise(other).brand
    return brand == other_brand or None in (brand, other_brand)


def _with_statement(known: list[Use], stated: Use) -> list[Use]:
    """What the statement says of days stands against what the record had told before it."""
    recorded = [one for one in known if one.stated_on is None]
    says_when = stated.still_taken is not None or stated.stopped_on is not None
    if recorded and not says_when:
        return known

    def stands(one: Use) -> bool:
        began_again = stated.still_taken is None and _is_after(one.started_on, stated.stopped_on)
        return one not in recorded or began_again

    return [*filter(stands, known), stated]


def _with_record(known: list[Use], told: AgentUse) -> list[Use]:
    return _with_stop(known, told) if told.started_on is None else _with_start(known, told)


def _with_start(known: list[Use], told: AgentUse) -> list[Use]:
    """A start is of a use that is known to have gone on after it, of the one that ended first; or begins another."""
    start = told.started_on
    assert start is not None, "a start has its day"
    went_on = [one for one in known if _went_on_after(one, start)]
    if went_on:
        begun = min(went_on, key=lambda one: one.stopped_on.latest if one.stopped_on is not None else date.max)
        return [_begun(one, start) if one is begun else one for one in known]
    say_nothing = [one for one in known if one.stopped_on is None and one.still_taken is None]
    others = [one for one in known if one not in say_nothing]
    return [*others, Use(told.product, started_on=start, still_taken=True)]


def _went_on_after(use: Use, start: PartialDate) -> bool:
    """Whether the use is known to have ended, or to have been asked about, after this start."""
    if use.stopped_on is not None:
        return _is_after(use.stopped_on, start)
    if use.still_taken is None or use.stated_on is None:
        return use.still_taken is True
    return start.latest < use.stated_on if use.still_taken is False else start.earliest <= use.stated_on


def _begun(use: Use, start: PartialDate) -> Use:
    """Every start is kept: a stop between two of them may be told late."""
    first, *again = sorted({start, *use.again, *([use.started_on] if use.started_on is not None else [])})
    return replace(use, started_on=first, again=tuple(again))


def _with_stop(known: list[Use], told: AgentUse) -> list[Use]:
    """A stop ends what began before it: all that goes on, else the last use; what began later goes on."""
    stop = told.stopped_on
    assert stop is not None, "a stop has its day"
    possible = [one for one in known if not _is_after(one.started_on, stop) and not _is_of_another(one, stop)]
    going_on = [one for one in possible if one.stopped_on is None and one.still_taken is not False]
    ends = going_on or possible[-1:]
    if not ends:
        return [*known, Use(told.product, stopped_on=stop)]
    return [part for one in known for part in (_parted(one, stop) if one in ends else (one,))]


def _is_of_another(use: Use, stop: PartialDate) -> bool:
    """Whether a stop can't be of a stated use: taken after it, and its end is known; or not taken before it."""
    if use.stated_on is None:
        return False
    if use.still_taken is True:
        return use.stopped_on is not None and _is_before(stop, use.stated_on)
    return use.still_taken is False and stop.earliest > use.stated_on


def _parted(use: Use, stop: PartialDate) -> tuple[Use, ...]:
    """The use up to its stop, and what was begun again after it."""
    later = tuple(one for one in use.again if _is_after(one, stop))
    if later:
        until = tuple(one for one in use.again if one not in later)
        before = Use(use.product, use.started_on, stop, again=until)
        return before, replace(use, started_on=later[0], again=later[1:])
    # What was stated stays: taken after its stop, or to be stopped though it is not taken, somebody must clear it up.
    return (replace(use, stopped_on=stop, still_taken=use.still_taken if use.stated_on is not None else None),)


def _is_after(one: PartialDate | None, other: PartialDate | None) -> bool:
    """Whether it certainly was."""
    return one is not None and other is not None and one.earliest > other.latest


def _is_before(one: PartialDate | None, day: date) -> bool:
    return one is not None and one.latest < day


# -- whether it is taken on the planned day ---------------------------------------------------


def _is_concurrent(use: Use, edition: Edition) -> bool | None:
    return is_concurrent_agent(recognise(use.product), edition.appendix)


def _continues(use: Use, request: Request, as_of: date, edition: Edition) -> bool | None:
    concurrent = _is_concurrent(use, edition)
    if concurrent is False:
        return False
    taken = _still_taken(use, request.planned_first_infusion_on, as_of)
    return taken if concurrent is True or taken is False else None


def _still_taken(use: Use, planned: date | None, as_of: date) -> bool | None:
    if use.stated_on is not None and _contradicts_itself(use, use.stated_on):
        return None
    if planned is not None and use.started_on is not None and use.started_on.earliest > planned:
        # Begun after the infusions: not beside them.
        return False
    taken = _goes_on(use, planned, as_of)
    began_in_doubt = planned is not None and use.started_on is not None and use.started_on.latest > planned
    return None if began_in_doubt and taken is True else taken


def _contradicts_itself(use: Use, stated_on: date) -> bool:
    """Still taken, yet stopped before or begun later; not taken any more, yet to be stopped."""
    if use.still_taken is True:
        begins_later = use.started_on is not None and use.started_on.earliest > stated_on
        return begins_later or _is_before(use.stopped_on, stated_on)
    return use.still_taken is False and use.stopped_on is not None and use.stopped_on.earliest > stated_on


def _goes_on(use: Use, planned: date | None, as_of: date) -> bool | None:
    if use.stopped_on is not None:
        return _stops_after(use.stopped_on, planned, as_of)
    if use.still_taken is True:
        return True if planned is not None else None
    return use.still_taken


def _stops_after(stopped: PartialDate, planned: date | None, as_of: date) -> bool | None:
    """Whether the agent is still taken on the planned day; without one, only a stop before today clears it."""
    if stopped.latest < (planned or as_of):
        return False
    return True if planned is not None and stopped.earliest >= planned else None
