"""What is sealed of an event: a fixed header, where it stands in its history, and the mapper's exact bytes.

    lemtrada-ledger/event/v1
    <stream id>
    <version>
    <topic>
    <empty line>
    <state: the JSON bytes, before compression and cipher>

A leaf is RFC 6962's hash of this. The header's lines hold no newline, so no two events share an entry.
An export writes an entry as one line of JSON in one spelling only: another spelling of it is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Final
from uuid import UUID

from domain.seal.errors import Malformed
from domain.seal.merkle import SIZE_MAX, leaf_hash

HEADER: Final = "lemtrada-ledger/event/v1"
_KEYS: Final = ["leaf", "stream", "version", "topic", "state"]
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it is sealed: its history's id, its version there (from 1), its topic and its stored JSON."""

    stream: UUID
    version: int
    topic: str
    state: bytes

    def __post_init__(self) -> None:
        if not 1 <= self.version <= SIZE_MAX:
            raise Malformed(f"a version is 1 or more, not {self.version}", f"entry of {self.stream}")
        if not self.topic or not self.topic.isprintable():
            raise Malformed("a topic is one line of printable text", f"version {self.version} of {self.stream}")

    def leaf_input(self) -> bytes:
        return f"{HEADER}\n{self.stream}\n{self.version}\n{self.topic}\n\n".encode() + self.state

    def leaf_hash(self) -> bytes:
        return leaf_hash(self.leaf_input())


def read_leaf_input(content: bytes) -> Entry:
    """The entry whose leaf input this is. Raises Malformed."""
    where = "entry"
    header, *lines = content.split(b"\n", 5)
    if header != HEADER.encode() or len(lines) != 5 or lines[3]:
        raise Malformed("it does not begin with the header, three lines and an empty one", where)
    stream, version, topic, _, state = lines
    try:
        entry = Entry(UUID(stream.decode()), int(version), topic.decode(), state)
    except ValueError:
        raise Malformed("its stream, version or topic is not written as one", where) from None
    if entry.leaf_input() != content:
        raise Malformed("its stream or version is spelled in another way than the seal's", where)
    return entry


def export_line(leaf: int, entry: Entry) -> bytes:
    """The entry at this leaf number as a line of `entries.jsonl`, with its newline."""
    where = f"leaf {leaf}"
    try:
        state = entry.state.decode()
    except UnicodeDecodeError:
        raise Malformed("the stored bytes are not UTF-8", where) from None
    return _spelled(leaf, str(entry.stream), entry.version, entry.topic, state).encode()


def read_export_line(line: bytes, leaf: int) -> Entry:
    """The entry of line number `leaf` (from 0) of `entries.jsonl`, newline included. Raises Malformed."""
    where = f"line {leaf + 1} of the entries"
    try:
        text = line.decode()
        return _entry(json.loads(text), text, leaf, where)
    except (ValueError, RecursionError):
        raise Malformed("it is not one line of JSON", where) from None


def _entry(content: object, text: str, leaf: int, where: str) -> Entry:
    if not isinstance(content, dict) or list(content) != _KEYS:
        raise Malformed(f"it has other keys than {', '.join(_KEYS)}, in this order", where)
    number, stream, version, topic, state = content.values()
    texts = isinstance(stream, str) and isinstance(topic, str) and isinstance(state, str)
    if type(number) is not int or type(version) is not int or not texts:
        raise Malformed("leaf and version are whole numbers, the others texts", where)
    if number != leaf:
        raise Malformed(f"it holds leaf {number}, where leaf {leaf} belongs", where)
    if _spelled(number, stream, version, topic, state) != text:
        raise Malformed("it is spelled in another way than the export's", where)
    if not _UUID.fullmatch(stream):
        raise Malformed("its stream is not spelled as a UUID in lower case with hyphens", where)
    return Entry(UUID(stream), version, topic, state.encode())


def _spelled(leaf: int, stream: str, version: int, topic: str, state: str) -> str:
    # The encoder that `json.dumps(..., ensure_ascii=False)` uses for texts, without building one a line.
    return (
        f'{{"leaf":{leaf},"stream":{encode_basestring(stream)},"version":{version},'
        f'"topic":{encode_basestring(topic)},"state":{encode_basestring(state)}}}\n'
    )
