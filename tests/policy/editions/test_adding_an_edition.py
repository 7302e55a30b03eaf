"""Adding an edition as domain/policy/README.md describes it: one file, one row, one table of cases; a fifth here."""

from __future__ import annotations

from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from domain.policy import editions
from domain.policy.assessment import assess
from domain.policy.edition import Edition
from domain.policy.editions import KNOWN, edition_2025_07_23, edition_for, edition_named, known_keys
from domain.policy.reassessment import reassess
from tests import ROOT
from tests.policy import fingerprints as rows
from tests.policy.cases import AS_OF, MET, NEWEST, NOT_MET, answer, initial, judge, later, tried
from tests.policy.differences import printed
from tests.policy.fingerprints import complaints, on_record
from tests.policy.questions import questions

FILES = sorted((ROOT / "domain" / "policy" / "editions").glob("edition_*.py"))


def test_every_file_of_an_edition_has_its_row() -> None:
    named = [f"edition_{revisions[0].key.replace('-', '_')}" for revisions in KNOWN]
    assert [one.stem for one in reversed(FILES)] == named


# -- one file, complete, beside the others ---------------------------------------------------------

CHANGES = {
    '"""Edition 2025-07-23, from the text itself': '"""Edition 2026-07-22, made up for a test',
    "date(2025, 7, 23)": "date(2026, 7, 22)",
    "    revision=2,\n    provenance": "    revision=1,\n    provenance",
    '"Aubagio", ': "",
}


@pytest.fixture(scope="module")
def fifth(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    source = Path(edition_2025_07_23.__file__).read_text()
    for before, after in CHANGES.items():
        assert source.count(before) == 1, before
        source = source.replace(before, after)
    source = source.partition("REVISION_1 = ")[0] + "REVISIONS = (EDITION,)\n"
    file = tmp_path_factory.mktemp("policy") / "edition_2026_07_22.py"
    file.write_text(source)
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    (edition,) = module.REVISIONS
    assert isinstance(edition, Edition)
    return edition


# -- one row ---------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def with_its_row(fifth: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editions, "KNOWN", ((fifth,), *KNOWN))


def test_it_is_in_force_from_its_review_date_on(fifth: Edition) -> None:
    assert edition_for(date(2026, 7, 22)) is fifth
    assert edition_for(date(2026, 7, 21)) is NEWEST
    assert edition_named("2026-07-22") is fifth
    assert known_keys() == "2026-07-22, 2025-07-23, 2024-10-16, 2024-10-09, 2023-11-15"


def test_what_it_changed_is_printed(fifth: Edition) -> None:
    assert printed(fifth, NEWEST) == "2026-07-22, unlike 2025-07-23:\n  appendix: - Aubagio"


def test_what_was_determined_before_agrees_as_before() -> None:
    for edition in (one for revisions in KNOWN for one in revisions):
        again = reassess(judge(later(), AS_OF, edition))
        assert (again.holds, again.would_now_differ) == (True, False)


def test_its_rules_get_their_fingerprints(fifth: Edition, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(editions, "KNOWN", ((fifth,),))
    monkeypatch.setattr(rows, "questions", lambda: questions()[::10])
    monkeypatch.setattr(rows, "FILE", tmp_path / "fingerprints.txt")
    rows.FILE.touch()
    assert {one.partition(" has ")[2][:18] for one in complaints(on_record())} == {"no fingerprint yet"}
    rows.add_missing_rows()
    assert complaints(on_record()) == []


# -- one table of cases ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("products", "newer", "before"),
    [
        (("Aubagio", "Avonex"), NOT_MET, MET),
        (("teriflunomide", "Avonex"), NOT_MET, MET),
        (("Gilenya", "Avonex"), MET, MET),
    ],
)
def test_1_A_iii_a_before_and_after_aubagio_left_the_appendix(
    products: tuple[str, ...], newer: str, before: str, fifth: Edition
) -> None:
    facts = initial(agents=tried(*products))
    assert [answer("1.A.iii.a", facts, AS_OF, one) for one in (fifth, NEWEST)] == [newer, before]


def test_an_assessment_under_it_names_it(fifth: Edition) -> None:
    judged = assess(initial(), date(2026, 8, 1), edition_for(date(2026, 8, 1)))
    assert (judged.edition, judged.edition_revision, judged.edition_digest) == ("2026-07-22", 1, fifth.digest)
    assert judged.recommendation == "approve"
    assert reassess(judged).sentence == "Agrees with edition 2026-07-22 revision 1."
