"""C2SP signed notes with Ed25519: a text, an empty line, and one line for each signature.

    — <key name> <base64 of key id and signature>

A key's id is the first four bytes of SHA-256 over its name, a newline, the algorithm's byte and the public key. Keys
are written in the format of Go's `sumdb/note`:

    <name>+<id in hex>+<base64 of 0x01 and the public key>                  the verifier's key
    PRIVATE+KEY+<name>+<id in hex>+<base64 of 0x01 and the seed>            the signer's key

A text proves nothing unless a known key has signed it: only `open_note` checks this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.seal.encoding import base64_of, bytes_of, text_of
from domain.seal.errors import Malformed, NotProven

SIGNATURES_MAX: Final = 100
"""The most signatures that a note may have."""
SEED_SIZE: Final = 32
_ED25519: Final = b"\1"
_KEY_SIZE: Final = 32
_ID_SIZE: Final = 4
_SIGNATURE_LINE: Final = "\N{EM DASH} "
_PRIVATE: Final = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key. `public` are the 32 bytes of RFC 8032. Raises Malformed."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name, "verifying key")
        if len(self.public) != _KEY_SIZE:
            raise Malformed(f"an Ed25519 public key has {_KEY_SIZE} bytes", "verifying key")

    @property
    def id(self) -> bytes:
        """The four bytes that name the key in a signature."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_ID_SIZE]

    def text(self) -> str:
        """The key as an external verifier keeps it, in vkey format."""
        return f"{self.name}+{self.id.hex()}+{base64_of(_ED25519 + self.public)}"

    def has_signed(self, text: str, signature: bytes) -> bool:
        """Whether the signature of this text is valid."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key. `seed` are the 32 secret bytes of RFC 8032, which `repr` leaves out. Raises Malformed."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_name(self.name, "signing key")
        if len(self.seed) != SEED_SIZE:
            raise Malformed(f"an Ed25519 seed has {SEED_SIZE} bytes", "signing key")

    @property
    def verifying_key(self) -> VerifyingKey:
        return VerifyingKey(self.name, self._private().public_key().public_bytes_raw())

    def secret_text(self) -> str:
        """The key as its file stores it."""
        return f"{_PRIVATE}{self.name}+{self.verifying_key.id.hex()}+{base64_of(_ED25519 + self.seed)}"

    def sign(self, text: str) -> Signature:
        return Signature(self.name, self.verifying_key.id, self._private().sign(text.encode()))

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def read_verifying_key(text: str) -> VerifyingKey:
    """A verifier's key from one line, without its newline. Raises Malformed."""
    where = "verifying key"
    name, id_text, public = _key_parts(text, where)
    key = VerifyingKey(name, public)
    if key.id.hex() != id_text:
        raise Malformed("its id does not match its name and public key", where)
    return key


def read_signing_key(text: str) -> SigningKey:
    """A signer's key from one line, without its newline. Raises Malformed, which never shows the key."""
    where = "signing key"
    if not text.startswith(_PRIVATE):
        raise Malformed(f"it does not begin with {_PRIVATE}", where)
    name, id_text, seed = _key_parts(text.removeprefix(_PRIVATE), where)
    key = SigningKey(name, seed)
    if key.verifying_key.id.hex() != id_text:
        raise Malformed("its id does not match its name and key", where)
    return key


def _key_parts(text: str, where: str) -> tuple[str, str, bytes]:
    # Base64 may contain a plus sign. A name may not.
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise Malformed("it is not a name, an id and a key joined by plus signs", where)
    name, id_text, encoded = parts
    content = bytes_of(encoded, "key", where)
    if content[:1] != _ED25519:
        raise Malformed("its algorithm is not Ed25519", where)
    return name, id_text, content[1:]


def _check_name(name: str, where: str) -> None:
    if not text_of(name, where) or "+" in name or any(character.isspace() for character in name):
        raise Malformed(
            "the name of a key must not be empty or contain a space, a plus sign or a control character", where
        )


# -- notes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of a note: the name and the id of the key, and the bytes of the signature."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        return f"{_SIGNATURE_LINE}{self.name} {base64_of(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends with a newline, and its signatures. Nothing is checked before `open_note`."""

    text: str
    signatures: tuple[Signature, ...]

    def encoded(self) -> str:
        return f"{self.text}\n{''.join(signature.line() for signature in self.signatures)}"


def sign_note(text: str, *keys: SigningKey) -> str:
    """The note with a signature by each key, in the order of the keys. Raises Malformed."""
    if not keys or not text_of(text, "note").endswith("\n"):
        raise Malformed("a note must be a text that ends with a newline and has a signature", "note")
    note = Note(text, tuple(key.sign(text) for key in keys))
    _check_distinct_signers(note.signatures)
    return note.encoded()


def read_note(content: str | bytes) -> Note:
    """The text and the signatures of a note, unchecked. Raises Malformed."""
    text = text_of(content, "note")
    end = text.rfind("\n\n")
    if end < 0 or not text.endswith("\n") or end + 2 == len(text):
        raise Malformed("it is not a text, an empty line and lines of signatures that each end with a newline", "note")
    lines = text[end + 2 : -1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise Malformed(f"it has more than {SIGNATURES_MAX} signatures", "note")
    signatures = tuple(_signature(line, f"signature {number} of the note") for number, line in enumerate(lines, 1))
    _check_distinct_signers(signatures)
    return Note(text[: end + 1], signatures)


def open_note(content: str | bytes, known: Iterable[VerifyingKey]) -> tuple[str, tuple[VerifyingKey, ...]]:
    """The text, and which of the `known` keys have signed it: at least one.

    Signatures of unknown keys are ignored. If one signature of a known key is not valid, the whole note is refused.
    Raises Malformed, NotProven.
    """
    note = read_note(content)
    keys: dict[tuple[str, bytes], VerifyingKey] = {}
    for key in known:
        if keys.setdefault((key.name, key.id), key) != key:
            raise NotProven("two of the known keys have the same name and id", f"key {key.name}+{key.id.hex()}")
    signed_by = []
    for signature in note.signatures:
        signer = keys.get((signature.name, signature.key_id))
        if signer is None:
            continue
        if not signer.has_signed(note.text, signature.signature):
            raise NotProven("the signature is not valid", f"key {signer.name}+{signer.id.hex()}")
        signed_by.append(signer)
    if not signed_by:
        raise NotProven("none of the known keys has signed it", "note")
    return note.text, tuple(signed_by)


def _signature(line: str, where: str) -> Signature:
    name, _, encoded = line.removeprefix(_SIGNATURE_LINE).partition(" ")
    if not line.startswith(_SIGNATURE_LINE):
        raise Malformed("it does not begin with an em dash and a space", where)
    _check_name(name, where)
    content = bytes_of(encoded, "signature", where)
    if len(content) <= _ID_SIZE:
        raise Malformed("it is shorter than a key id and a signature", where)
    return Signature(name, content[:_ID_SIZE], content[_ID_SIZE:])


def _check_distinct_signers(signatures: Sequence[Signature]) -> None:
    """Raises Malformed if the same key has signed twice."""
    signers = {(signature.name, signature.key_id) for signature in signatures}
    if len(signers) != len(signatures):
        raise Malformed("the same key has signed it twice", "note")
