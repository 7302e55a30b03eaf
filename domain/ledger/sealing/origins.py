"""The origin of the tree and the keys that sign it, which the ledger records as events.

These events are in the log like all others. So a change of the key or the origin is on record, sealed, and found by
anyone who verifies the ledger.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any, Final, Literal
from uuid import UUID

from eventsourcing.persistence import IntegrityError

from domain.events.system import THE_LEDGER_ITSELF, SealEvent, SealingKeyNamed, SealStarted
from domain.frozen import set_fields
from domain.ledger.errors import StoreError
from domain.ledger.reader import LedgerReader
from domain.ledger.sealing.signer import Signer
from domain.seal.checkpoints import read_checkpoint
from domain.seal.encoding import base64_of
from domain.seal.notes import read_note, read_verifying_key

Cause = Literal["first_start", "rotation", "new_origin"]
ATTEMPTS: Final = 100
AFTER: Final = "after"
"""The first word of the line after the root, which names the last checkpoint of the previous origin."""


class Origins:
    """The origins and sealing keys of one ledger."""

    def __init__(self, ledger: LedgerReader) -> None:
        self._ledger = ledger

    @cached_property
    def _stream(self) -> UUID:
        return self._ledger.system_stream("seal")

    def events(self) -> list[SealEvent]:
        event_of = self._ledger.events.mapper.event_of
        return [event_of(self._stream, *row) for row in self._ledger.recorder.rows_of(self._stream)]

    def first(self) -> str:
        return f"lemtrada-ledger/{self._ledger.ledger_id}"

    def current(self) -> str:
        started = self._started()
        return started.origin if started is not None else self.first()

    def verifying_keys(self) -> list[str]:
        """The verifying keys on record, oldest first."""
        return [one.verifier_key for one in self.events() if isinstance(one, SealingKeyNamed)]

    def extension(self) -> tuple[str, ...]:
        """The lines in each checkpoint of a later origin that name the last checkpoint of the previous origin."""
        started = self._started()
        if started is None or started.after is None:
            return ()
        before = read_checkpoint(read_note(started.after).text)
        return (f"{AFTER} {before.origin} {before.size} {base64_of(before.root)}",)

    def name_key(self, signer: Signer, *, in_place_of_another: bool = False) -> None:
        """Records the origin and the signer's key if they are not on record yet.

        Raises StoreError if the key is neither the one on record nor its successor by a rotation. That happens if two
        machines each created a key, or if the signer's folder was lost. `in_place_of_another` allows the new key.
        """
        for _ in range(ATTEMPTS):
            events = self.events()
            origin = self.current()
            verifier_key = signer.tell_key(origin)
            named = [one.verifier_key for one in events if isinstance(one, SealingKeyNamed)]
            if named and named[-1] == verifier_key:
                return
            cause = self._cause(signer, origin, verifier_key, named[-1] if named else None, in_place_of_another)
            new: list[tuple[type[SealEvent], dict[str, Any]]] = []
            if not any(isinstance(one, SealStarted) for one in events):
                new.append((SealStarted, {"origin": origin}))
            replaces = named[-1] if named else None
            new.append((SealingKeyNamed, {"verifier_key": verifier_key, "replaces": replaces, "cause": cause}))
            if self._record(new, events):
                return
        raise StoreError("Other processes kept registering sealing keys", "use one sealing key for all programs")

    def _cause(self, signer: Signer, origin: str, verifier_key: str, last: str | None, is_allowed: bool) -> Cause:
        if last is None:
            return "first_start"
        before, now = read_verifying_key(last), read_verifying_key(verifier_key)
        if before.public == now.public:
            # The name of a key is its origin. It is the same key under a new origin, with another name.
            return "new_origin"
        previous = signer.previous_key(origin)
        if is_allowed or (previous is not None and previous.verifying_key.public == before.public):
            return "rotation"
        raise StoreError(
            f"This ledger is sealed with the key {before.name}+{before.id.hex()}, not with {now.name}+{now.id.hex()}",
            "give that key to every machine with LEMTRADA_SEAL_KEY or LEMTRADA_SEAL_DIR; if the key is lost, run"
            " lemtrada-ledger seal rotate-key --lost",
        )

    def start_new(self, after: str | None, reason: str) -> str:
        """Records a new origin, and returns its name. `after` is the last checkpoint of the previous origin, if any."""
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
        """Records events. False if another process was first."""
        from domain.commands.context import CommandContext  # noqa: PLC0415  (commands are slow to import, and to read needs none)

        at, after = self._ledger.instant_to_record(), before[-1].recorded_at if before else None
        command_id = UUID(bytes=os.urandom(16), version=4)
        context = CommandContext(at, self._ledger.zone, THE_LEDGER_ITSELF, command_id, os.urandom(32), after=after)
        to_stored = self._ledger.events.mapper.to_stored_event
        events = []
        for version, ((kind, values), salt) in enumerate(zip(new, context.salts(), strict=False), len(before) + 1):
            event = context.event(kind, **values)
            events.append(
                to_stored(set_fields(event, salt=salt, originator_id=self._stream, originator_version=version))
            )
        try:
            self._ledger.recorder.insert_events(events)
        except IntegrityError:
            return False
        return True
