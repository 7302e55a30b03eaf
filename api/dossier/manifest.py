"""The folder of a case file: pages, data, documents, and the checksums of every file.

The folder is a function of the history up to an instant, the documents, the revisions of the editions, and the version
of the renderer. The same input gives the same bytes, and no clock is read.
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
from domain.ledger.durable_folders import new_file
from projections.dossier.case_file import AppealDossier, CaseDocument

RENDERER: Final = "3"
"""The version of the renderer. It must be raised if the same case file is written differently than before."""

LIBRARIES: Final = ("fpdf2", "fonttools", "jinja2")
"""Libraries whose versions can change the bytes."""

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
"""A function from the SHA-256 of a document to its bytes in pieces, verified as they are read."""


@dataclass(frozen=True, slots=True)
class FolderFile:
    """One file of the folder. Its pieces are read once, when the file is written."""

    path: str
    size_bytes: int
    sha256: str
    pieces: Callable[[], Iterable[bytes]]


def html_page(dossier: AppealDossier, links: Links | None = None) -> bytes:
    """Returns the case file as HTML."""
    return as_html(case_file(dossier, _about_files(), links))


def pdf_file(dossier: AppealDossier) -> bytes:
    """Returns the case file as a PDF."""
    return _as_pdf(case_file(dossier, _about_files()), dossier.known_at)


def _as_pdf(case: CaseFile, known_at: datetime) -> bytes:
    from api.dossier.pdf import as_pdf  # noqa: PLC0415  (slow to import, and a server starts without it)

    return as_pdf(case, known_at)


def entries(dossier: AppealDossier, documents: DocumentBytes) -> Iterator[FolderFile]:
    """Yields every file of the folder, the checksums last."""
    case = case_file(dossier, _about_files())
    contents = {
        "dossier.html": as_html(case),
        "dossier.pdf": _as_pdf(case, dossier.known_at),
        "dossier.json": as_json(dossier),
        SCHEMA_FILE: published_schema(),
    }
    files = [_entry(path, content) for path, content in contents.items()]
    files += [_document(one, documents) for one in dossier.documents]
    files.append(_entry(MANIFEST, _manifest(dossier, files)))
    yield from files
    yield _entry(SUMS, "".join(f"{one.sha256}  {one.path}\n" for one in files).encode())


def _entry(path: str, content: bytes) -> FolderFile:
    return FolderFile(path, len(content), hashlib.sha256(content).hexdigest(), lambda: (content,))


def _document(one: CaseDocument, documents: DocumentBytes) -> FolderFile:
    document = one.on_record.document
    return FolderFile(one.file, document.size_bytes, document.sha256, lambda: documents(document.sha256))


def _manifest(dossier: AppealDossier, files: list[FolderFile]) -> bytes:
    media_types = {one.file: one.on_record.document.media_type for one in dossier.documents}
    return (
        to_json(
            {
                "format": dossier.format,
                "renderer": {"version": RENDERER, "libraries": {name: version(name) for name in LIBRARIES}},
                "appeal_id": dossier.appeal_id,
                "request_id": dossier.request_id,
                "known_at": dossier.known_at,
                "history_version": dossier.history_version,
                "time_zone": dossier.time_zone,
                "editions": [one.model_dump(mode="json") for one in dossier.editions],
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


def write_folder(dossier: AppealDossier, documents: DocumentBytes, target: Path) -> list[FolderFile]:
    """Writes the complete folder, readable only by its owner, or nothing. Returns its files.

    Raises InvalidCommand if the target is a file or a folder that is not empty, or cannot be written.
    """
    check_folder_is_free(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(mkdtemp(prefix=".case-file-", dir=target.parent))
    except OSError as error:
        raise _not_writable(error) from None
    try:
        written = list(entries(dossier, documents))
        for one in written:
            _write(temporary / one.path, one.pieces())
        if target.is_dir():
            target.rmdir()
        temporary.rename(target)
    except OSError as error:
        raise _not_writable(error) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return written


def check_folder_is_free(target: Path) -> None:
    """Raises InvalidCommand if the target is a file, or a folder that is not empty."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise InvalidCommand(
            "a file with this name already exists", field="--output", remedy="give the name of a new folder"
        )
    if target.is_dir() and any(target.iterdir()):
        raise InvalidCommand(
            "the folder is not empty", field="--output", remedy="give an empty folder or the name of a new folder"
        )


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with new_file(path) as file:
        for piece in pieces:
            file.write(piece)


def _not_writable(error: OSError) -> InvalidCommand:
    reason = error.strerror or type(error).__name__
    return InvalidCommand(
        f"the folder can't be written: {reason}", field="--output", remedy="give a folder on a disk with free space"
    )


FIRST_DAY_OF_ZIP: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP file can hold. Every entry has it, so that the bytes do not depend on a clock."""


def write_zip(dossier: AppealDossier, documents: DocumentBytes, into: IO[bytes]) -> None:
    """Writes the same files as one ZIP file.

    The files are not compressed, because compressed bytes depend on the library of the machine.
    """
    with ZipFile(into, "w", ZIP_STORED) as archive:
        for one in entries(dossier, documents):
            info = ZipInfo(one.path, FIRST_DAY_OF_ZIP)
            info.create_system, info.external_attr = 3, 0o100600 << 16
            info.file_size = one.size_bytes
            with archive.open(info, "w") as file:
                for piece in one.pieces():
                    file.write(piece)
