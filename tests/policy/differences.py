"""What a newer edition changed in the one before it, computed from the two values and written in lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from domain.policy.edition import Edition, Group, Leaf, Node, Path


def differences(newer: Edition, older: Edition) -> dict[str, list[str]]:
    """Each part that is not the same, with every change in it: `title`, `appendix`, a clause by its citation."""
    new, old = _written(newer), _written(older)
    found: dict[str, list[str]] = {}
    for part in sorted(old | new):
        if part not in old:
            found[part] = ["added"]
        elif part not in new:
            found[part] = ["taken out"]
        else:
            if changes := [*_changes(old[part], new[part])]:
                found[part] = changes
    return found


def printed(newer: Edition, older: Edition) -> str:
    lines = [f"{newer.key}, unlike {older.key}:"]
    lines += [f"  {part}: {'; '.join(changes)}" for part, changes in differences(newer, older).items()]
    return "\n".join(lines)


def _changes(was: dict[str, Any], became: dict[str, Any]) -> Iterator[str]:
    for name, before in was.items():
        after = became.get(name)
        if isinstance(before, frozenset) and isinstance(after, frozenset):
            yield from (f"+ {one}" for one in sorted(after - before))
            yield from (f"- {one}" for one in sorted(before - after))
        elif before != after:
            yield f"{name} {_said(before)} -> {_said(after)}".strip()
    yield from (f"{name} {_said(became[name])} is new" for name in became.keys() - was.keys())


def _said(value: Any) -> str:
    return " ".join(value) or "none" if isinstance(value, tuple) else str(value)


def _written(edition: Edition) -> dict[str, dict[str, Any]]:
    """Everything of an edition that can differ, down to the rule behind each leaf."""
    return {
        "title": {"": edition.title},
        "provenance": {"": edition.provenance},
        "parameters": asdict(edition.parameters),
        "not listed": {"": edition.not_listed},
        "appendix": {"": frozenset(edition.appendix_names)},
        "named in 1.A.iii.b": {"": frozenset(edition.one_agent_names)},
        **{f"scope of {path.citation}": _clause(path.scope) for path in edition.paths},
        **{node.citation: _clause(node) for node in edition.nodes()},
    }


def _clause(node: Node | Path) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": type(node).__name__, "words": node.paraphrase, "readings": node.readings}
    match node:
        case Leaf():
            return said | {"rule": node.rule.__name__, "documentation": node.documentation_required}
        case Group():
            return said | {"connective": node.connective, "clauses": tuple(one.citation for one in node.clauses)}
        case Path():
            return said | {"doses": node.doses, "clauses": tuple(one.citation for one in node.clauses)}
