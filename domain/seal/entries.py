"""The bytes that are sealed of an event: a fixed header, the event's place in its history, and its stored bytes.

    lemtrada-ledger/event/v1
    <stream id>
    <version>
    <topic>
    <empty line>
    <state: the JSON bytes of the mapper, before compression and encryption>

A leaf is RFC 6962's hash of these bytes. The lines of the header contain no newline, so two events never have the same
entry. An export writes an entry as one line of JSON in exactly one spelling, and any other spelling is refused.
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
_KEYS: Final = ("leaf", "stream", "version", "topic", "state")
_TOPIC: Final = re.compile(r"[!#-\[\]-~]+")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LINE: Final = re.compile(
    rf'\{{"leaf":(?P<leaf>0|[1-9]\d{{0,18}}),"stream":"(?P<stream>{_UUID.pattern})",'
    rf'"version":(?P<version>[1-9]\d{{0,18}}),"topic":"(?P<topic>{_TOPIC.pattern})","state":(?P<state>".*")\}}\n',
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An event as it is sealed: the id and the version (from 1) in its history, the topic, and the stored JSON.

    Raises Malformed.
    """

    stream: UUID
    version: int
    topic: str
    state: bytes

    def __post_init__(self) -> None:
        if not 1 <= self.version <= SIZE_MAX:
            raise Malformed(f"a version is 1 or more, not {self.version}", f"entry of {self.stream}")
        if not _TOPIC.fullmatch(self.topic):
            raise Malformed(
                "a topic is of ASCII without space, quote or backslash", f"version {self.version} of {self.stream}"
            )

    def leaf_input(self) -> bytes:
        """The bytes that are hashed."""
        return f"{HEADER}\n{self.stream}\n{self.version}\n{self.topic}\n\n".encode() + self.state

    def leaf_hash(self) -> bytes:
        return leaf_hash(self.leaf_input())


def read_leaf_input(content: bytes) -> LogEntry:
    """The entry that has this leaf input. Raises Malformed."""
    where = "entry"
    lines = content.split(b"\n", 5)
    try:
        _, stream, version, topic, _, state = lines
        entry = LogEntry(UUID(stream.decode()), int(version), topic.decode(), state)
    except ValueError:
        raise Malformed("its stream, version or topic is missing", where) from None
    if entry.leaf_input() != content:
        raise Malformed("its header, stream or version is not in canonical form", where)
    return entry


def export_line(leaf: int, entry: LogEntry) -> bytes:
    """The entry at this leaf number as a line of `entries.jsonl`, with its newline. Raises Malformed."""
    try:
        state = encode_basestring(entry.state.decode())
    except UnicodeDecodeError:
        raise Malformed("the stored bytes are not UTF-8", f"leaf {leaf}") from None
    return (
        f'{{"leaf":{leaf},"stream":"{entry.stream}","version":{entry.version},'
        f'"topic":"{entry.topic}","state":{state}}}\n'
    ).encode()


def read_export_line(line: bytes, leaf: int) -> LogEntry:
    """The entry of line number `leaf` (from 0) of `entries.jsonl`, newline included. Raises Malformed."""
    where = f"line {leaf + 1} of the entries"
    try:
        text = line.decode()
        match = _LINE.fullmatch(text)
        encoded_state = match["state"] if match else ""
        state = json.loads(encoded_state)
    except (ValueError, RecursionError):
        match, state, encoded_state = None, "", ""
    # JSON can spell the same text in many ways. Only the spelling of this encoder is accepted.
    if match is None or encode_basestring(state) != encoded_state:
        raise Malformed(f"it does not have {', '.join(_KEYS)} in the canonical form of an export", where)
    if int(match["leaf"]) != leaf:
        raise Malformed(f"it has leaf {match['leaf']} in the place of leaf {leaf}", where)
    return LogEntry(UUID(match["stream"]), int(match["version"]), match["topic"], state.encode())
