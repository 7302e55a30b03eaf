"""The folder of a case file: pages, data, documents, and the sums by which every byte of it is checked.

It is a function of the history up to a moment, the documents, the revisions of the editions
and the renderer's version: the same input gives the same bytes, and no clock is read.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from pydantic_core import to_json

from api.dossier.blocks import CaseFile
from api.dossier.contents import Links, case_file
from api.dossier.html import as_html
from api.dossier.json import SCHEMA_FILE, as_json, published_schema
from domain.errors import InvalidCommand
from projections.dossier.case_file import AppealDossier, CaseDocument

RENDERER: Final = "2"
"""Raised when the same case file is to be written otherwise."""

LIBRARIES: Final = ("fpdf2", "fonttools", "jinja2")
"""Whose versions the bytes may depend on."""

FILES: Final = (
    ("dossier.html", "the case file as a page for screen or print"),
    ("dossier.pdf", "the same content as a PDF"),
    ("dossier.json", "the same content as data, with all assessments"),
    (SCHEMA_FILE, "the JSON Schema of the data"),
    ("documents", "every document exactly as received"),
    ("manifest.json", "every file with its size and SHA-256, and the sources of the case file"),
    ("SHA256SUMS", "the same checksums, for sha256sum -c"),
)
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
MEDIA_TYPES: Final = {"html": "text/html", "pdf": "application/pdf", "json": "application/json"}

DocumentBytes = Callable[[str], Iterable[bytes]]
"""The pieces of the document with this SHA-256, checked against it as they are read."""


@dataclass(frozen=True, slots=True)
class FolderFile:
    """One file of the folder; the pieces are read once, when it is written."""

    path: str
    size_bytes: int
    sha256: str
    pieces: Callable[[], Iterable[bytes]]


def page(told: AppealDossier, links: Links | None = None) -> bytes:
    return as_html(case_file(told, _about_files(), links))


def print_file(told: AppealDossier) -> bytes:
    return _as_pdf(case_file(told, _about_files()), told.known_at)


def _as_pdf(case: CaseFile, known_at: datetime) -> bytes:
    from api.dossier.pdf import as_pdf  # noqa: PLC0415  (slow to import, and a server starts without it)

    return as_pdf(case, known_at)


def entries(told: AppealDossier, documents: DocumentBytes) -> Iterator[FolderFile]:
    """Every file of the folder, the sums last."""
    case = case_file(told, _about_files())
    made = {
        "dossier.html": as_html(case),
        "dossier.pdf": _as_pdf(case, told.known_at),
        "dossier.json": as_json(told),
        SCHEMA_FILE: published_schema(),
    }
    found = [_entry(path, content) for path, content in made.items()]
    found += [_document(one, documents) for one in told.documents]
    found.append(_entry(MANIFEST, _manifest(told, found)))
    yield from found
    yield _entry(SUMS, "".join(f"{one.sha256}  {one.path}\n" for one in found).encode())


def _entry(path: str, content: bytes) -> FolderFile:
    return FolderFile(path, len(content), hashlib.sha256(content).hexdigest(), lambda: (content,))


def _document(one: CaseDocument, documents: DocumentBytes) -> FolderFile:
    named = one.on_record.document
    return FolderFile(one.file, named.size_bytes, named.sha256, lambda: documents(named.sha256))


def _manifest(told: AppealDossier, files: list[FolderFile]) -> bytes:
    media_types = {one.file: one.on_record.document.media_type for one in told.documents}
    return (
        to_json(
            {
                "format": told.format,
                "renderer": {"version": RENDERER, "libraries": {name: version(name) for name in LIBRARIES}},
                "appeal_id": told.appeal_id,
                "request_id": told.request_id,
                "known_at": told.known_at,
                "history_version": told.history_version,
                "time_zone": told.time_zone,
                "editions": [one.model_dump(mode="json") for one in told.editions],
                "files": [
                    {
                        "path": one.path,
                        "size_bytes": one.size_bytes,
                        "sha256": one.sha256,
                        "media_type": media_types.get(one.path) or MEDIA_TYPES[one.path.rpartition(".")[2]],
                    }
                    for one in files
                ],
            },
            indent=1,
        )
        + b"\n"
    )


def _about_files() -> tuple[tuple[str, str], ...]:
    return (*FILES, ("Renderer", f"version {RENDERER}"))


# -- on disk, and in one file ---------------------------------------------------------------------


def write_folder(told: AppealDossier, documents: DocumentBytes, target: Path) -> list[FolderFile]:
    """Writes the folder whole or not at all, readable by its owner alone.

    Raises InvalidCommand where something is there already, or the place can't be written to.
    """
    _check_free(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        being_made = Path(mkdtemp(prefix=".case-file-", dir=target.parent))
    except OSError as error:
        raise _not_writable(error) from None
    try:
        written = list(entries(told, documents))
        for one in written:
            _write(being_made / one.path, one.pieces())
        if target.is_dir():
            target.rmdir()
        being_made.rename(target)
    except OSError as error:
        raise _not_writable(error) from None
    finally:
        shutil.rmtree(being_made, ignore_errors=True)
    return written


def _check_free(target: Path) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise InvalidCommand(
            "a file with this name already exists", field="--output", remedy="give the name of a new folder"
        )
    if target.is_dir() and any(target.iterdir()):
        raise InvalidCommand(
            "the folder is not empty", field="--output", remedy="give an empty folder or the name of a new folder"
        )


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("xb") as file:
        for piece in pieces:
            file.write(piece)


def _not_writable(error: OSError) -> InvalidCommand:
    reason = error.strerror or type(error).__name__
    return InvalidCommand(
        f"the folder can't be written: {reason}", field="--output", remedy="give a folder on a disk with free space"
    )


FIRST_DAY_OF_ZIP: Final = (1980, 1, 1, 0, 0, 0)


def write_zip(told: AppealDossier, documents: DocumentBytes, into: IO[bytes]) -> None:
    """The same files in one, none compressed: what a library compresses depends on the machine."""
    with ZipFile(into, "w", ZIP_STORED) as archive:
        for one in entries(told, documents):
            info = ZipInfo(one.path, FIRST_DAY_OF_ZIP)
            info.create_system, info.external_attr = 3, 0o100600 << 16
            info.file_size = one.size_bytes
            with archive.open(info, "w") as file:
                for piece in one.pieces():
                    file.write(piece)
