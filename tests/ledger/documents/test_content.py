"""Which bytes are taken for a document, and that the others are refused before the rest is read."""

from __future__ import annotations

import hashlib
import io
import itertools

import pytest

from domain.errors import InvalidCommand
from domain.ledger.documents.content import DOCUMENT_BYTES_MAX, PIECE_BYTES, StoredDocument, receive, verified
from domain.ledger.errors import DocumentDamaged

TYPES = {
    "application/pdf": b"%PDF-1.7 synthetic",
    "image/jpeg": b"\xff\xd8\xff\xe0 JFIF",
    "image/png": b"\x89PNG\r\n\x1a\n...",
    "image/tiff": b"II*\0....",
    "text/plain": "Alma kann wieder gehen – nach fünf Tagen.".encode(),
}


def received(
    *chunks: bytes, announced: str | None = None, expected: str | None = None, sink: io.BytesIO | None = None
) -> StoredDocument:
    return receive(chunks, sink or io.BytesIO(), media_type_announced=announced, sha256_expected=expected)


@pytest.mark.parametrize("media_type", TYPES)
@pytest.mark.parametrize("announced", ["{}", "{}; charset=utf-8", None, "", "application/octet-stream"])
def test_the_types_that_are_kept(media_type: str, announced: str | None) -> None:
    content = TYPES[media_type]
    for chunks in ([content], [b"", content[:1], content[1:]]):
        sink = io.BytesIO()
        announcement = announced and announced.format(media_type.upper())
        document = received(*chunks, announced=announcement, sink=sink)
        assert document == StoredDocument(hashlib.sha256(content).hexdigest(), len(content), media_type)  # type: ignore[arg-type]
        assert sink.getvalue() == content


@pytest.mark.parametrize("beginning", [b"MM\0*", b"II+\0", b"MM\0+"])
def test_every_kind_of_tiff(beginning: bytes) -> None:
    assert received(beginning, b"....", announced="image/tif").media_type == "image/tiff"


@pytest.mark.parametrize("media_type", TYPES)
def test_a_type_that_contradicts_the_bytes_is_refused(media_type: str) -> None:
    for announced in {*TYPES, "text/html", "made up"} - {media_type}:
        with pytest.raises(InvalidCommand, match=f"is {media_type}, but a different media type was sent") as caught:
            received(TYPES[media_type], announced=announced)
        assert caught.value.field == "document"
        assert "made up" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04\x14\x00 a word processor's file",
        b"MZ\x90\x00 a program",
        b"\x00",
        "für".encode("latin-1"),
        "a letter".encode("utf-16"),
        b"a" * PIECE_BYTES + b"\x00",
        b"a" * PIECE_BYTES + b"\xff",
        "the last character is cut: ü".encode()[:-1],
    ],
    ids=lambda content: repr(content[-20:]),
)
@pytest.mark.parametrize("announced", [None, "text/plain"])
def test_other_types_are_refused(content: bytes, announced: str | None) -> None:
    with pytest.raises(InvalidCommand, match="PDF, JPEG, PNG, TIFF or plain text") as caught:
        received(content, announced=announced)
    assert caught.value.field == "document"


def test_a_character_may_lie_across_two_pieces() -> None:
    assert received(b"a" * (PIECE_BYTES - 1), "ü".encode()).media_type == "text/plain"


@pytest.mark.parametrize("chunks", [[], [b""], [b"", b""]], ids=len)
def test_an_empty_document_is_refused(chunks: list[bytes]) -> None:
    with pytest.raises(InvalidCommand, match="is empty") as caught:
        received(*chunks, expected=hashlib.sha256().hexdigest())
    assert caught.value.field == "document"


def test_the_largest_document_is_taken_and_of_a_larger_one_no_more_is_read() -> None:
    mebibyte, count = b"x" * 1024**2, DOCUMENT_BYTES_MAX // 1024**2
    assert received(*itertools.repeat(mebibyte, count)).size_bytes == DOCUMENT_BYTES_MAX
    with pytest.raises(InvalidCommand, match="larger than 25 MiB") as caught:
        received(*itertools.repeat(mebibyte, count), b"y")
    assert caught.value.field == "document"

    numbers = itertools.count()
    with pytest.raises(InvalidCommand, match="larger than 25 MiB"):
        receive((mebibyte for _ in numbers), io.BytesIO(), media_type_announced=None, sha256_expected=None)
    assert next(numbers) <= count + 1


def test_of_a_wrong_type_no_more_is_read() -> None:
    file = io.BytesIO(TYPES["application/pdf"] + bytes(10 * PIECE_BYTES))
    with pytest.raises(InvalidCommand, match="but a different media type was sent"):
        receive(file, io.BytesIO(), media_type_announced="image/png", sha256_expected=None)
    assert file.tell() == PIECE_BYTES


def test_bytes_of_another_hash_are_refused() -> None:
    content = TYPES["application/pdf"]
    assert received(content, expected=hashlib.sha256(content).hexdigest().upper()).size_bytes == len(content)
    with pytest.raises(InvalidCommand, match="does not have the expected SHA-256") as caught:
        received(content, expected=hashlib.sha256(b"another").hexdigest())
    assert caught.value.field == "document"
    with pytest.raises(InvalidCommand, match="64 hexadecimal digits"):
        received(content, expected="abc")


def test_the_last_piece_waits_for_the_hash_of_all() -> None:
    pieces = [b"one", b"two", b"three"]
    right = hashlib.sha256(b"onetwothree").hexdigest()
    assert list(verified(pieces, right)) == pieces
    for damaged in ([b"one", b"two", b"three!"], pieces[:2], [], [b"onetwothree", b"!"]):
        told: list[bytes] = []
        with pytest.raises(DocumentDamaged):
            told.extend(verified(damaged, right))
        assert told == damaged[:-1]
