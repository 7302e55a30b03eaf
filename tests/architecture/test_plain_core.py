"""The core is plain: one module writes into frozen values, two caching idioms, and no generic class with one use.

The permitted caches of the pure core are `functools.cache` or `lru_cache` on a function of hashable values, and
`functools.cached_property` on a frozen value, whose answer depends on nothing else.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from tests import ROOT
from tests.architecture.structure import PACKAGES, sources

WRITER = "domain.frozen"
PURE_FOLDERS = ("policy", "history", "treatment", "decisions", "review", "deadlines", "events")
PURE_FILES = ("domain.facts", "domain.calendar", "domain.frozen", "domain.people")
NO_CACHE = {"partial", "reduce", "total_ordering", "update_wrapper", "wraps"}
FUNCTION_CACHES = {"cache", "lru_cache"}
MUTABLE = {"dict", "list", "set", "defaultdict", "deque", "OrderedDict", "Counter"}
KEEPERS = {"WeakKeyDictionary", "WeakValueDictionary", "ContextVar", "local"}
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in sources(ROOT, PACKAGES).items()}


def is_pure(name: str) -> bool:
    parts = name.split(".")
    return name in PURE_FILES or (parts[0] == "domain" and len(parts) > 1 and parts[1] in PURE_FOLDERS)


# -- writing into frozen values ---------------------------------------------------------------


def writes(tree: ast.AST) -> Iterator[str]:
    """Whatever gets around the refusal of a frozen value to be set."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("__setattr__", "__delattr__"):
            yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            target = node.value if isinstance(node, ast.Subscript) else node
            if is_dict_of_value(target):
                yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_dict_of_value(node.func.value):
            if node.func.attr in ("update", "setdefault", "pop", "popitem", "clear", "__setitem__", "__ior__"):
                yield f"{node.lineno}: {ast.unparse(node.func)}"
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            named = node.targets if isinstance(node, ast.Assign) else [node.target]
            frozen = [one.value for one in node.value.keywords if one.arg == "frozen"]
            if "model_config" in map(ast.unparse, named) and not (frozen and ast.unparse(frozen[0]) == "True"):
                yield f"{node.lineno}: model_config without frozen=True"


def is_dict_of_value(node: ast.expr) -> bool:
    is_attribute = isinstance(node, ast.Attribute) and node.attr == "__dict__"
    return is_attribute or (isinstance(node, ast.Call) and ast.unparse(node.func) == "vars")


def test_one_module_writes_into_frozen_values() -> None:
    found = {name: list(writes(tree)) for name, tree in TREES.items() if name != WRITER}
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert list(writes(TREES[WRITER])), f"{WRITER} is the module that does"


@pytest.mark.parametrize(
    "source",
    [
        "object.__setattr__(value, 'name', 1)",
        "write = object.__setattr__",
        "super().__setattr__('name', 1)",
        "object.__delattr__(value, 'name')",
        "value.__dict__['name'] = 1",
        "del value.__dict__['name']",
        "value.__dict__ = {}",
        "value.__dict__.update(name=1)",
        "value.__dict__['name'] += 1",
        "vars(value)['name'] = 1",
        "vars(value).update(name=1)",
        "class A(Fact):\n    model_config = ConfigDict(extra='allow')",
        "class A(Fact):\n    model_config = ConfigDict(frozen=False)",
    ],
)
def test_the_check_of_writes_sees_what_it_is_for(source: str) -> None:
    assert list(writes(ast.parse(source))), source


# -- caches -----------------------------------------------------------------------------------


def third_idioms(tree: ast.Module) -> Iterator[str]:
    """Every way to keep an answer that is neither of the two permitted idioms, or that misuses one of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {one.name for one in node.names}
            if node.module == "functools":
                names -= FUNCTION_CACHES | {"cached_property"} | NO_CACHE
                yield from (f"functools.{name}" for name in names)
            yield from (f"{node.module}.{name}" for name in names & KEEPERS)
        elif isinstance(node, ast.Import):
            yield from (f"import {one.name}" for one in node.names if one.name in ("functools", "weakref", "threading"))
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.ClassDef):
            yield from in_class(node)
        elif isinstance(node, FUNCTION):
            yield from in_function(node)
    yield from written_outside(tree)


def in_class(node: ast.ClassDef) -> Iterator[str]:
    methods = [one for one in node.body if isinstance(one, FUNCTION)]
    for one in methods:
        marks = decorators(one)
        if one.name in ("__get__", "__getattr__", "__getattribute__", "__set_name__"):
            yield f"{one.lineno}: {node.name}.{one.name} is a descriptor"
        if marks & FUNCTION_CACHES:
            yield f"{one.lineno}: {node.name}.{one.name} caches by its object"
        if "cached_property" in marks and not is_frozen(node):
            yield f"{one.lineno}: {node.name}.{one.name} is cached on a class that is not frozen"
        if "cached_property" in marks and any(is_empty(part.value) for part in ast.walk(one) if is_return(part)):
            yield f"{one.lineno}: {node.name}.{one.name} returns something to be filled"
        if one.name not in ("__init__", "__post_init__"):
            stored = (part for part in ast.walk(one) if isinstance(part, ast.Attribute))
            yield from (f"{part.lineno}: {ast.unparse(part)} is set" for part in stored if is_stored_on_self(part))
    for field in ast.walk(node):
        if isinstance(field, ast.Call) and ast.unparse(field.func) == "field":
            given = {one.arg: ast.unparse(one.value) for one in field.keywords}
            if given.get("default_factory", "") in MUTABLE:
                yield f"{field.lineno}: {node.name} has a field to be filled"


def in_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    defaults = [one for one in (*node.args.defaults, *node.args.kw_defaults) if one is not None]
    yield from (f"{node.lineno}: {node.name} has a default to be filled" for one in defaults if is_empty(one))


def written_outside(tree: ast.Module) -> Iterator[str]:
    """Entries that are put, in a function, into an attribute of a value or into a name of the module."""
    of_module = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for function in ast.walk(tree):
        if isinstance(function, FUNCTION | ast.Lambda):
            for node in ast.walk(function):
                filled = filled_by(node)
                if isinstance(filled, ast.Attribute) or (isinstance(filled, ast.Name) and filled.id in of_module):
                    yield f"{filled.lineno}: {ast.unparse(filled)} is filled"


def filled_by(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault":
        return node.func.value
    return None


def decorators(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    calls = (one.func if isinstance(one, ast.Call) else one for one in node.decorator_list)
    return {ast.unparse(one).rpartition(".")[2] for one in calls}


def is_frozen(node: ast.ClassDef) -> bool:
    return "dataclass(frozen=True)" in map(ast.unparse, node.decorator_list)


def is_return(node: ast.AST) -> bool:
    return isinstance(node, ast.Return)


def is_empty(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in MUTABLE and not (node.args and ast.unparse(node.func) != "defaultdict")
    return isinstance(node, ast.Dict | ast.List | ast.Set) and not (
        node.keys if isinstance(node, ast.Dict) else node.elts
    )


def is_stored_on_self(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"


def test_the_pure_core_caches_in_two_ways() -> None:
    found = {name: sorted(set(third_idioms(tree))) for name, tree in TREES.items() if is_pure(name)}
    assert len(found) > 60, "the folders of the pure core"
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_records_that_are_copied_whole_cache_nothing() -> None:
    """`changed` copies all that a record holds, and a cached property would stay as it was before the change."""
    copied = [tree for name, tree in TREES.items() if name.startswith("domain.history")]
    functions = [node for tree in copied for node in ast.walk(tree) if isinstance(node, FUNCTION)]
    assert functions
    assert [one.name for one in functions if "cached_property" in decorators(one)] == []
    users = [name for name, tree in TREES.items() if "changed" in imported(tree, WRITER)]
    assert [name for name in users if not name.startswith("domain.history")] == []


def imported(tree: ast.AST, module: str) -> set[str]:
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == module)
    return {one.name for node in nodes for one in node.names}


@pytest.mark.parametrize(
    "source",
    [
        "from functools import singledispatch",
        "import functools",
        "from weakref import WeakKeyDictionary",
        "from contextvars import ContextVar",
        "@dataclass(frozen=True)\nclass A:\n    known: dict = field(compare=False, repr=False, default_factory=dict)",
        "class once:\n    def __get__(self, course, owner=None): ...",
        "class A:\n    @lru_cache\n    def answer(self): ...",
        "class A:\n    @cached_property\n    def answer(self): return 1",
        "@dataclass(frozen=True)\nclass A:\n    @cached_property\n    def answers(self): return {}",
        "@dataclass(frozen=True)\nclass A:\n    @cached_property\n    def answers(self): return defaultdict(list)",
        "class A:\n    def answer(self):\n        self._answer = 1",
        "def answer(question, known={}): ...",
        "def answer(question): question.known['answer'] = 1",
        "def answer(question): return question.known.setdefault('answer', 1)",
        "KNOWN: dict[str, int] = {}\ndef answer(name): KNOWN[name] = 1",
        "KNOWN = {}\ndef answer(name): return KNOWN.setdefault(name, 1)",
        "def outer():\n    known = None\n    def inner():\n        nonlocal known",
    ],
)
def test_the_check_of_caches_sees_what_it_is_for(source: str) -> None:
    assert list(third_idioms(ast.parse(source))), source


@pytest.mark.parametrize(
    "source",
    [
        "from functools import cache, cached_property, lru_cache, partial",
        "@lru_cache(maxsize=16)\ndef answer(name): return name",
        "@dataclass(frozen=True)\nclass A:\n    @cached_property\n    def answer(self): return {'one': 1}",
        "def answer(names):\n    found = {}\n    for one in names: found.setdefault(one, 1)\n    return found",
        "class A:\n    def __init__(self): self.answer = 1",
    ],
)
def test_the_check_of_caches_lets_the_two_pass(source: str) -> None:
    assert list(third_idioms(ast.parse(source))) == []


# -- generics ---------------------------------------------------------------------------------


def generic_classes(trees: Iterable[ast.AST]) -> set[str]:
    classes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {node.name for node in classes if any(ast.unparse(base).startswith("Generic[") for base in node.bases)}


def uses(trees: Iterable[ast.AST], names: set[str]) -> Counter[str]:
    """How often each class is constructed (`Page(entries)`, `Page[Entry](entries)`) or named for a type."""
    found: Counter[str] = Counter()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Call):
            made = node.func.value if isinstance(node.func, ast.Subscript) else node.func
            found[ast.unparse(made)] += 1
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
            found[ast.unparse(node.value.value)] += 1
    return Counter({name: found[name] for name in names})


def test_a_generic_class_has_several_uses() -> None:
    names = {name for name in generic_classes(TREES.values()) if not name.startswith("_")}
    assert names, "there are generic classes"
    assert {name for name in names if uses(TREES.values(), names)[name] < 2} == set()


def test_the_check_of_generics_sees_what_it_is_for() -> None:
    trees = [ast.parse("class Kept(Generic[T]):\n    other: Kept[T]\nkept: Kept[int] = Kept(load)")]
    assert generic_classes(trees) == {"Kept"}
    assert uses(trees, {"Kept"}) == {"Kept": 1}
    named = [ast.parse("Names = Kept[str]"), ast.parse("kept = Kept[int](load)")]
    assert uses([*trees, *named], {"Kept"}) == {"Kept": 3}
