"""Numbers and base64 in the seal's texts: one spelling each, and a refusal that says which line is wrong."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.seal.checkpoints import read_checkpoint
from domain.seal.encoding import base64_of, bytes_of, hash_of, number_of
from domain.seal.errors import Malformed
from domain.seal.merkle import SIZE_MAX
from domain.seal.proofs import read_inclusion_proof
from tests.seal.trees import signed


@given(st.integers(0, SIZE_MAX))
def test_every_number_below_two_to_the_63_is_read(number: int) -> None:
    assert number_of(str(number), "size", "here") == number


@pytest.mark.parametrize("number", [0, 1, SIZE_MAX - 1, SIZE_MAX])
def test_the_first_and_the_last_numbers_are_read(number: int) -> None:
    assert number_of(str(number), "size", "here") == number


@pytest.mark.parametrize("text", ["", "-1", "-0", "+1", "01", "00", " 1", "1 ", "1_0", "1.0", "1e3", "²", "٣", "0x1"])
def test_a_number_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="the size is not a decimal number"):
        number_of(text, "size", "here")


@pytest.mark.parametrize("text", [str(SIZE_MAX + 1), "9" * 19, "9" * 20, "9" * 5000])
def test_a_number_beyond_63_bits_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match=r"the size is not a decimal number .* \(here\)"):
        number_of(text, "size", "here")


@given(st.binary(max_size=70))
def test_base64_is_read_as_it_is_written(content: bytes) -> None:
    assert bytes_of(base64_of(content), "key", "here") == content
    assert base64_of(content) == base64.b64encode(content).decode()


@given(st.text("AQg4+/=-_ \n", max_size=12))
def test_bytes_have_one_spelling_in_base64(text: str) -> None:
    try:
        content = bytes_of(text, "key", "here")
    except Malformed:
        return
    assert base64_of(content) == text


@pytest.mark.parametrize(
    "text", ["QR==", "QUJ=", "QQ", "QQ=", "QQ===", "QQ==\n", " QQ==", "Q Q==", "-_==", "ÄÄ==", "="]
)
def test_base64_in_another_spelling_is_refused(text: str) -> None:
    assert bytes_of("QQ==", "key", "here") == b"A"
    with pytest.raises(Malformed, match=r"the key is not standard base64 \(here\)"):
        bytes_of(text, "key", "here")


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_hash_has_32_bytes(length: int) -> None:
    with pytest.raises(Malformed, match=rf"the root has {length} bytes instead of the 32 bytes of a hash \(here\)"):
        hash_of(base64_of(bytes(length)), "root", "here")
    assert hash_of(base64_of(bytes(32)), "root", "here") == bytes(32)


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(Malformed) as refused:
        read_checkpoint("origin\n1\nAAAA\n")
    assert refused.value.where == "line 3 of the checkpoint"
    with pytest.raises(Malformed) as refused:
        read_inclusion_proof(f"c2sp.org/tlog-proof@v1\nindex 0\n{base64_of(bytes(32))}\nAAAA\n\n{signed(3)}")
    assert refused.value.where == "hash 2 of the inclusion proof"
