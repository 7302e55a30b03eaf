"""Checkpoints and entries: one spelling each, and every other one refused."""

from __future__ import annotations

import base64
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.seal.checkpoints import Checkpoint, read_checkpoint
from domain.seal.entries import LogEntry, export_line, read_export_line, read_leaf_input
from domain.seal.errors import Malformed
from domain.seal.merkle import EMPTY_ROOT, SIZE_MAX, leaf_hash
from tests.seal.trees import ORIGIN, entry

ROOT = bytes(range(32))
ROOT_TEXT = base64.b64encode(ROOT).decode()
TEXT = f"{ORIGIN}\n20852163\n{ROOT_TEXT}\n"


def test_a_checkpoint_is_three_lines() -> None:
    checkpoint = Checkpoint(ORIGIN, 20852163, ROOT)
    assert checkpoint.text() == TEXT
    assert read_checkpoint(TEXT) == read_checkpoint(TEXT.encode()) == checkpoint
    assert Checkpoint(ORIGIN, 0, EMPTY_ROOT).text() == f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


def test_extension_lines_of_others_are_kept() -> None:
    checkpoint = read_checkpoint(TEXT + "one more\nand another\n")
    assert checkpoint.extensions == ("one more", "and another")
    assert checkpoint.text() == TEXT + "one more\nand another\n"


MALFORMED_CHECKPOINTS = {
    "nothing": "",
    "two lines": TEXT[: TEXT.index(ROOT_TEXT)],
    "no newline at the end": TEXT[:-1],
    "an empty extension": TEXT + "\n",
    "an extension without newline": TEXT + "more",
    "an empty origin": TEXT.removeprefix(ORIGIN),
    "carriage returns": TEXT.replace("\n", "\r\n"),
    "a leading zero": TEXT.replace("20852163", "020852163"),
    "two zeros": TEXT.replace("20852163", "00"),
    "a plus": TEXT.replace("20852163", "+20852163"),
    "a minus": TEXT.replace("20852163", "-1"),
    "an underscore": TEXT.replace("20852163", "20_852"),
    "a space": TEXT.replace("20852163", " 20852163"),
    "other digits": TEXT.replace("20852163", "٢٠"),
    "superscript digits": TEXT.replace("20852163", "2²"),
    "a fraction": TEXT.replace("20852163", "20.0"),
    "no size": TEXT.replace("20852163", ""),
    "a size beyond 63 bits": TEXT.replace("20852163", str(SIZE_MAX + 1)),
    "a size of a million digits": TEXT.replace("20852163", "9" * 1_000_000),
    "a short root": TEXT.replace(ROOT_TEXT, base64.b64encode(ROOT[1:]).decode()),
    "a long root": TEXT.replace(ROOT_TEXT, base64.b64encode(ROOT + b"0").decode()),
    "a root in hex": TEXT.replace(ROOT_TEXT, ROOT.hex()),
    "loose base64": TEXT.replace("Hh8=", "Hh9="),
    "no padding": TEXT.replace("=", ""),
    "another root of no leaves": TEXT.replace("20852163", "0"),
}


@pytest.mark.parametrize("text", MALFORMED_CHECKPOINTS.values(), ids=MALFORMED_CHECKPOINTS)
def test_a_checkpoint_that_is_written_otherwise_is_refused(text: str) -> None:
    assert text != TEXT
    with pytest.raises(Malformed):
        read_checkpoint(text)


def test_the_largest_checkpoint_is_read() -> None:
    checkpoint = Checkpoint(ORIGIN, 2**63 - 1, ROOT)
    assert read_checkpoint(checkpoint.text()) == checkpoint


def test_a_checkpoint_that_cannot_be_written_is_not_made() -> None:
    for origin, size, root in (("", 1, ROOT), ("a\nb", 1, ROOT), ("a", -1, ROOT), ("a", SIZE_MAX + 1, ROOT)):
        with pytest.raises(Malformed):
            Checkpoint(origin, size, root)
    for root in (b"", ROOT[1:], ROOT + b"0"):
        with pytest.raises(Malformed):
            Checkpoint(ORIGIN, 1, root)
    with pytest.raises(Malformed):
        Checkpoint(ORIGIN, 1, ROOT, ("",))


def test_a_refusal_says_what_and_where() -> None:
    with pytest.raises(Malformed) as refused:
        read_checkpoint(TEXT.replace("20852163", "01"))
    assert refused.value.where == "line 2 of the checkpoint"
    assert str(refused.value) == (
        "the size is not a decimal number without leading zeros, below 2**63 (line 2 of the checkpoint)"
    )


@given(st.text(max_size=100) | st.binary(max_size=100))
def test_a_text_from_outside_is_read_as_written_or_refused(content: str | bytes) -> None:
    try:
        checkpoint = read_checkpoint(content)
    except Malformed:
        return
    assert checkpoint.text() == (content if isinstance(content, str) else content.decode())


# -- entries ----------------------------------------------------------------------------------

STREAM = UUID("6f1e4c9a-3b7d-4f0e-9a57-0d3c5b2a1e88")
SEALED = LogEntry(STREAM, 7, "RequestReceived", '{"on":"2025-03-04","naïve":"\\u2028"}'.encode())


def test_an_entry_is_the_header_the_place_and_the_exact_bytes() -> None:
    content = (
        b"lemtrada-ledger/event/v1\n6f1e4c9a-3b7d-4f0e-9a57-0d3c5b2a1e88\n7\nRequestReceived\n\n"
        + '{"on":"2025-03-04","naïve":"\\u2028"}'.encode()
    )
    assert SEALED.leaf_input() == content
    assert SEALED.leaf_hash() == leaf_hash(content)
    assert read_leaf_input(content) == SEALED


entries = st.builds(
    LogEntry,
    st.uuids(),
    st.integers(1, SIZE_MAX),
    st.from_regex(r"\A[!#-\[\]-~]+\Z"),
    st.binary(max_size=50) | st.text(max_size=50).map(str.encode),
)


@given(entries)
def test_an_entry_is_read_again_from_its_leaf(one: LogEntry) -> None:
    assert read_leaf_input(one.leaf_input()) == one


@given(entries, entries)
def test_two_events_never_share_a_leaf(one: LogEntry, other: LogEntry) -> None:
    assert (one == other) == (one.leaf_input() == other.leaf_input())


@given(st.integers(0, SIZE_MAX), st.uuids(), st.integers(1, SIZE_MAX), st.text(max_size=50))
def test_an_entry_is_read_again_from_its_line(leaf: int, stream: UUID, version: int, state: str) -> None:
    one = LogEntry(stream, version, "Topic", state.encode())
    line = export_line(leaf, one)
    assert line.count(b"\n") == 1
    assert line.endswith(b"}\n")
    assert read_export_line(line, leaf) == one
    content = {"leaf": leaf, "stream": str(stream), "version": version, "topic": "Topic", "state": state}
    assert line == json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def test_every_entry_of_the_test_tree_is_read_again() -> None:
    assert [read_leaf_input(entry(leaf).leaf_input()) for leaf in range(20)] == [*map(entry, range(20))]
    assert [read_export_line(export_line(leaf, entry(leaf)), leaf) for leaf in range(20)] == [*map(entry, range(20))]


@pytest.mark.parametrize(
    ("version", "topic"),
    [
        *((version, "Topic") for version in (0, -1, SIZE_MAX + 1)),
        *((1, topic) for topic in ("", "To\npic", "To\x7f", "To pic", 'To"pic', "To\\pic", "Töpic")),
    ],
)
def test_an_event_that_cannot_be_sealed_is_refused(version: int, topic: str) -> None:
    with pytest.raises(Malformed, match=str(STREAM)):
        LogEntry(STREAM, version, topic, b"")


def test_bytes_that_are_no_text_cannot_be_exported() -> None:
    with pytest.raises(Malformed, match="leaf 3"):
        export_line(3, LogEntry(STREAM, 1, "Topic", b"\xff"))


LEAF_INPUT = SEALED.leaf_input()
MALFORMED_LEAVES = {
    "nothing": b"",
    "the header alone": b"lemtrada-ledger/event/v1\n",
    "another header": LEAF_INPUT.replace(b"v1", b"v2"),
    "no empty line": LEAF_INPUT.replace(b"\n\n", b"\n"),
    "a stream in capitals": LEAF_INPUT.replace(str(STREAM).encode(), str(STREAM).upper().encode()),
    "a stream without hyphens": LEAF_INPUT.replace(str(STREAM).encode(), STREAM.hex.encode()),
    "no stream": LEAF_INPUT.replace(str(STREAM).encode(), b""),
    "a leading zero": LEAF_INPUT.replace(b"\n7\n", b"\n07\n"),
    "a signed version": LEAF_INPUT.replace(b"\n7\n", b"\n+7\n"),
    "no version": LEAF_INPUT.replace(b"\n7\n", b"\n\n"),
    "version 0": LEAF_INPUT.replace(b"\n7\n", b"\n0\n"),
    "no topic": LEAF_INPUT.replace(b"RequestReceived", b""),
    "a topic that is no text": LEAF_INPUT.replace(b"RequestReceived", b"\xff"),
}


@pytest.mark.parametrize("content", MALFORMED_LEAVES.values(), ids=MALFORMED_LEAVES)
def test_a_leaf_that_is_written_otherwise_is_refused(content: bytes) -> None:
    assert content != LEAF_INPUT
    with pytest.raises(Malformed):
        read_leaf_input(content)


LINE = export_line(7, SEALED)
MALFORMED_LINES = {
    "nothing": b"",
    "no newline": LINE[:-1],
    "a carriage return": LINE[:-1] + b"\r\n",
    "two newlines": LINE + b"\n",
    "a byte order mark": b"\xef\xbb\xbf" + LINE,
    "a space before": b" " + LINE,
    "a space after a colon": LINE.replace(b'"leaf":7', b'"leaf": 7'),
    "another leaf": LINE.replace(b'"leaf":7', b'"leaf":8'),
    "a leaf as text": LINE.replace(b'"leaf":7', b'"leaf":"7"'),
    "a leaf as fraction": LINE.replace(b'"leaf":7', b'"leaf":7.0'),
    "a leaf in exponents": LINE.replace(b'"leaf":7', b'"leaf":7e0'),
    "a leaf of many digits": LINE.replace(b'"leaf":7', b'"leaf":' + b"7" * 10_000),
    "a version that is true": LINE.replace(b'"version":7', b'"version":true'),
    "version 0": LINE.replace(b'"version":7', b'"version":0'),
    "version -0": LINE.replace(b'"version":7', b'"version":-0'),
    "an escape that is not needed": LINE.replace(b"RequestReceived", b"\\u0052equestReceived"),
    "an escape for a letter": LINE.replace("ï".encode(), b"\\u00ef"),
    "half a character": LINE.replace("ï".encode(), b"\xc3"),
    "a lone surrogate": LINE.replace("ï".encode(), b"\\ud800"),
    "a key twice": LINE.replace(b'"topic":', b'"topic":"x","topic":'),
    "one key more": LINE.replace(b'"topic":', b'"more":1,"topic":'),
    "one key less": LINE.replace(b'"version":7,', b""),
    "another order": LINE.replace(b'"leaf":7,', b"").replace(b"}\n", b',"leaf":7}\n'),
    "a state that is JSON itself": LINE[: LINE.index(b'"state":')] + b'"state":{}}\n',
    "not a number": LINE.replace(b'"leaf":7', b'"leaf":NaN'),
    "a list": b"[]\n",
    "deep nesting": b"[" * 100_000 + b"\n",
    "a stream in capitals": LINE.replace(str(STREAM).encode(), str(STREAM).upper().encode()),
    "a stream in braces": LINE.replace(str(STREAM).encode(), b"{" + str(STREAM).encode() + b"}"),
    "a stream that is none": LINE.replace(str(STREAM).encode(), b"x"),
}


@pytest.mark.parametrize("line", MALFORMED_LINES.values(), ids=MALFORMED_LINES)
def test_a_line_that_is_written_otherwise_is_refused(line: bytes) -> None:
    assert line != LINE
    with pytest.raises(Malformed) as refused:
        read_export_line(line, 7)
    assert "2025-03-04" not in str(refused.value)


def test_a_refusal_names_the_line_and_the_leaf() -> None:
    with pytest.raises(Malformed, match=r"it has leaf 7 in the place of leaf 8 \(line 9 of the entries\)"):
        read_export_line(LINE, 8)


@given(st.integers(0, len(LINE) * 8 - 1))
def test_a_line_with_any_bit_changed_is_refused_or_another_entry(bit: int) -> None:
    changed = bytearray(LINE)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        one = read_export_line(bytes(changed), 7)
    except Malformed:
        return
    assert one.leaf_hash() != SEALED.leaf_hash()
    assert export_line(7, one) == changed
