"""Checks the content of documents: type, size and hash when a document is received, and the hash when it is read.

A document is never in memory as a whole. It is processed in pieces of `PIECE_BYTES`.
"""

from __future__ import annotations

import codecs
import errno
import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Final, Protocol
from uuid import UUID

from domain.errors import InvalidCommand, NotFound
from domain.events.documents import MediaType
from domain.ledger.errors import DocumentDamaged, StoreError

DOCUMENT_BYTES_MAX: Final = 25 * 1024 * 1024
PIECE_BYTES: Final = 256 * 1024
GRACE: Final = timedelta(days=7)
"""How long a document may wait for the event that names it. A user may upload it days before completing the form."""

_SIGNATURES: Final[tuple[tuple[bytes, MediaType], ...]] = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
)

_UNSPECIFIC_TYPES: Final = frozenset({"", "application/octet-stream"})
_TYPE_ALIASES: Final = {"image/jpg": "image/jpeg", "image/tif": "image/tiff", "application/x-pdf": "application/pdf"}
_NO_SPACE_ERRORS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SHA256: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in the store. `media_type` is detected from the content, not taken from the caller."""

    sha256: str
    size_bytes: int
    media_type: MediaType


@dataclass(frozen=True, slots=True)
class Swept:
    """The result of a sweep: removed documents by patient and SHA-256, and the number of removed partial uploads."""

    orphans: tuple[tuple[UUID, str], ...] = ()
    unfinished: int = 0


class Sink(Protocol):
    def write(self, piece: bytes, /) -> object: ...


def receive(
    chunks: Iterable[bytes] | BinaryIO, into: Sink, *, media_type_announced: str | None, sha256_expected: str | None
) -> StoredDocument:
    """Writes a document to `into` piece by piece, and stops reading at the first error.

    Raises InvalidCommand if the document is empty or larger than `DOCUMENT_BYTES_MAX`, if its type is not one of the
    five supported types, or if its type or hash differs from the one that the caller sent.
    """
    if sha256_expected is not None and not _SHA256.fullmatch(sha256_expected.lower()):
        raise _refused("The expected SHA-256 is malformed", "send 64 hexadecimal digits, or leave this field out")
    digest, size, media_type = hashlib.sha256(), 0, None
    text = codecs.getincrementaldecoder("utf-8")()
    for piece in _pieces(chunks):
        size += len(piece)
        if size > DOCUMENT_BYTES_MAX:
            raise _refused(
                f"The document is larger than {DOCUMENT_BYTES_MAX // 1024**2} MiB",
                "split the document, or scan it at a lower resolution",
            )
        first = media_type is None
        media_type = media_type or media_type_of(piece)
        if media_type == "text/plain":
            _check_text(text, piece)
        if first:
            _check_announced(media_type_announced, media_type)
        digest.update(piece)
        with translated_file_errors():
            into.write(piece)
    if media_type is None:
        raise _refused("The document is empty", "send the content of the document")
    if media_type == "text/plain":
        _check_text(text, b"", final=True)
    if sha256_expected is not None and digest.hexdigest() != sha256_expected.lower():
        raise _refused(
            "The document does not have the expected SHA-256", "send the document again: part of it was lost in transit"
        )
    return StoredDocument(digest.hexdigest(), size, media_type)


def media_type_of(beginning: bytes) -> MediaType:
    """The type of a document by its first bytes. Anything without a known signature can only be text."""
    return next((type_ for signature, type_ in _SIGNATURES if beginning.startswith(signature)), "text/plain")


def verified(pieces: Iterable[bytes], sha256: str) -> Iterator[bytes]:
    """The same pieces. The last one is returned only if the hash of all of them is right. Raises DocumentDamaged."""
    digest = hashlib.sha256()
    previous: bytes | None = None
    for piece in pieces:
        digest.update(piece)
        if previous is not None:
            yield previous
        previous = piece
    if previous is None or digest.hexdigest() != sha256:
        raise DocumentDamaged
    yield previous


def pieces_of(file: BinaryIO, size_bytes: int = PIECE_BYTES) -> Iterator[bytes]:
    return iter(lambda: file.read(size_bytes), b"")


@contextmanager
def translated_file_errors() -> Iterator[None]:
    """Inside the block, errors of the file system are raised as StoreError, which names no file."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE_ERRORS:
            raise no_space() from error
        raise StoreError(
            f"The document could not be stored on the file system: {error.strerror}",
            "check that the documents folder belongs to this user and that its disk works",
        ) from error


def no_space() -> StoreError:
    return StoreError(
        "There is no space for the document, and nothing was saved",
        "free space on the disk and send the document again",
    )


def is_hash(sha256: str) -> bool:
    return _SHA256.fullmatch(sha256) is not None


def not_stored() -> NotFound:
    return NotFound(
        "The document was not found for this patient",
        field="document",
        remedy="check the SHA-256, or store the document first",
    )


def _pieces(chunks: Iterable[bytes] | BinaryIO) -> Iterator[bytes]:
    """The content in pieces of PIECE_BYTES; only the last one may be shorter."""
    # Iterating over a file would return its lines, which may have any length.
    given = iter(lambda: chunks.read(PIECE_BYTES), b"") if hasattr(chunks, "read") else chunks
    buffer = bytearray()
    for chunk in given:
        buffer += chunk
        while len(buffer) >= PIECE_BYTES:
            yield bytes(buffer[:PIECE_BYTES])
            del buffer[:PIECE_BYTES]
    if buffer:
        yield bytes(buffer)


def _check_text(decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> None:
    try:
        decoded = decoder.decode(piece, final)
    except UnicodeDecodeError:
        decoded = "\0"
    if "\0" in decoded:
        raise _refused(
            "The document is not a PDF, JPEG, PNG, TIFF or plain text file in UTF-8",
            "save the document as a PDF and send the PDF",
        )


def _check_announced(announced: str | None, media_type: MediaType) -> None:
    name = (announced or "").partition(";")[0].strip().lower()
    if name not in _UNSPECIFIC_TYPES and _TYPE_ALIASES.get(name, name) != media_type:
        raise _refused(
            f"The document is {media_type}, but a different media type was sent",
            f"send the media type {media_type}, or send the correct document",
        )


def _refused(cause: str, remedy: str) -> InvalidCommand:
    return InvalidCommand(cause, field="document", remedy=remedy)
