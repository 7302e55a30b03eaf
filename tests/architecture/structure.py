"""The structure of the code as numbers: entries in each folder, import cycles, private imports, bytes of the README.

    python -m tests.architecture.structure [--root FOLDER] [--json] [--time]

reads a checkout as text and runs nothing of it, so an older checkout can be measured too. With `--time` it also runs
the tests of the checkout with its own environment: the inner loop, then everything, each in seconds of wall time.
Repeated passages are the runs of six or more lines (without imports, comments and blank lines) in more than one place.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

PACKAGES: Final = ("domain", "projections", "api")
ENTRIES_MAX: Final = 25
PASSAGE_LINES_MIN: Final = 6
Graph = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Structure:
    """`entries` names only folders with more than `ENTRIES_MAX` entries; each cycle is the group of its names."""

    entries: dict[str, int]
    file_cycles: list[list[str]]
    sibling_cycles: list[list[str]]
    private_imports: list[str]
    readme_bytes: int
    repeated_passages: int


def sources(root: Path, packages: Iterable[str] = PACKAGES) -> dict[str, Path]:
    """Every module by its dotted name; a package is named without `__init__`."""
    paths = [path for package in packages for path in sorted((root / package).rglob("*.py"))]
    return {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imports(modules: Mapping[str, Path]) -> dict[str, frozenset[str]]:
    """Which modules each module imports, at load, inside of a function or for a type checker alone."""
    found: dict[str, frozenset[str]] = {}
    for name, path in modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[name] = frozenset(one for node in ast.walk(tree) for one in _imported(node, modules) if one != name)
    return found


def _imported(node: ast.AST, modules: Mapping[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names if one.name in modules)
    elif isinstance(node, ast.ImportFrom) and node.module is not None:
        for one in node.names:
            full = f"{node.module}.{one.name}"
            if full in modules:
                yield full
            elif node.module in modules:
                yield node.module


def cycles(graph: Graph) -> list[list[str]]:
    """The groups of two or more names that reach each other (strongly connected components), each sorted."""
    reached = {name: _reach(name, graph) for name in graph}
    groups = {frozenset(other for other in reached[name] if name in reached.get(other, ())) for name in graph}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _reach(start: str, graph: Graph) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for other in graph.get(todo.pop(), frozenset()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def sibling_cycles(graph: Graph) -> list[list[str]]:
    """Cycles among the files and folders inside of one folder: a folder stands for everything in it."""
    siblings: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name, others in graph.items():
        for other in others:
            here, there = name.split("."), other.split(".")
            same = next((at for at, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), None)
            if same is not None:
                siblings[".".join(here[:same])][here[same]].add(there[same])
    found = []
    for folder, edges in siblings.items():
        inside = {name: frozenset(others) for name, others in edges.items()}
        found += [[f"{folder}.{one}" for one in group] for group in cycles(inside)]
    return sorted(found)


def private_imports(modules: Mapping[str, Path]) -> list[str]:
    """Every `_private` name of another module that a module imports or reads: `api.app: domain.facts._x`."""
    found = []
    for name, path in modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        local = dict(one for node in ast.walk(tree) for one in _bound(node))
        found += [f"{name}: {other}" for other in local.values() if _is_private(other)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and (owner := local.get(ast.unparse(node.value))) in modules:
                found += [f"{name}: {owner}.{node.attr}"] if _is_private(node.attr) else []
    return found


def _bound(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that an import of this project binds, each with its whole name."""
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in (*PACKAGES, "tests"):
        yield from ((one.asname or one.name, f"{node.module}.{one.name}") for one in node.names)
    elif isinstance(node, ast.Import):
        yield from ((one.asname or one.name, one.name) for one in node.names if one.name.split(".")[0] in PACKAGES)


def _is_private(dotted: str) -> bool:
    return any(part.startswith("_") and not part.startswith("__") for part in dotted.split("."))


def imports_by_name(modules: Mapping[str, Path]) -> list[str]:
    """The modules that import others by a name made at run time, which `imports` does not see."""
    calls = re.compile(r"\b(?:import_module|__import__)\(")
    return [name for name, path in modules.items() if calls.search(path.read_text(encoding="utf-8"))]


def entries(root: Path, packages: Iterable[str] = (*PACKAGES, "tests")) -> dict[str, int]:
    """How many files and folders each folder holds, without caches, `__init__.py` and golden files."""
    found = {}
    for package in packages:
        for folder in [root / package, *(path for path in (root / package).rglob("*") if path.is_dir())]:
            inner = folder.relative_to(root).parts
            if "__pycache__" in inner or "golden" in inner or "node_modules" in inner:
                continue
            held = [one for one in folder.iterdir() if one.name not in ("__pycache__", "__init__.py", "node_modules")]
            found["/".join(inner)] = len(held)
    return found


def repeated_passages(modules: Mapping[str, Path]) -> int:
    """How many runs of `PASSAGE_LINES_MIN` or more code lines are in a second place too, each longest run once."""
    places: defaultdict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for name, path in modules.items():
        lines = _code_lines(path.read_text(encoding="utf-8"))
        for start in range(len(lines) - PASSAGE_LINES_MIN + 1):
            places[tuple(lines[start : start + PASSAGE_LINES_MIN])].append((name, start))
    repeated = {place for found in places.values() if len(found) > 1 for place in found[1:]}
    return sum((name, start - 1) not in repeated for name, start in repeated)


def _code_lines(text: str) -> list[str]:
    text = re.sub(r"^from \S+ import \([^)]*\)$", "", text, flags=re.MULTILINE)
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if re.search(r"\w", line) and not re.match(r"#|import |from .* import ", line)]


def measured(root: Path) -> Structure:
    modules = sources(root)
    graph = imports(modules)
    return Structure(
        entries={name: count for name, count in sorted(entries(root).items()) if count > ENTRIES_MAX},
        file_cycles=cycles(graph),
        sibling_cycles=sibling_cycles(graph),
        private_imports=private_imports(modules),
        readme_bytes=(root / "README.md").stat().st_size,
        repeated_passages=repeated_passages(modules),
    )


def timed(root: Path, *arguments: str) -> float:
    """Seconds of wall time of a test run in a checkout; raises CalledProcessError where a test fails."""
    start = time.monotonic()
    subprocess.run([root / ".venv" / "bin" / "python", "-m", "pytest", "-q", *arguments], cwd=root, check=True)
    return time.monotonic() - start


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the structure of a checkout.")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2], help="the checkout; this one")
    parser.add_argument("--time", action="store_true", help="run the tests too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    found = measured(chosen.root)
    if chosen.json:
        print(json.dumps(asdict(found), indent=1))
        return
    print(f"folders with more than {ENTRIES_MAX} entries: {found.entries or 'none'}")
    print(f"import cycles among files: {len(found.file_cycles)}; inside of one folder: {len(found.sibling_cycles)}")
    for group in (*found.file_cycles, *found.sibling_cycles):
        print("  " + ", ".join(group))
    print(f"private names imported from another file: {len(found.private_imports)}")
    for one in found.private_imports:
        print(f"  {one}")
    print(f"bytes of the README: {found.readme_bytes}")
    print(f"repeated passages of {PASSAGE_LINES_MIN} or more lines: {found.repeated_passages}")
    if chosen.time:
        print(f"inner loop: {timed(chosen.root, 'tests/domain', 'tests/policy'):.1f} s")
        print(f"whole suite: {timed(chosen.root):.0f} s")


if __name__ == "__main__":
    main()
