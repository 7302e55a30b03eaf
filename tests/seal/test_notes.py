"""Signed notes: what is written is read again, and what is written in any other way is refused."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.seal.errors import Malformed, NotProven, SealError
from domain.seal.notes import (
    SIGNATURES_MAX,
    Note,
    Signature,
    SigningKey,
    VerifyingKey,
    open_note,
    read_note,
    read_signing_key,
    read_verifying_key,
    sign_note,
)
from tests.seal.trees import KEY, OTHER_KEY, VKEY

TEXT = "first line\n\nanother, naïve line\n"
SIGNED = sign_note(TEXT, KEY)
LINE = SIGNED.removeprefix(f"{TEXT}\n")
ELSEWHERE = SigningKey("elsewhere.example/log", bytes(32))

# RFC 8032, section 7.1, test 2: the key pair, and its signature of the one byte 0x72.
RFC_SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
RFC_PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
RFC_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def written(algorithm: int, key: bytes) -> str:
    return base64.b64encode(bytes([algorithm]) + key).decode()


def test_the_signature_is_that_of_the_rfc() -> None:
    key = SigningKey("rfc", RFC_SEED)
    assert key.verifying_key.public == RFC_PUBLIC
    assert key.sign("r").signature == RFC_SIGNATURE
    assert VerifyingKey("rfc", RFC_PUBLIC).has_signed("r", RFC_SIGNATURE)
    assert not VerifyingKey("rfc", RFC_PUBLIC).has_signed("s", RFC_SIGNATURE)


def test_a_note_is_its_text_an_empty_line_and_a_line_for_each_key() -> None:
    both = sign_note(TEXT, KEY, ELSEWHERE)
    first, second = both.removeprefix(f"{TEXT}\n").splitlines()
    for line, key in ((first, KEY), (second, ELSEWHERE)):
        dash, name, content = line.split(" ")
        assert (dash, name) == ("\u2014", key.name)
        assert base64.b64decode(content) == key.verifying_key.id + key.sign(TEXT).signature
    assert read_note(both).encoded() == both
    assert open_note(both, [VKEY, ELSEWHERE.verifying_key]) == (TEXT, (VKEY, ELSEWHERE.verifying_key))
    assert open_note(both.encode(), [ELSEWHERE.verifying_key]) == (TEXT, (ELSEWHERE.verifying_key,))


def test_keys_are_read_as_they_are_written() -> None:
    assert read_verifying_key(VKEY.text()) == VKEY
    assert read_signing_key(KEY.secret_text()) == KEY
    assert VKEY.text() == f"{KEY.name}+{VKEY.id.hex()}+{written(1, VKEY.public)}"
    assert KEY.secret_text().startswith(f"PRIVATE+KEY+{KEY.name}+{VKEY.id.hex()}+")


def test_a_secret_is_not_shown_by_chance() -> None:
    seed = base64.b64encode(b"\1" + KEY.seed).decode()
    assert seed in KEY.secret_text()
    for shown in (repr(KEY), str(KEY), f"{KEY}", repr([KEY])):
        assert seed not in shown
        assert KEY.seed.hex() not in shown
        assert repr(KEY.seed) not in shown
    with pytest.raises(Malformed) as refused:
        read_signing_key(KEY.secret_text().replace(VKEY.id.hex(), "00000000"))
    assert seed not in str(refused.value)


def swapped(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def loose_base64(text: str) -> str:
    """The same bytes to a reader that lets unused bits be: the last letter before the padding is the next one."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(text.rstrip("=")) - 1
    loose = text[:at] + letters[letters.index(text[at]) + 1] + text[at + 1 :]
    assert text != loose
    assert base64.b64decode(text) == base64.b64decode(loose)
    return loose


SIGNATURE = LINE.rstrip("\n").split(" ")[2]
MALFORMED_NOTES = {
    "no newline at the end": SIGNED[:-1],
    "two newlines at the end": SIGNED + "\n",
    "no empty line": swapped(SIGNED, "line\n\n\u2014", "line\n\u2014").replace("\n\n", "\n"),
    "no signatures": f"{TEXT}\n",
    "the text alone": TEXT,
    "nothing": "",
    "carriage returns": SIGNED.replace("\n", "\r\n"),
    "a tab": swapped(SIGNED, "another, ", "another,\t"),
    "a hyphen for the dash": swapped(SIGNED, "\u2014", "-"),
    "an en dash": swapped(SIGNED, "\u2014", "\u2013"),
    "no space after the dash": swapped(SIGNED, "\u2014 ", "\u2014"),
    "two spaces after the dash": swapped(SIGNED, "\u2014 ", "\u2014  "),
    "two spaces before the signature": swapped(SIGNED, f" {SIGNATURE}", f"  {SIGNATURE}"),
    "a space at the end of the line": SIGNED[:-1] + " \n",
    "a name with a plus": swapped(SIGNED, KEY.name, "a+b"),
    "a name with a no-break space": swapped(SIGNED, KEY.name, "a\u00a0b"),
    "no padding": swapped(SIGNED, SIGNATURE, SIGNATURE.rstrip("=")),
    "base64 for URLs": swapped(SIGNED, SIGNATURE, SIGNATURE[:8] + "-" + SIGNATURE[9:]),
    "loose base64": swapped(SIGNED, SIGNATURE, loose_base64(SIGNATURE)),
    "an id without a signature": swapped(SIGNED, SIGNATURE, base64.b64encode(VKEY.id).decode()),
    "no signature": swapped(SIGNED, f" {SIGNATURE}", ""),
    "the same signature twice": SIGNED + LINE,
    "two signatures of one key": SIGNED + Signature(KEY.name, VKEY.id, bytes(64)).line(),
    "a lone surrogate": swapped(SIGNED, "another", "an\ud800other"),
    "too many signatures": SIGNED
    + "".join(Signature("witness", bytes([number] * 4), b"1").line() for number in range(SIGNATURES_MAX)),
}


@pytest.mark.parametrize("note", MALFORMED_NOTES.values(), ids=MALFORMED_NOTES)
def test_a_note_that_is_written_otherwise_is_refused(note: str) -> None:
    with pytest.raises(Malformed):
        open_note(note, [VKEY])


@pytest.mark.parametrize(
    "note", ["", "a text\n", f"{TEXT}\n", SIGNED[:-1], SIGNED.replace("\n\n", "\n"), f"{SIGNED}\n"]
)
def test_what_has_not_the_shape_of_a_note_is_told_its_shape(note: str) -> None:
    with pytest.raises(
        Malformed, match="not a text, an empty line and lines of signatures that each end with a newline"
    ):
        read_note(note)


def test_a_refusal_names_the_signature() -> None:
    with pytest.raises(Malformed, match=r"em dash and a space \(signature 2 of the note\)"):
        read_note(f"{SIGNED}- no signature\n")


def test_a_text_may_be_one_empty_line() -> None:
    assert open_note(sign_note("\n", KEY), [VKEY]) == ("\n", (VKEY,))


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(Malformed, match="not UTF-8"):
        open_note(SIGNED.encode().replace("ï".encode(), b"\xef"), [VKEY])


def test_signatures_of_unknown_keys_are_passed_over_up_to_the_limit() -> None:
    witnesses = "".join(
        Signature("witness", bytes([number] * 4), b"1" * number).line() for number in range(1, SIGNATURES_MAX)
    )
    assert open_note(SIGNED + witnesses, [VKEY]) == (TEXT, (VKEY,))
    assert open_note(f"{TEXT}\n{witnesses}{LINE}", [VKEY]) == (TEXT, (VKEY,))


def test_a_key_is_known_by_name_and_id_together() -> None:
    same_name = Signature(KEY.name, b"\0\0\0\0", bytes(64))
    same_id = Signature("elsewhere", VKEY.id, bytes(64))
    assert open_note(Note(TEXT, (same_name, same_id, KEY.sign(TEXT))).encoded(), [VKEY])[1] == (VKEY,)
    with pytest.raises(NotProven, match="none of the known keys"):
        open_note(Note(TEXT, (same_name, same_id)).encoded(), [VKEY])


def test_a_note_signed_by_no_known_key_proves_nothing() -> None:
    with pytest.raises(NotProven, match="none of the known keys"):
        open_note(SIGNED, [])
    with pytest.raises(NotProven, match="none of the known keys"):
        open_note(SIGNED, [OTHER_KEY.verifying_key, ELSEWHERE.verifying_key])


def test_one_bad_signature_of_a_known_key_refuses_the_note() -> None:
    bad = Signature(ELSEWHERE.name, ELSEWHERE.verifying_key.id, bytes(64))
    note = Note(TEXT, (KEY.sign(TEXT), bad)).encoded()
    assert open_note(note, [VKEY]) == (TEXT, (VKEY,))
    with pytest.raises(NotProven, match="is not valid"):
        open_note(note, [VKEY, ELSEWHERE.verifying_key])


def test_a_signature_has_one_form() -> None:
    """Adding the group's order to its second half verifies under a careless reading of Ed25519."""
    order = 2**252 + 27742317777372353535851937790883648493
    signature = KEY.sign(TEXT).signature
    moved = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    with pytest.raises(NotProven, match="is not valid"):
        open_note(Note(TEXT, (Signature(KEY.name, VKEY.id, moved),)).encoded(), [VKEY])


@given(st.integers(0, len(SIGNED.encode()) * 8 - 1))
def test_a_note_with_any_bit_changed_is_refused(bit: int) -> None:
    changed = bytearray(SIGNED.encode())
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealError):
        open_note(bytes(changed), [VKEY])


def test_signing_asks_for_a_text_that_can_be_signed() -> None:
    with pytest.raises(Malformed, match="ends with a newline"):
        sign_note("no newline", KEY)
    with pytest.raises(Malformed, match="has a signature"):
        sign_note(TEXT)
    with pytest.raises(Malformed, match="control character"):
        sign_note("a\ttab\n", KEY)
    with pytest.raises(Malformed, match="twice"):
        sign_note(TEXT, KEY, KEY)


# -- keys -------------------------------------------------------------------------------------

MALFORMED_VKEYS = {
    "nothing": "",
    "no parts": "name",
    "no key": f"{VKEY.name}+{VKEY.id.hex()}",
    "another name": VKEY.text().replace(VKEY.name, "other"),
    "an empty name": VKEY.text().removeprefix(VKEY.name),
    "a space in the name": VKEY.text().replace("/", " "),
    "another id": VKEY.text().replace(VKEY.id.hex(), "00000000"),
    "an id in capitals": VKEY.text().replace(VKEY.id.hex(), VKEY.id.hex().upper()),
    "a short id": VKEY.text().replace(VKEY.id.hex(), VKEY.id.hex()[1:]),
    "a newline": VKEY.text() + "\n",
    "another algorithm": f"{VKEY.name}+{VKEY.id.hex()}+{written(2, VKEY.public)}",
    "a short key": f"{VKEY.name}+{VKEY.id.hex()}+{written(1, VKEY.public[1:])}",
    "a long key": f"{VKEY.name}+{VKEY.id.hex()}+{written(1, VKEY.public + b'0')}",
    "no base64": VKEY.text()[:-1] + "!",
    "a signer's key": KEY.secret_text(),
}


@pytest.mark.parametrize("text", MALFORMED_VKEYS.values(), ids=MALFORMED_VKEYS)
def test_a_verifying_key_that_is_written_otherwise_is_refused(text: str) -> None:
    assert text != VKEY.text()
    with pytest.raises(Malformed):
        read_verifying_key(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        VKEY.text(),
        KEY.secret_text() + "\n",
        KEY.secret_text().lower(),
        KEY.secret_text().replace(KEY.name, "other"),
        KEY.secret_text().replace(VKEY.id.hex(), "00000000"),
        KEY.secret_text()[:-1],
        KEY.secret_text().replace("PRIVATE+KEY+", "PRIVATE+"),
        KEY.secret_text().replace("PRIVATE+KEY+", ""),
        f"PRIVATE+KEY+{KEY.name}+{VKEY.id.hex()}+{written(1, KEY.seed[1:])}",
        f"PRIVATE+KEY+{KEY.name}+{VKEY.id.hex()}+{written(2, KEY.seed)}",
    ],
)
def test_a_signing_key_that_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_signing_key(text)
    assert base64.b64encode(b"\1" + KEY.seed).decode() not in str(refused.value)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_has_32_bytes(length: int) -> None:
    key_id = sha256(b"name\n\1" + bytes(length)).digest()[:4].hex()
    with pytest.raises(Malformed, match="public key has 32 bytes"):
        read_verifying_key(f"name+{key_id}+{written(1, bytes(length))}")
    with pytest.raises(Malformed, match="seed has 32 bytes"):
        read_signing_key(f"PRIVATE+KEY+name+{key_id}+{written(1, bytes(length))}")


@given(st.text())
def test_a_name_has_no_space_plus_or_control_character(name: str) -> None:
    allowed = bool(name) and "+" not in name and not any(one.isspace() or one < " " for one in name)
    if allowed:
        key = SigningKey(name, bytes(32))
        assert read_verifying_key(key.verifying_key.text()) == key.verifying_key
        assert open_note(sign_note(TEXT, key), [key.verifying_key]) == (TEXT, (key.verifying_key,))
    else:
        with pytest.raises(Malformed):
            SigningKey(name, bytes(32))


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_what_comes_from_outside_is_read_or_refused(content: bytes | str) -> None:
    with pytest.raises(SealError):
        open_note(content, [VKEY])
