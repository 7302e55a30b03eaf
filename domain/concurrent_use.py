"""Whether another agent is still taken on the planned first infusion day (R17): from the statement and the record."""

from __future__ import annotations

from datetime import date

from domain.calendar import PartialDate
from domain.events import StatedAgent, Statement
from domain.history import AgentUse, PatientHistory, Request
from domain.policy.agents import is_concurrent_agent, recognise
from domain.policy.edition import Edition


def agents_known(history: PatientHistory, statement: Statement) -> list[StatedAgent]:
    """The agents but Lemtrada itself, each with the days that the statement or, since, the record gives."""
    known = [one for one in statement.agents if recognise(one.product).brand != "lemtrada"]
    for use in history.agents:
        if recognise(use.product).brand == "lemtrada":
            continue
        place = next((n for n, one in enumerate(known) if _is_same(one.product, use.product)), None)
        before = StatedAgent(product=use.product) if place is None else known[place]
        after = _with_use(before, use)
        if place is None:
            known.append(after)
        else:
            known[place] = after
    return known


def _is_same(one: str, other: str) -> bool:
    return recognise(one).agent == recognise(other).agent


def _with_use(agent: StatedAgent, use: AgentUse) -> StatedAgent:
    """A start on record means that it is taken until a stop is; a stop on record is later than any statement."""
    if use.started_on is not None:
        return agent.model_copy(update={"started_on": use.started_on, "stopped_on": None, "still_taken": True})
    return agent.model_copy(update={"stopped_on": use.stopped_on, "still_taken": None})


def other_agent_continues(history: PatientHistory, request: Request, as_of: date, edition: Edition) -> bool | None:
    """Any other disease-modifying agent still taken on the planned first infusion day (R17)."""
    statement, agents = request.statement, agents_known(history, request.statement)
    answers = [_continues(one, request, as_of, edition) for one in agents]
    if True in answers or statement.other_dmt_continues is True:
        return True
    in_doubt = any(
        _is_said_to_be_taken(one, edition) for one, answer in zip(agents, answers, strict=True) if answer is None
    )
    if in_doubt:
        # A listed agent that is taken needs its stop date: that none will be taken does not clear it.
        return None
    if statement.other_dmt_continues is False:
        return False
    complete = statement.agents_list_is_complete is True
    return False if complete and None not in answers else None


def _is_said_to_be_taken(agent: StatedAgent, edition: Edition) -> bool:
    """Whether the statement has this listed agent taken now or later."""
    concurrent = is_concurrent_agent(recognise(agent.product), edition.appendix)
    return concurrent is True and (agent.still_taken is True or agent.stopped_on is not None)


def _continues(agent: StatedAgent, request: Request, as_of: date, edition: Edition) -> bool | None:
    concurrent = is_concurrent_agent(recognise(agent.product), edition.appendix)
    if concurrent is False:
        return False
    taken = _still_taken(agent, request, as_of)
    return taken if concurrent is True or taken is False else None


def _still_taken(agent: StatedAgent, request: Request, as_of: date) -> bool | None:
    planned, stopped = request.planned_first_infusion_on, agent.stopped_on
    if stopped is not None:
        had_stopped = stopped.latest < request.received_on
        will_stop = stopped.earliest > request.received_on
        if (agent.still_taken is True and had_stopped) or (agent.still_taken is False and will_stop):
            # The statement contradicts its own date.
            return None
        return _stops_after(stopped, planned, as_of)
    if agent.still_taken is True:
        return True if planned is not None else None
    return agent.still_taken


def _stops_after(stopped: PartialDate, planned: date | None, as_of: date) -> bool | None:
    """Whether the agent is still taken on the planned day; without one, only a stop before today clears it."""
    if stopped.latest < (planned or as_of):
        return False
    return True if planned is not None and stopped.earliest >= planned else None
