"""Rules for the structure: no import cycles, no private imports, no crowded folder; and the rules see violations."""

from __future__ import annotations

from pathlib import Path

from tests import ROOT
from tests.architecture.structure import (
    ENTRIES_MAX,
    cycles,
    entries,
    imports,
    imports_by_name,
    private_imports,
    repeated_passages,
    sibling_cycles,
    sources,
)

MODULES = sources(ROOT)
GRAPH = imports(MODULES)


def test_no_files_import_each_other_in_a_circle() -> None:
    assert cycles(GRAPH) == []


def test_no_files_or_folders_inside_of_one_folder_import_each_other_in_a_circle() -> None:
    assert sibling_cycles(GRAPH) == []


def test_an_edition_imports_nothing_of_another() -> None:
    """Each is complete: a new edition is read without the ones before it."""
    editions = {name for name in MODULES if name.startswith("domain.policy.editions.")}
    assert len(editions) >= 4
    assert {name: GRAPH[name] & editions for name in editions if GRAPH[name] & editions} == {}


def test_no_private_name_is_imported_from_another_file() -> None:
    assert private_imports(MODULES) == []


def test_no_private_name_is_imported_by_a_test() -> None:
    tests = sources(ROOT, ["tests"])
    assert private_imports(MODULES | tests) == []


def test_only_the_entry_point_imports_by_name() -> None:
    """`main` imports the commands, which import nothing of `main`: no circle that the rules above do not see."""
    assert imports_by_name(MODULES) == ["api.cli.main"]
    commands = [name for name in MODULES if name.startswith("api.cli.") and name != "api.cli.main"]
    assert [name for name in commands if "api.cli.main" in GRAPH[name]] == []


def test_no_folder_is_crowded() -> None:
    assert {name: count for name, count in entries(ROOT).items() if count > ENTRIES_MAX} == {}


def test_the_rules_see_what_they_are_for(tmp_path: Path) -> None:
    folder = tmp_path / "domain"
    (folder / "inner").mkdir(parents=True)
    body = "\n".join(f"first_{number} = {number}" for number in range(7))
    (folder / "__init__.py").write_text("")
    (folder / "inner" / "__init__.py").write_text("")
    (folder / "one.py").write_text(f"from domain.two import _hidden\nfrom domain.inner import deep\n{body}\n")
    (folder / "two.py").write_text(f"def use():\n    from domain import one\n_hidden = 1\n{body}\n")
    (folder / "inner" / "deep.py").write_text("from domain.three import x\n")
    (folder / "three.py").write_text("import domain.inner\nx = 1\n")
    (folder / "four.py").write_text("from domain import two as other\ny = other._hidden, __import__('domain')\n")
    (folder / "five.py").write_text("import domain.two as two\ny = two._hidden\n")
    for number in range(ENTRIES_MAX + 1):
        (folder / "inner" / f"file_{number}.txt").write_text("")

    modules = sources(tmp_path, ["domain"])
    graph = imports(modules)
    assert cycles(graph) == [["domain.one", "domain.two"]]
    assert ["domain.inner", "domain.three"] in sibling_cycles(graph)
    assert sorted(private_imports(modules)) == [f"domain.{one}: domain.two._hidden" for one in ("five", "four", "one")]
    assert imports_by_name(modules) == ["domain.four"]
    assert entries(tmp_path, ["domain"])["domain/inner"] == ENTRIES_MAX + 2
    assert repeated_passages(modules) == 1
