"""Verifies a ledger or an export: its bytes, order and meaning, each reported separately."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final, get_args

from eventsourcing.persistence import PersistenceError

from domain.events.system import AccessesRecorded, SealEvent
from domain.ledger.verification.check_bytes import BytesCheck, Keys, Signed
from domain.ledger.verification.check_meaning import OPENED_TOPIC, MeaningCheck, UnreadableEvent
from domain.ledger.verification.check_order import OrderCheck
from domain.ledger.verification.report import Logged, VerificationFailure, VerificationReport, about
from domain.ledger.verification.source import Source
from domain.permissions.disclosure import digest_of
from domain.seal.errors import Malformed
from domain.seal.notes import VerifyingKey

ShowProgress = Callable[[str, int, int], None]
"""Called with the name of the current part, the number of items that are done, and the total, or 0 if unknown."""

_STEP: Final = 500
_SEAL: Final = frozenset(one.TOPIC for one in get_args(SealEvent))
_ACCESSES: Final = AccessesRecorded.TOPIC


def verify(
    source: Source,
    *,
    key: VerifyingKey | None = None,
    given: Sequence[Signed] = (),
    progress: ShowProgress | None = None,
) -> VerificationReport:
    """Verifies a source, and returns the report with all failures. Nothing is written.

    `key` and the checkpoints `given` are independent of the source.
    """
    return _Verification(source, key, given, progress or (lambda *_: None)).run()


class _Verification:
    def __init__(
        self, source: Source, key: VerifyingKey | None, given: Sequence[Signed], progress: ShowProgress
    ) -> None:
        self.source = source
        self.progress = progress
        self.report = VerificationReport(source.name, key_given=key is not None, checkpoints_given=len(given))
        self.keys = Keys(key)
        source.keys(self.report.bytes, self.keys)
        stored = source.checkpoints(self.report.bytes)
        self.bytes = BytesCheck(self.report.bytes, self.keys, stored, sorted(given, key=lambda one: one.size))
        self.order = OrderCheck(self.report.order)
        self.meaning = MeaningCheck(self.report.meaning)
        self.patients: list[str] = []
        self.registers: dict[str, int] = {}

    def run(self) -> VerificationReport:
        damage = self.source.damage()
        for what in damage:
            self.report.bytes.fail(VerificationFailure(f"the database file is damaged: {what}"))
        try:
            self._run()
        except PersistenceError:
            # What is damaged may not be readable. Then the report ends here, and does not hold.
            if not damage:
                raise
        return self.report

    def _run(self) -> None:
        self._log()
        self.order.finish()
        self.bytes.finish()
        for level, place, hashes in self.source.subtrees(self.report.bytes, self.bytes.size):
            self.bytes.check_subtrees(level, hashes, place)
        self._histories(self.patients)
        editions = frozenset(self.meaning.editions)
        self.source.finish(self.report.bytes, self.report.meaning, self.bytes.size, editions)
        self.report.unsealed = self.order.unsealed
        if self.bytes.last is not None:
            checkpoint = self.bytes.last.checkpoint
            self.report.checkpoint = checkpoint.origin, checkpoint.size, checkpoint.root.hex()

    def _log(self) -> None:
        done = 0
        last: Logged | None = None
        take_bytes, take_order = self.bytes.take, self.order.take
        for entry, stored in self.source.log(self.report.bytes, self.report.order):
            if entry is None:
                self.bytes.grow(stored or b"")
                continue
            take_order(entry)
            if entry.leaf is not None:
                take_bytes(entry, stored)
            if entry.topic == OPENED_TOPIC:
                if entry.version == 1:
                    self.patients.append(entry.stream)
            elif entry.topic == _ACCESSES:
                self._accesses(entry)
            elif entry.topic in _SEAL:
                self._seal(entry)
            if entry.topic != _ACCESSES:
                last = entry
            done += 1
            if not done % _STEP:
                self.progress("bytes and order", done, 0)

        if last is not None:
            # If the event cannot be read, its own check says so.
            with suppress(Exception):
                self.meaning.newest_at = self.meaning.event_read(last).at

    def _histories(self, patients: Iterable[str]) -> None:
        heads = {patient: self.order.heads[patient][0] for patient in patients}
        for done, entries in enumerate(self.source.histories(heads), 1):
            self.meaning.history(entries)
            self.progress("meaning", done, len(heads))

    # -- system events ----------------------------------------------------------------------------

    def _seal(self, entry: Logged) -> None:
        try:
            event = self.meaning.event_of(entry)
            # An event that is not sealed yet is in no signed tree, so its leaf number is beyond all sizes.
            self.keys.named(event, entry.leaf if entry.leaf is not None else 1 << 63)
        except UnreadableEvent:
            return
        except Malformed as malformed:
            self.report.meaning.fail(about(f"it contains no valid key: {malformed.what}", entry))

    def _accesses(self, entry: Logged) -> None:
        part = self.report.meaning
        try:
            event: AccessesRecorded = self.meaning.event_of(entry)
        except UnreadableEvent:
            return
        if event.first != self.registers.get(entry.stream, 0) + 1:
            part.fail(about(f"its rows start with {event.first}, which does not follow the earlier rows", entry))
        self.registers[entry.stream] = event.first + event.count - 1
        rows = self.source.accesses(entry.stream, event.first, event.count)
        part.counts["batches of the access log"] += 1
        part.counts["accesses"] += len(rows)
        if len(rows) != event.count:
            part.fail(
                about(f"{event.count - len(rows)} of its {event.count} rows of the access log are missing", entry)
            )
        elif digest_of(rows) != event.rows_sha256:
            part.fail(about("its rows of the access log differ from the recorded rows", entry))
