"""The case file rendered: byte for byte as it was, the same on every day, and read back."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from jsonschema_rs import validator_for
from pypdf import PdfReader

from api.dossier import manifest
from api.dossier.contents import case_file
from api.dossier.html import as_html
from api.dossier.json import as_json, present_schema, published_schema
from api.dossier.lines import shown, wrapped
from api.dossier.pdf import as_pdf
from domain.errors import InvalidCommand
from domain.ledger.errors import DocumentDamaged
from domain.policy.assessment import NOT_LISTED
from domain.policy.editions import edition_named
from projections.dossier.case_file import AppealDossier, appeal_dossier
from tests import ROOT
from tests.api.dossier.golden_dossiers import APPEAL, golden, kept, rendered, stored_events
from tests.story import ZONE
from tests.story.cases import CASES, bytes_of

AGAIN = "it is another now; if that is meant, look at it and run: python -m tests.api.dossier.golden_dossiers"
NAMES = ("Alma", "Synthetic", "Łukasz", "Żółć")


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def files(case: str) -> dict[str, bytes]:
    return rendered(case)


@pytest.fixture(scope="module")
def pages(files: dict[str, bytes]) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(files["dossier.pdf"])).pages]


# -- byte for byte ----------------------------------------------------------------------------


def test_the_case_file_is_the_one_that_is_kept(case: str, files: dict[str, bytes]) -> None:
    expected = kept(case)
    assert set(files) == set(expected)
    assert [path for path in sorted(files) if files[path] != expected[path]] == [], AGAIN


ON_ANOTHER_DAY = """
import datetime, sys, time
import fpdf.fpdf
shift, real, day = int(sys.argv[1]) * 86400, time.time, datetime.datetime
time.time = lambda: real() + shift
class Any(type):
    def __instancecheck__(cls, value):
        return isinstance(value, day)
class Then(day, metaclass=Any):
    @classmethod
    def now(cls, tz=None):
        return day.fromtimestamp(time.time(), tz)
fpdf.fpdf.datetime = Then
from pathlib import Path
from api.dossier.manifest import write_folder
from tests.api.dossier.golden_dossiers import golden
from tests.story.cases import bytes_of
write_folder(golden("overturned"), bytes_of, Path(sys.argv[2]))
"""


def test_other_processes_on_other_days_write_the_same_bytes(tmp_path: Path) -> None:
    def started(seed: str, days: str, zone: str) -> subprocess.Popen[bytes]:
        root = str(ROOT)
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": root, "TZ": zone}
        command = [sys.executable, "-c", ON_ANOTHER_DAY, days, seed]
        return subprocess.Popen(command, cwd=tmp_path, env=environment)

    both = started("1", "400", "Asia/Tokyo"), started("2", "-400", "America/Los_Angeles")
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    for folder in (tmp_path / "1", tmp_path / "2"):
        written = {one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*") if one.is_file()}
        assert written == kept("overturned")


def test_one_more_event_is_another_case_file() -> None:
    events = stored_events("overturned")
    before = appeal_dossier(events[:-1], APPEAL, ZONE)
    assert as_json(before) != as_json(golden("overturned"))
    assert manifest.html_page(before) != manifest.html_page(golden("overturned"))


# -- the sums, the manifest, the data ---------------------------------------------------------


def test_every_file_has_its_sum(files: dict[str, bytes]) -> None:
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert set(sums) == set(files) - {"SHA256SUMS"}
    assert sums == {path: hashlib.sha256(files[path]).hexdigest() for path in sums}


def test_the_manifest_says_what_it_was_made_from(case: str, files: dict[str, bytes]) -> None:
    said = json.loads(files["manifest.json"])
    told = golden(case)
    assert (said["history_version"], said["appeal_id"]) == (told.history_version, told.appeal_id)
    assert [(one["key"], one["digest"]) for one in said["editions"]] == [(one.key, one.digest) for one in told.editions]
    assert said["renderer"]["version"] == manifest.RENDERER
    sizes = {one["path"]: one["size_bytes"] for one in said["files"]}
    assert sizes == {
        path: len(content) for path, content in files.items() if path not in ("manifest.json", "SHA256SUMS")
    }


def test_the_data_is_the_value_and_fits_the_published_schema(case: str, files: dict[str, bytes]) -> None:
    data = json.loads(files["dossier.json"])
    schema = json.loads(files["dossier.schema.json"])
    validator_for(schema).validate(data)
    assert data["format"] == "lemtrada-appeal-dossier/1"
    assert AppealDossier.model_validate_json(files["dossier.json"]) == golden(case)
    broken = data | {"deadlines": "none"}
    assert not validator_for(schema).is_valid(broken)


def test_the_published_schema_is_the_present_one() -> None:
    assert published_schema() == present_schema(), AGAIN


# -- the PDF, read back -----------------------------------------------------------------------


def test_the_pdf_holds_every_clause_every_reading_and_every_event(case: str, pages: list[str]) -> None:
    told, text = golden(case), " ".join("\n".join(pages).split())
    applied = edition_named(told.determination.recorded.edition or "")
    assert [one for one in (*applied.by_citation, NOT_LISTED) if one not in text] == []
    assert [one.number for one in told.readings if not re.search(rf"\b{one.number}\b", text)] == []
    assert [one.title for one in told.timeline if one.title not in text] == []
    assert [one.paraphrase for one in told.clauses if one.paraphrase not in text] == []
    assert [one.answer for one in told.readings if one.answer not in text] == []


def test_the_pdf_names_every_document_by_its_hash(case: str, pages: list[str]) -> None:
    text = "".join("".join(pages).split())
    told = golden(case)
    assert [one.file for one in told.documents if one.on_record.document.sha256 not in text] == []


def test_the_pdf_writes_names_in_other_letters_and_marks_what_its_font_lacks() -> None:
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(kept("overturned")["dossier.pdf"])).pages)
    assert "Łukasz Żółć" in text
    assert "[U+75C5][U+9662]" in text


def test_the_pdf_is_on_letter_paper_with_a_fixed_date_and_names_nobody_outside_its_pages(
    case: str, files: dict[str, bytes]
) -> None:
    told, reader = golden(case), PdfReader(BytesIO(files["dossier.pdf"]))
    assert {(float(page.mediabox.width), float(page.mediabox.height)) for page in reader.pages} == {(612.0, 792.0)}
    assert reader.metadata is not None
    assert reader.metadata.title == "Appeal case file"
    assert reader.metadata.creation_date == told.known_at.replace(microsecond=0)
    assert not [name for name in NAMES if name in str(dict(reader.metadata))]
    assert [one.title for one in reader.outline] == [one.title for one in case_file(told, ()).sections]  # type: ignore[union-attr]


def test_the_index_names_the_page_of_every_section(case: str, pages: list[str]) -> None:
    for section in case_file(golden(case), ()).sections:
        (page,) = re.findall(rf"{re.escape(section.title)}\s+(\d+)\b", pages[0])[:1]
        assert section.title in pages[int(page) - 1]


def test_a_row_higher_than_a_page_goes_on_over_the_page() -> None:
    told = golden("upheld")
    long = " ".join(f"word{number}" for number in range(2_000))
    appeal = told.appeal.model_copy(update={"grounds": long})
    case = case_file(told.model_copy(update={"appeal": appeal}), ())
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(as_pdf(case, told.known_at))).pages)
    assert [number for number in range(2_000) if f"word{number}" not in text] == []


def test_a_character_that_the_font_lacks_is_shown_by_its_number() -> None:
    assert shown("Ł 中\nb", {ord(one) for one in "Ł b"}) == "Ł [U+4E2D]\nb"


def test_words_are_wrapped_at_spaces_and_a_wide_one_where_the_line_ends() -> None:
    def width(text: str) -> float:
        return len(text)

    assert wrapped("one two three", 7, width) == ["one two", "three"]
    assert wrapped("to abcdefghij of", 4, width) == ["to", "abcd", "efgh", "ij", "of"]
    assert wrapped("one\ntwo", 9, width) == ["one", "two"]
    assert wrapped("", 4, width) == [""]


# -- the page ---------------------------------------------------------------------------------


def test_the_page_says_what_the_pdf_says(case: str, files: dict[str, bytes]) -> None:
    text = re.sub(r"<[^>]+>", " ", files["dossier.html"].decode())
    told = golden(case)
    assert [one.citation for one in told.clauses if one.citation not in text] == []
    assert [one.number for one in told.readings if one.number not in text] == []
    assert [one.file for one in told.documents if one.on_record.document.sha256 not in text] == []


def test_the_page_runs_nothing_and_asks_no_other_host(files: dict[str, bytes]) -> None:
    page = files["dossier.html"].decode()
    assert not re.search(r"<script|\son\w+=|https?:|//|@import|<(?:img|link|iframe|object)\b", page)
    assert "<title>Appeal case file</title>" in page
    assert set(re.findall(r'href="([^"#][^"]*)"', page)) <= set(files)


def test_what_people_wrote_is_text_and_never_markup() -> None:
    told = golden("upheld")
    appeal = told.appeal.model_copy(update={"grounds": "<script>alert(1)</script> & more"})
    page = as_html(case_file(told.model_copy(update={"appeal": appeal}), ())).decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page


# -- the folder -------------------------------------------------------------------------------


def test_the_folder_is_its_owners_and_passes_its_own_check(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder"
    manifest.write_folder(golden("overturned"), bytes_of, target)
    assert target.stat().st_mode & 0o077 == 0
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=target, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert [one.name for one in target.parent.iterdir()] == ["folder"]


def test_an_empty_folder_is_filled_and_a_full_one_refused(tmp_path: Path) -> None:
    told, empty = golden("upheld"), tmp_path / "empty"
    empty.mkdir()
    manifest.write_folder(told, bytes_of, empty)
    before = sorted(empty.rglob("*"))
    with pytest.raises(InvalidCommand) as refused:
        manifest.write_folder(told, bytes_of, empty)
    assert refused.value.field == "--output"
    assert sorted(empty.rglob("*")) == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InvalidCommand):
        manifest.write_folder(told, bytes_of, tmp_path / "file")
    with pytest.raises(InvalidCommand):
        manifest.write_folder(told, bytes_of, tmp_path / "file" / "inside")


def test_a_damaged_document_leaves_nothing_behind(tmp_path: Path) -> None:
    def damaged(_sha256: str) -> Any:
        yield b"%PDF-1.4 half"
        raise DocumentDamaged

    with pytest.raises(DocumentDamaged):
        manifest.write_folder(golden("overturned"), damaged, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_zip_holds_the_same_files_and_no_day(case: str, files: dict[str, bytes]) -> None:
    written = BytesIO()
    manifest.write_zip(golden(case), bytes_of, written)
    with ZipFile(written) as archive:
        assert archive.testzip() is None
        assert {one.filename: archive.read(one) for one in archive.infolist()} == files
        assert {(one.date_time, one.create_system) for one in archive.infolist()} == {((1980, 1, 1, 0, 0, 0), 3)}


def test_no_file_is_named_after_anybody(files: dict[str, bytes]) -> None:
    assert [path for path in files for name in NAMES if name.casefold() in path.casefold()] == []
