"""Which keyword arguments of a call have the same type, so that a person could have swapped them unseen."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from itertools import combinations
from types import FunctionType
from typing import Any

from pydantic import BaseModel


class Signatures:
    """The parameters of what a module calls by a name of its own, by the names that the module has."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def alike(self, call: ast.Call) -> Iterator[tuple[int, int]]:
        """The places of every two keyword arguments with the same type and another value."""
        types = self._types(call)
        for one, other in combinations(range(len(call.keywords)), 2):
            first, second = call.keywords[one], call.keywords[other]
            is_alike = first.arg in types and second.arg in types and types[first.arg] == types[second.arg]
            if is_alike and ast.unparse(first.value) != ast.unparse(second.value):
                yield one, other

    def _types(self, call: ast.Call) -> dict[str | None, str]:
        called = self._named(call.func)
        if called is None and call.args and isinstance(call.func, ast.Attribute):
            # `context.event(DoseVoided, dose_id=..., reason=...)`: the keyword arguments are fields of the class.
            called = self._named(call.args[0])
            called = called if isinstance(called, type) else None
        return {} if called is None else _types_of(called)

    def _named(self, node: ast.expr) -> Any:
        """What a name (`Change`) or a name of a module (`story.given`) is, or None."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id)
        if isinstance(node, ast.Attribute) and inspect.ismodule(owner := self._named(node.value)):
            return getattr(owner, node.attr, None)
        return None


def _types_of(called: Any) -> dict[str | None, str]:
    if isinstance(called, type) and issubclass(called, BaseModel):
        return {name: str(field.annotation) for name, field in called.model_fields.items()}
    if dataclasses.is_dataclass(called):
        return {field.name: str(field.type) for field in dataclasses.fields(called)}
    if isinstance(called, FunctionType) or (isinstance(called, type) and issubclass(called, tuple)):
        parameters = inspect.signature(called).parameters
        return {name: str(one.annotation) for name, one in parameters.items() if one.annotation is not one.empty}
    return {}
