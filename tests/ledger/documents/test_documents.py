"""Documents: what is kept, under which hash, and that no byte of a damaged one passes for the document."""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import UUID

import pytest

from domain.errors import InvalidCommand, NotFound
from domain.ledger.documents.store import (
    DOCUMENT_BYTES_MAX,
    GRACE,
    PIECE_BYTES,
    DocumentStore,
    StoredDocument,
    Swept,
)
from domain.ledger.errors import DocumentDamaged
from tests.ledger.conftest import OpenDocuments
from tests.ledger.documents.document_storage import Shelf

ALMA, BENO = UUID(int=1), UUID(int=2)
PDF = b"%PDF-1.7 synthetic"
NOTE = "Alma kann wieder gehen – nach fünf Tagen.".encode()
SCAN = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4096 + b"the end"
"""A little more than four pieces."""

LONG_ENOUGH = GRACE + timedelta(hours=1)


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(documents: DocumentStore, content: bytes = PDF, patient_id: UUID = ALMA) -> str:
    return documents.put(patient_id, [content]).sha256


def read(documents: DocumentStore, sha256: str, patient_id: UUID = ALMA) -> bytes:
    return b"".join(documents.open(patient_id, sha256))


# -- what goes in comes out -------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [[1], [7, 0, 300_000], [10_000_000]], ids=str)
def test_a_document_comes_back_byte_for_byte_however_it_was_sent(
    documents: DocumentStore, sizes: list[int], shelf: Shelf
) -> None:
    def in_chunks() -> Iterator[bytes]:
        source, turns = io.BytesIO(SCAN), itertools.cycle(sizes)
        while source.tell() < len(SCAN):
            yield source.read(next(turns) if sizes != [1] or source.tell() < 20 else len(SCAN))

    stored = documents.put(ALMA, in_chunks(), media_type_announced="image/png", sha256_expected=hash_of(SCAN).upper())
    assert stored == StoredDocument(hash_of(SCAN), len(SCAN), "image/png")
    assert read(documents, stored.sha256) == SCAN
    assert documents.size(ALMA, stored.sha256) == len(SCAN)
    assert documents.renew(ALMA, stored.sha256) == stored
    assert shelf.unfinished() == 0


def test_a_file_is_read_in_pieces_and_not_by_its_lines(documents: DocumentStore) -> None:
    assert documents.put(ALMA, io.BytesIO(SCAN)).sha256 == hash_of(SCAN)
    assert {len(piece) for piece in documents.open(ALMA, hash_of(SCAN))} == {PIECE_BYTES, len(SCAN) % PIECE_BYTES}


@pytest.mark.parametrize("size", [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES])
def test_a_document_around_the_size_of_a_piece(documents: DocumentStore, size: int) -> None:
    content = b"x" * size
    assert read(documents, put(documents, content)) == content


def test_the_same_document_again_is_one_document(documents: DocumentStore, shelf: Shelf) -> None:
    first = documents.put(ALMA, [SCAN])
    assert documents.put(ALMA, io.BytesIO(SCAN), media_type_announced="image/png") == first
    assert shelf.content() == {(ALMA, first.sha256): SCAN}
    assert shelf.unfinished() == 0


def test_a_document_belongs_to_its_patient_alone(documents: DocumentStore, shelf: Shelf) -> None:
    sha256 = put(documents)
    assert documents.exists(ALMA, sha256)
    assert not documents.exists(BENO, sha256)
    for ask in (documents.open, documents.size, documents.renew):
        with pytest.raises(NotFound, match="The document was not found"):
            ask(BENO, sha256)
    put(documents, patient_id=BENO)
    assert shelf.content() == {(ALMA, sha256): PDF, (BENO, sha256): PDF}


@pytest.mark.parametrize("name", ["", "../ledger.sqlite", "A" * 64, "a" * 63, "a" * 64 + "\n", "%", "a/../" * 8])
def test_what_is_no_hash_is_no_document(documents: DocumentStore, name: str) -> None:
    put(documents)
    assert not documents.exists(ALMA, name)
    for ask in (documents.open, documents.size, documents.renew):
        with pytest.raises(NotFound):
            ask(ALMA, name)


def test_a_document_is_never_whole_in_memory(documents: DocumentStore) -> None:
    pieces = 40
    documents.exists(ALMA, "0" * 64)
    tracemalloc.start()
    try:
        stored = documents.put(ALMA, (bytes([65 + number]) * PIECE_BYTES for number in range(pieces)))
        assert sum(len(piece) for piece in documents.open(ALMA, stored.sha256)) == stored.size_bytes
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stored.size_bytes == pieces * PIECE_BYTES
    assert peak < stored.size_bytes / 4


# -- what is refused leaves nothing ------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "announced", "expected"),
    [
        (b"", None, None),
        (SCAN, "application/pdf", None),
        (SCAN, None, hash_of(PDF)),
        (b"a" * PIECE_BYTES + b"\0", None, None),
        (b"x" * (DOCUMENT_BYTES_MAX + 1), None, None),
    ],
    ids=["empty", "of another type", "of another hash", "no text after all", "too large"],
)
def test_a_refused_document_leaves_nothing(
    documents: DocumentStore, shelf: Shelf, content: bytes, announced: str | None, expected: str | None
) -> None:
    with pytest.raises(InvalidCommand) as caught:
        documents.put(ALMA, [content], media_type_announced=announced, sha256_expected=expected)
    assert caught.value.field == "document"
    assert shelf.is_empty()


def test_a_sender_that_hangs_up_leaves_nothing(documents: DocumentStore, shelf: Shelf) -> None:
    def cut() -> Iterator[bytes]:
        yield SCAN
        raise ConnectionResetError(errno.ECONNRESET, "gone")

    with pytest.raises(ConnectionResetError):
        documents.put(ALMA, cut())
    assert shelf.is_empty()


# -- the hash, on every read ------------------------------------------------------------------

LAST = len(SCAN) - 1


@pytest.mark.parametrize(
    "damaged",
    [
        b"x" + SCAN[1:],
        SCAN[:LAST] + b"x",
        SCAN[:PIECE_BYTES] + b"x" + SCAN[PIECE_BYTES + 1 :],
        SCAN[:LAST],
        SCAN[: 2 * PIECE_BYTES],
        SCAN[PIECE_BYTES : 2 * PIECE_BYTES] + SCAN[:PIECE_BYTES] + SCAN[2 * PIECE_BYTES :],
        SCAN + b"x",
        b"",
    ],
    ids=["first byte", "last byte", "in the middle", "one short", "half", "two pieces swapped", "one more", "nothing"],
)
def test_a_damaged_document_is_an_error_before_its_last_piece(
    documents: DocumentStore, shelf: Shelf, damaged: bytes
) -> None:
    sha256 = put(documents, SCAN)
    shelf.replace(ALMA, sha256, damaged)
    for _ in range(2):
        handed_out: list[bytes] = []
        pieces = documents.open(ALMA, sha256)
        with pytest.raises(DocumentDamaged, match="no longer has the SHA-256"):
            handed_out.extend(pieces)
        assert len(handed_out) == max(len(damaged) - 1, 0) // PIECE_BYTES
    shelf.replace(ALMA, sha256, SCAN)
    assert read(documents, sha256) == SCAN


def test_the_original_repairs_a_damaged_file(documents: DocumentStore, shelf: Shelf, store: str) -> None:
    sha256 = put(documents, SCAN)
    shelf.replace(ALMA, sha256, b"x")
    put(documents, SCAN)
    if store == "sqlite":
        assert read(documents, sha256) == SCAN
    else:
        # A serving role can't replace a chunk, so it can't repair one either.
        with pytest.raises(DocumentDamaged):
            read(documents, sha256)


# -- several at once --------------------------------------------------------------------------


def test_a_document_that_another_process_stores_in_the_middle(
    documents: DocumentStore, open_documents: OpenDocuments, ledger_url: str, shelf: Shelf
) -> None:
    other = open_documents(ledger_url)

    def interrupted() -> Iterator[bytes]:
        yield SCAN[:PIECE_BYTES]
        put(other, SCAN)
        yield SCAN[PIECE_BYTES:]

    stored = documents.put(ALMA, interrupted())
    assert shelf.content() == {(ALMA, stored.sha256): SCAN}
    assert read(other, stored.sha256) == read(documents, stored.sha256) == SCAN
    assert shelf.unfinished() == 0


def test_many_writers_of_one_document(documents: DocumentStore, shelf: Shelf) -> None:
    together = Barrier(6)

    def write(patient_id: UUID) -> None:
        together.wait()
        put(documents, SCAN, patient_id)

    writers = [Thread(target=write, args=[patient_id]) for patient_id in (ALMA, BENO) * 3]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert shelf.content() == {(ALMA, hash_of(SCAN)): SCAN, (BENO, hash_of(SCAN)): SCAN}
    assert shelf.unfinished() == 0


def test_a_reader_is_not_disturbed_by_a_writer_of_the_same_document(documents: DocumentStore) -> None:
    sha256 = put(documents, SCAN)
    pieces = documents.open(ALMA, sha256)
    beginning = next(pieces)
    put(documents, SCAN)
    assert beginning + b"".join(pieces) == SCAN


# -- sweeping ---------------------------------------------------------------------------------


def test_a_sweep_removes_old_orphans_and_never_what_is_named(documents: DocumentStore, shelf: Shelf) -> None:
    named, orphan = put(documents, PDF), put(documents, NOTE)
    put(documents, PDF, BENO)
    shelf.make_older(LONG_ENOUGH)
    young = put(documents, SCAN)
    names: dict[UUID, set[str]] = {ALMA: {named, "f" * 64}}
    now = datetime.now(UTC)

    swept = documents.sweep(lambda patient_id: names.get(patient_id, set()), now=now)
    assert swept == Swept(orphans=((ALMA, orphan), (BENO, hash_of(PDF))))
    assert set(shelf.content()) == {(ALMA, named), (ALMA, young)}
    assert documents.sweep(lambda patient_id: names.get(patient_id, set()), now=now) == Swept()
    assert read(documents, named) == PDF
    for patient_id, sha256 in swept.orphans:
        with pytest.raises(NotFound):
            documents.open(patient_id, sha256)
    # What was swept can come again.
    assert read(documents, put(documents, PDF, BENO), BENO) == PDF


def test_a_sweep_goes_by_the_grace_time(documents: DocumentStore) -> None:
    sha256 = put(documents)
    now = datetime.now(UTC)
    assert documents.sweep(lambda _: (), now=now + GRACE - timedelta(minutes=1)) == Swept()
    assert documents.sweep(lambda _: (), now=now, older_than=timedelta(minutes=1)) == Swept()
    assert documents.sweep(lambda _: (), now=now + GRACE + timedelta(minutes=1)).orphans == ((ALMA, sha256),)


def test_a_sweep_of_nothing(documents: DocumentStore) -> None:
    assert documents.sweep(lambda _: (), now=datetime.now(UTC)) == Swept()


@pytest.mark.parametrize("how", ["put", "renew"])
def test_what_is_stored_or_requested_during_the_sweep_is_kept(
    documents: DocumentStore, open_documents: OpenDocuments, ledger_url: str, shelf: Shelf, how: str
) -> None:
    sha256 = put(documents)
    shelf.make_older(LONG_ENOUGH)
    other = open_documents(ledger_url)

    def meanwhile(patient_id: UUID) -> set[str]:
        if how == "put":
            put(other)
        else:
            other.renew(patient_id, sha256)
        return set()

    assert documents.sweep(meanwhile, now=datetime.now(UTC)) == Swept()
    assert read(documents, sha256) == PDF


def test_a_sweep_whose_question_fails_removes_nothing(documents: DocumentStore, shelf: Shelf) -> None:
    put(documents)
    shelf.make_older(LONG_ENOUGH)
    with pytest.raises(NotFound):
        documents.sweep(lambda patient_id: [str(documents.size(patient_id, "0" * 64))], now=datetime.now(UTC))
    assert read(documents, hash_of(PDF)) == PDF
