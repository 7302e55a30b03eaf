"""The signer: its key and the last checkpoint that it signed, both outside of the database.

The signer's folder contains

    key             the signing key, which only the owner can read; created on the first start unless one is given
    key.previous    the previous key, until a checkpoint has been signed with both keys
    vkey            the verifying key, with which anyone can check a signature
    checkpoint      the last signed note

A note is saved in this folder before anything else gets it. The signer never signs a tree that is not consistent with
that note, so a database that was restored to an earlier state, or rewritten, gets no more signatures.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from domain.ledger.durable_folders import OWNER_ONLY, sync_folder
from domain.ledger.errors import StoreError
from domain.seal.checkpoints import Checkpoint, read_checkpoint
from domain.seal.errors import SealError
from domain.seal.merkle import check_consistency
from domain.seal.notes import SEED_SIZE, SigningKey, read_note, read_signing_key, sign_note

KEY: Final = "key"
PREVIOUS: Final = "key.previous"
VERIFYING_KEY: Final = "vkey"
LAST: Final = "checkpoint"
NEW_ORIGIN: Final = "find the cause; after an intended restore, run lemtrada-ledger seal new-origin --reason …"

ConsistencyPath = Callable[[int, int], Sequence[bytes]]
Entropy = Callable[[int], bytes]


class NotConsistent(Exception):
    """The log differs from what was signed before. Nothing was signed. The text has the finding and the remedy."""


class Signer:
    """Signs checkpoints. `given` is the text of a key from outside of the folder, which then has no signing key."""

    def __init__(self, folder: Path, entropy: Entropy, given: str | None = None) -> None:
        self.folder = folder
        self._entropy = entropy
        self._given = given

    # -- its key ----------------------------------------------------------------------------------

    def key(self, origin: str) -> SigningKey:
        """The signing key, with the origin as its name. It is created if there is none. Raises StoreError."""
        text = self._given if self._given is not None else self._read(KEY)
        if text is None:
            self.write_key(SigningKey(origin, self._entropy(SEED_SIZE)))
            text = self._read(KEY)
            assert text is not None
        return self._named(text, origin)

    def previous_key(self, origin: str) -> SigningKey | None:
        """The key before the last rotation, or None. Also None if a rotation stopped before it wrote a new key."""
        text = self._read(PREVIOUS)
        previous = None if text is None else self._named(text, origin)
        return None if previous == self.key(origin) else previous

    def write_key(self, key: SigningKey) -> None:
        self._write(KEY, f"{key.secret_text()}\n")

    def tell_key(self, origin: str) -> str:
        """The text of the verifying key, which is also written to the folder. Raises StoreError."""
        verifier_key = self.key(origin).verifying_key.text()
        if (self._read(VERIFYING_KEY) or "").strip() != verifier_key:
            self._write(VERIFYING_KEY, f"{verifier_key}\n")
        return verifier_key

    def rotate(self, origin: str) -> SigningKey:
        """Creates a new signing key. The next checkpoint has signatures with both keys.

        Raises StoreError if the key was given from outside.
        """
        if self._given is not None:
            raise StoreError(
                "The sealing key is set outside of this folder", "set the new key there, and start the program again"
            )
        before = self.key(origin)
        self._write(PREVIOUS, f"{before.secret_text()}\n")
        after = SigningKey(origin, self._entropy(SEED_SIZE))
        self.write_key(after)
        return after

    def _named(self, text: str, origin: str) -> SigningKey:
        try:
            return SigningKey(origin, read_signing_key(text.strip()).seed)
        except SealError as error:
            where = "LEMTRADA_SEAL_KEY" if self._given is not None else str(self.folder / KEY)
            raise StoreError(
                f"The sealing key in {where} is malformed: {error.what}", "restore the key from its backup"
            ) from None

    # -- what it signed -------------------------------------------------------------------------

    def last(self) -> tuple[str, Checkpoint] | None:
        """The last signed note and its checkpoint, or None. Raises StoreError if the file is malformed."""
        note = self._read(LAST)
        if note is None:
            return None
        try:
            return note, read_checkpoint(read_note(note).text)
        except SealError as error:
            raise StoreError(
                f"The signer's last checkpoint in {self.folder / LAST} is malformed: {error.what}",
                "restore the file from its backup or from the published checkpoints",
            ) from None

    def has_signed(self) -> bool:
        """Whether the note that was signed last is in the folder."""
        return (self.folder / LAST).exists()

    def sign(self, checkpoint: Checkpoint, path: ConsistencyPath) -> str:
        """Signs a checkpoint, and saves the note on disk. Raises NotConsistent and StoreError."""
        last = self.last()
        previous, key = self.previous_key(checkpoint.origin), self.key(checkpoint.origin)
        if last is not None:
            note, before = last
            check_continues(before, checkpoint, path)
            is_signed_with_it = any(one.key_id == key.verifying_key.id for one in read_note(note).signatures)
            if before.size == checkpoint.size and previous is None and is_signed_with_it:
                return note
        note = sign_note(checkpoint.text(), key, *([previous] if previous is not None else []))
        self._write(LAST, note)
        if previous is not None:
            (self.folder / PREVIOUS).unlink()
        return note

    def set_last_note_aside(self) -> str | None:
        """Renames the file of the last note before a new origin. Returns the note, or None if there is none."""
        last = self.last()
        if last is None:
            return None
        note, before = last
        (self.folder / LAST).rename(self.folder / f"{LAST}.{before.origin.replace('/', '_')}.{before.size}")
        sync_folder(self.folder)
        return note

    # -- its files ------------------------------------------------------------------------------

    def _read(self, name: str) -> str | None:
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(
                f"The signer's {self.folder / name} can't be read: {error.strerror}",
                "make the file readable for this user",
            ) from None

    def _write(self, name: str, text: str) -> None:
        """Writes a file completely or not at all, and flushes it to the disk. Raises StoreError."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self.folder / name, text)
        except OSError as error:
            raise StoreError(
                f"The signer's folder {self.folder} can't be written: {error.strerror}",
                "make the folder writable for this user, or give another folder with LEMTRADA_SEAL_DIR",
            ) from None


def check_continues(before: Checkpoint, after: Checkpoint, path: ConsistencyPath) -> None:
    """Raises NotConsistent unless the tree of `after` starts with the tree of `before` and has the same origin."""
    if before.origin != after.origin:
        raise NotConsistent(
            f"The last checkpoint has the origin {before.origin}, and this one has {after.origin}: {NEW_ORIGIN}"
        )
    if after.size < before.size:
        raise NotConsistent(
            f"{before.size} leaves were signed, but the log has only {after.size}: {NEW_ORIGIN}",
        )
    with suppress(SealError):
        if check_consistency(before.size, after.size, before.root, after.root, path(before.size, after.size)):
            return
    raise NotConsistent(f"The first {before.size} leaves differ from the leaves that were signed: {NEW_ORIGIN}")


def write_whole(place: Path, text: str, *, mode: int = OWNER_ONLY) -> None:
    """Writes a temporary file next to `place`, flushes it to the disk, and renames it in one step. Raises OSError."""
    temporary = place.with_name(f".{place.name}.{os.getpid()}.new")
    with suppress(FileNotFoundError):
        temporary.unlink()
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(place)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(place.parent)
