"""`explain CITATION`: our words, what a clause needs, its readings and sub-clauses."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable

import pytest

from api.cli.main import main
from api.text.clause import explain
from domain.errors import NotFound
from domain.policy.editions import EDITIONS
from domain.policy.readings import READINGS

Ran = tuple[int, str, list[str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ran]:
    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["lemtrada-ledger", "explain", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsysbinary.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out.decode(), err.decode().splitlines()

    return run


def test_a_leaf_says_what_it_needs_and_which_readings_it_relies_on(run: Callable[..., Ran]) -> None:
    status, text, errors = run("1.A.iii.d(3)")
    assert (status, errors) == (0, [])
    assert text.startswith("1.A.iii.d(3)  ")
    assert "an attached document that a reviewer found to support it" in text
    assert "aggressive_disease.mri.finding" in text
    assert f"R14. {READINGS['R14'].question}: {READINGS['R14'].answer}" in text
    assert "Policy version 2025-07-23, from the text" in text


def test_as_json(run: Callable[..., Ran]) -> None:
    status, text, _ = run("1.B.iv", "--json")
    explained = json.loads(text)
    assert status == 0
    assert explained["citation"] == "1.B.iv"
    assert explained["looks_at"] == ["prior_treatment.last_dose_on", "as_of"]
    assert [one["number"] for one in explained["readings"]] == ["R2", "R3", "R4", "R5", "R8", "R27"]
    assert explained["readings"][0] == READINGS["R2"]._asdict()
    assert (explained["clauses"], explained["documentation_required"]) == ([], False)


@pytest.mark.parametrize(
    ("citation", "needs", "clauses"),
    [
        ("1.A.iii", "one of", ["1.A.iii.a", "1.A.iii.b", "1.A.iii.c", "1.A.iii.d"]),
        ("1.A", "all of", ["1.A.i", "1.A.ii", "1.A.iii", "1.A.iv"]),
        ("1.B", "3 doses with the dosing of Dosing.B", ["1.B.i", "1.B.ii", "1.B.iii", "1.B.iv", "1.B.v"]),
        ("NR.3", "known not to apply", []),
        ("NR.5", "criterion 1", []),
    ],
)
def test_a_clause_names_its_sub_clauses(citation: str, needs: str, clauses: list[str]) -> None:
    explained = explain(citation, EDITIONS[0])
    assert needs in explained.needs
    assert [one for one, _ in explained.clauses] == clauses


def test_every_clause_of_every_edition_is_explained() -> None:
    for one in EDITIONS:
        for citation in (*one.by_citation, "NR.5"):
            explained = explain(citation, one)
            assert explained.citation == citation
            assert explained.paraphrase
            assert explained.needs
            assert "\n".join(explained.lines()).count(citation) >= 1


def test_case_and_spaces_do_not_matter() -> None:
    assert explain(" 1.a.III.D (3) ", EDITIONS[0]).citation == "1.A.iii.d(3)"


def test_an_unknown_citation_names_the_nearest(run: Callable[..., Ran]) -> None:
    status, text, errors = run("1.A.iii.e")
    assert (status, text, len(errors)) == (2, "", 1)
    assert "'1.A.iii.e'" in errors[0]
    assert "1.A.iii.a" in errors[0] or "1.A.iii.d" in errors[0]
    with pytest.raises(NotFound, match="closest are"):
        explain("", EDITIONS[0])


def test_an_edition_is_named_by_its_review_date(run: Callable[..., Ran]) -> None:
    status, text, _ = run("1.A.iii.b", "--edition", "2024-10-09")
    assert status == 0
    assert "Policy version 2024-10-09, reconstructed from the history table" in text
    assert "used before" in text
    status, _, errors = run("1.A.iii.c", "--edition", "2024-10-09")
    assert (status, len(errors)) == (2, 1), "a clause that the edition lacks"
    status, _, errors = run("1.A", "--edition", "2024-10-10")
    assert (status, len(errors)) == (2, 1)
    assert "2025-07-23, 2024-10-16, 2024-10-09, 2023-11-15" in errors[0]


def test_without_a_citation_the_outline_is_printed(run: Callable[..., Ran]) -> None:
    status, text, _ = run()
    edition, *clauses = text.splitlines()
    cited = [line.split()[0] for line in clauses]
    assert (status, edition) == (0, "Policy version 2025-07-23, from the text")
    assert cited == [*EDITIONS[0].by_citation, "NR.5"]
    _, as_json, _ = run("--json")
    assert [one["citation"] for one in json.loads(as_json)] == cited


def test_a_rebuilt_edition_says_so_in_its_outline(run: Callable[..., Ran]) -> None:
    _, text, _ = run("--edition", "2023-11-15")
    assert text.startswith("Policy version 2023-11-15, reconstructed from the history table\n")
    _, as_json, _ = run("--edition", "2023-11-15", "--json")
    assert {(one["edition"], one["provenance"]) for one in json.loads(as_json)} == {("2023-11-15", "reconstructed")}
