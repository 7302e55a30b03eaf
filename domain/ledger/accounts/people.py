"""The users of a ledger: added, changed, removed, and given sign-in links and tokens. Each change is an event.

Each process caches the directory of users, and reads it again when it is `SECONDS_OLD_MAX` old. A process knows its
own changes at once. A change is decided on the directory in the store, and saved only if no other change was
recorded since.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cached_property
from threading import Lock
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import IntegrityError

from domain import errors
from domain.calendar import recording_times
from domain.events.system import (
    LinkIssued,
    LinkUsed,
    PeopleEvent,
    PersonAdmitted,
    PersonChanged,
    PersonRemoved,
    TokenIssued,
    TokenRevoked,
)
from domain.frozen import set_fields
from domain.ledger.application import ATTEMPTS, Ledger
from domain.ledger.stores.sqlite_recorder import Row
from domain.ledger.stores.unavailable import Busy
from domain.people import Actor
from domain.permissions.accounts import EMPTY_DIRECTORY, Directory, Issued, fold, is_reserved

SECONDS_OLD_MAX: Final = 1.0
"""The longest time, in seconds, until this process knows a change that another process recorded."""

PersonChange = tuple[type[PeopleEvent], dict[str, Any]]
"""An event class, and the values of its own fields."""


class People:
    """The users of one ledger. Safe for threads."""

    def __init__(self, ledger: Ledger, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._ledger = ledger
        self._entropy = entropy
        self._one_at_a_time = Lock()
        self.known = EMPTY_DIRECTORY
        """The directory as it was last read."""
        self._last_row: Row | None = None
        self.read_at = -SECONDS_OLD_MAX
        self._busy: Busy | None = None
        self._busy_at = -SECONDS_OLD_MAX
        """When the directory was read, by `time.monotonic`."""

    @cached_property
    def _stream(self) -> UUID:
        return self._ledger.system_stream("people")

    # -- questions ----------------------------------------------------------------------------

    @property
    def is_fresh(self) -> bool:
        """Whether `directory` answers from the cache."""
        return time.monotonic() - self.read_at < SECONDS_OLD_MAX

    def directory(self) -> Directory:
        """The directory, at most `SECONDS_OLD_MAX` old. Raises Busy, also if a read ended with that so long ago."""
        if self.is_fresh:
            return self.known
        with self._one_at_a_time:
            # If many threads find the directory outdated, one of them reads it and the others wait.
            if self.is_fresh:
                return self.known
            if self._busy is not None and time.monotonic() - self._busy_at < SECONDS_OLD_MAX:
                raise Busy(self._busy.cause, self._busy.remedy)
            try:
                return self._read()
            except Busy as busy:
                self._busy, self._busy_at = busy, time.monotonic()
                raise

    def read(self) -> Directory:
        """The directory in the store now."""
        with self._one_at_a_time:
            return self._read()

    def _read(self) -> Directory:
        began, known = time.monotonic(), self.known
        rows = self._ledger.recorder.rows_of(self._stream, first=max(known.version, 1))
        if known.version:
            if not rows or rows[0] != self._last_row:
                # The store was restored, or another server took over, so the cached directory is not valid.
                known, rows = EMPTY_DIRECTORY, self._ledger.recorder.rows_of(self._stream)
            else:
                rows = rows[1:]
        if rows:
            event_of = self._ledger.events.mapper.event_of
            known, self._last_row = fold([event_of(self._stream, *row) for row in rows], known), rows[-1]
        self.known, self.read_at = known, began
        return known

    def check_is_here(self, person_id: str) -> Actor:
        """The user with this id. Raises NotFound."""
        return _person(self.read(), person_id)

    # -- changes ------------------------------------------------------------------------------

    def admit(self, person: Actor, by: Actor) -> Actor:
        """Adds a user. Raises AlreadyRecorded if the id is taken, and InvalidCommand if the id is reserved."""
        if is_reserved(person.id):
            raise errors.InvalidCommand("no user may have this id", field="id", remedy="choose another id")

        def decided(directory: Directory) -> Sequence[PersonChange]:
            if directory.person(person.id) is not None:
                raise errors.AlreadyRecorded(
                    "a user with this id already exists", field="id", remedy="choose another id, or change that user"
                )
            return [(PersonAdmitted, {"person": person})]

        self._record(decided, by)
        return person

    def change(self, person: Actor, by: Actor) -> Actor:
        """Replaces the details of a user, such as role, credential and office.

        Raises NotFound, and Conflict if the only administrator would get another role.
        """

        def decided(directory: Directory) -> Sequence[PersonChange]:
            before = _person(directory, person.id)
            if before == person:
                return []
            if person.role != "administrator":
                _check_not_the_last(directory, before)
            return [(PersonChanged, {"person": person})]

        self._record(decided, by)
        return person

    def ensure(self, person: Actor, by: Actor) -> None:
        """Adds the user, or changes the user if the details differ. It makes no other checks."""

        def decided(directory: Directory) -> Sequence[PersonChange]:
            before = directory.person(person.id)
            if before == person:
                return []
            return [(PersonAdmitted if before is None else PersonChanged, {"person": person})]

        self._record(decided, by)

    def remove(self, person_id: str, by: Actor, reason: str | None = None) -> None:
        """Removes a user, and revokes the user's links and tokens.

        Raises NotFound, and Conflict for the only administrator.
        """

        def decided(directory: Directory) -> Sequence[PersonChange]:
            _check_not_the_last(directory, _person(directory, person_id))
            return [(PersonRemoved, {"person_id": person_id, "reason": reason})]

        self._record(decided, by)

    def issue_link(self, person_id: str, secret_sha256: str, by: Actor, lasts: timedelta) -> Issued:
        """Issues a sign-in link. An earlier unused link of the user becomes invalid. Raises NotFound."""
        identifier = self._entropy(8).hex()

        def decided(directory: Directory) -> Sequence[PersonChange]:
            _person(directory, person_id)
            return [(LinkIssued, self._credential("link_id", identifier, person_id, secret_sha256, lasts))]

        return self._record(decided, by).links[identifier]

    def use_link(self, link_id: str, by: Actor) -> None:
        """Records that a sign-in link was used. Raises NotPermitted if the link was used or is no longer valid."""

        def decided(directory: Directory) -> Sequence[PersonChange]:
            link = directory.links.get(link_id)
            if link is None or not link.holds_at(self._ledger.now()):
                raise errors.NotPermitted(
                    "this sign-in link is no longer valid", field="code", remedy="ask an administrator for a new link"
                )
            return [(LinkUsed, {"link_id": link_id})]

        self._record(decided, by)

    def issue_token(self, person_id: str, secret_sha256: str, by: Actor, lasts: timedelta) -> Issued:
        """Issues an access token. Raises NotFound."""
        identifier = self._entropy(8).hex()

        def decided(directory: Directory) -> Sequence[PersonChange]:
            _person(directory, person_id)
            return [(TokenIssued, self._credential("token_id", identifier, person_id, secret_sha256, lasts))]

        return self._record(decided, by).tokens[identifier]

    def revoke_token(self, token_id: str, by: Actor, reason: str | None = None) -> None:
        """Revokes a token. It is safe to repeat. Raises NotFound."""

        def decided(directory: Directory) -> Sequence[PersonChange]:
            token = directory.tokens.get(token_id)
            if token is None:
                raise errors.NotFound(
                    "the token was not found", field="token_id", remedy="use an id from the list of tokens"
                )
            return [] if token.ended_at is not None else [(TokenRevoked, {"token_id": token_id, "reason": reason})]

        self._record(decided, by)

    # -- shared by the changes ----------------------------------------------------------------

    def _credential(
        self, name: str, identifier: str, person_id: str, secret_sha256: str, lasts: timedelta
    ) -> dict[str, Any]:
        expires_at = self._ledger.now() + lasts
        return {name: identifier, "person_id": person_id, "secret_sha256": secret_sha256, "expires_at": expires_at}

    def _record(self, decided: Callable[[Directory], Sequence[PersonChange]], by: Actor) -> Directory:
        for _ in range(ATTEMPTS):
            directory = self.read()
            changes = decided(directory)
            if not changes or self._is_saved(self._events(directory, changes, by)):
                return self.read()
        raise errors.Conflict("Other processes kept changing the list of users", remedy="send the same command again")

    def _events(self, directory: Directory, changes: Sequence[PersonChange], by: Actor) -> list[PeopleEvent]:
        times = recording_times(self._ledger.instant_to_record(), directory.at)
        common_fields = {**times, "command_id": UUID(bytes=self._entropy(16), version=4), "actor": by}
        return [
            set_fields(
                kind(**common_fields, salt=self._entropy(16).hex(), **fields),
                originator_id=self._stream,
                originator_version=version,
            )
            for version, (kind, fields) in enumerate(changes, directory.version + 1)
        ]

    def _is_saved(self, events: Sequence[PeopleEvent]) -> bool:
        """Saves the events. False if another change was first, and these same events are not stored."""
        mapper, recorder = self._ledger.events.mapper, self._ledger.recorder
        try:
            recorder.insert_events([mapper.to_stored_event(event) for event in events])
        except IntegrityError:
            first, last = events[0].originator_version, events[-1].originator_version
            stored = self._ledger.events.between(self._stream, first, last)
            if [one.salt for one in stored] != [one.salt for one in events]:
                return False
            recorder.wait_until_durable()
        return True


def _person(directory: Directory, person_id: str) -> Actor:
    person = directory.person(person_id)
    if person is None:
        raise errors.NotFound("the user was not found", field="person_id", remedy="use an id from the list of users")
    return person


def _check_not_the_last(directory: Directory, person: Actor) -> None:
    if person.role == "administrator" and len(directory.administrators()) == 1:
        raise errors.Conflict(
            "this user is the only administrator", field="person_id", remedy="add another administrator first"
        )
