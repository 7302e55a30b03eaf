"""A campaign over a small checkout: what is killed, what is equivalent, what is alive; and the committed list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests import ROOT
from tests.mutation.campaign import FOLDERS, Outcome, all_changes, changes_of_file, drawn, outcomes, rounds_for
from tests.mutation.changes import Change, changes_of
from tests.mutation.equivalents import Equivalent, equivalents
from tests.mutation.trials import Copy, RedWithoutChange, Round, copied

MODULE = "days.py"
SOURCE = dedent(
    """
    def later(one, other):
        return one if one >= other else other

    def is_over(given, regimen):
        return given >= regimen

    def until_none_is_left(given):
        while given > 0:
            given = given - 1
        return given
    """
)
TESTS = dedent(
    """
    from days import is_over, later, until_none_is_left

    def test_days():
        assert (later(1, 2), later(2, 1)) == (2, 2)
        assert is_over(5, 5)
        assert not is_over(3, 5)

    def test_the_end():
        assert until_none_is_left(3) == 0
    """
)
PLAIN = ("--disable-plugin-autoload",)
ROUNDS = (Round(("test_days.py::test_days",), is_quick=True), Round(("test_days.py",)))
SAME = Equivalent(MODULE, "later", "one >= other", "one > other", "Of two equal days, either is the later one.")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    checkout = tmp_path_factory.mktemp("checkout")
    (checkout / MODULE).write_text(SOURCE)
    (checkout / "test_days.py").write_text(TESTS)
    with copied(checkout, PLAIN, seconds_min=3) as copy:
        yield copy
    assert (checkout / MODULE).read_text() == SOURCE


def the_change(original: str, changed: str) -> Change:
    (found,) = [one for one in changes_of(MODULE, SOURCE) if (one.original, one.changed) == (original, changed)]
    return found


def tried(small: Copy, original: str, changed: str, *listed: Equivalent) -> Outcome:
    *_, found = outcomes([the_change(original, changed)], small, {one.key: one for one in listed}, lambda _: ROUNDS)
    assert (small.folder / MODULE).read_text() == SOURCE
    return found


def test_a_change_that_a_test_finds_is_killed(small: Copy) -> None:
    found = tried(small, "given >= regimen", "given > regimen")
    assert (found.verdict, found.by) == ("killed", "test_days.py::test_days")


def test_no_bytecode_of_a_change_is_left(small: Copy) -> None:
    """Python takes bytecode for current if the source has the same size and time to the second."""
    small.killed(the_change("given >= regimen", "given > regimen"), ROUNDS)
    kept = [path.name.partition(".")[0] for path in (small.folder / "__pycache__").iterdir()]
    assert kept == ["test_days"]


def test_a_change_after_which_nothing_ends_is_killed(small: Copy) -> None:
    found = tried(small, "given - 1", "given - 0")
    assert found.verdict == "killed"
    assert found.by is not None
    assert found.by.startswith("no end after")


def test_an_equivalent_change_is_alive_until_it_is_listed(small: Copy) -> None:
    assert tried(small, "one >= other", "one > other").verdict == "alive"
    found = tried(small, "one >= other", "one > other", SAME)
    assert (found.verdict, found.by) == ("equivalent", SAME.reason)


def test_a_change_that_is_listed_and_found_all_the_same_is_listed_wrongly(small: Copy) -> None:
    wrong = Equivalent(MODULE, "is_over", "given >= regimen", "given > regimen", "It is not.")
    assert tried(small, "given >= regimen", "given > regimen", wrong).verdict == "wrongly listed"


def test_what_the_quick_tests_do_not_find_waits_for_the_slow_ones(small: Copy) -> None:
    changes = [the_change("given - 1", "given - 2"), the_change("given >= regimen", "given > regimen")]
    found = [(one.change.function, one.verdict) for one in outcomes(changes, small, {}, lambda _: ROUNDS)]
    assert found == [("until_none_is_left", "waits"), ("is_over", "killed"), ("until_none_is_left", "killed")]


def test_tests_that_fail_without_a_change_find_nothing(tmp_path: Path) -> None:
    (tmp_path / MODULE).write_text(SOURCE)
    (tmp_path / "test_days.py").write_text("def test_days():\n    assert False\n")
    with copied(tmp_path, PLAIN) as copy, pytest.raises(RedWithoutChange, match=r"test_days\.py::test_days"):
        tried(copy, "given >= regimen", "given > regimen")


# -- the program and the list --------------------------------------------------------------------


def test_every_change_of_the_program_is_a_program() -> None:
    found = all_changes(ROOT)
    assert len(found) > 2_000
    assert {one.module.rsplit("/", 1)[0] for one in found} == set(FOLDERS)
    assert max(Counter(one.key for one in found).values()) == 1
    for one in drawn(found, 0, 100):
        source = (ROOT / one.module).read_text(encoding="utf-8")
        assert one.applied(source) != source
        compile(one.applied(source), one.module, "exec")


def test_the_same_seed_draws_the_same_changes() -> None:
    changes = all_changes(ROOT)
    assert drawn(changes, 1, 60) == drawn(changes, 1, 60)
    assert len(set(drawn(changes, 1, 60))) == 60
    assert drawn(changes, 1, 60) != drawn(changes, 2, 60)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_rounds_name_tests_that_exist(folder: str) -> None:
    named = [one.removeprefix("--ignore=") for each in rounds_for(f"{folder}/a.py") for one in each.arguments]
    paths = [one for one in named if one.startswith("tests/")]
    assert len(paths) >= 6
    assert [one for one in paths if not (ROOT / one).exists()] == []


def test_each_equivalent_names_a_change_of_the_code_as_it_is() -> None:
    listed = equivalents()
    modules = {one.module for one in listed}
    known = {change.key for module in modules for change in changes_of_file(module, ROOT)}
    assert [one for one in listed if one.key not in known] == [], "correct or remove these entries"


def test_each_equivalent_is_listed_once_with_a_reason() -> None:
    listed = equivalents()
    assert len({one.key for one in listed}) == len(listed)
    assert [one for one in listed if len(one.reason) < 20] == []
