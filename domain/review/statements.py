"""Checks, merges and compares statements: what the prescriber stated first, and what is supplied later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Any, TypeVar

from pydantic import ValidationError

from domain.errors import InvalidCommand
from domain.events.requests import StatedAgent, Statement
from domain.facts import FrozenModel
from domain.policy.agents import Product, nearest_names, recognize

F = TypeVar("F", bound=FrozenModel)


def check_statement(statement: Statement, today: date) -> None:
    """Raise InvalidCommand if the birth date is in the future or an agent was stopped before it was started."""
    if statement.birth_date is not None and statement.birth_date.earliest > today:
        raise InvalidCommand(
            "the birth date is in the future", field="statement.birth_date", remedy="send the correct birth date"
        )
    for number, agent in enumerate(statement.agents):
        started, stopped = agent.started_on, agent.stopped_on
        if started is not None and stopped is not None and started.earliest > stopped.latest:
            raise InvalidCommand(
                "the agent was stopped before it was started",
                field=f"statement.agents.{number}.stopped_on",
                remedy="send the start date and then the stop date",
            )


def supplemented(statement: Statement, given: Statement) -> Statement:
    """The statement with later information. A missing (null) fact in `given` never removes a stated one.

    A given fact replaces the earlier one, diagnosis codes are added, and the given entries of an agent replace all
    earlier entries of the same product. Raises InvalidCommand if a list exceeds the maximum length of a statement.
    """
    merged = _merged(statement, given)
    codes = tuple(dict.fromkeys((*statement.diagnosis_codes, *given.diagnosis_codes)))
    values = dict(merged) | {"diagnosis_codes": codes, "agents": _agents(statement.agents, given.agents)}
    try:
        return Statement(**values)
    except ValidationError as error:
        name = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InvalidCommand(
            "the statement would exceed the maximum number of entries",
            field=f"statement.{name}",
            remedy="correct the statement and leave out duplicate entries",
        ) from None


def _merged(before: F, given: F) -> F:
    values: dict[str, Any] = {}
    for name in type(before).model_fields:
        was, new = getattr(before, name), getattr(given, name)
        if isinstance(was, FrozenModel):
            values[name] = _merged(was, new)
        elif not isinstance(was, tuple):
            values[name] = was if new is None else new
    return before.model_copy(update=values)


def _agents(before: tuple[StatedAgent, ...], given: tuple[StatedAgent, ...]) -> tuple[StatedAgent, ...]:
    slots: list[tuple[StatedAgent, ...]] = [(one,) for one in before]
    replaced: set[int] = set()
    for product in dict.fromkeys(recognize(one.product) for one in given):
        replacing = tuple(one for one in given if recognize(one.product) == product)
        places = [place for place in _indexes_of(before, product) if place not in replaced]
        replaced.update(places)
        if not places:
            slots.append(replacing)
        for place in places:
            slots[place] = replacing if place == places[0] else ()
    return tuple(chain.from_iterable(slots))


def _indexes_of(agents: tuple[StatedAgent, ...], product: Product) -> list[int]:
    """The indexes of the entries of a product.

    Without an entry of this very product, the index of its generic name or of its brand (R11), or else of a name that
    is not recognized and may have meant it (R12), if only one entry matches.
    """
    products = [recognize(one.product) for one in agents]
    if product in products:
        return [place for place, one in enumerate(products) if one == product]
    related = [
        place for place, one in enumerate(products) if one.agent == product.agent and None in (one.brand, product.brand)
    ] or [place for place, one in enumerate(agents) if _may_have_been_meant(one.product, product)]
    return related if len(related) == 1 else []


def _may_have_been_meant(name: str, product: Product) -> bool:
    """Whether a name is not recognized and this product is among the proposed ones (R12)."""
    return recognize(name).kind == "unknown" and product in map(recognize, nearest_names(name))


def changed_fields(before: Statement, after: Statement) -> tuple[str, ...]:
    """The paths of the changed fields, such as `statement.response.symptom` or `statement.agents.2`."""
    return tuple(_changed(before, after, "statement"))


def _changed(before: FrozenModel, after: FrozenModel, path: str) -> Iterator[str]:
    for name in type(before).model_fields:
        was, now, at = getattr(before, name), getattr(after, name), f"{path}.{name}"
        if was == now:
            continue
        if isinstance(was, FrozenModel):
            yield from _changed(was, now, at)
        elif name == "agents":
            places = range(max(len(was), len(now)))
            yield from (f"{at}.{place}" for place in places if was[place : place + 1] != now[place : place + 1])
        else:
            yield at
