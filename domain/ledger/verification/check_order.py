"""Checks order: leaves and versions have no gaps or duplicates, and recorded times in a history never decrease."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.ledger.verification.report import Logged, VerificationPart, about, sortable_instant


@dataclass(slots=True)
class OrderCheck:
    """The check of the order. It takes every event in the order of the log.

    `heads` has the last version and the last instant of each history. In an export of one history
    (`is_whole_log` is false), leaf numbers only increase, because the leaves in between belong to other histories.
    """

    part: VerificationPart
    is_whole_log: bool = True
    heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    next_leaf: int = 0
    sealed: int = 0
    unsealed: int = 0

    def take(self, entry: Logged) -> None:
        if entry.leaf is None:
            self.unsealed += 1
        else:
            self._leaf(entry, entry.leaf)
        before = self.heads.get(entry.stream)
        at = sortable_instant(entry.state)
        if at is None:
            self.part.fail(about("its time of recording can't be read", entry))
        if before is None:
            if entry.version != 1:
                self.part.fail(about("the history does not start with version 1", entry))
        else:
            version, since = before
            if entry.version != version + 1:
                self._version(entry, version)
            if at is not None and at < since:
                self.part.fail(about("it was recorded before the previous event of its history", entry))
        # Continue from this event, so that one failure is reported once and not again for every later event.
        self.heads[entry.stream] = (entry.version, at or (before[1] if before is not None else b""))

    def _leaf(self, entry: Logged, leaf: int) -> None:
        self.sealed += 1
        if leaf < self.next_leaf or (self.is_whole_log and leaf != self.next_leaf):
            what = f"leaf {self.next_leaf} is missing" if leaf > self.next_leaf else "its leaf number appears twice"
            self.part.fail(about(what, entry))
        self.next_leaf = leaf + 1

    def _version(self, entry: Logged, before: int) -> None:
        if entry.version > before:
            missing = before + 1 if entry.version == before + 2 else f"{before + 1} to {entry.version - 1}"
            self.part.fail(about(f"version {missing} of its history is missing", entry))
        elif entry.version == before:
            self.part.fail(about("its version appears twice", entry))
        else:
            self.part.fail(about(f"it appears after version {before} of its history", entry))

    def finish(self) -> None:
        counts = self.part.counts
        counts["events"] = self.sealed + self.unsealed
        counts["leaves"] = self.sealed
        counts["histories and other streams"] = len(self.heads)
        if self.unsealed:
            counts["events not sealed yet"] = self.unsealed
