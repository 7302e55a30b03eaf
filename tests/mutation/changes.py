"""Single-point changes of a module: each replaces one expression of its source by another one.

A change is one that a slip of the hand could make: `<` for `<=`, a lost condition, 29 days for 30. What no test of
behavior can see is left alone: annotations, decorators, assertions (which state what the types cannot), `strict=` of
`zip`, and what is imported for a type checker alone.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.mutation.signatures import Signatures

Function = ast.FunctionDef | ast.AsyncFunctionDef

_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPPOSITES: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_NOT_NUMBERS: Final = (ast.JoinedStr, ast.Tuple, ast.List, ast.Set, ast.Dict)
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True, slots=True)
class Change:
    """One change: in this function of the module (`Class.method`, or `<module>`), `original` becomes `changed`.

    Where a function has the same expression several times, `occurrence` counts them from 1. `start` and `end` are the
    bytes of the source that `text` takes the place of.
    """

    module: str
    function: str
    original: str
    changed: str
    line: int
    start: int
    end: int
    text: str
    occurrence: int = 1

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What names the change as long as the expression and its function stay."""
        return self.module, self.function, self.original, self.changed, self.occurrence

    def applied(self, source: str) -> str:
        """The source with the change."""
        read = source.encode()
        return (read[: self.start] + self.text.encode() + read[self.end :]).decode()


@dataclass(frozen=True, slots=True)
class _Place:
    """An expression, its ancestors from the module down, and the function that it is in."""

    node: ast.expr
    ancestors: tuple[ast.AST, ...]
    function: str

    @property
    def parent(self) -> ast.AST:
        return self.ancestors[-1]

    @property
    def shown(self) -> ast.expr:
        """The expression that names a change of this one: what a number or a name is part of, which says more."""
        if not isinstance(self.node, ast.Constant | ast.Name):
            return self.node
        around = [one for one in self.ancestors if isinstance(one, ast.expr | ast.stmt) and not _is_negative(one)]
        return around[-1] if around and isinstance(around[-1], ast.expr) else self.node

    @property
    def assigned(self) -> str:
        """What comes before a number or a name that is all of a value: `return `, or `name = ` (of a default too)."""
        parent = self.parent
        if not isinstance(self.node, ast.Constant | ast.Name):
            return ""
        if isinstance(parent, ast.Return):
            return "return "
        if isinstance(parent, ast.Assign | ast.AnnAssign) and self.node is parent.value:
            return f"{ast.unparse(parent.target if isinstance(parent, ast.AnnAssign) else parent.targets[0])} = "
        if isinstance(parent, ast.arguments):
            given = [*parent.posonlyargs, *parent.args][-len(parent.defaults) :] if parent.defaults else []
            defaults = [
                *zip(given, parent.defaults, strict=True),
                *zip(parent.kwonlyargs, parent.kw_defaults, strict=True),
            ]
            return next(f"{one.arg} = " for one, default in defaults if default is self.node)
        return ""

    @property
    def replaced(self) -> ast.expr:
        """The expression of which the source is replaced: of what is in an f-string, all of the f-string."""
        # Before Python 3.12, the parts of an f-string have no positions of their own.
        return next((one for one in self.ancestors if isinstance(one, ast.JoinedStr)), self.node)


def changes_of(module: str, source: str, signatures: Signatures | None = None) -> list[Change]:
    """Every change of a module, in the order of the source. Keyword arguments are swapped if the signatures are given.

    `module` is its path from the root of the checkout.
    """
    tree = ast.parse(source)
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: list[Change] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    for place in _places(tree, (), "<module>"):
        for new in _variants(place, signatures):
            original = place.assigned + ast.unparse(place.shown)
            changed = place.assigned + _unparsed(place, place.shown, new)
            if changed == original:
                continue
            at = place.replaced
            assert at.end_lineno is not None
            assert at.end_col_offset is not None
            seen[place.function, original, changed] += 1
            found.append(
                Change(
                    module=module,
                    function=place.function,
                    original=original,
                    changed=changed,
                    line=place.node.lineno,
                    start=starts[at.lineno - 1] + at.col_offset,
                    end=starts[at.end_lineno - 1] + at.end_col_offset,
                    text=f"({_unparsed(place, at, new)})",
                    occurrence=seen[place.function, original, changed],
                )
            )
    return found


def _unparsed(place: _Place, ancestor: ast.expr, new: ast.expr) -> str:
    """The source of an ancestor of the place, or of the place itself, with the new expression in it."""
    if ancestor is place.node:
        return ast.unparse(new)
    for name, value in ast.iter_fields(place.parent):
        if value is place.node:
            setattr(place.parent, name, new)
            text = ast.unparse(ancestor)
            setattr(place.parent, name, value)
            return text
        if isinstance(value, list) and any(one is place.node for one in value):
            setattr(place.parent, name, [new if one is place.node else one for one in value])
            text = ast.unparse(ancestor)
            setattr(place.parent, name, value)
            return text
    raise AssertionError("the place is not in its parent")


# -- which expressions -------------------------------------------------------------------------


def _places(node: ast.AST, ancestors: tuple[ast.AST, ...], function: str) -> Iterator[_Place]:
    if isinstance(node, ast.expr):
        yield _Place(node, ancestors, function)
    if isinstance(node, Function | ast.ClassDef):
        function = node.name if function == "<module>" else f"{function}.{node.name}"
    for name, child in _children(node):
        if not _is_left_alone(node, name, child):
            yield from _places(child, (*ancestors, node), function)


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST):
                yield name, one


def _is_left_alone(parent: ast.AST, field: str, child: ast.AST) -> bool:
    if field in ("annotation", "returns", "decorator_list", "format_spec") or isinstance(child, ast.Assert):
        return True
    if isinstance(parent, ast.Call) and isinstance(child, ast.keyword):
        return child.arg == "strict" and ast.unparse(parent.func) == "zip"
    return isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"


# -- which changes -----------------------------------------------------------------------------


def _variants(place: _Place, signatures: Signatures | None) -> Iterator[ast.expr]:
    """Every expression that takes the place of this one."""
    node = place.node
    if isinstance(node, ast.Compare):
        for at, one in enumerate(node.ops):
            yield _with(node, ops=[*node.ops[:at], _COMPARISONS[type(one)](), *node.ops[at + 1 :]])
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for at in range(len(node.values)):
            left = [*node.values[:at], *node.values[at + 1 :]]
            yield left[0] if len(left) == 1 else _with(node, values=left)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        if not (_is_no_number(node.left) or _is_no_number(node.right)):
            yield _with(node, op=ast.Sub() if isinstance(node.op, ast.Add) else ast.Add())
    elif isinstance(node, _Comprehension):
        yield from _without_conditions(node)
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node)
    elif isinstance(node, ast.Call):
        yield from _other_calls(node, signatures)
    yield from _in_the_place(place)


def _in_the_place(place: _Place) -> Iterator[ast.expr]:
    """The expressions that depend on what is around the place: a condition, or a value that is returned."""
    node, parent = place.node, place.parent
    if isinstance(parent, ast.If | ast.IfExp | ast.While) and node is parent.test:
        if isinstance(node, ast.Name | ast.Attribute | ast.Call):
            yield ast.UnaryOp(ast.Not(), node)
        if isinstance(parent, ast.If) and all(isinstance(one, ast.Raise) for one in parent.body):
            yield ast.Constant(False)
    elif isinstance(parent, ast.comprehension) and any(node is one for one in parent.ifs):
        if isinstance(node, ast.Name | ast.Attribute | ast.Call):
            yield ast.UnaryOp(ast.Not(), node)
    elif isinstance(parent, ast.Return):
        within = next(one for one in reversed(place.ancestors) if isinstance(one, Function | ast.Lambda))
        if isinstance(within, Function) and within.returns is not None and "None" in _alternatives(within.returns):
            yield ast.Constant(None)


def _is_negative(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def _alternatives(annotation: ast.expr) -> list[str]:
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return [*_alternatives(annotation.left), *_alternatives(annotation.right)]
    return [ast.unparse(annotation)]


def _without_conditions(node: _Comprehension) -> Iterator[ast.expr]:
    for at, part in enumerate(node.generators):
        for number in range(len(part.ifs)):
            left = ast.comprehension(
                part.target, part.iter, [*part.ifs[:number], *part.ifs[number + 1 :]], part.is_async
            )
            yield _with(node, generators=[*node.generators[:at], left, *node.generators[at + 1 :]])


def _other_constants(node: ast.Constant) -> Iterator[ast.expr]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)


def _other_calls(node: ast.Call, signatures: Signatures | None) -> Iterator[ast.expr]:
    if isinstance(node.func, ast.Name) and node.func.id in _OPPOSITES:
        yield _with(node, func=ast.Name(_OPPOSITES[node.func.id], ast.Load()))
    for one, other in signatures.alike(node) if signatures is not None else ():
        keywords = [*node.keywords]
        keywords[one] = ast.keyword(node.keywords[one].arg, node.keywords[other].value)
        keywords[other] = ast.keyword(node.keywords[other].arg, node.keywords[one].value)
        yield _with(node, keywords=keywords)


def _with(node: ast.expr, **fields: object) -> ast.expr:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _is_no_number(node: ast.expr) -> bool:
    return isinstance(node, _NOT_NUMBERS) or (isinstance(node, ast.Constant) and not isinstance(node.value, int))
