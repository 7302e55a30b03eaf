"""The report of a verification: three parts, each with its counts, and each failure with the exact event.

The only data of a patient in a report is the random id. A failure names the place and never quotes its content.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from pydantic_core import from_json

from domain.facts import counted

FAILURES_LISTED: Final = 50
"""The most failures of a part that are listed. All of them are counted."""

INTERNALLY_CONSISTENT_ONLY: Final = "internally consistent only"

PartName = Literal["bytes", "order", "meaning"]

_RECORDED_AT: Final = re.compile(
    rb'\{(?:"class_version":\d+,)?"recorded_at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?)Z"'
)
"""The first bytes of every event that this program writes. Without the Z, the texts sort in the order of time."""


class Logged(NamedTuple):
    """One event as it is in the log. `leaf` is None if it is not sealed yet. `state` has its plain bytes.

    `stream` is the UUID as text in lower case with hyphens, as in an entry, because parsing every UUID takes time.
    """

    leaf: int | None
    stream: str
    version: int
    topic: str
    state: bytes


def recorded_at(state: bytes) -> str | None:
    """The recorded time in the plain bytes of an event, without the Z; None if there is none."""
    found = sortable_instant(state)
    return None if found is None else found.decode()


def sortable_instant(state: bytes) -> bytes | None:
    """The recorded time as bytes that sort in the order of time; None if there is none."""
    found = _RECORDED_AT.match(state)
    if found is not None:
        return found[1]
    try:
        values = from_json(state)
    except ValueError:
        return None
    instant = values.get("recorded_at") if isinstance(values, dict) else None
    is_short = isinstance(instant, str) and len(instant) <= len("2026-01-01T00:00:00.000000Z")
    return instant.removesuffix("Z").encode() if isinstance(instant, str) and is_short else None


@dataclass(frozen=True, slots=True)
class VerificationFailure:
    """One failure: a sentence, and the event or the file that it is about."""

    what: str
    leaf: int | None = None
    stream: str | None = None
    version: int | None = None
    topic: str | None = None
    recorded_at: str | None = None
    file: str | None = None

    def line(self) -> str:
        where = []
        if self.file is not None:
            where.append(self.file)
        if self.leaf is not None:
            where.append(f"leaf {self.leaf}")
        if self.stream is not None:
            where.append(f"history {self.stream}")
        if self.version is not None:
            where.append(f"version {self.version}")
        if self.topic is not None:
            where.append(self.topic)
        if self.recorded_at is not None:
            where.append(f"recorded {self.recorded_at}Z")
        return f"{self.what} ({', '.join(where)})" if where else self.what

    def to_json_value(self) -> dict[str, Any]:
        values = {
            "what": self.what,
            "leaf": self.leaf,
            "history": self.stream,
            "version": self.version,
            "topic": self.topic,
            "recorded_at": None if self.recorded_at is None else f"{self.recorded_at}Z",
            "file": self.file,
        }
        return {name: value for name, value in values.items() if value is not None}


def about(what: str, entry: Logged) -> VerificationFailure:
    """A failure of this event. It names the event and does not quote it."""
    topic = entry.topic if entry.topic.isidentifier() and len(entry.topic) <= 60 else "a malformed topic"
    return VerificationFailure(what, entry.leaf, entry.stream, entry.version, topic, recorded_at(entry.state))


@dataclass(slots=True)
class VerificationPart:
    """One part of a verification. `counts` says how much was checked. `remarks` are findings that are not failures."""

    name: PartName
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[VerificationFailure] = field(default_factory=list)
    failures_total: int = 0
    remarks: list[str] = field(default_factory=list)
    remarks_total: int = 0

    @property
    def holds(self) -> bool:
        return self.failures_total == 0

    def fail(self, failure: VerificationFailure) -> None:
        self.failures_total += 1
        if len(self.failures) < FAILURES_LISTED:
            self.failures.append(failure)

    def remark(self, line: str) -> None:
        self.remarks_total += 1
        if len(self.remarks) < FAILURES_LISTED:
            self.remarks.append(line)

    def to_json_value(self) -> dict[str, Any]:
        return {
            "holds": self.holds,
            "counts": dict(self.counts),
            "failures_total": self.failures_total,
            "failures": [one.to_json_value() for one in self.failures],
            "remarks": self.remarks,
        }

    def lines(self) -> list[str]:
        counted = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        verdict = "verified" if self.holds else f"FAILED ({self.failures_total})"
        found = [f"{self.name:<8} {verdict}: {counted or 'nothing to check'}"]
        found += [f"  FAILED: {one.line()}" for one in self.failures]
        if self.failures_total > len(self.failures):
            found.append(f"  … and {self.failures_total - len(self.failures)} more failures that are not listed")
        found += [f"  {line}" for line in self.remarks]
        if self.remarks_total > len(self.remarks):
            found.append(f"  … and {self.remarks_total - len(self.remarks)} more remarks that are not listed")
        return found


@dataclass(slots=True)
class VerificationReport:
    """The result of a verification. `of` says what was verified.

    `checkpoint` is the last one that everything was compared with: origin, size, and root in hex. `key_given` and
    `checkpoints_given` say which independent data was given. Without both, a ledger is only consistent with itself.
    """

    of: str
    key_given: bool = False
    checkpoints_given: int = 0
    checkpoint: tuple[str, int, str] | None = None
    unsealed: int = 0
    bytes: VerificationPart = field(default_factory=lambda: VerificationPart("bytes"))
    order: VerificationPart = field(default_factory=lambda: VerificationPart("order"))
    meaning: VerificationPart = field(default_factory=lambda: VerificationPart("meaning"))

    @property
    def parts(self) -> tuple[VerificationPart, VerificationPart, VerificationPart]:
        return self.bytes, self.order, self.meaning

    @property
    def holds(self) -> bool:
        return all(part.holds for part in self.parts)

    @property
    def standing(self) -> str:
        """The result and its limits, in a sentence."""
        if not self.holds:
            return "verification failed: see the failures of each part"
        given = (
            f"{self.checkpoints_given} checkpoint{'' if self.checkpoints_given == 1 else 's'} "
            "from an independent source"
        )
        if self.key_given and self.checkpoints_given:
            return f"verified with a key and {given}"
        if self.key_given:
            missing = (
                "signed by the given key; without an earlier checkpoint from an "
                "independent source, a log that was rewritten"
            )
            return f"{INTERNALLY_CONSISTENT_ONLY}, {missing} and signed again is not detected"
        if self.checkpoints_given:
            missing = "whose key comes from the ledger itself unless a key is given with --key"
            return f"{INTERNALLY_CONSISTENT_ONLY}, and with {given}, {missing}"
        missing = (
            "without an independently kept key and checkpoint, anyone with write "
            "access could have rebuilt the whole log"
        )
        return f"{INTERNALLY_CONSISTENT_ONLY}: {missing}"

    def to_json_value(self) -> dict[str, Any]:
        origin, size, root = self.checkpoint or (None, None, None)
        return {
            "of": self.of,
            "holds": self.holds,
            "standing": self.standing,
            "internally_consistent_only": self.holds and not (self.key_given and self.checkpoints_given),
            "checkpoint": None if origin is None else {"origin": origin, "size": size, "root": root},
            "unsealed": self.unsealed,
            **{part.name: part.to_json_value() for part in self.parts},
        }

    def lines(self) -> list[str]:
        found = [f"Verified {self.of}."]
        if self.checkpoint is not None:
            origin, size, root = self.checkpoint
            found.append(f"checkpoint {origin}, {counted(size, 'leaf', 'leaves')}, root {root}")
        for part in self.parts:
            found += part.lines()
        if self.unsealed:
            unsealed = counted(self.unsealed, "event is", "events are")
            found.append(f"{unsealed} not sealed yet. Only their order and meaning are checked.")
        found.append(f"Result: {self.standing}.")
        return found
