"""The case file through both doors: over HTTP, and on the command line."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from domain.ledger.application import open_ledger
from domain.ledger.schema import upgrade
from tests.api.callers import client_of
from tests.api.dossier.test_dossier_replay import run
from tests.api.routes.commands.acts import PDF, Api, refused
from tests.clock import Clock
from tests.conftest import NOON, ZONE, seeded

GARBAGE = b"%PDF-1.7 and nothing that was sent"


def appealed(api: Api) -> tuple[str, str]:
    """A patient with an appealed denial and a document: the ids of the patient and of the appeal."""
    patient = api.opened()
    appeal = api.appealed(api.denied(patient))
    document = api.stored(patient)
    api.did_to(appeal, "evidence", received_at="2026-04-28T15:30:00Z", documents=[document])
    return patient, appeal


def unpacked(content: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# -- over HTTP --------------------------------------------------------------------------------


def test_over_http_the_folder_comes_in_one_file(api: Api) -> None:
    _, appeal = appealed(api)
    answer = api.client.get(f"/appeals/{appeal}/dossier")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    files = unpacked(answer.content)
    assert files["documents/f1.pdf"] == PDF
    assert {"dossier.html", "dossier.pdf", "dossier.json", "manifest.json", "SHA256SUMS"} < set(files)
    assert answer.headers["content-length"] == str(len(answer.content))


def test_over_http_each_rendering_is_the_folders_own(api: Api) -> None:
    _, appeal = appealed(api)
    files = unpacked(api.client.get(f"/appeals/{appeal}/dossier").content)
    assert api.client.get(f"/appeals/{appeal}/dossier.pdf").content == files["dossier.pdf"]
    assert api.client.get(f"/appeals/{appeal}/dossier.json").content == files["dossier.json"]
    page = api.client.get(f"/appeals/{appeal}/dossier.html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    (link,) = re.findall(r'href="(/[^"]+)"', page.text)
    assert api.client.get(link).content == PDF
    assert page.text.replace(link, "documents/f1.pdf").encode() == files["dossier.html"]


def test_over_http_days_pass_and_the_case_file_stays(api: Api, clock: Clock) -> None:
    patient, appeal = appealed(api)
    first = api.client.get(f"/appeals/{appeal}/dossier")
    clock.advance(timedelta(days=45))
    before = clock.at.isoformat()
    clock.advance(timedelta(days=45))
    again = api.client.get(f"/appeals/{appeal}/dossier")
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    held = {"If-None-Match": first.headers["etag"]}
    assert api.client.get(f"/appeals/{appeal}/dossier", headers=held).status_code == 304
    api.dosed(patient, "2026-07-01")
    assert api.client.get(f"/appeals/{appeal}/dossier").content != first.content
    assert api.client.get(f"/appeals/{appeal}/dossier", params={"known_at": before}).content == first.content


@pytest.mark.parametrize("suffix", ["", ".html", ".pdf", ".json"])
def test_over_http_what_is_no_appeal_has_no_case_file(api: Api, suffix: str) -> None:
    _, appeal = appealed(api)
    refused(api.client.get(f"/appeals/{appeal[:-1]}9/dossier{suffix}"), 404, "appeal_id")
    refused(api.client.get(f"/appeals/nothing/dossier{suffix}"), 422)
    early = {"known_at": "2001-01-01T00:00:00Z"}
    refused(api.client.get(f"/appeals/{appeal}/dossier{suffix}", params=early), 404, "known_at")


def test_over_http_no_address_and_no_header_names_the_patient(api: Api) -> None:
    _, appeal = appealed(api)
    for suffix in ("", ".html", ".pdf", ".json"):
        answer = api.client.get(f"/appeals/{appeal}/dossier{suffix}")
        assert not re.search("alma|synthetic", str(dict(answer.headers)), re.IGNORECASE)
        assert answer.headers["cache-control"] == "private, no-cache"


# -- on the command line ----------------------------------------------------------------------


@pytest.fixture
def told_at(tmp_path: Path) -> tuple[str, str]:
    """The URL of a ledger, and an appeal in it."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    upgrade(url, zone=ZONE, entropy=seeded(0))
    with (
        open_ledger(url, clock=Clock(NOON), entropy=seeded(1)) as ledger,
        client_of(ledger) as client,
    ):
        return url, appealed(Api(client, ledger))[1]


def test_on_the_command_line_the_folder_is_written(told_at: tuple[str, str], tmp_path: Path) -> None:
    url, appeal = told_at
    said = run("dossier", appeal, "--output", str(tmp_path / "file"), "--database", url).stdout
    assert "sha256sum -c SHA256SUMS" in said
    assert "7 files" in said
    assert (tmp_path / "file" / "documents" / "f1.pdf").read_bytes() == PDF
    again = json.loads(run("dossier", appeal, "--output", str(tmp_path / "two"), "--database", url, "--json").stdout)
    for one in again["files"]:
        assert (tmp_path / "two" / one["path"]).read_bytes() == (tmp_path / "file" / one["path"]).read_bytes()


def test_on_the_command_line_a_full_folder_is_left_as_it_is(told_at: tuple[str, str], tmp_path: Path) -> None:
    url, appeal = told_at
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    refusal = run("dossier", appeal, "--output", str(tmp_path / "full"), "--database", url, status=2).stderr
    assert (
        refusal
        == "the folder is not empty (--output); no file was written: give an empty folder or the name of a new folder\n"
    )
    assert [one.name for one in (tmp_path / "full").iterdir()] == ["mine"]


def test_on_the_command_line_a_damaged_document_stops_it(told_at: tuple[str, str], tmp_path: Path) -> None:
    url, appeal = told_at
    (stored,) = [one for one in tmp_path.rglob("*") if one.is_file() and one.read_bytes() == PDF]
    stored.chmod(0o600)
    stored.write_bytes(GARBAGE)
    refusal = run("dossier", appeal, "--output", str(tmp_path / "file"), "--database", url, status=2).stderr
    assert "damaged" in refusal
    assert not (tmp_path / "file").exists()


def test_on_the_command_line_wrong_use_is_one_line(told_at: tuple[str, str], tmp_path: Path) -> None:
    url, appeal = told_at
    target = str(tmp_path / "file")
    assert "APPEAL" in run("dossier", "nonsense", "--output", target, "--database", url, status=2).stderr
    assert "APPEAL" in run("dossier", f"{appeal[:-1]}9", "--output", target, "--database", url, status=2).stderr
    assert "Example:" in run("dossier", "--help").stdout
