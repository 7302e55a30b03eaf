"""Whether another agent is still taken on the planned day of the first infusion, as for revision 1 (R17).

The prescriber's statement and the record both state uses of an agent: periods with a start and a stop. The latest entry
is in effect, except that a start that is entered late does not undo a stop after it, and a stop that is entered late
does not undo a start after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from domain.calendar import PartialDate
from domain.events.requests import StatedAgent, Statement
from domain.history.records import AgentUse, Request
from domain.history.state import PatientHistory
from domain.policy.agents import is_concurrent_agent
from domain.policy.agents_revision_1 import recognize_revision_1 as recognize
from domain.policy.edition import Edition


@dataclass(frozen=True, slots=True)
class Use:
    """One use of an agent, or several uses without a known stop between them.

    `again` are known starts after `started_on`. `stated_on` is the day of the prescriber's statement of this use. None:
    only the record states it.
    """

    product: str
    started_on: PartialDate | None = None
    stopped_on: PartialDate | None = None
    still_taken: bool | None = None
    stated_on: date | None = None
    again: tuple[PartialDate, ...] = ()

    @property
    def is_stated_taken(self) -> bool:
        """Whether the agent is stated to be taken, now or until a day."""
        return self.still_taken is True or self.stopped_on is not None


def other_agent_continues(history: PatientHistory, request: Request, as_of: date, edition: Edition) -> bool | None:
    """Whether any other disease-modifying agent is still taken on the planned day of the first infusion (R17).

    None: not known, such as current use without a planned day.
    """
    statement, uses = request.statement, uses_known(history, request)
    answers = [_continues(one, request, as_of, edition) for one in uses]
    if True in answers or statement.other_dmt_continues is True:
        return True
    if agents_to_be_stopped(history, request, as_of, edition):
        return None
    return False if _no_agent_continues(statement, answers) else None


def _no_agent_continues(statement: Statement, answers: list[bool | None]) -> bool:
    """Whether it is stated that no other agent continues, directly or by a complete list of agents that do not."""
    complete = statement.agents_list_is_complete is True
    return statement.other_dmt_continues is False or (complete and None not in answers)


def agents_to_be_stopped(history: PatientHistory, request: Request, as_of: date, edition: Edition) -> tuple[str, ...]:
    """The agents of the appendix that are taken and may still be taken on the planned day, as they were written.

    Each needs a stop date. A statement that no other agent will be taken is not enough (R17).
    """
    uses = uses_known(history, request)
    taken = [one for one in uses if one.is_stated_taken and _is_concurrent(one, edition) is True]
    return tuple(dict.fromkeys(one.product for one in taken if _continues(one, request, as_of, edition) is None))


# -- the known uses of each agent -------------------------------------------------------------


def uses_known(history: PatientHistory, request: Request) -> list[Use]:
    """The uses of every agent except Lemtrada, from the statement and the record, in the order of their events."""
    stated = zip(request.agents_stated, request.statement.agents, strict=True)
    entries: list[tuple[int, StatedAgent | AgentUse, date | None]] = [
        (version, one, on) for (version, on), one in stated
    ]
    entries += [(one.version, one, None) for one in history.agents if not one.voided]
    by_agent: dict[str, list[Use]] = {}
    for _, one, on in sorted(entries, key=lambda entry: entry[0]):
        product = recognize(one.product)
        if product.brand == "lemtrada":
            continue
        known = by_agent.setdefault(product.agent, [])
        others = [use for use in known if not _may_be_one_product(use.product, one.product)]
        same_product = [use for use in known if use not in others]
        if isinstance(one, AgentUse):
            now = _with_record(same_product, one)
        else:
            now = _with_statement(same_product, Use(one.product, one.started_on, one.stopped_on, one.still_taken, on))
        by_agent[product.agent] = [*others, *now]
    return [use for uses in by_agent.values() for use in uses]


def _may_be_one_product(one: str, other: str) -> bool:
    """Whether two entries may be of one product: a generic name and its brand, but never two brands."""
    brand, other_brand = recognize(one).brand, recognize(other).brand
    return brand == other_brand or None in (brand, other_brand)


def _with_statement(known: list[Use], stated: Use) -> list[Use]:
    """The uses with a stated one. The days in a statement replace what the record stated before it."""
    recorded = [one for one in known if one.stated_on is None]
    states_days = stated.still_taken is not None or stated.stopped_on is not None
    if recorded and not states_days:
        return known

    def remains(one: Use) -> bool:
        began_again = stated.still_taken is None and _is_after(one.started_on, stated.stopped_on)
        return one not in recorded or began_again

    return [*filter(remains, known), stated]


def _with_record(known: list[Use], recorded: AgentUse) -> list[Use]:
    return _with_stop(known, recorded) if recorded.started_on is None else _with_start(known, recorded)


def _with_start(known: list[Use], recorded: AgentUse) -> list[Use]:
    """The uses with a start from the record.

    It is a start of a use that is known to have continued after it, or of the one that ended first if there are
    several. Without such a use, it starts a new one.
    """
    start = recorded.started_on
    assert start is not None, "a start has its day"
    continued = [one for one in known if _continued_after(one, start)]
    if continued:
        continued_use = min(
            continued, key=lambda one: one.stopped_on.latest if one.stopped_on is not None else date.max
        )
        return [_with_another_start(one, start) if one is continued_use else one for one in known]
    without_dates = [one for one in known if one.stopped_on is None and one.still_taken is None]
    others = [one for one in known if one not in without_dates]
    return [*others, Use(recorded.product, started_on=start, still_taken=True)]


def _continued_after(use: Use, start: PartialDate) -> bool:
    """Whether the use is known to have continued after this start: it was stopped or was stated later."""
    if use.stopped_on is not None:
        return _is_after(use.stopped_on, start)
    if use.still_taken is None or use.stated_on is None:
        return use.still_taken is True
    return start.latest < use.stated_on if use.still_taken is False else start.earliest <= use.stated_on


def _with_another_start(use: Use, start: PartialDate) -> Use:
    """The use with one more start. All starts are recorded, because a stop between two may be entered late."""
    first, *again = sorted({start, *use.again, *([use.started_on] if use.started_on is not None else [])})
    return replace(use, started_on=first, again=tuple(again))


def _with_stop(known: list[Use], recorded: AgentUse) -> list[Use]:
    """The uses with a stop from the record.

    It ends every current use that started before it, or else the last use. A use that started later continues.
    """
    stop = recorded.stopped_on
    assert stop is not None, "a stop has its day"
    possible = [one for one in known if not _is_after(one.started_on, stop) and not _cannot_end(one, stop)]
    current = [one for one in possible if one.stopped_on is None and one.still_taken is not False]
    ended = current or possible[-1:]
    if not ended:
        return [*known, Use(recorded.product, stopped_on=stop)]
    return [part for one in known for part in (_split_at(one, stop) if one in ended else (one,))]


def _cannot_end(use: Use, stop: PartialDate) -> bool:
    """Whether a stop cannot be the end of a stated use.

    It cannot if the use was stated to be taken after the stop and has a known end, or if it was stated to have ended
    before the stop.
    """
    if use.stated_on is None:
        return False
    if use.still_taken is True:
        return use.stopped_on is not None and _is_before(stop, use.stated_on)
    return use.still_taken is False and stop.earliest > use.stated_on


def _split_at(use: Use, stop: PartialDate) -> tuple[Use, ...]:
    """The use up to the stop, and the use that started again after it."""
    later = tuple(one for one in use.again if _is_after(one, stop))
    if later:
        until = tuple(one for one in use.again if one not in later)
        before = Use(use.product, use.started_on, stop, again=until)
        return before, replace(use, started_on=later[0], again=later[1:])
    # A stated value stays. If it contradicts the stop, a user must resolve the contradiction.
    return (replace(use, stopped_on=stop, still_taken=use.still_taken if use.stated_on is not None else None),)


def _is_after(one: PartialDate | None, other: PartialDate | None) -> bool:
    """Whether the first date is certainly after the other."""
    return one is not None and other is not None and one.earliest > other.latest


def _is_before(one: PartialDate | None, day: date) -> bool:
    return one is not None and one.latest < day


# -- whether an agent is taken on the planned day ---------------------------------------------


def _is_concurrent(use: Use, edition: Edition) -> bool | None:
    return is_concurrent_agent(recognize(use.product), edition.appendix)


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
        # The agent is started after the infusions, so the use is not concurrent.
        return False
    taken = _is_taken_on(use, planned, as_of)
    may_start_later = planned is not None and use.started_on is not None and use.started_on.latest > planned
    return None if may_start_later and taken is True else taken


def _contradicts_itself(use: Use, stated_on: date) -> bool:
    """Whether the stated use contradicts itself.

    It is still taken but was stopped earlier or starts later, or it is not taken but has a later stop.
    """
    if use.still_taken is True:
        begins_later = use.started_on is not None and use.started_on.earliest > stated_on
        return begins_later or _is_before(use.stopped_on, stated_on)
    return use.still_taken is False and use.stopped_on is not None and use.stopped_on.earliest > stated_on


def _is_taken_on(use: Use, planned: date | None, as_of: date) -> bool | None:
    if use.stopped_on is not None:
        return _stops_after(use.stopped_on, planned, as_of)
    if use.still_taken is True:
        return True if planned is not None else None
    return use.still_taken


def _stops_after(stopped: PartialDate, planned: date | None, as_of: date) -> bool | None:
    """Whether the agent is still taken on the planned day.

    Without a planned day, only a stop before the day of the assessment is a certain no.
    """
    if stopped.latest < (planned or as_of):
        return False
    return True if planned is not None and stopped.earliest >= planned else None
