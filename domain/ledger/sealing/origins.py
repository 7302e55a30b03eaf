"""Under which origin the tree stands, and which keys sign for it: told by events of the ledger itself.

They lie in the log with everything else, so that a key or an origin that was changed is on record,
sealed, and seen by whoever verifies.
"""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cached_property
from typing import Any, Final, Literal
from uuid import UUID

from eventsourcing.persistence import IntegrityError

from domain.events.base import placed
from domain.events.system import THE_LEDGER_ITSELF, SealEvent, SealingKeyNamed, SealStarted
from domain.ledger.errors import StoreError
from domain.ledger.reader import LedgerReader
from domain.ledger.sealing.signer import Signer
from domain.seal.checkpoints import read_checkpoint
from domain.seal.encoding import base64_of
from domain.seal.notes import read_note, read_verifying_key

Cause = Literal["first_start", "rotation", "new_origin"]
ATTEMPTS: Final = 100
_TICK: Final = timedelta(microseconds=1)
AFTER: Final = "after"
"""The word with which the first line after the root names the checkpoint that a new origin comes after."""


class Origins:
    def __init__(self, ledger: LedgerReader) -> None:
        self._ledger = ledger

    @cached_property
    def _stream(self) -> UUID:
        return self._ledger.keeping_stream("seal")

    def events(self) -> list[SealEvent]:
        event_of = self._ledger.events.mapper.event_of
        return [event_of(self._stream, *row) for row in self._ledger.recorder.rows_of(self._stream)]

    def first(self) -> str:
        return f"lemtrada-ledger/{self._ledger.ledger_id}"

    def current(self) -> str:
        started = self._started()
        return started.origin if started is not None else self.first()

    def verifying_keys(self) -> list[str]:
        """The verifying keys that were named, oldest first."""
        return [one.verifier_key for one in self.events() if isinstance(one, SealingKeyNamed)]

    def extension(self) -> tuple[str, ...]:
        """What every checkpoint of a later origin says of the one that was left behind."""
        started = self._started()
        if started is None or started.after is None:
            return ()
        before = read_checkpoint(read_note(started.after).text)
        return (f"{AFTER} {before.origin} {before.size} {base64_of(before.root)}",)

    def name_key(self, signer: Signer, *, in_place_of_another: bool = False) -> None:
        """Records the origin and the key where they are not on record.

        Raises StoreError where the key is neither the one on record nor its successor by a rotation: two machines
        that each made a key of their own, or a folder that was lost. `in_place_of_another` says that it is meant.
        """
        for _ in range(ATTEMPTS):
            events = self.events()
            origin = self.current()
            told = signer.tell_key(origin)
            named = [one.verifier_key for one in events if isinstance(one, SealingKeyNamed)]
            if named and named[-1] == told:
                return
            cause = self._cause(signer, origin, told, named[-1] if named else None, in_place_of_another)
            new: list[tuple[type[SealEvent], dict[str, Any]]] = []
            if not any(isinstance(one, SealStarted) for one in events):
                new.append((SealStarted, {"origin": origin}))
            replaces = named[-1] if named else None
            new.append((SealingKeyNamed, {"verifier_key": told, "replaces": replaces, "cause": cause}))
            if self._record(new, events):
                return
        raise StoreError("Other processes kept registering sealing keys", "use one sealing key for all programs")

    def _cause(self, signer: Signer, origin: str, told: str, last: str | None, is_meant: bool) -> Cause:
        if last is None:
            return "first_start"
        before, now = read_verifying_key(last), read_verifying_key(told)
        if before.public == now.public:
            # A key has the name of its origin, and stays the same key under the next one.
            return "new_origin"
        previous = signer.previous_key(origin)
        if is_meant or (previous is not None and previous.verifying_key.public == before.public):
            return "rotation"
        raise StoreError(
            f"This ledger is sealed with the key {before.name}+{before.id.hex()}, not with {now.name}+{now.id.hex()}",
            "give that key to every machine with LEMTRADA_SEAL_KEY or LEMTRADA_SEAL_DIR; if the key is lost, run"
            " lemtrada-ledger seal rotate-key --lost",
        )

    def start_anew(self, after: str | None, reason: str) -> str:
        """A new origin, which names the checkpoint that was left behind."""
        for _ in range(ATTEMPTS):
            events = self.events()
            number = 1 + max(1, sum(isinstance(one, SealStarted) for one in events))
            origin = f"{self.first()}/{number}"
            if self._record([(SealStarted, {"origin": origin, "after": after, "reason": reason})], events):
                return origin
        raise StoreError("Other processes kept starting new origins", "stop all servers of this ledger and try again")

    def _started(self) -> SealStarted | None:
        return next((one for one in reversed(self.events()) if isinstance(one, SealStarted)), None)

    def _record(self, new: list[tuple[type[SealEvent], dict[str, Any]]], before: list[SealEvent]) -> bool:
        """False where somebody was first."""
        from domain.commands.context import CommandContext  # noqa: PLC0415  (commands are slow to import, and to read needs none)

        at = self._ledger.now()
        if before and before[-1].recorded_at >= at:
            at = before[-1].recorded_at + _TICK
        command_id = UUID(bytes=os.urandom(16), version=4)
        moment = CommandContext(at, self._ledger.zone, THE_LEDGER_ITSELF, command_id, os.urandom(32))
        to_stored = self._ledger.events.mapper.to_stored_event
        events = [
            to_stored(placed(moment.event(kind, **values).model_copy(update={"salt": salt}), self._stream, version))
            for version, ((kind, values), salt) in enumerate(zip(new, moment.salts(), strict=False), len(before) + 1)
        ]
        try:
            self._ledger.recorder.insert_events(events)
        except IntegrityError:
            return False
        return True
